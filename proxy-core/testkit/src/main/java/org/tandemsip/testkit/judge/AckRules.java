package org.tandemsip.testkit.judge;

import java.util.HashMap;
import java.util.Map;

import org.tandemsip.testkit.wire.WireEvent;
import org.tandemsip.testkit.wire.WireMessage;
import org.tandemsip.testkit.wire.WireVia;

/** ACK: I-07. */
final class AckRules {
    private static final long SURE_NS = 31_000_000_000L;
    private static final long TIMER_C_NS = 180_000_000_000L;

    private AckRules() {}

    /**
     * I-07. For a non-2xx a stateful proxy or agent sends an ACK of its own: same branch, Request-URI and place as the
     * INVITE, To of the response, one Via; never more than non-2xx came, and at least one when the first of them came
     * while the client transaction was surely alive. The ACK for a non-2xx that a stateful proxy sent over UDP is not
     * forwarded (over a stream timer I is 0). Every ACK for a 2xx that reaches a living proxy from a trusted source is
     * forwarded, copy for copy. No ACK is ever answered, by anybody.
     */
    static void i07AckHopByHopOrEndToEnd(final WireView view, final Findings findings) {
        for (final ClientSide invite : view.clients) {
            final boolean transitional = invite.server != null && invite.server.transitional();
            if (invite.invite && !transitional && (invite.mode() == 't' || invite.mode() == 'a')) {
                hopByHop(invite, findings);
            }
        }
        endToEnd(view, findings);
        for (final WireEvent event : view.log.events()) {
            if (event.kind() == WireEvent.Kind.SENT && event.message() != null && !event.message().isRequest()
                    && event.message().method().equals("ACK")) {
                findings.add("I-07", event.element(), event.message().callId(), "ACK answered: " + event.message());
            }
        }
    }

    private static void hopByHop(final ClientSide invite, final Findings findings) {
        final long refusals = invite.responses.stream().filter(event -> event.message().status() >= 300).count();
        if (invite.acks.size() > refusals) {
            findings.add("I-07", invite, invite.acks.size() + " ACKs for " + refusals + " non-2xx");
        }
        final WireEvent last = invite.firstFinal();
        if (last != null && last.message().status() >= 300 && invite.acks.isEmpty() && surelyAlive(invite, last)) {
            findings.add("I-07", invite, "no ACK for " + last.message().startLine());
        }
        for (final WireEvent event : invite.acks) {
            final WireMessage ack = event.message();
            final boolean known = invite.responses.stream().anyMatch(
                    response -> response.message().one("to").equals(ack.one("to")));
            if (!ack.uri().equals(invite.request().uri()) || ack.vias().size() != 1 || !known
                    || !ack.topVia().raw().equals(invite.request().topVia().raw())
                    || !ack.all("route").equals(invite.request().all("route"))
                    || !event.packet().to().host().equals(invite.destination().host())) {
                findings.add("I-07", invite, "ACK does not fit: " + ack + " to " + event.packet().to());
            }
        }
    }

    /** Whether a final that came then found the client transaction in Calling or Proceeding. */
    private static boolean surelyAlive(final ClientSide invite, final WireEvent last) {
        final WireEvent provisional = invite.firstResponse(100, 199);
        final boolean fast = last.timeNs() - invite.first.timeNs() < SURE_NS;
        final boolean cancelledLong = invite.partner != null
                && last.timeNs() - invite.partner.first.timeNs() > SURE_NS;
        WireEvent recent = provisional;
        for (final WireEvent event : invite.responses) {
            recent = event.message().status() < 200 && event.index() < last.index() ? event : recent;
        }
        // One that comes after timer B finds nothing, and neither does what follows it.
        final boolean rang = provisional != null && provisional.index() < last.index()
                && provisional.timeNs() - invite.first.timeNs() < SURE_NS
                && last.timeNs() - recent.timeNs() < TIMER_C_NS;
        final boolean dead = invite.crashedNs - last.timeNs() < WireView.SLACK_NS
                || invite.streamFailedNs - last.timeNs() < WireView.SLACK_NS;
        return !dead && !cancelledLong && (fast || rang);
    }

    private static void endToEnd(final WireView view, final Findings findings) {
        final Map<String, Integer> balance = new HashMap<>();
        for (final WireEvent event : view.acksSent) {
            if (!view.isProxy(event.element())) {
                continue;
            }
            final WireMessage ack = event.message();
            if (ack.vias().size() < 2) {
                findings.add("I-07", event.element(), ack.callId(), "ACK out of nowhere: " + ack);
                continue;
            }
            final WireVia from = ack.vias().get(1);
            for (final ServerSide server : view.servers) {
                if (server.element.equals(event.element()) && server.invite && server.stateful()
                        && server.request().topVia().branch().equals(from.branch()) && server.firstFinal() != null
                        && server.firstFinal().message().status() >= 300 && !server.crashed()
                        && !server.transitional() && !server.stream()) {
                    findings.add("I-07", server, "ACK for a non-2xx forwarded");
                }
            }
            balance.merge(event.element() + from.branch(), -1, Integer::sum);
        }
        for (final WireEvent event : view.acksDelivered) {
            final ProxyFacts proxy = view.proxies.get(event.element());
            if (proxy != null && proxy.trusted().contains(event.packet().from().host())) {
                balance.merge(event.element() + event.message().topVia().branch(), 1, Integer::sum);
            }
        }
        for (final WireEvent event : view.acksDelivered) {
            final boolean lostInCrash = view.crashedBetween(event.element(), event.timeNs(),
                    event.timeNs() + WireView.SLACK_NS);
            final Integer left = balance.remove(event.element() + event.message().topVia().branch());
            if (left != null && left > 0 && !lostInCrash && answered(view, event.message())) {
                findings.add("I-07", event.element(), event.message().callId(),
                        left + " ACK for a 2xx not forwarded: " + event.message());
            }
        }
    }

    /**
     * Whether some agent sent a 2xx that this ACK is for; after a crash an ACK for a proxy's own non-2xx looks alike.
     */
    private static boolean answered(final WireView view, final WireMessage ack) {
        for (final ServerSide server : view.servers) {
            for (final WireEvent response : server.responses) {
                final WireMessage message = response.message();
                if (server.invite && message.status() / 100 == 2 && message.callId().equals(ack.callId())
                        && message.toTag().equals(ack.toTag()) && message.cseq() == ack.cseq()) {
                    return true;
                }
            }
        }
        return false;
    }
}
