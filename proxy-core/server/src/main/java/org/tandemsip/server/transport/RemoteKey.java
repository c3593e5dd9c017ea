package org.tandemsip.server.transport;

import org.tandemsip.codec.Transport;

/**
 * Address and port of a peer, the transport to it and who it must be, as key of a map. Mutable so that looking up
 * allocates nothing; a key put into a map is a copy.
 */
final class RemoteKey implements Comparable<RemoteKey> {
    /** The kind of what a peer wants its requests over TLS to be sent to, whoever they are for (RFC 5923). */
    static final int ALIAS = kind(Transport.TLS, -1);

    private long high;
    private long low;
    private int port;
    private int kind;

    RemoteKey set(final long addressHigh, final long addressLow, final int newPort, final int newKind) {
        high = addressHigh;
        low = addressLow;
        port = newPort;
        kind = newKind;
        return this;
    }

    /** Transport and identity in one: a connection over TCP is none over TLS, nor one to another name. */
    static int kind(final Transport transport, final int identity) {
        return identity << 3 | transport.ordinal();
    }

    RemoteKey copy() {
        return new RemoteKey().set(high, low, port, kind);
    }

    @Override
    public boolean equals(final Object other) {
        return other instanceof RemoteKey that && high == that.high && low == that.low && port == that.port
                && kind == that.kind;
    }

    @Override
    public int hashCode() {
        final long mixed =
                (high * 31 + low) * 0x9E37_79B9_7F4A_7C15L + (port + ((long) kind << 16)) * 0xC2B2_AE3D_27D4_EB4FL;
        return (int) (mixed ^ mixed >>> 32);
    }

    /** Any total order: lets a hash map turn a bucket of crafted collisions into a tree. */
    @Override
    public int compareTo(final RemoteKey that) {
        final int byHigh = Long.compare(high, that.high);
        final int byLow = byHigh != 0 ? byHigh : Long.compare(low, that.low);
        final int byPort = byLow != 0 ? byLow : Integer.compare(port, that.port);
        return byPort != 0 ? byPort : Integer.compare(kind, that.kind);
    }
}
