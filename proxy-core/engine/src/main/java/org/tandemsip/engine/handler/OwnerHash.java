package org.tandemsip.engine.handler;

import java.nio.ByteOrder;
import org.agrona.DirectBuffer;
import org.tandemsip.codec.Slice;

/**
 * The hash of a Call-ID that says which shard owns the call. Computed in the kernel, too, so that a datagram comes to
 * the socket of that shard at once ({@code CallIdSteering} in the module native writes the same steps down): hence 32
 * bits, and four bytes at a time. Whoever does not know the key cannot aim at a shard; and it would win him nothing,
 * since one Call-ID in all of his messages does the same. Immutable.
 */
public final class OwnerHash {
    private final int seed;
    private final int multiplier;

    OwnerHash(final long key) {
        seed = (int) (key >>> 32);
        multiplier = (int) key | 1;
    }

    /** What it begins with. */
    public int seed() {
        return seed;
    }

    /** What it multiplies by, an odd number. */
    public int multiplier() {
        return multiplier;
    }

    /** The hash of the Call-ID {@code bytes[offset, offset + length)}, for {@link ShardContext#ownerOf}. */
    public int of(final DirectBuffer bytes, final int offset, final int length) {
        int hash = seed;
        final int end = offset + length;
        int p = offset;
        for (; p + 4 <= end; p += 4) {
            hash = fold((hash ^ bytes.getInt(p, ByteOrder.BIG_ENDIAN)) * multiplier);
        }
        int last = 0;
        for (int shift = 24; p < end; p++, shift -= 8) {
            last |= (bytes.getByte(p) & 0xFF) << shift;
        }
        hash = fold((hash ^ last) * multiplier);
        return fold(hash * multiplier) * multiplier;
    }

    /** As above, of a range of {@code bytes}; one that is not there is like an empty one. */
    public int of(final DirectBuffer bytes, final long callId) {
        return Slice.exists(callId) ? of(bytes, Slice.offset(callId), Slice.length(callId)) : of(bytes, 0, 0);
    }

    private static int fold(final int hash) {
        return hash ^ hash >>> 15;
    }
}
