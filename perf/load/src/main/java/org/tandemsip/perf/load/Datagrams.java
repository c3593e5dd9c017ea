package org.tandemsip.perf.load;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import org.agrona.concurrent.UnsafeBuffer;
import org.tandemsip.codec.Limits;
import org.tandemsip.codec.ParseError;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.SipParser;

/**
 * A UDP socket connected to the system under test, with one buffer each way. Connected, so that no address object is
 * made per datagram and a port that nobody listens on is noticed.
 */
final class Datagrams implements AutoCloseable {
    private static final int SOCKET_BUFFER_BYTES = 8 << 20;

    private final DatagramChannel channel;
    private final ByteBuffer in = ByteBuffer.allocateDirect(65_536);
    private final ByteBuffer out = ByteBuffer.allocateDirect(65_536);
    private final UnsafeBuffer inView = new UnsafeBuffer(in);
    private final UnsafeBuffer outView = new UnsafeBuffer(out);
    private final SipParser parser = new SipParser(Limits.DEFAULTS);
    private final SipMessage message = new SipMessage(Limits.DEFAULTS.headerRows());
    private long sent;
    private long malformed;
    private long unreachable;
    private long congested;

    Datagrams(final InetSocketAddress local) throws IOException {
        channel = DatagramChannel.open();
        channel.setOption(StandardSocketOptions.SO_RCVBUF, SOCKET_BUFFER_BYTES);
        channel.setOption(StandardSocketOptions.SO_SNDBUF, SOCKET_BUFFER_BYTES);
        channel.bind(local);
        channel.configureBlocking(false);
    }

    InetSocketAddress localAddress() throws IOException {
        return (InetSocketAddress) channel.getLocalAddress();
    }

    void connect(final InetSocketAddress remote) throws IOException {
        channel.connect(remote);
    }

    /** The next well-formed message that has arrived, or {@code null}; valid until the next call. */
    SipMessage receive() throws IOException {
        while (true) {
            in.clear();
            final int length;
            try {
                length = channel.read(in);
            } catch (final PortUnreachableException e) {
                unreachable++;
                continue;
            }
            if (length <= 0) {
                return null;
            }
            if (parser.parse(message.wrap(inView, 0, length), false) == ParseError.NONE) {
                return message;
            }
            malformed++;
        }
    }

    /** Memory to write a message into before {@link #send}. */
    UnsafeBuffer outgoing() {
        return outView;
    }

    /** Sends the first {@code length} bytes of {@link #outgoing()}; a full socket buffer loses it, which is counted. */
    void send(final int length) throws IOException {
        out.limit(length).position(0);
        try {
            if (channel.write(out) == 0) {
                congested++;
            } else {
                sent++;
            }
        } catch (final PortUnreachableException e) {
            unreachable++;
        }
    }

    long sent() {
        return sent;
    }

    long malformed() {
        return malformed;
    }

    long unreachable() {
        return unreachable;
    }

    long congested() {
        return congested;
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
