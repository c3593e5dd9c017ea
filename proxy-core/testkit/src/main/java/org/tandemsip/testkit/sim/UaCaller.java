package org.tandemsip.testkit.sim;

import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;

import org.tandemsip.testkit.MessageText;
import org.tandemsip.testkit.wire.SimAddress;
import org.tandemsip.testkit.wire.WireMessage;

/** The calling side of one call or stand-alone request: plays a {@link UacPlan}. */
final class UaCaller implements UaClientTx.Listener {
    private final SimUa ua;
    private final UacPlan plan;
    private final String uri;
    private final String callId;
    private final Map<String, UaDialog> dialogs = new HashMap<>();
    /** What provisional responses and 2xx have begun, by the other side's tag. */
    private final Map<String, UaDialog> known = new HashMap<>();
    private final Map<String, MessageText> acks = new HashMap<>();
    private UaClientTx transaction;
    private SimLoop.Task patience;
    private boolean cancelWanted;
    private boolean cancelSent;
    private boolean reported;
    /** Refer-To, as it is to be by then; gives {@code null} where nobody can be named. */
    private Supplier<String> referTo;

    UaCaller(final SimUa ua, final UacPlan plan, final String uri, final String callId) {
        this.ua = ua;
        this.plan = plan;
        this.uri = uri;
        this.callId = callId;
    }

    /** Refers who was called to {@code other}, halfway through the call. */
    UaCaller refers(final Supplier<String> other) {
        referTo = other;
        return this;
    }

    /** What a URI says of its dialog by Replaces (RFC 3891); {@code null} while there is none. */
    String replaces() {
        return dialogs.values().stream().filter(dialog -> !dialog.over()).map(UaDialog::replaces).findFirst()
                .orElse(null);
    }

    void start() {
        final boolean call = plan.kind() != UacPlan.Kind.OPTIONS && plan.kind() != UacPlan.Kind.MESSAGE;
        final String method = call ? "INVITE" : plan.kind().name();
        final SimAddress destination = ua.outbound() != null ? ua.outbound() : hostOf(uri);
        final MessageText text = MessageText.request(method, uri)
                .header("Via", ua.via(ua.newBranch(), ua.stream()))
                .header("Max-Forwards", plan.maxForwards() < 0 ? null : "" + plan.maxForwards())
                .header("From", "\"A, \\\"B\" <sip:" + ua.name() + "@pbx.example>;tag=" + ua.newTag())
                .header("To", "<" + uri + ">")
                .header("Call-ID", callId)
                .header("CSeq", "1 " + method)
                .header("X-Unknown", "a, b ;c=\"d\"")
                .header("Contact", call ? ua.contact() : null)
                .header("Allow", "INVITE, ACK, BYE, CANCEL, OPTIONS")
                .header("Supported", call && ua.reliable() ? "100rel" : null)
                .body(call ? "application/sdp" : "text/plain", "v=0\r\n" + "x".repeat(plan.bodyBytes()));
        if (plan.shaped()) {
            text.shaped(ua.random());
        }
        transaction = ua.send(text, destination, ua.stream(), this);
        if (call) {
            final long afterMs = plan.kind() == UacPlan.Kind.CANCEL ? plan.cancelAfterMs() : plan.patienceMs();
            patience = ua.loop().after(afterMs * UaTimers.MS, this::giveUp);
        }
        if (plan.kind() == UacPlan.Kind.LATE_RETRANSMISSION && !ua.stream()) {
            final long lateNs = ua.random().nextLong(UaTimers.T4, 28_000 * UaTimers.MS);
            ua.lateCopy(destination, text.bytes(), lateNs);
        }
    }

    /** Host, port of a SIP URI whose host is an address. */
    static SimAddress hostOf(final String uri) {
        final String rest = uri.substring(uri.indexOf(':') + 1);
        final String hostPort = rest.substring(rest.indexOf('@') + 1).split("[;?>]")[0];
        return SimAddress.of(hostPort);
    }

    @Override
    public void onResponse(final WireMessage response) {
        if (response.status() < 200) {
            if (cancelWanted) {
                cancel();
            }
            onProvisional(response);
        } else if (response.status() < 300 && transaction.request().method().equals("INVITE")) {
            onAnswer(response);
        } else {
            over(response.status(), true, "final");
        }
    }

