package org.tandemsip.engine.proxy;

import org.agrona.AsciiEncoding;
import org.agrona.MutableDirectBuffer;
import org.tandemsip.codec.HeaderName;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Slice;
import org.tandemsip.engine.handler.Source;
import org.tandemsip.engine.routing.Profile;
import org.tandemsip.engine.routing.Targets;
import org.tandemsip.engine.transaction.CancelReason;
import org.tandemsip.engine.transaction.ClientTransaction;
import org.tandemsip.engine.transaction.InviteClientTransaction;

/**
 * The branches of one response context: tries group after group (RFC 3261 section 16.6), all targets of a group in
 * parallel, and shares Max-Breadth among them (RFC 5393 section 5). Shard thread only.
 *
 * <p>A group is tried when a branch of the one before has {@link Branch.State#FAILED}. Targets whose trunk has given an
 * answer of its own meanwhile are left out: a busy callee is busy at the next peer too.
 */
final class Fork {
    /** Number of no group. */
    static final int NO_GROUP = Integer.MAX_VALUE;
    /** Most concurrent branches that a request may ask for, and what it has when it asks for nothing. */
    private static final int MOST_BREADTH = 60;

    private final StatefulProxy proxy;
    private final ResponseContext context;
    private Branch first;
    private int maxBreadth;
    private boolean writesMaxBreadth;
    private long firstKey;
    private int pending;
    private boolean closed;
    /** Whether the group tried last lets the next one be tried. */
    private boolean movesOn;

    Fork(final StatefulProxy proxy, final ResponseContext context) {
        this.proxy = proxy;
        this.context = context;
    }

    /**
     * Takes over the target set of a request.
     *
     * @param key branch key of the first copy
     * @return whether its Max-Breadth allows the set to be tried in parallel as it is meant to be
     */
    boolean begin(final SipMessage request, final Targets targets, final long key) {
        firstKey = key;
        final boolean given = request.firstRow(HeaderName.MAX_BREADTH) != SipMessage.NO_ROW;
        maxBreadth = given ? maxBreadth(request) : MOST_BREADTH;
        pending = 0;
        closed = false;
        movesOn = true;
        first = null;
        int inGroup = 0;
        int largestGroup = 0;
        Branch last = null;
        for (int i = 0; i < targets.size(); i++) {
            final Branch branch = proxy.takeBranch();
            if (branch == null) {
                break;
            }
            branch.set(context, targets.get(i), i);
            inGroup = last != null && last.target.group == branch.target.group ? inGroup + 1 : 1;
            largestGroup = Math.max(largestGroup, inGroup);
            if (last == null) {
                first = branch;
            } else {
                last.next = branch;
            }
            last = branch;
        }
        // RFC 5393 section 5.3.3 wants the header in all requests. Without it the next proxy assumes the 60 that we
        // would write, so it is added only where there is something to share out, and all else goes through as it came.
        writesMaxBreadth = given || largestGroup > 1;
        return largestGroup <= maxBreadth;
    }

    /** Number of branches without a final response. */
    int pending() {
        return pending;
    }

    /** No new branches from now on: after a 2xx, a 6xx or a CANCEL. */
    void close() {
        closed = true;
    }

    /** Whether there will be no new branches. */
    boolean closed() {
        return closed;
    }

    /** The branch of a client transaction, or {@code null} when it has been given back. */
    Branch find(final ClientTransaction client) {
        Branch branch = first;
        while (branch != null && branch.client != client) {
            branch = branch.next;
        }
        return branch;
    }

    /** Group to be tried now, or {@link #NO_GROUP}. */
    int nextGroup() {
        int group = NO_GROUP;
        if (pending == 0 && !closed && movesOn) {
            for (Branch branch = first; branch != null; branch = branch.next) {
                if (branch.target.group < group && mayBeTried(branch)) {
                    group = branch.target.group;
                }
            }
        }
        return group;
    }

    /** A branch that is under way and does not ring, or {@code null}. */
    Branch firstSilent() {
        for (Branch branch = first; branch != null; branch = branch.next) {
            if (branch.state == Branch.State.PENDING && !branch.ringing && !branch.timedOut) {
                return branch;
            }
        }
        return null;
    }

    /** Whether an INVITE that was given up can still be answered by a 2xx. */
    boolean mayStillSucceed() {
        for (Branch branch = first; branch != null; branch = branch.next) {
            if (branch.client instanceof InviteClientTransaction client && !client.completed()) {
                return true;
            }
        }
        return false;
    }

    /** Whether a target is left that would be tried if all that is pending failed. */
    boolean hasNextGroup() {
        for (Branch branch = first; branch != null; branch = branch.next) {
            if (mayBeTried(branch)) {
                return true;
            }
        }
        return false;
    }

    /**
     * Tries one group after the other, from {@code group} on, until a branch is under way.
     *
     * @param request as received; {@link RequestForwarder} is prepared with it
     */
    void tryGroups(final int group, final SipMessage request, final Source source, final long nowNs) {
        int current = group;
        while (current != NO_GROUP && pending == 0) {
            tryGroup(current, request, source, nowNs);
            current = nextGroup();
        }
    }

