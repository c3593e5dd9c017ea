package org.tandemsip.testkit.judge;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import org.tandemsip.testkit.wire.WireEvent;

/** Timers: I-12. */
final class TimerRules {
    private static final long T1 = 500_000_000L;
    private static final long T2 = 4_000_000_000L;
    private static final long T1_64 = 64 * T1;
    private static final long TIMER_C_LEAST = 180_000_000_000L;

    private TimerRules() {}

    /**
     * I-12. Over UDP, to the nanosecond: a stateful proxy or agent sends INVITE at 0, T1, 3 T1, 7 T1 ... 63 T1 and any
     * other request at 0, T1, 3 T1, 7 T1, then every T2, until a response (for a non-INVITE: a final one; after a 100
     * the interval is T2) comes or 64*T1 have passed; all of these and no others. A non-2xx final to INVITE is
     * repeated at T1, 3 T1, 7 T1, then every T2, until the ACK comes or 64*T1 have passed; other copies only in answer
     * to a copy of the INVITE. Over streams nothing is repeated but by the sender of the INVITE. A stateless proxy
     * sends a request as often as it came, and once more over UDP where TCP was tried for its size. A stateful proxy
     * that cancels a branch on its own (no CANCEL from upstream, no 2xx or 6xx elsewhere) does so no earlier than 180 s
     * after the last provisional. That nothing outlives its timers is I-20.
     */
    static void i12TimersToTheNanosecond(final WireView view, final Findings findings) {
        for (final ClientSide client : view.clients) {
            if (client.mode() == 's') {
                asOften(client, findings);
            } else if (client.mode() != '?') {
                requestSchedule(client, findings);
            }
            if (client.invite && client.partner != null && view.isProxy(client.element)) {
                timerC(view, client, findings);
            }
        }
        for (final ServerSide server : view.servers) {
            // What a proxy refuses itself, it refuses without state (section 8.2.7): no timer G.
            if (server.invite && (server.stateful() && !server.forwards.isEmpty() && !server.transitional()
                    || !view.isProxy(server.element))) {
                finalSchedule(server, findings);
            }
        }
    }

    private static void asOften(final ClientSide client, final Findings findings) {
        final long overStreams = client.requests.stream().filter(event -> event.packet().stream()).count();
        final long most = Math.max(overStreams, client.requests.size() - overStreams);
        if (client.server != null && most > client.server.requests.size()) {
            findings.add("I-12", client, "stateless: sent " + client.requests.size() + " times, came "
                    + client.server.requests.size() + " times");
        }
    }

    /**
     * Times of timer A, or {@code capped} of timers E and G; a 1xx at {@code provisionalNs} lets the next interval be
     * T2.
     */
    private static List<Long> schedule(final long startNs, final boolean capped, final long provisionalNs) {
        final List<Long> times = new ArrayList<>();
        long interval = T1;
        for (long at = startNs; at - startNs < T1_64; at += interval) {
            interval = times.isEmpty() ? T1 : 2 * interval;
            if (capped && !times.isEmpty()) {
                interval = at >= provisionalNs ? T2 : Math.min(interval, T2);
            }
            times.add(at);
        }
        return times;
    }

    private static void requestSchedule(final ClientSide client, final Findings findings) {
        final List<Long> sent = client.requests.stream().map(WireEvent::timeNs).toList();
        if (client.stream()) {
            if (sent.size() != 1) {
                findings.add("I-12", client, "sent " + sent.size() + " times over a stream");
            }
            return;
        }
        long untilNs = client.crashedNs;
        final WireEvent stop = client.invite ? client.firstResponse(100, 699) : client.firstFinal();
        if (stop != null) {
            untilNs = Math.min(untilNs, stop.timeNs());
        }
        final WireEvent provisional = client.firstResponse(100, 199);
        final long provisionalNs = provisional == null ? WireView.NEVER_NS : provisional.timeNs();
        compare(client.first.timeNs(), sent, schedule(client.first.timeNs(), !client.invite, provisionalNs), untilNs,
                text -> findings.add("I-12", client, text));
    }

    private static void compare(final long startNs, final List<Long> sent, final List<Long> due, final long untilNs,
            final java.util.function.Consumer<String> complain) {
        for (final long at : due) {
            if (at - untilNs < 0 && !sent.contains(at)) {
                complain.accept("nothing sent at " + ms(at - startNs) + " ms, only at " + all(startNs, sent));
                return;
            }
        }
        if (sent.stream().distinct().count() != sent.size()) {
            complain.accept("sent twice at once: " + all(startNs, sent));
        }
        for (final long at : sent) {
            if (!due.contains(at) || at - untilNs > WireView.SLACK_NS) {
                complain.accept("sent at " + ms(at - startNs) + " ms, which is not due; all: " + all(startNs, sent));
                return;
            }
        }
    }

    private static void finalSchedule(final ServerSide server, final Findings findings) {
        final WireEvent last = server.firstFinal();
        if (last == null || last.message().status() < 300 || last.packet().stream()) {
            return;
        }
        final long untilNs = Math.min(server.crashedNs,
                server.acks.isEmpty() ? WireView.NEVER_NS : server.acks.get(0).timeNs());
        final List<Long> sent = new ArrayList<>();
        final List<Long> due = schedule(last.timeNs(), true, WireView.NEVER_NS);
        int asked = 0;
        for (final WireEvent response : server.responses) {
            if (response.index() < last.index()
                    || !Arrays.equals(response.packet().bytes(), last.packet().bytes())) {
                continue;
            }
            if (due.contains(response.timeNs()) && !sent.contains(response.timeNs())) {
                sent.add(response.timeNs());
            } else {
                asked++;
            }
        }
        compare(last.timeNs(), sent, due, untilNs, text -> findings.add("I-12", server, "timer G: " + text));
        if (asked > server.requests.size() - 1) {
            findings.add("I-12", server, asked + " finals outside timer G for " + server.requests.size() + " requests");
        }
    }

    private static void timerC(final WireView view, final ClientSide invite, final Findings findings) {
        final ClientSide cancel = invite.partner;
        final ServerSide server = invite.server;
        if (server == null || cancel.mode() != 't') {
            return;
        }
        final boolean asked = view.servers.stream().anyMatch(other -> other.element.equals(server.element)
                && other.key.equals(server.key.replace("|INVITE", "|CANCEL"))
                && other.first.index() < cancel.first.index());
        final boolean decided = server.forwards.stream().anyMatch(other -> other.firstFinal() != null
                && other.firstFinal().index() < cancel.first.index()
                && (other.firstFinal().message().status() >= 600 || other.firstFinal().message().status() < 300));
        WireEvent recent = invite.first;
        for (final WireEvent event : invite.responses) {
            recent = event.message().status() > 100 && event.index() < cancel.first.index() ? event : recent;
        }
        if (!asked && !decided && cancel.first.timeNs() - recent.timeNs() < TIMER_C_LEAST) {
            findings.add("I-12", invite, "cancelled without a cause "
                    + ms(cancel.first.timeNs() - recent.timeNs()) + " ms after the last provisional");
        }
    }

    private static long ms(final long ns) {
        return ns / 1_000_000;
    }

    private static String all(final long startNs, final List<Long> times) {
        return times.stream().map(time -> ms(time - startNs)).toList().toString();
    }
}
