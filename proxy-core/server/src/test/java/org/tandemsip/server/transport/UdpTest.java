package org.tandemsip.server.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.netty.util.ResourceLeakDetector;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.BindException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.tandemsip.codec.Limits;
import org.tandemsip.codec.ParseError;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.SipParser;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.handler.AnswerTag;
import org.tandemsip.engine.handler.ShardCommand;
import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.engine.metrics.Stage;
import org.tandemsip.engine.shard.ShardReports;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
class UdpTest {
    @AfterAll
    static void shouldHaveLeakedNothing() throws InterruptedException {
        TestNet.assertNoLeaks();
    }

    @Test
    void shouldAnswerARequestOverUdp() throws Exception {
        try (TestNet net = new TestNet(shape -> shape); Client client = new Client("127.0.0.1")) {
            // when
            client.send(net.udpAddress(), TestNet.request("OPTIONS", "one", ""));

            // then
            final String answer = client.receive();
            assertTrue(answer.startsWith("SIP/2.0 200 OK\r\n"), answer);
            assertTrue(answer.contains("rport=" + client.port()), answer);
            assertTrue(answer.contains("received=127.0.0.1"), answer);
            net.awaitCount(Counter.SENT, 1);
            assertEquals(1, net.count(Counter.RECEIVED));
            net.assertIdentity();
        }
    }

    @Test
    void shouldAnswerOverIpv6() throws Exception {
        final InetAddress loopback = InetAddress.ofLiteral("::1");
        try (TestNet net = new TestNet(shape -> shape.listen(TestNet.udp(loopback)));
                Client client = new Client("::1")) {
            // when
            client.send(net.udpAddress(), TestNet.request("OPTIONS", "six", "SIP/2.0/UDP [::1]:9;rport;branch=z9hG4bK6",
                    ""));

            // then
            assertTrue(client.receive().startsWith("SIP/2.0 200 OK\r\n"));
            assertEquals("[::1]:" + net.udpAddress().getPort(),
                    new String(net.network.listenPoints().getFirst().sentBy(), StandardCharsets.US_ASCII));
        }
    }

    @Test
    void shouldAnswerEveryoneOnEveryLoopAndShard() throws Exception {
        try (TestNet net = new TestNet(shape -> shape.loops(3))) {
            exchange(net, 200);
            assertTrue(net.count(Counter.CROSSED_SHARDS) > 0, "some calls belong to the shard of another loop");
            final Set<String> threads = new HashSet<>(net.threads);
            assertEquals(3, threads.size(), threads.toString());
        }
    }

    @Test
    void shouldAnswerEveryoneWhenShardsHaveThreadsOfTheirOwn() throws Exception {
        try (TestNet net = new TestNet(shape -> shape.dedicated(2, 2))) {
            exchange(net, 200);
            assertEquals(Set.of("tandem-shard-0", "tandem-shard-1"), new HashSet<>(net.threads));
        }
    }

    @Test
    void shouldWakeShardsThatSleep() throws Exception {
        try (TestNet net = new TestNet(shape -> shape.dedicated(1, 1)); Client client = new Client("127.0.0.1")) {
            for (int i = 0; i < 50; i++) {
                client.send(net.udpAddress(), TestNet.request("OPTIONS", "sleepy" + i, ""));
                assertTrue(client.receive().startsWith("SIP/2.0 200"));
                Thread.sleep(3);
            }
        }
    }

    @Test
    void shouldRunTimersOfAShardThatHasNothingElseToDo() throws Exception {
        try (TestNet shared = new TestNet(shape -> shape);
                TestNet dedicated = new TestNet(shape -> shape.dedicated(1, 1));
                Client client = new Client("127.0.0.1")) {
            for (final TestNet net : new TestNet[] {shared, dedicated}) {
                // when
                client.send(net.udpAddress(), TestNet.request("PUBLISH", "later", ""));

                // then
                assertTrue(client.receive().startsWith("PUBLISH sip:bob"));
                TestNet.await("nothing live", () -> net.network.live() == 0);
                net.assertIdentity();
            }
        }
    }

    @Test
    void shouldTakeTheLargestDatagrams() throws Exception {
        try (TestNet net = new TestNet(shape -> shape); Client client = new Client("127.0.0.1")) {
            // given
            net.forwardOver = Transport.UDP;
            net.forwardTo = new InetSocketAddress("127.0.0.1", client.port());
            final String large = TestNet.request("MESSAGE", "large", "x".repeat(48_000));

            // when
            client.send(net.udpAddress(), large);

            // then
            assertEquals(large, client.receive());
            assertEquals(1, net.count(Counter.FORWARDED));
        }
    }

