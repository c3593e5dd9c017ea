package org.tandemsip.b2bua;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.BiFunction;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.agrona.concurrent.UnsafeBuffer;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.handler.ShardCommand;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.routing.Balance;
import org.tandemsip.engine.routing.CallMode;
import org.tandemsip.engine.routing.CallRules;
import org.tandemsip.engine.routing.Cidr;
import org.tandemsip.engine.routing.HeaderRules;
import org.tandemsip.engine.routing.Mode;
import org.tandemsip.engine.routing.NumberRules;
import org.tandemsip.engine.routing.Peer;
import org.tandemsip.engine.routing.Ping;
import org.tandemsip.engine.routing.Route;
import org.tandemsip.engine.routing.RoutingPolicy;
import org.tandemsip.engine.routing.Trunk;
import org.tandemsip.engine.routing.TrunkRules;
import org.tandemsip.engine.routing.TrunkState;
import org.tandemsip.engine.timer.Timing;
import org.tandemsip.testkit.judge.NodeFacts;
import org.tandemsip.testkit.sim.LinkProfile;
import org.tandemsip.testkit.sim.NodeSetup;
import org.tandemsip.testkit.sim.SimLoop;
import org.tandemsip.testkit.sim.SimNetwork;
import org.tandemsip.testkit.sim.SimNode;
import org.tandemsip.testkit.sim.SimUa;
import org.tandemsip.testkit.wire.SimAddress;
import org.tandemsip.testkit.wire.WireLog;

/**
 * A caller and a callee with a node in mode b2bua between them, all of it, one to three shards included, by one seed.
 *
 * <pre>
 *   caller 10.0.1.1 --- trunk in --- node 10.0.9.1 --- trunk out --- callee 10.0.2.1
 * </pre>
 */
class SimBridge {
    private static final long MS = 1_000_000L;
    /** Where nobody is. */
    private static final SimAddress NOBODY = SimAddress.of("10.0.2.9");

    /**
     * What calls may take.
     *
     * @param maxCalls calls at a time of each trunk; 0 for any number
     * @param perSecond calls that may begin in a second on each trunk; 0 for any number
     * @param tryNs    patience with a peer that says nothing; not 0: the callee's trunk has a second one that is dead
     */
    record Bounds(int maxCalls, int perSecond, long tryNs) {
        static final Bounds NONE = new Bounds(0, 0, 0);
    }

    final long seed;
    /** What the node goes by in the life that it has: each has counters of its own. */
    RoutingPolicy policy;
    final WireLog log = new WireLog();
    final SplittableRandom random;
    private final SplittableRandom crossing;
    private ShardContext.Keys keys;
    /** Commands from one shard to another. */
    int crossed;
    final SimLoop loop;
    final long start;
    final SimNetwork network;
    final SimNode node;
    final SimUa caller;
    final SimUa callee;

    /**
     * Begins.
     *
     * @param callerStream whether the caller speaks TCP, else UDP
     * @param rules        of both trunks
     * @param calls        makes what serves the calls of a shard
     */
    SimBridge(final long seed, final LinkProfile profile, final boolean callerStream, final boolean calleeStream,
            final CallRules rules, final BiFunction<ShardContext, SimLoop, CallMode> calls) {
        this(seed, profile, callerStream, calleeStream, rules, Bounds.NONE, calls);
    }

    /** As above. @param bounds of both trunks */
    SimBridge(final long seed, final LinkProfile profile, final boolean callerStream, final boolean calleeStream,
            final CallRules rules, final Bounds bounds, final BiFunction<ShardContext, SimLoop, CallMode> calls) {
        this(seed, profile, callerStream, calleeStream, rules, bounds, 1 + (int) (seed % 3), calls);
    }

    /** As above, over UDP. @param shards how many there are */
    SimBridge(final long seed, final LinkProfile profile, final CallRules rules, final int shards,
            final BiFunction<ShardContext, SimLoop, CallMode> calls) {
        this(seed, profile, false, false, rules, Bounds.NONE, shards, calls);
    }

