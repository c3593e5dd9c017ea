package org.tandemsip.server.config;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.snakeyaml.engine.v2.nodes.Node;
import org.tandemsip.codec.IpAddress;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.routing.Cidr;
import org.tandemsip.engine.routing.Zone;
import org.tandemsip.server.dns.Domain;

/** Builds the trunks, and sees that no address and no name belongs to two of them. */
final class TrunkBuilder {
    /** Words that stand for something else where a trunk name can stand. */
    static final Set<String> RESERVED = Set.of("any", "request-uri", "prefixes", "registrar", "location");

    /** Messages a second of one source in zone public where nothing else is said: 30 in 2 seconds. */
    private static final int PUBLIC_RATE = 15;

    /** Each value of T1 needs timer lanes of its own. */
    private static final int MOST_T1S = 4;

    /** What a trunk claims: a peer's address and port, or a range (port 0). */
    private record Claim(long high, long low, int prefixBits, int port) {}

    private final Reading reading;
    private final Map<Claim, String> claims = new HashMap<>();
    private final Map<Domain, String> names = new HashMap<>();
    private final Set<List<Object>> t1s = new HashSet<>();

    TrunkBuilder(final Reading reading) {
        this.reading = reading;
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
                ping(bound.get(Keys.PING)), RuleKeys.trunk(reading, bound),
                access(bound), AuthKeys.requiredAuth(reading, bound), AccountKeys.account(reading, bound),
                profile(bound));
    }

    private Config.Access access(final Bound bound) {
        final Zone zone = bound.get(Keys.ZONE);
        final Boolean trust = bound.get(Keys.TRUST_IDENTITY);
        final Integer rate = bound.get(Keys.SOURCE_RATE);
        final boolean open = zone == Zone.PUBLIC;
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
        final String other = names.putIfAbsent(domain, trunk);
        if (other != null && !other.equals(trunk)) {
            reading.problem(ErrorCode.ADDRESS_CLAIMED, spec.node(), "trunk '" + trunk + "' claims "
                    + spec.value().text() + ", which belongs to trunk '" + other + "' already");
        }
    }

    /**
     * A source is told apart by the exact address and port of a peer, else by the longest range that holds its address.
     * So two trunks may name the same address with different ports, but not the same range, nor the same address and
     * port.
     */
    private void claim(final String trunk, final Node node, final Claim claim) {
        final String other = claims.putIfAbsent(claim, trunk);
        final String rival = other != null && !other.equals(trunk) ? other : rivalByAddress(trunk, claim);
        if (rival != null) {
            reading.problem(ErrorCode.ADDRESS_CLAIMED, node, "trunk '" + trunk + "' claims " + text(claim)
                    + ", which belongs to trunk '" + rival + "' already");
        }
    }

    /**
     * A whole address in {@code allow} of one trunk and a peer with that address in another leave other ports
     * undecided.
     */
    private String rivalByAddress(final String trunk, final Claim claim) {
        for (final Map.Entry<Claim, String> entry : claims.entrySet()) {
            final Claim other = entry.getKey();
            if (!entry.getValue().equals(trunk) && claim.prefixBits() == 128 && other.prefixBits() == 128
                    && claim.high() == other.high() && claim.low() == other.low()
                    && (claim.port() == 0) != (other.port() == 0)) {
                return entry.getValue();
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