    @Test
    void shouldAnswerMalformedRequestsWithoutAShard() throws Exception {
        try (TestNet net = new TestNet(shape -> shape); Client client = new Client("127.0.0.1")) {
            // when
            client.send(net.udpAddress(), malformed("OPTIONS"));
            final String first = client.receive();
            client.send(net.udpAddress(), malformed("OPTIONS"));

            // then
            assertTrue(first.startsWith("SIP/2.0 400 Bad Max-Forwards\r\n"), first);
            assertTrue(first.contains(";rport=" + client.port()), first);
            assertTrue(first.contains(";tag="), first);
            assertEquals(first, client.receive(), "the same answer, To tag included, to a retransmission");
            net.awaitCount(Counter.ANSWERED, 2);
            assertTrue(net.threads.isEmpty());
            net.assertIdentity();
        }
    }

    @Test
    void shouldKeepBadMessagesWithWhatIsWrong() throws Exception {
        try (TestNet net = new TestNet(shape -> shape); Client client = new Client("127.0.0.1")) {
            // when
            for (int i = 0; i < BadMessages.KEPT + 5; i++) {
                client.send(net.udpAddress(), malformed("OPTIONS").replace("malformed", "malformed" + i));
                client.receive();
            }

            // then
            final var latest = net.network.badMessages().latest();
            assertEquals(BadMessages.KEPT, latest.size());
            final BadMessages.BadMessage bad = latest.getFirst();
            assertEquals("127.0.0.1:" + client.port(), bad.source());
            assertEquals("UDP", bad.transport());
            assertEquals(ParseError.BAD_MAX_FORWARDS, bad.error());
            final String text = new String(bad.bytes(), StandardCharsets.US_ASCII);
            assertTrue(text.contains("malformed" + (BadMessages.KEPT + 4)), text);
            assertTrue(bad.offset() >= text.indexOf("Max-Forwards:") && bad.offset() <= text.indexOf("From:"),
                    "offset " + bad.offset());
        }
    }

    @Test
    void shouldNotAnswerWhatMustNotBeAnswered() throws Exception {
        try (TestNet net = new TestNet(shape -> shape); Client client = new Client("127.0.0.1")) {
            // when
            client.send(net.udpAddress(), malformed("ACK"));
            client.send(net.udpAddress(), TestNet.response("bad").replace("CSeq: 1", "CSeq: one"));
            client.send(net.udpAddress(), "this is not SIP at all, not even nearly");
            client.send(net.udpAddress(), TestNet.request("ACK", "fine", ""));
            client.send(net.udpAddress(), TestNet.response("fine"));

            // then
            net.awaitCount(Counter.DROPPED_MALFORMED, 3);
            net.awaitCount(Counter.ABSORBED, 2);
            assertNull(client.receiveWithin(50));
            net.assertIdentity();
        }
    }

    @Test
    void shouldBeSilentToStrangersWhoSendMalformedRequests() throws Exception {
        try (TestNet net = new TestNet(shape -> shape); Client client = new Client("127.0.0.1")) {
            // given
            net.known = false;

            // when
            client.send(net.udpAddress(), malformed("OPTIONS"));

            // then
            net.awaitCount(Counter.DROPPED_UNKNOWN_SOURCE, 1);
            assertNull(client.receiveWithin(50));
            assertEquals(0, net.count(Counter.SENT));
            net.assertIdentity();
        }
    }

    @Test
    void shouldReportStrangersWhoSendMalformedMessagesAtMostTenTimesASecond() throws Exception {
        try (TestNet net = new TestNet(shape -> shape); Client client = new Client("127.0.0.1")) {
            // given
            net.known = false;
            final long startNs = System.nanoTime();

            // when
            for (int i = 0; i < 40; i++) {
                client.send(net.udpAddress(), malformed("OPTIONS"));
                client.send(net.udpAddress(), "SIP/2.0 200 OK of nobody\r\n\r\n");
            }
            net.awaitCount(Counter.RECEIVED, 80);

            // then
            net.assertIdentity();
            final long seconds = (System.nanoTime() - startNs) / 1_000_000_000L + 1;
            final int reported = net.refusedPorts.size();
            assertTrue(reported >= 10 && reported <= 10 * seconds, reported + " reports in " + seconds + " s");
            assertTrue(net.refusedPorts.stream().allMatch(port -> port == client.port()));

            // when: the second is over
            while (net.refusedSuppressed.get() == 0) {
                client.send(net.udpAddress(), malformed("OPTIONS"));
                Thread.sleep(20);
            }

            // then: no stranger is forgotten
            assertTrue(net.refusedPorts.size() + net.refusedSuppressed.get() >= 80);
        }
    }

