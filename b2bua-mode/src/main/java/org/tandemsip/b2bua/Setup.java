package org.tandemsip.b2bua;

import org.tandemsip.codec.Method;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Status;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.handler.Disposition;
import org.tandemsip.engine.metrics.CallCounts;
import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.engine.routing.ListenPoints;
import org.tandemsip.engine.routing.PeerState;
import org.tandemsip.engine.routing.Target;
import org.tandemsip.engine.routing.Targets;
import org.tandemsip.engine.routing.Trunk;
import org.tandemsip.engine.timer.TimerLanes.Lane;
import org.tandemsip.engine.timer.TimerNode;
import org.tandemsip.engine.transaction.CancelReason;
import org.tandemsip.engine.transaction.InviteClientTransaction;
import org.tandemsip.engine.transaction.TransactionUser;

/**
 * Where a call that is being set up may go, and how far that has come: its targets are tried one after the other, all
 * of them within one timer C (RFC 3261 section 16.6 step 11), which no new try begins anew. Only a try that rings by
 * then may go on, for the time that its last 101-199 has given it (section 16.7 step 2). The caller gets the best
 * answer that has come, else 408.
 *
 * <pre>
 *   try 1 ---- silent: its trunk's patience ----| try 2 ------ 503 ------| try 3 ---- 180 ------------------| 487
 *   timer C ------------------------------------------------------------------------------| no try 4
 *                                                                                 timer C after 180 --------|
 * </pre>
 *
 * Is the timer of the present try. Pooled; shard thread only.
 */
final class Setup extends TimerNode {
    private final B2bua owner;
    private final Target[] targets = new Target[Targets.MAX];
    final EarlyDialogs early;
    private int size;
    private int next;
    Call call;
    /** What the caller is told when nothing can be tried. */
    Status failure;
    /** What is tried now. */
    private Target target;
    /** Whether the timer is that of a peer which has not said anything yet. */
    private boolean trying;
    /** Whether the present try has got a provisional response other than 100. */
    private boolean ringing;
    /** Whether timer C has run, and whether it has run out: nothing new is tried then. */
    private boolean begun;
    private boolean timeUp;
    private final BestAnswer best;
    /** Where it was redirected to; {@code null} before it was needed. */
    private Redirection redirection;
    private final TimerNode timerC = new TimerNode() {
        @Override
        protected void expired(final long nowNs) {
            onTimerC(nowNs);
        }
    };
    /** Listen point that the present try was sent from: whoever answers may name another way for what follows. */
    private int way;
    /** What the try before the present one has come to, 0 for nothing. */
    private int lastCode;
    /** Trunk that was asked last whether another call may begin there in this second, and what it said. */
    private Trunk askedTrunk;
    private boolean withinRate;
    Setup nextFree;

    Setup(final B2bua owner) {
        this.owner = owner;
        best = new BestAnswer(owner);
        early = new EarlyDialogs(owner);
        for (int i = 0; i < targets.length; i++) {
            targets[i] = new Target();
        }
    }

    Setup begin(final Call ofCall, final Targets from, final long firstRseq) {
        call = ofCall;
        early.begin(ofCall, firstRseq);
        size = from.size();
        for (int i = 0; i < size; i++) {
            targets[i].set(from.get(i));
        }
        next = 0;
        target = null;
        trying = false;
        ringing = false;
        begun = false;
        timeUp = false;
        lastCode = 0;
        askedTrunk = null;
        failure = Status.SERVICE_UNAVAILABLE_503;
        return this;
    }

    /** Nothing is set up any more. */
    void end() {
        owner.timers.cancel(this);
        owner.timers.cancel(timerC);
        best.forget();
        early.end();
        if (redirection != null) {
            redirection.clear();
        }
        call = null;
    }

    /** Moves to the next target; {@code false} when none is left. */
    private boolean advance() {
        if (!hasNext()) {
            return false;
        }
        if (isRedirected()) {
            target = redirection.next();
        } else {
            target = targets[next++];
            if (redirection != null) {
                redirection.leave();
            }
        }
        trying = false;
        ringing = false;
        return true;
    }

