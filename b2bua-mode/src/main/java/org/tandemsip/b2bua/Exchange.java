package org.tandemsip.b2bua;

import org.agrona.MutableDirectBuffer;
import org.tandemsip.codec.Method;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Status;
import org.tandemsip.engine.handler.Disposition;
import org.tandemsip.engine.timer.TimerNode;
import org.tandemsip.engine.transaction.CancelReason;
import org.tandemsip.engine.transaction.ClientTransaction;
import org.tandemsip.engine.transaction.InviteClientTransaction;
import org.tandemsip.engine.transaction.ServerTransaction;

/**
 * One request of one leg and the same on the other: a server transaction here, a client transaction there, and what
 * comes back is passed on. An INVITE goes on until its 2xx has been acknowledged on both legs:
 *
 * <pre>
 *            from                          to
 *   INVITE ------>                          ------> INVITE
 *   1xx    <------                          <------ 1xx
 *   2xx    <------   ANSWERED               <------ 2xx
 *   2xx    <------   until the ACK comes    ------> ACK    at once when the INVITE had the offer,
 *   ACK    ------>   DONE                   ------> ACK    else now, with the answer in it
 * </pre>
 *
 * Pooled; shard thread only.
 */
final class Exchange implements Requester {
    /** How far it has come. */
    enum State {
        /** No final response yet. */
        PENDING,
        /** A 2xx for an INVITE has gone out and waits for its ACK. */
        ANSWERED,
        /** Nothing is left to do. */
        DONE
    }

    State state = State.DONE;
    Call call;
    Leg from;
    Leg to;
    Method method;
    ServerTransaction server;
    ClientTransaction client;
    /** Number of the request where it came from, and of ours. */
    long cseqIn;
    long cseqOut;
    /** The request has brought a body: an offer, for all that an INVITE or UPDATE brings. */
    boolean offered;
    /** The 2xx on the other leg has no ACK of ours yet. */
    boolean ackOwed;
    /** Next one of the call, or of the pool. */
    Exchange next;

    private final B2bua owner;
    /** An INVITE of our own, which no server transaction keeps. */
    final KeptBytes original;
    /** What another shard has said of the dialog that the request names, and how it is asked; each may be null. */
    NamedDialog named;
    OtherShards.LookUp lookUp;
    /** Challenges of it that were answered. */
    private int answers;
    /** The session was asked for once more, for longer. */
    private boolean raised;
    /** The offer has its answer, in a reliable provisional response or in the PRACK for one. */
    boolean answered;
    /** Our numbers for what is reliable of a re-INVITE, {@code null} for none. */
    Rseqs rseqs;
    /** The early dialog that it is in, by {@link EarlyDialogs#current}; 0 for none. */
    long early;
    /** The dialog of the callee in which other offers have followed that of an INVITE, or 0. */
    long described;
    private long answeredDialog;
    private final SentSuccess success;
    private Keeper keeper;
    private final TimerNode patience = new TimerNode() {
        @Override
        protected void expired(final long nowNs) {
            onNoAck(nowNs);
        }
    };

    Exchange(final B2bua owner) {
        this.owner = owner;
        original = new KeptBytes(owner.memory);
        success = new SentSuccess(owner, this);
    }

    Exchange begin(final Leg requester, final SipMessage request) {
        call = requester.call;
        from = requester;
        to = requester.other();
        method = request.method();
        cseqIn = request.cseqNumber();
        offered = request.bodyLength() > 0;
        answered = false;
        described = 0;
        early = call.setup == null ? 0 : call.setup.early.current();
        retarget();
        ackOwed = false;
        state = State.PENDING;
        return this;
    }

    boolean invite() {
        return method == Method.INVITE;
    }

    /** Whether it is the one that the call began with, which has not been answered. */
    boolean initial() {
        return call.setup != null && call.initial == this;
    }

    /** Whether it has brought an offer that has no answer yet. */
    boolean offerPending() {
        return state == State.PENDING && offered && !answered && (invite() || method == Method.UPDATE);
    }

    /** The request goes to somebody else, who may challenge it in turn. */
    void retarget() {
        answers = 0;
        raised = false;
    }

