package org.tandemsip.server.transport;

import org.tandemsip.engine.handler.Destination;

/** The UDP socket of one loop and listen point. Loop thread only. */
interface DatagramPort {
    /**
     * Sends {@code length} bytes at memory {@code address}; they leave with the next {@link #flush} and stay where they
     * are until then.
     */
    void send(long address, int length, Destination destination, Origin origin);

    /** Hands what was sent to the kernel; what it does not take, the port has kept a copy of. */
    void flush();

    /** Begins to read. */
    void startReading();

    /** Stops reading; sending goes on. */
    void stopReading();

    /** Has the kernel let through so many of the new INVITEs, where it can be told. */
    default void letThrough(final InviteShares shares) {}

    /** Closes the socket. */
    void close();
}
