package org.tandemsip.testkit.judge;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import org.tandemsip.testkit.wire.SimAddress;
import org.tandemsip.testkit.wire.WireEvent;
import org.tandemsip.testkit.wire.WireMessage;
import org.tandemsip.testkit.wire.WireVia;

/** What an element sends upstream: I-01, I-02, I-03, I-09. */
final class ResponseRules {
    private static final long TRYING_NS = 200_000_000;
    /** When timer E of whoever sent the request has reached T2, less what the network may have taken. */
    private static final long LATE_TRYING_NS = 3_500_000_000L - WireView.SLACK_NS;

    private ResponseRules() {}

    /**
     * I-01. Every server transaction of every element: an INVITE gets at most one distinct non-2xx final, and none
     * beside a 2xx, unless the 2xx reached the proxy only after the non-2xx had gone (RFC 3261 section 16.7 step 5
     * forwards it then); a non-INVITE gets at most one distinct final. A stateful proxy answers every INVITE it took,
     * unless it crashed. No proxy leaves a request from a trusted source without any reaction, unless it is a copy that
     * came after the end of its transaction. Stateless proxies are held to this
     * only in runs without crashes and streams: they pass on what others send, and over a stream the server downstream
     * keeps no transaction that would know a retransmission again (timers I and J are 0).
     */
    static void i01ExactlyOneFinal(final WireView view, final Findings findings) {
        for (final ServerSide server : view.servers) {
            final List<WireEvent> refusals = distinct(server, 300, 699);
            final List<WireEvent> successes = distinct(server, 200, 299);
            final boolean passedOn = server.stateless()
                    || server.request().method().equals("CANCEL") && !server.forwards.isEmpty();
            if (server.mode == '?' || server.transitional() || passedOn && (view.anyCrash() || view.anyStream())) {
                continue;
            }
            if (refusals.size() > 1 || !server.invite && refusals.size() + successes.size() > 1) {
                findings.add("I-01", server, "distinct finals: " + lines(refusals) + lines(successes));
            }
            if (server.invite && !refusals.isEmpty() && !successes.isEmpty() && !lateSuccess(server, refusals.get(0))) {
                findings.add("I-01", server, "2xx and non-2xx: " + lines(refusals) + lines(successes));
            }
            if (view.isProxy(server.element)) {
                reaction(view, server, findings);
            }
        }
    }

    private static void reaction(final WireView view, final ServerSide server, final Findings findings) {
        if (server.crashed()) {
            return;
        }
        final ProxyFacts proxy = view.proxies.get(server.element);
        final boolean trusted = proxy.trusted().contains(server.first.packet().from().host());
        if (trusted && !view.livedBefore(server) && server.forwards.isEmpty() && server.responses.isEmpty()) {
            findings.add("I-01", server, "neither forwarded nor answered");
        }
        if (server.invite && server.stateful() && server.firstFinal() == null && !view.livedBefore(server)) {
            findings.add("I-01", server, "stateful INVITE without a final response");
        }
    }

    /** Whether every 2xx of {@code server} reached the proxy after {@code refusal} had been sent. */
    private static boolean lateSuccess(final ServerSide server, final WireEvent refusal) {
        for (final ClientSide forward : server.forwards) {
            final WireEvent success = forward.firstResponse(200, 299);
            if (success != null && success.timeNs() - refusal.timeNs() + WireView.SLACK_NS < 0) {
                return false;
            }
        }
        return !server.forwards.isEmpty();
    }

    /**
     * I-02. After its first final, a stateful proxy or agent sends nothing in that transaction but the same bytes
     * again, or for INVITE a 2xx (after a 2xx, or late as in I-01). So no 1xx ever follows a final. Stateless proxies
     * are exempt, they pass on what overtakes on the network; so are transactions begun within 64*T1 after a switch
     * from stateless, whose late responses are passed on like stateless ones.
     */
    static void i02NothingAfterFinal(final WireView view, final Findings findings) {
        for (final ServerSide server : view.servers) {
            final WireEvent last = server.firstFinal();
            final boolean cancelPassedOn = server.request().method().equals("CANCEL") && !server.forwards.isEmpty();
            if (last == null || cancelPassedOn || server.stateless() || server.mode == '?' || server.transitional()) {
                continue;
            }
            for (final WireEvent event : server.responses) {
                final boolean later = event.index() > last.index();
                final boolean same = Arrays.equals(event.packet().bytes(), last.packet().bytes());
                final boolean success = server.invite && event.message().status() / 100 == 2;
                if (later && !same && !success) {
                    findings.add("I-02", server,
                            event.message().startLine() + " after " + last.message().startLine());
                }
            }
        }
        for (final WireEvent orphan : view.orphans) {
            if (!view.crashes.containsKey(orphan.element())) {
                findings.add("I-02", orphan.element(), orphan.message().callId(),
                        "response to a request it never got: " + orphan.message());
            }
        }
    }

