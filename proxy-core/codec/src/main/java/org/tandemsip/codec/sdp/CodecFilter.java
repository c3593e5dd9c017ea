package org.tandemsip.codec.sdp;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.tandemsip.codec.AsciiWriter;
import org.tandemsip.codec.Slice;

/**
 * Takes codecs out of a session description that are not wanted, and puts those that stay in order of preference. Only
 * media over RTP are touched, and of them the media line and the rows of payload types that go: {@code rtpmap},
 * {@code fmtp}, {@code rtcp-fb}. A medium without anything left is refused by port 0 (RFC 3264 section 6), which keeps
 * its place. Not thread-safe.
 */
public final class CodecFilter {
    /** What came of it. */
    public enum Result {
        /** It may stay as it is; nothing was written. */
        UNCHANGED,
        /** It was written anew. */
        CHANGED,
        /** No medium would be left. */
        NOTHING_LEFT
    }

    private static final int TYPES = 128;
    private static final int MOST_FORMATS = 96;
    private static final int LAST = 1_000;
    private static final byte[] RTPMAP = ascii("a=rtpmap:");
    private static final byte[] FMTP = ascii("a=fmtp:");
    private static final byte[] RTCP_FB = ascii("a=rtcp-fb:");
    private static final byte[] APT = ascii("apt=");
    private static final byte[] RTP = ascii("RTP/");
    private static final byte[] NO_PORT = ascii("0");

    private final UnsafeBuffer staticName = new UnsafeBuffer(0, 0);
    private final AsciiWriter out = new AsciiWriter();
    private final int[] formats = new int[MOST_FORMATS];
    private final int[] ranks = new int[MOST_FORMATS];
    private final long[] names = new long[TYPES];
    private final int[] aptOf = new int[TYPES];
    private final boolean[] gone = new boolean[TYPES];
    private int formatCount;
    private int length;

    private CodecList preferred;
    private CodecList also;
    private boolean reorders;

    /** Bytes that were written last. */
    public int length() {
        return length;
    }

    /**
     * Writes a description without the codecs that one of two lists does not have.
     *
     * @param wanted   whose order counts
     * @param allowed  what else a codec has to be in
     * @param reorder  whether to change the order: of an offer, since an answer says what its side has chosen
     * @param into     room for {@link Sdp#MOST_BYTES}; nothing grows
     */
    public Result apply(final Sdp sdp, final CodecList wanted, final CodecList allowed, final boolean reorder,
            final UnsafeBuffer into) {
        preferred = wanted;
        also = allowed;
        reorders = reorder;
        if (wanted.isAny() && allowed.isAny()) {
            return Result.UNCHANGED;
        }
        out.wrap(into, 0);
        boolean changed = false;
        int before = 0;
        int after = 0;
        int line = 0;
        while (line < sdp.lines()) {
            int end = line + 1;
            while (end < sdp.lines() && sdp.type(end) != 'm') {
                end++;
            }
            if (sdp.type(line) != 'm') {
                copy(sdp, line, end);
            } else {
                final boolean live = isLive(sdp, line);
                final int left = live && isRtp(sdp, line) ? read(sdp, line, end) : -1;
                before += live ? 1 : 0;
                after += live && left != 0 ? 1 : 0;
                changed |= left == 0 || left > 0 && isChanged();
                write(sdp, line, end, left);
            }
            line = end;
        }
        length = out.position();
        return before > 0 && after == 0 ? Result.NOTHING_LEFT
                : changed && !out.overflown() ? Result.CHANGED : Result.UNCHANGED;
    }

    private static boolean isLive(final Sdp sdp, final int line) {
        final long port = sdp.word(line, 1);
        return Slice.length(port) != 1 || sdp.bytes().getByte(Slice.offset(port)) != '0';
    }

    private static boolean isRtp(final Sdp sdp, final int line) {
        final long protocol = sdp.word(line, 2);
        for (int at = Slice.offset(protocol); at + RTP.length <= Slice.end(protocol); at++) {
            if (matches(sdp.bytes(), at, RTP)) {
                return true;
            }
        }
        return false;
    }

    /** Reads what a medium offers. @return how many real codecs stay, -1 to leave it alone */
    private int read(final Sdp sdp, final int first, final int end) {
        Arrays.fill(names, Slice.NONE);
        Arrays.fill(aptOf, -1);
        Arrays.fill(gone, false);
        formatCount = 0;
        for (int word = 3; word <= 3 + MOST_FORMATS; word++) {
            final long format = sdp.word(first, word);
            if (!Slice.exists(format)) {
                break;
            }
            final int type = number(sdp.bytes(), Slice.offset(format), Slice.end(format));
            if (type < 0 || formatCount == MOST_FORMATS) {
                return -1;
            }
            formats[formatCount++] = type;
        }
        for (int line = first + 1; line < end; line++) {
            readRow(sdp, line);
        }
        int real = 0;
        for (int i = 0; i < formatCount; i++) {
            ranks[i] = rank(sdp.bytes(), formats[i]);
            gone[formats[i]] |= ranks[i] < 0;
        }
        for (int i = 0; i < formatCount; i++) {
            final int apt = aptOf[formats[i]];
            if (apt >= 0 && gone[apt]) {
                // It repairs what is gone.
                ranks[i] = -1;
                gone[formats[i]] = true;
            }
            real += ranks[i] >= 0 && !isAuxiliary(sdp.bytes(), formats[i]) ? 1 : 0;
        }
        return real;
    }

