package org.tandemsip.engine.metrics;

/** A stretch of a message's way through Tandem whose duration is recorded. */
public enum Stage {
    /** From the read of the socket to the start of the handler: parsing and waiting in the ring. */
    RING,
    /** Inside the handler. */
    HANDLER,
    /** From the handler's send to the socket. */
    EGRESS,
    /** From the read of the socket to the write of what was forwarded or answered. */
    TOTAL
}
