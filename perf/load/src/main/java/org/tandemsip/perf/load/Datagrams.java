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
final class Datagrams extends Wire {
    private final DatagramChannel channel;
    private final ByteBuffer in = ByteBuffer.allocateDirect(65_536);
    private final ByteBuffer out = outgoing().byteBuffer();
    private final UnsafeBuffer inView = new UnsafeBuffer(in);
    private final SipParser parser = new SipParser(Limits.DEFAULTS);
    private final SipMessage message = new SipMessage(Limits.DEFAULTS.headerRows());

    Datagrams(final InetSocketAddress local) throws IOException {
        channel = DatagramChannel.open();
        channel.setOption(StandardSocketOptions.SO_RCVBUF, SOCKET_BUFFER_BYTES);
        channel.setOption(StandardSocketOptions.SO_SNDBUF, SOCKET_BUFFER_BYTES);
        channel.bind(local);
        channel.configureBlocking(false);
    }

    @Override
    InetSocketAddress localAddress() throws IOException {
        return (InetSocketAddress) channel.getLocalAddress();
    }

    @Override
    void connect(final InetSocketAddress remote) throws IOException {
        channel.connect(remote);
    }

    @Override
    void expect(final InetSocketAddress remote) throws IOException {
        channel.connect(remote);
    }

    @Override
    SipMessage receive() throws IOException {
        while (true) {
            in.clear();
            final int length;
            try {
                length = channel.read(in);
            } catch (final PortUnreachableException e) {
                countUnreachable();
                continue;
            }
            if (length <= 0) {
                return null;
            }
            if (parser.parse(message.wrap(inView, 0, length), false) == ParseError.NONE) {
                countReceived();
                return message;
            }
            countMalformed();
        }
    }

    @Override
    int peer() {
        return 0;
    }

    @Override
    void send(final int length, final int peer) throws IOException {
        out.limit(length).position(0);
        try {
            if (channel.write(out) == 0) {
                countCongested();
            }
        } catch (final PortUnreachableException e) {
            countUnreachable();
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
