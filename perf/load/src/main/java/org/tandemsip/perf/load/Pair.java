package org.tandemsip.perf.load;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;

/** Caller and answerer with a wire each, driven by one thread. Load thread only, once made. */
final class Pair implements AutoCloseable {
    private static final long TICK_NS = 10_000_000L;
    private static final int BATCH = 64;
    private static final int MAX_SLOTS = 1 << 18;
    /** Set-up and tear-down of a call may take this long before calls find no room. */
    private static final int ROOM_SECONDS = 8;

    private final Wire callerWire;
    private final Wire answererWire;
    private final Caller caller;
    private final Answerer answerer;
    private final boolean busyPoll;
    private final long tickNs;
    private long nextTickNs;

    /**
     * Opens both sides.
     *
     * @param recordRoute see {@link Text}
     */
    Pair(final LoadPlan plan, final String recordRoute) throws IOException {
        busyPoll = plan.busyPoll();
        callerWire = Wire.open(plan.stream(), plan.caller(), plan.connections());
        try {
            answererWire = Wire.open(plan.stream(), plan.answerer(), plan.connections());
        } catch (final IOException e) {
            callerWire.close();
            throw e;
        }
        final String runId = "%08x".formatted(ThreadLocalRandom.current().nextInt());
        final String callerAt = LoadRun.hostPort(callerWire.localAddress());
        final String answererAt = LoadRun.hostPort(answererWire.localAddress());
        final String requestHost = plan.requestHost() == null ? answererAt : plan.requestHost();
        final int slots = slots(plan);
        caller = new Caller(callerWire, new Text(callerAt, requestHost, plan.stream(), runId, recordRoute), plan,
                slots);
        answerer = new Answerer(answererWire, new Text(answererAt, requestHost, plan.stream(), runId, ""), plan,
                slots);
        tickNs = TICK_NS / Caller.ticksPerRound(slots);
    }

    private static int slots(final LoadPlan plan) {
        final double needed = plan.rate() * (plan.holdNs() / 1e9 + ROOM_SECONDS);
        return Math.min(MAX_SLOTS, Integer.highestOneBit((int) Math.max(1_024, Math.min(needed, MAX_SLOTS))) << 1);
    }

    /** Points both sides at the system under test. */
    void connect(final InetSocketAddress target) throws IOException {
        answererWire.expect(target);
        callerWire.connect(target);
    }

    /** Points the caller at the answerer: no system under test. */
    void connectDirectly() throws IOException {
        answererWire.expect(callerWire.localAddress());
        callerWire.connect(answererWire.localAddress());
    }

    /** Receives and does what is due; returns the number of messages handled. */
    int turn(final long nowNs) throws IOException {
        int work = answerer.poll(nowNs, BATCH);
        work += caller.poll(BATCH);
        if (nextTickNs - nowNs <= 0) {
            caller.onTick(nowNs);
            answerer.onTick(nowNs);
            nextTickNs = nowNs + tickNs;
        }
        return work;
    }

    /** Lets a turn without work pass. */
    void idle() {
        if (busyPoll) {
            Thread.onSpinWait();
        } else {
            // Short enough not to show in a latency of tens of microseconds, long enough to leave a shared core alone.
            LockSupport.parkNanos(20_000);
        }
    }

    Caller caller() {
        return caller;
    }

    long retransmissions() {
        return caller.retransmissions() + answerer.retransmissions();
    }

    long received() {
        return callerWire.received() + answererWire.received();
    }

    /** Whether the target's address or connection refused what was sent. */
    boolean refused() {
        return callerWire.unreachable() > 0;
    }

    long lost() {
        return callerWire.lost() + answererWire.lost();
    }

    InetSocketAddress callerAddress() throws IOException {
        return callerWire.localAddress();
    }

    InetSocketAddress answererAddress() throws IOException {
        return answererWire.localAddress();
    }

    @Override
    public void close() throws IOException {
        callerWire.close();
        answererWire.close();
    }
}
