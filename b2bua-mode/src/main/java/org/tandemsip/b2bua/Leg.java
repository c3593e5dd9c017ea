package org.tandemsip.b2bua;

import org.agrona.DirectBuffer;
import org.tandemsip.codec.HeaderField;
import org.tandemsip.codec.HeaderName;
import org.tandemsip.codec.Method;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Slice;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.client.Challenges;
import org.tandemsip.engine.handler.Disposition;
import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.engine.routing.CallRules;
import org.tandemsip.engine.routing.Trunk;
import org.tandemsip.engine.transaction.ClientTransaction;

/**
 * One side of a call: how far its dialog has come, and the BYE that ends it, whose user it is. Part of a {@link Call};
 * shard thread only.
 */
final class Leg extends Dialog implements Requester, OwnRequest.Outcome {
    private static final HeaderField ALLOW = HeaderField.of("Allow");
    private static final byte[] UPDATE = B2bua.ascii("update");

    /** How far a dialog has come. */
    enum State {
        /** There is none yet. */
        NONE,
        /** Begun by a provisional response, or on its way there. */
        EARLY,
        /** Confirmed by a 2xx. */
        CONFIRMED,
        /** A BYE of ours is under way, or waits until it may be sent. */
        ENDING,
        /** Over, or will never be. */
        ENDED
    }

    Call call;
    /** 0 for the side that called us, 1 for the side that we call. */
    int number;
    State state = State.NONE;
    /** Whose rules hold for what is sent there, or {@code null}. */
    Trunk trunk;
    /** INVITE of the other side that has no ACK, or no final response, yet. */
    Exchange inviteIn;
    /** INVITE of ours to the other side that has no final response, or not our ACK, yet. */
    Requester inviteOut;
    /** A BYE waits until the other side has acknowledged our 2xx (section 15). */
    boolean byeWaits;
    private byte[] byeReason;
    /** The other side's BYE that it passes on, where that may be needed again; or nothing. */
    private final KeptBytes byeOfOther;
    private ClientTransaction bye;
    /** Challenges of it that were answered. */
    private int byeAnswers;

    /** How its last INVITE has answered a challenge: its ACK repeats it (RFC 3261 section 22.1). */
    final KeptBytes credentials;
    final SessionTimer session;
    /** The session that it was told last, where that may be needed again. */
    final KeptBytes sdp;
    /** The dialog of the callee in which it was told that before the INVITE was answered, or 0. */
    long sdpOf;
    /** Requests that we send in it by ourselves. */
    OwnRequest own;
    /** Whether the other side takes UPDATE (RFC 3311). */
    boolean takesUpdate;
    /** Whether our last ACK to it has brought the answer to its offer. */
    boolean answersInAck;
    /** INVITEs that it was begun with, or begun anew: never the same number in one call. */
    long tries;

    private final B2bua owner;

    Leg(final B2bua owner, final Call call, final int number) {
        super(owner);
        this.owner = owner;
        byeOfOther = new KeptBytes(owner.memory);
        credentials = new KeptBytes(owner.memory);
        sdp = new KeptBytes(owner.memory);
        session = new SessionTimer(owner, this);
        this.call = call;
        this.number = number;
    }

    /** Gives back what it holds. */
    void reset() {
        forget();
        state = State.NONE;
        trunk = null;
        inviteIn = null;
        inviteOut = null;
        byeWaits = false;
        byeReason = null;
        byeOfOther.forget();
        byeAnswers = 0;
        credentials.forget();
        sdp.forget();
        sdpOf = 0;
        session.reset();
        takesUpdate = false;
        answersInAck = false;
        letGoOfOwn();
        letGoOfBye();
    }

    /** Takes over what an INVITE, an UPDATE or a 2xx to one says of what the other side can do. */
    void learn(final SipMessage message) {
        for (int row = 0; row < message.rows(); row++) {
            if (message.rowName(row) == HeaderName.OTHER && ALLOW.names(message, row)) {
                takesUpdate = OptionTags.indexOf(message.bytes(), message.rowValue(row), UPDATE, true) >= 0;
            }
        }
    }

    /** Keeps the session that a message to it has told it last, where there may be a need to tell it once more. */
    void keepSession(final SipMessage message) {
        if (message.bodyLength() > 3 && message.bytes().getByte(message.bodyOffset()) == 'v'
                && message.bytes().getByte(message.bodyOffset() + 1) == '=') {
            keepSession(message.bytes(), message.bodyOffset(), message.bodyLength());
        } else if (owner.media.descriptions.mayBeIn(message)) {
            sdp.forget();
        }
    }

    /** Likewise: a session as it has been written into a message. */
    void keepSession(final DirectBuffer bytes, final int offset, final int length) {
        if (!takesUpdate && session.on() || mayRefer(this) || mayRefer(other())) {
            sdp.keep(bytes, offset, length);
        } else {
            sdp.forget();
        }
    }

