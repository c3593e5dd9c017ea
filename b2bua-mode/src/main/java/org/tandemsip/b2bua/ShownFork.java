package org.tandemsip.b2bua;

import org.agrona.DirectBuffer;
import org.tandemsip.codec.Method;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Slice;
import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.engine.routing.CallRules;
import org.tandemsip.engine.routing.MediaRules;
import org.tandemsip.engine.transaction.TransactionUser;

/**
 * The branches into which the callee's side forks, where the caller is shown each of them (RFC 3261 sections 12.1 and
 * 13.2.2.4): each early dialog of the callee's side goes with one of the caller's, which has another tag of ours. The
 * legs are in one such pair, the others are put aside; whatever comes for another pair turns the legs to that first.
 *
 * <pre>
 *   caller                          us                          callees
 *   180 ;tag=B2B.1  <---------  leg 0, leg 1  <---------------  180 ;tag=one
 *   180 ;tag=B2B.2  <---------  put aside     <---------------  180 ;tag=two
 *   PRACK in B2B.2  --------->  leg 0, leg 1, turned  -------->  PRACK in two
 * </pre>
 *
 * Nobody else gets a tag that was shown: neither a later branch, nor whoever is tried next. Part of
 * {@link EarlyDialogs}; shard thread only.
 */
final class ShownFork {
    /** Most of them together: a branch more goes into the last one. */
    static final int MOST = 8;

    private final B2bua owner;
    private final Dialog[] callers = new Dialog[MOST];
    private final Dialog[] callees = new Dialog[MOST];
    private final Rseqs[] rseqs = new Rseqs[MOST];
    /** Whether the offer of the INVITE has its answer there. */
    private final boolean[] answered = new boolean[MOST];
    /** Whether the caller has ended it. */
    private final boolean[] ended = new boolean[MOST];
    /** {@code null} where the caller is shown one only. */
    private Call call;
    private int count;
    private int current;
    private int variants;
    /** Whether the caller was shown our tag, and whether that was in an earlier try. */
    private boolean shown;
    private boolean stale;

    ShownFork(final B2bua owner) {
        this.owner = owner;
        for (int i = 0; i < MOST; i++) {
            callers[i] = new Dialog(owner);
            callees[i] = new Dialog(owner);
            rseqs[i] = new Rseqs(owner);
        }
    }

    /** Whether the caller of a call that begins may be shown several. */
    static boolean concern(final Call call) {
        return call.trunkIn != null && call.trunkIn.rules().calls().early() == CallRules.EarlyDialogs.EACH
                && call.initial.server != null;
    }

    void begin(final Call ofCall) {
        call = ofCall;
        variants = 0;
        shown = false;
        stale = false;
    }

    /** Nothing is set up any more: what the legs are in is theirs. */
    void end() {
        leave();
        call = null;
    }

    /** Whether there are any. */
    boolean any() {
        return count > 0;
    }

    /** Leaves all but the one that the legs are in, which is of nobody any more. */
    void leave() {
        for (int i = 0; i < count; i++) {
            callers[i].forget();
            callees[i].forget();
            rseqs[i].leave();
        }
        count = 0;
        current = 0;
        stale |= shown;
    }

    Rseqs rseqs() {
        return rseqs[current];
    }

    /**
     * Turns to the dialog of a response of the callee's side, which may be a new one: that the legs are ready for.
     *
     * @return {@code false} when the caller has ended it
     */
    boolean meet(final SipMessage response) {
        if (call == null || isAnchored()) {
            return true;
        }
        stale = stale && !draw();
        shown = true;
        if (!Slice.exists(response.toTag())) {
            return true;
        }
        for (int i = 0; i < count; i++) {
            if (callee(i).isRemoteTag(response.bytes(), response.toTag())) {
                if (!ended[i]) {
                    turn(i);
                }
                return !ended[i];
            }
        }
        if (count == 0 || putAside()) {
            add();
        } else {
            owner.counters.increment(Counter.EARLY_DIALOGS_JOINED);
            turn(last());
        }
        return true;
    }

