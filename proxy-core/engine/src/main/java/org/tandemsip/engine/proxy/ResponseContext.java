package org.tandemsip.engine.proxy;

import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Status;
import org.tandemsip.engine.client.Challenges;
import org.tandemsip.engine.handler.Disposition;
import org.tandemsip.engine.handler.Source;
import org.tandemsip.engine.routing.Targets;
import org.tandemsip.engine.transaction.CancelReason;
import org.tandemsip.engine.transaction.ClientTransaction;
import org.tandemsip.engine.transaction.InviteClientTransaction;
import org.tandemsip.engine.transaction.InviteServerTransaction;
import org.tandemsip.engine.transaction.ServerTransaction;
import org.tandemsip.engine.transaction.TransactionUser;

/**
 * What a stateful proxy remembers of one request (RFC 3261 section 16.6): its server transaction, the branches it went
 * out on, and the best response so far. Pooled by {@link StatefulProxy}; shard thread only.
 *
 * <pre>
 *   request --> server transaction --+-- Branch, group 0 -- client transaction --> target
 *                                    +-- Branch, group 0 -- client transaction --> target
 *                                    +-- Branch, group 1    (waits until group 0 has failed)
 * </pre>
 *
 * Ends when the final response has gone up and all branches have ended: the transactions linger on their own. Only
 * after a 2xx to an INVITE it stays as long as they do, since a 2xx that a callee sends again has to find its way from
 * the client transaction to the server transaction (section 16.7 step 9), and while a try that was given up can still
 * be answered by one (RFC 6026 section 8.4); branches and kept response go back to their pools even then. As a timer it
 * gives a non-INVITE request the late 100 of RFC 4320, and ends all tries of an INVITE.
 */
final class ResponseContext extends ResponseCollector implements TransactionUser {
    /** Next free one of the pool. */
    ResponseContext next;

    /** Name that it waits for, or {@code null}, and the next that waits for the same; kept by {@link HostNames}. */
    HostNames.Entry waitsFor;
    ResponseContext nextWaiting;
    /** Where the request came from. */
    final Source source = new Source();

    private final Fork fork;
    private boolean recordRoute;
    /** Transactions that name this as their user. */
    private int transactions;
    /** Whether a 2xx to an INVITE has gone up: more of them may follow. */
    private boolean accepted;
    /** Set while a message or timer is dealt with: a transaction that ends meanwhile must not recycle this. */
    private boolean busy;

    ResponseContext(final StatefulProxy proxy) {
        super(proxy);
        this.fork = new Fork(proxy, this);
    }

    /**
     * Begins with a request and forwards it to the first group of its targets (section 16.6).
     *
     * @param transaction server transaction, made for this request with this as its user
     * @param request     as received; {@link RequestForwarder} is prepared with it
     * @param newCall     call that it begins, when that counts against a limit; else {@code null}
     * @param key         branch key of the first copy
     */
    Disposition begin(final ServerTransaction transaction, final SipMessage request, final Source from,
            final Targets targets, final Call newCall, final long key, final long nowNs) {
        init(transaction, request, newCall, from, nowNs);
        busy = true;
        try {
            return start(request, targets, key, true, nowNs);
        } finally {
            done();
        }
    }

    private void init(final ServerTransaction transaction, final SipMessage request, final Call newCall,
            final Source from, final long nowNs) {
        server = transaction;
        source.set(from);
        invite = transaction instanceof InviteServerTransaction;
        recordRoute = proxy.requests.recordRoute();
        startedNs = nowNs;
        transactions = 1;
        local = null;
        cancelled = false;
        finalSent = false;
        accepted = false;
        callPart.begin(request, newCall);
    }

    /** Begins with a request whose next hop is looked up: the server transaction keeps it until {@link #resume}. */
    void beginWaiting(final ServerTransaction transaction, final SipMessage request, final Source from,
            final long nowNs) {
        init(transaction, request, null, from, nowNs);
        sayTrying(nowNs);
    }

    /** Ends the waiting: answers with {@code refusal}, or forwards {@code request} as {@link #begin} does. */
    void resume(final Status refusal, final SipMessage request, final Targets targets, final long key,
            final long nowNs) {
        busy = true;
        try {
            if (refusal != null) {
                answer(refusal, nowNs);
            } else {
                start(request, targets, key, false, nowNs);
            }
        } finally {
            done();
        }
    }

    /** A fault came between: answers 500 unless a final response has gone up already, and tries nothing more. */
    void abandon(final long nowNs) {
        if (!finalSent && server != null && waitsFor == null) {
            fork.close();
            fork.cancelPending(CancelReason.NONE, nowNs);
            resume(Status.SERVER_INTERNAL_ERROR_500, null, null, 0, nowNs);
        }
    }

