package org.tandemsip.server.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.server.tls.TestCa;
import org.tandemsip.server.tls.TlsSettings;

/** Connections that come through a load balancer which speaks the PROXY protocol. Our Via tells who was believed. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class ProxyDoorTest {
    private static final InetAddress IPV4 = InetAddress.ofLiteral("127.0.0.1");
    private static final String VERSION_1 = "PROXY TCP4 192.0.2.77 127.0.0.1 40001 5060\r\n";
    private static final String SIGNATURE = "0d0a0d0a000d0a515549540a";
    private static final String ADDRESSES = "c000024d" + "7f000001" + "9c41" + "13c4";

    @AfterAll
    static void shouldHaveLeakedNothing() throws InterruptedException {
        TestNet.assertNoLeaks();
    }

    @ParameterizedTest
    @ValueSource(strings = {"PROXY TCP4 192.0.2.77 127.0.0.1 40001 5060\r\n",
        "PROXY TCP6 2001:db8::77 ::1 40001 5060\r\n"})
    void shouldBelieveVersion1HoweverItIsCut(final String header) throws Exception {
        assertBelieved(header.getBytes(StandardCharsets.US_ASCII),
                header.contains("TCP4") ? "192.0.2.77" : "2001:db8::77");
    }

    @ParameterizedTest
    @ValueSource(strings = {"2111000c" + ADDRESSES, "21110010" + ADDRESSES + "04000100",
        "21210024" + "20010db8000000000000000000000077" + "00000000000000000000000000000001" + "9c41" + "13c4"})
    void shouldBelieveVersion2HoweverItIsCut(final String header) throws Exception {
        assertBelieved(HexFormat.of().parseHex(SIGNATURE + header),
                header.startsWith("2111") ? "192.0.2.77" : "2001:db8::77");
    }

    private static void assertBelieved(final byte[] header, final String address) throws Exception {
        try (TestNet net = net()) {
            net.balanced = true;
            final byte[] all = concat(header, options("TCP"));
            for (int cut = 1; cut <= header.length + 20; cut += 3) {
                try (Socket socket = connect(net, 1)) {
                    socket.getOutputStream().write(all, 0, cut);
                    socket.getOutputStream().flush();
                    socket.getOutputStream().write(all, cut, all.length - cut);
                    assertSeen(read(socket), address, 40_001);
                }
            }
            net.assertIdentity();
        }
    }

    /** Health checks, and addresses that are none: UNKNOWN, LOCAL with and without addresses, a unix socket. */
    @ParameterizedTest
    @ValueSource(strings = {"50524f585920554e4b4e4f574e0d0a", SIGNATURE + "20000000",
        SIGNATURE + "2011000c" + ADDRESSES, SIGNATURE + "21000000"})
    void shouldTakeTheBalancerForItselfWhereItSpeaksForNobody(final String header) throws Exception {
        try (TestNet net = net()) {
            net.balanced = true;
            try (Socket balancer = connect(net, 1)) {
                balancer.getOutputStream().write(HexFormat.of().parseHex(header));
                balancer.getOutputStream().write(options("TCP"));
                assertSeen(read(balancer), "127.0.0.1", balancer.getLocalPort());
            }
        }
    }

    @Test
    void shouldTakeHeadersFromNobodyElse() throws Exception {
        try (TestNet net = net()) {
            for (final byte[] header : List.of(VERSION_1.getBytes(StandardCharsets.US_ASCII),
                    HexFormat.of().parseHex(SIGNATURE + "2111000c" + ADDRESSES))) {
                try (Socket socket = connect(net, 1)) {
                    socket.getOutputStream().write(header);
                    socket.getOutputStream().write(options("TCP"));
                    assertFalse(toEnd(socket).contains("192.0.2.77"));
                }
            }
            TestNet.await("both connections to be closed", () -> net.network.connections() == 0);
            assertEquals(0, net.absorbed.size());
            assertEquals(0, net.count(Counter.FAULTS));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"OPTIONS sip:bob@127.0.0.1 SIP/2.0\r\n", "PROXY TCP4 300.0.2.77 127.0.0.1 40001 5060\r\n",
        "PROXY TCP4 192.0.2.77 127.0.0.1 70000 5060\r\n", "PROXY TCP4 192.0.2.77\r\n",
        "PROXY TCP4 example.com 127.0.0.1 40001 5060\r\n",
        "PROXY TCP4 192.0.2.77 127.0.0.1 40001 5060 and so on, and so on, and so on, and so on, and so on, and so on, and"
                + " so on"})
    void shouldCloseBalancersThatSayNothingOfTheKind(final String words) throws Exception {
        try (TestNet net = net()) {
            net.balanced = true;
            try (Socket socket = connect(net, 1)) {
                socket.getOutputStream().write(TestNet.ascii(words));
                assertEquals("", toEnd(socket));
            }
            net.awaitCount(Counter.CLOSED_PROXY_HEADER, 1);
            assertEquals(0, net.network.connections());
            assertEquals(0, net.count(Counter.FAULTS));
            assertEquals(0, net.count(Counter.CONNECTIONS_ACCEPTED));
        }
    }

    @Test
    void shouldCloseBadVersion2Headers() throws Exception {
        try (TestNet net = net()) {
            net.balanced = true;
            int closed = 0;
            // version 3, a command of no name, addresses that do not fit their length, extensions past the bound
            for (final String header : List.of("3111000c", "2511000c", "21110004", "2111ffff")) {
                try (Socket socket = connect(net, 1)) {
                    socket.getOutputStream().write(
                            HexFormat.of().parseHex(SIGNATURE + header + ADDRESSES + "00".repeat(3_000)));
                    assertEquals("", toEnd(socket), header);
                }
                net.awaitCount(Counter.CLOSED_PROXY_HEADER, ++closed);
            }
            assertEquals(0, net.network.connections());
        }
    }

    @Test
    void shouldCloseBalancersThatSayNothing() throws Exception {
        try (TestNet net = new TestNet(shape -> shape.streams(new NetworkConfig.Streams(5, 5, 100, 100, 60_000, 60_000,
                65_536, 262_144, 262_144)))) {
            net.balanced = true;
            try (Socket socket = connect(net, 1)) {
                socket.getOutputStream().write(TestNet.ascii("PROXY TCP4 192.0"));
                assertEquals("", toEnd(socket));
            }
            net.awaitCount(Counter.CLOSED_SLOW_MESSAGE, 1);
            assertEquals(0, net.network.connections());
        }
    }

    @Test
    void shouldCountStrangersBehindABalancerOneByOne() throws Exception {
        try (TestNet net = new TestNet(shape -> shape.streams(new NetworkConfig.Streams(100, 2, 5_000, 4_000, 60_000,
                60_000, 65_536, 262_144, 262_144)))) {
            net.balanced = true;
            net.known = false;
            try (Socket one = connect(net, 1); Socket two = connect(net, 1); Socket other = connect(net, 1);
                    Socket three = connect(net, 1)) {
                one.getOutputStream().write(TestNet.ascii(VERSION_1));
                two.getOutputStream().write(TestNet.ascii(VERSION_1));
                other.getOutputStream().write(TestNet.ascii(VERSION_1.replace(".77", ".78")));
                net.awaitCount(Counter.CONNECTIONS_ACCEPTED, 3);
                three.getOutputStream().write(TestNet.ascii(VERSION_1));
                net.awaitCount(Counter.CONNECTIONS_REFUSED, 1);
                assertEquals("", toEnd(three));
                assertEquals(3, net.network.connections());
            }
            TestNet.await("all to be closed", () -> net.network.connections() == 0);
        }
    }

    @Test
    void shouldPassOverTheClosingOfAPortScan() throws Exception {
        try (TestNet net = net()) {
            net.balanced = true;
            connect(net, 1).close();
            net.awaitCount(Counter.CLOSED_BY_PEER, 1);
            assertEquals(0, net.network.connections());
        }
    }

    @Test
    void shouldBelieveHeadersBeforeTls() throws Exception {
        final TestCa ca = new TestCa("Balanced");
        final TlsSettings.OfTrunk certified = new TlsSettings.OfTrunk(Optional.empty(), Optional.empty(), List.of(),
                List.of("sip.carrier.example"), true, true);
        final TlsSettings settings = new TlsSettings(List.of(TestCa.credentials(ca.issue("tandem.example"))),
                ca.anchors(), Map.of("carrier", certified));
        try (Tls tls = new Tls(settings, Tls.Limits.DEFAULTS, TlsReports.NONE);
                TestNet net = new TestNet(shape -> shape.tls(tls).listen(TestNet.udp(IPV4), TestNet.tls(IPV4)))) {
            net.trunk = "carrier";
            net.balanced = true;
            try (Socket balanced = connect(net, 1)) {
                balanced.getOutputStream().write(TestNet.ascii(VERSION_1));
                try (SSLSocket socket = (SSLSocket) ca.context(ca.issue("sip.carrier.example")).getSocketFactory()
                        .createSocket(balanced, "tandem.example", net.address(1).getPort(), true)) {
                    socket.getOutputStream().write(options("TLS"));
                    assertSeen(read(socket), "192.0.2.77", 40_001);
                    assertEquals(1, net.count(Counter.TLS_GOOD));
                }
            }
        }
    }

    @Test
    void shouldBelieveHeadersBeforeWebSockets() throws Exception {
        try (TestNet net = new TestNet(shape -> shape.listen(TestNet.udp(IPV4),
                new NetworkConfig.Listen(Transport.WS, IPV4, 0, null)))) {
            net.balanced = true;
            try (Socket socket = connect(net, 1)) {
                socket.getOutputStream().write(TestNet.ascii(VERSION_1 + "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: "
                        + "websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                        + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: sip\r\n\r\n"));
                assertTrue(read(socket).startsWith("HTTP/1.1 101 "));
                final byte[] message = options("WS");
                // final text frame, masked with zeros
                socket.getOutputStream().write(new byte[] {(byte) 0x81, (byte) 0xfe, (byte) (message.length >> 8),
                    (byte) message.length, 0, 0, 0, 0});
                socket.getOutputStream().write(message);
                assertSeen(read(socket), "192.0.2.77", 40_001);
            }
        }
    }

    private static void assertSeen(final String answer, final String address, final int port) {
        assertTrue(answer.contains("SIP/2.0 200 OK\r\n"), answer);
        assertTrue(answer.contains(";received=" + address), answer);
        assertTrue(answer.contains(";rport=" + port + ";"), answer);
    }

    private static TestNet net() throws Exception {
        return new TestNet(shape -> shape);
    }

    private static byte[] options(final String transport) {
        return TestNet.ascii(TestNet.request("OPTIONS", "balanced",
                "SIP/2.0/" + transport + " 10.9.8.7:9;rport;branch=z9hG4bKproxied", ""));
    }

    private static byte[] concat(final byte[] first, final byte[] second) {
        final byte[] both = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, both, first.length, second.length);
        return both;
    }

    private static Socket connect(final TestNet net, final int listenPoint) throws IOException {
        final Socket socket = new Socket();
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(30_000);
        final InetSocketAddress address = net.address(listenPoint);
        socket.connect(address);
        return socket;
    }

    /** Reads a message without a body. */
    private static String read(final Socket socket) throws IOException {
        final ByteArrayOutputStream head = new ByteArrayOutputStream();
        while (!head.toString(StandardCharsets.ISO_8859_1).endsWith("\r\n\r\n")) {
            final int next = socket.getInputStream().read();
            assertTrue(next >= 0, () -> "closed after: " + head);
            head.write(next);
        }
        return head.toString(StandardCharsets.ISO_8859_1);
    }

    private static String toEnd(final Socket socket) throws IOException {
        final ByteArrayOutputStream all = new ByteArrayOutputStream();
        try {
            socket.getInputStream().transferTo(all);
        } catch (final SocketException reset) {
            // As good as an end.
        }
        return all.toString(StandardCharsets.ISO_8859_1);
    }
}