    /** A relay of media knows the caller as one. */
    private boolean isAnchored() {
        return MediaRules.of(call.legs[0].trunk).anchored() || MediaRules.of(call.legs[1].trunk).anchored();
    }

    /** Gives the caller's leg another dialog. */
    private boolean draw() {
        call.initial.server.request(owner.kept);
        if (variants == Tags.MOST_VARIANTS || !call.legs[0].anew(variants + 1, owner.kept)) {
            return false;
        }
        variants++;
        return true;
    }

    /** Makes room in the legs for one more; {@code false} when there is none for it. */
    private boolean putAside() {
        if (count == MOST) {
            return false;
        }
        callers[current].take(call.legs[0]);
        callees[current].take(call.legs[1]);
        if (draw() && call.legs[1].copy(callees[current])) {
            answered[current] = call.initial.answered;
            return true;
        }
        call.legs[0].take(callers[current]);
        call.legs[1].take(callees[current]);
        return false;
    }

    private void add() {
        current = count++;
        ended[current] = false;
        call.initial.answered = false;
        call.legs[1].localCseq = call.initial.cseqOut;
        rseqs[current].begin(owner.draws.firstRseq());
    }

    /** Turns to the one with this tag of ours, if there is one; the tag of the callee's leg is the same in all. */
    void turnTo(final long mac, final DirectBuffer bytes, final long other) {
        if (call.legs[1].mac != mac) {
            turnTo(mac);
            return;
        }
        final long ofCaller = owner.tags.read(bytes, other) ? owner.tags.mac() : 0;
        for (int i = 0; i < count; i++) {
            if (!ended[i] && (callee(i).isRemoteTag(bytes, other) || caller(i).mac == ofCaller)) {
                turn(i);
                return;
            }
        }
    }

    /** Turns to the one of the caller with this tag of ours; {@code false} when there is none. */
    boolean turnTo(final long mac) {
        for (int i = 0; i < count; i++) {
            if (!ended[i] && caller(i).mac == mac) {
                turn(i);
                return true;
            }
        }
        return false;
    }

    private void turn(final int index) {
        if (index == current) {
            return;
        }
        callers[current].take(call.legs[0]);
        callees[current].take(call.legs[1]);
        answered[current] = call.initial.answered;
        current = index;
        call.legs[0].take(callers[current]);
        call.legs[1].take(callees[current]);
        call.initial.answered = answered[current];
    }

    private Dialog caller(final int index) {
        return index == current ? call.legs[0] : callers[index];
    }

    private Dialog callee(final int index) {
        return index == current ? call.legs[1] : callees[index];
    }

    /** The last one that the caller has not ended: there is always one. */
    private int last() {
        int last = count - 1;
        while (ended[last]) {
            last--;
        }
        return last;
    }

    /** Ends the one that the legs are in by a BYE that the caller has sent; {@code false} when it is the last one. */
    boolean endOne(final SipMessage bye, final long nowNs) {
        final int one = current;
        ended[one] = true;
        for (int i = 0; i < count; i++) {
            if (!ended[i]) {
                sendBye(call.legs[1], bye, nowNs);
                rseqs[one].leave();
                turn(i);
                return true;
            }
        }
        ended[one] = false;
        return false;
    }

    private void sendBye(final Leg callee, final SipMessage bye, final long nowNs) {
        owner.extra.clear();
        final int length = owner.sender.write(callee, Method.BYE, ++callee.localCseq, bye, owner.hops(bye),
                TransactionUser.NOBODY, nowNs);
        if (length > 0) {
            owner.sender.transaction().start(length, nowNs);
        } else if (!owner.sender.once(callee, Method.BYE, callee.localCseq, bye, null, 0, nowNs)) {
            owner.counters.increment(Counter.BYES_UNSENT);
        }
    }
}
