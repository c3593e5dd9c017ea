package org.tandemsip.server.transport;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;

/** A user agent with one UDP socket, beside the network that it speaks to. */
final class UdpClient implements AutoCloseable {
    private final DatagramSocket socket;
    private final InetSocketAddress to;

    UdpClient(final TestNet net) throws IOException {
        to = net.udpAddress();
        socket = new DatagramSocket(new InetSocketAddress(to.getAddress(), 0));
        socket.setReceiveBufferSize(1 << 20);
    }

    int port() {
        return socket.getLocalPort();
    }

    void send(final String text) throws IOException {
        final byte[] bytes = TestNet.ascii(text);
        socket.send(new DatagramPacket(bytes, bytes.length, to));
    }

    String receive() throws IOException {
        socket.setSoTimeout(10_000);
        final DatagramPacket packet = new DatagramPacket(new byte[65_536], 65_536);
        socket.receive(packet);
        return new String(packet.getData(), 0, packet.getLength(), StandardCharsets.US_ASCII);
    }

    /** Whether nothing comes for a while. */
    boolean hearsNothing() throws IOException {
        socket.setSoTimeout(50);
        try {
            socket.receive(new DatagramPacket(new byte[1], 1));
            return false;
        } catch (final SocketTimeoutException nothing) {
            return true;
        }
    }

    @Override
    public void close() {
        socket.close();
    }
}
