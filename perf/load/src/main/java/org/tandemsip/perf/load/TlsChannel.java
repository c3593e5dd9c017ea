package org.tandemsip.perf.load;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.SocketChannel;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.tandemsip.server.tls.CertificateNames;

/**
 * TLS over a socket that does not block. Reading also shakes hands; until that is done nothing is read, and nothing is
 * taken to be written. Load thread only.
 */
final class TlsChannel implements ByteChannel {
    /** Several records of 16 KiB each way. */
    private static final int BUFFER_BYTES = 1 << 17;
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private final SocketChannel socket;
    private final SSLEngine engine;
    private final String name;
    /** Encrypted, from the socket: what is left to decrypt lies between position and limit. */
    private final ByteBuffer incoming = ByteBuffer.allocateDirect(BUFFER_BYTES).limit(0);
    /** Encrypted, for the socket: what it has not taken yet lies before the position. */
    private final ByteBuffer outgoing = ByteBuffer.allocateDirect(BUFFER_BYTES);
    private boolean established;

    /**
     * Begins a handshake.
     *
     * @param socket a connection that does not block
     * @param engine one side of TLS, unused so far
     * @param name   name that the other side's certificate must be for, or {@code null} for any
     */
    TlsChannel(final SocketChannel socket, final SSLEngine engine, final String name) throws SSLException {
        this.socket = socket;
        this.engine = engine;
        this.name = name;
        engine.beginHandshake();
    }

    /** Whether the handshake is done. */
    boolean established() {
        return established;
    }

    @Override
    public int read(final ByteBuffer plain) throws IOException {
        final int start = plain.position();
        try {
            flush();
            while (prepare()) {
                final SSLEngineResult result = engine.unwrap(incoming, plain);
                if (result.getStatus() == SSLEngineResult.Status.CLOSED) {
                    return ended(plain.position() - start);
                }
                if (result.bytesConsumed() + result.bytesProduced() > 0) {
                    continue;
                }
                if (result.getStatus() == SSLEngineResult.Status.BUFFER_OVERFLOW || plain.position() > start) {
                    break;
                }
                if (needs(HandshakeStatus.NEED_TASK) || needs(HandshakeStatus.NEED_WRAP)) {
                    continue;
                }
                final int length = receive();
                if (length <= 0) {
                    return length < 0 ? ended(0) : 0;
                }
            }
        } catch (final SSLException e) {
            tellWhy();
            throw e;
        }
        return plain.position() - start;
    }

    /** Does what the handshake wants before it can go on reading; false when the socket takes no more for now. */
    private boolean prepare() throws IOException {
        while (true) {
            switch (engine.getHandshakeStatus()) {
                case NEED_TASK -> {
                    for (Runnable task = engine.getDelegatedTask(); task != null; task = engine.getDelegatedTask()) {
                        task.run();
                    }
                }
                case NEED_WRAP -> {
                    final SSLEngineResult result = engine.wrap(NOTHING, outgoing);
                    if (!flush() || result.bytesProduced() == 0 && needs(HandshakeStatus.NEED_WRAP)) {
                        return false;
                    }
                }
                case NOT_HANDSHAKING -> {
                    if (!established) {
                        verify();
                        established = true;
                    }
                    return true;
                }
                case NEED_UNWRAP, NEED_UNWRAP_AGAIN, FINISHED -> {
                    return true;
                }
            }
        }
    }

    private boolean needs(final HandshakeStatus status) {
        return engine.getHandshakeStatus() == status;
    }

    private void verify() throws SSLPeerUnverifiedException {
        if (name != null && !(engine.getSession().getPeerCertificates()[0] instanceof final X509Certificate certificate
                && CertificateNames.match(certificate, name))) {
            throw new SSLPeerUnverifiedException("the certificate is not for " + name);
        }
    }

    private int receive() throws IOException {
        incoming.compact();
        final int length = socket.read(incoming);
        incoming.flip();
        return length;
    }

    private int ended(final int before) throws SSLException {
        if (!established) {
            throw new SSLException("closed during the TLS handshake");
        }
        return before > 0 ? before : -1;
    }

    /** Sends the alert of a handshake that failed, as far as that goes. */
    private void tellWhy() {
        try {
            engine.closeOutbound();
            engine.wrap(NOTHING, outgoing);
            flush();
        } catch (final IOException e) {
            // The other side has gone, too.
        }
    }

    @Override
    public int write(final ByteBuffer plain) throws IOException {
        final int start = plain.position();
        if (established) {
            while (flush() && plain.hasRemaining()) {
                final SSLEngineResult result = engine.wrap(plain, outgoing);
                if (result.getStatus() == SSLEngineResult.Status.CLOSED) {
                    throw new SSLException("closed by the other side");
                }
                if (result.bytesProduced() == 0) {
                    break;
                }
            }
        }
        return plain.position() - start;
    }

    /** Gives the socket what waits for it; false when something still does. */
    private boolean flush() throws IOException {
        if (outgoing.position() > 0) {
            outgoing.flip();
            socket.write(outgoing);
            outgoing.compact();
        }
        return outgoing.position() == 0;
    }

    @Override
    public boolean isOpen() {
        return socket.isOpen();
    }

    @Override
    public void close() throws IOException {
        if (socket.isOpen()) {
            tellWhy();
        }
        socket.close();
    }
}
