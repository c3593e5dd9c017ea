package org.tandemsip.server.transport;

import org.tandemsip.codec.IpAddress;
import org.tandemsip.codec.KeyedHash;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.handler.Source;

/**
 * How much each source may send: a token bucket per address, IPv6 by its first 64 bits since that is what one customer
 * has. One per I/O loop; loop thread only; allocates nothing once the first source has been seen.
 *
 * <p>A bucket is one number, the time when it will be full again (GCRA): what has been idle for long needs no room, so
 * the table has a fixed size and forgets whoever is closest to that. Who comes with more addresses than there is room
 * for can win nothing but new buckets, which new addresses have anyway.
 */
final class SourceLimiter {
    private static final int WAYS = 4;
    private static final int SET_BITS = 12;
    /** How much may come at once, as time at the rate allowed. */
    private static final long BURST_NS = 2_000_000_000L;
    private static final long SECOND_NS = 1_000_000_000L;

    private final KeyedHash hash;
    private long[] sources;
    private long[] fullNs;

    SourceLimiter(final ShardContext.Keys keys) {
        hash = new KeyedHash(keys.table0(), keys.table1());
    }

    /** Whether another message of {@code source} may come in, of which {@code perSecond} may on average. */
    boolean takes(final Source source, final int perSecond, final long nowNs) {
        if (sources == null) {
            sources = new long[WAYS << SET_BITS];
            fullNs = new long[WAYS << SET_BITS];
        }
        final boolean ipv4 = IpAddress.isIpv4(source.addressHigh, source.addressLow);
        final long key = hash.begin().add(source.addressHigh).add(ipv4 ? source.addressLow : 0).end() | 1;
        final int place = place(key);
        final long emptyNs = sources[place] == key && fullNs[place] - nowNs > 0 ? fullNs[place] : nowNs;
        final long costNs = SECOND_NS / perSecond;
        if (emptyNs + costNs - nowNs > BURST_NS) {
            return false;
        }
        sources[place] = key;
        fullNs[place] = emptyNs + costNs;
        return true;
    }

    /** Where the bucket of a source is, or else the one to be forgotten for it. */
    private int place(final long key) {
        final int first = (int) (key >>> Long.SIZE - SET_BITS) * WAYS;
        int oldest = first;
        for (int i = first; i < first + WAYS; i++) {
            if (sources[i] == key) {
                return i;
            }
            if (sources[i] == 0 || sources[oldest] != 0 && fullNs[i] - fullNs[oldest] < 0) {
                oldest = i;
            }
        }
        return oldest;
    }
}
