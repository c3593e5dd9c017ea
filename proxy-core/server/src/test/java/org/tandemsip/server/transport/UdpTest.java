package org.tandemsip.server.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.netty.util.ResourceLeakDetector;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.engine.metrics.Traffic;

/** Datagrams from the socket to the shard and back, however loops and shards share the threads. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
@ExtendWith(NoLeaks.class)
class UdpTest {
    @Test
    void shouldAnswerARequestOverUdp() throws Exception {
        try (TestNet net = new TestNet(); UdpClient client = new UdpClient(net)) {
            // when
            client.send(TestNet.request("OPTIONS", "one", ""));

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
                UdpClient client = new UdpClient(net)) {
            // when
            client.send(TestNet.request("OPTIONS", "six", "SIP/2.0/UDP [::1]:9;rport;branch=z9hG4bK6",
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
            final Set<String> threads = new HashSet<>(net.threads);
            assertEquals(3, threads.size(), threads.toString());
            assertEquals(0, net.count(Counter.CROSSED_SHARDS));
        }
    }

    @Test
    void shouldSeeToAllElseWhileOneSocketIsBusyAndAfterwards() throws Exception {
        final AtomicBoolean over = new AtomicBoolean();
        try (TestNet net = new TestNet();
                UdpClient client = new UdpClient(net);
                StreamClient stream = new StreamClient(net.tcpAddress())) {
            // given: a socket that never falls silent, for which its loop may wait without epoll
            final String ack = TestNet.request("ACK", "busy", "");
            final FutureTask<Void> sending = new FutureTask<>(() -> {
                while (!over.get()) {
                    client.send(ack);
                    final long untilNs = System.nanoTime() + 50_000;
                    while (System.nanoTime() < untilNs) {
                        Thread.onSpinWait();
                    }
                }
                return null;
            });
            Thread.ofPlatform().start(sending);
            try {
                TestNet.await("a wait", () -> net.count(Counter.UDP_WAITS) > 0);
                for (int i = 0; i < 50; i++) {
                    // when
                    stream.send(StreamClient.options("stream" + i));

                    // then
                    assertTrue(stream.message().startsWith("SIP/2.0 200 OK\r\n"));
                }
            } finally {
                over.set(true);
                sending.get();
            }

            // when: silence, but for a timer
            net.assertIdentity();
            client.send(TestNet.request("PUBLISH", "late", ""));

            // then
            assertTrue(client.receive().startsWith("PUBLISH sip:bob"));
        }
    }

    @Test
    void shouldSpreadOneSourceOverAllLoopsAndHandNothingOver() throws Exception {
        for (final InetAddress address : List.of(InetAddress.ofLiteral("127.0.0.1"), InetAddress.ofLiteral("::1"))) {
            try (TestNet net = new TestNet(shape -> shape.loops(4).listen(TestNet.udp(address)));
                    UdpClient client = new UdpClient(net)) {
                // when
                final int messages = 2_000;
                for (int i = 0; i < messages; i++) {
                    client.send(TestNet.request("OPTIONS", "call" + i, "SIP/2.0/UDP a:9;rport;branch=z9hG4bK" + i, ""));
                    assertTrue(client.receive().contains("Call-ID: call" + i + "\r\n"));
                }

                // then
                final List<Long> read = net.network.traffic().stream().map(loop -> received(loop)).toList();
                assertEquals(messages, read.stream().mapToLong(Long::longValue).sum());
                assertTrue(read.stream().allMatch(share -> share > messages / 8 && share < messages / 2),
                        read.toString());
                assertEquals(0, net.count(Counter.CROSSED_SHARDS));
                net.assertIdentity();
            }
        }
    }

    private static long received(final Traffic loop) {
        long received = 0;
        for (int kind = 0; kind < Traffic.KINDS; kind++) {
            received += loop.receivedCount(Transport.UDP, kind);
        }
        return received;
    }

    @Test
    void shouldHandOverWhatTheKernelHasNotFoundTheShardOf() throws Exception {
        try (TestNet net = new TestNet(shape -> shape.loops(3)); UdpClient client = new UdpClient(net)) {
            // when
            for (int i = 0; i < 100; i++) {
                client.send(TestNet.request("OPTIONS", "call" + i, "").replace("Call-ID", "i"));
                assertTrue(client.receive().contains(": call" + i + "\r\n"));
            }

            // then
            assertTrue(net.count(Counter.CROSSED_SHARDS) > 0);
            assertEquals(3, new HashSet<>(net.threads).size());
            net.assertIdentity();
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
        try (TestNet net = new TestNet(shape -> shape.dedicated(1, 1)); UdpClient client = new UdpClient(net)) {
            for (int i = 0; i < 50; i++) {
                client.send(TestNet.request("OPTIONS", "sleepy" + i, ""));
                assertTrue(client.receive().startsWith("SIP/2.0 200"));
                Thread.sleep(3);
            }
        }
    }

    @Test
    void shouldRunTimersOfAShardThatHasNothingElseToDo() throws Exception {
        for (final TestNet net : List.of(new TestNet(), new TestNet(shape -> shape.dedicated(1, 1)))) {
            try (net; UdpClient client = new UdpClient(net)) {
                // when
                client.send(TestNet.request("PUBLISH", "later", ""));

                // then
                assertTrue(client.receive().startsWith("PUBLISH sip:bob"));
                TestNet.await("nothing live", () -> net.network.live() == 0);
                net.assertIdentity();
            }
        }
    }

    @Test
    void shouldTakeTheLargestDatagrams() throws Exception {
        try (TestNet net = new TestNet(); UdpClient client = new UdpClient(net)) {
            // given
            net.forwardOver = Transport.UDP;
            net.forwardTo = new InetSocketAddress("127.0.0.1", client.port());
            final String large = TestNet.request("MESSAGE", "large", "x".repeat(48_000));

            // when
            client.send(large);

            // then
            assertEquals(large, client.receive());
            assertEquals(1, net.count(Counter.FORWARDED));
        }
    }

    @Test
    void shouldAllocateAlmostNothingPerMessage() throws Exception {
        // The leak detector makes objects of its own.
        final ResourceLeakDetector.Level level = ResourceLeakDetector.getLevel();
        ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.DISABLED);
        try (TestNet net = new TestNet(); UdpClient client = new UdpClient(net)) {
            // given
            final long loop = Thread.getAllStackTraces().keySet().stream()
                    .filter(thread -> thread.getName().equals("tandem-loop-0")).findFirst().orElseThrow().threadId();
            final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
            final int messages = 3_200;
            answer(net, client, 5 * messages);

            // when: the compiler may take its time on a busy machine
            long least = Long.MAX_VALUE;
            final long deadlineNs = System.nanoTime() + 40_000_000_000L;
            while (least / messages > 24 && System.nanoTime() - deadlineNs < 0) {
                final long before = threads.getThreadAllocatedBytes(loop);
                answer(net, client, messages);
                least = Math.min(least, threads.getThreadAllocatedBytes(loop) - before);
            }

            // then: the handler's own note of its thread is all of this
            assertTrue(least / messages <= 24, least / messages + " bytes per message");
        } finally {
            ResourceLeakDetector.setLevel(level);
        }
    }

    private static void answer(final TestNet net, final UdpClient client, final int messages) throws IOException {
        final int burst = 16;
        for (int i = 0; i < messages / burst; i++) {
            for (int sent = 0; sent < burst; sent++) {
                client.send(TestNet.request("OPTIONS", "steady", ""));
            }
            for (int received = 0; received < burst; received++) {
                client.receive();
            }
            net.threads.clear();
        }
    }

    private static void exchange(final TestNet net, final int clients) throws Exception {
        for (int i = 0; i < clients; i++) {
            try (UdpClient client = new UdpClient(net)) {
                client.send(TestNet.request("OPTIONS", "call" + i, ""));
                assertTrue(client.receive().contains("Call-ID: call" + i));
            }
        }
        net.awaitCount(Counter.SENT, clients);
        assertEquals(clients, net.count(Counter.RECEIVED));
        assertEquals(clients, net.count(Counter.ANSWERED));
        net.assertIdentity();
    }
}
