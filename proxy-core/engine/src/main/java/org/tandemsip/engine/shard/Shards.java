package org.tandemsip.engine.shard;

import org.tandemsip.codec.SipMessage;
import org.tandemsip.engine.handler.ShardContext;

/** All shards; picks the one that owns a call by a keyed hash of its Call-ID. One instance per producing thread. */
public final class Shards {
    /** Makes the chooser of one producing thread. */
    public Shards(final Shard[] shards, final ShardContext.Keys keys) {
        throw new UnsupportedOperationException();
    }

    /** The shard that owns the call of {@code message}. */
    public Shard ownerOf(final SipMessage message) {
        throw new UnsupportedOperationException();
    }
}
