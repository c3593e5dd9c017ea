package org.tandemsip.codec;

import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/** Appends wire text to a buffer; keeps a position, checks nothing but the buffer's own bounds, allocates nothing. */
public final class AsciiWriter {
    /** Starts writing at {@code offset}. */
    public AsciiWriter wrap(final MutableDirectBuffer buffer, final int offset) {
        throw new UnsupportedOperationException();
    }

    /** Offset of the next byte to be written. */
    public int position() {
        throw new UnsupportedOperationException();
    }

    /** Appends all of {@code bytes}. */
    public AsciiWriter put(final byte[] bytes) {
        throw new UnsupportedOperationException();
    }

    /** Appends one ASCII character. */
    public AsciiWriter put(final char character) {
        throw new UnsupportedOperationException();
    }

    /** Appends {@code length} bytes of {@code source} from {@code offset}. */
    public AsciiWriter put(final DirectBuffer source, final int offset, final int length) {
        throw new UnsupportedOperationException();
    }

    /** Appends the range {@code slice} of {@code source}; nothing when it is {@link Slice#NONE}. */
    public AsciiWriter putSlice(final DirectBuffer source, final long slice) {
        throw new UnsupportedOperationException();
    }

    /** Appends a non-negative number in decimal. */
    public AsciiWriter putDecimal(final long value) {
        throw new UnsupportedOperationException();
    }

    /** Appends {@code digits} lower-case hexadecimal digits, the lowest of {@code value}. */
    public AsciiWriter putHex(final long value, final int digits) {
        throw new UnsupportedOperationException();
    }

    /** Appends CR and LF. */
    public AsciiWriter crlf() {
        throw new UnsupportedOperationException();
    }

    /**
     * Appends an address: dotted quad, or IPv6 in RFC 5952 form, in brackets when {@code brackets} is set (host of a
     * URI or sent-by).
     */
    public AsciiWriter putAddress(final long addressHigh, final long addressLow, final boolean brackets) {
        throw new UnsupportedOperationException();
    }
}
