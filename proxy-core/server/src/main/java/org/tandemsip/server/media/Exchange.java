package org.tandemsip.server.media;

import java.nio.ByteBuffer;
import org.tandemsip.engine.handler.MediaRelay;

/** A request that is under way, or a ping. Thread of {@link Rtpengine} only. */
final class Exchange {
    /** First wait before it is sent again, doubled each time. */
    private static final long FIRST_WAIT_NS = 200_000_000L;

    /** {@code null} for a ping. */
    final MediaRelay.Request request;
    /** Cookie and dictionary, as sent. */
    final ByteBuffer datagram;
    final long cookie;
    /** Whether somebody waits for its answer. */
    final boolean awaited;
    /** Nodes that have failed to answer it, one bit each. */
    final long failedNodes;
    final long sentNs;
    private final long deadlineNs;
    private long waitNs = FIRST_WAIT_NS;
    private long nextNs;

    Exchange(final MediaRelay.Request request, final ByteBuffer datagram, final long cookie, final boolean awaited,
            final long failedNodes, final long nowNs, final long timeoutNs) {
        this.request = request;
        this.datagram = datagram;
        this.cookie = cookie;
        this.awaited = awaited;
        this.failedNodes = failedNodes;
        sentNs = nowNs;
        deadlineNs = nowNs + timeoutNs;
        nextNs = nowNs + waitNs;
    }

    boolean expired(final long nowNs) {
        return deadlineNs - nowNs <= 0;
    }

    /** Whether it is time to send it again, which is taken as done. */
    boolean repeats(final long nowNs) {
        if (nextNs - nowNs > 0) {
            return false;
        }
        waitNs *= 2;
        nextNs = nowNs + waitNs;
        return true;
    }
}
