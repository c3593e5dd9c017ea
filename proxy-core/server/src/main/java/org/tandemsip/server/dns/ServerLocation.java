package org.tandemsip.server.dns;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.tandemsip.codec.Transport;

/**
 * How SIP finds servers (RFC 3263 section 4), as a pure function: from the answers known so far to the questions that
 * are still open, or to the addresses.
 *
 * <pre>
 *   port given ────────────────────────────────────────────► A, AAAA of the host
 *   transport given ──────► SRV of that transport ─────┐
 *   neither ──► NAPTR ────► SRV of each service in it ─┼─ found ──► A, AAAA of each target
 *                  └ none ► SRV of each transport ─────┘─ none ───► A, AAAA of the host
 * </pre>
 *
 * NAPTR and the SRV records that would be needed without it are asked for together: it costs a question or two, and
 * saves a round trip for the many domains without NAPTR. Where NAPTR names several services, those behind the first are
 * kept for failover. Services for transports that we do not have are passed over.
 */
final class ServerLocation {
    /** Most addresses of a domain. */
    static final int MAX_HOPS = 64;
    /** Most services of a domain. */
    private static final int MAX_SERVICES = 8;
    /** Most SRV targets whose addresses are asked for. */
    private static final int MAX_TARGETS = 32;
    /** Weights are multiplied by this where a target's share is divided among its addresses. */
    private static final int WEIGHT_SCALE = 12;
    private static final int MAX_WEIGHT = 65_535;

    private final Domain domain;
    private final Reach reach;
    private final Function<Question, Answer> known;
    private final Set<Question> open = new LinkedHashSet<>();
    private final List<Hop> hops = new ArrayList<>();

    /** A way to be reached: a transport and the name of its SRV records. */
    private record Service(Transport transport, String name) {}

    /** A SRV record of a service. */
    private record Candidate(Service service, int tier, Rdata.Srv srv) {}

    /**
     * What can be said now.
     *
     * @param open questions without which no more can be said; empty when this is the end
     * @param kind at the end: how it ended
     */
    record Outcome(Set<Question> open, Answer.Kind kind, List<Hop> hops) {}

    private ServerLocation(final Domain domain, final Reach reach, final Function<Question, Answer> known) {
        this.domain = domain;
        this.reach = reach;
        this.known = known;
    }

    /**
     * Takes the procedure as far as the answers go.
     *
     * @param domain what to find; a name, not an address
     * @param plain  whether only addresses are to be looked for: the host stands in the hosts file, or has no dot
     * @param known  answers; {@code null} for what was not asked yet
     */
    static Outcome locate(final Domain domain, final boolean plain, final Reach reach,
            final Function<Question, Answer> known) {
        final ServerLocation location = new ServerLocation(domain, reach, known);
        final Answer.Kind kind = plain || domain.port() != 0 ? location.byAddress(location.fixedTransport())
                : location.byService();
        return new Outcome(location.open, kind, List.copyOf(location.hops));
    }

    /** The transport of a host without SRV records: as asked for; else TLS for sips, or {@code null} (section 4.1). */
    private Transport fixedTransport() {
        return domain.secure() ? Transport.TLS : domain.transport();
    }

    private Answer.Kind byService() {
        final List<Service> services = services();
        if (!open.isEmpty()) {
            return null;
        }
        final List<Candidate> candidates = new ArrayList<>();
        int failed = 0;
        int unavailable = 0;
        int tier = 0;
        for (final Service service : services) {
            final Answer answer = ask(service.name(), RecordType.SRV);
            if (answer == null || !answer.found()) {
                failed += answer != null && answer.kind() == Answer.Kind.FAILED ? 1 : 0;
                continue;
            }
            final List<Rdata.Srv> records = answer.records().stream().map(Rdata.Srv.class::cast)
                    .filter(srv -> !srv.target().isEmpty())
                    .sorted(Comparator.comparingInt(Rdata.Srv::priority)
                            .thenComparing(Comparator.comparingInt(Rdata.Srv::weight).reversed()))
                    .toList();
            unavailable += records.isEmpty() ? 1 : 0;
            int priority = -1;
            for (final Rdata.Srv srv : records) {
                tier += priority >= 0 && srv.priority() != priority ? 1 : 0;
                priority = srv.priority();
                if (candidates.size() < MAX_TARGETS) {
                    candidates.add(new Candidate(service, tier, srv));
                }
            }
            tier += records.isEmpty() ? 0 : 1;
        }
        if (!open.isEmpty()) {
            return null;
        }
        if (!candidates.isEmpty()) {
            return byTargets(candidates);
        }
        if (unavailable > 0) {
            return Answer.Kind.NONE;
        }
        return failed > 0 && failed == services.size() ? Answer.Kind.FAILED
                : byAddress(services.size() == 1 ? services.getFirst().transport() : fixedTransport());
    }

