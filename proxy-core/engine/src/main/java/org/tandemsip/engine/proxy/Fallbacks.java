package org.tandemsip.engine.proxy;

import org.agrona.DirectBuffer;
import org.tandemsip.engine.handler.Destination;
import org.tandemsip.engine.handler.Egress;

/**
 * Keeps the form that a request would have over another transport, until the one tried has worked or been refused: for
 * requests that a stateless proxy tries over TCP for their size (RFC 3261 section 18.1.1), or over UDP since nobody has
 * said which transport it is, and that nobody would send again, since they came over a stream themselves. A small ring,
 * the oldest entry making room, whose memory grows to the largest requests seen. Shard thread only.
 */
final class Fallbacks {
    private static final int SIZE = 64;

    private final long[] correlations = new long[SIZE];
    private final Destination[] destinations = new Destination[SIZE];
    private final byte[][] requests = new byte[SIZE][0];
    private final int[] lengths = new int[SIZE];
    private int next;

    Fallbacks() {
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
        if (requests[next].length < length) {
            requests[next] = new byte[length];
        }
        request.getBytes(0, requests[next], 0, length);
        lengths[next] = length;
        next = next + 1 & SIZE - 1;
    }

    /** Sends over the other transport what could not be sent over the first, if it was kept. */
    void onSendFailed(final long correlation, final Egress egress) {
        for (int i = 0; i < SIZE; i++) {
            if (correlation != 0 && correlations[i] == correlation) {
                correlations[i] = 0;
                egress.claim(lengths[i]).putBytes(0, requests[i], 0, lengths[i]);
                egress.send(lengths[i], destinations[i], 0);
                return;
            }
        }
    }
}