    private SimBridge(final long seed, final LinkProfile profile, final boolean callerStream,
            final boolean calleeStream, final CallRules rules, final Bounds bounds, final int shards,
            final BiFunction<ShardContext, SimLoop, CallMode> calls) {
        this.seed = seed;
        random = new SplittableRandom(seed);
        crossing = new SplittableRandom(seed * 31 + 11);
        loop = new SimLoop(random.nextLong(-1_000_000_000L, 1_000_000_000L));
        start = loop.nowNs();
        network = new SimNetwork(loop, random.split(), log);
        network.standard(profile);
        final SimAddress a = SimAddress.of("10.0.1.1");
        final SimAddress b = SimAddress.of("10.0.2.1");
        final SimAddress us = SimAddress.of("10.0.9.1");
        final Trunk in = trunk(0, "in", rules, bounds, peer(a, callerStream, 0));
        final Peer last = peer(b, calleeStream, 1);
        final Trunk out = bounds.tryNs == 0 ? trunk(1, "out", rules, bounds, last)
                : trunk(1, "out", rules, bounds, last, peer(NOBODY, false, 2));
        final RoutingPolicy configured = new RoutingPolicy(Mode.B2BUA, List.of(in, out),
                List.of(new Route("r", in, Route.Match.ANY, List.of(out), List.of(), List.of(), null)),
                Timing.DEFAULTS, 70, true);
        node = new SimNode(new NodeSetup("b2bua", us, configured, shards, random.nextLong(),
                random.nextLong(), 1_000, 0, context -> {
                    policy = (RoutingPolicy) context.policy();
                    policy.trunks().forEach(trunk -> trunk.state().rate(bounds.perSecond));
                    keys = context.keys();
                    final CallMode mode = calls.apply(context, loop);
                    mode.neighbours((shard, command) -> tell(shards, shard, command));
                    return mode;
                }, UnaryOperator.identity(),
                UnaryOperator.identity(), UnaryOperator.identity()), network, random.split());
        caller = new SimUa("caller", network, random.split(), a, a, callerStream, us, 0).rport(seed % 2 == 0);
        callee = new SimUa("callee", network, random.split(), b, b, calleeStream, us, 0);
    }

    /** What one shard says to another takes its time; some of it comes late, twice, or is not taken or lost. */
    private boolean tell(final int shards, final int shard, final ShardCommand command) {
        if (shard >= shards || crossing.nextInt(20) == 0) {
            return false;
        }
        crossed++;
        final RoutingPolicy life = policy;
        for (int copies = crossing.nextInt(20) == 0 ? 2 : crossing.nextInt(20) == 0 ? 0 : 1; copies > 0; copies--) {
            loop.after(crossing.nextLong(crossing.nextInt(10) == 0 ? 3_000 * MS : 2 * MS), () -> {
                if (policy == life) {
                    node.command(shard, command);
                }
            });
        }
        return true;
    }

    /** Kills the node once or twice, each time within so many seconds, and has it start again. */
    void kills(final MemoryRecords records, final int withinSeconds) {
        long at = 0;
        for (int i = 1 + random.nextInt(2); i > 0; i--) {
            at += random.nextLong(withinSeconds * 1_000 * MS) + 1;
            loop.after(at, () -> {
                records.lastSeenMs = records.epochMs(loop.nowNs());
                node.crash();
            });
            at += 100 * MS + random.nextLong(2_000 * MS);
            loop.after(at, () -> {
                node.restart();
                // The order makes its shards run, as those of a server do from the start.
                node.mode(Mode.B2BUA);
            });
        }
    }

    /** The node is well, and of all calls neither it nor what it keeps has anything left. */
    void nothingIsLeft(final MemoryRecords records) {
        final NodeFacts facts = node.facts();
        assertEquals(List.of(), facts.faults(), "seed " + seed);
        assertEquals(Set.of(), records.states.keySet(), "kept, seed " + seed);
        assertEquals(0, facts.live(), "node, seed " + seed);
        assertEquals(0, facts.armedTimers(), "timers, seed " + seed);
    }

    /** Shard that owns a call with this Call-ID, of so many. */
    int shardOf(final String callId, final int shards) {
        final byte[] bytes = callId.getBytes(StandardCharsets.US_ASCII);
        return ShardContext.ownerOf(keys.ownerHash().of(new UnsafeBuffer(bytes), 0, bytes.length),
                shards);
    }

    private static Peer peer(final SimAddress address, final boolean stream, final int index) {
        return new Peer(address.host(), stream ? Transport.TCP : Transport.UDP, 0, address.low(), address.port(),
                index);
    }

    private static Trunk trunk(final int index, final String name, final CallRules rules, final Bounds bounds,
            final Peer... peers) {
        return new Trunk(index, name, List.of(peers),
                Stream.of(peers).map(peer -> Cidr.parse(peer.name() + "/32")).toList(), new int[] {503}, 0,
                Balance.CALL_ID, bounds.maxCalls, bounds.tryNs, Ping.OFF, new TrunkState(),
                new TrunkRules(HeaderRules.NONE,
                        HeaderRules.NONE, NumberRules.NONE, NumberRules.NONE, rules));
    }

    /** Calls that trunks, their peers and all of them together are said to carry. */
    int carried() {
        return policy.trunks().stream().mapToInt(trunk -> trunk.state().calls() + trunk.state().incoming()
                + trunk.peers().stream().mapToInt(peer -> peer.state().calls()).sum()).sum()
                + policy.total().state().calls();
    }
}