    /** Sends one copy in a client transaction of its own (section 16.6 steps 8 to 11); {@code false} when it cannot. */
    boolean send(final Branch branch, final SipMessage request, final Source source, final long nowNs) {
        final boolean invite = context.invite;
        proxy.requests.adds(proxy.challenges.maxAdded(request));
        proxy.requests.chooseTransport(branch.target, nowNs);
        final int number = branch.number();
        final long key = number == 0 ? firstKey : proxy.branches.key(request, source, number);
        final Profile peer = branch.target.sentTo == null ? Profile.NONE : branch.target.sentTo.profile();
        final ClientTransaction client = proxy.transactions.createClient(key, invite, branch.target.destination,
                context, peer.t1Ns(), peer.timeoutNs(), nowNs);
        if (client == null) {
            end(branch, Branch.State.FAILED);
            return false;
        }
        context.clients(1);
        proxy.requests.belongsTo(client.place(), context.callPart.place());
        final MutableDirectBuffer out = client.claim(proxy.requests.maxLength(branch.target));
        final int length = proxy.challenges.put(out, proxy.requests.write(branch.target, proxy.requests.statefulMode(),
                key, writesMaxBreadth ? branch.breadth : 0, out), request.bodyLength());
        if (length <= 0) {
            end(branch, Branch.State.FAILED);
            client.terminate(nowNs);
            return false;
        }
        branch.client = client;
        branch.state = Branch.State.PENDING;
        pending++;
        client.start(length, nowNs);
        if (invite) {
            proxy.watch(branch);
            branch.trying = branch.target.trunk != null && branch.target.trunk.tryNs() > 0 && isAnotherLeft(branch);
            if (branch.trying) {
                proxy.armTry(branch, nowNs);
            } else {
                proxy.armTimerC(branch, nowNs);
            }
        }
        return true;
    }

    /** Whether a target waits that could be tried instead. */
    private boolean isAnotherLeft(final Branch tried) {
        for (Branch branch = first; branch != null; branch = branch.next) {
            if (branch.state == Branch.State.WAITING && branch.target.group > tried.target.group) {
                return true;
            }
        }
        return false;
    }

    /**
     * Sends a pending branch's copy once more, as another branch to another transport; {@code false} when it cannot.
     */
    boolean resend(final Branch branch, final SipMessage request, final Source source, final long nowNs) {
        pending--;
        branch.state = Branch.State.WAITING;
        proxy.unwatch(branch);
        proxy.timers.cancel(branch);
        return send(branch, request, source, nowNs);
    }

    /**
     * Sends a pending branch's copy once more with the answer to the challenge that has come back (section 22.2);
     * {@code false} when it cannot. The transaction that was challenged lingers on its own.
     */
    boolean answer(final Branch branch, final SipMessage request, final Source source, final long nowNs) {
        proxy.answered(branch);
        branch.client.detach();
        context.clients(-1);
        branch.client = null;
        branch.ringing = false;
        branch.answers++;
        try {
            return resend(branch, request, source, nowNs);
        } finally {
            // Whatever came between: the answer must not get into a request to somebody else.
            proxy.challenges.forget();
        }
    }

    /** A branch is over. */
    void end(final Branch branch, final Branch.State outcome) {
        if (branch.state == Branch.State.PENDING) {
            pending--;
            context.callPart.meter.onEnd(branch);
        }
        branch.state = outcome;
        context.callPart.release(branch);
        movesOn |= outcome == Branch.State.FAILED;
        proxy.unwatch(branch);
        proxy.timers.cancel(branch);
    }

    /**
     * Cancels all pending INVITE branches (section 16.7 step 10), those without a provisional response once that comes.
     */
    void cancelPending(final CancelReason reason, final long nowNs) {
        for (Branch branch = first; branch != null; branch = branch.next) {
            if (branch.state == Branch.State.PENDING && branch.client instanceof InviteClientTransaction client) {
                proxy.timers.cancel(branch);
                client.cancel(reason, nowNs);
            }
        }
    }

    /** Lets go of the client transactions that linger. */
    void detach() {
        for (Branch branch = first; branch != null; branch = branch.next) {
            if (branch.client != null) {
                branch.client.detach();
            }
        }
    }

    /** Gives all branches back to the pool. */
    void release() {
        Branch branch = first;
        first = null;
        while (branch != null) {
            final Branch next = branch.next;
            context.callPart.release(branch);
            proxy.giveBack(branch);
            branch = next;
        }
    }

    private void tryGroup(final int group, final SipMessage request, final Source source, final long nowNs) {
        int count = 0;
        for (Branch branch = first; branch != null; branch = branch.next) {
            if (branch.target.group == group && mayBeTried(branch)) {
                count++;
            }
        }
        movesOn = false;
        // Nothing is pending here, so all of the breadth is there to be shared out again (RFC 5393 section 5.3.3.1).
        int breadthLeft = maxBreadth;
        for (Branch branch = first; count > 0; branch = branch.next) {
            if (branch.target.group == group && mayBeTried(branch)) {
                branch.breadth = (breadthLeft + count - 1) / count;
                breadthLeft -= branch.breadth;
                count--;
                if (context.callPart.admits(branch, first, nowNs)) {
                    send(branch, request, source, nowNs);
                } else {
                    end(branch, Branch.State.FAILED);
                }
            }
        }
    }

    private boolean mayBeTried(final Branch candidate) {
        if (candidate.state != Branch.State.WAITING) {
            return false;
        }
        for (Branch branch = first; branch != null; branch = branch.next) {
            if (branch.state == Branch.State.ANSWERED && branch.target.trunk == candidate.target.trunk
                    || branch.spoke && candidate.target.binding != null
                            && branch.target.binding.sameInstance(candidate.target.binding)) {
                return false;
            }
        }
        return true;
    }

    /** Value of Max-Breadth, at most 60 (section 5.3.3); 0 when it is not a number. */
    private static int maxBreadth(final SipMessage request) {
        final long value = request.value(HeaderName.MAX_BREADTH);
        int breadth = 0;
        for (int i = Slice.offset(value); i < Slice.end(value); i++) {
            final byte digit = request.bytes().getByte(i);
            if (!AsciiEncoding.isDigit(digit)) {
                return 0;
            }
            breadth = Math.min(MOST_BREADTH, breadth * 10 + digit - '0');
        }
        return breadth;
    }
}
