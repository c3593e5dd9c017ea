package org.tandemsip.codec.sdp;

import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.tandemsip.codec.Slice;

/**
 * The lines of one session description (RFC 8866 section 5), as they came.
 *
 * <pre>
 *   v=0                                  section -1: the session
 *   o=alice 1 1 IN IP4 192.0.2.1
 *   m=audio 4000 RTP/AVP 8               section 0
 *   a=rtpmap:8 PCMA/8000
 *   y=0100000001                         no RFC knows it; still a line of section 0
 *   m=video 4002 RTP/AVP 96              section 1
 * </pre>
 *
 * A flyweight: made once, wrapped over one description after the other. Lines end in CRLF, or in LF alone as some write
 * them. Not thread-safe.
 */
public final class Sdp {
    /** Largest description that is looked at. */
    public static final int MOST_BYTES = 32 * 1024;
    /** Most lines: a browser that offers everything has some 300. */
    static final int MOST_LINES = 1_024;
    /** Most media. */
    static final int MOST_MEDIA = 32;
    private static final int SESSION = -1;

    private final UnsafeBuffer bytes = new UnsafeBuffer(0, 0);
    private final int[] starts = new int[MOST_LINES + 1];
    private final byte[] sections = new byte[MOST_LINES];
    private int lines;
    private int media;
    private int origin;

    /**
     * Reads a description.
     *
     * @return whether it is one: lines of a letter and {@code =}, {@code v=} first, one {@code o=} before the first
     *         medium, with its six parts, media lines with their four, and no more of anything than is allowed
     */
    public boolean wrap(final DirectBuffer buffer, final int offset, final int length) {
        lines = 0;
        media = 0;
        origin = SESSION;
        if (length < 2 || length > MOST_BYTES) {
            return false;
        }
        bytes.wrap(buffer, offset, length);
        int at = 0;
        while (at < length) {
            int end = at;
            while (end < length && bytes.getByte(end) != '\n') {
                end++;
            }
            if (lines > 0 && isBlank(at, length)) {
                // Some put an empty line at the end.
                break;
            }
            if (lines == MOST_LINES || !addLine(at, end)) {
                return false;
            }
            at = Math.min(length, end + 1);
        }
        starts[lines] = at;
        return origin >= 0;
    }

    private boolean isBlank(final int start, final int end) {
        for (int i = start; i < end; i++) {
            if (bytes.getByte(i) != '\r' && bytes.getByte(i) != '\n') {
                return false;
            }
        }
        return true;
    }

    private boolean addLine(final int start, final int end) {
        final int textEnd = end > start && bytes.getByte(end - 1) == '\r' ? end - 1 : end;
        if (textEnd - start < 2 || bytes.getByte(start + 1) != '=') {
            return false;
        }
        final byte type = bytes.getByte(start);
        for (int i = start; i < textEnd; i++) {
            if (bytes.getByte(i) == 0 || bytes.getByte(i) == '\r') {
                return false;
            }
        }
        if (type < 'a' || type > 'z' || lines == 0 && type != 'v') {
            return false;
        }
        if (type == 'm') {
            if (media == MOST_MEDIA || words(start, textEnd) < 4) {
                return false;
            }
            media++;
        } else if (type == 'o') {
            if (origin >= 0 || media > 0 || words(start, textEnd) != 6) {
                return false;
            }
            origin = lines;
        }
        starts[lines] = start;
        sections[lines++] = (byte) (media - 1);
        return true;
    }

    private int words(final int start, final int end) {
        int words = 0;
        for (int i = start + 2; i < end; i++) {
            if (bytes.getByte(i) != ' ' && (i == start + 2 || bytes.getByte(i - 1) == ' ')) {
                words++;
            }
        }
        return words;
    }

    /** The bytes; index 0 is the first of the description. */
    public DirectBuffer bytes() {
        return bytes;
    }

    /** Number of lines. */
    public int lines() {
        return lines;
    }

    /** Number of media. */
    public int media() {
        return media;
    }

    /** Letter of a line. */
    public byte type(final int line) {
        return bytes.getByte(starts[line]);
    }

    /** Number of the medium that a line belongs to, -1 for the session. */
    public int section(final int line) {
        return sections[line];
    }

    /** First byte of a line. */
    public int start(final int line) {
        return starts[line];
    }

    /** Behind the line and what ends it: the start of the next. */
    public int end(final int line) {
        return starts[line + 1];
    }

    /** Behind the text of a line. */
    public int textEnd(final int line) {
        int end = starts[line + 1];
        while (end > starts[line] && (bytes.getByte(end - 1) == '\n' || bytes.getByte(end - 1) == '\r')) {
            end--;
        }
        return end;
    }

    /** Number of the {@code o=} line. */
    public int origin() {
        return origin;
    }

    /**
     * A word of a line, counted from 0 at the one behind {@code =}; as offset and length in {@link #bytes()}.
     *
     * @return a {@link Slice}, NONE when there are not so many
     */
    public long word(final int line, final int index) {
        final int end = textEnd(line);
        int seen = -1;
        int at = starts[line] + 2;
        while (at < end) {
            while (at < end && bytes.getByte(at) == ' ') {
                at++;
            }
            final int start = at;
            while (at < end && bytes.getByte(at) != ' ') {
                at++;
            }
            if (at > start && ++seen == index) {
                return Slice.between(start, at);
            }
        }
        return Slice.NONE;
    }

    /** Whether the text of a line begins so, its letter included. */
    boolean startsWith(final int line, final byte[] text) {
        if (textEnd(line) - starts[line] < text.length) {
            return false;
        }
        for (int i = 0; i < text.length; i++) {
            if (bytes.getByte(starts[line] + i) != text[i]) {
                return false;
            }
        }
        return true;
    }
}
