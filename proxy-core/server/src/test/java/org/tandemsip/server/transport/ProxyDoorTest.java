package org.tandemsip.server.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.metrics.Counter;

/** Connections that come through a load balancer which speaks the PROXY protocol. Our Via tells who was believed. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
@ExtendWith(NoLeaks.class)
class ProxyDoorTest {
    private static final String VERSION_1 = "PROXY TCP4 192.0.2.77 127.0.0.1 40001 5060\r\n";
    private static final String SIGNATURE = "0d0a0d0a000d0a515549540a";
    private static final String ADDRESSES = "c000024d" + "7f000001" + "9c41" + "13c4";

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
        try (TestNet net = new TestNet()) {
            net.balanced = true;
            final byte[] all = concat(header, options("TCP"));
            for (int cut = 1; cut <= header.length + 20; cut += 3) {
                try (StreamClient socket = connect(net)) {
                    socket.send(Arrays.copyOf(all, cut));
                    socket.send(Arrays.copyOfRange(all, cut, all.length));
                    assertSeen(socket.head(), address, 40_001);
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
        try (TestNet net = new TestNet()) {
            net.balanced = true;
            try (StreamClient balancer = connect(net)) {
                balancer.send(HexFormat.of().parseHex(header));
                balancer.send(options("TCP"));
                assertSeen(balancer.head(), "127.0.0.1", balancer.port());
            }
        }
    }

    @Test
    void shouldTakeHeadersFromNobodyElse() throws Exception {
        try (TestNet net = new TestNet()) {
            for (final byte[] header : List.of(VERSION_1.getBytes(StandardCharsets.US_ASCII),
                    HexFormat.of().parseHex(SIGNATURE + "2111000c" + ADDRESSES))) {
                try (StreamClient socket = connect(net)) {
                    socket.send(header);
                    socket.send(options("TCP"));
                    assertFalse(socket.readToEnd().contains("192.0.2.77"));
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
        try (TestNet net = new TestNet()) {
            net.balanced = true;
            try (StreamClient socket = connect(net)) {
                socket.send(words);
                assertEquals("", socket.readToEnd());
            }
            net.awaitCount(Counter.CLOSED_PROXY_HEADER, 1);
            assertEquals(0, net.network.connections());
            assertEquals(0, net.count(Counter.FAULTS));
            assertEquals(0, net.count(Counter.CONNECTIONS_ACCEPTED));
        }
    }

    @Test
    void shouldCloseBadVersion2Headers() throws Exception {
        try (TestNet net = new TestNet()) {
            net.balanced = true;
            int closed = 0;
            // version 3, a command of no name, addresses that do not fit their length, extensions past the bound
            for (final String header : List.of("3111000c", "2511000c", "21110004", "2111ffff")) {
                try (StreamClient socket = connect(net)) {
                    socket.send(HexFormat.of().parseHex(SIGNATURE + header + ADDRESSES + "00".repeat(3_000)));
                    assertEquals("", socket.readToEnd(), header);
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
            try (StreamClient socket = connect(net)) {
                socket.send("PROXY TCP4 192.0");
                assertEquals("", socket.readToEnd());
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
            try (StreamClient one = connect(net); StreamClient two = connect(net); StreamClient other = connect(net);
                    StreamClient three = connect(net)) {
                one.send(VERSION_1);
                two.send(VERSION_1);
                other.send(VERSION_1.replace(".77", ".78"));
                net.awaitCount(Counter.CONNECTIONS_ACCEPTED, 3);
                three.send(VERSION_1);
                net.awaitCount(Counter.CONNECTIONS_REFUSED, 1);
                assertEquals("", three.readToEnd());
                assertEquals(3, net.network.connections());
            }
            TestNet.await("all to be closed", () -> net.network.connections() == 0);
        }
    }

    @Test
    void shouldPassOverTheClosingOfAPortScan() throws Exception {
        try (TestNet net = new TestNet()) {
            net.balanced = true;
            connect(net).close();
            net.awaitCount(Counter.CLOSED_BY_PEER, 1);
            assertEquals(0, net.network.connections());
        }
    }

    @Test
    void shouldBelieveHeadersBeforeTls() throws Exception {
        final TlsHarness harness = new TlsHarness();
        try (Tls tls = harness.tls(TlsHarness.BEST, harness.settings("carrier",
                TlsHarness.trunk(List.of("sip.carrier.example"), true))); TestNet net = TlsHarness.net(tls)) {
            net.trunk = "carrier";
            net.balanced = true;
            try (StreamClient balanced = connect(net)) {
                balanced.send(VERSION_1);
                try (StreamClient client = new StreamClient(harness.ca.context(harness.ca.issue("sip.carrier.example"))
                        .getSocketFactory()
                        .createSocket(balanced.socket, "tandem.example", net.address(1).getPort(), true))) {
                    client.send(options("TLS"));
                    assertSeen(client.head(), "192.0.2.77", 40_001);
                    assertEquals(1, net.count(Counter.TLS_GOOD));
                }
            }
        }
    }

    @Test
    void shouldBelieveHeadersBeforeWebSockets() throws Exception {
        try (TestNet net = new TestNet(shape -> shape.listen(TestNet.udp(TlsHarness.IPV4),
                new NetworkConfig.Listen(Transport.WS, TlsHarness.IPV4, 0, null)))) {
            net.balanced = true;
            try (StreamClient socket = connect(net)) {
                socket.send(VERSION_1 + "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: "
                        + "websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                        + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: sip\r\n\r\n");
                assertTrue(socket.head().startsWith("HTTP/1.1 101 "));
                final byte[] message = options("WS");
                // final text frame, masked with zeros
                socket.send(new byte[] {(byte) 0x81, (byte) 0xfe, (byte) (message.length >> 8),
                    (byte) message.length, 0, 0, 0, 0});
                socket.send(message);
                assertSeen(socket.head(), "192.0.2.77", 40_001);
            }
        }
    }

    private static void assertSeen(final String answer, final String address, final int port) {
        assertTrue(answer.contains("SIP/2.0 200 OK\r\n"), answer);
        assertTrue(answer.contains(";received=" + address), answer);
        assertTrue(answer.contains(";rport=" + port + ";"), answer);
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

    private static StreamClient connect(final TestNet net) throws IOException {
        return new StreamClient(net.tcpAddress());
    }
}
