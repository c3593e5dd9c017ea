package org.tandemsip.perf.load;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Objects;

/**
 * Runs a {@link LoadPlan}: caller and answerer on one thread, each with a socket of its own; or several such threads,
 * which share one schedule.
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
    /** What has not come so long after the message before does not come. */
    private static final long QUIET_NS = SECOND_NS / 2;
    private static final long LINGER_NS = 3 * SECOND_NS;

    private final LoadPlan plan;
    private final List<Pair> pairs;
    private OutputStream log;
    private volatile boolean stopped;
    /** A loop failed: nothing is waited for. */
    private volatile boolean abandoned;
    private volatile boolean heard;

    /** Opens all sides, so that their addresses are known before the system under test is pointed at them. */
    public LoadRun(final LoadPlan plan) throws IOException {
        this.plan = plan;
        pairs = Pair.open(plan, "");
    }

    /** Address that the caller of the first loop sends from. */
    public InetSocketAddress callerAddress() throws IOException {
        return pairs.getFirst().callerAddress();
    }

    /** Address that the answerer of the first loop listens on. */
    public InetSocketAddress answererAddress() throws IOException {
        return pairs.getFirst().answererAddress();
    }

    /** Writes the latencies of each second to {@code out} in HdrHistogram's log format. */
    public void logTo(final OutputStream out) {
        log = out;
    }

    /** Ends a run early, from any thread; calls under way are still waited for. */
    public void stop() {
        stopped = true;
    }

    /** The ends of the first loop. */
    Pair firstPair() {
        return pairs.getFirst();
    }

    /** Why a connection broke, for people; {@code null} when none did. */
    String trouble() {
        return pairs.stream().map(Pair::trouble).filter(Objects::nonNull).findFirst().orElse(null);
    }

    /**
     * Runs to the end on the calling thread, and on others where there are more loops.
     *
     * @param target   proxy to send to; the answerer accepts messages from there only
     * @param pid      process to watch, or 0 for none
     * @param progress told once a second
     */
    public LoadResult run(final InetSocketAddress target, final long pid, final Progress progress) throws IOException {
        for (final Pair pair : pairs) {
            pair.connect(target);
        }
        final LoadResult result = offer(pid, progress);
        Together.run(pairs.size(), this::linger, () -> abandoned = true);
        return result.leavingOpen(pairs.stream().mapToLong(Pair::open).sum());
    }

    /**
     * Answers the BYEs that are on their way to the answerer: a system under test with two dialogs has answered that of
     * the caller already, and would send them for 32 s. Nothing of this is measured.
     */
    private void linger(final int loop) throws IOException {
        final Pair pair = pairs.get(loop);
        pair.caller().recording(false);
        final long startNs = System.nanoTime();
        long nowNs = startNs;
        long lastNs = startNs;
        while (!abandoned && pair.open() > 0 && nowNs - lastNs < QUIET_NS && nowNs - startNs < LINGER_NS) {
            if (pair.turn(nowNs) > 0) {
                lastNs = nowNs;
            } else {
                pair.idle();
            }
            nowNs = System.nanoTime();
        }
    }

    /** Runs without a system under test, callers straight to answerers. */
    LoadResult runDirectly() throws IOException {
        for (final Pair pair : pairs) {
            pair.connectDirectly();
        }
        return offer(0, Progress.NONE);
    }

    private LoadResult offer(final long pid, final Progress progress) throws IOException {
        final Watch watch = pid == 0 ? null : new Watch(pid);
        final ProcessUsage before = watch == null ? null : watch.usage();
        try (Timeline timeline = new Timeline(watch, progress, log, pairs.size())) {
            final long startNs = System.nanoTime();
            Together.run(pairs.size(), loop -> offer(timeline, loop, startNs), () -> {
                abandoned = true;
                stopped = true;
            });
            return LoadResult.of(plan, pairs, System.nanoTime() - startNs, before, timeline.finish());
        }
    }

    private void offer(final Timeline timeline, final int loop, final long startNs) throws IOException {
        final Pair pair = pairs.get(loop);
        final Caller caller = pair.caller();
        final Schedule schedule = Schedule.of(plan, loop);
        final long calls = schedule.size();
        long next = 0;
        long nextSecondNs = startNs + SECOND_NS;
        long offeringEndNs = Long.MAX_VALUE;
        while (true) {
            final long nowNs = System.nanoTime();
            int work = 0;
            for (int i = 0; i < BATCH && next < calls && startNs + schedule.dueNs(next) - nowNs <= 0; i++) {
                final long dueNs = schedule.dueNs(next);
                caller.recording(dueNs >= plan.warmUpNs());
                caller.begin(pair.number(next), startNs + dueNs, System.nanoTime());
                next++;
                work++;
            }
            work += pair.turn(nowNs);
            if (nextSecondNs - nowNs <= 0) {
                publish(timeline, loop, schedule, nowNs - startNs, false);
                nextSecondNs += SECOND_NS;
            }
            if (stopped || next >= calls && nowNs - startNs >= plan.durationNs()) {
                offeringEndNs = Math.min(offeringEndNs, nowNs);
                if (abandoned || caller.active() == 0
                        || nowNs - offeringEndNs > plan.patienceNs() + plan.holdNs() + SECOND_NS) {
                    break;
                }
            }
            if (!heard) {
                if (pair.received() > 0) {
                    heard = true;
                } else if (nowNs - startNs > SILENCE_NS) {
                    break;
                }
            }
            if (work == 0) {
                pair.idle();
            }
        }
        publish(timeline, loop, schedule, System.nanoTime() - startNs, true);
    }

    private void publish(final Timeline timeline, final int loop, final Schedule schedule, final long sinceStartNs,
            final boolean last) {
        final Pair pair = pairs.get(loop);
        final Caller caller = pair.caller();
        timeline.publish(loop, new Timeline.Totals(sinceStartNs, schedule.dueBy(sinceStartNs), caller.begun(),
                caller.answered(), caller.succeeded(), caller.failed(), pair.retransmissions()),
                caller.lastSecond(timeline.spare()), last);
    }

    static String hostPort(final InetSocketAddress address) {
        final String host = address.getAddress().getHostAddress();
        return (host.contains(":") ? '[' + host + ']' : host) + ':' + address.getPort();
    }

    @Override
    public void close() throws IOException {
        Pair.close(pairs);
    }
}
