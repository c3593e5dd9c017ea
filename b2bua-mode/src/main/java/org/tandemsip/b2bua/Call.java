package org.tandemsip.b2bua;

import java.nio.charset.StandardCharsets;
import org.agrona.MutableDirectBuffer;
import org.tandemsip.codec.HeaderName;
import org.tandemsip.codec.Method;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Slice;
import org.tandemsip.codec.Status;
import org.tandemsip.engine.handler.Disposition;
import org.tandemsip.engine.handler.Source;
import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.engine.routing.CallStatus;
import org.tandemsip.engine.routing.Peer;
import org.tandemsip.engine.routing.PeerState;
import org.tandemsip.engine.routing.Route;
import org.tandemsip.engine.routing.Targets;
import org.tandemsip.engine.routing.Trunk;
import org.tandemsip.engine.transaction.CancelReason;
import org.tandemsip.engine.transaction.ClientTransaction;
import org.tandemsip.engine.transaction.TransactionUser;

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
 * Is the alarm that ends it when its time is up. Pooled; shard thread only.
 */
final class Call extends Alarm {
    /** States of the figure. */
    enum State {
        SETUP, UP, ENDING, OVER
    }

    static final byte[] GONE = ascii("SIP;cause=481;text=\"Dialog lost\"");
    static final byte[] SILENT = ascii("SIP;cause=408;text=\"No answer in dialog\"");
    static final byte[] NO_ACK = ascii("SIP;cause=408;text=\"ACK missing\"");
    static final byte[] EXPIRED = ascii("SIP;cause=408;text=\"Session expired\"");
    static final byte[] TIME_UP = ascii("Q.850;cause=102;text=\"Maximum duration\"");
    /** Most requests under way on both legs together: nobody needs more, and each takes memory. */
    private static final int MOST_EXCHANGES = 16;

    final Leg[] legs;
    /** Slot of this object and number of its use. */
    long place;
    State state = State.OVER;
    Route route;
    /** What is tried while it is set up; else {@code null}. */
    Setup setup;
    /** The INVITE that it began with, until that is acknowledged; else {@code null}. */
    Exchange initial;
    long startNs;
    long ringNs;
    long answerNs;
    int code;
    Ender ender;
    /** Value of Reason that we have given, or {@code null}. */
    byte[] reason;
    /** Cause that a side has given, 0 for none. */
    int cause;
    /** Messages sent again for it that no transaction sends. */
    int retransmits;
    /** Peer that is tried or has answered, or {@code null}. */
    Peer peer;
    Trunk trunkIn;
    Trunk trunkOut;
    /** Next free one of the pool. */
    Call nextFree;

    /** Whether no limit keeps it out. */
    boolean emergency;
    final Room room;

    private final B2bua owner;
    /** When it has lasted as long as it may, where there is such a limit. */
    private boolean limited;
    private long limitNs;
    /** When its session is over, unless it is refreshed. */
    private long sessionNs;
    private Exchange exchanges;
    private int exchangeCount;

    Call(final B2bua owner) {
        super(owner.alarms);
        this.owner = owner;
        room = new Room(owner.counters);
        legs = new Leg[] {new Leg(owner, this, 0), new Leg(owner, this, 1)};
    }

    // Setting up.

    /** Begins with an INVITE; {@code false} when there is no room for it: then nothing is left behind. */
    boolean begin(final SipMessage invite, final Source source, final Trunk from, final Targets targets,
            final boolean mustPass, final long nowNs) {
        state = State.SETUP;
        emergency = mustPass;
        startNs = nowNs;
        ringNs = 0;
        answerNs = 0;
        code = 0;
        ender = null;
        reason = null;
        cause = 0;
        retransmits = 0;
        peer = null;
        trunkIn = from;
        trunkOut = null;
        route = targets.get(0).route;
        if (!room.take(from, emergency)) {
            return false;
        }
        final Leg caller = legs[0];
        caller.mac = owner.tags.mac(place, 0);
        legs[1].mac = owner.tags.mac(place, 1);
        caller.seen.set(source);
        caller.trunk = from;
        if (!caller.ofInvite(invite)) {
            return false;
        }
        final Exchange exchange = owner.pools.takeExchange(caller, invite);
        exchange.server = owner.transactions.createServer(invite, source, exchange, nowNs);
        if (exchange.server == null) {
            owner.pools.giveBack(exchange);
            return false;
        }
        initial = exchange;
        add(exchange);
        caller.inviteIn = exchange;
        setup = owner.pools.takeSetup().begin(this, targets, owner.firstRseq());
        exchange.server.respond(Status.TRYING_100, nowNs);
        if (!setup.tryNext(nowNs)) {
            fail(Status.SERVICE_UNAVAILABLE_503, nowNs);
        }
        return true;
    }

