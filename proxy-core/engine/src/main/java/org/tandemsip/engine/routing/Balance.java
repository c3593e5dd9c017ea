package org.tandemsip.engine.routing;

/**
 * How a trunk chooses among its peers for a new request. In all of them peers of a lower priority number come first,
 * and peers that are down are passed over.
 */
public enum Balance {
    /** By a hash of the Call-ID, in proportion to weights: all of a call meets the same peer, on every node. */
    CALL_ID,
    /** In turn, in proportion to weights. */
    WEIGHTED,
    /** In turn, weights left aside. */
    ROUND_ROBIN,
    /** The peer with the fewest calls in proportion to its weight. */
    LEAST_CALLS,
    /** The first in the order of the configuration; the others wait until it fails. */
    PRIORITY;

    /**
     * Whether a choice follows from the request alone: without a transaction, a retransmission, CANCEL and ACK have to
     * go the same way as their request (RFC 3261 section 16.11).
     */
    public boolean worksWithoutState() {
        return this == CALL_ID || this == PRIORITY;
    }
}
