package org.tandemsip.server.transport;

/**
 * Whether one UDP socket, and nothing else, has kept an I/O loop busy lately, as that of a trunk does. Then the loop
 * may wait for its next datagram in {@code recvmmsg}: to wait in epoll and to read after that is a system call more
 * for each datagram that comes alone. Loop thread only; a pure function of what it is told and when.
 *
 * <p>Whoever waits so does not see what else happens. That is why it is only done while datagrams follow each other
 * closely, a few times in a row ({@link #WAITS}), and no longer after the first that came late or not at all.
 */
final class SoleSocket {
    /** So many datagrams are waited for in a row before epoll is asked again. */
    static final int WAITS = 8;
    /** So many cycles tell how the next ones will be. */
    static final int CYCLES = 64;
    /** So long a cycle may last then, on average, with the wait before it. */
    static final long CYCLE_NS = 100_000L;
    /** After a longer wait than this it is over: what else happens is not to be kept waiting by more like that. */
    static final long GAP_NS = 1_000_000L;

    private Object reader;
    private Object lastReader;
    private int cycles;
    private long sinceNs;
    private long lastNs;
    private boolean sole;

    /** {@code socket} is read in the cycle that is under way. */
    void reads(final Object socket) {
        reader = socket;
    }

    /** Ends a cycle in which {@code events} sockets were ready; none when it was but the time of a timer. */
    void endCycle(final int events, final long nowNs) {
        if (events == 0) {
            return;
        }
        if (events > 1 || reader == null || reader != lastReader || nowNs - lastNs > GAP_NS) {
            restart();
        }
        lastNs = nowNs;
        if (cycles == 0) {
            sinceNs = nowNs;
        } else if (cycles == CYCLES) {
            sole = nowNs - sinceNs <= CYCLES * CYCLE_NS;
            sinceNs = nowNs;
            cycles = 0;
        }
        cycles++;
        lastReader = reader;
        reader = null;
    }

    /** Something else than datagrams is to be seen to, or they do not come any more. */
    void restart() {
        sole = false;
        cycles = 0;
    }

    /** Whether there is only one, which may be waited for. */
    boolean exists() {
        return sole;
    }
}
