package org.tandemsip.server.config;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.snakeyaml.engine.v2.nodes.Node;
import org.tandemsip.codec.IpAddress;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.routing.Cidr;
import org.tandemsip.engine.routing.Zone;
import org.tandemsip.server.dns.Domain;

/** Builds the trunks, and sees that an address or name belongs to two of them only where their accounts differ. */
final class TrunkBuilder {
    /** Words that stand for something else where a trunk name can stand. */
    static final Set<String> RESERVED = Set.of("any", "request-uri", "prefixes", "registrar", "location");

    /** Messages a second of one source in zone public where nothing else is said: 30 in 2 seconds. */
    private static final int PUBLIC_RATE = 15;

    /** Each value of T1 needs timer lanes of its own. */
    private static final int MOST_T1S = 4;

    /** What a trunk claims: a peer's address and port, or a range (port 0). */
    private record Claim(long high, long low, int prefixBits, int port) {}

    /**
     * Two trunks that claim the same.
     *
     * @param node where the second does
     * @param what address, range or name
     */
    private record Shared(String first, String second, Node node, String what) {}

    private final Reading reading;
    private final List<Shared> shared = new ArrayList<>();
    private final Map<Claim, Set<String>> claims = new HashMap<>();
    private final Map<Domain, Set<String>> names = new HashMap<>();
    private final Set<List<Object>> t1s = new HashSet<>();
    /** Zones of trunks, with the first trunk in each. */
    private final Map<Zone, Node> zones = new EnumMap<>(Zone.class);

    private final Bound top;

    TrunkBuilder(final Reading reading, final Bound top) {
        this.reading = reading;
        this.top = top;
    }

    List<Config.Trunk> build(final Map<String, Bound> trunks) {
        final List<Config.Trunk> built = new ArrayList<>();
        if (trunks == null) {
            return built;
        }
        trunks.forEach((name, bound) -> {
            if (RESERVED.contains(name)) {
                reading.problem(ErrorCode.BAD_NAME, bound.node(), "a trunk cannot be named '" + name
                        + "'; the word has another meaning in routes");
            }
            built.add(trunk(name, bound));
        });
        final Map<String, Config.Trunk> byName = new HashMap<>();
        built.forEach(trunk -> byName.put(trunk.name(), trunk));
        shared.forEach(pair -> checkShared(pair, byName.get(pair.first), byName.get(pair.second)));
        return List.copyOf(built);
    }

    private Config.Trunk trunk(final String name, final Bound bound) {
        final List<Config.Peer> peers = new ArrayList<>();
        final Transport preferred = switch (bound.get(Keys.TRANSPORT)) {
            case UDP -> Transport.UDP;
            case TCP -> Transport.TCP;
            case TLS -> Transport.TLS;
            case AUTO -> null;
            case null -> null;
        };
        final List<Item<Peers.Spec>> specs = bound.get(Keys.PEERS);
        for (final Item<Peers.Spec> spec : specs == null ? List.<Item<Peers.Spec>>of() : specs) {
            final Config.Peer peer = Peers.of(spec.value(), preferred);
            if (peer.domain() == null) {
                claim(name, spec.node(), new Claim(peer.addressHigh(), peer.addressLow(), 128, peer.port()));
            } else {
                claim(name, spec, peer.domain());
            }
            peers.add(peer);
        }
        final List<Item<Cidr>> allow = bound.get(Keys.ALLOW);
        for (final Item<Cidr> range : allow == null ? List.<Item<Cidr>>of() : allow) {
            final Cidr cidr = range.value();
            claim(name, range.node(), new Claim(cidr.high(), cidr.low(), cidr.prefixBits(), 0));
        }
        if (specs != null && allow != null && specs.isEmpty() && allow.isEmpty()) {
            reading.problem(ErrorCode.TRUNK_UNUSABLE, bound.node(), "trunk '" + name + "' has neither peers nor allow");
        }
        final Integer maxForwards = bound.get(Keys.TRUNK_MAX_FORWARDS);
        return new Config.Trunk(name, List.copyOf(peers), ConfigBuilder.values(allow),
                ConfigBuilder.values(bound.get(Keys.FAILOVER)), maxForwards == null ? 0 : maxForwards,
                bound.get(Keys.BALANCE), ConfigBuilder.orNone(bound.get(Keys.MAX_CALLS)),
                ConfigBuilder.orNone(bound.get(Keys.TRUNK_CPS)), tryNs(bound.get(Keys.TRUNK_TIMERS)),
                ping(bound.get(Keys.PING)), RuleKeys.trunk(reading, bound).with(MediaKeys.rules(reading, top, bound)),
                access(bound), AuthKeys.requiredAuth(reading, bound), AccountKeys.account(reading, bound),
                profile(bound), bound.get(CreditKeys.TRUNK));
    }

