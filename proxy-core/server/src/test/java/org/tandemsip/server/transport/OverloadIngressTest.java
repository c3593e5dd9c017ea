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
