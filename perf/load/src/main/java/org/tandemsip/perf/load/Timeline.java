package org.tandemsip.perf.load;

import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramLogWriter;

/**
 * Keeps the seconds of a run. The load thread only hands over numbers; percentiles, {@code /proc}, files and the
 * terminal are the business of a thread of its own, because a millisecond spent on them once a second would be in the
 * latencies.
 */
final class Timeline implements AutoCloseable {
    /** Totals as they stood at the end of a second. */
    record Totals(long atNs, long offered, long begun, long answered, long succeeded, long failed,
            long retransmissions) {
        static final Totals ZERO = new Totals(0, 0, 0, 0, 0, 0, 0);
    }

    private record Slice(Totals totals, Histogram latencies) {}

    private static final Slice END = new Slice(Totals.ZERO, null);

    private final BlockingQueue<Slice> slices = new LinkedBlockingQueue<>();
    private final Queue<Histogram> spares = new ConcurrentLinkedQueue<>();
    private final List<Second> seconds = new ArrayList<>();
    private final long pid;
    private final LoadRun.Progress progress;
    private final HistogramLogWriter log;
    private final long startMs = System.currentTimeMillis();
    private final Thread thread;
    private Totals before = Totals.ZERO;

    /**
     * @param pid process to watch, or 0
     * @param log where the latencies of each second are written in HdrHistogram's log format, or {@code null}
     */
    Timeline(final long pid, final LoadRun.Progress progress, final OutputStream log) {
        this.pid = pid;
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
        for (int i = 0; i < 3; i++) {
            spares.add(Latencies.histogram());
        }
        thread = Thread.ofPlatform().name("load-timeline").daemon().start(this::run);
    }

    /** An empty histogram for the next second; load thread. */
    Histogram spare() {
        final Histogram spare = spares.poll();
        return spare == null ? Latencies.histogram() : spare;
    }

    /** Takes over the second that ends; load thread. */
    void publish(final Totals totals, final Histogram latencies) {
        slices.add(new Slice(totals, latencies));
    }

    private void run() {
        try {
            for (Slice slice = slices.take(); slice != END; slice = slices.take()) {
                take(slice);
            }
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void take(final Slice slice) {
        final Totals now = slice.totals();
        final Histogram latencies = slice.latencies();
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
            return pid == 0 ? null : ProcessUsage.of(pid);
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
