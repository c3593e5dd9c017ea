package org.tandemsip.testkit.judge;

import java.util.Arrays;
import java.util.List;

import org.tandemsip.testkit.wire.WireEvent;
import org.tandemsip.testkit.wire.WireMessage;

/** CANCEL and what crosses it: I-04, I-05, I-06. */
final class CancelRules {
    private CancelRules() {}

    /**
     * I-04. A CANCEL for an INVITE that a stateful proxy holds (its request had come before and its last timer has not
     * ended) is answered by the proxy itself with 200, at least once unless it crashed, and with nothing else; the
     * INVITE sees at most one distinct 487 (part of I-01). A CANCEL for nothing the proxy holds is answered 481 or
     * passed on (RFC 3261 section 16.10).
     */
    static void i04CancelGets200(final WireView view, final Findings findings) {
        for (final ServerSide cancel : view.servers) {
            if (!cancel.request().method().equals("CANCEL") || !view.isProxy(cancel.element)) {
                continue;
            }
            final ServerSide invite = cancelled(view, cancel);
            if (invite == null || !invite.stateful() || invite.forwards.isEmpty()) {
                continue;
            }
            if (cancel.responses.isEmpty() && !cancel.crashed()) {
                findings.add("I-04", cancel, "CANCEL of a held INVITE without an answer");
            }
            for (final WireEvent response : cancel.responses) {
                if (response.message().status() != 200) {
                    findings.add("I-04", cancel, "answered " + response.message().startLine());
                }
            }
        }
    }

    private static ServerSide cancelled(final WireView view, final ServerSide cancel) {
        final String key = cancel.key.replace("|CANCEL", "|INVITE");
        ServerSide found = null;
        for (final ServerSide server : view.servers) {
            final boolean before = server.first.timeNs() - cancel.first.timeNs() + WireView.SLACK_NS < 0;
            final boolean held = server.goneNs() == WireView.NEVER_NS
                    || server.goneNs() - cancel.first.timeNs() > WireView.SLACK_NS;
            if (server.element.equals(cancel.element) && server.key.equals(key) && before && held
                    && server.crashedNs - cancel.first.timeNs() > 0) {
                found = server;
            }
        }
        return found;
    }

    /**
     * I-05. A CANCEL that a stateful proxy or an agent makes goes out only after a provisional for that branch arrived
     * and before a final did, to the same place, with the INVITE's Request-URI, topmost Via, From, To, Call-ID, CSeq
     * number and Routes; all copies are the same bytes. A CANCEL passed on without state goes with the branch and to
     * the place of the INVITE, when that was passed on without state too.
     */
    static void i05CancelAfterProvisional(final WireView view, final Findings findings) {
        for (final ClientSide cancel : view.clients) {
            if (!cancel.request().method().equals("CANCEL")) {
                continue;
            }
            if (cancel.mode() == 's') {
                sameWay(view, cancel, findings);
                continue;
            }
            if (cancel.mode() == '?') {
                continue;
            }
            final ClientSide invite = cancel.partner;
            if (invite == null) {
                findings.add("I-05", cancel, "CANCEL of a branch that carried no INVITE");
                continue;
            }
            final WireEvent provisional = invite.firstResponse(100, 199);
            if (provisional == null || provisional.index() > cancel.first.index()) {
                findings.add("I-05", cancel, "CANCEL before a provisional");
            }
            final WireEvent last = invite.firstFinal();
            if (last != null && cancel.first.timeNs() - last.timeNs() > WireView.SLACK_NS) {
                findings.add("I-05", cancel, "CANCEL after " + last.message().startLine());
            }
            for (final WireEvent again : cancel.requests) {
                if (!Arrays.equals(again.packet().bytes(), cancel.first.packet().bytes())) {
                    findings.add("I-05", cancel, "second CANCEL differs from the first");
                }
            }
            sameRequest(cancel, invite, findings);
        }
    }

