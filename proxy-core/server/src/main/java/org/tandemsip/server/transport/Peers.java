package org.tandemsip.server.transport;

import java.util.concurrent.atomic.AtomicLongArray;

/**
 * All loops and shard threads of a network, by number, so that each finds the others. Filled before the first message,
 * fixed then.
 */
final class Peers {
    private final Loop[] loops;
    private final ShardThread[] shards;
    private final ConnectionRegistry registry;
    private final Fingerprints taken = new Fingerprints();
    private final Fingerprints dropped = new Fingerprints();
    private final AtomicLongArray sourceBuckets = SourceLimiter.buckets();

    Peers(final Loop[] loops, final ShardThread[] shards, final ConnectionRegistry registry) {
        this.loops = loops;
        this.shards = shards;
        this.registry = registry;
    }

    int loops() {
        return loops.length;
    }

    Loop loop(final int index) {
        return loops[index];
    }

    int shards() {
        return shards.length;
    }

    ShardThread shard(final int number) {
        return shards[number];
    }

    /** New requests let in while a queue stood. */
    Fingerprints taken() {
        return taken;
    }

    /** New requests dropped since there were too many. */
    Fingerprints dropped() {
        return dropped;
    }

    /** How much each source may still send. */
    AtomicLongArray sourceBuckets() {
        return sourceBuckets;
    }

    ConnectionRegistry registry() {
        return registry;
    }
}