    /** Services in the order to be tried: those of NAPTR that we can use, else one for each transport we have. */
    private List<Service> services() {
        final List<Service> usual = new ArrayList<>();
        if (domain.secure()) {
            usual.add(new Service(Transport.TLS, "_sips._tcp." + domain.host()));
        } else if (domain.transport() != null) {
            usual.add(usual(domain.transport()));
        } else {
            if (reach.udp()) {
                usual.add(usual(Transport.UDP));
            }
            if (reach.tcp()) {
                usual.add(usual(Transport.TCP));
            }
        }
        usual.forEach(service -> ask(service.name(), RecordType.SRV));
        if (domain.transport() != null) {
            return usual;
        }
        final Answer answer = ask(domain.host(), RecordType.NAPTR);
        if (answer == null || !answer.found()) {
            return usual;
        }
        final List<Service> services = answer.records().stream().map(Rdata.Naptr.class::cast)
                .sorted(Comparator.comparingInt(Rdata.Naptr::order).thenComparingInt(Rdata.Naptr::preference))
                .filter(record -> record.flags().equals("s") && !record.replacement().isEmpty())
                .map(record -> new Service(transport(record.service()), record.replacement()))
                .filter(service -> service.transport() != null).distinct().limit(MAX_SERVICES).toList();
        return services.isEmpty() ? usual : services;
    }

    private Service usual(final Transport transport) {
        return new Service(transport, switch (transport) {
            case UDP -> "_sip._udp.";
            case TLS -> "_sips._tcp.";
            default -> "_sip._tcp.";
        } + domain.host());
    }

    /** The transport of a NAPTR service (section 4.1), or {@code null} where it is of no use to us. */
    private Transport transport(final String service) {
        return switch (service) {
            case "sip+d2u" -> reach.udp() && !domain.secure() ? Transport.UDP : null;
            case "sip+d2t" -> reach.tcp() && !domain.secure() ? Transport.TCP : null;
            case "sips+d2t" -> reach.tls() ? Transport.TLS : null;
            default -> null;
        };
    }

    private Answer.Kind byTargets(final List<Candidate> candidates) {
        final List<List<Rdata.Address>> addresses = new ArrayList<>();
        boolean failed = false;
        int most = 1;
        for (final Candidate candidate : candidates) {
            addresses.add(addresses(candidate.srv().target()));
            failed |= addressesFailed(candidate.srv().target());
            most = Math.max(most, addresses.getLast().size());
        }
        if (!open.isEmpty()) {
            return null;
        }
        int tier = -1;
        int lastTier = -1;
        for (int i = 0; i < candidates.size(); i++) {
            final Candidate candidate = candidates.get(i);
            final List<Rdata.Address> of = addresses.get(i);
            if (!of.isEmpty() && candidate.tier() != lastTier) {
                lastTier = candidate.tier();
                tier++;
            }
            for (final Rdata.Address address : of) {
                final int weight = most == 1 ? candidate.srv().weight()
                        : Math.min(MAX_WEIGHT, candidate.srv().weight() * WEIGHT_SCALE / of.size());
                add(candidate.service().transport(), address, candidate.srv().port(), tier, weight,
                        candidate.srv().target());
            }
        }
        return !hops.isEmpty() ? Answer.Kind.FOUND : failed ? Answer.Kind.FAILED : Answer.Kind.NONE;
    }

    private Answer.Kind byAddress(final Transport transport) {
        final List<Rdata.Address> addresses = addresses(domain.host());
        if (!open.isEmpty()) {
            return null;
        }
        final int port = domain.port() != 0 ? domain.port()
                : (transport == null ? Transport.UDP : transport).defaultPort();
        for (final Rdata.Address address : addresses) {
            add(transport, address, port, 0, 1, domain.host());
        }
        return !hops.isEmpty() ? Answer.Kind.FOUND
                : addressesFailed(domain.host()) ? Answer.Kind.FAILED : Answer.Kind.NONE;
    }

    private void add(final Transport transport, final Rdata.Address address, final int port, final int tier,
            final int weight, final String name) {
        final boolean there = hops.stream().anyMatch(hop -> hop.transport() == transport && hop.port() == port
                && hop.high() == address.high() && hop.low() == address.low());
        if (!there && hops.size() < MAX_HOPS) {
            hops.add(new Hop(transport, address.high(), address.low(), port, tier, weight, name));
        }
    }

    private List<Rdata.Address> addresses(final String name) {
        final List<Rdata.Address> addresses = new ArrayList<>();
        if (reach.ipv6()) {
            addTo(addresses, ask(name, RecordType.AAAA));
        }
        if (reach.ipv4()) {
            addTo(addresses, ask(name, RecordType.A));
        }
        return addresses;
    }

    private static void addTo(final List<Rdata.Address> addresses, final Answer answer) {
        if (answer != null) {
            answer.records().forEach(record -> addresses.add((Rdata.Address) record));
        }
    }

    private boolean addressesFailed(final String name) {
        return reach.ipv6() && hasFailed(known.apply(new Question(name, RecordType.AAAA)))
                || reach.ipv4() && hasFailed(known.apply(new Question(name, RecordType.A)));
    }

    private static boolean hasFailed(final Answer answer) {
        return answer != null && answer.kind() == Answer.Kind.FAILED;
    }

    private Answer ask(final String name, final RecordType type) {
        final Question question = new Question(name, type);
        final Answer answer = known.apply(question);
        if (answer == null) {
            open.add(question);
        }
        return answer;
    }
}
