package org.tandemsip.testkit.sim;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.LongToIntFunction;
import java.util.function.UnaryOperator;

import org.tandemsip.codec.KeyedHash;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.handler.Egress;
import org.tandemsip.engine.handler.MessageHandler;
import org.tandemsip.engine.routing.Balance;
import org.tandemsip.engine.routing.Cidr;
import org.tandemsip.engine.routing.Mode;
import org.tandemsip.engine.routing.Peer;
import org.tandemsip.engine.routing.Ping;
import org.tandemsip.engine.routing.Route;
import org.tandemsip.engine.routing.RoutingPolicy;
import org.tandemsip.engine.routing.Total;
import org.tandemsip.engine.routing.Trunk;
import org.tandemsip.engine.routing.TrunkState;
import org.tandemsip.engine.timer.Timing;
import org.tandemsip.testkit.judge.ProxyFacts;
import org.tandemsip.testkit.wire.SimAddress;

/**
 * Callers, one or two proxies in a row, callees.
 *
 * <pre>
 *   uac1 10.0.1.1 --\                                        /-- uas1 10.0.2.1
 *   uac2 10.0.1.2 ---+-- p1 10.0.0.1 -- (p2 10.0.0.2) ------+--- uas2 10.0.2.2
 *                                                            \-- uas3 10.0.2.3
 * </pre>
 */
final class Topology {
    static final int[] FAILOVER = {503};
    /** A limit that is not reached: what is looked at is whether every call gives back what it took. */
    private static final int MANY_CALLS = 1_000;
    /** A limit over all trunks that is reached. */
    private static final int FEW_CALLS = 2;
    private static final Timing TIMING = new Timing(Timing.DEFAULTS.t1Ns(), Timing.DEFAULTS.t2Ns(),
            Timing.DEFAULTS.t4Ns(), Timing.DEFAULTS.timerCNs(), 300_000_000_000L);

    final List<SimUa> callers = new ArrayList<>();
    final List<SimUa> callees = new ArrayList<>();
    final List<SimNode> nodes = new ArrayList<>();
    final List<ProxyFacts> facts = new ArrayList<>();
    final Set<String> udpOnly = new HashSet<>();
    final List<SimAddress> proxyAddresses = new ArrayList<>();

    private final RunPlan plan;
    private final List<SimAddress> callersSeen = new ArrayList<>();

    Topology(final RunPlan plan, final SimNetwork network, final UnaryOperator<MessageHandler> handler,
            final UnaryOperator<Egress> egress, final UnaryOperator<LongToIntFunction> turn) {
        this.plan = plan;
        final SplittableRandom random = plan.random;
        for (int i = 0; i < plan.proxies; i++) {
            proxyAddresses.add(SimAddress.of("10.0.0." + (i + 1)));
        }
        for (int i = 0; i < plan.callers; i++) {
            final boolean hidden = plan.translated && i == 0;
            final SimAddress local = SimAddress.of((hidden ? "192.168.0." : "10.0.1.") + (i + 1));
            final SimAddress seen = hidden ? SimAddress.of("10.0.1.99:41000") : local;
            if (hidden) {
                network.translate(local, seen);
            }
            callersSeen.add(seen);
            callers.add(new SimUa("uac" + (i + 1), network, random.split(), local, seen, plan.callersStream,
                    proxyAddresses.get(0), i).rport(hidden || plan.chance(80)));
        }
        for (int i = 0; i < plan.callees; i++) {
            final SimAddress address = SimAddress.of("10.0.2." + (i + 1));
            callees.add(new SimUa("uas" + (i + 1), network, random.split(), address, address, plan.calleesStream[i],
                    proxyAddresses.get(plan.proxies - 1), i).rport(plan.chance(80)));
            if (plan.trunkTransport == 0) {
                udpOnly.add(address.host());
            } else if (plan.trunkTransport == 2 && !plan.calleesStream[i]) {
                network.refuseStreams(address);
            }
        }
        for (int i = 0; i < plan.proxies; i++) {
            final NodeSetup setup = new NodeSetup("p" + (i + 1), proxyAddresses.get(i), policy(i), plan.shards,
                    random.nextLong(), random.nextLong(), plan.maxTransactions, plan.jitterNs, _ -> null, handler,
                    egress, turn);
            nodes.add(new SimNode(setup, network, random.split()));
            facts.add(facts(i));
        }
    }