    /** Whether a target is left, and time for it. */
    private boolean hasNext() {
        return !timeUp && (next < size || isRedirected());
    }

    /** Whether a place is left that it was redirected to. */
    private boolean isRedirected() {
        return redirection != null && redirection.hasNext();
    }

    /** Whether it goes to another trunk than the one that the caller's credentials may be for. */
    boolean isElsewhere() {
        return redirection != null && redirection.elsewhere();
    }

    /** Tries the next target that takes the call; {@code false} when none is left. */
    boolean tryNext(final long nowNs) {
        if (!begun) {
            begun = true;
            owner.timers.arm(timerC, owner.lanes.timerC(), nowNs);
        }
        final Trunk before = call.trunkOut;
        final CallCounts.Outcome outcome =
                lastCode == 0 ? CallCounts.Outcome.FAILED : CallCounts.Outcome.of(lastCode, ringing);
        while (advance()) {
            if (admits(nowNs) && send(nowNs)) {
                if (before != null && outcome != null) {
                    before.state().ended(owner.shard).ended(false, outcome);
                }
                return true;
            }
            call.room.giveBackTarget();
        }
        return false;
    }

    private boolean admits(final long nowNs) {
        if (target.peer != null && !target.peer.state().usable()) {
            return false;
        }
        final Trunk trunk = target.trunk;
        if (trunk == null) {
            return true;
        }
        if (!call.emergency && !isWithinRate(trunk, nowNs)) {
            return false;
        }
        return call.room.take(target, call.emergency);
    }

    /** Whether a trunk takes another call in this second: asked once for all of its peers that stand together. */
    private boolean isWithinRate(final Trunk trunk, final long nowNs) {
        if (askedTrunk != trunk) {
            askedTrunk = trunk;
            withinRate = trunk.state().tryBegin(nowNs);
            if (!withinRate) {
                owner.counters.increment(Counter.LIMITED_RATE);
            }
        }
        return withinRate;
    }

    private boolean send(final long nowNs) {
        final Leg callee = call.legs[1];
        early.leave();
        callee.state = Leg.State.NONE;
        callee.seen.set(target.destination);
        callee.trunk = target.sentTo;
        callee.pinned = target.binding != null && target.binding.flow() != null && target.binding.flow().pinned();
        callee.localCseq = 0;
        callee.session.reset();
        call.trunkOut = target.trunk;
        call.peer = target.peer;
        call.route = target.route;
        call.initial.retarget();
        owner.transfers.original(call.initial, owner.kept);
        if (!callee.ofCaller(owner.kept, names())) {
            return false;
        }
        if (Redirects.concerns(callee.trunk)) {
            redirection = redirection == null ? new Redirection(owner) : redirection;
            owner.redirects.remember(callee, redirection);
        }
        aim(callee);
        owner.extra.clear();
        return launch(owner.kept, nowNs);
    }

    private CallNames names() {
        return owner.names.to(target, redirection != null && redirection.on() ? redirection : null);
    }

    private void aim(final Leg callee) {
        callee.remote.set(target.destination);
        callee.tcpWhenLarge = target.tcpWhenLarge;
        callee.named = true;
    }

    /** Sends the INVITE to the same target once more, with what stands in {@link B2bua#extra}. */
    boolean again(final SipMessage invite, final long nowNs) {
        final Leg callee = call.legs[1];
        if (callee.hasRemoteTag()) {
            // Its early dialogs are over with the response.
            if (!callee.ofCallerAgain(invite, names())) {
                return false;
            }
            early.leave();
            callee.state = Leg.State.NONE;
            aim(callee);
        }
        return launch(invite, nowNs);
    }

    /** Goes on with an INVITE that names a dialog of another shard, which was asked for it. */
    private void onDialog(final NamedDialog dialog, final long nowNs) {
        call.initial.lookUp = null;
        call.initial.named = dialog;
        resume(nowNs);
    }

    /** The media relay has answered, or another shard: the INVITE that was to be sent goes. */
    void resume(final long nowNs) {
        owner.transfers.original(call.initial, owner.kept);
        owner.extra.clear();
        if (!launch(owner.kept, nowNs)) {
            call.room.giveBackTarget();
            tryNextOr(failure, nowNs);
        }
    }

