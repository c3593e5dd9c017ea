package org.tandemsip.engine.metrics;

import java.util.Collection;
import java.util.List;
import org.HdrHistogram.Histogram;

/**
 * The latency of the last minute, second by second: every {@link #tick} takes what all threads have recorded since the
 * one before. Control path, admin thread only: the one that ticks also reads.
 */
public final class LatencyWindow {
    /** Seconds kept. */
    public static final int SECONDS = 60;

    private final List<StageTimers> sources;
    private final Histogram scratch = StageTimers.emptyHistogram();
    /** {@code null} where nothing was ever recorded: all of them take 7 MB, and many a server is quiet. */
    private final Histogram[][] seconds = new Histogram[SECONDS][Stage.values().length];
    private int ticks;

    /** Makes the window over the recorders of {@code sources}. */
    public LatencyWindow(final Collection<StageTimers> sources) {
        this.sources = List.copyOf(sources);
    }

    /** Closes a second: to be called once per second. */
    public void tick() {
        final Histogram[] second = seconds[ticks % SECONDS];
        for (final Stage stage : Stage.values()) {
            if (second[stage.ordinal()] != null) {
                second[stage.ordinal()].reset();
            }
            for (final StageTimers source : sources) {
                source.takeInterval(stage, scratch);
                add(second, stage);
            }
        }
        ticks++;
    }

    private void add(final Histogram[] second, final Stage stage) {
        if (scratch.getTotalCount() > 0) {
            if (second[stage.ordinal()] == null) {
                second[stage.ordinal()] = StageTimers.emptyHistogram();
            }
            second[stage.ordinal()].add(scratch);
        }
    }

    /**
     * What was recorded in {@code stage} during the last {@code windowSeconds} whole seconds (1 to {@value #SECONDS}).
     *
     * @return a histogram of nanoseconds that the caller owns
     */
    public Histogram read(final Stage stage, final int windowSeconds) {
        final Histogram sum = StageTimers.emptyHistogram();
        final int wanted = Math.min(Math.clamp(windowSeconds, 1, SECONDS), ticks);
        for (int back = 1; back <= wanted; back++) {
            final Histogram second = seconds[(ticks - back) % SECONDS][stage.ordinal()];
            if (second != null) {
                sum.add(second);
            }
        }
        return sum;
    }
}
