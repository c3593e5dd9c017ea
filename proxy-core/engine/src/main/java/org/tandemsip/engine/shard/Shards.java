package org.tandemsip.engine.shard;

import org.agrona.concurrent.UnsafeBuffer;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.engine.handler.OwnerHash;
import org.tandemsip.engine.handler.ShardContext;

/** All shards; picks the one that owns a call by a keyed hash of its Call-ID. One instance per producing thread. */
public final class Shards {
    private final Shard[] shards;
    private final OwnerHash hash;

    /** Makes the chooser of one producing thread. */
    public Shards(final Shard[] shards, final ShardContext.Keys keys) {
        this.shards = shards.clone();
        this.hash = keys.ownerHash();
    }

    /** How long the oldest message in any ring has waited; see {@link Shard#waitedNs}. */
    public long waitedNs(final long clockNs) {
        long longestNs = 0;
        for (final Shard shard : shards) {
            longestNs = Math.max(longestNs, shard.waitedNs(clockNs));
        }
        return longestNs;
    }

    /** Number of the shard, of so many, that owns calls with this Call-ID. */
    public static int ownerOf(final byte[] callId, final ShardContext.Keys keys, final int shards) {
        return ShardContext.ownerOf(keys.ownerHash().of(new UnsafeBuffer(callId), 0, callId.length), shards);
    }

    /** The shard that owns the call of {@code message}. */
    public Shard ownerOf(final SipMessage message) {
        if (shards.length == 1) {
            return shards[0];
        }
        return shards[ShardContext.ownerOf(hash.of(message.bytes(), message.callId()), shards.length)];
    }
}
