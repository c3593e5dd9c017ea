package org.tandemsip.server.transport;

import io.netty.buffer.ByteBufAllocator;
import java.net.BindException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.HdrHistogram.Histogram;
import org.tandemsip.engine.handler.Egress;
import org.tandemsip.engine.handler.HandlerFactory;
import org.tandemsip.engine.handler.ListenPoint;
import org.tandemsip.engine.handler.NameService;
import org.tandemsip.engine.handler.Policy;
import org.tandemsip.engine.handler.ShardCommand;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.engine.metrics.Counters;
import org.tandemsip.engine.metrics.LatencyWindow;
import org.tandemsip.engine.metrics.Stage;
import org.tandemsip.engine.metrics.StageTimers;
import org.tandemsip.engine.metrics.Traffic;
import org.tandemsip.engine.shard.Shard;
import org.tandemsip.engine.shard.ShardReports;
import org.tandemsip.engine.shard.Shards;
import org.tandemsip.engine.timer.TimerLanes;

/**
 * All that moves messages: I/O loops, sockets, connections and shards, started and stopped as one. Its methods may be
 * called from any thread but the loops themselves.
 */
public final class Network implements AutoCloseable {
    private static final long CLOSE_SECONDS = 2;

    private final NetworkConfig config;
    private final LoopGroup group;
    private final Loop[] loops;
    private final ShardThread[] shards;
    private final ConnectionRegistry registry;
    private final Peers peers;
    private final Bindings bindings;
    /** The one that is in force; a reload puts another one here while the loops read. */
    private volatile SourceFilter filter;
    private final BadMessages badMessages = new BadMessages();
    private final List<Counters> counters = new ArrayList<>();
    private final List<StageTimers> stages = new ArrayList<>();
    private Watch watch;
    private boolean closed;

