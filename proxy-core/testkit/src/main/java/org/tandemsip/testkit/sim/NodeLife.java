package org.tandemsip.testkit.sim;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

import org.agrona.concurrent.UnsafeBuffer;
import org.tandemsip.codec.Limits;
import org.tandemsip.codec.ParseError;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.SipParser;
import org.tandemsip.engine.handler.ListenPoint;
import org.tandemsip.engine.handler.MessageHandler;
import org.tandemsip.engine.handler.NameService;
import org.tandemsip.engine.handler.ShardCommand;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.handler.Source;
import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.engine.metrics.Counters;
import org.tandemsip.engine.metrics.StageTimers;
import org.tandemsip.engine.proxy.Proxy;
import org.tandemsip.engine.routing.RoutingPolicy;
import org.tandemsip.engine.routing.Trunk;
import org.tandemsip.engine.shard.Shard;
import org.tandemsip.engine.shard.ShardReports;
import org.tandemsip.engine.shard.Shards;
import org.tandemsip.engine.timer.TimerLanes;
import org.tandemsip.testkit.judge.NodeFacts;

/** One life of a node, from start to crash: the real shards and proxies, all their state, and the counters. */
final class NodeLife implements ShardReports {
    static final Limits LIMITS = new Limits(8_192, 8_192, 4_096, 64, 8_192, 1_024, 32, 256, 70, 20);
    private static final int RING_SLOTS = 64;
    private static final int TURN_LIMIT = 64;

    private static final class Lane {
        private final TimerLanes timers = new TimerLanes();
        private final Counters counters = new Counters();
        private MessageHandler handler;
        private SimEgress egress;
        private Shard shard;
        private SimLoop.Task turn;
        private SimLoop.Task deadline;
        private int waiting;
    }

    private final NodeSetup setup;
    private final RoutingPolicy policy;
    private final SimLoop loop;
    private final SplittableRandom random;
    private final SipParser parser = new SipParser(LIMITS);
    private final SipMessage message = new SipMessage(LIMITS.headerRows());
    private final List<Lane> lanes = new ArrayList<>();
    private final Shards shards;
    private final Counters counters = new Counters();
    private final List<String> faults = new ArrayList<>();
    private int mostLive;
    private int excess;
    private int lateTurns;
    private long offered;
    private long sentOnWire;
    private boolean over;

    NodeLife(final NodeSetup setup, final RoutingPolicy policy, final SimLoop loop, final SplittableRandom random,
            final List<ListenPoint> listenPoints, final SimEgress.Wire wire) {
        this.setup = setup;
        this.policy = policy;
        this.loop = loop;
        this.random = random;
        final ShardContext.Keys keys = new ShardContext.Keys(setup.token0(), setup.token1(), random.nextLong(),
                random.nextLong());
        final Shard[] all = new Shard[setup.shards()];
        for (int i = 0; i < all.length; i++) {
            final Lane lane = new Lane();
            lane.egress = new SimEgress((bytes, destination, correlation) -> {
                lane.counters.increment(Counter.SENT);
                sentOnWire++;
                wire.transmit(bytes, destination, correlation);
            });
            final ShardContext context = new ShardContext(i, setup.egress().apply(lane.egress), lane.timers,
                    lane.counters, listenPoints, LIMITS, keys, setup.maxTransactions(), policy, NameService.NONE,
                    all.length);
            lane.handler = setup.handler().apply(new Proxy(context, setup.calls().apply(context)));
            lane.shard = new Shard(context, lane.handler, RING_SLOTS, new StageTimers(), null, this);
            all[i] = lane.shard;
            lanes.add(lane);
        }
        shards = new Shards(all, keys);
    }

    /** Ends this life at once; whatever was waiting is gone. */
    void end() {
        over = true;
    }

    void receive(final byte[] bytes, final boolean stream, final Source source) {
        offered++;
        counters.increment(Counter.RECEIVED);
        source.receivedNs = loop.nowNs();
        message.wrap(new UnsafeBuffer(bytes.clone()), 0, bytes.length);
        final ParseError error = parser.parse(message, stream);
        if (error != ParseError.NONE) {
            // The transport would answer some of these; here all are dropped, since no invariant speaks of them.
            counters.increment(Counter.of(error));
            counters.increment(Counter.DROPPED_MALFORMED);
            return;
        }
        final Lane lane = lanes.get(shards.ownerOf(message).number());
        if (!lane.shard.offer(message, source)) {
            counters.increment(Counter.RING_FULL);
            counters.increment(Counter.DROPPED_OVERLOAD);
            return;
        }
        lane.waiting++;
        wake(lane, setup.jitterNs() == 0 ? 0 : random.nextLong(setup.jitterNs()));
    }