    private Disposition start(final SipMessage request, final Targets targets, final long key, final boolean first,
            final long nowNs) {
        if (!fork.begin(request, targets, key)) {
            answer(Status.MAX_BREADTH_EXCEEDED_440, nowNs);
        } else {
            if (first) {
                sayTrying(nowNs);
            }
            fork.tryGroups(fork.nextGroup(), request, source, nowNs);
            if (fork.pending() == 0) {
                answer(Status.SERVICE_UNAVAILABLE_503, nowNs);
            } else if (invite && fork.hasNextGroup()) {
                proxy.armPatience(this, nowNs);
            }
        }
        return finalSent ? Disposition.ANSWERED : Disposition.FORWARDED;
    }

    /** A client transaction has this as its user from now on (1), or lingers on its own (-1). */
    void clients(final int change) {
        transactions += change;
    }

    /** Takes a response of one of the client transactions, sent by {@code from} (section 16.7). */
    Disposition onResponse(final ClientTransaction transaction, final SipMessage response, final Source from,
            final long nowNs) {
        busy = true;
        try {
            final Branch branch = fork.find(transaction);
            proxy.responses.between(transaction.destination(), source);
            return switch (transaction.onResponse(response, nowNs)) {
                case PROVISIONAL -> onProvisional(branch, response, nowNs);
                case FINAL -> response.statusCode() < 300
                        ? onSuccess(branch, response, nowNs)
                        : onFailure(branch, response, from, nowNs);
                case ABSORBED -> Disposition.ABSORBED;
            };
        } finally {
            done();
        }
    }

    /** Takes a CANCEL of the caller (section 16.10): no new branches, and a CANCEL to each that is pending. */
    void cancel(final CancelReason reason, final long nowNs) {
        if (!finalSent && waitsFor != null) {
            proxy.names.forget(this);
            resume(Status.REQUEST_TERMINATED_487, null, null, 0, nowNs);
        } else if (!finalSent && !cancelled) {
            cancelled = true;
            fork.close();
            fork.cancelPending(reason, nowNs);
        }
    }

    /** Timer C (section 16.8): cancels what rings for ever; a branch without any answer counts as a 408. */
    void onTimerC(final Branch branch, final long nowNs) {
        busy = true;
        try {
            branch.timedOut = true;
            final InviteClientTransaction client = (InviteClientTransaction) branch.client;
            if (client.proceeding()) {
                client.cancel(CancelReason.NONE, nowNs);
            } else {
                fork.end(branch, Branch.State.ANSWERED);
                client.terminate(nowNs);
                fail(Status.REQUEST_TIMEOUT_408, nowNs);
            }
        } finally {
            done();
        }
    }

    /** A peer was silent for too long: the next is tried; this one is cancelled when it speaks, a 2xx passed on. */
    void onTryTimer(final Branch branch, final long nowNs) {
        abandon(branch, nowNs);
    }

    /** A peer has gone down while it was asked: the next is tried if there is one, as if the time was up. */
    void onPeerDown(final Branch branch, final long nowNs) {
        if (!fork.closed() && fork.hasNextGroup()) {
            abandon(branch, nowNs);
        }
    }

    private void abandon(final Branch branch, final long nowNs) {
        branch.trying = false;
        busy = true;
        try {
            fork.end(branch, Branch.State.FAILED);
            ((InviteClientTransaction) branch.client).cancel(CancelReason.NONE, nowNs);
            proxy.failed(branch);
            fail(Status.REQUEST_TIMEOUT_408, nowNs);
        } finally {
            done();
        }
    }

    /** Timer B or F, or no final response to a CANCEL (section 9.1): counts as a 408. */
    @Override
    public void onTimeout(final ClientTransaction transaction, final long nowNs) {
        final Branch branch = fork.find(transaction);
        if (branch == null || branch.state != Branch.State.PENDING) {
            return;
        }
        busy = true;
        try {
            fork.end(branch, branch.timedOut ? Branch.State.ANSWERED : Branch.State.FAILED);
            if (!branch.timedOut) {
                proxy.failed(branch);
            }
            fail(Status.REQUEST_TIMEOUT_408, nowNs);
        } finally {
            done();
        }
    }

