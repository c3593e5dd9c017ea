package org.tandemsip.engine.handler;

import java.util.List;
import org.tandemsip.codec.KeyedHash;
import org.tandemsip.codec.Limits;
import org.tandemsip.engine.metrics.Counters;
import org.tandemsip.engine.timer.TimerLanes;

/**
 * What a shard gives its handler: its own egress, timers and counters, and the values of this process.
 *
 * @param shard        number of the shard, from 0
 * @param egress       the shard's way out
 * @param timers       the shard's timers
 * @param counters     the shard's counters
 * @param listenPoints all local addresses; position is the index used in {@link Source} and {@link Destination}
 * @param limits       bounds of the codec
 * @param keys         secrets of this process
 * @param maxTransactions most transactions the shard may hold; past it new requests are refused
 * @param policy       configuration in force at start
 * @param names        who finds the addresses of host names
 * @param shards       how many shards there are: a Call-ID of our own must belong to the one that made it
 */
public record ShardContext(int shard, Egress egress, TimerLanes timers, Counters counters,
        List<ListenPoint> listenPoints, Limits limits, Keys keys, int maxTransactions, Policy policy,
        NameService names, int shards) {
    /** The only shard. */
    public ShardContext(final int shard, final Egress egress, final TimerLanes timers, final Counters counters,
            final List<ListenPoint> listenPoints, final Limits limits, final Keys keys, final int maxTransactions,
            final Policy policy, final NameService names) {
        this(shard, egress, timers, counters, listenPoints, limits, keys, maxTransactions, policy, names, 1);
    }

    /** Without host names. */
    public ShardContext(final int shard, final Egress egress, final TimerLanes timers, final Counters counters,
            final List<ListenPoint> listenPoints, final Limits limits, final Keys keys, final int maxTransactions,
            final Policy policy) {
        this(shard, egress, timers, counters, listenPoints, limits, keys, maxTransactions, policy, NameService.NONE);
    }

    /** Number of the shard, of so many, that owns calls whose Call-ID has this hash, see {@link Keys#ownerHash}. */
    public static int ownerOf(final int callIdHash, final int shards) {
        return (callIdHash >>> 16) * shards >>> 16;
    }

    /**
     * Secrets. The token key is the same before and after a restart and on all nodes that stand for each other, so that
     * branches stay the same for a retransmission and Record-Routes stay valid; the table key is new in every process,
     * so that nobody can aim at a hash table.
     *
     * @param token0 first half of the key for branches, tags and Record-Route parameters
     * @param token1 second half
     * @param table0 first half of the key for hash tables
     * @param table1 second half
     */
    public record Keys(long token0, long token1, long table0, long table1) {
        private static final long OWNER_LABEL = 0x6f77_6e65_72L;

        /**
         * The hash of Call-IDs for {@link ShardContext#ownerOf}. Its key comes from that of the tokens: a call with
         * two dialogs that outlives the process has both of them in one shard afterwards, too.
         */
        public OwnerHash ownerHash() {
            return new OwnerHash(new KeyedHash(token0, token1).begin().add(OWNER_LABEL).end());
        }
    }
}