    void command(final ShardCommand command) {
        for (final Lane lane : lanes) {
            lane.shard.command(command);
            turn(lane);
        }
    }

    /** Gives {@code command} to one shard, unless this life is over. */
    void command(final int shard, final ShardCommand command) {
        if (!over) {
            lanes.get(shard).shard.command(command);
            wake(lanes.get(shard), 0);
        }
    }

    /** Tells all shards that something could not be sent; each knows whether it was its own. */
    void sendFailed(final long correlation) {
        if (correlation != 0) {
            lanes.forEach(lane -> {
                lane.shard.command(new ShardCommand.SendFailed(correlation));
                wake(lane, 0);
            });
        }
    }

    private void wake(final Lane lane, final long delayNs) {
        if (lane.turn == null || !lane.turn.pending()) {
            lane.turn = loop.after(delayNs, () -> turn(lane));
        }
    }

    private void turn(final Lane lane) {
        if (over) {
            return;
        }
        setup.turn().apply(lane.shard::doWork).applyAsInt(loop.nowNs());
        lateTurns += lane.waiting <= TURN_LIMIT && lane.shard.hasWork() ? 1 : 0;
        lane.waiting = 0;
        mostLive = Math.max(mostLive, lane.handler.live());
        for (final Trunk trunk : policy.trunks()) {
            final int calls = trunk.state().calls();
            excess = Math.max(excess, Math.max(-calls, trunk.maxCalls() == 0 ? 0 : calls - trunk.maxCalls()));
        }
        final int total = policy.total().state().calls();
        excess = Math.max(excess, Math.max(-total, policy.total().countsCalls()
                ? total - policy.total().maxCalls() : 0));
        if (lane.shard.hasWork()) {
            wake(lane, 0);
        }
        if (lane.deadline != null) {
            lane.deadline.cancel();
            lane.deadline = null;
        }
        final long deadlineNs = lane.shard.nextDeadlineNs();
        if (deadlineNs != Long.MAX_VALUE) {
            lane.deadline = loop.at(deadlineNs, () -> turn(lane));
        }
    }

    NodeFacts facts() {
        final Map<Counter, Long> sums = new EnumMap<>(Counter.class);
        int live = 0;
        int armed = 0;
        int unflushed = 0;
        boolean idle = true;
        for (final Counter counter : Counter.values()) {
            sums.put(counter, counters.get(counter));
        }
        for (final Lane lane : lanes) {
            live += lane.handler.live();
            armed += lane.timers.armed();
            unflushed += lane.egress.unflushed();
            idle &= lane.shard.idle();
            for (final Counter counter : Counter.values()) {
                sums.merge(counter, lane.counters.get(counter), Long::sum);
            }
        }
        final Map<String, Long> byName = new LinkedHashMap<>();
        sums.forEach((counter, value) -> {
            if (value != 0) {
                byName.put(counter.name(), value);
            }
        });
        return new NodeFacts(setup.name(), live, calls(), armed, idle, unflushed, mostLive, excess,
                3 * setup.maxTransactions(),
                lateTurns, byName, offered, sentOnWire, faults);
    }

    private int calls() {
        int calls = Math.abs(policy.total().state().calls());
        for (final Trunk trunk : policy.trunks()) {
            calls += Math.abs(trunk.state().calls());
            calls += trunk.peers().stream().mapToInt(peer -> Math.abs(peer.state().calls())).sum();
        }
        return calls;
    }

    @Override
    public void fault(final int shard, final Seam seam, final Throwable cause, final SipMessage poison,
            final long suppressed) {
        final StackTraceElement[] trace = cause.getStackTrace();
        final StringBuilder text = new StringBuilder(seam + " " + cause);
        for (int i = 0; i < Math.min(6, trace.length); i++) {
            text.append(" at ").append(trace[i]);
        }
        faults.add(text.toString());
    }

    @Override
    public void refused(final int shard, final Source source, final long suppressed) {
        // Counted; that nothing goes back is seen on the wire.
    }
}
