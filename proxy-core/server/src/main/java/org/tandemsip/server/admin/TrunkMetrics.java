package org.tandemsip.server.admin;

import java.util.List;
import java.util.function.ToDoubleFunction;
import org.tandemsip.engine.metrics.CallCounts;
import org.tandemsip.engine.metrics.ResponseCounts;
import org.tandemsip.engine.routing.Peer;
import org.tandemsip.engine.routing.PeerState;
import org.tandemsip.engine.routing.Registration;
import org.tandemsip.engine.routing.RoutingPolicy;
import org.tandemsip.engine.routing.Total;
import org.tandemsip.engine.routing.Trunk;
import org.tandemsip.server.config.Config;

/** Metrics of trunks and their peers. */
final class TrunkMetrics {
    /** Upper bounds of round trips, in microseconds. */
    private static final long[] PING_US = {500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000,
        1_000_000, 2_500_000};

    private final Metrics out;

    TrunkMetrics(final Metrics out) {
        this.out = out;
    }

    void write(final RoutingPolicy policy, final List<Config.Listen> listen) {
        final List<Trunk> trunks = policy.trunks();
        calls(trunks);
        total(policy.total());
        ended(trunks);
        responses(trunks);
        peers(trunks);
        ways(trunks, listen);
        registrations(trunks, System.nanoTime());
    }

    private void calls(final List<Trunk> trunks) {
        out.head("tandem_calls", "gauge", "Calls in progress from (in) and to (out) a trunk, where they are counted:"
                + " in mode b2bua, and where a limit or the balance depends on it.");
        for (final Trunk trunk : trunks) {
            final int incoming = trunk.state().incoming();
            out.line("tandem_calls", trunk(trunk) + ",direction=\"in\"", incoming);
            out.line("tandem_calls", trunk(trunk) + ",direction=\"out\"",
                    Math.max(0, trunk.state().calls() - incoming));
        }
        out.head("tandem_calls_limit", "gauge", "Most calls of a trunk at a time (max-calls).");
        trunks.stream().filter(trunk -> trunk.maxCalls() > 0)
                .forEach(trunk -> out.line("tandem_calls_limit", trunk(trunk), trunk.maxCalls()));
        out.head("tandem_trunk_refused_total", "counter", "Calls for which a trunk had no room, by limit.");
        for (final Trunk trunk : trunks) {
            out.line("tandem_trunk_refused_total", trunk(trunk) + ",limit=\"max_calls\"",
                    trunk.state().refusedCalls());
            out.line("tandem_trunk_refused_total", trunk(trunk) + ",limit=\"cps\"", trunk.state().refusedRate());
        }
    }

    private void total(final Total total) {
        out.single("tandem_total_calls", "gauge", "Calls in progress over all trunks, each counted once: in mode b2bua,"
                + " and with a global max-calls.", total.state().calls());
        out.head("tandem_total_calls_limit", "gauge", "Most calls at a time over all trunks (max-calls).");
        if (total.countsCalls()) {
            out.line("tandem_total_calls_limit", "", total.maxCalls());
        }
    }

    private void ended(final List<Trunk> trunks) {
        out.head("tandem_calls_total", "counter", "Attempts to call from (in) and to (out) a trunk that have ended or"
                + " been answered, in the modes with state.");
        for (final Trunk trunk : trunks) {
            for (final CallCounts.Outcome outcome : CallCounts.Outcome.values()) {
                final String labels = ",outcome=\"" + Metrics.word(outcome) + '"';
                out.line("tandem_calls_total", trunk(trunk) + ",direction=\"in\"" + labels,
                        ended(trunk, true, outcome));
                out.line("tandem_calls_total", trunk(trunk) + ",direction=\"out\"" + labels,
                        ended(trunk, false, outcome));
            }
        }
        ratio(trunks, "tandem_trunk_asr_ratio", "Share of attempts to a trunk that were answered, since the start.",
                trunk -> ended(trunk, false, CallCounts.Outcome.ANSWERED));
        ratio(trunks, "tandem_trunk_ner_ratio",
                "Share of attempts to a trunk that the network has carried to a subscriber, since the start: all but"
                        + " failed ones.",
                trunk -> attempts(trunk) - ended(trunk, false, CallCounts.Outcome.FAILED));
        spans(trunks, "tandem_post_dial_delay_seconds", CallCounts.Span.POST_DIAL_DELAY,
                "Time from the INVITE until the caller may hear something, of calls to a trunk.");
        spans(trunks, "tandem_call_setup_seconds", CallCounts.Span.SETUP,
                "Time from the INVITE to its 2xx, of calls to a trunk.");
        spans(trunks, "tandem_call_duration_seconds", CallCounts.Span.DURATION,
                "Time from the 2xx to the end, of calls to a trunk in mode b2bua.");
    }

