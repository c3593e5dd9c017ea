package org.tandemsip.server.transport;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;

/** One connection, from whichever side. */
final class StreamClient implements AutoCloseable {
    /** What a client writes that speaks TCP. */
    static final String VIA = "SIP/2.0/TCP 127.0.0.1:9;rport;branch=z9hG4bKtcp";

    final Socket socket;
    private final InputStream in;

    StreamClient(final InetSocketAddress to) throws IOException {
        this(new Socket(to.getAddress(), to.getPort()));
    }

    StreamClient(final Socket socket) throws IOException {
        this.socket = socket;
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(30_000);
        in = new BufferedInputStream(socket.getInputStream());
    }

    static String options(final String callId) {
        return TestNet.request("OPTIONS", callId, VIA, "");
    }

    int port() {
        return socket.getLocalPort();
    }

    void send(final String text) throws IOException {
        send(TestNet.ascii(text));
    }

    void send(final byte[] bytes) throws IOException {
        socket.getOutputStream().write(bytes);
    }

    String read(final int bytes) throws IOException {
        return new String(in.readNBytes(bytes), StandardCharsets.ISO_8859_1);
    }

    /** What comes until the other side closes or resets. */
    String readToEnd() throws IOException {
        final ByteArrayOutputStream all = new ByteArrayOutputStream();
        try {
            in.transferTo(all);
        } catch (final SocketException reset) {
            // As good as an end.
        }
        return all.toString(StandardCharsets.ISO_8859_1);
    }

    /** The next message, by its Content-Length. */
    String message() throws IOException {
        final String head = head();
        final int at = head.indexOf("Content-Length: ") + 16;
        return head + read(Integer.parseInt(head.substring(at, head.indexOf("\r\n", at))));
    }

    /** All up to the next empty line. */
    String head() throws IOException {
        final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        while (!bytes.toString(StandardCharsets.ISO_8859_1).endsWith("\r\n\r\n")) {
            final int next = in.read();
            if (next < 0) {
                throw new IOException("closed after: " + bytes);
            }
            bytes.write(next);
        }
        return bytes.toString(StandardCharsets.ISO_8859_1);
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
