package org.tandemsip.engine.handler;

import org.tandemsip.engine.metrics.Counter;

/**
 * What became of a received message: exactly one of these. The shard counts what the handler returns, which makes the
 * accounting identity {@code received = forwarded + answered + absorbed + dropped by cause} hold by construction.
 */
public enum Disposition {
    /** Sent on, to one target or several. */
    FORWARDED(Counter.FORWARDED),
    /** Answered by Tandem itself. */
    ANSWERED(Counter.ANSWERED),
    /** Consumed by a transaction: a retransmission, an ACK or response that ends here, a response kept for later. */
    ABSORBED(Counter.ABSORBED),
    /** Dropped: request from a source that no trunk claims. */
    DROPPED_UNKNOWN_SOURCE(Counter.DROPPED_UNKNOWN_SOURCE),
    /**
     * Dropped: response whose branch is not ours, forged, or without a transaction (RFC 3261 section 18.1.2, RFC 6026
     * section 8.9).
     */
    DROPPED_STRAY_RESPONSE(Counter.DROPPED_STRAY_RESPONSE),
    /** Dropped: ACK that matches nothing and may not be routed. */
    DROPPED_STRAY_ACK(Counter.DROPPED_STRAY_ACK),
    /** Dropped: request inside a dialog of a call, from where nobody of that dialog is. */
    DROPPED_FORGED(Counter.DROPPED_FORGED),
    /** Dropped: malformed and not answerable. */
    DROPPED_MALFORMED(Counter.DROPPED_MALFORMED),
    /** Dropped: a table, pool or ring is full. */
    DROPPED_OVERLOAD(Counter.DROPPED_OVERLOAD),
    /** Dropped: no way to send it on (no route for an ACK, next hop unreachable or not an address). */
    DROPPED_NO_TARGET(Counter.DROPPED_NO_TARGET),
    /** Dropped: the handler threw; the shard caught it. */
    DROPPED_FAULT(Counter.DROPPED_FAULT);

    private final Counter counter;

    Disposition(final Counter counter) {
        this.counter = counter;
    }

    /** What counts messages of this fate. */
    public Counter counter() {
        return counter;
    }
}
