package org.tandemsip.engine.shard;

import org.tandemsip.codec.SipMessage;
import org.tandemsip.engine.handler.Source;

/**
 * Passes on at most {@value #PER_SECOND} faults and as many refusals a second, and says how many it kept back. One per
 * shard and one per I/O loop, each used by its own thread only.
 */
public final class RateLimitedReports {
    /** A report may cost a log line with a stack trace; a flood of bad input must not turn into a flood of those. */
    public static final int PER_SECOND = 10;
    private static final long SECOND_NS = 1_000_000_000L;

    private final int number;
    private final ShardReports reports;
    private final Budget faults = new Budget();
    private final Budget refusals = new Budget();

    /** For the shard or the loop with this number. */
    public RateLimitedReports(final int number, final ShardReports reports) {
        this.number = number;
        this.reports = reports;
    }

    void fault(final ShardReports.Seam seam, final Throwable cause, final SipMessage message, final long nowNs) {
        if (faults.take(nowNs)) {
            try {
                reports.fault(number, seam, cause, message, faults.forgetSuppressed());
            } catch (final RuntimeException unreported) {
                faults.suppressed++;
            }
        }
    }

    /** A message came from a source that no trunk knows; {@code nowNs} is the time of the budget. */
    public void refused(final Source source, final long nowNs) {
        if (refusals.take(nowNs)) {
            try {
                reports.refused(number, source, refusals.forgetSuppressed());
            } catch (final RuntimeException unreported) {
                refusals.suppressed++;
            }
        }
    }

    private static final class Budget {
        private long secondEndsNs;
        private int left;
        private long suppressed;

        boolean take(final long nowNs) {
            if (secondEndsNs - nowNs <= 0 || secondEndsNs - nowNs > SECOND_NS) {
                secondEndsNs = nowNs + SECOND_NS;
                left = PER_SECOND;
            }
            if (left == 0) {
                suppressed++;
                return false;
            }
            left--;
            return true;
        }

        long forgetSuppressed() {
            final long count = suppressed;
            suppressed = 0;
            return count;
        }
    }
}
