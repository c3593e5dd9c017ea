package org.tandemsip.codec;

/**
 * A range of a message's bytes packed into one {@code long}: offset in the upper, length in the lower 32 bits.
 *
 * <p>Lets a parser return a range without allocating. {@link #NONE} stands for "not there", which is not the same as an
 * empty range.
 */
public final class Slice {
    /** The range that is not there. */
    public static final long NONE = -1L;

    private Slice() {}

    /** Packs {@code offset} and {@code length}, both in bytes, neither negative. */
    public static long of(final int offset, final int length) {
        return (long) offset << 32 | length;
    }

    /** Packs the range from {@code start} (inclusive) to {@code end} (exclusive). */
    public static long between(final int start, final int end) {
        return of(start, end - start);
    }

    /** Index of the first byte. */
    public static int offset(final long slice) {
        return (int) (slice >> 32);
    }

    /** Number of bytes. */
    public static int length(final long slice) {
        return (int) slice;
    }

    /** Index one past the last byte. */
    public static int end(final long slice) {
        return offset(slice) + length(slice);
    }

    /** Whether the range is there; it may still be empty. */
    public static boolean exists(final long slice) {
        return slice != NONE;
    }
}
