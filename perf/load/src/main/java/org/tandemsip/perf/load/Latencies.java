package org.tandemsip.perf.load;

import java.util.List;
import org.HdrHistogram.Histogram;

/**
 * The delays that a run measures, in nanoseconds, warm-up left out. Failed attempts are in none of them (RFC 6076
 * section 4: success and failure are not mixed).
 *
 * @param ringing  INVITE due to first provisional response over 100 (session request delay)
 * @param setup    first request due to its 2xx
 * @param teardown BYE sent to its 2xx (session disconnect delay)
 * @param late     first request due to sent: what the generator itself was late
 */
public record Latencies(Histogram ringing, Histogram setup, Histogram teardown, Histogram late) {
    private static final long HIGHEST_NS = 60_000_000_000L;

    /** Makes empty ones. */
    Latencies() {
        this(histogram(), histogram(), histogram(), histogram());
    }

    /** All of {@code parts} together. */
    static Latencies sum(final List<Latencies> parts) {
        if (parts.size() == 1) {
            return parts.getFirst();
        }
        final Latencies sum = new Latencies();
        for (final Latencies part : parts) {
            sum.ringing.add(part.ringing);
            sum.setup.add(part.setup);
            sum.teardown.add(part.teardown);
            sum.late.add(part.late);
        }
        return sum;
    }

    /** An empty histogram for up to a minute, three digits exact. */
    static Histogram histogram() {
        return new Histogram(HIGHEST_NS, 3);
    }

    /** Records {@code elapsedNs}, cut to what a histogram holds. */
    static void record(final Histogram histogram, final long elapsedNs) {
        histogram.recordValue(Math.min(HIGHEST_NS, Math.max(0, elapsedNs)));
    }
}
