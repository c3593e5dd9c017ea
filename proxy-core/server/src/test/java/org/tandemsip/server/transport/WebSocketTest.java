package org.tandemsip.server.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.server.tls.TestCa;
import org.tandemsip.server.tls.TlsSettings;

/** SIP over WebSocket (RFC 7118) with the JDK's client on the other side. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
@ExtendWith(NoLeaks.class)
class WebSocketTest {
    private static final InetAddress IPV4 = InetAddress.ofLiteral("127.0.0.1");

    @Test
    void shouldAnswerTextAndBinaryWithOrWithoutLength() throws Exception {
        try (TestNet net = net(); HttpClient http = HttpClient.newHttpClient()) {
            final Client client = new Client(http, "ws", net);
            client.socket.sendText(options("one", "WS"), true).join();
            assertTrue(client.message().startsWith("SIP/2.0 200 OK\r\nVia: SIP/2.0/WS x1.invalid;"), "as received");
            client.socket.sendBinary(ByteBuffer.wrap(TestNet.ascii(options("two", "WS"))), true).join();
            assertTrue(client.message().contains("Call-ID: two\r\n"));
            client.socket.sendText(options("three", "WS").replaceFirst("Content-Length: 0\r\n", ""), true).join();
            assertTrue(client.message().contains("Call-ID: three\r\n"));
            assertEquals("sip", client.socket.getSubprotocol());
            net.assertIdentity();
            client.socket.abort();
        }
    }

    @Test
    void shouldAnswerOverTls() throws Exception {
        final TestCa ca = new TestCa("Web");
        final TlsSettings settings = new TlsSettings(List.of(TestCa.credentials(
                ca.issue(builder -> builder.addSanIpAddress("127.0.0.1")))), ca.anchors(), Map.of());
        try (Tls tls = new Tls(settings, Tls.Limits.DEFAULTS, TlsReports.NONE);
                TestNet net = new TestNet(shape -> shape.tls(tls).listen(TestNet.udp(IPV4), listen(Transport.WSS)));
                HttpClient http = HttpClient.newBuilder().sslContext(ca.context(null)).build()) {
            final Client client = new Client(http, "wss", net);
            client.socket.sendText(options("secure", "WSS"), true).join();
            assertTrue(client.message().startsWith("SIP/2.0 200 OK\r\nVia: SIP/2.0/WSS x1.invalid;"));
            assertEquals(1, net.count(Counter.TLS_GOOD));
            client.socket.abort();
        }
    }

    @Test
    void shouldPutMessagesTogetherThatCameInFrames() throws Exception {
        try (TestNet net = net(); HttpClient http = HttpClient.newHttpClient()) {
            final Client client = new Client(http, "ws", net);
            final String message = options("framed", "WS");
            for (int cut = 1; cut < message.length(); cut += 11) {
                client.socket.sendText(message.substring(0, cut), false).join();
                client.socket.sendText(message.substring(cut), true).join();
                assertTrue(client.message().contains("Call-ID: framed\r\n"), "cut at " + cut);
            }
            client.socket.abort();
        }
    }

    @Test
    void shouldAnswerKeepAlivesOfBothKinds() throws Exception {
        try (TestNet net = net(); HttpClient http = HttpClient.newHttpClient()) {
            final Client client = new Client(http, "ws", net);
            client.socket.sendText("\r\n\r\n", true).join();
            assertEquals("\r\n", client.message());
            client.socket.sendPing(ByteBuffer.wrap(new byte[] {1, 2})).join();
            assertEquals("pong 2", client.message());
            client.socket.abort();
        }
    }

    @Test
    void shouldLoseNothingWhileAShardIsBusy() throws Exception {
        try (TestNet net = new TestNet(shape -> shape.dedicated(1, 1).ringSize(64).listen(TestNet.udp(IPV4),
                listen(Transport.WS))); HttpClient http = HttpClient.newHttpClient()) {
            final Client client = new Client(http, "ws", net);
            client.socket.sendText(options("busy", "WS").replace("OPTIONS", "REFER"), true).join();
            for (int i = 0; i < 300; i++) {
                client.socket.sendText(options("call-" + i, "WS"), true).join();
            }
            net.released.countDown();
            assertTrue(client.message().contains("Call-ID: busy\r\n"));
            for (int i = 0; i < 300; i++) {
                assertTrue(client.message().contains("Call-ID: call-" + i + "\r\n"), "answer " + i);
            }
            net.assertIdentity();
            client.socket.abort();
        }
    }

    @Test
    void shouldRefuseWhoDoesNotAskForSip() throws Exception {
        try (TestNet net = net(); HttpClient http = HttpClient.newHttpClient()) {
            final URI uri = URI.create("ws://127.0.0.1:" + net.address(1).getPort() + "/");
            for (final List<String> offered : List.of(List.<String>of(), List.of("mqtt"))) {
                final WebSocket.Builder builder = http.newWebSocketBuilder();
                if (!offered.isEmpty()) {
                    builder.subprotocols(offered.getFirst());
                }
                assertThrows(ExecutionException.class,
                        () -> builder.buildAsync(uri, new WebSocket.Listener() {}).get(20, TimeUnit.SECONDS));
            }
            net.awaitCount(Counter.CLOSED_NOT_SIP, 2);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "OPTIONS sip:x SIP/2.0\r\nVia: x\r\n\r\n",
        "\u0016\u0003\u0001\u0002\u0000\r\n\r\n", "POST / HTTP/1.1\r\nContent-Length: 5000\r\n\r\n"})
    void shouldCloseWhoSpeaksSomethingElse(final String words) throws Exception {
        try (TestNet net = net(); StreamClient client = new StreamClient(net.address(1))) {
            client.send(words);
            final String answer = client.readToEnd();
            assertTrue(answer.isEmpty() || answer.startsWith("HTTP/1.1 4"), answer);
            TestNet.await("the connection to be closed", () -> net.network.connections() == 0);
            assertEquals(0, net.count(Counter.FAULTS));
        }
    }

    @Test
    void shouldCloseWhoNeverAsks() throws Exception {
        try (TestNet net = new TestNet(shape -> shape.listen(TestNet.udp(IPV4), listen(Transport.WS))
                .streams(new NetworkConfig.Streams(5, 5, 100, 100, 60_000, 60_000, 65_536, 262_144, 262_144)));
                StreamClient client = new StreamClient(net.address(1))) {
            client.send("GET / HTTP/1.1\r\nHo");
            net.awaitCount(Counter.CLOSED_SLOW_MESSAGE, 1);
            client.readToEnd();
            assertEquals(0, net.network.connections());
        }
    }

    @Test
    void shouldCloseOnFramesThatBreakTheRules() throws Exception {
        for (final byte[] frame : List.of(new byte[] {(byte) 0x81, 5, 'h', 'e', 'l', 'l', 'o'}, // not masked
                new byte[] {(byte) 0x82, (byte) 0xff, 0, 0, 0, 1, 0, 0, 0, 0, 1, 2, 3, 4}, // 4 GiB
                new byte[] {(byte) 0xf1, (byte) 0x80, 1, 2, 3, 4}, // reserved bits
                new byte[] {(byte) 0x80, (byte) 0x80, 1, 2, 3, 4})) { // continues nothing
            try (TestNet net = net(); StreamClient client = new StreamClient(net.address(1))) {
                client.send("GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
                        + "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                        + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: sip\r\n\r\n");
                assertTrue(client.head().startsWith("HTTP/1.1 101"));
                client.send(frame);
                client.readToEnd();
                TestNet.await("the connection to be closed", () -> net.network.connections() == 0);
                assertEquals(0, net.count(Counter.FAULTS));
            }
        }
    }

    private static TestNet net() throws Exception {
        return new TestNet(shape -> shape.listen(TestNet.udp(IPV4), listen(Transport.WS)));
    }

    private static NetworkConfig.Listen listen(final Transport transport) {
        return new NetworkConfig.Listen(transport, IPV4, 0, null);
    }

    private static String options(final String callId, final String transport) {
        return TestNet.request("OPTIONS", callId, "SIP/2.0/" + transport + " x1.invalid;branch=z9hG4bKws", "");
    }

    private static final class Client implements WebSocket.Listener {
        private final BlockingQueue<String> received = new LinkedBlockingQueue<>();
        private final StringBuilder text = new StringBuilder();
        private final WebSocket socket;

        Client(final HttpClient http, final String scheme, final TestNet net) throws Exception {
            socket = http.newWebSocketBuilder().subprotocols("sip")
                    .buildAsync(URI.create(scheme + "://127.0.0.1:" + net.address(1).getPort() + "/ws"), this)
                    .get(20, TimeUnit.SECONDS);
        }

        String message() throws InterruptedException {
            final String message = received.poll(30, TimeUnit.SECONDS);
            assertTrue(message != null, "nothing came");
            return message;
        }

        @Override
        public CompletionStage<?> onText(final WebSocket from, final CharSequence part, final boolean last) {
            text.append(part);
            if (last) {
                received.add(text.toString());
                text.setLength(0);
            }
            from.request(1);
            return null;
        }

        @Override
        public CompletionStage<?> onPong(final WebSocket from, final ByteBuffer message) {
            received.add("pong " + message.remaining());
            from.request(1);
            return null;
        }
    }
}
