package org.tandemsip.server.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.tandemsip.engine.metrics.Counter;

@Timeout(value = 120, unit = TimeUnit.SECONDS)
class TcpTest {
    private static final String VIA = "SIP/2.0/TCP 127.0.0.1:9;rport;branch=z9hG4bKtcp";

    @AfterAll
    static void shouldHaveLeakedNothing() throws InterruptedException {
        TestNet.assertNoLeaks();
    }

    @Test
    void shouldAnswerARequestOnItsConnection() throws Exception {
        try (TestNet net = new TestNet(shape -> shape); Client client = new Client(net.tcpAddress())) {
            // when
            client.send(options("one"));

            // then
            final String answer = client.message();
            assertTrue(answer.startsWith("SIP/2.0 200 OK\r\n"), answer);
            assertTrue(answer.contains("rport=" + client.port()), answer);
            assertEquals(1, net.count(Counter.CONNECTIONS_ACCEPTED));
            net.assertIdentity();
        }
    }

    @Test
    void shouldAnswerOverIpv6() throws Exception {
        try (TestNet net = new TestNet(shape -> shape.listen(TestNet.tcp(InetAddress.ofLiteral("::1"))));
                Client client = new Client(net.address(0))) {
            client.send(options("six"));
            assertTrue(client.message().startsWith("SIP/2.0 200 OK\r\n"));
        }
    }

    @Test
    void shouldFindAMessageCutAtAnyByte() throws Exception {
        try (TestNet net = new TestNet(shape -> shape); Client client = new Client(net.tcpAddress())) {
            final byte[] message = TestNet.ascii(TestNet.request("OPTIONS", "cut", VIA, "body\r\n"));
            for (int cut = 1; cut < message.length; cut++) {
                // when
                client.send(Arrays.copyOfRange(message, 0, cut));
                Thread.sleep(0, 200_000);
                client.send(Arrays.copyOfRange(message, cut, message.length));

                // then
                assertTrue(client.message().contains("Call-ID: cut\r\n"), "cut at " + cut);
            }
            assertEquals(message.length - 1, net.count(Counter.RECEIVED));
            net.assertIdentity();
        }
    }

    @Test
    void shouldFindMessagesFedByteByByte() throws Exception {
        try (TestNet net = new TestNet(shape -> shape); Client client = new Client(net.tcpAddress())) {
            // when
            for (final byte one : TestNet.ascii(options("drip1") + "\r\n" + options("drip2"))) {
                client.send(new byte[] {one});
            }

            // then
            assertTrue(client.message().contains("Call-ID: drip1\r\n"));
            assertTrue(client.message().contains("Call-ID: drip2\r\n"));
        }
    }

    @Test
    void shouldAnswerPipelinedMessagesInOrder() throws Exception {
        for (final TestNet net : List.of(new TestNet(shape -> shape.loops(2)),
                new TestNet(shape -> shape.dedicated(2, 2)))) {
            try (net; Client client = new Client(net.tcpAddress())) {
                // when
                final StringBuilder all = new StringBuilder();
                for (int i = 0; i < 500; i++) {
                    all.append(TestNet.request("OPTIONS", "same-call", VIA.replace("tcp", "tcp" + i), ""));
                }
                client.send(TestNet.ascii(all.toString()));

                // then
                for (int i = 0; i < 500; i++) {
                    assertTrue(client.message().contains("branch=z9hG4bKtcp" + i), "answer " + i);
                }
                assertEquals(500, net.count(Counter.RECEIVED));
                net.assertIdentity();
            }
        }
    }

