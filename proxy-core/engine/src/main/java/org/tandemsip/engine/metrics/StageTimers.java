package org.tandemsip.engine.metrics;

import org.HdrHistogram.Histogram;
import org.HdrHistogram.SingleWriterRecorder;

/**
 * How long messages spend in each {@link Stage}, recorded by one thread without locks or allocation, taken away in
 * intervals by another ({@link LatencyWindow}).
 *
 * <p>Values are kept to 1 % between 100 ns and 10 s; longer ones count as 10 s.
 */
public final class StageTimers {
    /** Smallest difference kept, in nanoseconds. */
    static final long LOWEST_NS = 100;
    /** Longest duration kept, in nanoseconds. */
    static final long HIGHEST_NS = 10_000_000_000L;
    /** Two digits: 1 %. A third would take eight times the memory. */
    static final int DIGITS = 2;

    private final SingleWriterRecorder[] recorders = new SingleWriterRecorder[Stage.values().length];
    private long receivedNs;

    /** Makes the recorders of one thread. */
    public StageTimers() {
        for (int i = 0; i < recorders.length; i++) {
            recorders[i] = new SingleWriterRecorder(LOWEST_NS, HIGHEST_NS, DIGITS);
        }
    }

    /** An empty histogram of the kind that intervals are read into. */
    public static Histogram emptyHistogram() {
        return new Histogram(LOWEST_NS, HIGHEST_NS, DIGITS);
    }

    /** Records one duration. Owner thread only. */
    public void record(final Stage stage, final long durationNs) {
        recorders[stage.ordinal()].recordValue(Math.clamp(durationNs, 0, HIGHEST_NS));
    }

    /** Says when the message now being handled was read from its socket; 0 when there is none. Owner thread only. */
    public void receivedNs(final long nowReceivedNs) {
        receivedNs = nowReceivedNs;
    }

    /**
     * When the message now being handled was read from its socket, or 0: what is sent now began by itself. Owner thread
     * only.
     */
    public long receivedNs() {
        return receivedNs;
    }

    /**
     * Moves what was recorded since the last call into {@code into}, replacing what is there. One reading thread only.
     */
    public void takeInterval(final Stage stage, final Histogram into) {
        recorders[stage.ordinal()].getIntervalHistogramInto(into);
    }
}
