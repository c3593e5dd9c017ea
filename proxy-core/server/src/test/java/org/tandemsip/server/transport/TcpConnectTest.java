package org.tandemsip.server.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.tandemsip.server.transport.StreamClient.VIA;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.tandemsip.engine.metrics.Counter;

/** Connections that are opened to send something: used again, refused, waited for, made anew. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
@ExtendWith(NoLeaks.class)
class TcpConnectTest {
    @Test
    void shouldConnectOnDemandAndUseTheConnectionAgain() throws Exception {
        for (final TestNet net : List.of(new TestNet(shape -> shape.loops(2)),
                new TestNet(shape -> shape.dedicated(2, 2)))) {
            try (net; ServerSocket server = new ServerSocket(0, 8, InetAddress.ofLiteral("127.0.0.1"));
                    StreamClient client = new StreamClient(net.tcpAddress())) {
                // given
                net.forwardTo = new InetSocketAddress("127.0.0.1", server.getLocalPort());
                final String first = TestNet.request("MESSAGE", "first", VIA, "");
                client.send(first);

                // when
                try (StreamClient accepted = new StreamClient(accept(server))) {
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
        try (TestNet net = new TestNet(); StreamClient client = new StreamClient(net.tcpAddress())) {
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
                StreamClient client = new StreamClient(net.tcpAddress())) {
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
            try (StreamClient client = new StreamClient(net.tcpAddress())) {
                client.send(TestNet.request("REFER", "gone", via, ""));
                net.awaitCount(Counter.RECEIVED, 1);
                client.socket.setSoLinger(true, 0);
            }
            TestNet.await("connection gone", () -> net.network.connections() == 0);
            net.released.countDown();

            // then
            try (StreamClient accepted = new StreamClient(accept(server))) {
                assertTrue(accepted.message().contains("Call-ID: gone"));
            }
        }
    }

    private static Socket accept(final ServerSocket server) throws IOException {
        server.setSoTimeout(20_000);
        return server.accept();
    }
}
