package org.tandemsip.server.admin;

import org.HdrHistogram.AtomicHistogram;
import org.HdrHistogram.Histogram;
import org.tandemsip.engine.routing.CutOffs;

/**
 * How late calls were ended whose time or credit was used up: from when they had to end to when both BYEs were written.
 * Any thread: one atomic addition per call that is ended so.
 */
public final class CutOffTimes implements CutOffs {
    private static final long LOWEST_NS = 1_000;
    private static final long HIGHEST_NS = 60_000_000_000L;
    private static final int DIGITS = 2;

    private final AtomicHistogram overruns = new AtomicHistogram(LOWEST_NS, HIGHEST_NS, DIGITS);

    /** Knows of none yet. */
    public CutOffTimes() {
        // Nothing but its histogram.
    }

    @Override
    public void ended(final long dueNs) {
        overruns.recordValue(Math.clamp(System.nanoTime() - dueNs, 0, HIGHEST_NS));
    }

    /** All since the start, in nanoseconds; the caller owns it. */
    public Histogram overruns() {
        return overruns.copy();
    }
}
