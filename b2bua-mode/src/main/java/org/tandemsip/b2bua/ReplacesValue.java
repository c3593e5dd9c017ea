package org.tandemsip.b2bua;

import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.tandemsip.codec.SipUri;
import org.tandemsip.codec.Slice;

/** Reads a value of Replaces (RFC 3891 section 6.1), from a row or from the header fields of a URI. Reused. */
final class ReplacesValue {
    /** Most bytes of one from a URI. */
    static final int MOST_BYTES = 1_024;

    /** What it is called among the header fields of a URI. */
    static final byte[] REPLACES = B2bua.ascii("replaces=");
    /** The same of Join (RFC 3911), which has such a value, too. */
    static final byte[] JOIN = B2bua.ascii("join=");

    private static final byte[] TO_TAG = B2bua.ascii("to-tag");
    private static final byte[] FROM_TAG = B2bua.ascii("from-tag");
    private static final byte[] EARLY_ONLY = B2bua.ascii("early-only");

    private final B2bua owner;
    private final UnsafeBuffer plain = new UnsafeBuffer(new byte[MOST_BYTES]);
    private DirectBuffer bytes = plain;
    private long all;
    private long callId;
    private long toTag;
    private long fromTag;
    private boolean earlyOnly;
    private boolean ours;

    ReplacesValue(final B2bua owner) {
        this.owner = owner;
    }

    /** Where one stands among the header fields of a URI, escaped; {@code Slice.NONE} when there is none. */
    static long find(final DirectBuffer bytes, final SipUri uri, final byte[] field) {
        if (Slice.exists(uri.headers())) {
            final int end = Slice.end(uri.headers());
            for (int start = Slice.offset(uri.headers()); start < end;) {
                final int stop = indexOf(bytes, '&', start, end);
                if (begins(bytes, start, stop, field)) {
                    return Slice.between(start + field.length, stop);
                }
                start = stop + 1;
            }
        }
        return Slice.NONE;
    }

    /** Reads an escaped one; {@code false} when it is too long. */
    boolean readEscaped(final DirectBuffer from, final long slice) {
        final int end = Slice.end(slice);
        int length = 0;
        for (int i = Slice.offset(slice); i < end; i++) {
            if (length == MOST_BYTES) {
                return false;
            }
            final byte b = from.getByte(i);
            final int high = b == '%' && i + 2 < end ? Character.digit(from.getByte(i + 1), 16) : -1;
            final int low = high < 0 ? -1 : Character.digit(from.getByte(i + 2), 16);
            // No control character: it may be written into a row.
            plain.putByte(length++, low < 0 ? b : (byte) Math.max(' ', high * 16 + low));
            i += low < 0 ? 0 : 2;
        }
        read(plain, 0, length);
        return true;
    }

    void read(final DirectBuffer from, final int start, final int end) {
        bytes = from;
        toTag = Slice.NONE;
        fromTag = Slice.NONE;
        earlyOnly = false;
        ours = false;
        all = Slice.between(start, end);
        int stop = indexOf(bytes, ';', start, end);
        callId = trim(start, stop);
        while (stop < end) {
            final int next = indexOf(bytes, ';', stop + 1, end);
            parameter(trim(stop + 1, next));
            stop = next;
        }
    }

    private void parameter(final long slice) {
        final int start = Slice.offset(slice);
        final int end = Slice.end(slice);
        final int equals = indexOf(bytes, '=', start, end);
        final long tag = equals < end ? trim(equals + 1, end) : Slice.NONE;
        ours |= owner.tags.read(bytes, tag);
        if (begins(bytes, start, end, TO_TAG)) {
            toTag = tag;
        } else if (begins(bytes, start, end, FROM_TAG)) {
            fromTag = tag;
        } else {
            earlyOnly |= begins(bytes, start, end, EARLY_ONLY);
        }
    }

    private long trim(final int start, final int end) {
        int from = start;
        int to = end;
        while (from < to && bytes.getByte(from) <= ' ') {
            from++;
        }
        while (from < to && bytes.getByte(to - 1) <= ' ') {
            to--;
        }
        return Slice.between(from, to);
    }

    static int indexOf(final DirectBuffer bytes, final char wanted, final int from, final int end) {
        int at = from;
        while (at < end && bytes.getByte(at) != wanted) {
            at++;
        }
        return Math.min(at, end);
    }

    private static boolean begins(final DirectBuffer bytes, final int start, final int end, final byte[] lower) {
        if (end - start < lower.length) {
            return false;
        }
        for (int i = 0; i < lower.length; i++) {
            final byte b = bytes.getByte(start + i);
            if (b != lower[i] && (b < 'A' || b > 'Z' || (b | 0x20) != lower[i])) {
                return false;
            }
        }
        return true;
    }

    /** A copy of all of it. */
    byte[] copy() {
        final byte[] copy = new byte[Slice.length(all)];
        bytes.getBytes(Slice.offset(all), copy);
        return copy;
    }

    /** What the slices below are of. */
    DirectBuffer bytes() {
        return bytes;
    }

    long callId() {
        return callId;
    }

    long toTag() {
        return toTag;
    }

    long fromTag() {
        return fromTag;
    }

    boolean earlyOnly() {
        return earlyOnly;
    }

    /** Whether any tag in it is one of ours. */
    boolean hasOurTag() {
        return ours;
    }
}
