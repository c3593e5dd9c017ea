package org.tandemsip.perf.load;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;

/**
 * Caller and answerer with a wire each, driven by one thread. Load thread only, once made and connected.
 *
 * <p>Where a run has several, each begins attempts under numbers of its own, and the answerer of any understands the
 * calls of all: a proxy may spread them as it likes.
 */
final class Pair implements AutoCloseable {
    private static final long TICK_NS = 10_000_000L;
    private static final int BATCH = 64;
    /** Calls open at a time, of all loops together: a gibibyte for both sides. */
    private static final int MAX_SLOTS = 1 << 18;
    /** Set-up and tear-down of a call may take this long before calls find no room. */
    private static final int ROOM_SECONDS = 8;
    /** Numbers of attempts; each is not negative. */
    private static final long NUMBERS = 1L << 31;
    private static final long HANDSHAKE_NS = 10_000_000_000L;

    private final Wire callerWire;
    private final Wire answererWire;
    private final Caller caller;
    private final Answerer answerer;
    private final boolean busyPoll;
    private final int firstNumber;
    private final long tickNs;
    private long nextTickNs;

    private Pair(final LoadPlan plan, final int loop, final String runId, final String recordRoute)
            throws IOException {
        busyPoll = plan.busyPoll();
        callerWire = Wire.open(plan, local(plan.caller(), loop));
        try {
            answererWire = Wire.open(plan, local(plan.answerer(), loop));
        } catch (final IOException e) {
            callerWire.close();
            throw e;
        }
        final String callerAt = LoadRun.hostPort(callerWire.localAddress());
        final String answererAt = LoadRun.hostPort(answererWire.localAddress());
        final String requestHost = plan.requestHost() == null ? answererAt : plan.requestHost();
        final int slots = slots(plan);
        caller = new Caller(callerWire, new Text(callerAt, requestHost, plan.transport(), runId, recordRoute),
                plan, slots);
        answerer = new Answerer(answererWire, new Text(answererAt, requestHost, plan.transport(), runId, ""), plan,
                slots);
        tickNs = TICK_NS / Caller.ticksPerRound(slots);
        // Far apart, so that no two loops use the same; and each at another slot, since an answerer may get all calls.
        firstNumber = (int) (loop * (NUMBERS / plan.loops())) & -slots | loop * (slots / plan.loops());
    }

    /**
     * Opens both sides of each loop of {@code plan}.
     *
     * @param recordRoute see {@link Text}
     */
    static List<Pair> open(final LoadPlan plan, final String recordRoute) throws IOException {
        final String runId = "%08x".formatted(ThreadLocalRandom.current().nextInt());
        final List<Pair> pairs = new ArrayList<>();
        try {
            for (int loop = 0; loop < plan.loops(); loop++) {
                pairs.add(new Pair(plan, loop, runId, recordRoute));
            }
        } catch (final IOException e) {
            close(pairs);
            throw e;
        }
        return List.copyOf(pairs);
    }

    /** Closes all of them. */
    static void close(final List<Pair> pairs) throws IOException {
        for (final Pair pair : pairs) {
            pair.close();
        }
    }

    /** Two ports up for each loop: caller and answerer may be neighbours. */
    private static InetSocketAddress local(final InetSocketAddress first, final int loop) throws IOException {
        final int port = first.getPort() == 0 ? 0 : first.getPort() + 2 * loop;
        if (port > 0xffff) {
            throw new IOException(
                    "no port is left for loop " + (loop + 1) + " from " + LoadRun.hostPort(first) + " on");
        }
        return new InetSocketAddress(first.getAddress(), port);
    }

    private static int slots(final LoadPlan plan) {
        final double needed = plan.rate() / plan.loops() * (plan.holdNs() / 1e9 + ROOM_SECONDS);
        final int most = Integer.highestOneBit(MAX_SLOTS / plan.loops());
        return Math.min(most, Integer.highestOneBit((int) Math.max(1_024, Math.min(needed, most))) << 1);
    }

    /** Points both sides at the system under test. */
    void connect(final InetSocketAddress target) throws IOException {
        answererWire.expect(target);
        callerWire.connect(target);
        settle(target);
    }

    /** Points the caller at the answerer: no system under test. */
    void connectDirectly() throws IOException {
        answererWire.expect(callerWire.localAddress());
        callerWire.connect(answererWire.localAddress());
        settle(answererWire.localAddress());
    }

    /** Shakes hands where that is to be done, so that no call waits for it. */
    private void settle(final InetSocketAddress remote) throws IOException {
        final long startNs = System.nanoTime();
        long nowNs = startNs;
        while (!callerWire.ready()) {
            if (nowNs - startNs > HANDSHAKE_NS) {
                throw new ConnectException(LoadRun.hostPort(remote) + " did not finish a TLS handshake in 10 s");
            }
            if (turn(nowNs) == 0) {
                idle();
            }
            nowNs = System.nanoTime();
        }
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

    Answerer answerer() {
        return answerer;
    }

    /** Number of attempt {@code k} of this pair. */
    int number(final long k) {
        return (int) ((firstNumber + k) & NUMBERS - 1);
    }

    /** Why a connection of either side broke, for people; {@code null} when none did. */
    String trouble() {
        return callerWire.trouble() != null ? "of the caller: " + callerWire.trouble()
                : answererWire.trouble() != null ? "of the answerer: " + answererWire.trouble() : null;
    }

    long retransmissions() {
        return caller.retransmissions() + answerer.retransmissions();
    }

    long received() {
        return callerWire.received() + answererWire.received();
    }

    /** Calls that stand as far as the answerer knows. */
    long open() {
        return answerer.open();
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
