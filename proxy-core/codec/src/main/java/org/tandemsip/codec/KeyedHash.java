package org.tandemsip.codec;

import org.agrona.DirectBuffer;

/**
 * SipHash-1-3 (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012) over bytes and numbers, for hash tables
 * keyed by wire bytes and for the MACs in branches and Record-Routes. A 64-bit result that nobody without the key can
 * aim at.
 *
 * <p>One instance per owner and key; streaming: {@code begin}, any number of {@code add}, {@code end}. Allocates
 * nothing.
 */
public final class KeyedHash {
    /** Makes a hash with a 128-bit key. */
    public KeyedHash(final long key0, final long key1) {
        throw new UnsupportedOperationException();
    }

    /** Starts a new hash. */
    public KeyedHash begin() {
        throw new UnsupportedOperationException();
    }

    /** Adds a number. */
    public KeyedHash add(final long value) {
        throw new UnsupportedOperationException();
    }

    /** Adds {@code length} and the bytes, so that neighbours cannot run into each other. */
    public KeyedHash add(final DirectBuffer bytes, final int offset, final int length) {
        throw new UnsupportedOperationException();
    }

    /** Adds a range as {@link #add(DirectBuffer, int, int)} does, ASCII letters folded to lower case (host names). */
    public KeyedHash addLowerCase(final DirectBuffer bytes, final int offset, final int length) {
        throw new UnsupportedOperationException();
    }

    /** Adds a range as {@link #add(DirectBuffer, int, int)} does; {@link Slice#NONE} adds a mark of its own. */
    public KeyedHash addSlice(final DirectBuffer bytes, final long slice) {
        throw new UnsupportedOperationException();
    }

    /** The 64-bit hash of all that was added. */
    public long end() {
        throw new UnsupportedOperationException();
    }
}
