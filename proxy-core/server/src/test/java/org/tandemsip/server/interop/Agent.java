package org.tandemsip.server.interop;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;

/**
 * One socket that sends and receives SIP messages as text, with the bytes of ISO-8859-1: for what a script of
 * SIPp cannot say. Receiving waits for up to {@value #PATIENCE_MS} ms, then fails.
 */
interface Agent extends AutoCloseable {
    /** What must come gets time on a machine with other things to do. */
    int PATIENCE_MS = 30_000;
    Pattern CONTENT_LENGTH = Pattern.compile("(?im)^(?:content-length|l)[ \t]*:[ \t]*(\\d+)");

    /** The local port. */
    int port();

    /** Sends a message to where the agent is connected. */
    void send(String message) throws IOException;

    /** The next message, in the order of arrival. */
    String receive() throws IOException;

    @Override
    void close() throws IOException;

    /** The next message that begins so; those before it are passed over. */
    default String receive(final String start) throws IOException {
        for (String message = receive();; message = receive()) {
            if (message.startsWith(start)) {
                return message;
            }
        }
    }

    /** A datagram socket bound to {@code host} and {@code port} (0 for any) that sends to {@code remote}. */
    static Agent udp(final String host, final int port, final InetSocketAddress remote) throws IOException {
        final DatagramSocket socket = new DatagramSocket(new InetSocketAddress(host, port));
        socket.setSoTimeout(PATIENCE_MS);
        return new Agent() {
            @Override
            public int port() {
                return socket.getLocalPort();
            }

            @Override
            public void send(final String message) throws IOException {
                final byte[] bytes = message.getBytes(ISO_8859_1);
                socket.send(new DatagramPacket(bytes, bytes.length, remote));
            }

            @Override
            public String receive() throws IOException {
                final DatagramPacket packet = new DatagramPacket(new byte[65_535], 65_535);
                socket.receive(packet);
                return new String(packet.getData(), 0, packet.getLength(), ISO_8859_1);
            }

            @Override
            public void close() {
                socket.close();
            }
        };
    }

    /** A connection from {@code host} to {@code remote}. */
    static Stream tcp(final String host, final InetSocketAddress remote) throws IOException {
        final Socket socket = new Socket();
        socket.bind(new InetSocketAddress(host, 0));
        socket.connect(remote, PATIENCE_MS);
        return new Stream(socket);
    }

    /** A TLS connection from {@code host} to {@code remote}, of somebody who believes what {@code context} does. */
    static Stream tls(final SSLContext context, final String host, final InetSocketAddress remote) throws IOException {
        return new Stream(context.getSocketFactory().createSocket(remote.getAddress(), remote.getPort(),
                InetAddress.ofLiteral(host), 0));
    }

    /** A WebSocket to {@code uri} (RFC 7118), a message per text message. */
    static Agent webSocket(final HttpClient http, final URI uri) {
        final BlockingQueue<String> messages = new LinkedBlockingQueue<>();
        final WebSocket socket = http.newWebSocketBuilder().subprotocols("sip").buildAsync(uri,
                new WebSocket.Listener() {
                    private final StringBuilder text = new StringBuilder();

                    @Override
                    public CompletionStage<?> onText(final WebSocket from, final CharSequence part,
                            final boolean last) {
                        text.append(part);
                        if (last) {
                            messages.add(text.toString());
                            text.setLength(0);
                        }
                        from.request(1);
                        return null;
                    }
                }).orTimeout(PATIENCE_MS, TimeUnit.MILLISECONDS).join();
        return new Agent() {
            @Override
            public int port() {
                return 0;
            }

            @Override
            public void send(final String message) {
                socket.sendText(message, true).join();
            }

            @Override
            public String receive() throws IOException {
                try {
                    final String message = messages.poll(PATIENCE_MS, TimeUnit.MILLISECONDS);
                    if (message != null) {
                        return message;
                    }
                } catch (final InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
                throw new SocketTimeoutException("nothing came");
            }

            @Override
            public void close() {
                socket.abort();
            }
        };
    }

    /** The next connection that comes in. */
    static Stream accept(final ServerSocket listener) throws IOException {
        listener.setSoTimeout(PATIENCE_MS);
        return new Stream(listener.accept());
    }

    /** Messages over one connection, framed by Content-Length. */
    final class Stream implements Agent {
        private final Socket socket;
        private final ByteArrayOutputStream received = new ByteArrayOutputStream();

        private Stream(final Socket socket) throws IOException {
            this.socket = socket;
            socket.setSoTimeout(PATIENCE_MS);
        }

        @Override
        public int port() {
            return socket.getLocalPort();
        }

        @Override
        public void send(final String message) throws IOException {
            socket.getOutputStream().write(message.getBytes(ISO_8859_1));
        }

        @Override
        public String receive() throws IOException {
            while (true) {
                final String text = received.toString(ISO_8859_1);
                final int head = text.indexOf("\r\n\r\n") + 4;
                if (head >= 4) {
                    final Matcher length = CONTENT_LENGTH.matcher(text.substring(0, head));
                    final int end = head + (length.find() ? Integer.parseInt(length.group(1)) : 0);
                    if (text.length() >= end) {
                        received.reset();
                        received.writeBytes(text.substring(end).getBytes(ISO_8859_1));
                        return text.substring(0, end);
                    }
                }
                if (!read()) {
                    throw new IOException("closed after: " + text);
                }
            }
        }

        /** Waits for the end of the connection; fails when something else comes or nothing happens. */
        void awaitClose() throws IOException {
            if (received.size() > 0 || read()) {
                throw new IOException("not closed: " + received.toString(ISO_8859_1));
            }
        }

        private boolean read() throws IOException {
            final byte[] chunk = new byte[8_192];
            final int count;
            try {
                count = socket.getInputStream().read(chunk);
            } catch (final SocketTimeoutException silence) {
                throw silence;
            } catch (final IOException reset) {
                return false;
            }
            received.write(chunk, 0, Math.max(0, count));
            return count >= 0;
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }
}
