package org.tandemsip.server.cli;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;

/** Speaks HTTP/1.1 with a running server: one request per connection, over its unix socket or an address. */
final class AdminClient {
    /** A reload may look up many host names. */
    private static final Duration TIMEOUT = Duration.ofSeconds(60);
    private static final int MAX_ANSWER_BYTES = 64 << 20;

    private final String name;
    private final SocketAddress address;
    private final String token;

    /** An answer. */
    record Answer(int status, String body) {
        boolean ok() {
            return status / 100 == 2;
        }
    }

    private AdminClient(final String name, final SocketAddress address, final String token) {
        this.name = name;
        this.address = address;
        this.token = token;
    }

    static AdminClient ofSocket(final Path path) {
        return new AdminClient(path.toString(), UnixDomainSocketAddress.of(path), null);
    }

    /** @param token bearer token, or {@code null} */
    static AdminClient ofAddress(final URI uri, final String token) {
        return new AdminClient(uri.toString(), new InetSocketAddress(uri.getHost(), uri.getPort()), token);
    }

    /** Where the server is looked for, for people. */
    String name() {
        return name;
    }

    Answer get(final String path) throws IOException {
        return send("GET", path, "");
    }

    /**
     * Sends a request and reads the answer.
     *
     * @throws IOException nobody answers, or not in HTTP
     */
    Answer send(final String method, final String path, final String body) throws IOException {
        try (SocketChannel channel = address instanceof UnixDomainSocketAddress
                ? SocketChannel.open(StandardProtocolFamily.UNIX)
                : SocketChannel.open()) {
            final Thread watchdog = Thread.ofVirtual().start(() -> closeAfterTimeout(channel));
            channel.connect(address);
            final byte[] content = body.getBytes(StandardCharsets.UTF_8);
            final String head = method + " " + path + " HTTP/1.1\r\nHost: " + host() + "\r\nConnection: close\r\n"
                    + (token == null ? "" : "Authorization: Bearer " + token + "\r\n") + "Content-Length: "
                    + content.length + "\r\n\r\n";
            write(channel, head.getBytes(StandardCharsets.US_ASCII));
            write(channel, content);
            final Answer answer = parse(readAll(channel));
            watchdog.interrupt();
            return answer;
        }
    }

    private String host() {
        return address instanceof final InetSocketAddress inet
                ? (inet.getHostString().indexOf(':') < 0 ? inet.getHostString() : '[' + inet.getHostString() + ']')
                        + ':'
                        + inet.getPort()
                : "localhost";
    }

    private static void closeAfterTimeout(final SocketChannel channel) {
        try {
            Thread.sleep(TIMEOUT);
            channel.close();
        } catch (final InterruptedException | IOException e) {
            // The answer came in time, or the channel is closed already.
        }
    }

    private static void write(final SocketChannel channel, final byte[] bytes) throws IOException {
        final ByteBuffer buffer = ByteBuffer.wrap(bytes);
        while (buffer.hasRemaining()) {
            channel.write(buffer);
        }
    }

    private static String readAll(final SocketChannel channel) throws IOException {
        final ByteArrayOutputStream all = new ByteArrayOutputStream();
        final ByteBuffer buffer = ByteBuffer.allocate(16_384);
        while (channel.read(buffer) >= 0) {
            all.write(buffer.array(), 0, buffer.position());
            buffer.clear();
            if (all.size() > MAX_ANSWER_BYTES) {
                throw new IOException("the answer is larger than 64 MiB");
            }
        }
        return all.toString(StandardCharsets.UTF_8);
    }

    private static Answer parse(final String text) throws IOException {
        final int end = text.indexOf("\r\n\r\n");
        if (end < 0 || !text.matches("(?s)HTTP/1\\.[01] \\d{3}.*")) {
            throw new IOException("the answer is not HTTP");
        }
        return new Answer(Integer.parseInt(text.substring(9, 12)), text.substring(end + 4));
    }
}