    private void ratio(final List<Trunk> trunks, final String name, final String help,
            final ToDoubleFunction<Trunk> share) {
        out.head(name, "gauge", help);
        for (final Trunk trunk : trunks) {
            final long all = attempts(trunk);
            out.line(name, trunk(trunk), all == 0 ? Double.NaN : share.applyAsDouble(trunk) / all);
        }
    }

    private static long attempts(final Trunk trunk) {
        long sum = 0;
        for (final CallCounts.Outcome outcome : CallCounts.Outcome.values()) {
            sum += ended(trunk, false, outcome);
        }
        return sum;
    }

    private static long ended(final Trunk trunk, final boolean incoming, final CallCounts.Outcome outcome) {
        return trunk.state().ended().stream().mapToLong(counts -> counts.count(incoming, outcome)).sum();
    }

    private void spans(final List<Trunk> trunks, final String name, final CallCounts.Span span, final String help) {
        out.head(name, "histogram", help);
        for (final Trunk trunk : trunks) {
            final List<CallCounts> counts = trunk.state().ended();
            long sum = 0;
            for (int bucket = 0; bucket < CallCounts.BUCKETS; bucket++) {
                for (final CallCounts each : counts) {
                    sum += each.count(span, bucket);
                }
                out.bucket(name, trunk(trunk), bucket == CallCounts.BUCKETS - 1 ? Double.POSITIVE_INFINITY
                        : CallCounts.bound(span, bucket), sum);
            }
            out.line(name + "_sum", trunk(trunk), counts.stream().mapToLong(each -> each.totalNs(span)).sum() / 1e9);
            out.line(name + "_count", trunk(trunk), sum);
        }
    }

    private void responses(final List<Trunk> trunks) {
        out.head("tandem_responses_total", "counter", "Responses that came from (in) and went to (out) a trunk.");
        for (final Trunk trunk : trunks) {
            for (int first = 1; first <= 6; first++) {
                final String labels = ",code_class=\"" + first + "xx\"";
                out.line("tandem_responses_total", trunk(trunk) + ",direction=\"in\"" + labels,
                        ofClass(trunk, true, first));
                out.line("tandem_responses_total", trunk(trunk) + ",direction=\"out\"" + labels,
                        ofClass(trunk, false, first));
            }
        }
        out.head("tandem_response_codes_total", "counter", "Responses that came from a trunk, by status code.");
        for (final Trunk trunk : trunks) {
            final List<ResponseCounts> counts = trunk.state().responses();
            for (final int code : ResponseCounts.codes()) {
                final long sum = counts.stream().mapToLong(each -> each.code(true, code)).sum();
                if (sum > 0) {
                    out.line("tandem_response_codes_total", trunk(trunk) + ",code=\"" + code + '"', sum);
                }
            }
        }
    }

    private static long ofClass(final Trunk trunk, final boolean received, final int first) {
        return trunk.state().responses().stream().mapToLong(each -> each.ofClass(received, first)).sum();
    }

