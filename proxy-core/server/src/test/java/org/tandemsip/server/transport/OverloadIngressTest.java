package org.tandemsip.server.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.tandemsip.engine.handler.Source;
import org.tandemsip.engine.metrics.Counter;

/** A loop that was kept from reading until its socket buffer was full, over real sockets. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class OverloadIngressTest {
    /** More than the socket buffer holds. */
    private static final int FLOOD = 6_000;

    @Test
    void shouldTurnAwayOnlyNewRequestsWhenTheSocketBufferWasFull() throws Exception {
        try (TestNet net = new TestNet(shape -> shape);
                DatagramSocket client = new DatagramSocket(0, InetAddress.ofLiteral("127.0.0.1"))) {
            // given
            final InetSocketAddress target = net.udpAddress();
            client.setReceiveBufferSize(4 << 20);
            send(client, target, TestNet.request("REFER", "busy", ""));
            net.awaitCount(Counter.RECEIVED, 1);

            // when
            for (int i = 0; i < FLOOD; i++) {
                final String request = TestNet.request("OPTIONS", "call" + i, "");
                send(client, target, i % 8 == 0 ? inDialog(request) : request);
            }
            net.released.countDown();

            // then
            TestNet.await("overload", () -> net.count(Counter.OVERLOAD_DROPPED) > 0);
            net.assertIdentity();
            final int[] answers = answers(client);
            assertTrue(answers[0] > 0, "requests in a dialog were answered");
            assertEquals(0, answers[1], "requests in a dialog were refused");
            assertEquals(0, answers[2], "new requests were refused by a server that has just started");
            assertEquals(0, net.count(Counter.DROPPED_FAULT));
            assertEquals(net.count(Counter.OVERLOAD_DROPPED), net.count(Counter.DROPPED_OVERLOAD));
        }
        TestNet.assertNoLeaks();
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void shouldNotSeeWhatTheKernelIsToldToDrop() throws Exception {
        try (TestNet net = new TestNet(shape -> shape);
                DatagramSocket client = new DatagramSocket(0, InetAddress.ofLiteral("127.0.0.1"))) {
            // given: an address of which nothing is taken
            final Source source = new Source();
            source.addressLow = 0x0000_FFFF_7F00_0001L;
            final InviteShares shares = new InviteShares();
            for (long window = 1; window < 10; window++) {
                for (int i = 0; i < 100; i++) {
                    shares.count(source, 0, true, i == 0);
                }
                assertEquals(window < 8, shares.turn(window * 100_000_000L), "window " + window);
            }
            final Loop loop = net.network.loop(0);
            loop.eventLoop().submit(() -> loop.outbound().letThrough(shares)).syncUninterruptibly();
            final String filler = "X-Long: " + "x".repeat(150) + "\r\n";

            // when
            for (int i = 0; i < 500; i++) {
                send(client, net.udpAddress(), TestNet.request("INVITE", "new" + i, filler));
            }
            for (int i = 0; i < 50; i++) {
                send(client, net.udpAddress(), inDialog(TestNet.request("INVITE", "in" + i, filler)));
                send(client, net.udpAddress(), TestNet.request("OPTIONS", "options" + i, filler));
            }

            // then: one in a hundred comes through
            TestNet.await("the last", () -> net.count(Counter.RECEIVED) >= 100);
            assertTrue(net.count(Counter.RECEIVED) < 130, net.count(Counter.RECEIVED) + " received");

            // and when
            assertTrue(shares.clear());
            loop.eventLoop().submit(() -> loop.outbound().letThrough(shares)).syncUninterruptibly();
            final long before = net.count(Counter.RECEIVED);
            for (int i = 0; i < 50; i++) {
                send(client, net.udpAddress(), TestNet.request("INVITE", "again" + i, filler));
            }

            // then
            TestNet.await("all", () -> net.count(Counter.RECEIVED) == before + 50);
        }
        TestNet.assertNoLeaks();
    }

    private static void send(final DatagramSocket client, final InetSocketAddress target, final String text)
            throws Exception {
        final byte[] bytes = TestNet.ascii(text);
        client.send(new DatagramPacket(bytes, bytes.length, target));
    }

    private static String inDialog(final String request) {
        return request.replace("To: <sip:bob@127.0.0.1>", "To: <sip:bob@127.0.0.1>;tag=dialog");
    }

    /** Answers to requests in a dialog: served, refused; to new ones: refused. */
    private static int[] answers(final DatagramSocket client) throws Exception {
        client.setSoTimeout(300);
        final int[] count = new int[3];
        final DatagramPacket packet = new DatagramPacket(new byte[2_048], 2_048);
        try {
            while (true) {
                client.receive(packet);
                final String text = new String(packet.getData(), 0, packet.getLength(), StandardCharsets.US_ASCII);
                final boolean refused = text.startsWith("SIP/2.0 503 ");
                if (text.contains(";tag=dialog")) {
                    count[refused ? 1 : 0]++;
                } else if (refused) {
                    assertTrue(!text.contains("Retry-After"), text);
                    count[2]++;
                }
            }
        } catch (final SocketTimeoutException all) {
            return count;
        }
    }
}