    /**
     * Counts as a 503 (section 16.9), which alone becomes a 500; but a large request gets its chance over UDP first.
     */
    @Override
    public void onTransportError(final ClientTransaction transaction, final long nowNs) {
        final Branch branch = fork.find(transaction);
        if (branch == null || branch.state != Branch.State.PENDING) {
            return;
        }
        final boolean peerFailed = proxy.transactions.takePeerFailure();
        busy = true;
        try {
            if (fork.closed() || !RequestForwarder.isTcpForSize(branch.target)
                    || !changesTransport(branch) || !fork.resend(branch, kept(), source, nowNs)) {
                fork.end(branch, Branch.State.FAILED);
                if (peerFailed) {
                    proxy.failed(branch);
                }
                fail(branch.unreachable(), nowNs);
            }
        } finally {
            done();
        }
    }

    private boolean changesTransport(final Branch branch) {
        kept();
        return proxy.requests.changeTransport(branch.target);
    }

    /**
     * ICMP has reported that a request did not get there (section 18.4). Another transport or the next peer is tried at
     * once; the last one is given until timer B or F: a server that is being restarted refuses for a second or two.
     */
    void onUnreachable(final ClientTransaction transaction, final long nowNs) {
        final Branch branch = fork.find(transaction);
        if (branch == null || branch.state != Branch.State.PENDING || fork.closed()
                || transaction instanceof InviteClientTransaction client && client.proceeding()) {
            return;
        }
        busy = true;
        try {
            if (changesTransport(branch)) {
                transaction.terminate(nowNs);
                if (!fork.resend(branch, kept(), source, nowNs)) {
                    fail(Status.SERVER_INTERNAL_ERROR_500, nowNs);
                }
            } else if (fork.hasNextGroup() || branch.target.binding != null) {
                fork.end(branch, Branch.State.FAILED);
                proxy.failed(branch);
                transaction.terminate(nowNs);
                fail(branch.unreachable(), nowNs);
            }
        } finally {
            done();
        }
    }

    @Override
    public void onTerminated(final ClientTransaction transaction, final long nowNs) {
        final Branch branch = fork.find(transaction);
        if (branch != null) {
            branch.client = null;
        }
        transactions--;
        recycleWhenUnused();
    }

    @Override
    public void onTerminated(final ServerTransaction transaction, final long nowNs) {
        server = null;
        transactions--;
        if (!finalSent) {
            // Only a fault leads here: nobody is left to be answered.
            proxy.names.forget(this);
            finalSent(Status.SERVER_INTERNAL_ERROR_500.code());
            fork.close();
            fork.cancelPending(CancelReason.NONE, nowNs);
        }
        recycleWhenUnused();
    }

    /** The request goes on as a call with a transaction of its own: this one has nothing to answer. */
    void handOver(final long nowNs) {
        finalSent = true;
        server.terminate(nowNs);
    }

    /**
     * Time for the 100 of a non-INVITE (RFC 4320 section 4.1); for an INVITE the end of all tries: they may take no
     * longer together than one would (timer C), but what rings by now goes on ringing.
     */
    @Override
    protected void expired(final long nowNs) {
        if (invite) {
            fork.close();
            for (Branch branch = fork.firstSilent(); branch != null; branch = fork.firstSilent()) {
                if (((InviteClientTransaction) branch.client).proceeding()) {
                    proxy.timers.cancel(branch);
                    onTimerC(branch, nowNs);
                } else {
                    onTryTimer(branch, nowNs);
                }
            }
        } else if (server != null) {
            server.respond(Status.TRYING_100, nowNs);
        }
    }

    /** Passes on what is neither a 100 (section 16.7 step 5) nor meant for a non-INVITE (RFC 4320 section 4.1). */
    private Disposition onProvisional(final Branch branch, final SipMessage response, final long nowNs) {
        if (branch != null && branch.state != Branch.State.PENDING) {
            // Of a try that was given up: the caller hears of the one that follows it.
            return Disposition.ABSORBED;
        }
        if (branch != null && branch.trying) {
            branch.trying = false;
            proxy.armTimerC(branch, nowNs);
        }
        if (!invite || response.statusCode() == 100) {
            return Disposition.ABSORBED;
        }
        if (branch != null) {
            callPart.meter.onRinging(branch, nowNs - startedNs);
            if (branch.armed()) {
                proxy.armTimerC(branch, nowNs);
            }
        }
        return !finalSent && sendUp(response, nowNs) ? Disposition.FORWARDED : Disposition.ABSORBED;
    }

