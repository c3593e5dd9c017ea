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

    /** When its last turn began, on the clock of {@link System#nanoTime}. */
    long turnNs();
}
