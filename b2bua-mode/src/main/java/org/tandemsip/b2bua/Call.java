package org.tandemsip.b2bua;

import org.agrona.DirectBuffer;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Slice;
import org.tandemsip.codec.Status;
import org.tandemsip.engine.handler.Disposition;
import org.tandemsip.engine.handler.Source;
import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.engine.routing.Peer;
import org.tandemsip.engine.routing.PeerState;
import org.tandemsip.engine.routing.Route;
import org.tandemsip.engine.routing.Targets;
import org.tandemsip.engine.routing.Trunk;
import org.tandemsip.engine.transaction.CancelReason;

/**
 * A call: two legs, and the rule that one ends if and only if the other does.
 *
 * <pre>
 *            leg 0 answered, leg 1 confirmed         BYE from a leg, or we end it
 *   SETUP ------------------------------------> UP ------------------------------> ENDING
 *     |                                                                              |
 *     | final response to leg 0: nothing was confirmed                               | both legs ended
 *     +---------------------------------------> OVER <-------------------------------+
 * </pre>
 *
 * Is the alarm of its session; when its time or credit is used up, says {@link CutOff}. Pooled; shard thread only.
 */
final class Call extends Alarm {
    /** States of the figure. */
    enum State {
        SETUP, UP, ENDING, OVER
    }

    static final byte[] GONE = B2bua.ascii("SIP;cause=481;text=\"Dialog lost\"");
    static final byte[] SILENT = B2bua.ascii("SIP;cause=408;text=\"No answer in dialog\"");
    static final byte[] NO_ACK = B2bua.ascii("SIP;cause=408;text=\"ACK missing\"");
    private static final byte[] RESTARTED = B2bua.ascii("SIP;cause=500;text=\"Server restarted\"");
    static final byte[] EXPIRED = B2bua.ascii("SIP;cause=408;text=\"Session expired\"");

    final Leg[] legs;
    /** Slot of this object and number of its use. */
    long place;
    /** What it has begun with, by {@link Hashes#request}. */
    long request;
    State state = State.OVER;
    Route route;
    /** What is tried while it is set up; else {@code null}. */
    Setup setup;
    /** The INVITE that it began with, until that is acknowledged; else {@code null}. */
    Exchange initial;
    final Exchanges exchanges = new Exchanges();
    long startNs;
    /** That by the wall clock, 0 without records: its other times are counted from there, whoever sets the clock. */
    long startMs;
    long ringNs;
    long answerNs;
    /** When the first side, or we, have ended it; 0 before. */
    long endNs;
    int code;
    Ender ender;
    /** Cause that a side or we have given, 0 for none. */
    int cause;
    /** The text that was given with it. */
    final KeptBytes why;
    /** Messages sent again for it. */
    int retransmits;
    /** Peer that is tried or has answered, or {@code null}. */
    Peer peer;
    Trunk trunkIn;
    Trunk trunkOut;
    /** Its media, where a trunk has rules for them; else {@code null}. */
    MediaSession media;
    /** What is done by a REFER, of a side of this call or for whom this call is; else {@code null}. */
    Transfer transfer;
    /** REFERs that were done. */
    int refers;
    /** Next free one of the pool, or the next one that belongs to the same. */
    Call nextFree;
    /** The call that has taken a leg of this one, by whose tag it is still found here; else {@code null}. */
    Call owns;
    /** Calls that have given a leg to this one. */
    Call parts;
    /** What it is the two legs of when it is no call; else {@code null}. */
    Subscription subscription;

    /** Whether no limit keeps it out. */
    boolean emergency;
    final Room room;
    final CutOff cutOff;

    private final B2bua owner;
    /** The answer that ends the setting up, while that is done. */
    private SipMessage failed;
    private boolean endsAtOnce;

    Call(final B2bua owner) {
        super(owner.alarms);
        this.owner = owner;
        why = new KeptBytes(owner.memory);
        room = new Room(owner.counters);
        cutOff = new CutOff(owner, this);
        legs = new Leg[] {new Leg(owner, this, 0), new Leg(owner, this, 1)};
    }

    // Setting up.

