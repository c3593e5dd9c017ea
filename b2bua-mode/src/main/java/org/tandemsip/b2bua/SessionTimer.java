package org.tandemsip.b2bua;

import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.tandemsip.codec.AsciiWriter;
import org.tandemsip.codec.HeaderField;
import org.tandemsip.codec.HeaderName;
import org.tandemsip.codec.Method;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Status;
import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.engine.routing.CallRules;

/**
 * The session timer of one leg (RFC 4028), which the other leg knows nothing of: interval and refresher are agreed upon
 * with each INVITE and UPDATE. Where the other side refreshes, the call ends when it has not in time; where we do, a
 * request of ours at half of the interval finds out whether it is still there: an UPDATE if it takes that, else an
 * INVITE with the session as it is, else OPTIONS. That is also done where the other side knows nothing of session
 * timers. Is the alarm for both. Part of a {@link Leg}; shard thread only.
 */
final class SessionTimer extends Alarm implements OwnRequest.Outcome {
    private static final HeaderField SESSION_EXPIRES = HeaderField.of("Session-Expires");
    private static final HeaderField MIN_SE = HeaderField.of("Min-SE");
    private static final byte[] TIMER = B2bua.ascii("timer");
    private static final byte[] UAS = B2bua.ascii("refresher=uas");
    private static final byte[] UAC = B2bua.ascii("refresher=uac");
    private static final byte[] SUPPORTED_ROW = B2bua.ascii("Supported: timer\r\n");
    private static final byte[] REQUIRE_ROW = B2bua.ascii("Require: timer\r\n");
    private static final byte[] EXPIRES_ROW = B2bua.ascii("Session-Expires: ");
    private static final byte[] MIN_ROW = B2bua.ascii("Min-SE: ");
    private static final byte[] SDP_ROW = B2bua.ascii("Content-Type: application/sdp\r\n");
    /** Most bytes of all that is written here. */
    static final int MOST_BYTES = 160;

    private static final long SECOND_NS = 1_000_000_000L;
    private static final int SHORTEST_S = 90;
    private static final int LONGEST_S = 86_400;
    /** Section 10: a session ends a third of it early, 32 seconds at most. */
    private static final int MARGIN_S = 32;
    private static final long RETRY_NS = 10 * SECOND_NS;

    private final B2bua owner;
    private final Leg leg;
    /** What is agreed upon, or what we ask for. */
    private int intervalS;
    /** Shortest that may be asked for on this leg. */
    private int shortestS;
    /** Whether the other side refreshes. */
    private boolean theirs;
    /** Whether the other side knows what a session timer is. */
    private boolean known;
    private boolean asking;
    /** The next request only asks whether the other side has not hung up while we were not there. */
    private boolean resumed;
    private long endNs;
    // Of the request that is to be answered.
    private int askedS;
    private boolean askedByTimer;
    private boolean askedUs;

    SessionTimer(final B2bua owner, final Leg leg) {
        super(owner.alarms);
        this.owner = owner;
        this.leg = leg;
    }

    /** Begins for another call. */
    void reset() {
        unset();
        intervalS = 0;
        shortestS = SHORTEST_S;
        theirs = false;
        known = false;
        asking = false;
        resumed = false;
        askedS = 0;
        askedByTimer = false;
        askedUs = false;
    }

    private CallRules rules() {
        return leg.trunk == null ? CallRules.DEFAULTS : leg.trunk.rules().calls();
    }

    /** Whether there is one on this leg. */
    boolean on() {
        return rules().sessionSeconds() > 0;
    }

    /** Whether a message is one by which a session is agreed upon. */
    static boolean concerns(final Method method) {
        return method == Method.INVITE || method == Method.UPDATE;
    }

    // What the other side asks.

    /** Takes an INVITE or UPDATE of the other side; {@code false} when its interval is too small for us: 422. */
    boolean onRequest(final SipMessage request) {
        if (!on()) {
            return true;
        }
        askedByTimer = says(request, HeaderName.SUPPORTED) || says(request, HeaderName.REQUIRE);
        askedS = seconds(request, SESSION_EXPIRES);
        askedUs = askedS > 0 && refresher(request, UAS);
        known = askedByTimer;
        final int theirMin = seconds(request, MIN_SE);
        shortestS = Math.max(shortestS, Math.min(LONGEST_S, theirMin));
        return askedS == 0 || !askedByTimer || askedS >= rules().minSessionSeconds();
    }

