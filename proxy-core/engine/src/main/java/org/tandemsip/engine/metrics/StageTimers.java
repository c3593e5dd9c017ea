package org.tandemsip.engine.metrics;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.HdrHistogram.Histogram;

/**
 * How long messages spend in each {@link Stage}, recorded by one thread without locks or allocation, taken away in
 * intervals by another ({@link LatencyWindow}).
 *
 * <p>Values are kept to 1 % between 100 ns and 10 s; longer ones count as 10 s. The owner only ever adds, as to
 * {@link Counters}, and the reader remembers how far it had counted: a record costs one store, where HdrHistogram's own
 * recorder, which swaps two histograms, costs two atomic operations. Cells are those of a {@link Histogram} of two
 * digits:
 *
 * <pre>
 *   cell   0 ... 255          256 ... 383        384 ... 511        ...
 *   width  64 ns              128 ns             256 ns             ...
 * </pre>
 */
public final class StageTimers {
    /** Smallest difference kept, in nanoseconds. */
    static final long LOWEST_NS = 100;
    /** Longest duration kept, in nanoseconds. */
    static final long HIGHEST_NS = 10_000_000_000L;
    /** Two digits: 1 %. A third would take eight times the memory. */
    static final int DIGITS = 2;

    private static final VarHandle COUNT = MethodHandles.arrayElementVarHandle(long[].class);
    /** Binary logarithms: width of the narrowest cells, and number of cells of one width. */
    private static final int WIDTH_BITS = 6;
    private static final int CELL_BITS = 7;
    private static final int CELLS = cellOf(HIGHEST_NS) + 1;

    private final long[][] counts = new long[Stage.values().length][CELLS];
    /** What was taken so far. Reading thread only. */
    private final long[][] taken = new long[Stage.values().length][CELLS];
    private long receivedNs;

    /** An empty histogram of the kind that intervals are read into. */
    public static Histogram emptyHistogram() {
        return new Histogram(LOWEST_NS, HIGHEST_NS, DIGITS);
    }

    /** Records one duration. Owner thread only. */
    public void record(final Stage stage, final long durationNs) {
        final long[] cells = counts[stage.ordinal()];
        final int cell = cellOf(Math.clamp(durationNs, 0, HIGHEST_NS));
        COUNT.setRelease(cells, cell, cells[cell] + 1);
    }

    private static int cellOf(final long ns) {
        final int doublings = Math.max(0, 64 - Long.numberOfLeadingZeros(ns) - WIDTH_BITS - CELL_BITS - 1);
        return (doublings << CELL_BITS) + (int) (ns >>> WIDTH_BITS + doublings);
    }

    private static long valueOf(final int cell) {
        final int doublings = Math.max(0, (cell >>> CELL_BITS) - 1);
        return (long) (cell - (doublings << CELL_BITS)) << WIDTH_BITS + doublings;
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
        into.reset();
        final long[] cells = counts[stage.ordinal()];
        final long[] before = taken[stage.ordinal()];
        for (int cell = 0; cell < CELLS; cell++) {
            final long count = (long) COUNT.getAcquire(cells, cell);
            if (count != before[cell]) {
                into.recordValueWithCount(valueOf(cell), count - before[cell]);
                before[cell] = count;
            }
        }
    }
}
