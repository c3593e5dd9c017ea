package org.tandemsip.engine.routing;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.function.BiPredicate;
import java.util.stream.IntStream;
import org.agrona.DirectBuffer;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.SipUri;
import org.tandemsip.codec.Slice;
import org.tandemsip.engine.handler.Destination;
import org.tandemsip.engine.handler.Emergencies;
import org.tandemsip.engine.handler.Policy;
import org.tandemsip.engine.handler.Source;
import org.tandemsip.engine.timer.Timing;

/**
 * Who may send, where requests go, and how they are treated: an immutable snapshot of the configuration, the same
 * object in all shards.
 */
public final class RoutingPolicy implements Policy {
    /** Most numbers that are rewritten in one request: those of Request-URI, To and From, and some more. */
    public static final int MOST_NUMBERS = 12;

    /** Most bytes by which a request tells what numbers in To and From were. */
    public static final int MOST_ORIGINALS = 256;

    private final Mode mode;
    private final List<Trunk> trunks;
    private final List<Route> routes;
    private final Timing timing;
    private final int maxForwards;
    private final boolean recordRoute;
    private final Sources sources;
    private final List<NamedPeer> namedPeers;
    private final Total total;
    private final int drainSeconds;
    private final Emergencies emergencies;
    private final Registry registry;
    private final int mostAdded;
    /** Per trunk: whether a route leads from it to the registrar. */
    private final boolean[] mayRegister;

    /** A peer with the host part of its configured name, lower case, to find it by the host of a URI. */
    private record NamedPeer(byte[] host, Peer peer) {}

    /**
     * @param mode        mode of routes that name none
     * @param trunks      all trunks, in the order of the configuration
     * @param routes      routes in the order of the configuration; the first match wins
     * @param timing      timer values
     * @param maxForwards Max-Forwards put into requests that carry none (RFC 3261 section 16.6 step 3); 70
     * @param recordRoute whether dialog-forming requests get a Record-Route
     */
    public RoutingPolicy(final Mode mode, final List<Trunk> trunks, final List<Route> routes, final Timing timing,
            final int maxForwards, final boolean recordRoute) {
        this(mode, List.copyOf(trunks), List.copyOf(routes), timing, maxForwards, recordRoute,
                new Sources(trunks, List.of()),
                namedPeers(trunks), new Total(new TrunkState(), 0), 0, Emergencies.URN_ONLY, null);
    }

    private RoutingPolicy(final Mode mode, final List<Trunk> trunks, final List<Route> routes, final Timing timing,
            final int maxForwards, final boolean recordRoute, final Sources sources,
            final List<NamedPeer> namedPeers, final Total total, final int drainSeconds,
            final Emergencies emergencies, final Registry registry) {
        this.mode = mode;
        this.trunks = trunks;
        this.routes = routes;
        this.timing = timing;
        this.maxForwards = maxForwards;
        this.recordRoute = recordRoute;
        this.sources = sources;
        this.namedPeers = namedPeers;
        this.total = total;
        this.drainSeconds = drainSeconds;
        this.emergencies = emergencies;
        this.registry = registry;
        mostAdded = mostAdded(trunks, routes);
        mayRegister = new boolean[trunks.stream().mapToInt(Trunk::index).max().orElse(-1) + 1];
        for (final Trunk trunk : trunks) {
            mayRegister[trunk.index()] = routes.stream().anyMatch(route -> route.inside() == Route.Inside.REGISTRAR
                    && (route.from() == null || route.from().index() == trunk.index()));
        }
    }

    /** Mode of routes that name none. */
    public Mode mode() {
        return mode;
    }

    /** All trunks. */
    public List<Trunk> trunks() {
        return trunks;
    }

    /** All routes. */
    public List<Route> routes() {
        return routes;
    }

    /** Timer values. */
    public Timing timing() {
        return timing;
    }

    /** Whether there is a trunk that is to see nothing of what lies behind us. */
    public boolean hidesTopology() {
        return trunks.stream().anyMatch(trunk -> trunk.profile().hidesTopology());
    }

    /** Timer values that some trunks want otherwise. */
    public List<Timing> timings() {
        return trunks.stream().map(Trunk::profile).filter(profile -> profile.t1Ns() > 0)
                .map(profile -> timing.towards(profile.t1Ns(), profile.timeoutNs())).distinct().toList();
    }