    private void readRow(final Sdp sdp, final int line) {
        final DirectBuffer bytes = sdp.bytes();
        final int end = sdp.textEnd(line);
        if (sdp.startsWith(line, RTPMAP)) {
            final int type = typeOf(sdp, line, RTPMAP.length);
            final long name = sdp.word(line, 1);
            if (type >= 0 && Slice.exists(name)) {
                int slash = Slice.offset(name);
                while (slash < Slice.end(name) && bytes.getByte(slash) != '/') {
                    slash++;
                }
                names[type] = Slice.between(Slice.offset(name), slash);
            }
        } else if (sdp.startsWith(line, FMTP)) {
            final int type = typeOf(sdp, line, FMTP.length);
            for (int at = sdp.start(line); type >= 0 && at + APT.length < end; at++) {
                if (bytes.getByte(at - 1) <= ';' && matches(bytes, at, APT)) {
                    int last = at + APT.length;
                    while (last < end && bytes.getByte(last) >= '0' && bytes.getByte(last) <= '9') {
                        last++;
                    }
                    aptOf[type] = number(bytes, at + APT.length, last);
                    return;
                }
            }
        }
    }

    /** The payload type that an attribute is about; -1 when it is about none, or about all. */
    private static int typeOf(final Sdp sdp, final int line, final int from) {
        final int start = sdp.start(line) + from;
        int end = start;
        while (end < sdp.textEnd(line) && sdp.bytes().getByte(end) != ' ') {
            end++;
        }
        return number(sdp.bytes(), start, end);
    }

    private int rank(final DirectBuffer bytes, final int type) {
        final long name = names[type];
        if (Slice.exists(name)) {
            return rank(bytes, Slice.offset(name), Slice.end(name));
        }
        final byte[] known = CodecList.staticName(type);
        if (known == null) {
            // Nobody has said what it is: only who takes anything takes that.
            return -1;
        }
        staticName.wrap(known);
        return rank(staticName, 0, known.length);
    }

    private int rank(final DirectBuffer bytes, final int start, final int end) {
        final int rank = preferred.rank(bytes, start, end);
        return also.rank(bytes, start, end) < 0 ? -1 : rank;
    }

    private boolean isAuxiliary(final DirectBuffer bytes, final int type) {
        final long name = names[type];
        return Slice.exists(name) ? CodecList.isAuxiliary(bytes, Slice.offset(name), Slice.end(name)) : type == 13;
    }

    private boolean isChanged() {
        int highest = 0;
        for (int i = 0; i < formatCount; i++) {
            if (ranks[i] < 0 || reorders && ranks[i] < highest) {
                return true;
            }
            highest = ranks[i];
        }
        return false;
    }

    /** @param left real codecs that stay; -1: it stays as it is */
    private void write(final Sdp sdp, final int first, final int end, final int left) {
        if (left < 0 || left > 0 && !isChanged()) {
            copy(sdp, first, end);
            return;
        }
        final DirectBuffer bytes = sdp.bytes();
        if (left == 0) {
            final long port = sdp.word(first, 1);
            out.put(bytes, sdp.start(first), Slice.offset(port) - sdp.start(first)).put(NO_PORT);
            out.put(bytes, Slice.end(port), sdp.end(first) - Slice.end(port));
            copy(sdp, first + 1, end);
            return;
        }
        final long protocol = sdp.word(first, 2);
        out.put(bytes, sdp.start(first), Slice.end(protocol) - sdp.start(first));
        for (int rank = 0; rank < LAST; rank = reorders ? nextRank(rank) : LAST) {
            for (int i = 0; i < formatCount; i++) {
                if (ranks[i] >= 0 && (!reorders || ranks[i] == rank)) {
                    out.put(' ').putDecimal(formats[i]);
                }
            }
        }
        out.put(bytes, sdp.textEnd(first), sdp.end(first) - sdp.textEnd(first));
        for (int line = first + 1; line < end; line++) {
            if (!isAboutGone(sdp, line)) {
                copy(sdp, line, line + 1);
            }
        }
    }

    private int nextRank(final int rank) {
        int next = LAST;
        for (int i = 0; i < formatCount; i++) {
            next = ranks[i] > rank && ranks[i] < next ? ranks[i] : next;
        }
        return next;
    }

    private boolean isAboutGone(final Sdp sdp, final int line) {
        final int type = sdp.startsWith(line, RTPMAP) ? typeOf(sdp, line, RTPMAP.length)
                : sdp.startsWith(line, FMTP) ? typeOf(sdp, line, FMTP.length)
                        : sdp.startsWith(line, RTCP_FB) ? typeOf(sdp, line, RTCP_FB.length) : -1;
        return type >= 0 && gone[type];
    }

    private void copy(final Sdp sdp, final int from, final int to) {
        if (from < to) {
            out.put(sdp.bytes(), sdp.start(from), sdp.end(to - 1) - sdp.start(from));
        }
    }

    /** A payload type, 0 to 127; -1 for anything else. */
    private static int number(final DirectBuffer bytes, final int start, final int end) {
        if (end <= start || end - start > 3) {
            return -1;
        }
        int number = 0;
        for (int i = start; i < end; i++) {
            final int digit = bytes.getByte(i) - '0';
            if (digit < 0 || digit > 9) {
                return -1;
            }
            number = number * 10 + digit;
        }
        return number < TYPES ? number : -1;
    }

    private static boolean matches(final DirectBuffer bytes, final int at, final byte[] text) {
        for (int i = 0; i < text.length; i++) {
            if (bytes.getByte(at + i) != text[i]) {
                return false;
            }
        }
        return true;
    }

    private static byte[] ascii(final String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
