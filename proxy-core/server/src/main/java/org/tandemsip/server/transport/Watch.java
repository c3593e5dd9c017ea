package org.tandemsip.server.transport;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.HdrHistogram.Histogram;
import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.engine.metrics.Counters;
import org.tandemsip.engine.metrics.LatencyWindow;
import org.tandemsip.engine.metrics.Stage;
import org.tandemsip.engine.shard.ShardReports;

/**
 * Looks after the threads of the message path once a second: takes away what they have timed, and asks each for a sign
 * of life. Whoever has not turned since it was asked a second ago has stalled.
 */
final class Watch implements AutoCloseable {
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    private final Counters counters = new Counters();
    private final LatencyWindow window;
    private final List<Watched> watched = new ArrayList<>();
    private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("tandem-watch").factory());

    private final ShardReports reports;
    private final LongSupplier turnedAwayCount;
    private boolean overloaded;
    private long turnedAwayBefore;

    /** @param turnedAwayCount requests turned away since the start, by all loops */
    Watch(final List<? extends ShardThread> threads, final LatencyWindow window, final ShardReports reports,
            final LongSupplier turnedAwayCount) {
        this.window = window;
        this.reports = reports;
        this.turnedAwayCount = turnedAwayCount;
        for (final ShardThread thread : threads) {
            watched.add(new Watched(thread));
        }
    }

    void start() {
        clock.scheduleAtFixedRate(this::tick, 1, 1, TimeUnit.SECONDS);
    }

    Counters counters() {
        return counters;
    }

    synchronized Histogram latency(final Stage stage, final int windowSeconds) {
        return window.read(stage, windowSeconds);
    }

    synchronized List<LoopStatus> statuses() {
        final long nowNs = System.nanoTime();
        return watched.stream().map(one -> one.status(nowNs)).toList();
    }

    private synchronized void tick() {
        window.tick();
        final long nowNs = System.nanoTime();
        for (final Watched one : watched) {
            one.measure(nowNs);
            if (one.hasStalled(nowNs)) {
                counters.increment(Counter.LOOP_STALLS);
            }
        }
        reportOverload();
    }

    /** Tells when overload begins and when it has ended: at most once a second, however it comes and goes. */
    private void reportOverload() {
        boolean now = false;
        long queueNs = 0;
        for (final Watched one : watched) {
            now |= one.thread.overloaded();
            queueNs = Math.max(queueNs, one.thread.queueNs());
        }
        if (now != overloaded) {
            overloaded = now;
            final long turnedAway = turnedAwayCount.getAsLong();
            reports.overload(now, queueNs, turnedAway - turnedAwayBefore);
            turnedAwayBefore = turnedAway;
        }
    }

    @Override
    public void close() {
        clock.shutdownNow();
    }

    private static final class Watched {
        private final ShardThread thread;
        private boolean asked;
        private boolean stalled;
        private long askedNs;
        private long cpuNs;
        private long cpuAtNs;
        private double busy;
        private long stalls;
        private long maxStallNs;

        Watched(final ShardThread thread) {
            this.thread = thread;
        }

        /** Asks for the next sign of life; says whether the thread begins to be late with the last one. */
        boolean hasStalled(final long nowNs) {
            final boolean late = asked && thread.turnNs() - askedNs < 0;
            final boolean begins = late && !stalled;
            stalled = late;
            if (late) {
                maxStallNs = Math.max(maxStallNs, nowNs - askedNs);
                stalls += begins ? 1 : 0;
            } else {
                asked = true;
                askedNs = nowNs;
                thread.wake();
            }
            return begins;
        }

        /** Looks how much of the time since the last call the thread ran. */
        void measure(final long nowNs) {
            final long id = thread.threadId();
            final long nowCpuNs = id == 0 || !THREADS.isThreadCpuTimeSupported() ? -1 : THREADS.getThreadCpuTime(id);
            if (nowCpuNs >= 0 && cpuAtNs != 0 && nowNs > cpuAtNs) {
                busy = Math.clamp((double) (nowCpuNs - cpuNs) / (nowNs - cpuAtNs), 0.0, 1.0);
            }
            cpuNs = nowCpuNs;
            cpuAtNs = nowCpuNs < 0 ? 0 : nowNs;
        }

        LoopStatus status(final long nowNs) {
            return new LoopStatus(thread.name(), (nowNs - thread.turnNs()) / 1_000_000, stalls, maxStallNs / 1_000_000,
                    thread.queueNs(), thread.overloaded(), busy, thread.batchSize());
        }
    }
}