    /** Ends the setting up by an answer of ours to the caller. */
    void fail(final Status status, final long nowNs) {
        code = status.code();
        ender = ender == null ? Ender.US : ender;
        setup.abandon(CancelReason.NONE, nowNs);
        initial.answer(status, -1, reason, nowNs);
        over(nowNs);
    }

    /** The caller has given up. */
    void cancel(final CancelReason reason, final long nowNs) {
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
        ringNs = ringNs == 0 ? nowNs : ringNs;
        code = Status.OK_200.code();
        legs[0].state = Leg.State.CONFIRMED;
        legs[1].state = Leg.State.CONFIRMED;
        limited = route != null && route.maxDurationNs() > 0;
        limitNs = limited ? nowNs + route.maxDurationNs() : 0;
        endSetup();
    }

    /**
     * A 2xx to an INVITE or UPDATE: the session lives on, as long as its Session-Expires says (RFC 4028 section 10).
     * The sides refresh it through us; when nobody has in time, neither of them can be there any more.
     */
    void onRefresh(final SipMessage success, final long nowNs) {
        final long expiresNs = Numbers.sessionExpiresNs(success);
        sessionNs = nowNs + (expiresNs > 0 ? expiresNs : owner.longestCallNs());
        set(limited && limitNs - sessionNs < 0 ? limitNs : sessionNs, nowNs);
    }

    private void endSetup() {
        if (setup != null) {
            owner.timers.cancel(setup);
            owner.pools.giveBack(setup);
            setup = null;
        }
    }

    // Inside the dialogs.

    /** Takes a request inside the dialog of {@code leg}, which is neither an ACK nor a CANCEL. */
    Disposition onRequest(final Leg leg, final SipMessage request, final Source source, final long nowNs) {
        if (request.cseqNumber() <= leg.remoteCseq) {
            return owner.refuse(leg, request, source, Status.SERVER_INTERNAL_ERROR_500, -1, nowNs);
        }
        leg.remoteCseq = request.cseqNumber();
        if (request.method() == Method.BYE) {
            return onBye(leg, request, source, nowNs);
        }
        if (state == State.ENDING || leg.state == Leg.State.ENDED) {
            return owner.refuse(leg, request, source, Status.CALL_DOES_NOT_EXIST_481, -1, nowNs);
        }
        if (request.method() == Method.PRACK && setup == null) {
            // It has been overtaken by the answer, and nobody waits for it any more.
            return owner.refuse(leg, request, source, Status.OK_200, -1, nowNs);
        }
        final Leg other = leg.other();
        if (request.maxForwards() == 0) {
            return owner.refuse(leg, request, source, Status.TOO_MANY_HOPS_483, -1, nowNs);
        }
        if (!other.established() || exchangeCount == MOST_EXCHANGES) {
            return owner.refuse(leg, request, source, Status.SERVER_INTERNAL_ERROR_500, owner.retryAfter(), nowNs);
        }
        final Status conflict = conflict(leg, request, nowNs);
        if (conflict != null) {
            return owner.refuse(leg, request, source, conflict,
                    conflict == Status.SERVER_INTERNAL_ERROR_500 ? owner.retryAfter() : -1, nowNs);
        }
        return relay(leg, request, source, nowNs);
    }