    /** Max-Forwards put into requests that carry none. */
    public int maxForwards() {
        return maxForwards;
    }

    /** Whether dialog-forming requests get a Record-Route. */
    public boolean recordRoute() {
        return recordRoute;
    }

    /** This policy with another global mode. */
    public RoutingPolicy withMode(final Mode newMode) {
        return new RoutingPolicy(newMode, trunks, routes, timing, maxForwards, recordRoute, sources, namedPeers, total,
                drainSeconds, emergencies, registry);
    }

    /** This policy with the limits over all trunks. */
    public RoutingPolicy withTotal(final Total newTotal) {
        return new RoutingPolicy(mode, trunks, routes, timing, maxForwards, recordRoute, sources, namedPeers, newTotal,
                drainSeconds, emergencies, registry);
    }

    /** This policy with other calls that no limit holds for. */
    public RoutingPolicy withEmergencies(final Emergencies newEmergencies) {
        return new RoutingPolicy(mode, trunks, routes, timing, maxForwards, recordRoute, sources, namedPeers, total,
                drainSeconds, newEmergencies, registry);
    }

    /** This policy with zones of listen points, in the order of their index; {@code null} in the list for any zone. */
    public RoutingPolicy withListenZones(final List<Zone> zones) {
        return new RoutingPolicy(mode, trunks, routes, timing, maxForwards, recordRoute, new Sources(trunks, zones),
                namedPeers, total, drainSeconds, emergencies, registry);
    }

    /** Zones of listen points, in the order of their index; {@code null} in the list for any zone. */
    public List<Zone> listenZones() {
        return sources.listenZones();
    }

    /** This policy with a registrar, or another one. */
    public RoutingPolicy withRegistry(final Registry newRegistry) {
        return new RoutingPolicy(mode, trunks, routes, timing, maxForwards, recordRoute, sources, namedPeers, total,
                drainSeconds, emergencies, newRegistry);
    }

    /** The registrar; {@code null} for none. */
    public Registry registry() {
        return registry;
    }

    /**
     * This policy, but that nothing new is taken while what is under way goes on.
     *
     * @param seconds after how many to come again; 0 for taking everything
     */
    public RoutingPolicy withDrain(final int seconds) {
        return new RoutingPolicy(mode, trunks, routes, timing, maxForwards, recordRoute, sources, namedPeers, total,
                seconds, emergencies, registry);
    }

    /** Limits over all trunks. */
    public Total total() {
        return total;
    }

    /** Calls that no limit holds for. */
    public Emergencies emergencies() {
        return emergencies;
    }

    /** Not 0: nothing new is taken, and after so many seconds one may come again. */
    public int drainSeconds() {
        return drainSeconds;
    }

    /** Mode for requests of {@code route}, or without a route when it is {@code null}. */
    public Mode modeOf(final Route route) {
        return route == null || route.mode() == null ? mode : route.mode();
    }

    /**
     * A stateless route with a trunk that needs to know of its calls: nothing counts them there, and a retransmission
     * would be taken for a new call.
     *
     * @return what is wrong, for people; {@code null} when nothing is
     */
    public String statelessConflict() {
        for (final Route route : routes) {
            final boolean through = route.inside() == Route.Inside.REGISTRAR && !route.then().isEmpty();
            for (final Trunk trunk : trunks) {
                if (trunk.state().credit() != CreditPolicy.NONE && route.inside() == Route.Inside.NOTHING
                        && modeOf(route) != Mode.B2BUA && (route.from() == null || route.from() == trunk)
                        && route.match().method() == null) {
                    return "'credit' of trunk '" + trunk.name() + "' needs mode b2bua, since a proxy cannot end a call;"
                            + " route '" + route.name() + "' would have another one";
                }
            }
            if (modeOf(route) == Mode.STATELESS) {
                if (through || route.inside() == Route.Inside.LOCATION) {
                    return "'to: " + (through ? "registrar" : "location") + "' of route '" + route.name()
                            + "' keeps what a stateless proxy does not";
                }
                final String timed =
                        route.when() != null ? "when" : route.match().headers().isEmpty() ? null : "header";
                if (timed != null) {
                    return "'" + timed + "' of route '" + route.name()
                            + "' needs to know which requests belong together, which"
                            + " a stateless proxy does not";
                }
                if (total.countsCalls() && route.inside() != Route.Inside.REGISTRAR) {
                    return "'max-calls' needs to know of calls, which a stateless proxy does not; route '"
                            + route.name() + "' would be stateless";
                }
                for (final Trunk trunk : trunks) {
                    final boolean concerned = route.from() == null || route.from() == trunk
                            || route.to().contains(trunk) || route.then().contains(trunk);
                    final String key = trunk.maxCalls() > 0 ? "max-calls"
                            : trunk.balance().worksWithoutState() ? null : "balance";
                    if (trunk.account().explicit() && (route.to().contains(trunk) || route.then().contains(trunk))) {
                        return "'auth' of trunk '" + trunk.name() + "' needs to know what a challenge is for, which a"
                                + " stateless proxy does not; route '" + route.name() + "' would be stateless";
                    }
                    if (concerned && key != null) {
                        return "'" + key + "' of trunk '" + trunk.name() + "' needs to know of calls, which a stateless"
                                + " proxy does not; route '" + route.name() + "' would be stateless";
                    }
                }
            }
        }
        return null;
    }