    @Test
    void shouldStopReadingInsteadOfDroppingWhenTheRingIsFull() throws Exception {
        try (TestNet net = new TestNet(shape -> {
            shape.ringSize(64);
            return shape.dedicated(1, 1);
        }); Client client = new Client(net.tcpAddress())) {
            // when
            client.send(TestNet.request("REFER", "busy", VIA, ""));
            net.awaitCount(Counter.RECEIVED, 1);
            final StringBuilder all = new StringBuilder();
            for (int i = 0; i < 300; i++) {
                all.append(options("waits" + i));
            }
            client.send(all.toString());
            TestNet.await("full ring", () -> net.count(Counter.RING_FULL) > 0);
            net.released.countDown();

            // then
            client.message();
            for (int i = 0; i < 300; i++) {
                final String answer = client.message();
                assertTrue(answer.startsWith("SIP/2.0 200") && answer.contains("Call-ID: waits" + i), answer);
            }
            assertEquals(301, net.count(Counter.RECEIVED));
            net.assertIdentity();
        }
    }

    @Test
    void shouldAnswerAPingWithAPong() throws Exception {
        try (TestNet net = new TestNet(shape -> shape); Client client = new Client(net.tcpAddress())) {
            // when
            client.send("\r\n\r\n");

            // then
            assertEquals("\r\n", client.read(2));
            client.send("\r\n\r\n" + options("after"));
            assertEquals("\r\n", client.read(2));
            assertTrue(client.message().contains("Call-ID: after"));
            assertEquals(2, net.count(Counter.KEEPALIVES_STREAM));
            assertEquals(1, net.count(Counter.RECEIVED));
        }
    }