    private Config.Access access(final Bound bound) {
        final Zone zone = bound.get(Keys.ZONE);
        final Boolean trust = bound.get(Keys.TRUST_IDENTITY);
        final Integer rate = bound.get(Keys.SOURCE_RATE);
        final boolean open = zone == Zone.PUBLIC;
        if (zone != null) {
            zones.putIfAbsent(zone, bound.node());
        }
        if (open && Boolean.TRUE.equals(trust)) {
            reading.problem(ErrorCode.CONTRADICTION, bound.at(Keys.TRUST_IDENTITY),
                    "'trust-identity' does not go with zone public: anybody could call in anybody's name");
        }
        final boolean unauthenticated = Boolean.TRUE.equals(bound.get(Keys.ALLOW_UNAUTHENTICATED));
        if (zone != null && !open && unauthenticated) {
            reading.problem(ErrorCode.CONTRADICTION, bound.at(Keys.ALLOW_UNAUTHENTICATED),
                    "'allow-unauthenticated' is for zone public only");
        }
        return new Config.Access(zone, trust == null ? zone == Zone.CORE : trust,
                rate == null ? open ? PUBLIC_RATE : 0 : rate, unauthenticated);
    }

    private Config.Profile profile(final Bound bound) {
        final Bound timers = bound.get(Keys.TRUNK_TIMERS);
        final Config.Profile profile = new Config.Profile(bound.get(Keys.PROFILE),
                timers == null ? 0 : orNone(timers.get(Keys.TRUNK_T1)),
                Boolean.TRUE.equals(bound.get(Keys.HIDE_TOPOLOGY)));
        if (profile.t1Ns() > 0 && t1s.add(List.of(profile.name(), profile.t1Ns())) && t1s.size() > MOST_T1S) {
            reading.problem(ErrorCode.CONTRADICTION, timers.at(Keys.TRUNK_T1),
                    "there can be " + MOST_T1S + " different values of t1 for trunks");
        }
        return profile;
    }

    private static long orNone(final Long value) {
        return value == null ? 0 : value;
    }

    private static long tryNs(final Bound bound) {
        return bound == null ? 0 : orNone(bound.get(Keys.TRY));
    }

    private static Config.Ping ping(final Bound bound) {
        if (bound == null) {
            return null;
        }
        return new Config.Ping(orNone(bound.get(Keys.PING_EVERY)), orNone(bound.get(Keys.PING_TIMEOUT)),
                ConfigBuilder.orNone(bound.get(Keys.PING_DOWN_AFTER)),
                ConfigBuilder.orNone(bound.get(Keys.PING_UP_AFTER)), ConfigBuilder.values(bound.get(Keys.PING_OK)));
    }

    /** A name stands for the sources behind it as an address does. */
    private void claim(final String trunk, final Item<Peers.Spec> spec, final Domain domain) {
        share(trunk, spec.node(), spec.value().text(), names.computeIfAbsent(domain, _ -> new LinkedHashSet<>()));
    }

