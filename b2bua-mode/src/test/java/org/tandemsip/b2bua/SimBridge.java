package org.tandemsip.b2bua;

import java.util.List;
import java.util.SplittableRandom;
import java.util.function.BiFunction;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.tandemsip.codec.Transport;
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
        this.seed = seed;
        random = new SplittableRandom(seed);
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
        node = new SimNode(new NodeSetup("b2bua", us, configured, 1 + (int) (seed % 3), random.nextLong(),
                random.nextLong(), 1_000, 0, context -> {
                    policy = (RoutingPolicy) context.policy();
                    policy.trunks().forEach(trunk -> trunk.state().rate(bounds.perSecond));
                    return calls.apply(context, loop);
                }, UnaryOperator.identity(),
                UnaryOperator.identity(), UnaryOperator.identity()), network, random.split());
        caller = new SimUa("caller", network, random.split(), a, a, callerStream, us, 0).rport(seed % 2 == 0);
        callee = new SimUa("callee", network, random.split(), b, b, calleeStream, us, 0);
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