    /**
     * Whether a request has to wait for another one that is under way (RFC 3261 section 14.2, RFC 3311 section 5.2):
     * 491 where both sides ask at once, 500 where one side asks again too early. {@code null} when it may pass.
     */
    private Status conflict(final Leg leg, final SipMessage request, final long nowNs) {
        if (request.method() == Method.INVITE) {
            final Exchange own = leg.inviteIn;
            if (own != null && own.state == Exchange.State.ANSWERED && !own.ackOwed) {
                // Who sends another one has got our 2xx: its ACK was lost, or has been overtaken (RFC 5407 section
                // 3.1.4). Where the ACK has to bring an answer it is waited for (section 3.1.5).
                own.onAck(null, nowNs);
            }
            if (leg.inviteIn != null) {
                return leg.inviteIn.state == Exchange.State.PENDING ? Status.SERVER_INTERNAL_ERROR_500
                        : Status.REQUEST_PENDING_491;
            }
            return leg.inviteOut != null || leg.other().inviteIn != null ? Status.REQUEST_PENDING_491 : null;
        }
        if (request.method() == Method.UPDATE && request.bodyLength() > 0) {
            for (Exchange each = exchanges; each != null; each = each.next) {
                if (each.offerPending()) {
                    return each.to == leg ? Status.REQUEST_PENDING_491 : Status.SERVER_INTERNAL_ERROR_500;
                }
            }
        }
        return null;
    }

    private Disposition relay(final Leg leg, final SipMessage request, final Source source, final long nowNs) {
        final Leg other = leg.other();
        owner.extra.clear();
        if (request.method() == Method.PRACK && !readRack(request)) {
            return owner.refuse(leg, request, source, Status.CALL_DOES_NOT_EXIST_481, -1, nowNs);
        }
        final Exchange exchange = owner.pools.takeExchange(leg, request);
        exchange.server = owner.transactions.createServer(request, source, exchange, nowNs);
        if (exchange.server == null) {
            owner.pools.giveBack(exchange);
            return Disposition.DROPPED_OVERLOAD;
        }
        add(exchange);
        final boolean invite = exchange.invite();
        if (!resend(exchange, request, nowNs)) {
            exchange.answer(Status.SERVICE_UNAVAILABLE_503, -1, null, nowNs);
            exchange.release();
            return Disposition.ANSWERED;
        }
        if (invite) {
            leg.inviteIn = exchange;
            other.inviteOut = exchange;
            exchange.server.respond(Status.TRYING_100, nowNs);
        }
        if (invite || request.method() == Method.UPDATE) {
            leg.refresh(request);
        }
        return Disposition.FORWARDED;
    }

    /** Sends the request of {@code exchange} on the other leg; {@code false} when there is no room for it. */
    boolean resend(final Exchange exchange, final SipMessage request, final long nowNs) {
        final Leg to = exchange.to;
        final long key = owner.nextKey();
        final ClientTransaction client =
                owner.transactions.createClient(key, exchange.invite(), to.remote, exchange, nowNs);
        if (client == null) {
            return false;
        }
        final MutableDirectBuffer out = client.claim(owner.writer.maxLength(to, request));
        final int length = owner.writer.request(to, request.method(), to.localCseq + 1, request,
                owner.hops(request, null), owner.extra, key, client.place(), out);
        if (length == 0) {
            client.handOver(TransactionUser.NOBODY);
            client.terminate(nowNs);
            return false;
        }
        exchange.client = client;
        exchange.cseqOut = ++to.localCseq;
        client.start(length, nowNs);
        return true;
    }

    /** Finds out which provisional response of the callee a PRACK is for (RFC 3262 section 7.2). */
    boolean readRack(final SipMessage prack) {
        final long rack = prack.value(HeaderName.RACK);
        if (setup == null || !Slice.exists(rack)) {
            return false;
        }
        final long ours = Numbers.parseLong(prack.bytes(), rack);
        final long cseq = Numbers.parseLong(prack.bytes(), Numbers.rest(prack.bytes(), rack));
        if (cseq != initial.cseqIn) {
            return false;
        }
        owner.extra.rackRseq = setup.theirRseq(ours, owner.dialogHash(legs[1]));
        owner.extra.rackCseq = initial.cseqOut;
        return owner.extra.rackRseq > 0;
    }

