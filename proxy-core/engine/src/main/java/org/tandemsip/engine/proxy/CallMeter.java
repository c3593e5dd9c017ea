package org.tandemsip.engine.proxy;

import org.tandemsip.codec.Status;
import org.tandemsip.engine.metrics.CallCounts;
import org.tandemsip.engine.routing.Trunk;

/**
 * Counts how the call that a request asks for goes, for the trunk that it comes from and those that it goes to; nothing
 * for a request that asks for none. Part of a {@link CallPart}; shard thread only.
 */
final class CallMeter {
    private final int shard;
    private boolean asksForCall;
    private Trunk from;
    /** Whether the call rings somewhere. */
    private boolean rang;

    CallMeter(final int shard) {
        this.shard = shard;
    }

    /** Begins anew. @param trunk that the request comes from, or {@code null} */
    void begin(final boolean aCall, final Trunk trunk) {
        asksForCall = aCall;
        from = trunk;
        rang = false;
    }

    /** A provisional response but 100 has come on a branch. @param afterNs how long after the request */
    void onRinging(final Branch branch, final long afterNs) {
        if (counts(branch) && !rang) {
            of(branch).took(CallCounts.Span.POST_DIAL_DELAY, afterNs);
        }
        rang = true;
        branch.ringing = true;
    }

    /** The first 2xx has come on a branch. @param afterNs how long after the request */
    void onSuccess(final Branch branch, final int statusCode, final long afterNs) {
        if (counts(branch)) {
            branch.code = statusCode;
            if (!rang) {
                of(branch).took(CallCounts.Span.POST_DIAL_DELAY, afterNs);
            }
            of(branch).took(CallCounts.Span.SETUP, afterNs);
        }
    }

    /** A branch that was sent is over: answered, refused, or without a response. */
    void onEnd(final Branch branch) {
        if (counts(branch)) {
            final CallCounts.Outcome outcome = CallCounts.Outcome
                    .of(branch.code == 0 ? Status.REQUEST_TIMEOUT_408.code() : branch.code, branch.ringing);
            if (outcome != null) {
                of(branch).ended(false, outcome);
            }
        }
    }

    /** The caller gets its final response. */
    void onFinal(final int statusCode) {
        final CallCounts.Outcome outcome =
                !asksForCall || from == null ? null : CallCounts.Outcome.of(statusCode, rang);
        if (outcome != null) {
            from.state().ended(shard).ended(true, outcome);
        }
    }

    private boolean counts(final Branch branch) {
        return asksForCall && branch.target.trunk != null;
    }

    private CallCounts of(final Branch branch) {
        return branch.target.trunk.state().ended(shard);
    }
}