    private boolean launch(final SipMessage original, final long nowNs) {
        final Status named = owner.replacements.refusal(original, call.legs[1], call.initial.named);
        if (named != null && owner.replacements.isElsewhere()) {
            call.initial.lookUp = owner.others.ask(this::onDialog, nowNs);
            if (call.initial.lookUp != null) {
                owner.timers.cancel(this);
                return true;
            }
            call.initial.named = NamedDialog.UNANSWERED;
        }
        if (named != null) {
            failure = named;
            return false;
        }
        final SipMessage invite = owner.media.offer(call, original, nowNs);
        if (invite == null) {
            owner.timers.cancel(this);
            return call.media != null && call.media.waits();
        }
        final Leg callee = call.legs[1];
        owner.extra.named = call.initial.named;
        final int length = owner.sender.write(callee, Method.INVITE, callee.localCseq + 1, invite,
                owner.hops(invite, target.trunk), call.initial, nowNs);
        if (length == 0) {
            return false;
        }
        callee.localCseq++;
        callee.inviteOut = call.initial;
        call.initial.client = owner.sender.transaction();
        call.initial.cseqOut = callee.localCseq;
        call.initial.client.start(length, nowNs);
        onSent(nowNs);
        return true;
    }

    /** The INVITE is on its way. */
    void onSent(final long nowNs) {
        way = call.initial.client.destination().listenPoint;
        lastCode = 0;
        final Lane patience = owner.lanes.tryOf(target.trunk);
        trying = patience != null && !timeUp;
        ringing = timeUp;
        if (trying) {
            owner.timers.arm(this, patience, nowNs);
        } else if (timeUp) {
            // What has rung is asked once more, with an answer to its challenge.
            owner.timers.arm(this, owner.lanes.timerC(), nowNs);
        } else {
            owner.timers.cancel(this);
        }
    }

    /** A provisional response has come: the peer is alive, and rings from 101 on, which gives it timer C anew. */
    void onProvisional(final int statusCode, final long nowNs) {
        if (trying) {
            report(PeerState.Event.SUCCESS);
            owner.timers.cancel(this);
            trying = false;
        }
        if (statusCode > Status.TRYING_100.code()) {
            ringing = true;
            owner.timers.arm(this, owner.lanes.timerC(), nowNs);
            call.ringNs = call.ringNs == 0 ? nowNs : call.ringNs;
        }
    }

    void report(final PeerState.Event event) {
        if (target.peer != null && target.trunk != null && target.trunk.ping().on()) {
            target.peer.state().on(event, way, target.trunk.ping());
        }
    }

    /** A peer has been silent for as long as its trunk allows, or the callee has rung for as long as timer C. */
    @Override
    protected void expired(final long nowNs) {
        if (!trying) {
            abandon(CancelReason.NONE, nowNs);
            giveUp(Status.REQUEST_TIMEOUT_408, nowNs);
            return;
        }
        trying = false;
        report(PeerState.Event.FAILURE);
        if (hasNext()) {
            abandon(CancelReason.NONE, nowNs);
            tryNextOr(Status.REQUEST_TIMEOUT_408, nowNs);
        }
    }

    private void onTimerC(final long nowNs) {
        timeUp = true;
        if (!ringing) {
            abandon(CancelReason.NONE, nowNs);
            giveUp(Status.REQUEST_TIMEOUT_408, nowNs);
        }
    }

    /** Nothing is left to be tried: the caller gets the best answer that has come, or {@code status}. */
    void giveUp(final Status status, final long nowNs) {
        if (best.isBetterThan(status.code())) {
            refuseAsBest(nowNs);
        } else {
            if (status == Status.CALL_DOES_NOT_EXIST_481) {
                owner.replacements.countRefused(call.initial.named);
            }
            call.fail(status, null, nowNs);
        }
    }

    private Disposition refuseAsBest(final long nowNs) {
        call.trunkOut = best.trunkOut();
        call.peer = best.peer();
        return refuse(best.read(), best.trunk(), nowNs);
    }