    private Disposition onBye(final Leg leg, final SipMessage bye, final Source source, final long nowNs) {
        owner.answerBye(leg, bye, source, nowNs);
        if (state == State.SETUP) {
            if (leg.number == 0) {
                // The caller may leave like this before the answer (section 15).
                cancel(CancelReason.NONE, nowNs);
            }
            return Disposition.ANSWERED;
        }
        if (ender == null) {
            ender = leg.number == 0 ? Ender.CALLER : Ender.CALLEE;
            cause = Numbers.q850(bye.bytes(), bye.value(HeaderName.REASON));
        }
        leg.byeWaits = false;
        leg.state = Leg.State.ENDED;
        leg.letGoOfBye();
        state = State.ENDING;
        end(null, bye, nowNs);
        return Disposition.FORWARDED;
    }

    // The end.

    /**
     * Ends it on both sides.
     *
     * @param value value of Reason that both get
     */
    void hangUp(final Ender by, final byte[] value, final long nowNs) {
        switch (state) {
            case SETUP -> {
                ender = by;
                reason = value;
                fail(Status.TEMPORARILY_UNAVAILABLE_480, nowNs);
            }
            case UP -> {
                ender = by;
                reason = value;
                cause = Numbers.q850(value);
                state = State.ENDING;
                end(value, null, nowNs);
            }
            case ENDING, OVER -> {}
        }
    }

    /** The answer of the callee to the INVITE is that of the call. */
    Disposition refused(final SipMessage response, final long nowNs) {
        code = response.statusCode();
        ender = Ender.CALLEE;
        initial.pass(response, nowNs);
        over(nowNs);
        return Disposition.FORWARDED;
    }

    private void end(final byte[] reason, final SipMessage bye, final long nowNs) {
        unset();
        for (Exchange exchange = exchanges; exchange != null;) {
            final Exchange following = exchange.next;
            exchange.abort(nowNs);
            exchange = following;
        }
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
        if (state == State.ENDING && legs[0].state == Leg.State.ENDED && legs[1].state == Leg.State.ENDED) {
            over(nowNs);
        }
    }

    private void over(final long nowNs) {
        state = State.OVER;
        unset();
        while (exchanges != null) {
            exchanges.release();
        }
        endSetup();
        owner.record(this, nowNs);
        room.giveBack();
        owner.pools.giveBack(this);
    }

    /** Undoes a beginning that has failed. */
    void undo() {
        state = State.OVER;
        room.giveBack();
    }

    /** Its time is up, or its session was not refreshed. */
    @Override
    void ring(final long nowNs) {
        if (limited && limitNs - nowNs <= 0) {
            hangUp(Ender.LIMIT, TIME_UP, nowNs);
        } else {
            owner.counters.increment(Counter.CALLS_LOST);
            hangUp(Ender.PEER, EXPIRED, nowNs);
        }
    }

    /** Name of the call for people and orders: its place, which is used only once. */
    String id() {
        return Long.toHexString(place);
    }

    /** What people may see of it. */
    CallStatus status(final long nowNs) {
        final String shown = switch (state) {
            case SETUP -> "setup";
            case UP -> "answered";
            case ENDING, OVER -> "ending";
        };
        final Leg a = legs[0];
        final Leg b = legs[1];
        return new CallStatus(id(), shown, a.text(a.callIdSlice()), b.hasText() ? b.text(b.callIdSlice()) : null,
                a.text(a.remoteSlice()), a.text(a.localSlice()), trunkIn.name(),
                trunkOut == null ? null : trunkOut.name(), (nowNs - startNs) / 1_000_000,
                answerNs == 0 ? -1 : (nowNs - answerNs) / 1_000_000);
    }

    private void add(final Exchange exchange) {
        exchange.next = exchanges;
        exchanges = exchange;
        exchangeCount++;
    }

    /** An exchange is done. */
    void remove(final Exchange exchange) {
        initial = initial == exchange ? null : initial;
        Exchange before = null;
        for (Exchange each = exchanges; each != null; each = each.next) {
            if (each == exchange) {
                if (before == null) {
                    exchanges = each.next;
                } else {
                    before.next = each.next;
                }
                exchangeCount--;
                return;
            }
            before = each;
        }
    }

    private static byte[] ascii(final String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
