package org.tandemsip.engine.proxy;

import org.tandemsip.codec.Method;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.engine.handler.Places;
import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.engine.routing.PeerState;
import org.tandemsip.engine.routing.Trunk;

/**
 * What one request does to a call that counts against limits: begins it, refreshes its session, or ends one of its
 * dialogs; for most requests nothing at all. Part of a {@link ResponseContext}; shard thread only.
 */
final class CallPart {
    private final StatefulProxy proxy;
    final CallMeter meter;
    /** Whether the request asks for a new call. */
    private boolean beginsCall;
    /** Whether it is for help in an emergency: no limit holds for it. */
    private boolean emergency;
    /** The call that it begins, while that is set up and counts against a limit; else {@code null}. */
    private Call call;
    /** Key of the call that counts and that the request begins, refreshes or ends; 0 for none. */
    private long callKey;
    /** Whether its 2xx puts off the end of the session. */
    private boolean refreshes;
    /** Dialog that a BYE ends; 0 for none. */
    private long endedDialog;

    CallPart(final StatefulProxy proxy) {
        this.proxy = proxy;
        meter = new CallMeter(proxy.shard);
    }

    /** Takes over a request. @param newCall what it begins, or {@code null} */
    void begin(final SipMessage request, final Call newCall) {
        beginsCall = newCall != null || proxy.beginsCall(request);
        meter.begin(beginsCall, proxy.requests.from());
        emergency = beginsCall && proxy.requests.isEmergency();
        call = newCall;
        callKey = call == null ? 0 : call.key;
        endedDialog = 0;
        refreshes = false;
        if (beginsCall || proxy.calls.size() == 0) {
            return;
        }
        final boolean ends = request.method() == Method.BYE;
        refreshes = request.method() == Method.INVITE || request.method() == Method.UPDATE;
        final Call inside = ends || refreshes ? proxy.findCall(request) : null;
        if (inside != null) {
            callKey = inside.key;
            endedDialog = ends ? proxy.calls.dialog(inside, request) : 0;
        }
    }

    /** Place of the call that the request begins, or {@link Places#NONE}. */
    long place() {
        return call == null ? Places.NONE : call.place;
    }

    /**
     * Whether the trunk of a branch has room for this call; if so it is taken. What is not admitted is released.
     *
     * @param first first of all branches of the request
     */
    boolean admits(final Branch branch, final Branch first, final long nowNs) {
        if (!beginsCall) {
            return true;
        }
        final Trunk trunk = branch.target.trunk;
        if (call != null) {
            branch.leg = proxy.calls.admit(call, trunk, state(branch), emergency);
            if (branch.leg == null) {
                return false;
            }
        }
        return trunk == null || emergency || isWithinRate(branch, first, nowNs);
    }

    /** Whether the trunk of a branch takes another call in this second: asked once for all peers of it. */
    private boolean isWithinRate(final Branch branch, final Branch first, final long nowNs) {
        for (Branch each = first; each != null; each = each.next) {
            if (each.askedRate && each.target.trunk == branch.target.trunk) {
                return each.withinRate;
            }
        }
        branch.askedRate = true;
        branch.withinRate = branch.target.trunk.state().tryBegin(nowNs);
        if (!branch.withinRate) {
            proxy.counters.increment(Counter.LIMITED_RATE);
        }
        return branch.withinRate;
    }

    private static PeerState state(final Branch branch) {
        return branch.target.peer == null ? null : branch.target.peer.state();
    }

    /** Gives back what a branch still holds of its trunk. */
    void release(final Branch branch) {
        if (branch.leg != null) {
            proxy.calls.release(call, branch.leg);
            branch.leg = null;
        }
    }

    /** A 2xx has come. @param branch the branch it came on, or {@code null} when that is gone */
    void onSuccess(final Branch branch, final SipMessage response, final long startedNs, final long nowNs) {
        if (branch != null && branch.state == Branch.State.PENDING) {
            meter.onSuccess(branch, response.statusCode(), nowNs - startedNs);
        }
        if (callKey == 0) {
            return;
        }
        if (!beginsCall) {
            if (refreshes) {
                proxy.calls.refreshed(callKey, response, nowNs);
            }
        } else if (branch != null && branch.leg != null) {
            proxy.calls.answered(call, branch.leg, response, nowNs);
            branch.leg = null;
        } else {
            proxy.calls.answeredAgain(callKey, response, branch == null ? null : branch.target.trunk,
                    branch == null ? null : state(branch), nowNs);
        }
    }

    /** The request was answered 401 or 407: a BYE comes again and has ended nothing. */
    void challenged() {
        endedDialog = 0;
    }

    /** The request has its answer: a call is set up, or one of its dialogs is over. */
    void end() {
        if (call != null) {
            proxy.calls.setUp(call);
            call = null;
        }
        if (endedDialog != 0) {
            proxy.calls.ended(callKey, endedDialog);
            endedDialog = 0;
        }
    }
}
