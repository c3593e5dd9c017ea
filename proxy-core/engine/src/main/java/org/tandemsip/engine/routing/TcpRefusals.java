package org.tandemsip.engine.routing;

import java.util.concurrent.TimeUnit;
import org.tandemsip.engine.handler.Destination;

/**
 * Remembers which addresses have refused the TCP that was tried only because a request was large, so that the next try
 * goes over UDP (RFC 3261 section 18.1.1). Two small rings, the oldest entry making room: what has been sent that way
 * lately, by the number a failure will be reported with; and who has refused. Forgetting early costs one more try.
 * Shard thread only.
 */
public final class TcpRefusals {
    /** Largest request sent over UDP where there is a choice, in bytes. */
    public static final int UDP_LIMIT = 1_300;

    private static final int SIZE = 64;
    /** Long enough that a peer without TCP is hardly bothered, short enough that one that gets TCP is noticed. */
    private static final long REMEMBERED_NS = TimeUnit.MINUTES.toNanos(5);

    private final long[] correlations = new long[SIZE];
    private final Destination[] tried = new Destination[SIZE];
    private final Destination[] refused = new Destination[SIZE];
    private final long[] untilNs = new long[SIZE];
    private int nextTried;
    private int nextRefused;
    private int refusals;

    /** Makes one that knows of nobody. */
    public TcpRefusals() {
        for (int i = 0; i < SIZE; i++) {
            tried[i] = new Destination();
            refused[i] = new Destination();
        }
    }

    /**
     * Notes that a request goes to {@code destination} over TCP for its size; a failure is reported as
     * {@code correlation}.
     */
    public void tried(final long correlation, final Destination destination) {
        correlations[nextTried] = correlation;
        tried[nextTried].set(destination);
        nextTried = nextTried + 1 & SIZE - 1;
    }

    /** Takes a failure report; one that was not noted by {@link #tried} is of no interest here. */
    public void onSendFailed(final long correlation, final long nowNs) {
        for (int i = 0; i < SIZE; i++) {
            if (correlation != 0 && correlations[i] == correlation) {
                correlations[i] = 0;
                refused[nextRefused].set(tried[i]);
                untilNs[nextRefused] = nowNs + REMEMBERED_NS;
                nextRefused = nextRefused + 1 & SIZE - 1;
                refusals = Math.min(SIZE, refusals + 1);
                return;
            }
        }
    }

    /** Whether the address and port of {@code destination} have refused TCP lately. */
    public boolean refuses(final Destination destination, final long nowNs) {
        for (int i = 0; i < refusals; i++) {
            if (refused[i].port == destination.port && refused[i].addressLow == destination.addressLow
                    && refused[i].addressHigh == destination.addressHigh && untilNs[i] - nowNs > 0) {
                return true;
            }
        }
        return false;
    }
}