    /** Whether any request may be forwarded statelessly. */
    public boolean hasStateless() {
        return mode == Mode.STATELESS || routes.stream().anyMatch(route -> route.mode() == Mode.STATELESS);
    }

    /** Whether a stateless proxy sends requests the same ways by {@code other}: modes and failover left aside. */
    public boolean routesLike(final RoutingPolicy other) {
        return listenZones().equals(other.listenZones())
                && sameList(trunks, other.trunks, RoutingPolicy::isLike) && sameList(routes, other.routes,
                        RoutingPolicy::isLike);
    }

    private static boolean isLike(final Trunk one, final Trunk other) {
        return one.name().equals(other.name()) && sameList(one.peers(), other.peers(), Peer::isLike)
                && one.balance() == other.balance() && one.allow().equals(other.allow())
                && one.rules().equals(other.rules())
                && one.profile().hidesTopology() == other.profile().hidesTopology();
    }

    private static boolean isLike(final Route one, final Route other) {
        return Objects.equals(name(one.from()), name(other.from())) && one.within().equals(other.within())
                && one.inside() == other.inside() && sameList(one.to(), other.to(), (a, b) -> a.name().equals(b.name()))
                && sameList(one.then(), other.then(), (a, b) -> a.name().equals(b.name()))
                && Arrays.equals(one.match().to(), other.match().to())
                && Arrays.equals(one.match().from(), other.match().from())
                && Arrays.equals(one.match().method(), other.match().method())
                && one.headers().equals(other.headers()) && one.number().equals(other.number())
                && Objects.equals(one.prefixes(), other.prefixes()) && Objects.equals(one.when(), other.when())
                && Objects.equals(one.match().toExpression(), other.match().toExpression())
                && Objects.equals(one.match().fromExpression(), other.match().fromExpression())
                && one.match().headers().equals(other.match().headers());
    }

    private static String name(final Trunk trunk) {
        return trunk == null ? null : trunk.name();
    }

    private static <T> boolean sameList(final List<T> one, final List<T> other, final BiPredicate<T, T> same) {
        return one.size() == other.size()
                && IntStream.range(0, one.size()).allMatch(i -> same.test(one.get(i), other.get(i)));
    }

    /**
     * The trunk that a source belongs to: the one that names its exact address and port as a peer, else the one whose
     * peer addresses or {@code allow} ranges hold it (longest prefix first), of the zone of the listen point if that
     * has one; {@code null} when unknown. One that wants certificates owns nothing that came in the clear. Allocates
     * nothing.
     */
    public Trunk trunkOf(final Source source) {
        return sources.trunkOf(source);
    }

    /**
     * As {@link #trunkOf(Source)}, and further: where several trunks share the address, the one whose account the
     * request is for; where none claims it, the one that we have registered the Contact with that it is sent to, which
     * is how a carrier finds us whose calls come from other addresses than those that it registers at. Allocates
     * nothing.
     */
    public Trunk trunkOf(final SipMessage request, final Source source, final UserReader users) {
        return sources.trunkOf(request, source, users);
    }