    /** The request taken last is answered by a 2xx: decides what {@link #putInResponse} writes (section 9). */
    void onAnswered(final long nowNs) {
        if (!on() || !leg.confirmed()) {
            return;
        }
        final int wanted = Math.max(ours(), shortestS);
        intervalS = askedS > 0 ? Math.max(Math.min(askedS, wanted), shortestS) : wanted;
        theirs = askedByTimer && !askedUs;
        start(nowNs);
    }

    /** Writes the rows of a 2xx. */
    void putInResponse(final AsciiWriter out) {
        if (on() && (askedByTimer || askedS > 0)) {
            out.put(EXPIRES_ROW).putDecimal(intervalS).put(';').put(theirs ? UAC : UAS).crlf();
            out.put(askedByTimer && theirs ? REQUIRE_ROW : SUPPORTED_ROW);
        }
    }

    /** Writes the row of a 422. */
    void putMinimum(final AsciiWriter out) {
        out.put(MIN_ROW).putDecimal(rules().minSessionSeconds()).crlf();
    }

    // What we ask.

    private int ours() {
        return rules().sessionSeconds();
    }

    /** Writes the rows of an INVITE or UPDATE of ours (section 7.1). */
    void putInRequest(final AsciiWriter out) {
        if (!on()) {
            return;
        }
        out.put(SUPPORTED_ROW).put(EXPIRES_ROW).putDecimal(Math.max(intervalS > 0 ? intervalS : ours(), shortestS));
        if (leg.confirmed() && known) {
            out.put(';').put(theirs ? UAS : UAC);
        }
        out.crlf();
        if (shortestS > SHORTEST_S) {
            out.put(MIN_ROW).putDecimal(shortestS).crlf();
        }
    }

    /** Our INVITE or UPDATE has got a 2xx (section 7.2). */
    void onSuccess(final SipMessage response, final long nowNs) {
        if (!on()) {
            return;
        }
        final int agreed = seconds(response, SESSION_EXPIRES);
        known |= agreed > 0;
        intervalS = agreed > 0 ? Math.max(SHORTEST_S, agreed) : Math.max(ours(), shortestS);
        theirs = agreed > 0 && refresher(response, UAS);
        start(nowNs);
    }

    /** Takes a 422; whether to ask again, for longer (section 7.3). */
    boolean raise(final SipMessage response) {
        final int least = seconds(response, MIN_SE);
        if (!on() || least <= Math.max(intervalS > 0 ? intervalS : ours(), shortestS) || least > LONGEST_S) {
            return false;
        }
        shortestS = least;
        intervalS = least;
        return true;
    }

    // Time.

    private void start(final long nowNs) {
        endNs = nowNs + (intervalS - Math.min(MARGIN_S, intervalS / 3)) * SECOND_NS;
        set(theirs ? endNs : nowNs + intervalS * SECOND_NS / 2, nowNs);
    }

    @Override
    void ring(final long nowNs) {
        if (!leg.confirmed()) {
            return;
        }
        if (endNs - nowNs <= 0) {
            owner.counters.increment(Counter.CALLS_LOST);
            leg.call.hangUp(Ender.PEER, Call.EXPIRED, nowNs);
        } else if (!asking) {
            refresh(nowNs);
        }
    }

    private void refresh(final long nowNs) {
        final boolean update = leg.takesUpdate && !resumed;
        final boolean invite = !update && leg.sdp.length() > 0 && !resumed;
        final boolean busy = leg.inviteIn != null || leg.inviteOut != null;
        asking = (!invite || !busy) && owner.pools.takeOwnRequest().begin(leg,
                update ? Method.UPDATE : invite ? Method.INVITE : Method.OPTIONS, invite ? SDP_ROW : null,
                invite ? leg.sdp : null, this, nowNs);
        set(asking ? endNs : nearer(nowNs, RETRY_NS), nowNs);
    }

