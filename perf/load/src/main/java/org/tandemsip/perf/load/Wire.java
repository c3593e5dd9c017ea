package org.tandemsip.perf.load;

import java.io.IOException;
import java.net.InetSocketAddress;
import org.agrona.concurrent.UnsafeBuffer;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Transport;

/** One side's way to the system under test: a UDP socket or a few TCP or TLS connections. Load thread only. */
abstract class Wire implements AutoCloseable {
    static final int SOCKET_BUFFER_BYTES = 8 << 20;
    private static final int MESSAGE_BYTES = 65_536;

    private final UnsafeBuffer outgoing = new UnsafeBuffer(java.nio.ByteBuffer.allocateDirect(MESSAGE_BYTES));
    private long received;
    private long malformed;
    private long unreachable;
    private long congested;

    /**
     * Opens a side's sockets.
     *
     * @param local where, for this loop
     */
    static Wire open(final LoadPlan plan, final InetSocketAddress local) throws IOException {
        return plan.transport() == Transport.UDP ? new Datagrams(local)
                : new Streams(local, plan.connections(), plan.tls());
    }

    /** Address that the other side can send to. */
    abstract InetSocketAddress localAddress() throws IOException;

    /** Names the only address that is spoken to; a caller's connections are opened. */
    abstract void connect(InetSocketAddress remote) throws IOException;

    /** Names the only address that is listened to; what it opens is accepted. */
    abstract void expect(InetSocketAddress remote) throws IOException;

    /**
     * Whether what {@link #connect} opened can carry messages: TLS shakes hands first, while this side receives.
     *
     * @throws java.net.ConnectException it never will; says why
     */
    boolean ready() throws IOException {
        return true;
    }

    /** Why a connection of this side broke, for people; {@code null} when none did. */
    String trouble() {
        return null;
    }

    /** The next well-formed message that has arrived, or {@code null}; valid until the next call. */
    abstract SipMessage receive() throws IOException;

    /** Connection that the last received message came by; 0 over UDP. */
    abstract int peer();

    /**
     * Sends the first {@code length} bytes of {@link #outgoing()}; what the socket has no room for is lost, and that is
     * counted.
     *
     * @param peer the connection: {@link #peer()} of the request for a response, any number that stays with the call
     *             for a request
     */
    abstract void send(int length, int peer) throws IOException;

    /** Memory to write a message into before {@link #send}. */
    final UnsafeBuffer outgoing() {
        return outgoing;
    }

    final void countReceived() {
        received++;
    }

    final void countMalformed() {
        malformed++;
    }

    final void countUnreachable() {
        unreachable++;
    }

    final void countCongested() {
        congested++;
    }

    /** Well-formed messages received. */
    final long received() {
        return received;
    }

    /** Messages lost on this side: not sent, or not understood. */
    final long lost() {
        return malformed + unreachable + congested;
    }

    @Override
    public abstract void close() throws IOException;
}
