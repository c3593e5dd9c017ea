package org.tandemsip.testkit.sim;

import org.tandemsip.testkit.MessageText;
import org.tandemsip.testkit.wire.WireMessage;

/**
 * A 2xx to an INVITE and its repetition until the ACK comes (RFC 3261 section 13.3.1.4); without one the dialog is
 * ended by BYE after 64*T1.
 */
final class UaAnswer {
    private final SimUa ua;
    private final UaServerTx transaction;
    private final UaDialog dialog;
    private final String localTag;
    private byte[] response;
    private boolean described;
    private long intervalNs = UaTimers.T1;
    private SimLoop.Task repeat;
    private SimLoop.Task giveUp;
    private Runnable onConfirmed = () -> {
    };

    UaAnswer(final SimUa ua, final UaServerTx transaction, final UaDialog dialog, final String localTag) {
        this.ua = ua;
        this.transaction = transaction;
        this.dialog = dialog;
        this.localTag = localTag;
    }

    static String key(final String callId, final String localTag, final long cseq) {
        return callId + '|' + localTag + '|' + cseq;
    }

    String key() {
        return key(transaction.request().callId(), localTag, transaction.request().cseq());
    }

    /** Runs once when the ACK has come. */
    UaAnswer onConfirmed(final Runnable action) {
        onConfirmed = action;
        return this;
    }

    /** What there is to describe was described in a provisional response. */
    UaAnswer described() {
        described = true;
        return this;
    }

    void send() {
        final WireMessage request = transaction.request();
        final MessageText ok = ua.response(transaction, 200, "OK", localTag)
                .headers("Record-Route", request.all("record-route")).header("Contact", ua.contact());
        response = described ? ok.bytes() : ok.body("application/sdp", "v=0\r\n").bytes();
        ua.add(this);
        transaction.respond(200, response);
        repeat = ua.loop().after(intervalNs, this::again);
        giveUp = ua.loop().after(UaTimers.T1_64, this::noAck);
    }

    void onAck() {
        stop();
        onConfirmed.run();
    }

    private void again() {
        transaction.respond(200, response);
        intervalNs = Math.min(intervalNs * 2, UaTimers.T2);
        repeat = ua.loop().after(intervalNs, this::again);
    }

    private void noAck() {
        ua.note("no ACK for " + key());
        stop();
        dialog.bye();
    }

    private void stop() {
        repeat.cancel();
        giveUp.cancel();
        ua.remove(this);
    }
}
