package org.tandemsip.b2bua;

import org.agrona.DirectBuffer;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Slice;
import org.tandemsip.codec.Status;

/**
 * The dialogs that provisional responses begin (RFC 3261 section 12.1). However many branches the callee's side forks
 * into, the caller sees one dialog, that of the last response; or all of them, where its trunk asks for that: see
 * {@link ShownFork}. Part of a {@link Setup}; shard thread only.
 */
final class EarlyDialogs {
    private final B2bua owner;
    private final Rseqs rseqs;
    /** {@code null} before it was needed. */
    private ShownFork fork;
    private Call call;

    EarlyDialogs(final B2bua owner) {
        this.owner = owner;
        rseqs = new Rseqs(owner);
    }

    void begin(final Call ofCall, final long firstRseq) {
        call = ofCall;
        rseqs.begin(firstRseq);
        if (ShownFork.concern(call)) {
            fork = fork == null ? new ShownFork(owner) : fork;
            fork.begin(call);
        }
    }

    /** Nothing is set up any more. */
    void end() {
        rseqs.leave();
        if (fork != null) {
            fork.end();
        }
    }

    /** Somebody else is tried, or the same is asked once more: what the caller was shown is over. */
    void leave() {
        call.legs[1].tries++;
        rseqs.leave();
        if (fork != null) {
            fork.leave();
        }
    }

    private boolean several() {
        return fork != null && fork.any();
    }

    /** Our numbers for what is reliable in the one that the legs are in. */
    Rseqs rseqs() {
        return several() ? fork.rseqs() : rseqs;
    }

    /** Which one the legs are in: our tag for the caller where there are several, else the number of the try. */
    long current() {
        return several() ? call.legs[0].mac : call.legs[1].tries;
    }

    /** Turns to the one that a request is in, or names. @param mac of our tag @param other the tag of the other side */
    void turnTo(final long mac, final DirectBuffer bytes, final long other) {
        if (several()) {
            fork.turnTo(mac, bytes, other);
        }
    }

    /** Turns back to the one that the legs were in before a name was looked up. @param before {@link #current} then */
    void turnBack(final long before) {
        if (several()) {
            fork.turnTo(before);
        }
    }

    /** Turns the legs to the one that a request is in that was relayed; {@code false} when there is none any more. */
    static boolean turn(final Exchange exchange) {
        final Setup setup = exchange.call.setup;
        return isInTheOnly(exchange)
                || setup != null && setup.early.several() && setup.early.fork.turnTo(exchange.early);
    }

    /** Whether a request that was relayed is in the one dialog that the call has: not in one of an earlier try. */
    static boolean isInTheOnly(final Exchange exchange) {
        return exchange.early == 0 || exchange.call.legs[1].tries == exchange.early
                || exchange.call.setup == null && exchange.call.legs[0].mac == exchange.early;
    }

    /** Ends the one that a BYE of the caller is in; {@code false} when no other one would be left. */
    boolean endsOne(final SipMessage bye, final long nowNs) {
        return several() && fork.endOne(bye, nowNs);
    }

    /**
     * Takes that of a provisional response.
     *
     * @return our RSeq for it, 0 for none; -1 when the caller must not get it
     */
    long onProvisional(final SipMessage response) {
        if (fork != null && !fork.meet(response)) {
            return -1;
        }
        final Leg callee = call.legs[1];
        if (Slice.exists(response.toTag()) && !callee.isRemoteTag(response.bytes(), response.toTag())) {
            callee.ofResponse(response);
            callee.state = Leg.State.EARLY;
        }
        return rseqs().ours(response);
    }

    /** Takes the dialog of a 2xx; returns what the caller is told where that cannot be, else {@code null}. */
    Status onSuccess(final SipMessage response) {
        if (fork != null && !fork.meet(response)) {
            call.ender = Ender.CALLER;
            return Status.REQUEST_TERMINATED_487;
        }
        return call.legs[1].ofResponse(response) ? null : Status.SERVICE_UNAVAILABLE_503;
    }
}