    /** As {@link #trunkOf(Source)}, for where something is sent to. */
    public Trunk trunkOf(final Destination destination) {
        return sources.trunkOf(destination);
    }

    /** As {@link #trunkOf(Destination)}; where several trunks share the address, the one whose user From names. */
    public Trunk trunkTo(final SipMessage request, final long addressHigh, final long addressLow, final int port,
            final UserReader users) {
        return sources.trunkTo(request, addressHigh, addressLow, port, users);
    }

    /** A bit for each listen point, by its index, that {@code trunk} may be reached by; {@code null} for no trunk. */
    public long listenersOf(final Trunk trunk) {
        return sources.listenersOf(trunk);
    }

    /** Whether numbers are rewritten in any request. */
    public boolean rewritesNumbers() {
        return rewrites(trunks, routes);
    }

    /** Whether phones of {@code trunk} may register. */
    public boolean mayRegister(final Trunk trunk) {
        return trunk.index() < mayRegister.length && mayRegister[trunk.index()];
    }

    /** Most bytes that the rules of trunks and routes add to a request. */
    public int mostAdded() {
        return mostAdded;
    }

    private static int mostAdded(final List<Trunk> trunks, final List<Route> routes) {
        return trunks.stream().mapToInt(trunk -> trunk.rules().headersIn().addedBytes()).max().orElse(0)
                + routes.stream().mapToInt(route -> route.headers().addedBytes()).max().orElse(0)
                + trunks.stream().mapToInt(trunk -> trunk.rules().headers().addedBytes()).max().orElse(0)
                + (rewrites(trunks, routes) ? MOST_NUMBERS * TelephoneNumber.MAX_WRITTEN + MOST_ORIGINALS : 0);
    }

    private static boolean rewrites(final List<Trunk> trunks, final List<Route> routes) {
        return trunks.stream().map(Trunk::rules)
                .anyMatch(rules -> !rules.number().isEmpty() || !rules.numberIn().isEmpty())
                || routes.stream().anyMatch(route -> !route.number().isEmpty());
    }

    /**
     * The peer whose configured name has the host of {@code uri} and, where the URI has one, its port: names are not
     * resolved, but those that the configuration knows are known.
     *
     * @return the peer, or {@code null}
     */
    public Peer peerNamed(final DirectBuffer bytes, final SipUri uri) {
        final long host = uri.host();
        if (!Slice.exists(host)) {
            return null;
        }
        for (int i = 0; i < namedPeers.size(); i++) {
            final NamedPeer named = namedPeers.get(i);
            if ((uri.port() == SipUri.NOT_GIVEN || uri.port() == named.peer.port()) && equalsIgnoreCase(bytes, host,
                    named.host)) {
                return named.peer;
            }
        }
        return null;
    }

    private static boolean equalsIgnoreCase(final DirectBuffer bytes, final long slice, final byte[] lowerCase) {
        if (Slice.length(slice) != lowerCase.length) {
            return false;
        }
        for (int i = 0; i < lowerCase.length; i++) {
            if (Character.toLowerCase(bytes.getByte(Slice.offset(slice) + i)) != lowerCase[i]) {
                return false;
            }
        }
        return true;
    }

    private static List<NamedPeer> namedPeers(final List<Trunk> trunks) {
        final List<NamedPeer> named = new ArrayList<>();
        for (final Trunk trunk : trunks) {
            for (final Peer peer : trunk.peers()) {
                named.add(new NamedPeer(hostOf(peer.name()).getBytes(StandardCharsets.US_ASCII), peer));
            }
        }
        return List.copyOf(named);
    }

    /**
     * Host of {@code HOST}, {@code HOST:PORT}, {@code [IPv6]:PORT} or {@code sip:HOST:PORT;parameters}, lower case.
     */
    public static String hostOf(final String name) {
        String host = name.toLowerCase(Locale.ROOT);
        if (host.startsWith("sip:") || host.startsWith("sips:")) {
            host = host.substring(host.indexOf(':') + 1);
        }
        host = host.substring(host.indexOf('@') + 1);
        final int parameters = host.indexOf(';');
        host = parameters < 0 ? host : host.substring(0, parameters);
        final int colon = host.lastIndexOf(':');
        host = colon > host.lastIndexOf(']') && colon == host.indexOf(':') ? host.substring(0, colon) : host;
        return host;
    }
}