    @Override
    public Disposition onResponse(final ClientTransaction transaction, final SipMessage response, final long nowNs) {
        final ClientTransaction.Event event = transaction.onResponse(response, nowNs);
        if (event == ClientTransaction.Event.ABSORBED || state == State.DONE) {
            return Disposition.ABSORBED;
        }
        if (event == ClientTransaction.Event.PROVISIONAL) {
            return invite() ? provisional(response, nowNs) : Disposition.ABSORBED;
        }
        final int code = response.statusCode();
        if (state == State.PENDING && code >= 300 && EarlyDialogs.turn(this) && again(response, nowNs)) {
            return Disposition.ABSORBED;
        }
        if (!invite()) {
            return finish(response, nowNs);
        }
        return code < 300 ? success(response, nowNs) : failure(response, nowNs);
    }

    /**
     * Sends the request once more where that may help: with an answer to the challenge (RFC 3261 section 22.2), or for
     * a session that lasts longer (RFC 4028 section 7.3).
     */
    private boolean again(final SipMessage response, final long nowNs) {
        final ClientTransaction before = client;
        owner.extra.clear();
        if (owner.auth.takes(to, response, answers, before.destination(), owner.responder)) {
            answers++;
            owner.extra.auth = owner.auth;
        } else if (!raised && response.statusCode() == Status.SESSION_INTERVAL_TOO_SMALL_422.code()
                && SessionTimer.concerns(method) && to.session.raise(response)) {
            raised = true;
        } else {
            return false;
        }
        owner.transfers.original(this, owner.kept);
        if (method == Method.PRACK && !owner.relay.readRack(from, owner.kept)) {
            return false;
        }
        final boolean sent =
                initial() ? call.setup.again(owner.kept, nowNs) : owner.relay.resend(this, owner.kept, nowNs);
        if (sent) {
            before.detach();
        } else {
            client = before;
        }
        return sent;
    }

    private Disposition provisional(final SipMessage response, final long nowNs) {
        if (initial()) {
            call.setup.onProvisional(response.statusCode(), nowNs);
        }
        if (response.statusCode() == Status.TRYING_100.code() || state != State.PENDING) {
            return Disposition.ABSORBED;
        }
        final long rseq = owner.relay.rseq(this, response);
        if (rseq < 0) {
            return Disposition.ABSORBED;
        }
        owner.media.keepProgress(this, response, rseq);
        from.state = from.state == Leg.State.NONE ? Leg.State.EARLY : from.state;
        respond(response, null, rseq, nowNs);
        return Disposition.FORWARDED;
    }

    private Disposition success(final SipMessage response, final long nowNs) {
        final long dialog = owner.hashes.dialog(response);
        if (state == State.ANSWERED) {
            // Once more while we wait for the answer that goes into its ACK; or another branch of a fork.
            if (dialog != answeredDialog) {
                keeper().end(response, dialog, client, nowNs);
            }
            return Disposition.ABSORBED;
        }
        answeredDialog = dialog;
        if (initial()) {
            final Status refusal = call.setup.early.onSuccess(response);
            if (refusal != null) {
                owner.strays.end(response, client.destination(), true, nowNs);
                call.fail(refusal, null, nowNs);
                return Disposition.ABSORBED;
            }
            call.onAnswer(nowNs);
        } else {
            to.refresh(response);
        }
        state = State.ANSWERED;
        ackOwed = true;
        agree(response, nowNs);
        if (call.transfer != null && server == null) {
            return transferred(response, nowNs);
        }
        owner.media.keepOffer(this);
        respond(response, null, 0, nowNs);
        owner.media.keepSuccess(this, response, dialog);
        owner.states.keep(call);
        if (offered) {
            acknowledge(null, nowNs);
        }
        success.begin(nowNs);
        owner.timers.arm(patience, owner.lanes.t1Times64(), nowNs);
        return Disposition.FORWARDED;
    }

    /** The INVITE was ours, for a REFER. */
    private Disposition transferred(final SipMessage response, final long nowNs) {
        owner.transfers.original(this, owner.kept);
        owner.media.keepOffer(this);
        acknowledge(null, nowNs);
        final Transfer by = call.transfer;
        release(nowNs);
        by.onAnswered(response, nowNs);
        return Disposition.ABSORBED;
    }

    /** Both legs agree upon their session, each with its own side. */
    private void agree(final SipMessage response, final long nowNs) {
        to.learn(response);
        if (call.state == Call.State.UP) {
            to.session.onSuccess(response, nowNs);
            from.session.onAnswered(nowNs);
            call.onRefresh(nowNs);
        }
    }