    /** Begins with an INVITE; {@code false} when there is no room for it: then nothing is left behind. */
    boolean begin(final SipMessage invite, final Source source, final Trunk from, final Targets targets,
            final boolean mustPass, final long nowNs) {
        reset(from, targets, mustPass, nowNs);
        final Leg caller = legs[0];
        caller.seen.set(source);
        caller.pinned = owner.hops.pins(invite, source, from);
        if (!caller.ofInvite(invite) || !room.take(from, owner.policy().total(), emergency)) {
            return false;
        }
        final Exchange exchange = owner.pools.takeExchange(caller, invite);
        exchange.server = owner.transactions.createServer(invite, source, exchange, nowNs);
        if (exchange.server == null) {
            owner.pools.giveBack(exchange);
            return false;
        }
        initial = exchange;
        exchanges.add(exchange);
        caller.inviteIn = exchange;
        setup = owner.pools.takeSetup().begin(this, targets, owner.draws.firstRseq());
        caller.learn(invite);
        if (!caller.session.onRequest(invite)) {
            fail(Status.SESSION_INTERVAL_TOO_SMALL_422, null, nowNs);
            return true;
        }
        exchange.server.respond(Status.TRYING_100, nowNs);
        cutOff.begin(nowNs);
        return true;
    }

    /** Begins to whom a REFER names, without a caller; {@link #proceed} goes on. Returns as the above does. */
    boolean beginTransfer(final SipMessage invite, final Leg referrer, final Targets targets, final long nowNs) {
        reset(referrer.trunk, targets, false, nowNs);
        final Leg nobody = legs[0];
        nobody.seen.set(referrer.seen);
        if (!nobody.ofInvite(invite)) {
            return false;
        }
        final Exchange exchange = owner.pools.takeExchange(nobody, invite);
        exchange.original.keep(invite.bytes(), Slice.offset(invite.startLine()), invite.length());
        if (exchange.original.length() == 0) {
            owner.pools.giveBack(exchange);
            return false;
        }
        initial = exchange;
        exchanges.add(exchange);
        setup = owner.pools.takeSetup().begin(this, targets, owner.draws.firstRseq());
        return true;
    }

    private void reset(final Trunk from, final Targets targets, final boolean mustPass, final long nowNs) {
        state = State.SETUP;
        emergency = mustPass;
        startNs = nowNs;
        startMs = owner.epochMs(nowNs);
        ringNs = 0;
        answerNs = 0;
        endNs = 0;
        code = 0;
        ender = null;
        cause = 0;
        retransmits = 0;
        peer = null;
        trunkIn = from;
        trunkOut = null;
        route = targets.get(0).route;
        transfer = null;
        refers = 0;
        legs[0].trunk = from;
        legs[0].tag(place, 0);
        legs[1].tag(place, 1);
    }

    /** Goes on to the first target: nothing has to be waited for any more. */
    void proceed(final long nowNs) {
        if (!setup.tryNext(nowNs)) {
            setup.giveUp(setup.failure, nowNs);
        }
    }

    /** Ends the setting up since there is no credit. @param value value of Reason, or {@code null} */
    void refuse(final Status status, final byte[] value, final long nowNs) {
        ender = Ender.LIMIT;
        fail(status, value, nowNs);
    }

    /** Ends the setting up by an answer of ours to the caller. @param reason value of Reason, or {@code null} */
    void fail(final Status status, final byte[] reason, final long nowNs) {
        because(owner.causes.of(reason));
        code = status.code();
        ender = ender == null ? Ender.US : ender;
        setup.abandon(owner.cancelReason.set(reason), nowNs);
        initial.answer(status, -1, reason, nowNs);
        over(nowNs);
    }

    /** The caller has given up. */
    void cancel(final CancelReason reason, final Causes given, final long nowNs) {
        because(given);
        code = Status.REQUEST_TERMINATED_487.code();
        ender = Ender.CALLER;
        setup.abandon(reason, nowNs);
        initial.answer(Status.REQUEST_TERMINATED_487, -1, null, nowNs);
        over(nowNs);
    }

    /** The transaction of the caller is gone: nobody can be answered. */
    void abandon(final long nowNs) {
        code = Status.SERVER_INTERNAL_ERROR_500.code();
        ender = Ender.US;
        setup.abandon(CancelReason.NONE, nowNs);
        over(nowNs);
    }

