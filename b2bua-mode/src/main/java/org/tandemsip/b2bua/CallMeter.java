package org.tandemsip.b2bua;

import org.tandemsip.engine.metrics.CallCounts;

/** Counts calls that are over for their trunks: how they ended and how long things took. Shard thread only. */
final class CallMeter {
    private CallMeter() {}

    /** Counts {@code call}, which ends at {@code nowNs}. */
    static void count(final Call call, final int shard, final long nowNs) {
        final boolean rang = call.ringNs != 0;
        final CallCounts.Outcome outcome = CallCounts.Outcome.of(call.code, rang);
        if (outcome == null) {
            return;
        }
        call.trunkIn.state().ended(shard).ended(true, outcome);
        if (call.trunkOut == null) {
            return;
        }
        final CallCounts counts = call.trunkOut.state().ended(shard);
        counts.ended(false, outcome);
        if (rang) {
            counts.took(CallCounts.Span.POST_DIAL_DELAY, call.ringNs - call.startNs);
        }
        if (call.answerNs != 0) {
            counts.took(CallCounts.Span.SETUP, call.answerNs - call.startNs);
            counts.took(CallCounts.Span.DURATION, nowNs - call.answerNs);
        }
    }
}