    @Test
    void shouldTakeKeepalivesForWhatTheyAre() throws Exception {
        try (TestNet net = new TestNet(shape -> shape); Client client = new Client("127.0.0.1")) {
            // when
            client.send(net.udpAddress(), "\r\n\r\n");
            client.send(net.udpAddress(), "\0");
            client.send(net.udpAddress(), "jaK");
            client.send(net.udpAddress(), "");

            // then
            net.awaitCount(Counter.KEEPALIVES_UDP, 4);
            assertEquals(0, net.count(Counter.RECEIVED));
            assertNull(client.receiveWithin(50));
        }
    }

    @Test
    void shouldDropOnlyThePoisonousMessage() throws Exception {
        try (TestNet net = new TestNet(shape -> shape); Client client = new Client("127.0.0.1")) {
            for (int i = 0; i < 20; i++) {
                client.send(net.udpAddress(), TestNet.request("INFO", "poison" + i, ""));
                client.send(net.udpAddress(), TestNet.request("OPTIONS", "fine" + i, ""));
                assertTrue(client.receive().contains("Call-ID: fine" + i));
            }
            assertEquals(20, net.count(Counter.DROPPED_FAULT));
            net.assertIdentity();
        }
    }

    @Test
    void shouldRefuseNewRequestsAtOnceWhenTheRingIsFull() throws Exception {
        try (TestNet net = new TestNet(shape -> {
            shape.ringSize(64);
            return shape.dedicated(1, 1);
        }); Client client = new Client("127.0.0.1")) {
            // given
            client.send(net.udpAddress(), TestNet.request("REFER", "busy", ""));
            net.awaitCount(Counter.RECEIVED, 1);

            // when
            for (int i = 0; i < 100; i++) {
                client.send(net.udpAddress(), TestNet.request("OPTIONS", "more" + i, ""));
            }

            // then
            net.awaitCount(Counter.RECEIVED, 101);
            net.released.countDown();
            net.awaitCount(Counter.ANSWERED, 101);
            // A shard that does not turn is found out by the age of what waits for it, too.
            final long refused = net.count(Counter.RING_FULL) + net.count(Counter.OVERLOAD_REFUSED);
            assertTrue(refused >= 30, "refused " + refused);
            int unavailable = 0;
            for (int i = 0; i < 101; i++) {
                final String answer = client.receive();
                unavailable += answer.startsWith("SIP/2.0 503") ? 1 : 0;
                assertFalse(answer.contains("Retry-After"), answer);
                assertTrue(!answer.startsWith("SIP/2.0 503") || hasTagThatTheAckIsKnownBy(answer), answer);
            }
            assertEquals(refused, unavailable);
            net.assertIdentity();
        }
    }

    /** An ACK has the tag, the topmost branch, Call-ID, From tag and CSeq number of the answer it is for. */
    private static boolean hasTagThatTheAckIsKnownBy(final String answer) {
        final UnsafeBuffer bytes = new UnsafeBuffer(TestNet.ascii(answer));
        final SipMessage message = new SipMessage(128).wrap(bytes, 0, bytes.capacity());
        assertEquals(ParseError.NONE, new SipParser(Limits.DEFAULTS).parse(message, false));
        return answer.contains(String.format(">;tag=%016x\r\n", new AnswerTag(TestNet.KEYS).of(message)));
    }

    @Test
    void shouldReportWhatCannotBeSent() throws Exception {
        try (TestNet net = new TestNet(shape -> shape); Client client = new Client("127.0.0.1")) {
            // given
            net.forwardOver = Transport.UDP;
            net.forwardTo = new InetSocketAddress(InetAddress.ofLiteral("::1"), 9);

            // when
            client.send(net.udpAddress(), TestNet.request("MESSAGE", "six-from-four", ""));

            // then
            TestNet.await("report", () -> net.failed.contains(TestNet.CORRELATION));
            assertEquals(1, net.count(Counter.UNSENT_UNREACHABLE));
        }
    }

