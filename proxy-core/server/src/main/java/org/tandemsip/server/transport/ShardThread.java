package org.tandemsip.server.transport;

import org.tandemsip.engine.shard.Shard;

/** A thread of the message path, as others see it. Any thread may call. */
interface ShardThread {
    /** Name of the thread. */
    String name();

    /** The shard that runs on it; {@code null} for a loop that only moves bytes. */
    Shard shard();

    /** Makes the thread take its next turn soon; to be called after something was put into its ring or queue. */
    void wake();

    /** How long messages wait for it, in nanoseconds; 0 where it reads no sockets. */
    default long queueNs() {
        return 0;
    }

    /** Whether it turns new requests away. */
    default boolean overloaded() {
        return false;
    }

    /** Number of the Java thread; 0 while there is none. */
    long threadId();

    /** Messages that it has handed to sockets per turn in which there were any; 0 where it has none. */
    default double batchSize() {
        return 0;
    }

    /** When its last turn began, on the clock of {@link System#nanoTime}. */
    long turnNs();
}