    private RoutingPolicy policy(final int proxy) {
        final List<Trunk> trunks = new ArrayList<>();
        final List<SimAddress> left = proxy == 0 ? callersSeen : List.of(proxyAddresses.get(proxy - 1));
        final Transport leftTransport = proxy == 0 ? plan.callersStream ? Transport.TCP : Transport.UDP
                : middle();
        final List<Cidr> allow = proxy == 0 ? List.of(Cidr.parse("10.0.1.0/24")) : List.of();
        final Trunk pbx = trunk(trunks, "pbx", left, leftTransport, allow);
        final List<Trunk> right = new ArrayList<>();
        if (proxy + 1 < plan.proxies) {
            right.add(trunk(trunks, "next", List.of(proxyAddresses.get(proxy + 1)), middle(), List.of()));
        } else {
            final Transport transport = plan.trunkTransport == 0 ? Transport.UDP
                    : plan.trunkTransport == 1 ? Transport.TCP : null;
            final List<SimAddress> addresses = callees.stream().map(SimUa::address).toList();
            if (plan.forking) {
                for (int i = 0; i < addresses.size(); i++) {
                    right.add(trunk(trunks, "carrier" + i, List.of(addresses.get(i)), transport, List.of()));
                }
            } else {
                right.add(trunk(trunks, "carrier", addresses, transport, List.of()));
            }
        }
        final List<Route> routes = new ArrayList<>();
        routes.add(new Route("out", pbx, Route.Match.ANY, right, List.of(), List.of(), null));
        for (final Trunk trunk : right) {
            routes.add(
                    new Route("in" + trunk.index(), trunk, Route.Match.ANY, List.of(pbx), List.of(), List.of(), null));
        }
        return new RoutingPolicy(plan.stateful[proxy] ? Mode.STATEFUL : Mode.STATELESS, trunks, routes, TIMING,
                70, true).withTotal(new Total(new TrunkState(), plan.limitedInAll ? FEW_CALLS : 0));
    }

    /** The policy of a process that has just started: the same, and nothing is counted yet. */
    static RoutingPolicy restarted(final RoutingPolicy policy) {
        final List<Trunk> trunks = policy.trunks().stream()
                .map(trunk -> new Trunk(trunk.index(), trunk.name(), trunk.peers().stream().map(Topology::restarted)
                        .toList(), trunk.allow(), trunk.failover(), trunk.maxForwards(), trunk.balance(),
                        trunk.maxCalls(), trunk.tryNs(), trunk.ping(), new TrunkState(), trunk.rules(), trunk.trust(),
                        trunk.certified(), trunk.account(), trunk.profile()))
                .toList();
        final List<Route> routes = policy.routes().stream()
                .map(route -> new Route(route.name(), trunks.get(route.from().index()), route.match(),
                        route.to().stream().map(to -> trunks.get(to.index())).toList(), List.of(), List.of(),
                        route.mode()))
                .toList();
        return new RoutingPolicy(policy.mode(), trunks, routes, policy.timing(), policy.maxForwards(),
                policy.recordRoute()).withTotal(new Total(new TrunkState(), policy.total().maxCalls()));
    }

    private static Peer restarted(final Peer peer) {
        return new Peer(peer.name(), peer.transport(), peer.addressHigh(), peer.addressLow(), peer.port(), peer.hash(),
                peer.priority(), peer.weight());
    }

    private Transport middle() {
        return plan.middleStream ? Transport.TCP : Transport.UDP;
    }

    private Trunk trunk(final List<Trunk> trunks, final String name, final List<SimAddress> addresses,
            final Transport transport, final List<Cidr> allow) {
        final KeyedHash hash = new KeyedHash(0, 1);
        final List<Peer> peers = addresses.stream().map(address -> new Peer(address.toString(), transport, 0,
                address.low(), address.port(), hash.begin().add(address.low()).add(address.port()).end())).toList();
        // After a crash a copy of the request must go where the first one went, which only the Call-ID can tell.
        final Balance balance = plan.counted && !plan.crashing ? Balance.LEAST_CALLS : Balance.CALL_ID;
        final Trunk trunk = new Trunk(trunks.size(), name, peers, allow, FAILOVER, 0, balance,
                plan.limited ? 1 : plan.counted ? MANY_CALLS : 0, 0, Ping.OFF, new TrunkState());
        trunks.add(trunk);
        return trunk;
    }

    private ProxyFacts facts(final int proxy) {
        final Set<String> trusted = new HashSet<>();
        if (proxy == 0) {
            callersSeen.forEach(address -> trusted.add(address.host()));
        }
        if (proxy + 1 == plan.proxies) {
            callees.forEach(callee -> trusted.add(callee.address().host()));
        }
        for (int i = 0; i < plan.proxies; i++) {
            if (i != proxy) {
                trusted.add(proxyAddresses.get(i).host());
            }
        }
        final boolean udpMiddle = !plan.middleStream && plan.proxies > 1;
        if (udpMiddle) {
            proxyAddresses.forEach(address -> udpOnly.add(address.host()));
        }
        if (!plan.callersStream) {
            callersSeen.forEach(address -> udpOnly.add(address.host()));
        }
        final int width = plan.forking && proxy + 1 == plan.proxies ? plan.callees : 1;
        return new ProxyFacts("p" + (proxy + 1), Set.of(proxyAddresses.get(proxy)), trusted, width, true);
    }
}
