package org.tandemsip.server.transport;

import java.util.concurrent.atomic.AtomicLongArray;
import org.tandemsip.codec.IpAddress;
import org.tandemsip.codec.KeyedHash;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.handler.Source;

/**
 * How much each source may send: a token bucket per address, IPv6 by its first 64 bits since that is what one customer
 * has. One per I/O loop, for the thread of that loop alone, but all share their buckets, since what a source sends may
 * arrive on any loop. Allocates nothing.
 *
 * <p>A bucket is one number, the time when it will be full again (GCRA): what has been idle for long needs no room, so
 * the table has a fixed size and forgets whoever is closest to that. Who comes with more addresses than there is room
 * for can win nothing but new buckets, which new addresses have anyway.
 *
 * <pre>
 *   63              40 39                                    0
 *   part of the hash,  when it will be full, in units of 16 ns;      0: nobody's
 *   its last bit set   starts from 0 again every 4.9 hours
 * </pre>
 * So it is taken from by one compare-and-set.
 */
final class SourceLimiter {
    private static final int WAYS = 4;
    private static final int SETS = 1 << 12;
    private static final int TIME_BITS = 40;
    private static final long TIME = (1L << TIME_BITS) - 1;
    private static final int UNIT_BITS = 4;
    private static final long SECOND = 1_000_000_000L >> UNIT_BITS;
    /** How much may come at once, as time at the rate allowed. */
    private static final long BURST = 2 * SECOND;

    private final KeyedHash hash;
    private final AtomicLongArray buckets;

    /** @param buckets what {@link #buckets} has made, for all loops */
    SourceLimiter(final ShardContext.Keys keys, final AtomicLongArray buckets) {
        hash = new KeyedHash(keys.table0(), keys.table1());
        this.buckets = buckets;
    }

    /** The buckets of all sources. */
    static AtomicLongArray buckets() {
        return new AtomicLongArray(WAYS * SETS);
    }

    /** Whether another message of {@code source} may come in, of which {@code perSecond} may on average. */
    boolean takes(final Source source, final int perSecond, final long nowNs) {
        final boolean ipv4 = IpAddress.isIpv4(source.addressHigh, source.addressLow);
        final long key = hash.begin().add(source.addressHigh).add(ipv4 ? source.addressLow : 0).end();
        final int set = ((int) key & SETS - 1) * WAYS;
        final long name = (key | 1L << TIME_BITS) & ~TIME;
        final long now = nowNs >> UNIT_BITS;
        while (true) {
            final int place = place(set, name, now);
            final long bucket = buckets.get(place);
            final long missing = ((bucket ^ name) & ~TIME) == 0 ? Math.max(0, missing(bucket, now)) : 0;
            final long less = missing + SECOND / perSecond;
            if (less > BURST) {
                return false;
            }
            // Another loop may have been faster.
            if (buckets.compareAndSet(place, bucket, name | now + less & TIME)) {
                return true;
            }
        }
    }

    /** How long it takes until {@code bucket} is full; not above 0 when it is. */
    private static long missing(final long bucket, final long now) {
        final long units = bucket - now << Long.SIZE - TIME_BITS >> Long.SIZE - TIME_BITS;
        // Loops read the clock one after the other. What lacks much more was full so long ago that it seems to come.
        return units > 2 * BURST ? Long.MIN_VALUE : units;
    }

    /** Where the bucket of a source is, or else the one to be forgotten for it. */
    private int place(final int set, final long name, final long now) {
        int fullest = set;
        long least = Long.MAX_VALUE;
        for (int i = set; i < set + WAYS; i++) {
            final long bucket = buckets.get(i);
            if (((bucket ^ name) & ~TIME) == 0) {
                return i;
            }
            final long missing = bucket == 0 ? Long.MIN_VALUE : missing(bucket, now);
            if (missing < least) {
                least = missing;
                fullest = i;
            }
        }
        return fullest;
    }
}