    @Test
    void shouldReportADatagramThatTheSystemRefuses() throws Exception {
        try (TestNet net = new TestNet(shape -> shape); Client client = new Client("127.0.0.1")) {
            // given
            net.forwardOver = Transport.UDP;
            net.forwardTo = new InetSocketAddress("255.255.255.255", 9);

            // when
            client.send(net.udpAddress(), TestNet.request("MESSAGE", "broadcast", ""));
            client.send(net.udpAddress(), TestNet.request("OPTIONS", "fine", ""));

            // then
            assertTrue(client.receive().contains("Call-ID: fine"));
            TestNet.await("report", () -> net.failed.contains(TestNet.CORRELATION));
            assertEquals(1, net.count(Counter.UNSENT_UDP));
        }
    }

    @Test
    void shouldReportDatagramsThatNobodyTakesAndLoseNoOther() throws Exception {
        try (TestNet net = new TestNet(shape -> shape.loops(2)); Client client = new Client("127.0.0.1")) {
            // given
            final int closedPort;
            try (DatagramSocket closed = new DatagramSocket(0, InetAddress.ofLiteral("127.0.0.1"))) {
                closedPort = closed.getLocalPort();
            }
            net.forwardOver = Transport.UDP;
            net.forwardTo = new InetSocketAddress("127.0.0.1", closedPort);

            // when
            for (int i = 0; i < 100; i++) {
                client.send(net.udpAddress(), TestNet.request("MESSAGE", "lost" + i, ""));
                client.send(net.udpAddress(), TestNet.request("OPTIONS", "fine" + i, ""));
                assertTrue(client.receive().contains("Call-ID: fine" + i + "\r\n"));
            }

            // then: each report goes to both shards
            TestNet.await("reports", () -> net.unreachable.size() == 200);
            assertEquals(100, net.count(Counter.UDP_UNREACHABLE));
            assertEquals(0, net.count(Counter.UNSENT_UDP));
            final ShardCommand.Unreachable report = net.unreachable.peek();
            assertEquals(closedPort, report.port());
            assertEquals(Addresses.low(net.forwardTo.getAddress()), report.addressLow());
            assertTrue(new String(report.quoted(), StandardCharsets.US_ASCII).startsWith("MESSAGE "));
        }
    }