    private static void sameRequest(final ClientSide cancel, final ClientSide invite, final Findings findings) {
        final WireMessage a = cancel.request();
        final WireMessage b = invite.request();
        if (!cancel.destination().host().equals(invite.destination().host())
                || !cancel.stream() && !cancel.destination().equals(invite.destination())) {
            findings.add("I-05", cancel,
                    "INVITE went to " + invite.destination() + ", CANCEL to " + cancel.destination());
        }
        if (!a.uri().equals(b.uri()) || !a.topVia().raw().equals(b.topVia().raw()) || a.vias().size() != 1
                || !a.one("from").equals(b.one("from")) || !a.one("to").equals(b.one("to")) || a.cseq() != b.cseq()
                || !a.callId().equals(b.callId()) || !a.all("route").equals(b.all("route"))) {
            findings.add("I-05", cancel, "CANCEL does not repeat its INVITE " + b.startLine());
        }
    }

    private static void sameWay(final WireView view, final ClientSide cancel, final Findings findings) {
        final List<ClientSide> invites = view.clients.stream().filter(client -> client.invite
                && client.element.equals(cancel.element) && client.mode() == 's' && client.request().vias().size() > 1
                && sameCall(client, cancel)).toList();
        if (!invites.isEmpty()
                && invites.stream().noneMatch(invite -> invite.branch().equals(cancel.branch())
                        && invite.destination().host().equals(cancel.destination().host()))) {
            findings.add("I-05", cancel, "stateless CANCEL does not follow its INVITE");
        }
    }

    private static boolean sameCall(final ClientSide invite, final ClientSide cancel) {
        return invite.callId().equals(cancel.callId()) && invite.request().cseq() == cancel.request().cseq()
                && invite.request().fromTag().equals(cancel.request().fromTag())
                && invite.request().vias().get(1).branch().equals(cancel.request().vias().get(1).branch());
    }

    /**
     * I-06. Every copy of a 2xx to INVITE that reaches a living stateful proxy is sent upstream, one for one and per To
     * tag, retransmissions included, until timer L or M ends it; and when the first of them came before any final had
     * been sent, no non-2xx goes upstream, whether a CANCEL crossed it or not.
     */
    static void i06SuccessBeatsCancel(final WireView view, final Findings findings) {
        for (final ServerSide server : view.servers) {
            if (!server.invite || !server.stateful() || server.crashed()) {
                continue;
            }
            final WireEvent upstream = server.firstFinal();
            for (final ClientSide forward : server.forwards) {
                final WireEvent success = forward.firstResponse(200, 299);
                if (success == null || forward.firstFinal() != success) {
                    continue;
                }
                final long beganNs =
                        upstream == null ? success.timeNs() : Math.min(success.timeNs(), upstream.timeNs());
                final long heldNs = beganNs + 32_000_000_000L - WireView.SLACK_NS;
                final boolean first = upstream == null || upstream.timeNs() - success.timeNs() >= 0;
                if (first && upstream != null && upstream.message().status() >= 300
                        && upstream.timeNs() - success.timeNs() > WireView.SLACK_NS) {
                    findings.add("I-06", server, upstream.message().startLine() + " though a 2xx had come");
                }
                if (first || upstream.message().status() < 300) {
                    onePerCopy(server, forward, heldNs, findings);
                }
            }
        }
    }

    private static void onePerCopy(final ServerSide server, final ClientSide forward, final long heldNs,
            final Findings findings) {
        for (final WireEvent got : forward.responses) {
            final String tag = got.message().toTag();
            final boolean success = got.message().status() / 100 == 2;
            final long in = forward.responses.stream().filter(event -> event.message().status() / 100 == 2
                    && event.message().toTag().equals(tag) && event.timeNs() - heldNs < 0).count();
            final long out = server.responses.stream().filter(event -> event.message().status() / 100 == 2
                    && event.message().toTag().equals(tag)).count();
            if (success && got.timeNs() - heldNs < 0 && out < in) {
                findings.add("I-06", server, in + " copies of a 2xx (tag " + tag + ") came, " + out + " went");
                return;
            }
        }
    }
}
