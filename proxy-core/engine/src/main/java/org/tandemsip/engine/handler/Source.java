package org.tandemsip.engine.handler;

import org.tandemsip.codec.Transport;

/**
 * Where a message came from, and on which local listen point. Mutable flyweight; addresses as in
 * {@link org.tandemsip.codec.IpAddress}.
 */
public final class Source {
    /** Transport it came over. */
    public Transport transport = Transport.UDP;
    /** Index of the listen point that received it, in {@link ShardContext#listenPoints()}. */
    public int listenPoint;
    /** Upper half of the remote address. */
    public long addressHigh;
    /** Lower half of the remote address. */
    public long addressLow;
    /** Remote port. */
    public int port;
    /** Connection it came over, unique for the life of the process; 0 for UDP. */
    public long connection;
    /** When its first byte was read from the socket, on the clock of {@code nowNs}. */
    public long receivedNs;

    /** Copies all fields of {@code other}. */
    public Source set(final Source other) {
        transport = other.transport;
        listenPoint = other.listenPoint;
        addressHigh = other.addressHigh;
        addressLow = other.addressLow;
        port = other.port;
        connection = other.connection;
        receivedNs = other.receivedNs;
        return this;
    }

    /** As if something had come just now from where {@code destination} leads to. */
    public Source set(final Destination destination) {
        transport = destination.transport;
        listenPoint = destination.listenPoint;
        addressHigh = destination.addressHigh;
        addressLow = destination.addressLow;
        port = destination.port;
        connection = destination.connection;
        return this;
    }
}
