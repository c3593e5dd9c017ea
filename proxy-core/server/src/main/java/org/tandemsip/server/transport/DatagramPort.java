package org.tandemsip.server.transport;

import io.netty.buffer.ByteBuf;
import org.tandemsip.engine.handler.Destination;

/** The UDP socket of one loop and listen point. Loop thread only. */
interface DatagramPort {
    /** Sends {@code bytes}, which belong to the port now; they leave with the next {@link #flush}. */
    void send(ByteBuf bytes, Destination destination, Origin origin);

    /** Hands what was sent to the kernel. */
    void flush();

    /** Begins to read. */
    void startReading();

    /** Stops reading; sending goes on. */
    void stopReading();

    /** Closes the socket. */
    void close();
}
