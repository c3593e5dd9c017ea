package org.tandemsip.perf.load;

import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramLogWriter;

/**
 * Keeps the seconds of a run. The load threads only hand over numbers; percentiles, {@code /proc}, files and the
 * terminal are the business of a thread of its own, because a millisecond spent on them once a second would be in the
 * latencies. A second is over when every load thread has told its part of it.
 */
final class Timeline implements AutoCloseable {
    /** Totals of a loop, or of all, as they stood at the end of a second. */
    record Totals(long atNs, long offered, long begun, long answered, long succeeded, long failed,
            long retransmissions) {
        static final Totals ZERO = new Totals(0, 0, 0, 0, 0, 0, 0);

        Totals plus(final Totals other) {
            return new Totals(Math.max(atNs, other.atNs), offered + other.offered, begun + other.begun,
                    answered + other.answered, succeeded + other.succeeded, failed + other.failed,
                    retransmissions + other.retransmissions);
        }
    }

    private record Slice(int loop, Totals totals, Histogram latencies, boolean last) {}

    /** What is known of one loop. */
    private static final class Part {
        private final Queue<Slice> waiting = new ArrayDeque<>();
        private Totals latest = Totals.ZERO;
        private boolean ended;
    }

    private static final Slice END = new Slice(0, Totals.ZERO, null, true);

    private final BlockingQueue<Slice> slices = new LinkedBlockingQueue<>();
    private final Queue<Histogram> spares = new ConcurrentLinkedQueue<>();
    private final List<Second> seconds = new ArrayList<>();
    private final List<Part> parts = new ArrayList<>();
    private final Watch watch;
    private final LoadRun.Progress progress;
    private final HistogramLogWriter log;
    private final long startMs = System.currentTimeMillis();
    private final Thread thread;
    private Totals before = Totals.ZERO;

    /**
     * @param watch the process to watch, or {@code null}
     * @param log   where the latencies of each second are written in HdrHistogram's log format, or {@code null}
     * @param loops load threads
     */
    Timeline(final Watch watch, final LoadRun.Progress progress, final OutputStream log, final int loops) {
        this.watch = watch;
        this.progress = progress;
        this.log = log == null ? null : new HistogramLogWriter(log);
        if (this.log != null) {
            this.log.setBaseTime(startMs);
            this.log.outputLogFormatVersion();
            this.log.outputComment("[first request due to its 2xx, nanoseconds; warm-up included]");
            this.log.outputBaseTime(startMs);
            this.log.outputStartTime(startMs);
            this.log.outputLegend();
        }
        for (int i = 0; i < loops; i++) {
            parts.add(new Part());
        }
        for (int i = 0; i < 3 * loops; i++) {
            spares.add(Latencies.histogram());
        }
        thread = Thread.ofPlatform().name("load-timeline").daemon().start(this::run);
    }

    /** An empty histogram for the next second; a load thread. */
    Histogram spare() {
        final Histogram spare = spares.poll();
        return spare == null ? Latencies.histogram() : spare;
    }

    /** Takes over the second that ends; the thread of {@code loop}. @param last whether none comes after it */
    void publish(final int loop, final Totals totals, final Histogram latencies, final boolean last) {
        slices.add(new Slice(loop, totals, latencies, last));
    }

    private void run() {
        try {
            for (Slice slice = slices.take(); slice != END; slice = slices.take()) {
                final Part part = parts.get(slice.loop());
                part.waiting.add(slice);
                part.ended |= slice.last();
                while (complete()) {
                    takeNext();
                }
            }
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Whether each loop has told the next second, or has come to its end, and there is something to tell. */
    private boolean complete() {
        boolean some = false;
        for (final Part part : parts) {
            if (part.waiting.isEmpty() && !part.ended) {
                return false;
            }
            some |= !part.waiting.isEmpty();
        }
        return some;
    }

    private void takeNext() {
        Totals now = Totals.ZERO;
        Histogram latencies = null;
        for (final Part part : parts) {
            final Slice slice = part.waiting.poll();
            if (slice != null) {
                part.latest = slice.totals();
                latencies = merge(latencies, slice.latencies());
            }
            now = now.plus(part.latest);
        }
        take(now, latencies);
    }

    private Histogram merge(final Histogram sum, final Histogram more) {
        if (sum == null) {
            return more;
        }
        sum.add(more);
        more.reset();
        spares.add(more);
        return sum;
    }

    private void take(final Totals now, final Histogram latencies) {
        final Second second = new Second(now.atNs() / 1e9, (now.atNs() - before.atNs()) / 1e9,
                now.offered() - before.offered(), now.begun() - before.begun(), now.answered() - before.answered(),
                now.succeeded() - before.succeeded(), now.failed() - before.failed(),
                now.retransmissions() - before.retransmissions(), latencies.getValueAtPercentile(50),
                latencies.getValueAtPercentile(99), latencies.getValueAtPercentile(99.9), latencies.getMaxValue(),
                usage());
        if (log != null) {
            latencies.setStartTimeStamp(startMs + before.atNs() / 1_000_000);
            latencies.setEndTimeStamp(startMs + now.atNs() / 1_000_000);
            log.outputIntervalHistogram(latencies);
        }
        seconds.add(second);
        progress.onSecond(second);
        before = now;
        latencies.reset();
        spares.add(latencies);
    }

    private ProcessUsage usage() {
        try {
            return watch == null ? null : watch.usage();
        } catch (final IOException e) {
            // The process is gone; its last second is the one before.
            return null;
        }
    }

    /** Ends the timeline and returns its seconds. */
    List<Second> finish() {
        close();
        return List.copyOf(seconds);
    }

    @Override
    public void close() {
        slices.add(END);
        try {
            thread.join();
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
