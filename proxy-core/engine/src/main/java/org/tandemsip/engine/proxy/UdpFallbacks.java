package org.tandemsip.engine.proxy;

import org.agrona.DirectBuffer;
import org.tandemsip.engine.handler.Destination;
import org.tandemsip.engine.handler.Egress;

/**
 * Keeps, until TCP has worked or been refused, the UDP form of requests that a stateless proxy tries over TCP for their
 * size (RFC 3261 section 18.1.1) and that nobody would send again, since they came over a stream themselves. A small
 * ring, the oldest entry making room; off the path of ordinary messages, so it may allocate. Shard thread only.
 */
final class UdpFallbacks {
    private static final int SIZE = 64;

    private final long[] correlations = new long[SIZE];
    private final Destination[] destinations = new Destination[SIZE];
    private final byte[][] requests = new byte[SIZE][];
    private int next;

    UdpFallbacks() {
        for (int i = 0; i < SIZE; i++) {
            destinations[i] = new Destination();
        }
    }

    /**
     * Keeps the first {@code length} bytes of {@code request} for the failure that is reported as {@code correlation}.
     */
    void keep(final long correlation, final Destination destination, final DirectBuffer request, final int length) {
        correlations[next] = correlation;
        destinations[next].set(destination);
        requests[next] = new byte[length];
        request.getBytes(0, requests[next]);
        next = next + 1 & SIZE - 1;
    }

    /** Sends over UDP what could not be sent over TCP, if it was kept. */
    void onSendFailed(final long correlation, final Egress egress) {
        for (int i = 0; i < SIZE; i++) {
            if (correlation != 0 && correlations[i] == correlation) {
                correlations[i] = 0;
                egress.claim(requests[i].length).putBytes(0, requests[i]);
                egress.send(requests[i].length, destinations[i], 0);
                requests[i] = null;
                return;
            }
        }
    }
}
