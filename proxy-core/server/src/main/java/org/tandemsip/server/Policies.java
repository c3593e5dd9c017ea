package org.tandemsip.server;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.tandemsip.codec.KeyedHash;
import org.tandemsip.engine.auth.Realm;
import org.tandemsip.engine.handler.Emergencies;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.registrar.Rules;
import org.tandemsip.engine.routing.Expression;
import org.tandemsip.engine.routing.Mode;
import org.tandemsip.engine.routing.Peer;
import org.tandemsip.engine.routing.Ping;
import org.tandemsip.engine.routing.Profile;
import org.tandemsip.engine.routing.Registry;
import org.tandemsip.engine.routing.Route;
import org.tandemsip.engine.routing.RoutingPolicy;
import org.tandemsip.engine.routing.Schedule;
import org.tandemsip.engine.routing.Total;
import org.tandemsip.engine.routing.Trunk;
import org.tandemsip.engine.routing.TrunkRules;
import org.tandemsip.engine.routing.TrunkState;
import org.tandemsip.engine.routing.Trust;
import org.tandemsip.engine.routing.WallClock;
import org.tandemsip.server.config.Config;
import org.tandemsip.server.transport.Tls;

/** From the configuration to what shards route by. */
final class Policies {
    private Policies() {}

    /**
     * The policy of a configuration. Peers are hashed with the token key: all nodes, and this one after a restart,
     * choose alike.
     */
    static RoutingPolicy of(final Config config, final ShardContext.Keys keys, final States states, final Tls tls) {
        final KeyedHash hash = new KeyedHash(keys.token0(), keys.token1());
        final List<Trunk> trunks = new ArrayList<>();
        final Map<String, Trunk> byName = new HashMap<>();
        for (final Config.Trunk trunk : config.trunks()) {
            final List<Peer> peers = trunk.peers().stream()
                    .map(peer -> new Peer(peer.name(), peer.transport(), peer.addressHigh(), peer.addressLow(),
                            peer.port(),
                            hash.begin().add(peer.addressHigh()).add(peer.addressLow()).add(peer.port()).end(),
                            peer.priority(), peer.weight(), states.peer(trunk.name(), peer.transport(),
                                    peer.addressHigh(), peer.addressLow(), peer.port()),
                            tls.identity(trunk.name(), RoutingPolicy.hostOf(peer.name()))))
                    .toList();
            final TrunkState state = states.trunk(trunk.name());
            final TrunkRules rules = trunk.access().trustIdentity() ? trunk.rules() : trunk.rules().untrusted();
            final Trunk made = new Trunk(trunks.size(), trunk.name(), peers, trunk.allow(), ints(trunk.failover()),
                    trunk.maxForwards(), trunk.balance(), trunk.maxCalls(), trunk.tryNs(), ping(trunk.ping()), state,
                    rules, new Trust(trunk.access().zone(), trunk.access().trustIdentity(),
                            trunk.access().sourceRate(), realm(trunk.auth(), hash), rules.headers()),
                    config.tls().of(trunk.name()).certified(), Accounts.of(trunk, states, hash),
                    profile(trunk, states));
            trunks.add(made);
            byName.put(made.name(), made);
        }
        final List<Route> routes = config.routes().stream().map(route -> route(route, byName, states.clock()))
                .toList();
        return new RoutingPolicy(config.mode(), trunks, routes, config.timing(), config.maxForwards(),
                config.recordRoute()).withTotal(new Total(states.total(), config.maxCalls()))
                .withListenZones(config.listen().stream().map(Config.Listen::zone).collect(Collectors.toList()))
                .withEmergencies(new Emergencies(config.emergencyNumbers()))
                .withRegistry(new Registry(states.users(), rules(config.registrar()), states.clock()));
    }

    private static Rules rules(final Config.Registrar registrar) {
        return new Rules(registrar.domains().stream().map(Policies::bytes).toList(), registrar.expires(),
                registrar.minExpires(), registrar.maxExpires(), registrar.contacts(), registrar.pingNs());
    }

    /** Puts the limits of a configuration into force that are not part of its policy. */
    static void limitRates(final Config config, final States states) {
        for (final Config.Trunk trunk : config.trunks()) {
            states.trunk(trunk.name()).rate(trunk.cps());
            states.trunk(trunk.name()).credit(trunk.credit());
        }
        states.total().rate(config.cps());
        states.users().most(config.registrar().users());
    }

    private static Realm realm(final Config.RequiredAuth auth, final KeyedHash hash) {
        return auth == null ? null
                : new Realm(auth.realm(), auth.algorithms(), auth.nonceTtlNs(),
                        auth.users().stream().collect(Collectors.toMap(Config.User::name, Config.User::password)),
                        hash);
    }

    private static Profile profile(final Config.Trunk trunk, final States states) {
        final long t1Ns = trunk.profile().t1Ns();
        final Profile profile = switch (trunk.profile().name()) {
            case GB28181 -> Profile.gb28181(t1Ns, states.gb28181(trunk.name(), !trunk.allow().isEmpty()));
            case RFC3261 -> new Profile(t1Ns, 0, null, false);
        };
        return profile.hiding(trunk.profile().hideTopology());
    }

    private static Ping ping(final Config.Ping ping) {
        return new Ping(ping.everyNs(), ping.timeoutNs(), ping.downAfter(), ping.upAfter(), ints(ping.okCodes()));
    }

    private static int[] ints(final List<Integer> values) {
        return values.stream().mapToInt(Integer::intValue).toArray();
    }

    private static Route route(final Config.Route route, final Map<String, Trunk> byName, final WallClock clock) {
        final Expression to = Config.Route.expression(route.matchTo());
        final Expression from = Config.Route.expression(route.matchFrom());
        final Route.Match match = new Route.Match(to == null ? bytes(route.matchTo()) : null,
                from == null ? bytes(route.matchFrom()) : null, bytes(route.matchMethod()), to, from,
                route.matchHeaders());
        return new Route(route.name(), route.from() == null ? null : byName.get(route.from()), match,
                route.to().stream().map(byName::get).toList(), route.then().stream().map(byName::get).toList(),
                route.within(), route.mode(), route.headers(), route.number(),
                route.prefixes(), route.when() == null ? null : new Schedule(route.when(), clock), route.inside(),
                route.maxDurationNs());
    }

    private static byte[] bytes(final String text) {
        return text == null ? null : text.getBytes(StandardCharsets.UTF_8);
    }

    /** {@code policy} with the modes of {@code other}, which has the same routes. */
    static RoutingPolicy withModesOf(final RoutingPolicy other, final RoutingPolicy policy) {
        RoutingPolicy result = policy.withMode(other.mode());
        for (final Route route : other.routes()) {
            result = withMode(result, route.name(), route.mode());
        }
        return result;
    }

    /** {@code policy} with another mode for one route; {@code null} when no route has that name. */
    static RoutingPolicy withMode(final RoutingPolicy policy, final String routeName, final Mode mode) {
        if (policy.routes().stream().noneMatch(route -> route.name().equals(routeName))) {
            return null;
        }
        final List<Route> routes = policy.routes().stream()
                .map(route -> route.name().equals(routeName) ? route.withMode(mode) : route)
                .toList();
        return new RoutingPolicy(policy.mode(), policy.trunks(), routes, policy.timing(), policy.maxForwards(),
                policy.recordRoute()).withTotal(policy.total()).withDrain(policy.drainSeconds())
                .withListenZones(policy.listenZones()).withEmergencies(policy.emergencies())
                .withRegistry(policy.registry());
    }
}
