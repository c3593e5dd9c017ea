package org.tandemsip.engine.handler;

/**
 * The way from one shard to another one of the same process: a command crosses, and no thread looks into the calls of
 * another.
 */
@FunctionalInterface
public interface Neighbours {
    /** There are none. */
    Neighbours NONE = (_, _) -> false;

    /**
     * Gives {@code command} to a shard; returns at once.
     *
     * @return {@code false} when it takes none now, or there is no such shard: whoever asks is not answered then, and
     *         who answers need not try again, since nobody waits for long
     */
    boolean tell(int shard, ShardCommand command);
}
