package org.tandemsip.server;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.tandemsip.codec.IpAddress;
import org.tandemsip.engine.routing.Zone;
import org.tandemsip.server.config.Config;
import org.tandemsip.server.dns.Answer;
import org.tandemsip.server.dns.Domain;
import org.tandemsip.server.dns.Hop;
import org.tandemsip.server.dns.HostAddresses;
import org.tandemsip.server.dns.Located;
import org.tandemsip.server.dns.Names;
import org.tandemsip.server.dns.Reach;

/**
 * The addresses behind the peers that are names: looked up at start, and again whenever an answer runs out; tried again
 * with growing pauses where there is none. A change is reported, so that what requests are routed by can be made anew.
 */
public final class PeerNames {
    private static final long FIRST_PAUSE_NS = TimeUnit.SECONDS.toNanos(1);
    private static final int MAX_DOUBLINGS = 6;
    /** Most addresses of a trunk, over all its names. */
    private static final int MAX_PEERS = 64;
    private static final int MAX_WEIGHT = 65_535;
    /** What the weight of a peer is multiplied by before it is divided among the addresses of its name. */
    private static final int MAX_SCALE = 1_000;
    private static final Comparator<Hop> ORDER = Comparator.comparingInt(Hop::tier).thenComparingLong(Hop::high)
            .thenComparingLong(Hop::low).thenComparingInt(Hop::port);

    private final Names names;
    private final Locator locator;
    private final Reach reach;
    private final Runnable changed;
    private final boolean logs;
    private final Map<Domain, Entry> entries = new HashMap<>();

    /** Whoever finds servers; {@link Names#locate}. */
    @FunctionalInterface
    interface Locator {
        void locate(Domain domain, Reach reach, Consumer<Located> located);
    }

    /** What is known of one name. */
    private static final class Entry {
        private final CountDownLatch tried = new CountDownLatch(1);
        /** A sentence for each address that a trunk was not let have. */
        private final Set<String> refused = new HashSet<>();
        private List<Hop> hops = List.of();
        /** When the time of {@link #hops} ran out or will. */
        private long freshUntilNs;
        private boolean fromHostsFile;
        private String reason = "no answer";
        private int failures;
        private boolean forgotten;
    }

    /** @param changed called on the resolver's thread when {@link #resolve} would give something else than before */
    PeerNames(final Names names, final Reach reach, final Runnable changed) {
        this(names, names::locate, reach, changed, true);
    }

    PeerNames(final Names names, final Locator locator, final Reach reach, final Runnable changed,
            final boolean logs) {
        this.logs = logs;
        this.names = names;
        this.locator = locator;
        this.reach = reach;
        this.changed = changed;
    }

    /** With what a server of that configuration can send. */
    static Reach reach(final Config config) {
        final List<Config.Listen> listen = config.listen();
        return new Reach(listen.stream().anyMatch(point -> !point.transport().stream()),
                listen.stream().anyMatch(point -> point.transport().stream() && !point.transport().secure()),
                listen.stream().anyMatch(point -> point.transport().secure()),
                listen.stream().anyMatch(point -> IpAddress.isIpv4(point.addressHigh(), point.addressLow())),
                listen.stream().anyMatch(point -> !IpAddress.isIpv4(point.addressHigh(), point.addressLow())));
    }

    /**
     * Looks up the names of a configuration that are not known yet, and waits for that, for as long as one question may
     * take at most.
     */
    void watch(final Config config, final long waitNs) {
        begin(config, waitNs);
        for (final Domain domain : domains(config)) {
            synchronized (this) {
                if (entries.get(domain).tried.getCount() > 0) {
                    EventLog.warn("dns", "peer", domain, "msg", "no answer yet; its trunk sends nothing there so far");
                }
            }
        }
    }