    /** The callee has answered. */
    void onAnswer(final long nowNs) {
        setup.report(PeerState.Event.SUCCESS);
        state = State.UP;
        answerNs = nowNs;
        room.begin();
        ringNs = ringNs == 0 ? nowNs : ringNs;
        code = Status.OK_200.code();
        legs[0].state = transfer == null ? Leg.State.CONFIRMED : Leg.State.ENDED;
        legs[1].state = Leg.State.CONFIRMED;
        cutOff.onAnswer(nowNs);
        endSetup();
    }

    /**
     * A side has shown that it is there, by a 2xx. What session timers do not find is found by this one:
     * where they are off, nobody may ever tell the end of a call.
     */
    void onRefresh(final long nowNs) {
        set(nowNs + owner.policy().timing().lostCallNs(), nowNs);
    }

    /** Takes over what an earlier process knew of a call. */
    void recall(final int lastCode, final Ender lastEnder, final int lastCause, final long startedNs,
            final long rangNs, final long answeredNs, final long endedNs) {
        code = lastCode;
        ender = lastEnder;
        cause = lastCause;
        startNs = startedNs;
        ringNs = rangNs;
        answerNs = answeredNs;
        endNs = endedNs;
        retransmits = 0;
    }

    /**
     * Goes on with a call of an earlier process: both dialogs are confirmed, nothing is under way in them.
     *
     * @param timeUpNs when it has to end but for its credit, 0 for never
     * @param in       where its credit is written down, from {@code index} on
     */
    void resume(final long timeUpNs, final DirectBuffer in, final int index, final long nowNs) {
        state = State.UP;
        legs[0].state = Leg.State.CONFIRMED;
        legs[1].state = Leg.State.CONFIRMED;
        onRefresh(nowNs);
        cutOff.resume(timeUpNs, in, index, nowNs);
    }

    /**
     * Ends a call of an earlier process on both sides, unless that has been done on one of them already: as soon as the
     * shard runs.
     */
    void resumeEnd(final long nowNs) {
        if (ender == null) {
            ender = Ender.US;
            because(owner.causes.of(RESTARTED));
        }
        endsAtOnce = true;
        set(nowNs, nowNs);
    }

    private void endSetup() {
        if (setup != null) {
            owner.pools.giveBack(setup);
            setup = null;
        }
    }

    // Inside the dialogs.

    /** A side hangs up. */
    Disposition onBye(final Leg leg, final SipMessage bye, final Source source, final long nowNs) {
        owner.refuse(leg, bye, source, Status.OK_200, -1, nowNs);
        if (state == State.SETUP) {
            if (leg.number == 0 && !setup.early.endsOne(bye, nowNs)) {
                // The caller may leave like this before the answer (section 15).
                cancel(CancelReason.NONE, owner.causes.of(bye), nowNs);
            }
            return Disposition.ANSWERED;
        }
        if (ender == null) {
            ender = leg.number == 0 ? Ender.CALLER : Ender.CALLEE;
            because(owner.causes.of(bye));
        }
        leg.byeWaits = false;
        leg.state = Leg.State.ENDED;
        leg.letGoOfBye();
        state = State.ENDING;
        end(null, bye, nowNs);
        return Disposition.FORWARDED;
    }

    /**
     * Ends it on both sides.
     *
     * @param value value of Reason that both get
     */
    void hangUp(final Ender by, final byte[] value, final long nowNs) {
        if (state == State.SETUP) {
            ender = by;
            fail(Status.TEMPORARILY_UNAVAILABLE_480, value, nowNs);
        } else if (state == State.UP) {
            ender = by;
            because(owner.causes.of(value));
            state = State.ENDING;
            end(value, null, nowNs);
        }
    }

    /** An answer of the callee to the INVITE is that of the call, or another one that its trunk wants instead. */
    Disposition refused(final SipMessage response, final Trunk from, final long nowNs) {
        code = response.statusCode();
        because(owner.causes.of(response));
        ender = Ender.CALLEE;
        initial.respond(response, from == null ? null : from.rules().calls().responses().of(code), 0, nowNs);
        failed = response;
        over(nowNs);
        return Disposition.FORWARDED;
    }

    private void because(final Causes given) {
        cause = given.cause;
        why.keep(given.text, 0, given.textLength);
    }

