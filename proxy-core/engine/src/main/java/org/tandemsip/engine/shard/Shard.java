package org.tandemsip.engine.shard;

import org.tandemsip.codec.SipMessage;
import org.tandemsip.engine.handler.MessageHandler;
import org.tandemsip.engine.handler.ShardCommand;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.handler.Source;

/**
 * One thread's share of all calls: an inbound ring, a command queue, timers, a message handler and a way out. Which
 * thread that is, the shard does not know: an event loop, an agent of its own, or a test that calls {@link #doWork} by
 * hand.
 */
public final class Shard {
    /**
     * Makes a shard.
     *
     * @param context  what the handler was made with
     * @param handler  what happens to messages
     * @param ringSize slots of the inbound ring, a power of two
     */
    public Shard(final ShardContext context, final MessageHandler handler, final int ringSize) {
        throw new UnsupportedOperationException();
    }

    /**
     * Copies a parsed message with its index into the inbound ring. Any thread; never blocks.
     *
     * @return {@code false} when the ring is full: count it and answer or drop
     */
    public boolean offer(final SipMessage message, final Source source) {
        throw new UnsupportedOperationException();
    }

    /** Queues a command. Any thread; returns {@code false} when the queue is full. */
    public boolean command(final ShardCommand command) {
        throw new UnsupportedOperationException();
    }

    /** One turn of the loop: messages, timers, commands, flush. Shard thread only; returns the amount of work done. */
    public int doWork(final long nowNs) {
        throw new UnsupportedOperationException();
    }

    /**
     * When {@link #doWork} is next needed though nothing arrives: deadline of the next timer, or
     * {@link Long#MAX_VALUE}.
     */
    public long nextDeadlineNs() {
        throw new UnsupportedOperationException();
    }

    /** Whether the inbound ring and command queue are empty and nothing is live. Shard thread only. */
    public boolean idle() {
        throw new UnsupportedOperationException();
    }
}