    @Override
    public void onFailure() {
        over(0, true, "no answer");
    }

    private void onProvisional(final WireMessage response) {
        if (!ua.reliable() || response.first("rseq") == null || transaction.finished()) {
            return;
        }
        final UaDialog dialog = dialog(response);
        ua.addEarly(dialog);
        dialog.onProvisional(response, true, () -> {
            if (!transaction.finished() && ua.updates(3)) {
                dialog.update(!response.body().isEmpty());
            }
        });
    }

    private UaDialog dialog(final WireMessage response) {
        return known.computeIfAbsent(response.toTag(),
                tag -> UaDialog.ofCaller(ua, transaction.request(), response));
    }

    private void onAnswer(final WireMessage response) {
        if (patience != null) {
            patience.cancel();
        }
        if (plan.kind() == UacPlan.Kind.NO_ACK) {
            if (!dialogs.containsKey(response.toTag())) {
                final UaDialog dialog = dialog(response);
                dialogs.put(response.toTag(), dialog);
                ua.add(dialog);
                dialog.onEnd(() -> over(response.status(), dialog.clean(), "ended without ACK"));
                ua.loop().after(4 * UaTimers.T1_64, dialog::bye);
            }
            return;
        }
        final MessageText again = acks.get(response.toTag());
        if (again != null) {
            dialogs.get(response.toTag()).sendAck(again);
            return;
        }
        final UaDialog dialog = dialog(response);
        final boolean first = dialogs.isEmpty();
        dialogs.put(response.toTag(), dialog);
        ua.add(dialog);
        final MessageText ack = dialog.ack(response.cseq());
        acks.put(response.toTag(), ack);
        dialog.sendAck(ack);
        if (!first || cancelSent) {
            dialog.onEnd(() -> over(response.status(), dialog.clean(), "late or second answer"));
            dialog.bye();
            return;
        }
        dialog.onEnd(() -> over(response.status(), dialog.clean(), "call over"));
        final long holdNs = plan.holdMs() * UaTimers.MS;
        if (plan.kind() == UacPlan.Kind.REINVITE || plan.kind() == UacPlan.Kind.GLARE) {
            ua.loop().after(holdNs / 2, dialog::reInvite);
        }
        if (referTo != null) {
            ua.loop().after(holdNs / 2, () -> dialog.refer(referTo.get()));
        }
        // A caller that waits for the other side to hang up still ends the call when that never comes.
        if (ua.updates(2)) {
            ua.loop().after(holdNs / 2 + ua.random().nextInt(50) * UaTimers.MS, () -> dialog.update(true));
        }
        ua.loop().after(plan.calleeHangsUp() ? holdNs + 2 * UaTimers.T1_64 : holdNs, dialog::bye);
    }

    private void giveUp() {
        if (transaction.finished()) {
            return;
        }
        cancelWanted = true;
        if (transaction.proceeding()) {
            cancel();
        }
    }

    /** Section 9.1: only after a provisional, once, with the request's branch. */
    private void cancel() {
        if (cancelSent || transaction.finished()) {
            return;
        }
        cancelSent = true;
        final WireMessage invite = transaction.request();
        final MessageText cancel = MessageText.request("CANCEL", invite.uri())
                .header("Via", invite.topVia().raw())
                .header("Max-Forwards", "70")
                .headers("Route", invite.all("route"))
                .header("From", invite.one("from"))
                .header("To", invite.one("to"))
                .header("Call-ID", invite.callId())
                .header("CSeq", invite.cseq() + " CANCEL");
        ua.send(cancel, transaction.destination(), transaction.overStream(), new UaClientTx.Listener() {
            @Override
            public void onResponse(final WireMessage response) {
                // The INVITE's own final response says how it ended.
            }

            @Override
            public void onFailure() {
                ua.note("CANCEL of " + callId + " failed");
            }
        });
        ua.loop().after(UaTimers.T1_64, () -> {
            if (!transaction.finished()) {
                transaction.abandon();
                over(0, true, "abandoned after CANCEL");
            }
        });
    }

    private void over(final int status, final boolean byeOk, final String note) {
        if (patience != null) {
            patience.cancel();
        }
        if (!reported) {
            reported = true;
            ua.finish(new UacResult(plan, uri, callId, status, byeOk, note));
        }
    }
}
