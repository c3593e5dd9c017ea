package org.tandemsip.engine.handler;

import org.tandemsip.engine.metrics.Counter;

/**
 * What somebody outside has said to a question of a shard; see {@link ShardCommand.Replied}. Immutable: made on one
 * thread, read on another.
 */
public interface Reply {
    /** What counts a reply that nobody waits for any more: it came too late, or twice. */
    Counter late();
}