    private Disposition failure(final SipMessage response, final long nowNs) {
        if (initial()) {
            return call.setup.onFailure(response, nowNs);
        }
        final int code = response.statusCode();
        owner.media.forgetProgress(this);
        respond(response, null, 0, nowNs);
        return passed(code == Status.CALL_DOES_NOT_EXIST_481.code() || code == Status.REQUEST_TIMEOUT_408.code(),
                nowNs);
    }

    private Disposition finish(final SipMessage response, final long nowNs) {
        final boolean updated = response.statusCode() < 300 && method == Method.UPDATE && EarlyDialogs.turn(this);
        if (updated) {
            to.refresh(response);
            agree(response, nowNs);
        }
        if (server != null && (updated || method == Method.PRACK && response.statusCode() < 300)) {
            owner.media.keepFollowing(this, response);
        }
        respond(response, null, 0, nowNs);
        return passed(method == Method.UPDATE && response.statusCode() == Status.CALL_DOES_NOT_EXIST_481.code(),
                nowNs);
    }

    /** @param gone whether the other side knows nothing of the dialog any more (RFC 3261 section 12.2.1.2) */
    private Disposition passed(final boolean gone, final long nowNs) {
        final boolean ends = gone && EarlyDialogs.isInTheOnly(this);
        release(nowNs);
        if (ends) {
            call.hangUp(Ender.PEER, Call.GONE, nowNs);
        }
        return Disposition.FORWARDED;
    }

    /** Passes a response on; a 2xx to an INVITE is kept to be repeated. */
    void respond(final SipMessage response, final Status status, final long rseq, final long nowNs) {
        if (server == null) {
            return;
        }
        server.request(owner.kept);
        final MutableDirectBuffer out = server.claim(owner.writer.maxLength(owner.kept, response));
        final int length = owner.writer.response(from, server, owner.kept, response, status, rseq, out);
        if (length > 0) {
            if (state == State.ANSWERED) {
                success.keep(out, length);
            }
            server.respond(status == null ? response.statusCode() : status.code(), length, nowNs);
        } else if (status == null && response.statusCode() >= 300) {
            // Longer than there is room for, with our names in place of theirs.
            owner.answer(from, server, Status.SERVER_INTERNAL_ERROR_500, -1, null, nowNs);
        }
    }

    /** Answers by ourselves, where the request has no answer yet. */
    void answer(final Status status, final int retryAfter, final byte[] reason, final long nowNs) {
        if (server != null && state == State.PENDING) {
            owner.answer(from, server, status, retryAfter, reason, nowNs);
        }
    }

    /** Whoever sent the INVITE wants no answer any more. */
    void cancel(final CancelReason reason, final Causes given, final long nowNs) {
        if (state != State.PENDING) {
            return;
        }
        if (initial()) {
            call.cancel(reason, given, nowNs);
        } else if (client instanceof final InviteClientTransaction invite) {
            invite.cancel(reason, nowNs);
        }
    }

    /** Acknowledges the 2xx of the other leg; {@code ack} is that of this leg where its body is wanted. */
    private void acknowledge(final SipMessage ack, final long nowNs) {
        ackOwed = false;
        to.answersInAck = !offered;
        to.inviteOut = to.inviteOut == this ? null : to.inviteOut;
        owner.extra.clear();
        if (owner.sender.once(to, Method.ACK, cseqOut, ack, client == null ? null : keeper(), answeredDialog, nowNs)
                && client != null) {
            client.handOver(keeper);
            client = null;
            keeper = null;
        }
    }

    /** Whoever goes on with our INVITE when it is acknowledged, and remembers what was ended until then. */
    private Keeper keeper() {
        keeper = keeper == null ? owner.pools.takeKeeper().begin(true) : keeper;
        return keeper;
    }

    /** An ACK has come on the leg that the INVITE came on. */
    void onAck(final SipMessage ack, final long nowNs) {
        if (ackOwed) {
            if (ack != null) {
                owner.media.keepAnswer(this, ack);
            }
            acknowledge(ack, nowNs);
        }
        acknowledged(nowNs);
    }

    private void acknowledged(final long nowNs) {
        final Leg requester = from;
        release(nowNs);
        requester.onAcknowledged(nowNs);
    }

