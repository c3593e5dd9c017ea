package org.tandemsip.perf.load;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;

/**
 * Runs a {@link LoadPlan}: caller and answerer on one thread, each with a socket of its own.
 *
 * <pre>
 *   caller ---INVITE, ACK, BYE---> system under test ---INVITE, ACK, BYE---> answerer
 *          <------180, 200-------                   <-------180, 200--------
 * </pre>
 */
public final class LoadRun implements AutoCloseable {
    /** Told how a run goes, once a second, on the thread that runs it. */
    public interface Progress {
        /** Nobody is told. */
        Progress NONE = (second, begun, answered, failed, lastSecond) -> {
        };

        /**
         * @param second     seconds since the start
         * @param begun      calls begun in the last second
         * @param answered   calls answered in the last second
         * @param failed     calls failed since the start
         * @param lastSecond INVITE due to 200 in the last second, nanoseconds
         */
        void onSecond(long second, long begun, long answered, long failed, Histogram lastSecond);
    }

    private static final long SECOND_NS = 1_000_000_000L;
    private static final long TICK_NS = 10_000_000L;
    private static final int BATCH = 64;
    private static final int MAX_SLOTS = 1 << 17;
    /** Set-up and tear-down of a call may take this long before calls find no room. */
    private static final int ROOM_SECONDS = 8;

    private final LoadPlan plan;
    private final Datagrams callerSocket;
    private final Datagrams answererSocket;
    private final Caller caller;
    private final Answerer answerer;
    private volatile boolean stopped;

    /** Opens both sockets, so that their addresses are known before the system under test is pointed at them. */
    public LoadRun(final LoadPlan plan) throws IOException {
        this.plan = plan;
        callerSocket = new Datagrams(plan.caller());
        answererSocket = new Datagrams(plan.answerer());
        final String runId = "%08x".formatted(ThreadLocalRandom.current().nextInt());
        final String answererAt = hostPort(answererSocket.localAddress());
        final String requestHost = plan.requestHost() == null ? answererAt : plan.requestHost();
        final int slots = slots();
        caller = new Caller(callerSocket, new Text(hostPort(callerSocket.localAddress()), requestHost, runId), slots,
                plan.holdNs());
        answerer = new Answerer(answererSocket, new Text(answererAt, requestHost, runId), slots);
    }

    private int slots() {
        final double needed = plan.rate() * (plan.holdNs() / 1e9 + ROOM_SECONDS);
        return Math.min(MAX_SLOTS, Integer.highestOneBit((int) Math.max(1_024, Math.min(needed, MAX_SLOTS))) << 1);
    }

    /** Address that the caller sends from. */
    public InetSocketAddress callerAddress() throws IOException {
        return callerSocket.localAddress();
    }

    /** Address that the answerer listens on. */
    public InetSocketAddress answererAddress() throws IOException {
        return answererSocket.localAddress();
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
        callerSocket.connect(target);
        answererSocket.connect(target);
        final ProcessUsage before = pid == 0 ? null : ProcessUsage.of(pid);
        final long startNs = System.nanoTime();
        final long calls = plan.calls();
        final double spacingNs = 1e9 / plan.rate();
        long next = 0;
        long nextTickNs = startNs + TICK_NS;
        long nextSecondNs = startNs + SECOND_NS;
        long begunBefore = 0;
        long answeredBefore = 0;
        long offeringEndNs = Long.MAX_VALUE;
        long nowNs = startNs;
        while (true) {
            nowNs = System.nanoTime();
            int work = 0;
            for (int i = 0; i < BATCH && next < calls && startNs + (long) (next * spacingNs) - nowNs <= 0; i++) {
                final long dueNs = startNs + (long) (next * spacingNs);
                caller.recording(dueNs - startNs >= plan.warmUpNs());
                caller.begin((int) next, dueNs, nowNs);
                next++;
                work++;
            }
            work += answerer.poll(System.nanoTime(), BATCH);
            work += caller.poll(System.nanoTime(), BATCH);
            if (nextTickNs - nowNs <= 0) {
                caller.onTick(nowNs);
                answerer.onTick(nowNs);
                nextTickNs = nowNs + TICK_NS;
            }
            if (nextSecondNs - nowNs <= 0) {
                progress.onSecond((nextSecondNs - startNs) / SECOND_NS, caller.begun() - begunBefore,
                        caller.answered() - answeredBefore, caller.failed(), caller.sinceLastLook());
                begunBefore = caller.begun();
                answeredBefore = caller.answered();
                caller.sinceLastLook().reset();
                nextSecondNs += SECOND_NS;
            }
            if (stopped || next >= calls && nowNs - startNs >= plan.durationNs()) {
                offeringEndNs = Math.min(offeringEndNs, nowNs);
                if (caller.active() == 0 || nowNs - offeringEndNs > LoadPlan.DRAIN_NS + plan.holdNs() + SECOND_NS) {
                    break;
                }
            }
            if (work == 0) {
                // Short enough not to show in a latency of tens of microseconds, long enough to leave a shared core
                // alone.
                LockSupport.parkNanos(20_000);
            }
        }
        return result(nowNs - startNs, before, pid);
    }

    private LoadResult result(final long elapsedNs, final ProcessUsage before, final long pid) throws IOException {
        final ProcessUsage usage = before == null ? null : ProcessUsage.of(pid).since(before);
        final long lost = callerSocket.congested() + answererSocket.congested() + callerSocket.malformed()
                + answererSocket.malformed() + callerSocket.unreachable() + answererSocket.unreachable();
        return new LoadResult(plan, caller.begun(), caller.answered(), caller.succeeded(),
                caller.begun() - caller.succeeded(), LoadResult.byCode(caller.failuresByCode(), caller.noRoom()),
                caller.retransmissions() + answerer.retransmissions(), lost, elapsedNs, caller.setup(),
                caller.ringing(),
                usage);
    }

    static String hostPort(final InetSocketAddress address) {
        final String host = address.getAddress().getHostAddress();
        return (host.contains(":") ? '[' + host + ']' : host) + ':' + address.getPort();
    }

    @Override
    public void close() throws IOException {
        callerSocket.close();
        answererSocket.close();
    }
}
