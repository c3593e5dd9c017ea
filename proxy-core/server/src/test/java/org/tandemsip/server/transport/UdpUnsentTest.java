package org.tandemsip.server.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.handler.ShardCommand;
import org.tandemsip.engine.metrics.Counter;

/** Datagrams that cannot be sent or that nobody takes: whoever sent them is told. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
@ExtendWith(NoLeaks.class)
class UdpUnsentTest {
    @Test
    void shouldReportWhatCannotBeSent() throws Exception {
        try (TestNet net = new TestNet(); UdpClient client = new UdpClient(net)) {
            // given
            net.forwardOver = Transport.UDP;
            net.forwardTo = new InetSocketAddress(InetAddress.ofLiteral("::1"), 9);

            // when
            client.send(TestNet.request("MESSAGE", "six-from-four", ""));

            // then
            TestNet.await("report", () -> net.failed.contains(TestNet.CORRELATION));
            assertEquals(1, net.count(Counter.UNSENT_UNREACHABLE));
        }
    }

    @Test
    void shouldReportADatagramThatTheSystemRefuses() throws Exception {
        try (TestNet net = new TestNet(); UdpClient client = new UdpClient(net)) {
            // given
            net.forwardOver = Transport.UDP;
            net.forwardTo = new InetSocketAddress("255.255.255.255", 9);

            // when
            client.send(TestNet.request("MESSAGE", "broadcast", ""));
            client.send(TestNet.request("OPTIONS", "fine", ""));

            // then
            assertTrue(client.receive().contains("Call-ID: fine"));
            TestNet.await("report", () -> net.failed.contains(TestNet.CORRELATION));
            assertEquals(1, net.count(Counter.UNSENT_UDP));
        }
    }

    @Test
    void shouldReportDatagramsThatNobodyTakesAndLoseNoOther() throws Exception {
        try (TestNet net = new TestNet(shape -> shape.loops(2)); UdpClient client = new UdpClient(net)) {
            // given
            final int closedPort;
            try (DatagramSocket closed = new DatagramSocket(0, InetAddress.ofLiteral("127.0.0.1"))) {
                closedPort = closed.getLocalPort();
            }
            net.forwardOver = Transport.UDP;
            net.forwardTo = new InetSocketAddress("127.0.0.1", closedPort);

            // when
            for (int i = 0; i < 100; i++) {
                client.send(TestNet.request("MESSAGE", "lost" + i, ""));
                client.send(TestNet.request("OPTIONS", "fine" + i, ""));
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
}