    private void end(final byte[] reason, final SipMessage bye, final long nowNs) {
        unset();
        endsAtOnce = false;
        if (transfer != null) {
            transfer.abort(nowNs);
        }
        endNs = endNs == 0 ? nowNs : endNs;
        // With its credit: what is killed now settles that again.
        owner.states.keep(this);
        cutOff.end(nowNs);
        exchanges.abort(nowNs);
        legs[0].end(reason, bye, nowNs);
        if (state == State.ENDING) {
            legs[1].end(reason, bye, nowNs);
        }
        overWhenEnded(nowNs);
    }

    /** A leg is over: its BYE has an answer, or will never have one. */
    void ended(final Leg leg, final long nowNs) {
        leg.state = Leg.State.ENDED;
        leg.letGoOfBye();
        overWhenEnded(nowNs);
    }

    private void overWhenEnded(final long nowNs) {
        if (state == State.ENDING && owns == null && legs[0].state == Leg.State.ENDED
                && legs[1].state == Leg.State.ENDED) {
            over(nowNs);
        }
    }

    private void over(final long nowNs) {
        state = State.OVER;
        unset();
        cutOff.end(nowNs);
        if (media != null) {
            media.end();
            media = null;
        }
        exchanges.release(nowNs);
        final Setup tried = setup;
        setup = null;
        owner.record(this, endNs == 0 ? nowNs : endNs);
        room.giveBack();
        final Transfer by = transfer;
        final SipMessage response = failed;
        transfer = null;
        failed = null;
        final Call first = parts;
        parts = null;
        owner.pools.giveBack(this);
        if (by != null) {
            by.onFailed(code, response, nowNs);
        }
        if (tried != null) {
            // Not before: the answer may be one that it has kept.
            owner.pools.giveBack(tried);
        }
        for (Call part = first; part != null;) {
            final Call next = part.nextFree;
            part.owns = null;
            part.nextFree = null;
            part.ender = part.ender == null ? ender : part.ender;
            part.overWhenEnded(nowNs);
            part = next;
        }
    }

    // Transfers.

    /** It has given a leg to {@code call}: what is left of it ends, and it is kept as long as that one lives. */
    void belongTo(final Call call, final long nowNs) {
        unset();
        cutOff.end(nowNs);
        state = State.ENDING;
        while (parts != null) {
            final Call part = parts;
            parts = part.nextFree;
            part.owns = call;
            part.nextFree = call.parts;
            call.parts = part;
            owner.states.keep(part);
        }
        partOf(call);
        owner.states.keep(this);
    }

    /** It has given a leg to {@code call}, in an earlier process maybe. */
    void partOf(final Call call) {
        owns = call;
        nextFree = call.parts;
        call.parts = this;
    }

    /** Ends one leg of a call that ends. */
    void end(final Leg leg, final long nowNs) {
        leg.end(null, null, nowNs);
        overWhenEnded(nowNs);
    }

    /** The leg with a tag: of this call, of the one that has taken a leg of it, or of one that has given it a leg. */
    Leg legOf(final long mac) {
        final Call main = owns == null ? this : owns;
        Leg found = main.own(mac);
        for (Call part = main.parts; part != null && found == null; part = part.nextFree) {
            found = part.own(mac);
        }
        return found;
    }

    private Leg own(final long mac) {
        return legs[0].mac == mac ? legs[0] : legs[1].mac == mac ? legs[1] : null;
    }

    /** Undoes a beginning that has failed: there was no room for the call, and its record says so. */
    void undo(final long nowNs) {
        state = State.OVER;
        code = Status.SERVICE_UNAVAILABLE_503.code();
        ender = Ender.US;
        if (legs[0].hasText()) {
            owner.record(this, nowNs);
        }
        room.giveBack();
    }

    /** Its session was not refreshed. */
    @Override
    void ring(final long nowNs) {
        if (endsAtOnce) {
            endsAtOnce = false;
            state = State.ENDING;
            end(RESTARTED, null, nowNs);
            return;
        }
        owner.counters.increment(Counter.CALLS_LOST);
        hangUp(Ender.PEER, EXPIRED, nowNs);
    }

    /** An exchange is done. */
    void remove(final Exchange exchange) {
        exchanges.remove(exchange);
        if (initial == exchange) {
            initial = null;
            if (state == State.UP) {
                owner.states.keep(this);
            }
        }
    }
}
