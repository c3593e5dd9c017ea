package org.tandemsip.perf.load;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;

/**
 * Runs a {@link LoadPlan}: caller and answerer on one thread, each with a socket of its own.
 *
 * <pre>
 *   caller ---INVITE, ACK, BYE---> system under test ---INVITE, ACK, BYE---> answerer
 *          <------180, 200-------                   <-------180, 200--------
 * </pre>
 */
public final class LoadRun implements AutoCloseable {
    /** Told how a run goes, once a second, on a thread beside the load. */
    public interface Progress {
        /** Nobody is told. */
        Progress NONE = _ -> {
        };

        /** Told of a second that has passed. */
        void onSecond(Second second);
    }

    private static final long SECOND_NS = 1_000_000_000L;
    private static final int BATCH = 64;
    /** A target from which nothing at all came for this long is not there. */
    private static final long SILENCE_NS = 5 * SECOND_NS;

    private final LoadPlan plan;
    private final Pair pair;
    private OutputStream log;
    private volatile boolean stopped;

    /** Opens both sides, so that their addresses are known before the system under test is pointed at them. */
    public LoadRun(final LoadPlan plan) throws IOException {
        this.plan = plan;
        pair = new Pair(plan, "");
    }

    /** Address that the caller sends from. */
    public InetSocketAddress callerAddress() throws IOException {
        return pair.callerAddress();
    }

    /** Address that the answerer listens on. */
    public InetSocketAddress answererAddress() throws IOException {
        return pair.answererAddress();
    }

    /** Writes the latencies of each second to {@code out} in HdrHistogram's log format. */
    public void logTo(final OutputStream out) {
        log = out;
    }

    /** Ends a run early, from any thread; calls under way are still waited for. */
    public void stop() {
        stopped = true;
    }

    /**
     * Runs to the end on the calling thread.
     *
     * @param target   proxy to send to; the answerer accepts messages from there only
     * @param pid      process to watch, or 0 for none
     * @param progress told once a second
     */
    public LoadResult run(final InetSocketAddress target, final long pid, final Progress progress) throws IOException {
        pair.connect(target);
        return offer(pid, progress);
    }

    /** Runs without a system under test, caller straight to answerer. */
    LoadResult runDirectly() throws IOException {
        pair.connectDirectly();
        return offer(0, Progress.NONE);
    }

    private LoadResult offer(final long pid, final Progress progress) throws IOException {
        final Caller caller = pair.caller();
        final ProcessUsage before = pid == 0 ? null : ProcessUsage.of(pid);
        try (Timeline timeline = new Timeline(pid, progress, log)) {
            final long startNs = System.nanoTime();
            final long calls = plan.calls();
            final double spacingNs = 1e9 / plan.rate();
            long next = 0;
            long nextSecondNs = startNs + SECOND_NS;
            long offeringEndNs = Long.MAX_VALUE;
            while (true) {
                final long nowNs = System.nanoTime();
                int work = 0;
                for (int i = 0; i < BATCH && next < calls && startNs + (long) (next * spacingNs) - nowNs <= 0; i++) {
                    final long dueNs = startNs + (long) (next * spacingNs);
                    caller.recording(dueNs - startNs >= plan.warmUpNs());
                    caller.begin((int) next, dueNs, System.nanoTime());
                    next++;
                    work++;
                }
                work += pair.turn(nowNs);
                if (nextSecondNs - nowNs <= 0) {
                    publish(timeline, startNs, nowNs);
                    nextSecondNs += SECOND_NS;
                }
                if (stopped || next >= calls && nowNs - startNs >= plan.durationNs()) {
                    offeringEndNs = Math.min(offeringEndNs, nowNs);
                    if (caller.active() == 0 || nowNs - offeringEndNs > plan.patienceNs() + plan.holdNs() + SECOND_NS) {
                        break;
                    }
                }
                if (pair.received() == 0 && nowNs - startNs > SILENCE_NS) {
                    break;
                }
                if (work == 0) {
                    pair.idle();
                }
            }
            final long endNs = System.nanoTime();
            publish(timeline, startNs, endNs);
            return LoadResult.of(plan, pair, endNs - startNs, before, timeline.finish());
        }
    }

    private void publish(final Timeline timeline, final long startNs, final long nowNs) {
        final Caller caller = pair.caller();
        final long sinceStartNs = nowNs - startNs;
        final long offered = Math.min(plan.calls(), (long) (sinceStartNs * plan.rate() / 1e9) + 1);
        timeline.publish(new Timeline.Totals(sinceStartNs, offered, caller.begun(), caller.answered(),
                caller.succeeded(), caller.failed(), pair.retransmissions()), caller.lastSecond(timeline.spare()));
    }

    static String hostPort(final InetSocketAddress address) {
        final String host = address.getAddress().getHostAddress();
        return (host.contains(":") ? '[' + host + ']' : host) + ':' + address.getPort();
    }

    @Override
    public void close() throws IOException {
        pair.close();
    }
}