    private long nearer(final long nowNs, final long inNs) {
        return endNs - nowNs < inNs ? endNs : nowNs + inNs;
    }

    @Override
    public void onOutcome(final Method method, final int code, final SipMessage response, final long nowNs) {
        asking = false;
        final boolean first = resumed;
        resumed = false;
        if (first && code == Status.REQUEST_TIMEOUT_408.code()) {
            // There are those that never answer OPTIONS.
            start(nowNs);
        } else if (code == Status.REQUEST_TIMEOUT_408.code() || code == Status.CALL_DOES_NOT_EXIST_481.code()) {
            leg.call.hangUp(Ender.PEER, code == 481 ? Call.GONE : Call.SILENT, nowNs);
        } else if (code < 300 && concerns(method)) {
            onSuccess(response, nowNs);
            leg.call.onRefresh(nowNs);
        } else if (code < 300 || !known && response != null && code != Status.REQUEST_PENDING_491.code()) {
            // Whoever answers is there, and has no session that could run out.
            start(nowNs);
            leg.call.onRefresh(nowNs);
        } else {
            // 491 and all others: again soon, while there is time (section 7.3). At random, as the other side's may.
            set(nearer(nowNs, code == Status.REQUEST_PENDING_491.code() ? owner.draws.glareNs(leg) : RETRY_NS), nowNs);
        }
    }

    // In another process.

    /** Bytes that {@link #save} writes. */
    static final int SAVED_BYTES = 12;

    /** Writes down what was agreed upon. */
    void save(final MutableDirectBuffer out, final int index) {
        out.putInt(index, intervalS);
        out.putInt(index + 4, shortestS);
        out.putInt(index + 8, (theirs ? 1 : 0) | (known ? 2 : 0));
    }

    /**
     * Reads what was written down, and asks once, by OPTIONS, whether the other side is still there: it may have hung
     * up when nobody was here to be told.
     *
     * @param askNs when to ask
     */
    void resume(final DirectBuffer in, final int index, final long askNs, final long nowNs) {
        intervalS = in.getInt(index);
        shortestS = in.getInt(index + 4);
        theirs = (in.getInt(index + 8) & 1) != 0;
        known = (in.getInt(index + 8) & 2) != 0;
        if (on() && intervalS > 0) {
            endNs = nowNs + (intervalS - Math.min(MARGIN_S, intervalS / 3)) * SECOND_NS;
            resumed = true;
            set(askNs, nowNs);
        }
    }

    // Reading.

    private static int seconds(final SipMessage message, final HeaderField field) {
        for (int row = 0; row < message.rows(); row++) {
            if (message.rowName(row) == HeaderName.OTHER && field.names(message, row)) {
                return Numbers.parse(message.bytes(), message.rowValue(row));
            }
        }
        return 0;
    }

    private static boolean refresher(final SipMessage message, final byte[] who) {
        for (int row = 0; row < message.rows(); row++) {
            if (message.rowName(row) == HeaderName.OTHER && SESSION_EXPIRES.names(message, row)) {
                return OptionTags.indexOf(message.bytes(), message.rowValue(row), who, false) >= 0;
            }
        }
        return false;
    }

    private static boolean says(final SipMessage message, final HeaderName name) {
        for (int row = message.firstRow(name); row != SipMessage.NO_ROW; row = message.nextRow(row)) {
            if (OptionTags.indexOf(message.bytes(), message.rowValue(row), TIMER, true) >= 0) {
                return true;
            }
        }
        return false;
    }

    /** Writes a row of option tags but for that of session timers, which is each leg's own; nothing if it is alone. */
    static void putOthers(final AsciiWriter out, final SipMessage message, final int row) {
        final DirectBuffer bytes = message.bytes();
        final long value = message.rowValue(row);
        final int at = OptionTags.indexOf(bytes, value, TIMER, true);
        if (at < 0) {
            out.put(bytes, message.rowStart(row), message.rowEnd(row) - message.rowStart(row));
            return;
        }
        OptionTags.putWithout(out, bytes, message.rowStart(row), value, at, TIMER.length);
    }
}
