package org.tandemsip.engine.proxy;

import org.tandemsip.codec.Status;
import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.engine.routing.Target;
import org.tandemsip.engine.routing.Targets;
import org.tandemsip.engine.timer.TimerNode;
import org.tandemsip.engine.transaction.ClientTransaction;

/**
 * One element of a target set and the copy of the request that goes there (RFC 3261 section 16.6). Is its own timer C,
 * which runs while an INVITE branch is pending (section 16.6 step 11). Pooled by {@link StatefulProxy}; shard thread
 * only.
 */
final class Branch extends TimerNode {
    /** How far a branch has come. */
    enum State {
        /** Not tried yet: an earlier group is. */
        WAITING,
        /** Sent, no final response yet. */
        PENDING,
        /** Ended in a way that lets the next group be tried: timeout, transport error, a code that fails over. */
        FAILED,
        /** Ended with a response that says what became of the request: another peer of the trunk would say the same. */
        ANSWERED
    }

    /** Where it goes: a copy, since the target set is used again for the next request. */
    final Target target = new Target();
    /**
     * Makes the branch parameter of this copy differ from that of every other (section 16.6 step 7). Follows from the
     * target and the transport alone, never from what happened before, so that it is the same after a restart: what
     * went over UDP, since TCP was known to be refused, goes over UDP in the end by a node that has to find out.
     */
    int copy;
    /** Context it belongs to. */
    ResponseContext context;
    /** Neighbours among those that wait for a peer which may go down. */
    Branch watchedBefore;
    Branch watchedNext;
    boolean watched;
    /** Next branch of the same context, or next free one of the pool. */
    Branch next;
    /** Its client transaction; {@code null} before the start and when the transaction is gone. */
    ClientTransaction client;
    /** How far it has come. */
    State state;
    /** Max-Breadth it carries (RFC 5393 section 5.3.3). */
    int breadth;
    /** Its part of a call that counts against a limit; else {@code null}. */
    Call.Leg leg;
    /** Whether its trunk was asked if another call may begin there in this second, and what it said. */
    boolean askedRate;
    boolean withinRate;
    /** How often a challenge was answered in it, each time by another copy. */
    int answers;
    /** Whether the timer is that of one try and not timer C. */
    boolean trying;
    /** Status code of its final response; 0 without one. */
    int code;
    /** Whether it rings: a provisional response but 100 has come. */
    boolean ringing;
    /** Whether the device there has answered for itself: asking it by another flow would change nothing. */
    boolean spoke;
    /** Whether timer C has run out: a 487 then is our own doing and counts as a 408. */
    boolean timedOut;

    Branch set(final ResponseContext owner, final Target from, final int number) {
        target.set(from);
        copy = number;
        context = owner;
        state = State.WAITING;
        next = null;
        client = null;
        breadth = 0;
        answers = 0;
        timedOut = false;
        spoke = false;
        leg = null;
        askedRate = false;
        withinRate = false;
        trying = false;
        code = 0;
        ringing = false;
        return this;
    }

    /**
     * Number of the copy by the transport chosen, one tried over TCP for its size being another than the one over UDP,
     * and by the challenges that were answered.
     */
    int number() {
        return copy + (RequestForwarder.isTcpForSize(target) ? Targets.MAX : 0) + 2 * Targets.MAX * answers;
    }

    /**
     * Whether a final response with that code lets the next group be tried: a contact of a user speaks for itself only
     * (RFC 3261 section 16.5), a peer for its trunk.
     */
    boolean failsOver(final int statusCode) {
        return statusCode == 503 || target.binding != null
                || target.trunk != null && target.trunk.failsOver(statusCode);
    }

    /**
     * Takes a final response that is no 2xx. If it is that of a device, no other way to that is tried (RFC 5626 section
     * 7). A 503 of a proxy before it is not (RFC 3263 section 4.3).
     */
    void take(final int statusCode) {
        code = statusCode;
        spoke = target.binding != null && statusCode != 430 && statusCode != 408
                && (statusCode != 503 || target.binding.flow() != null);
    }

    /** Status of a request that does not get there: a user that is away, or a next hop that fails (section 16.9). */
    Status unreachable() {
        return target.binding != null ? Status.TEMPORARILY_UNAVAILABLE_480 : Status.SERVER_INTERNAL_ERROR_500;
    }

    @Override
    protected void expired(final long nowNs) {
        if (trying) {
            context.onTryTimer(this, nowNs);
        } else {
            context.proxy.counters.increment(Counter.TIMEOUTS_C);
            context.onTimerC(this, nowNs);
        }
    }
}