    /**
     * I-03. A stateful proxy sends its own 100 to INVITE, at most one per copy of the INVITE it got, without anything
     * of a downstream agent in it, and within 200 ms unless another response went out by then. A stateless proxy sends
     * no more 100s than it got. A non-INVITE gets no 1xx but a 100, over UDP not before 3.5 s (RFC 4320 section 4.1).
     */
    static void i03TryingIsOurOwn(final WireView view, final Findings findings) {
        for (final ServerSide server : view.servers) {
            if (!view.isProxy(server.element) || server.transitional()) {
                continue;
            }
            int tryings = 0;
            for (final WireEvent event : server.responses) {
                final WireMessage message = event.message();
                if (message.status() < 200 && !server.invite && !server.stateless() && (message.status() != 100
                        || !server.stream() && event.timeNs() - server.first.timeNs() < LATE_TRYING_NS)) {
                    findings.add("I-03", server, "1xx to a non-INVITE: " + message.startLine());
                }
                if (message.status() != 100) {
                    continue;
                }
                tryings++;
                if (server.stateful() && message.first("x-sim-agent") != null) {
                    findings.add("I-03", server, "100 of " + message.first("x-sim-agent") + " forwarded");
                }
            }
            if (server.stateful()) {
                if (tryings > server.requests.size()) {
                    findings.add("I-03", server, tryings + " times 100 for " + server.requests.size() + " requests");
                }
                if (!view.livedBefore(server)) {
                    prompt(server, findings);
                }
            } else if (server.stateless() && tryings > received100(server)) {
                findings.add("I-03", server, "stateless, but a 100 of its own");
            }
        }
    }

    private static void prompt(final ServerSide server, final Findings findings) {
        if (!server.invite || server.crashedNs - server.first.timeNs() < TRYING_NS) {
            return;
        }
        if (server.responses.isEmpty()
                || server.responses.get(0).timeNs() - server.first.timeNs() > TRYING_NS + WireView.SLACK_NS) {
            findings.add("I-03", server, "no response within 200 ms");
        }
    }

    private static int received100(final ServerSide server) {
        int count = 0;
        for (final ClientSide forward : server.forwards) {
            for (final WireEvent event : forward.responses) {
                count += event.message().status() == 100 ? 1 : 0;
            }
        }
        return count;
    }

    /**
     * I-09. Every response goes to where one of the copies of its request came from: over UDP to that source address,
     * and to its source port where the topmost Via asks for rport, else to that port or the one of sent-by (RFC 3581,
     * RFC 3261 section 18.2.2); over a stream on the connection of the request, or when that has been closed on another
     * one to the same host. (When an agent has closed its own end, the log does not say.)
     */
    static void i09ResponseToSource(final WireView view, final Findings findings) {
        for (final ServerSide server : view.servers) {
            for (final WireEvent event : server.responses) {
                if (server.requests.stream().noneMatch(request -> fits(view, event, request))) {
                    findings.add("I-09", server, "response to " + event.packet().to() + " tcp"
                            + event.packet().connection() + " for a request from " + server.first.packet().from());
                }
            }
        }
    }

    private static boolean fits(final WireView view, final WireEvent response, final WireEvent request) {
        final SimAddress source = request.packet().from();
        final SimAddress target = response.packet().to();
        final WireVia via = request.message().topVia();
        if (!target.host().equals(source.host()) || response.packet().stream() != request.packet().stream()) {
            return false;
        }
        if (request.packet().stream()) {
            return response.packet().connection() == request.packet().connection() || target.port() == via.port()
                    && (!view.isProxy(response.element()) || view.streamGone(request, response));
        }
        return target.port() == source.port() || !via.params().containsKey("rport") && target.port() == via.port();
    }

    private static List<WireEvent> distinct(final ServerSide server, final int from, final int to) {
        final List<WireEvent> found = new ArrayList<>(2);
        for (final WireEvent event : server.responses) {
            final int status = event.message().status();
            if (status >= from && status <= to && found.stream().noneMatch(
                    other -> Arrays.equals(other.packet().bytes(), event.packet().bytes()))) {
                found.add(event);
            }
        }
        return found;
    }

    private static String lines(final List<WireEvent> events) {
        final StringBuilder text = new StringBuilder();
        events.forEach(event -> text.append(event.message().startLine()).append(" (tag ").append(
                event.message().toTag()).append(") "));
        return text.toString();
    }
}
