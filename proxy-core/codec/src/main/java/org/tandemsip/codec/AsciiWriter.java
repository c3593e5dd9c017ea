package org.tandemsip.codec;

import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/**
 * Appends wire text to a buffer and keeps the position. Allocates nothing and never throws: what does not fit is left
 * out and {@link #overflown()} says so. Not thread-safe.
 */
public final class AsciiWriter {
    private static final int MAX_DECIMAL_DIGITS = 19;

    private final byte[] digits = new byte[MAX_DECIMAL_DIGITS];
    private MutableDirectBuffer out;
    private int position;
    private int limit;
    private boolean overflown;

    /** Starts writing at {@code offset}. */
    public AsciiWriter wrap(final MutableDirectBuffer buffer, final int offset) {
        return wrap(buffer, offset, buffer.capacity());
    }

    AsciiWriter wrap(final MutableDirectBuffer buffer, final int offset, final int end) {
        out = buffer;
        position = offset;
        limit = end;
        overflown = false;
        return this;
    }

    /** Offset of the next byte to be written. */
    public int position() {
        return position;
    }

    /** Whether something did not fit and was left out. */
    public boolean overflown() {
        return overflown;
    }

    /** Appends all of {@code bytes}. */
    public AsciiWriter put(final byte[] bytes) {
        if (fits(bytes.length)) {
            out.putBytes(position, bytes);
            position += bytes.length;
        }
        return this;
    }

    /** Appends one ASCII character. */
    public AsciiWriter put(final char character) {
        if (fits(1)) {
            out.putByte(position++, (byte) character);
        }
        return this;
    }

    /** Appends {@code length} bytes of {@code source} from {@code offset}. */
    public AsciiWriter put(final DirectBuffer source, final int offset, final int length) {
        if (fits(length)) {
            out.putBytes(position, source, offset, length);
            position += length;
        }
        return this;
    }

    /** Appends {@code [from, to)} of {@code source} with {@code edits} applied. */
    AsciiWriter put(final DirectBuffer source, final int from, final int to, final Edits edits) {
        if (fits(to - from + edits.textBytes())) {
            position += edits.apply(source, from, to, out, position);
        }
        return this;
    }

    /** Appends the range {@code slice} of {@code source}; nothing when it is {@link Slice#NONE}. */
    public AsciiWriter putSlice(final DirectBuffer source, final long slice) {
        return slice == Slice.NONE ? this : put(source, Slice.offset(slice), Slice.length(slice));
    }

    /** Appends a non-negative number in decimal. */
    public AsciiWriter putDecimal(final long value) {
        int first = MAX_DECIMAL_DIGITS;
        long rest = value;
        do {
            digits[--first] = (byte) ('0' + rest % 10);
            rest /= 10;
        } while (rest > 0);
        final int length = MAX_DECIMAL_DIGITS - first;
        if (fits(length)) {
            out.putBytes(position, digits, first, length);
            position += length;
        }
        return this;
    }

    /** Appends {@code digitCount} (1 to 16) lower-case hexadecimal digits, the lowest of {@code value}. */
    public AsciiWriter putHex(final long value, final int digitCount) {
        if (fits(digitCount)) {
            for (int shift = (digitCount - 1) * 4; shift >= 0; shift -= 4) {
                final int digit = (int) (value >>> shift) & 0xF;
                out.putByte(position++, (byte) (digit < 10 ? '0' + digit : 'a' + digit - 10));
            }
        }
        return this;
    }

    /** Appends CR and LF. */
    public AsciiWriter crlf() {
        return put('\r').put('\n');
    }

    /**
     * Appends an address: dotted quad, or IPv6 in RFC 5952 form, in brackets when {@code brackets} is set (host of a
     * URI or sent-by).
     */
    public AsciiWriter putAddress(final long addressHigh, final long addressLow, final boolean brackets) {
        if (IpAddress.isIpv4(addressHigh, addressLow)) {
            return putQuad(addressLow);
        }
        if (brackets) {
            put('[');
        }
        putIpv6(addressHigh, addressLow);
        return brackets ? put(']') : this;
    }

    private AsciiWriter putQuad(final long low) {
        for (int shift = 24; shift >= 0; shift -= 8) {
            putDecimal(low >>> shift & 0xFF);
            if (shift > 0) {
                put('.');
            }
        }
        return this;
    }

    /**
     * RFC 5952 section 4: no leading zeros, lower case, the first longest run of two or more zero groups as {@code ::}.
     */
    private void putIpv6(final long high, final long low) {
        int runStart = -1;
        int runLength = 1;
        for (int i = 0; i < 8; i++) {
            int length = 0;
            while (i + length < 8 && group(high, low, i + length) == 0) {
                length++;
            }
            if (length > runLength) {
                runStart = i;
                runLength = length;
            }
            i += length;
        }
        for (int i = 0; i < 8; i++) {
            if (i == runStart) {
                put(':').put(':');
                i += runLength - 1;
                continue;
            }
            if (i > 0 && i != runStart + runLength) {
                put(':');
            } else if (i > 0 && runStart < 0) {
                put(':');
            }
            final int value = group(high, low, i);
            putHex(value, value > 0xFFF ? 4 : value > 0xFF ? 3 : value > 0xF ? 2 : 1);
        }
    }

    private static int group(final long high, final long low, final int index) {
        return (int) ((index < 4 ? high : low) >>> (3 - (index & 3) << 4)) & 0xFFFF;
    }

    private boolean fits(final int length) {
        if (position + length <= limit) {
            return true;
        }
        overflown = true;
        return false;
    }
}
