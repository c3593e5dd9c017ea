package org.tandemsip.server.transport;

import java.net.BindException;
import java.util.Collection;
import java.util.List;
import org.tandemsip.engine.handler.HandlerFactory;
import org.tandemsip.engine.handler.ListenPoint;
import org.tandemsip.engine.handler.Policy;
import org.tandemsip.engine.handler.ShardCommand;
import org.tandemsip.engine.metrics.Counters;
import org.tandemsip.engine.metrics.LatencyWindow;
import org.tandemsip.engine.shard.ShardReports;

/**
 * All that moves messages: I/O loops, sockets, connections and shards, started and stopped as one. Its methods may be
 * called from any thread but the loops themselves.
 */
public final class Network implements AutoCloseable {
    private Network() {}

    /**
     * Makes loops and shards, binds all listen points, and begins to read.
     *
     * @param config  sizes, limits, listen points
     * @param factory makes the message handler of each shard
     * @param policy  configuration the handlers start with
     * @param filter  which sources are known under that policy
     * @param reports told about faults and refused sources, on the loops' threads
     * @throws BindException when a listen point cannot be bound; the message names its address and the cause, and
     *                       nothing is left open
     */
    public static Network start(final NetworkConfig config, final HandlerFactory factory, final Policy policy,
            final SourceFilter filter, final ShardReports reports) throws BindException {
        throw new UnsupportedOperationException();
    }

    /** Local addresses, with the ports that were really bound. */
    public List<ListenPoint> listenPoints() {
        throw new UnsupportedOperationException();
    }

    /** Number of shards. */
    public int shards() {
        throw new UnsupportedOperationException();
    }

    /**
     * Hands a new configuration to all shards and loops. What is under way finishes by what it began with.
     *
     * @return whether every shard had room for the order; if not, call again
     */
    public boolean configure(final Policy policy, final SourceFilter filter) {
        throw new UnsupportedOperationException();
    }

    /** Gives {@code command} to one shard; {@code false} when its queue is full. */
    public boolean command(final int shard, final ShardCommand command) {
        throw new UnsupportedOperationException();
    }

    /** Gives {@code command} to every shard; {@code false} when any had no room. */
    public boolean command(final ShardCommand command) {
        throw new UnsupportedOperationException();
    }

    /** Transactions, calls and timers held by all shards, as of their last turn: 0 means drained. */
    public int live() {
        throw new UnsupportedOperationException();
    }

    /** Open stream connections, both directions. */
    public int connections() {
        throw new UnsupportedOperationException();
    }

    /** The counters of every thread; sum them with {@link Counters#sum}. */
    public Collection<Counters> counters() {
        throw new UnsupportedOperationException();
    }

    /** Latency of all stages over the last seconds. */
    public LatencyWindow latency() {
        throw new UnsupportedOperationException();
    }

    /** The last malformed messages. */
    public BadMessages badMessages() {
        throw new UnsupportedOperationException();
    }

    /** How each thread of the message path is doing. */
    public List<LoopStatus> loops() {
        throw new UnsupportedOperationException();
    }

    /**
     * Stops reading, sends what is queued, closes all sockets and ends all threads; returns when done, at the latest
     * after 5 s.
     */
    @Override
    public void close() {
        throw new UnsupportedOperationException();
    }
}
