package org.tandemsip.engine.handler;

import org.agrona.MutableDirectBuffer;

/**
 * The way out of a shard. Shard thread only. Bytes belong to the egress as soon as {@link #send} is called; whoever
 * wants to send them again keeps a copy of its own.
 */
public interface Egress {
    /**
     * Memory to write one message into, from index 0.
     *
     * @param length most bytes that will be written, up to 65,535
     * @return buffer that is valid until the next call of this or {@link #send}
     */
    MutableDirectBuffer claim(int length);

    /**
     * Sends the message written into the claimed memory. Never blocks; where the way is congested or cannot be opened
     * the message is dropped, counted, and reported as a {@link ShardCommand.SendFailed} when {@code correlation} is
     * not 0.
     *
     * @param length      size in bytes
     * @param destination where to; copied
     * @param correlation number that names the sender in a failure report, 0 for none
     */
    void send(int length, Destination destination, long correlation);

    /** Says that what was sent since the last call was complete at {@code nowNs}; for who times the way out. */
    default void sentBy(final long nowNs) {}

    /** Hands everything sent in this turn of the loop to the sockets; returns how many messages. */
    int flush();
}
