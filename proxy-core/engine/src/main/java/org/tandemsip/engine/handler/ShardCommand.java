package org.tandemsip.engine.handler;

/**
 * An order or report that crosses into a shard through its command queue. Control path: made per event, not per
 * message.
 */
public sealed interface ShardCommand {
    /** Takes over a new configuration; what is under way finishes by what it began with. */
    record Configure(Policy policy) implements ShardCommand {}

    /**
     * A message could not be sent: connection refused or lost, no route to host, queue full.
     *
     * @param correlation what was given to {@link Egress#send}
     */
    record SendFailed(long correlation) implements ShardCommand {}

    /** Runs on the shard thread between two messages: for looking at shard state from outside (status, tests). */
    record Inspect(Runnable task) implements ShardCommand {}
}