    /**
     * A 2xx: passed on at once, the first and any further one (section 16.7 step 5); ends the other branches (step 10).
     */
    private Disposition onSuccess(final Branch branch, final SipMessage response, final long nowNs) {
        callPart.onSuccess(branch, response, startedNs, nowNs);
        if (branch != null && branch.state == Branch.State.PENDING) {
            proxy.answered(branch);
            fork.end(branch, Branch.State.ANSWERED);
        }
        final boolean sent = (invite || !finalSent) && sendUp(response, nowNs);
        if (!finalSent) {
            finalSent(response.statusCode());
            accepted = invite;
            fork.close();
            fork.cancelPending(CancelReason.COMPLETED_ELSEWHERE, nowNs);
        }
        return sent ? Disposition.FORWARDED : Disposition.ABSORBED;
    }

    /**
     * A 3xx to 6xx: waits for the other branches, or moves to the next peer, or is the last one and the best is sent.
     */
    private Disposition onFailure(final Branch branch, final SipMessage response, final Source from, final long nowNs) {
        if (branch == null || branch.state != Branch.State.PENDING) {
            return Disposition.ABSORBED;
        }
        final int statusCode = response.statusCode();
        branch.take(statusCode);
        if (statusCode == 401 || statusCode == 407) {
            if (isForUs(branch, response, from, nowNs) && fork.answer(branch, proxy.keptRequest, source, nowNs)) {
                return Disposition.ABSORBED;
            }
            callPart.challenged();
        }
        if (statusCode == 503) {
            proxy.failed(branch);
        } else {
            proxy.answered(branch);
        }
        fork.end(branch, branch.failsOver(statusCode) ? Branch.State.FAILED : Branch.State.ANSWERED);
        if (finalSent) {
            return Disposition.ABSORBED;
        }
        // No 408 for a non-INVITE, not even one that somebody else has made (RFC 4320 section 4.2).
        if (branch.timedOut && statusCode == 487 || !invite && statusCode == 408) {
            fail(Status.REQUEST_TIMEOUT_408, nowNs);
            return Disposition.ABSORBED;
        }
        if (statusCode >= 600 && !fork.closed()) {
            fork.close();
            fork.cancelPending(CancelReason.NONE, nowNs);
        }
        final int group = nextGroup(nowNs);
        if (fork.pending() == 0 && group == Fork.NO_GROUP) {
            return sendBest(response, nowNs);
        }
        keep(response);
        tryLater(group, nowNs);
        return Disposition.ABSORBED;
    }

    /** Whether a challenge is one that we answer in place of the caller, who still waits; reads the request then. */
    private boolean isForUs(final Branch branch, final SipMessage response, final Source from, final long nowNs) {
        return !finalSent && !cancelled && !fork.closed() && callerWaits(nowNs)
                && Challenges.concern(branch.target.sentTo) && proxy.challenges.take(branch.target.sentTo,
                        branch.target.destination, branch.answers, kept(),
                        proxy.requests.routeInformation().goesToCallee(), response, from);
    }

    /** A branch has ended without a response to pass on: next peer, or the best of what there is. */
    private void fail(final Status status, final long nowNs) {
        if (local != Status.REQUEST_TIMEOUT_408) {
            local = status;
        }
        if (!finalSent) {
            tryLater(nextGroup(nowNs), nowNs);
        }
    }

    /** Group to be tried now: none when the caller of a non-INVITE has given up already (timer F, section 17.1.2.2). */
    private int nextGroup(final long nowNs) {
        return callerWaits(nowNs) ? fork.nextGroup() : Fork.NO_GROUP;
    }

    private void tryLater(final int group, final long nowNs) {
        if (group != Fork.NO_GROUP) {
            fork.tryGroups(group, kept(), source, nowNs);
        }
        if (fork.pending() == 0) {
            sendBest(null, nowNs);
        }
    }

    /** The request as received, from the server transaction's copy, ready to be written once more. */
    SipMessage kept() {
        server.request(proxy.keptRequest);
        proxy.requests.prepare(proxy.keptRequest, source, recordRoute);
        return proxy.keptRequest;
    }

    /** Ends the handling of a message or timer: gives back what is no longer needed. */
    private void done() {
        busy = false;
        if (finalSent && fork.pending() == 0) {
            if (!accepted && !fork.mayStillSucceed()) {
                detach();
            }
            fork.release();
            best = proxy.giveBack(best);
            callPart.end();
        }
        recycleWhenUnused();
    }

    /** The transactions can linger on their own: whatever comes now is a retransmission, or dropped. */
    private void detach() {
        fork.detach();
        if (server != null) {
            server.detach();
        }
        transactions = 0;
    }

    private void recycleWhenUnused() {
        if (!busy && transactions == 0) {
            proxy.timers.cancel(this);
            fork.release();
            best = proxy.giveBack(best);
            callPart.end();
            proxy.giveBack(this);
        }
    }
}