    @Test
    void shouldAllocateAlmostNothingPerMessage() throws Exception {
        // The leak detector makes objects of its own.
        final ResourceLeakDetector.Level level = ResourceLeakDetector.getLevel();
        ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.DISABLED);
        try (TestNet net = new TestNet(shape -> shape); Client client = new Client("127.0.0.1")) {
            // given
            final long loop = Thread.getAllStackTraces().keySet().stream()
                    .filter(thread -> thread.getName().equals("tandem-loop-0")).findFirst().orElseThrow().threadId();
            final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
            final int messages = 3_200;
            answer(net, client, 5 * messages);

            // when: the compiler may take its time on a busy machine
            long least = Long.MAX_VALUE;
            final long deadlineNs = System.nanoTime() + 40_000_000_000L;
            while (least / messages > 36 && System.nanoTime() - deadlineNs < 0) {
                final long before = threads.getThreadAllocatedBytes(loop);
                answer(net, client, messages);
                least = Math.min(least, threads.getThreadAllocatedBytes(loop) - before);
            }

            // then: the handler's own note of its thread is 24 bytes of this
            assertTrue(least / messages <= 36, least / messages + " bytes per message");
        } finally {
            ResourceLeakDetector.setLevel(level);
        }
    }

    private static void answer(final TestNet net, final Client client, final int messages) throws IOException {
        final int burst = 16;
        for (int i = 0; i < messages / burst; i++) {
            for (int sent = 0; sent < burst; sent++) {
                client.send(net.udpAddress(), TestNet.request("OPTIONS", "steady", ""));
            }
            for (int received = 0; received < burst; received++) {
                client.receive();
            }
            net.threads.clear();
        }
    }

    @Test
    void shouldNameTheAddressThatCannotBeBound() throws Exception {
        try (Client taken = new Client("127.0.0.1"); TestNet net = new TestNet(shape -> shape)) {
            for (int loops = 1; loops <= 2; loops++) {
                final NetworkConfig config = NetworkConfig.of(java.util.List.of(new NetworkConfig.Listen(Transport.UDP,
                        InetAddress.ofLiteral("127.0.0.1"), taken.port(), null)), TestNet.KEYS).withLoops(loops);

                // when
                final BindException refused = assertThrows(BindException.class,
                        () -> Network.start(config, net, null, source -> 0, ShardReports.NONE));

                // then
                assertEquals("cannot bind udp://127.0.0.1:" + taken.port() + ": Address already in use",
                        refused.getMessage().replace(" (Bind failed)", ""));
            }
        }
    }

    @Test
    void shouldRefuseToShareAnAddressWithAnotherTandem() throws Exception {
        try (TestNet first = new TestNet(shape -> shape.loops(2))) {
            for (final Transport transport : new Transport[] {Transport.UDP, Transport.TCP}) {
                final int port = first.address(transport == Transport.UDP ? 0 : 1).getPort();
                final NetworkConfig config = NetworkConfig.of(java.util.List.of(new NetworkConfig.Listen(transport,
                        InetAddress.ofLiteral("127.0.0.1"), port, null)), TestNet.KEYS).withLoops(2);
                assertThrows(BindException.class,
                        () -> Network.start(config, first, null, source -> 0, ShardReports.NONE));
            }
        }
    }

    @Test
    void shouldShowLatencyAndThreads() throws Exception {
        try (TestNet net = new TestNet(shape -> shape); Client client = new Client("127.0.0.1")) {
            // when
            client.send(net.udpAddress(), TestNet.request("OPTIONS", "timed", ""));
            client.receive();

            // then
            for (final Stage stage : Stage.values()) {
                TestNet.await(stage.name(), () -> net.network.latency(stage, 60).getTotalCount() == 1);
            }
            final var status = net.network.loops().getFirst();
            assertEquals("tandem-loop-0", status.name());
            assertTrue(status.lastBeatMs() < 30_000);
        }
    }

    @Test
    void shouldNoticeALoopThatHangs() throws Exception {
        try (TestNet net = new TestNet(shape -> shape)) {
            // when
            net.network.command(0, new ShardCommand.Inspect(
                    () -> java.util.concurrent.locks.LockSupport.parkNanos(3_500_000_000L)));

            // then
            TestNet.await("stall", () -> net.count(Counter.LOOP_STALLS) > 0);
            final LoopStatus status = net.network.loops().getFirst();
            assertTrue(status.stalls() > 0 && status.maxStallMs() > 0, status.toString());
        }
    }

    private static void exchange(final TestNet net, final int clients) throws Exception {
        for (int i = 0; i < clients; i++) {
            try (Client client = new Client("127.0.0.1")) {
                client.send(net.udpAddress(), TestNet.request("OPTIONS", "call" + i, ""));
                assertTrue(client.receive().contains("Call-ID: call" + i));
            }
        }
        net.awaitCount(Counter.SENT, clients);
        assertEquals(clients, net.count(Counter.RECEIVED));
        assertEquals(clients, net.count(Counter.ANSWERED));
        net.assertIdentity();
    }

    private static String malformed(final String method) {
        return TestNet.request(method, "malformed", "").replace("Max-Forwards: 70", "Max-Forwards: seventy");
    }

    /** A user agent with one socket. */
    private static final class Client implements AutoCloseable {
        private final DatagramSocket socket;

        Client(final String address) throws IOException {
            socket = new DatagramSocket(new InetSocketAddress(InetAddress.ofLiteral(address), 0));
            socket.setReceiveBufferSize(1 << 20);
        }

        int port() {
            return socket.getLocalPort();
        }

        void send(final InetSocketAddress to, final String text) throws IOException {
            final byte[] bytes = TestNet.ascii(text);
            socket.send(new DatagramPacket(bytes, bytes.length, to));
        }

        String receive() throws IOException {
            socket.setSoTimeout(10_000);
            final DatagramPacket packet = new DatagramPacket(new byte[65_536], 65_536);
            socket.receive(packet);
            return new String(packet.getData(), 0, packet.getLength(), StandardCharsets.US_ASCII);
        }

        String receiveWithin(final int ms) throws IOException {
            socket.setSoTimeout(ms);
            final DatagramPacket packet = new DatagramPacket(new byte[65_536], 65_536);
            try {
                socket.receive(packet);
            } catch (final SocketTimeoutException nothing) {
                return null;
            }
            return new String(packet.getData(), 0, packet.getLength(), StandardCharsets.US_ASCII);
        }

        @Override
        public void close() {
            socket.close();
        }
    }
}
