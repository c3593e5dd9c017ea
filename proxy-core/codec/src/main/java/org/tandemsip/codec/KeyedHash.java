package org.tandemsip.codec;

import org.agrona.DirectBuffer;

/**
 * SipHash-1-3 (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012) over bytes and numbers, for hash tables
 * keyed by wire bytes and for the MACs in branches and Record-Routes. A 64-bit result that nobody without the key can
 * aim at.
 *
 * <p>The input is a sequence of 64-bit words: a number is one word; a range is its length, then its bytes eight at a
 * time, little-endian, the last word filled up with zeros. The result is that of SipHash over those words' bytes.
 *
 * <p>One instance per owner and key; streaming: {@code begin}, any number of {@code add}, {@code end}. Allocates
 * nothing.
 */
public final class KeyedHash {
    private static final long NONE_MARK = -1L;

    private final long initial0;
    private final long initial1;
    private final long initial2;
    private final long initial3;
    private long v0;
    private long v1;
    private long v2;
    private long v3;
    private long words;

    /** Makes a hash with a 128-bit key. */
    public KeyedHash(final long key0, final long key1) {
        initial0 = key0 ^ 0x736f6d6570736575L;
        initial1 = key1 ^ 0x646f72616e646f6dL;
        initial2 = key0 ^ 0x6c7967656e657261L;
        initial3 = key1 ^ 0x7465646279746573L;
        begin();
    }

    /** Starts a new hash. */
    public KeyedHash begin() {
        v0 = initial0;
        v1 = initial1;
        v2 = initial2;
        v3 = initial3;
        words = 0;
        return this;
    }

    /** Adds a number. */
    public KeyedHash add(final long value) {
        v3 ^= value;
        round();
        v0 ^= value;
        words++;
        return this;
    }

    /** Adds {@code length} and the bytes, so that neighbours cannot run into each other. */
    public KeyedHash add(final DirectBuffer bytes, final int offset, final int length) {
        add(length);
        // Kept in registers over the range; stores to the fields would double its time.
        long a = v0;
        long b = v1;
        long c = v2;
        long d = v3;
        final int end = offset + length;
        for (int p = offset; p < end; p += 8) {
            final long word = Scan.word(bytes, p, end - p);
            d ^= word;
            a += b;
            b = Long.rotateLeft(b, 13) ^ a;
            a = Long.rotateLeft(a, 32);
            c += d;
            d = Long.rotateLeft(d, 16) ^ c;
            a += d;
            d = Long.rotateLeft(d, 21) ^ a;
            c += b;
            b = Long.rotateLeft(b, 17) ^ c;
            c = Long.rotateLeft(c, 32);
            a ^= word;
        }
        v0 = a;
        v1 = b;
        v2 = c;
        v3 = d;
        words += length + 7 >>> 3;
        return this;
    }

    /** Adds a range as {@link #add(DirectBuffer, int, int)} does, ASCII letters folded to lower case (host names). */
    public KeyedHash addLowerCase(final DirectBuffer bytes, final int offset, final int length) {
        add(length);
        final int end = offset + length;
        for (int p = offset; p < end; p += 8) {
            add(lowerCase(Scan.word(bytes, p, Math.min(8, end - p))));
        }
        return this;
    }

    /** Adds a range as {@link #add(DirectBuffer, int, int)} does; {@link Slice#NONE} adds a mark of its own. */
    public KeyedHash addSlice(final DirectBuffer bytes, final long slice) {
        return slice == Slice.NONE ? add(NONE_MARK) : add(bytes, Slice.offset(slice), Slice.length(slice));
    }

    /** The 64-bit hash of all that was added. */
    public long end() {
        final long last = words << 3 << 56;
        v3 ^= last;
        round();
        v0 ^= last;
        v2 ^= 0xFF;
        round();
        round();
        round();
        return v0 ^ v1 ^ v2 ^ v3;
    }

    private void round() {
        long a = v0 + v1;
        long b = Long.rotateLeft(v1, 13) ^ a;
        a = Long.rotateLeft(a, 32);
        long c = v2 + v3;
        long d = Long.rotateLeft(v3, 16) ^ c;
        a += d;
        d = Long.rotateLeft(d, 21) ^ a;
        c += b;
        b = Long.rotateLeft(b, 17) ^ c;
        c = Long.rotateLeft(c, 32);
        v0 = a;
        v1 = b;
        v2 = c;
        v3 = d;
    }

    /** Folds exactly the bytes 'A' to 'Z' of a word; a plain OR would make '@' and '`' one. */
    private static long lowerCase(final long word) {
        final long ascii = word & 0x7F7F7F7F7F7F7F7FL;
        final long fromA = ascii + 0x3F3F3F3F3F3F3F3FL;
        final long overZ = ascii + 0x2525252525252525L;
        final long upper = fromA & ~overZ & ~word & 0x8080808080808080L;
        return word | upper >>> 2;
    }
}
