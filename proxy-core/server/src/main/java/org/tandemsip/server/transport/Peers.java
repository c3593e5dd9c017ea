package org.tandemsip.server.transport;

/**
 * All loops and shard threads of a network, by number, so that each finds the others. Filled before the first message,
 * fixed then.
 */
final class Peers {
    private final Loop[] loops;
    private final ShardThread[] shards;
    private final ConnectionRegistry registry;

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

    ShardThread shard(final int number) {
        return shards[number];
    }

    ConnectionRegistry registry() {
        return registry;
    }
}