    @Test
    void shouldCloseSilentlyWhenTheOtherSideSpeaksAnotherProtocol() throws Exception {
        try (TestNet net = new TestNet(shape -> shape)) {
            final byte[] clientHello = {0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, (byte) 0xfc, 0x03, 0x03};
            final List<byte[]> foreign =
                    List.of(clientHello, new byte[64], TestNet.ascii("GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
                            TestNet.ascii("HELO mail\r\n\r\n"), TestNet.ascii("SSH-2.0-OpenSSH_9.2\r\n\r\n"));
            for (final byte[] hello : foreign) {
                try (Client client = new Client(net.tcpAddress())) {
                    client.send(hello);
                    assertEquals("", client.readToEnd(), new String(hello, StandardCharsets.ISO_8859_1));
                }
            }
            assertEquals(0, net.count(Counter.SENT));
            assertEquals(foreign.size(), net.count(Counter.CLOSED_NOT_SIP) + net.count(Counter.CLOSED_BROKEN_FRAMING));
            TestNet.await("no connections", () -> net.network.connections() == 0);
            net.assertIdentity();
        }
    }

    @Test
    void shouldAccountForWhatIsNotSipBehindAKeepalive() throws Exception {
        try (TestNet net = new TestNet(shape -> shape); Client client = new Client(net.tcpAddress())) {
            // when
            client.send("\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n");

            // then
            assertEquals("", client.readToEnd());
            TestNet.await("no connections", () -> net.network.connections() == 0);
            assertEquals(1, net.count(Counter.CLOSED_NOT_SIP));
            assertEquals(0, net.count(Counter.FAULTS));
            net.assertIdentity();
        }
    }

    @Test
    void shouldAnswer400AndCloseWhenFramingIsBroken() throws Exception {
        try (TestNet net = new TestNet(shape -> shape); Client client = new Client(net.tcpAddress())) {
            // when
            client.send(options("ok") + options("broken").replace("Content-Length: 0", "Content-Length: -1")
                    + options("never"));

            // then
            final String answers = client.message() + client.message();
            assertTrue(answers.contains("SIP/2.0 200 OK\r\n") && answers.contains("Call-ID: ok\r\n"), answers);
            assertTrue(
                    answers.contains("SIP/2.0 400 Bad Content-Length\r\n") && answers.contains("Call-ID: broken\r\n"),
                    answers);
            assertEquals("", client.readToEnd());
            TestNet.await("no connections", () -> net.network.connections() == 0);
            assertEquals(2, net.count(Counter.RECEIVED));
            final BadMessages.BadMessage bad = net.network.badMessages().latest().getFirst();
            final String text = new String(bad.bytes(), StandardCharsets.US_ASCII);
            assertEquals(text.indexOf("-1"), bad.offset(), text);
            assertEquals(1, net.count(Counter.CLOSED_BROKEN_FRAMING));
            net.assertIdentity();
        }
    }

    @Test
    void shouldCloseAfterAnAnswerEvenIfThePeerNeverDoes() throws Exception {
        try (TestNet net = new TestNet(shape -> shape); Client client = new Client(net.tcpAddress())) {
            client.send(options("broken").replace("Content-Length: 0", "Content-Length: x"));
            assertTrue(client.message().startsWith("SIP/2.0 400 "));
            TestNet.await("no connections", () -> net.network.connections() == 0);
        }
    }

    @Test
    void shouldAnswerAMalformedMessageAndGoOnWhenFramingIsIntact() throws Exception {
        try (TestNet net = new TestNet(shape -> shape); Client client = new Client(net.tcpAddress())) {
            // when
            client.send(options("bad").replace("Max-Forwards: 70", "Max-Forwards: x") + options("good"));

            // then
            assertTrue(client.message().startsWith("SIP/2.0 400 "));
            assertTrue(client.message().startsWith("SIP/2.0 200 "));
            net.assertIdentity();
        }
    }

    @Test
    void shouldCloseWhenAMessageComesTooSlowly() throws Exception {
        try (TestNet net = new TestNet(shape -> shape.streams(streams(200, 60_000, 256)));
                Client client = new Client(net.tcpAddress())) {
            // when
            client.send("OPTIONS sip:bob@127.0.0.1 SIP/2.0\r\nVia: ");

            // then
            assertEquals("", client.readToEnd());
            assertEquals(1, net.count(Counter.CLOSED_SLOW_MESSAGE));
            assertEquals(0, net.network.connections());
        }
    }

    @Test
    void shouldCloseASilentConnectionOfAStrangerButKeepThatOfATrunk() throws Exception {
        try (TestNet net = new TestNet(shape -> shape.streams(streams(100, 150, 256)))) {
            // given
            net.known = false;
            try (Client stranger = new Client(net.tcpAddress())) {
                assertEquals("", stranger.readToEnd());
                assertEquals(1, net.count(Counter.CLOSED_IDLE));
            }

            // when
            net.known = true;
            try (Client trunk = new Client(net.tcpAddress())) {
                Thread.sleep(500);
                trunk.send(options("still"));

                // then
                assertTrue(trunk.message().startsWith("SIP/2.0 200"));
            }
        }
    }

    @Test
    void shouldCapConnectionsPerStrangerAndInAll() throws Exception {
        try (TestNet net = new TestNet(shape -> shape.streams(streams(4_000, 60_000, 3)))) {
            final List<Client> clients = new ArrayList<>();
            net.known = false;
            for (int i = 0; i < 3; i++) {
                clients.add(new Client(net.tcpAddress()));
            }
            net.awaitCount(Counter.CONNECTIONS_ACCEPTED, 3);

            // one more of the same address
            try (Client fourth = new Client(net.tcpAddress())) {
                assertEquals("", fourth.readToEnd());
            }

            // a trunk is not bound by that, but by the total of 5
            net.known = true;
            clients.add(new Client(net.tcpAddress()));
            clients.add(new Client(net.tcpAddress()));
            net.awaitCount(Counter.CONNECTIONS_ACCEPTED, 5);
            try (Client sixth = new Client(net.tcpAddress())) {
                assertEquals("", sixth.readToEnd());
            }
            assertEquals(2, net.count(Counter.CONNECTIONS_REFUSED));

            // room comes back
            for (final Client client : clients) {
                client.close();
            }
            TestNet.await("no connections", () -> net.network.connections() == 0);
            net.known = false;
            try (Client again = new Client(net.tcpAddress())) {
                net.known = true;
                again.send(options("again"));
                assertTrue(again.message().startsWith("SIP/2.0 200"));
            }
        }
    }

    @Test
    void shouldForgetConnectionsThatAreReset() throws Exception {
        try (TestNet net = new TestNet(shape -> shape.loops(2))) {
            for (int i = 0; i < 300; i++) {
                final Client client = new Client(net.tcpAddress());
                client.send(i % 2 == 0 ? options("reset" + i) : "OPTIONS sip:half");
                client.socket.setSoLinger(true, 0);
                client.close();
            }
            TestNet.await("no connections", () -> net.network.connections() == 0);
            try (Client client = new Client(net.tcpAddress())) {
                client.send(options("alive"));
                assertTrue(client.message().startsWith("SIP/2.0 200"));
            }
            net.assertIdentity();
        }
    }

    @Test
    void shouldCloseAConnectionWhosePeerDoesNotRead() throws Exception {
        try (TestNet net = new TestNet(shape -> shape);
                ServerSocket deaf = new ServerSocket(0, 8, InetAddress.ofLiteral("127.0.0.1"));
                Client client = new Client(net.tcpAddress())) {
            // given
            net.forwardTo = new InetSocketAddress("127.0.0.1", deaf.getLocalPort());
            net.forwardCopies = 4;
            final String large = TestNet.request("MESSAGE", "deaf", VIA, "x".repeat(40_000));

            // when
            for (int i = 0; i < 400 && net.count(Counter.CLOSED_SLOW_READER) == 0; i++) {
                client.send(large);
                Thread.sleep(1);
            }

            // then
            net.awaitCount(Counter.CLOSED_SLOW_READER, 1);
            TestNet.await("report", () -> net.failed.contains(TestNet.CORRELATION));
        }
    }

    @Test
    void shouldConnectOnDemandAndUseTheConnectionAgain() throws Exception {
        for (final TestNet net : List.of(new TestNet(shape -> shape.loops(2)),
                new TestNet(shape -> shape.dedicated(2, 2)))) {
            try (net; ServerSocket server = new ServerSocket(0, 8, InetAddress.ofLiteral("127.0.0.1"));
                    Client client = new Client(net.tcpAddress())) {
                // given
                net.forwardTo = new InetSocketAddress("127.0.0.1", server.getLocalPort());
                final String first = TestNet.request("MESSAGE", "first", VIA, "");
                client.send(first);

                // when
                try (Client accepted = new Client(accept(server))) {
                    assertEquals(first, accepted.message());
                    for (int i = 0; i < 20; i++) {
                        final String more = TestNet.request("MESSAGE", "more" + i, VIA, "");
                        client.send(more);
                        assertEquals(more, accepted.message());
                    }

                    // then
                    assertEquals(1, net.count(Counter.CONNECTIONS_OPENED));
                    accepted.send(TestNet.response("back"));
                    TestNet.await("response on the listen point", () -> net.absorbed.contains("200 back on 1"));
                    net.assertIdentity();
                }
            }
        }
    }

    @Test
    void shouldReportAllThatWaitedWhenAConnectionIsRefused() throws Exception {
        try (TestNet net = new TestNet(shape -> shape); Client client = new Client(net.tcpAddress())) {
            // given
            final int closedPort;
            try (ServerSocket closed = new ServerSocket(0, 8, InetAddress.ofLiteral("127.0.0.1"))) {
                closedPort = closed.getLocalPort();
            }
            net.forwardTo = new InetSocketAddress("127.0.0.1", closedPort);
            net.forwardCopies = 5;

            // when
            client.send(TestNet.request("MESSAGE", "refused", VIA, ""));

            // then
            TestNet.await("reports", () -> net.failed.size() == 5);
            assertTrue(net.count(Counter.CONNECTS_FAILED) >= 1);
            assertEquals(5, net.count(Counter.UNSENT_CONNECT));
            assertEquals(1, net.network.connections());
        }
    }

    @Test
    void shouldBoundWhatWaitsForAConnection() throws Exception {
        // A full backlog swallows the SYN: the connection neither opens nor fails.
        try (ServerSocket full = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"));
                TestNet net =
                        new TestNet(shape -> shape.streams(new NetworkConfig.Streams(100, 100, 1_000, 4_000, 60_000,
                                60_000, 65_536, 262_144, 2_000)));
                Client client = new Client(net.tcpAddress())) {
            final List<Socket> fillers = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                final Socket filler = new Socket();
                fillers.add(filler);
                try {
                    filler.connect(full.getLocalSocketAddress(), 200);
                } catch (final IOException backlogIsFull) {
                    break;
                }
            }
            net.forwardTo = (InetSocketAddress) full.getLocalSocketAddress();
            net.forwardCopies = 20;

            // when
            client.send(TestNet.request("MESSAGE", "waits", VIA, ""));

            // then
            TestNet.await("reports", () -> net.failed.size() == 20);
            assertTrue(net.count(Counter.UNSENT_QUEUE_FULL) > 0 && net.count(Counter.UNSENT_CONNECT) > 0);
            assertEquals(20, net.count(Counter.UNSENT_QUEUE_FULL) + net.count(Counter.UNSENT_CONNECT));
            for (final Socket filler : fillers) {
                filler.close();
            }
        }
    }