    /** No ACK within 64*T1 (section 13.3.1.4): the session is ended. */
    private void onNoAck(final long nowNs) {
        final Call of = call;
        if (ackOwed) {
            acknowledge(null, nowNs);
        }
        acknowledged(nowNs);
        of.hangUp(Ender.US, Call.NO_ACK, nowNs);
    }

    /** The call ends while this goes on: what has to be said is said, nothing more is expected. */
    void abort(final long nowNs) {
        switch (state) {
            case PENDING -> {
                answer(Status.REQUEST_TERMINATED_487, -1, null, nowNs);
                release(nowNs);
            }
            case ANSWERED -> {
                if (ackOwed) {
                    acknowledge(null, nowNs);
                }
                if (from.state == Leg.State.ENDED) {
                    release(nowNs);
                }
                // Else the BYE for that leg waits for its ACK, or for the time when none is to be expected any more.
            }
            case DONE -> {}
        }
    }

    /** Stops, gives back what it holds, and leaves the call. */
    void release(final long nowNs) {
        state = State.DONE;
        success.end();
        owner.timers.cancel(patience);
        original.forget();
        named = null;
        if (lookUp != null) {
            lookUp.forget();
            lookUp = null;
        }
        if (server != null) {
            server.detach(from.tagHigh(), from.mac);
            server = null;
        }
        letGoOfClient(nowNs);
        if (keeper != null) {
            owner.pools.giveBack(keeper);
            keeper = null;
        }
        from.inviteIn = from.inviteIn == this ? null : from.inviteIn;
        to.inviteOut = to.inviteOut == this ? null : to.inviteOut;
        call.remove(this);
        owner.pools.giveBack(this);
    }

    /** An INVITE that may still be answered must not be left alone with a 2xx, nor wait for an answer for ever. */
    void letGoOfClient(final long nowNs) {
        if (client instanceof final InviteClientTransaction invite) {
            invite.handOver(keeper == null ? owner.pools.takeKeeper().begin(initial()) : keeper);
            keeper = null;
            invite.cancel(CancelReason.NONE, nowNs);
        } else if (client != null) {
            client.detach();
        }
        client = null;
    }

    // What time and transport do.

    @Override
    public void onRetransmission() {
        call.retransmits++;
    }

    @Override
    public void onTimeout(final ClientTransaction transaction, final long nowNs) {
        onLost(Status.REQUEST_TIMEOUT_408, false, nowNs);
    }

    @Override
    public void onTransportError(final ClientTransaction transaction, final long nowNs) {
        final boolean peerFailed = owner.transactions.takePeerFailure();
        client = state == State.PENDING && EarlyDialogs.turn(this) ? owner.sender.overUdp(transaction, to, this, nowNs)
                : null;
        if (client == null) {
            onLost(Status.SERVICE_UNAVAILABLE_503, peerFailed, nowNs);
        } else if (initial()) {
            call.setup.onSent(nowNs);
        }
    }

    private void onLost(final Status status, final boolean peerFailed, final long nowNs) {
        client = null;
        if (state != State.PENDING) {
            return;
        }
        if (initial()) {
            call.setup.onLost(status, peerFailed, nowNs);
            return;
        }
        final boolean session = (invite() || method == Method.UPDATE) && EarlyDialogs.isInTheOnly(this);
        if (!invite() && status == Status.REQUEST_TIMEOUT_408) {
            // The other side has given up by now itself (RFC 4320 section 4.2).
            server.detach();
            server.terminate(nowNs);
            server = null;
        } else {
            answer(status, -1, null, nowNs);
        }
        final Call of = call;
        release(nowNs);
        if (session) {
            of.hangUp(Ender.PEER, Call.SILENT, nowNs);
        }
    }

    @Override
    public void onTerminated(final ClientTransaction transaction, final long nowNs) {
        if (client == transaction) {
            client = null;
        }
    }

    @Override
    public void onTerminated(final ServerTransaction transaction, final long nowNs) {
        if (server == transaction) {
            server = null;
        }
        // Nobody is left to be answered: a transaction ends like this only when something has gone wrong.
        if (state == State.PENDING && initial()) {
            call.abandon(nowNs);
        } else if (state == State.PENDING) {
            release(nowNs);
        }
    }
}
