package org.tandemsip.server.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.tandemsip.server.transport.StreamClient.VIA;
import static org.tandemsip.server.transport.StreamClient.options;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.tandemsip.engine.metrics.Counter;

/** What bounds connections that come in: their number, their silence and how fast both sides read. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
@ExtendWith(NoLeaks.class)
class TcpLimitsTest {
    @Test
    void shouldStopReadingInsteadOfDroppingWhenTheRingIsFull() throws Exception {
        try (TestNet net = new TestNet(shape -> shape.ringSize(64).dedicated(1, 1));
                StreamClient client = new StreamClient(net.tcpAddress())) {
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
    void shouldCloseWhenAMessageComesTooSlowly() throws Exception {
        try (TestNet net = new TestNet(shape -> shape.streams(streams(200, 60_000, 256)));
                StreamClient client = new StreamClient(net.tcpAddress())) {
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
            try (StreamClient stranger = new StreamClient(net.tcpAddress())) {
                assertEquals("", stranger.readToEnd());
                assertEquals(1, net.count(Counter.CLOSED_IDLE));
            }

            // when
            net.known = true;
            try (StreamClient trunk = new StreamClient(net.tcpAddress())) {
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
            final List<StreamClient> clients = new ArrayList<>();
            net.known = false;
            for (int i = 0; i < 3; i++) {
                clients.add(new StreamClient(net.tcpAddress()));
            }
            net.awaitCount(Counter.CONNECTIONS_ACCEPTED, 3);

            // one more of the same address
            try (StreamClient fourth = new StreamClient(net.tcpAddress())) {
                assertEquals("", fourth.readToEnd());
            }

            // a trunk is not bound by that, but by the total of 5
            net.known = true;
            clients.add(new StreamClient(net.tcpAddress()));
            clients.add(new StreamClient(net.tcpAddress()));
            net.awaitCount(Counter.CONNECTIONS_ACCEPTED, 5);
            try (StreamClient sixth = new StreamClient(net.tcpAddress())) {
                assertEquals("", sixth.readToEnd());
            }
            assertEquals(2, net.count(Counter.CONNECTIONS_REFUSED));

            // room comes back
            for (final StreamClient client : clients) {
                client.close();
            }
            TestNet.await("no connections", () -> net.network.connections() == 0);
            net.known = false;
            try (StreamClient again = new StreamClient(net.tcpAddress())) {
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
                final StreamClient client = new StreamClient(net.tcpAddress());
                client.send(i % 2 == 0 ? options("reset" + i) : "OPTIONS sip:half");
                client.socket.setSoLinger(true, 0);
                client.close();
            }
            TestNet.await("no connections", () -> net.network.connections() == 0);
            try (StreamClient client = new StreamClient(net.tcpAddress())) {
                client.send(options("alive"));
                assertTrue(client.message().startsWith("SIP/2.0 200"));
            }
            net.assertIdentity();
        }
    }

    @Test
    void shouldCloseAConnectionWhosePeerDoesNotRead() throws Exception {
        try (TestNet net = new TestNet();
                ServerSocket deaf = new ServerSocket(0, 8, InetAddress.ofLiteral("127.0.0.1"));
                StreamClient client = new StreamClient(net.tcpAddress())) {
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

    private static NetworkConfig.Streams streams(final int messageMs, final int idleUnknownMs, final int perAddress) {
        return new NetworkConfig.Streams(5, perAddress, 1_000, messageMs, 3_600_000, idleUnknownMs, 65_536, 262_144,
                262_144);
    }
}