    @Test
    void shouldOpenANewConnectionForAResponseWhoseOwnIsGone() throws Exception {
        try (TestNet net = new TestNet(shape -> shape.dedicated(1, 1));
                ServerSocket server = new ServerSocket(0, 8, InetAddress.ofLiteral("127.0.0.1"))) {
            // given
            final String via = "SIP/2.0/TCP 127.0.0.1:" + server.getLocalPort() + ";branch=z9hG4bKgone";
            try (Client client = new Client(net.tcpAddress())) {
                client.send(TestNet.request("REFER", "gone", via, ""));
                net.awaitCount(Counter.RECEIVED, 1);
                client.socket.setSoLinger(true, 0);
            }
            TestNet.await("connection gone", () -> net.network.connections() == 0);
            net.released.countDown();

            // then
            try (Client accepted = new Client(accept(server))) {
                assertTrue(accepted.message().contains("Call-ID: gone"));
            }
        }
    }

    private static Socket accept(final ServerSocket server) throws IOException {
        server.setSoTimeout(20_000);
        return server.accept();
    }

    private static String options(final String callId) {
        return TestNet.request("OPTIONS", callId, VIA, "");
    }

    private static NetworkConfig.Streams streams(final int messageMs, final int idleUnknownMs, final int perAddress) {
        return new NetworkConfig.Streams(5, perAddress, 1_000, messageMs, 3_600_000, idleUnknownMs, 65_536, 262_144,
                262_144);
    }

    /** One connection, from whichever side. */
    private static final class Client implements AutoCloseable {
        private final Socket socket;
        private final InputStream in;

        Client(final InetSocketAddress to) throws IOException {
            this(new Socket(to.getAddress(), to.getPort()));
        }

        Client(final Socket socket) throws IOException {
            this.socket = socket;
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(20_000);
            in = new java.io.BufferedInputStream(socket.getInputStream());
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
            return new String(in.readNBytes(bytes), StandardCharsets.US_ASCII);
        }

        String readToEnd() throws IOException {
            try {
                return new String(in.readAllBytes(), StandardCharsets.US_ASCII);
            } catch (final java.net.SocketException reset) {
                return "";
            }
        }

        /** The next message, by its Content-Length. */
        String message() throws IOException {
            final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            while (!bytes.toString(StandardCharsets.US_ASCII).endsWith("\r\n\r\n")) {
                final int next = in.read();
                if (next < 0) {
                    throw new IOException("closed after " + bytes);
                }
                bytes.write(next);
            }
            final String head = bytes.toString(StandardCharsets.US_ASCII);
            final int at = head.indexOf("Content-Length: ") + 16;
            return head + read(Integer.parseInt(head.substring(at, head.indexOf("\r\n", at))));
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }
}