    private Disposition refuse(final SipMessage response, final Trunk from, final long nowNs) {
        call.legs[1].trunk = from;
        return call.refused(response, from, nowNs);
    }

    private void tryNextOr(final Status status, final long nowNs) {
        if (!tryNext(nowNs)) {
            giveUp(status, nowNs);
        }
    }

    /** Gives up the present try; its late 2xx will be acknowledged and ended. */
    void abandon(final CancelReason reason, final long nowNs) {
        call.room.giveBackTarget();
        if (call.initial.client instanceof final InviteClientTransaction client) {
            client.cancel(reason, nowNs);
            call.initial.letGoOfClient(nowNs);
        }
        call.legs[1].inviteOut = null;
    }

    /** The INVITE was answered by a failure: the next target, or the answer goes to the caller. */
    Disposition onFailure(final SipMessage response, final long nowNs) {
        final int failure = response.statusCode();
        lastCode = failure;
        report(failure == Status.SERVICE_UNAVAILABLE_503.code() ? PeerState.Event.FAILURE : PeerState.Event.SUCCESS);
        final Trunk trunk = target.trunk;
        final Trunk from = call.legs[1].trunk;
        final boolean follows = !timeUp && redirection != null
                && owner.redirects.follow(call, response, from, redirection, nowNs);
        if (follows || failure == Status.SERVICE_UNAVAILABLE_503.code() || trunk != null && trunk.failsOver(failure)
                || (target.binding != null || isRedirected()) && failure < 600) {
            call.initial.client.detach();
            call.initial.client = null;
            call.legs[1].inviteOut = null;
            call.room.giveBackTarget();
            if (hasNext() && !follows) {
                best.offer(response, call);
            }
            if (tryNext(nowNs)) {
                return Disposition.ABSORBED;
            }
        }
        return best.isBetterThan(failure) ? refuseAsBest(nowNs) : refuse(response, from, nowNs);
    }

    /** The INVITE got no answer, or did not get there. */
    void onLost(final Status status, final boolean peerFailed, final long nowNs) {
        call.legs[1].inviteOut = null;
        if (peerFailed || status == Status.REQUEST_TIMEOUT_408) {
            report(PeerState.Event.FAILURE);
        }
        call.room.giveBackTarget();
        tryNextOr(status, nowNs);
    }

    /**
     * ICMP has reported that the INVITE did not get there: over TCP where nobody has said that the target speaks UDP
     * (RFC 3263 section 4), else the next target at once, if there is one.
     */
    void onUnreachable(final long nowNs) {
        if (!(call.initial.client instanceof final InviteClientTransaction client) || client.proceeding()) {
            return;
        }
        final Leg callee = call.legs[1];
        final int tcp = target.tcpWhenRefused && callee.remote.transport == Transport.UDP
                ? owner.sender.tcpFor(callee, nowNs)
                : ListenPoints.NONE;
        if (tcp != ListenPoints.NONE) {
            call.initial.client = null;
            callee.inviteOut = null;
            client.handOver(TransactionUser.NOBODY);
            client.terminate(nowNs);
            callee.goesOverTcp(tcp);
            owner.transfers.original(call.initial, owner.kept);
            owner.extra.clear();
            if (!launch(owner.kept, nowNs)) {
                call.room.giveBackTarget();
                tryNextOr(Status.SERVICE_UNAVAILABLE_503, nowNs);
            }
        } else if (hasNext()) {
            report(PeerState.Event.FAILURE);
            abandon(CancelReason.NONE, nowNs);
            tryNextOr(Status.SERVICE_UNAVAILABLE_503, nowNs);
        }
    }

    /** A way to a peer has gone down: if what is tried or rings took it, the next peer is tried, if there is one. */
    void onPeerDown(final long nowNs) {
        if (target != null && target.peer != null && target.peer.state().state(way) == PeerState.State.DOWN && hasNext()
                && call.initial.client instanceof InviteClientTransaction) {
            abandon(CancelReason.NONE, nowNs);
            tryNextOr(Status.SERVICE_UNAVAILABLE_503, nowNs);
        }
    }
}