    private void peers(final List<Trunk> trunks) {
        peers(trunks, "tandem_trunk_up", "gauge", "Whether a peer takes new requests.",
                peer -> peer.state().usable() ? 1 : 0);
        out.head("tandem_trunk_state", "gauge", "State of a peer; 1 for the one that it is in.");
        for (final Trunk trunk : trunks) {
            for (final Peer peer : trunk.peers()) {
                final PeerState.State now = peer.state().state();
                for (final PeerState.State state : PeerState.State.values()) {
                    out.line("tandem_trunk_state", labels(trunk, peer) + ",state=\"" + Metrics.word(state) + '"',
                            state == now ? 1 : 0);
                }
            }
        }
        peers(trunks, "tandem_trunk_state_changes_total", "counter", "Changes of a peer's state.",
                peer -> peer.state().changes());
        out.head("tandem_trunk_ping_seconds", "histogram", "Round trips of answered probes of a peer.");
        for (final Trunk trunk : trunks) {
            for (final Peer peer : trunk.peers()) {
                ping(labels(trunk, peer), peer.state());
            }
        }
    }

    private void ways(final List<Trunk> trunks, final List<Config.Listen> listen) {
        out.head("tandem_trunk_way_up", "gauge", "Whether a peer takes new requests from one of our listen points.");
        for (final Trunk trunk : trunks) {
            for (final Peer peer : trunk.peers()) {
                for (long left = peer.state().known(); left != 0; left &= left - 1) {
                    final int way = Long.numberOfTrailingZeros(left);
                    out.line("tandem_trunk_way_up",
                            labels(trunk, peer) + ",listen=\"" + Metrics.escape(listen.get(way).toString()) + '"',
                            peer.state().state(way).usable() ? 1 : 0);
                }
            }
        }
    }

    private void ping(final String labels, final PeerState state) {
        for (final long us : PING_US) {
            out.bucket("tandem_trunk_ping_seconds", labels, us / 1e6, state.roundTripsWithin(us));
        }
        final long all = state.roundTripsWithin(Long.MAX_VALUE);
        out.bucket("tandem_trunk_ping_seconds", labels, Double.POSITIVE_INFINITY, all);
        out.line("tandem_trunk_ping_seconds_sum", labels, state.roundTripSeconds());
        out.line("tandem_trunk_ping_seconds_count", labels, all);
    }

    private void peers(final List<Trunk> trunks, final String name, final String type, final String help,
            final ToDoubleFunction<Peer> value) {
        out.head(name, type, help);
        trunks.forEach(trunk -> trunk.peers()
                .forEach(peer -> out.line(name, labels(trunk, peer), value.applyAsDouble(peer))));
    }

    private void registrations(final List<Trunk> all, final long nowNs) {
        final List<Trunk> trunks = all.stream().filter(trunk -> trunk.account().registration() != null).toList();
        out.head("tandem_trunk_registered", "gauge", "Whether our address is registered with a trunk.");
        for (final Trunk trunk : trunks) {
            out.line("tandem_trunk_registered", trunk(trunk),
                    trunk.account().registration().state(nowNs) == Registration.State.REGISTERED ? 1 : 0);
        }
        out.head("tandem_trunk_registration_left_seconds", "gauge",
                "How long our registration with a trunk still holds.");
        for (final Trunk trunk : trunks) {
            out.line("tandem_trunk_registration_left_seconds", trunk(trunk),
                    trunk.account().registration().leftNs(nowNs) / 1e9);
        }
        out.head("tandem_trunk_register_failures_total", "counter",
                "Times that a trunk did not register our address.");
        for (final Trunk trunk : trunks) {
            out.line("tandem_trunk_register_failures_total", trunk(trunk),
                    trunk.account().registration().totalFailures());
        }
    }

    private static String trunk(final Trunk trunk) {
        return "trunk=\"" + Metrics.escape(trunk.name()) + '"';
    }

    private static String labels(final Trunk trunk, final Peer peer) {
        return trunk(trunk) + ",peer=\"" + Metrics.escape(peer.hostPort()) + '"';
    }
}