    private void begin(final Config config, final long waitNs) {
        final List<CountDownLatch> tried = new ArrayList<>();
        for (final Domain domain : domains(config)) {
            synchronized (this) {
                final Entry known = entries.get(domain);
                final Entry entry = known != null ? known : new Entry();
                tried.add(entry.tried);
                if (known == null) {
                    entries.put(domain, entry);
                    ask(domain, entry);
                }
            }
        }
        final long deadlineNs = System.nanoTime() + waitNs;
        try {
            for (final CountDownLatch each : tried) {
                each.await(deadlineNs - System.nanoTime(), TimeUnit.NANOSECONDS);
            }
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * Looks up the names of a configuration once, for people.
     *
     * @return a sentence for each that has no address now, and for each address that is refused
     */
    public static List<String> unresolved(final Config config) {
        final List<String> sentences = new ArrayList<>();
        if (!domains(config).isEmpty()) {
            try (Names names = new Names(config.dns())) {
                final PeerNames peerNames = new PeerNames(names, names::locate, reach(config), () -> {}, false);
                peerNames.begin(config, config.dns().timeoutNs() * 2);
                peerNames.resolve(config);
                peerNames.entries.forEach((domain, entry) -> {
                    sentences.addAll(entry.refused);
                    if (entry.hops.isEmpty()) {
                        sentences.add("peer '" + domain + "' has no address now (" + entry.reason
                                + "); its trunk will send nothing there until it has");
                    }
                });
            }
        }
        return sentences;
    }

    /** {@code config} with the addresses that its names have now. */
    static Config resolvedNow(final Config config) {
        if (domains(config).isEmpty()) {
            return config;
        }
        try (Names names = new Names(config.dns())) {
            final PeerNames peerNames = new PeerNames(names, names::locate, reach(config), () -> {}, false);
            peerNames.begin(config, config.dns().timeoutNs() * 2);
            return peerNames.resolve(config);
        }
    }

    /** Forgets the names that a configuration does not hold. */
    synchronized void retain(final Config config) {
        final Set<Domain> kept = domains(config);
        entries.entrySet().removeIf(entry -> {
            entry.getValue().forgotten = !kept.contains(entry.getKey());
            return entry.getValue().forgotten;
        });
    }

    private static Set<Domain> domains(final Config config) {
        final Set<Domain> domains = new HashSet<>();
        config.trunks().forEach(trunk -> trunk.peers().stream().map(Config.Peer::domain)
                .filter(domain -> domain != null).forEach(domains::add));
        return domains;
    }

    private void ask(final Domain domain, final Entry entry) {
        locator.locate(domain, reach, located -> take(domain, entry, located));
    }

    private void take(final Domain domain, final Entry entry, final Located located) {
        final boolean other;
        synchronized (this) {
            if (entry.forgotten) {
                return;
            }
            final boolean keeps = keepsHops(entry, located);
            final List<Hop> hops = keeps ? entry.hops : located.hops().stream().sorted(ORDER).toList();
            final boolean first = entry.tried.getCount() > 0;
            other = !hops.equals(entry.hops);
            if (!logs) {
                // Somebody else tells it.
            } else if (keeps && !hops.isEmpty()) {
                tellKept(domain, entry, located);
            } else if (located.kind() != Answer.Kind.FOUND && (first || !entry.hops.isEmpty())) {
                EventLog.warn("dns", "peer", domain, "msg", "has no address; its trunk sends nothing there until it"
                        + " has", "reason", located.reason());
            } else if (other) {
                EventLog.info("dns", "peer", domain, "addresses", String.join(",", hops.stream()
                        .map(hop -> Config.hostPort(hop.high(), hop.low(), hop.port())).toList()), "stale",
                        located.stale());
            }
            if (other) {
                entry.refused.clear();
            }
            if (located.kind() == Answer.Kind.FOUND && (!located.stale() || entry.hops.isEmpty())) {
                entry.freshUntilNs = located.expiresNs();
            }
            entry.hops = hops;
            entry.reason = located.reason();
            entry.fromHostsFile = keeps ? entry.fromHostsFile : located.fromHostsFile();
            entry.failures = located.kind() == Answer.Kind.FOUND ? 0 : Math.min(entry.failures + 1, MAX_DOUBLINGS);
            entry.tried.countDown();
        }
        final long pauseNs = entry.failures == 0 ? FIRST_PAUSE_NS : FIRST_PAUSE_NS << entry.failures - 1;
        names.later(() -> ask(domain, entry),
                Math.max(pauseNs, entry.failures == 0 ? located.expiresNs() - names.nowNs() : 0));
        if (other) {
            changed.run();
        }
    }

    /**
     * Whether a failure leaves the addresses as they are: nobody has said that they are gone, so they outlive their
     * time as any answer does (RFC 8767).
     */
    private boolean keepsHops(final Entry entry, final Located located) {
        return located.kind() == Answer.Kind.FAILED && names.nowNs() - entry.freshUntilNs <= names.staleNs();
    }

    /** Once, however long it lasts. */
    private static void tellKept(final Domain domain, final Entry entry, final Located located) {
        if (entry.failures == 0) {
            EventLog.warn("dns", "peer", domain, "msg", "nobody answers; it keeps the addresses it has", "reason",
                    located.reason());
        }
    }

    /** {@code config} with addresses in place of the names of peers; a name without any stands for no peer. */
    synchronized Config resolve(final Config config) {
        return domains(config).isEmpty() ? config
                : config.withTrunks(config.trunks().stream().map(trunk -> resolve(trunk, config.trunks())).toList());
    }

    private Config.Trunk resolve(final Config.Trunk trunk, final List<Config.Trunk> all) {
        if (trunk.peers().stream().allMatch(peer -> peer.domain() == null)) {
            return trunk;
        }
        final int heaviest = trunk.peers().stream().mapToInt(Config.Peer::weight).max().orElse(1);
        final int scale = trunk.peers().size() == 1 ? 0 : Math.clamp(MAX_WEIGHT / Math.max(1, heaviest), 1, MAX_SCALE);
        final Map<String, Config.Peer> peers = new LinkedHashMap<>();
        final Map<Config.Peer, Integer> tiers = new LinkedHashMap<>();
        for (final Config.Peer peer : trunk.peers()) {
            for (final Config.Peer address : addresses(trunk, all, peer, scale, tiers)) {
                if (peers.size() < MAX_PEERS) {
                    peers.putIfAbsent(address.transport() + " " + address.addressHigh() + ' ' + address.addressLow()
                            + ' ' + address.port(), address);
                }
            }
        }
        return trunk.withPeers(ranked(List.copyOf(peers.values()), tiers));
    }

    private List<Config.Peer> addresses(final Config.Trunk trunk, final List<Config.Trunk> all,
            final Config.Peer peer, final int scale, final Map<Config.Peer, Integer> tiers) {
        if (peer.domain() == null) {
            return List.of(scale == 0 ? peer : address(peer, null, peer.weight() * scale));
        }
        final Entry entry = entries.get(peer.domain());
        if (entry == null) {
            return List.of();
        }
        final List<Config.Peer> addresses = new ArrayList<>();
        for (final Hop hop : entry.hops) {
            final String reason = entry.fromHostsFile ? null : whyRefused(trunk, all, hop);
            if (reason != null) {
                tellRefused(trunk, peer, entry, IpAddress.toString(hop.high(), hop.low()), reason);
                continue;
            }
            final int sum = entry.hops.stream().filter(other -> other.tier() == hop.tier()).mapToInt(Hop::weight)
                    .sum();
            final int weight = scale == 0 ? hop.weight()
                    : sum == 0 ? peer.weight() * scale : (int) ((long) peer.weight() * scale * hop.weight() / sum);
            final Config.Peer address = address(peer, hop, weight);
            tiers.put(address, hop.tier());
            addresses.add(address);
        }
        return addresses;
    }

    /**
     * Why a trunk may not be led to an address by DNS, or {@code null}. Where its own peers or {@code allow} hold it,
     * the configuration has said so. What another trunk holds is that trunk's: whoever answers for our name could have
     * its calls sent there in our name, at its expense and past its limits. From where a public trunk may be called is
     * no address of that trunk: it is often the whole Internet.
     */
    private static String whyRefused(final Config.Trunk trunk, final List<Config.Trunk> all, final Hop hop) {
        if (!HostAddresses.mayBeTaken(hop.high(), hop.low(), trunk.allow())) {
            return "it is no host's, and the trunk's 'allow' does not hold it";
        }
        if (names(trunk, hop) || isAllowed(trunk, hop)) {
            return null;
        }
        return all.stream().filter(other -> !other.name().equals(trunk.name()))
                .filter(other -> names(other, hop) || other.access().zone() != Zone.PUBLIC && isAllowed(other, hop))
                .map(other -> "it is of trunk '" + other.name()
                        + "', and neither 'peers' nor 'allow' of this one hold it")
                .findFirst().orElse(null);
    }

    private static boolean names(final Config.Trunk trunk, final Hop hop) {
        return trunk.peers().stream().anyMatch(peer -> peer.domain() == null && peer.addressHigh() == hop.high()
                && peer.addressLow() == hop.low());
    }

    private static boolean isAllowed(final Config.Trunk trunk, final Hop hop) {
        return trunk.allow().stream().anyMatch(range -> range.contains(hop.high(), hop.low()));
    }

    /** Once per answer, however often requests are routed anew by it. */
    private void tellRefused(final Config.Trunk trunk, final Config.Peer peer, final Entry entry,
            final String address, final String reason) {
        if (entry.refused.add("peer '" + peer.name() + "' must not lead trunk '" + trunk.name() + "' to " + address
                + ": " + reason)) {
            names.counters().forbidden();
            if (logs) {
                EventLog.warn("dns", "peer", peer.name(), "trunk", trunk.name(), "refused", address, "msg", reason);
            }
        }
    }

    private static Config.Peer address(final Config.Peer peer, final Hop hop, final int weight) {
        return hop == null
                ? new Config.Peer(peer.name(), peer.transport(), peer.addressHigh(), peer.addressLow(), peer.port(),
                        peer.priority(), weight, null)
                : new Config.Peer(peer.name(), hop.transport(), hop.high(), hop.low(), hop.port(), peer.priority(),
                        weight, null);
    }

    /** The priority of a peer decides first, then the tier of its address; both together become one number. */
    private static List<Config.Peer> ranked(final List<Config.Peer> peers, final Map<Config.Peer, Integer> tiers) {
        if (tiers.values().stream().allMatch(tier -> tier == 0)) {
            return peers;
        }
        final TreeSet<Long> ranks = new TreeSet<>();
        peers.forEach(peer -> ranks.add(rank(peer, tiers)));
        final List<Long> inOrder = List.copyOf(ranks);
        return peers.stream().map(peer -> new Config.Peer(peer.name(), peer.transport(), peer.addressHigh(),
                peer.addressLow(), peer.port(), inOrder.indexOf(rank(peer, tiers)), peer.weight(), null)).toList();
    }

    private static long rank(final Config.Peer peer, final Map<Config.Peer, Integer> tiers) {
        return (long) peer.priority() << 32 | tiers.getOrDefault(peer, 0);
    }
}