    private boolean share(final String trunk, final Node node, final String what, final Set<String> claimants) {
        final boolean others = claimants.stream().anyMatch(other -> !other.equals(trunk));
        if (claimants.add(trunk)) {
            claimants.stream().filter(other -> !other.equals(trunk))
                    .forEach(other -> shared.add(new Shared(other, trunk, node, what)));
        }
        return others;
    }

    /**
     * Two accounts with one carrier: what comes from it is told apart by the registered Contact or the user that it is
     * for, after all that is decided by the source alone. So that must be the same.
     */
    private void checkShared(final Shared pair, final Config.Trunk first, final Config.Trunk second) {
        final Set<String> users = users(first.account());
        final Set<String> otherUsers = users(second.account());
        if (users.isEmpty() && otherUsers.isEmpty() || otherUsers.stream().anyMatch(users::contains)) {
            reading.problem(ErrorCode.ADDRESS_CLAIMED, pair.node, "trunk '" + pair.second + "' claims " + pair.what
                    + ", which belongs to trunk '" + pair.first + "' already; two accounts with one carrier need"
                    + " 'register' or 'auth' with different users");
        } else if (!first.access().equals(second.access()) || !first.profile().equals(second.profile())
                || (first.auth() == null) != (second.auth() == null)) {
            reading.problem(ErrorCode.ADDRESS_CLAIMED, pair.node, "trunk '" + pair.second + "' shares " + pair.what
                    + " with trunk '" + pair.first + "', so both must say the same in 'zone', 'trust-identity',"
                    + " 'source-rate', 'profile', 'timers', 'hide-topology' and 'require-auth'");
        }
    }

    private static Set<String> users(final Config.Account account) {
        final Set<String> users = new HashSet<>();
        if (account.login() != null) {
            users.add(account.login().user());
        }
        if (account.registration() != null) {
            users.add(account.registration().user());
        }
        return users;
    }

    /** A trunk of a zone that no address listens for would never be heard. */
    void checkZones(final List<Config.Listen> listen) {
        zones.forEach((zone, node) -> {
            if (!listen.isEmpty() && listen.stream().allMatch(point -> point.zone() != null && point.zone() != zone)) {
                reading.problem(ErrorCode.CONTRADICTION, node, "no address in 'listen' is for zone "
                        + Scalars.word(zone) + ", in which this trunk lies");
            }
        });
    }

    /**
     * A source is told apart by the exact address and port of a peer, else by the longest range that holds its address.
     * So two trunks may name the same address with different ports, but not the same range, nor the same address and
     * port.
     */
    private void claim(final String trunk, final Node node, final Claim claim) {
        if (!share(trunk, node, text(claim), claims.computeIfAbsent(claim, _ -> new LinkedHashSet<>()))) {
            final String rival = rivalByAddress(trunk, claim);
            if (rival != null) {
                shared.add(new Shared(rival, trunk, node, text(claim)));
            }
        }
    }

    /**
     * A whole address in {@code allow} of one trunk and a peer with that address in another leave other ports
     * undecided.
     */
    private String rivalByAddress(final String trunk, final Claim claim) {
        for (final Map.Entry<Claim, Set<String>> entry : claims.entrySet()) {
            final Claim other = entry.getKey();
            if (!entry.getValue().contains(trunk) && claim.prefixBits() == 128 && other.prefixBits() == 128
                    && claim.high() == other.high() && claim.low() == other.low()
                    && (claim.port() == 0) != (other.port() == 0)) {
                return entry.getValue().iterator().next();
            }
        }
        return null;
    }

    private static String text(final Claim claim) {
        if (claim.port() != 0) {
            return Config.hostPort(claim.high(), claim.low(), claim.port());
        }
        final int cut = IpAddress.isIpv4(claim.high(), claim.low()) ? 96 : 0;
        return IpAddress.toString(claim.high(), claim.low()) + "/" + (claim.prefixBits() - cut);
    }
}
