package org.tandemsip.server.transport;

import static org.junit.jupiter.api.Assertions.assertNotNull;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;

/** Accepts connections of TLS and keeps what comes. */
final class TlsServer implements AutoCloseable {
    final List<Socket> connections = new CopyOnWriteArrayList<>();
    final BlockingQueue<String> received = new LinkedBlockingQueue<>();
    private final SSLServerSocket listener;

    /** @param certified whether clients must show a certificate */
    TlsServer(final SSLContext context, final InetSocketAddress at, final boolean certified) throws IOException {
        listener = (SSLServerSocket) context.getServerSocketFactory().createServerSocket();
        listener.setReuseAddress(true);
        listener.setNeedClientAuth(certified);
        listener.bind(at);
        Thread.ofVirtual().start(() -> {
            try {
                while (true) {
                    final Socket connection = listener.accept();
                    connections.add(connection);
                    Thread.ofVirtual().start(() -> read(connection));
                }
            } catch (final IOException closed) {
                // The test is over.
            }
        });
    }

    private void read(final Socket connection) {
        try (StreamClient peer = new StreamClient(connection)) {
            while (true) {
                received.add(peer.message());
            }
        } catch (final IOException closed) {
            // By one side or the other.
        }
    }

    /** What came of the handshake of the {@code index}-th connection. */
    ExtendedSSLSession session(final int index) {
        return (ExtendedSSLSession) ((SSLSocket) connections.get(index)).getSession();
    }

    InetSocketAddress address() {
        return (InetSocketAddress) listener.getLocalSocketAddress();
    }

    String message() throws InterruptedException {
        final String message = received.poll(20, TimeUnit.SECONDS);
        assertNotNull(message, "nothing came");
        return message;
    }

    @Override
    public void close() throws IOException {
        listener.close();
        for (final Socket connection : connections) {
            connection.close();
        }
    }
}