    private Network(final NetworkConfig config, final Sockets sockets, final SourceFilter filter,
            final ShardReports reports, final Tls tls) {
        this.config = config;
        this.filter = filter;
        registry = new ConnectionRegistry(config.streams(), tls);
        loops = new Loop[config.loops()];
        shards = new ShardThread[config.shards()];
        peers = new Peers(loops, shards, registry);
        group = new LoopGroup(loops.length, sockets.ioHandlers());
        final List<LoopGroup.TurningLoop> eventLoops = group.loops();
        for (int i = 0; i < loops.length; i++) {
            loops[i] =
                    new Loop(i, eventLoops.get(i), config, sockets, ByteBufAllocator.DEFAULT, () -> this.filter,
                            badMessages,
                            reports, peers);
            counters.add(loops[i].counters());
            stages.add(loops[i].stages());
        }
        bindings = new Bindings(config, sockets, List.of(loops));
    }

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
        return start(config, factory, policy, filter, reports, NameService.NONE, null);
    }

    /**
     * As above, with someone to ask for the addresses of host names.
     *
     * @param tls certificates; {@code null} where nothing is secure. Outlives the network
     */
    public static Network start(final NetworkConfig config, final HandlerFactory factory, final Policy policy,
            final SourceFilter filter, final ShardReports reports, final NameService names, final Tls tls)
            throws BindException {
        final Sockets sockets = Sockets.best();
        final Network network = new Network(sockets == Sockets.EPOLL ? config : config.withLoops(1), sockets, filter,
                reports, tls);
        boolean started = false;
        try {
            network.start(factory, policy, reports, names);
            started = true;
            return network;
        } finally {
            if (!started) {
                network.close();
            }
        }
    }

    private void start(final HandlerFactory factory, final Policy policy, final ShardReports reports,
            final NameService names) throws BindException {
        bindings.bind();
        final Shard[] byNumber = new Shard[shards.length];
        for (int i = 0; i < byNumber.length; i++) {
            byNumber[i] = makeShard(i, factory, policy, reports, names);
        }
        for (final Loop loop : loops) {
            final Shards chooser = new Shards(byNumber, config.keys());
            final Shard own = shards[0] instanceof ShardAgent ? null : byNumber[loop.index()];
            loop.eventLoop().submit(() -> loop.start(chooser, own)).syncUninterruptibly();
        }
        for (final ShardThread shard : shards) {
            if (shard instanceof ShardAgent agent) {
                agent.start();
            }
        }
        final Stream<ShardThread> threads = Stream.concat(Arrays.stream(loops), Arrays.stream(shards)).distinct();
        watch = new Watch(threads.toList(), new LatencyWindow(stages), reports,
                () -> Counters.sum(counters, Counter.OVERLOAD_REFUSED)
                        + Counters.sum(counters, Counter.OVERLOAD_DROPPED));
        counters.add(watch.counters());
        watch.start();
        bindings.read();
    }

    private Shard makeShard(final int number, final HandlerFactory factory, final Policy policy,
            final ShardReports reports, final NameService names) {
        final boolean shared = config.threading() == NetworkConfig.Threading.SHARED;
        final Counters shardCounters = new Counters();
        final StageTimers shardStages = new StageTimers();
        counters.add(shardCounters);
        stages.add(shardStages);
        final Egress egress = shared ? new LoopEgress(number, loops[number].outbound(), shardStages)
                : new QueueEgress(number, peers, shardCounters, shardStages);
        final ShardContext context = new ShardContext(number, egress, new TimerLanes(), shardCounters,
                bindings.listenPoints(), config.limits(), config.keys(), config.maxTransactions(), policy,
                names, shards.length);
        final Shard shard =
                new Shard(context, factory.create(context), config.ringSize(), shardStages, System::nanoTime,
                        reports);
        shards[number] = shared ? loops[number] : new ShardAgent(shard, config.idle(), shardCounters);
        return shard;
    }

    /** Local addresses, with the ports that were really bound. */
    public List<ListenPoint> listenPoints() {
        return bindings.listenPoints();
    }

    /** Number of shards. */
    public int shards() {
        return shards.length;
    }

    /**
     * Hands a new configuration to all shards and loops. What is under way finishes by what it began with.
     *
     * @return whether every shard had room for the order; if not, call again
     */
    public boolean configure(final Policy policy, final SourceFilter newFilter) {
        filter = newFilter;
        return command(new ShardCommand.Configure(policy));
    }

    /** Gives {@code command} to one shard; {@code false} when its queue is full. */
    public boolean command(final int shard, final ShardCommand command) {
        final boolean taken = shards[shard].shard().command(command);
        shards[shard].wake();
        return taken;
    }

    /** Gives {@code command} to every shard; {@code false} when any had no room. */
    public boolean command(final ShardCommand command) {
        boolean taken = true;
        for (int shard = 0; shard < shards.length; shard++) {
            taken &= command(shard, command);
        }
        return taken;
    }

    /** Transactions, calls and timers held by all shards, as of their last turn: 0 means drained. */
    public int live() {
        int live = 0;
        for (final ShardThread shard : shards) {
            live += shard.shard().live();
        }
        return live;
    }

    /** Open stream connections, both directions, and those being opened. */
    public int connections() {
        return registry.open();
    }

    /** The counters of every thread; sum them with {@link Counters#sum}. */
    public Collection<Counters> counters() {
        return List.copyOf(counters);
    }

    /** The messages of every loop. */
    public List<Traffic> traffic() {
        return Arrays.stream(loops).map(Loop::traffic).toList();
    }

    /**
     * Durations of {@code stage} over the last {@code windowSeconds} whole seconds (1 to
     * {@link LatencyWindow#SECONDS}).
     *
     * @return a histogram of nanoseconds that the caller owns
     */
    public Histogram latency(final Stage stage, final int windowSeconds) {
        return watch.latency(stage, windowSeconds);
    }

    /** The last malformed messages. */
    public BadMessages badMessages() {
        return badMessages;
    }

    Loop loop(final int index) {
        return loops[index];
    }

    /** How each thread of the message path is doing. */
    public List<LoopStatus> loops() {
        return watch.statuses();
    }

    /**
     * Stops reading, handles what has been read, sends what is queued, closes all sockets and ends all threads; returns
     * when done, after a few seconds at the latest.
     */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        if (watch != null) {
            watch.close();
        }
        bindings.stopReading();
        for (final ShardThread shard : shards) {
            if (shard instanceof ShardAgent agent) {
                agent.close();
            }
        }
        for (final Loop loop : loops) {
            loop.eventLoop().submit(loop::close).awaitUninterruptibly(CLOSE_SECONDS, TimeUnit.SECONDS);
        }
        bindings.close();
        group.shutdownGracefully(0, CLOSE_SECONDS, TimeUnit.SECONDS).awaitUninterruptibly(2 * CLOSE_SECONDS,
                TimeUnit.SECONDS);
    }
}
