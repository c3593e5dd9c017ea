package org.tandemsip.engine.handler;

import org.tandemsip.codec.Transport;

/**
 * Where a message goes, and from which local listen point. Mutable flyweight; addresses as in
 * {@link org.tandemsip.codec.IpAddress}.
 */
public final class Destination {
    /** Transport to use. */
    public Transport transport = Transport.UDP;
    /** Index of the listen point to send from, in {@link ShardContext#listenPoints()}. */
    public int listenPoint;
    /** Upper half of the remote address. */
    public long addressHigh;
    /** Lower half of the remote address. */
    public long addressLow;
    /** Remote port. */
    public int port;
    /**
     * Connection to use while it is open, else one to the same address and port, else a new one; 0: any connection to
     * that address and port. Ignored for UDP.
     */
    public long connection;
    /**
     * Who must be there, of those that the server knows by number: over TLS the certificate has to show it. 0: whoever
     * the configuration expects at that address.
     */
    public int identity;

    /** Copies all fields of {@code other}. */
    public Destination set(final Destination other) {
        transport = other.transport;
        listenPoint = other.listenPoint;
        addressHigh = other.addressHigh;
        addressLow = other.addressLow;
        port = other.port;
        connection = other.connection;
        identity = other.identity;
        return this;
    }

    /** Points back at {@code source}: same listen point, address, port and connection. */
    public Destination set(final Source source) {
        transport = source.transport;
        listenPoint = source.listenPoint;
        addressHigh = source.addressHigh;
        addressLow = source.addressLow;
        port = source.port;
        connection = source.connection;
        identity = 0;
        return this;
    }

    /** Whether both name the same transport, address and port. */
    public boolean sameRemote(final Destination other) {
        return transport == other.transport && addressHigh == other.addressHigh && addressLow == other.addressLow
                && port == other.port;
    }
}