    private static boolean mayRefer(final Leg leg) {
        return leg.trunk != null && leg.trunk.rules().calls().refer() != CallRules.Refer.PASS;
    }

    /** The requests of our own go on by themselves, should they still be under way. */
    void letGoOfOwn() {
        while (own != null) {
            own.abandon();
        }
    }

    /** What is sent there goes over TCP from {@code listenPoint} from now on. */
    void goesOverTcp(final int listenPoint) {
        remote.transport = Transport.TCP;
        remote.listenPoint = listenPoint;
        seen.set(remote);
    }

    Leg other() {
        return call.legs[1 - number];
    }

    boolean confirmed() {
        return state == State.CONFIRMED;
    }

    /** Whether requests can be sent inside it. */
    boolean established() {
        return state == State.CONFIRMED || state == State.EARLY && hasRemoteTag();
    }

    /** Makes it a part of {@code newCall}. */
    void belongTo(final Call newCall, final int newNumber) {
        call = newCall;
        number = newNumber;
    }

    /** The last that it was to be told has been told: a BYE ends it. */
    @Override
    public void onOutcome(final Method method, final int code, final SipMessage response, final long nowNs) {
        call.end(this, nowNs);
    }

    // The BYE that ends it.

    /**
     * Ends it by a BYE, unless it has one already. Where the other side still owes us an ACK for a 2xx, the BYE waits
     * for that (section 15), or until there is none to be expected any more.
     *
     * @param reason value of Reason, or {@code null}
     * @param bye    BYE of the other leg that is passed on, or {@code null}
     */
    void end(final byte[] reason, final SipMessage bye, final long nowNs) {
        session.unset();
        for (OwnRequest each = own; each != null; each = each.next) {
            each.cancel(nowNs);
        }
        letGoOfOwn();
        switch (state) {
            case NONE, EARLY -> state = State.ENDED;
            case CONFIRMED -> {
                state = State.ENDING;
                byeReason = reason;
                byeWaits = inviteIn != null && inviteIn.state == Exchange.State.ANSWERED;
                if (bye != null && (byeWaits || Challenges.concern(trunk))) {
                    byeOfOther.keep(bye.bytes(), Slice.offset(bye.startLine()), bye.length());
                }
                if (!byeWaits) {
                    sendBye(bye, null, nowNs);
                }
            }
            case ENDING, ENDED -> {}
        }
    }

    /** The other side has acknowledged our 2xx, or will never do so. */
    void onAcknowledged(final long nowNs) {
        if (byeWaits) {
            byeWaits = false;
            sendBye(byeOfOther(), null, nowNs);
            if (state == State.ENDED) {
                call.ended(this, nowNs);
            }
        }
    }

    private SipMessage byeOfOther() {
        return byeOfOther.length() > 0 ? byeOfOther.read(owner.parser, owner.earlier) : null;
    }

    /** @param auth answers a challenge of the one before, or {@code null} */
    private void sendBye(final SipMessage original, final LegAuth auth, final long nowNs) {
        owner.extra.clear().reason = byeReason;
        owner.extra.auth = auth;
        final int length = owner.sender.write(this, Method.BYE, ++localCseq, original, owner.hops(original), this,
                nowNs);
        if (length > 0) {
            bye = owner.sender.transaction();
            bye.start(length, nowNs);
            return;
        }
        // Without room for a transaction it is said once, and that has to do.
        if (!owner.sender.once(this, Method.BYE, localCseq, original, null, 0, nowNs)) {
            owner.counters.increment(Counter.BYES_UNSENT);
        }
        state = State.ENDED;
    }

    /** Takes what has come for the BYE. */
    @Override
    public Disposition onResponse(final ClientTransaction transaction, final SipMessage response, final long nowNs) {
        final ClientTransaction.Event event = transaction.onResponse(response, nowNs);
        if (event == ClientTransaction.Event.FINAL && transaction == bye) {
            if (owner.auth.takes(this, response, byeAnswers, transaction.destination(), owner.responder)) {
                byeAnswers++;
                letGoOfBye();
                sendBye(byeOfOther(), owner.auth, nowNs);
                if (state != State.ENDED) {
                    return Disposition.ABSORBED;
                }
            }
            call.ended(this, nowNs);
        }
        return Disposition.ABSORBED;
    }

    /** The BYE goes on by itself, should it still be under way. */
    void letGoOfBye() {
        if (bye != null) {
            bye.detach();
            bye = null;
        }
    }

    @Override
    public void onRetransmission() {
        call.retransmits++;
    }

    @Override
    public void onTimeout(final ClientTransaction transaction, final long nowNs) {
        // 64*T1 without an answer: nobody is there to be told (section 15.1.1).
        call.ended(this, nowNs);
    }

    @Override
    public void onTransportError(final ClientTransaction transaction, final long nowNs) {
        bye = owner.sender.overUdp(transaction, this, this, nowNs);
        if (bye == null) {
            call.ended(this, nowNs);
        }
    }

}
