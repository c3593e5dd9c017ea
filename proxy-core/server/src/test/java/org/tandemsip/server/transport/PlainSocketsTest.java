package org.tandemsip.server.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The fallback for machines without epoll. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class PlainSocketsTest {
    @BeforeEach
    void askForPlainSockets() {
        System.setProperty("tandem.sockets", "nio");
    }

    @AfterEach
    void askForTheBestAgain() {
        System.clearProperty("tandem.sockets");
    }

    @Test
    void shouldAnswerOverUdpAndTcpWithoutEpoll() throws Exception {
        assertEquals(Sockets.NIO, Sockets.best());
        try (TestNet net = new TestNet(shape -> shape.loops(2));
                UdpClient datagrams = new UdpClient(net);
                StreamClient stream = new StreamClient(net.tcpAddress())) {
            assertEquals(1, net.network.shards(), "one loop, whatever was asked for");
            for (int i = 0; i < 20; i++) {
                // when
                final String request = TestNet.request("OPTIONS", "nio" + i, "");
                datagrams.send(request);
                stream.send(request);

                // then
                assertTrue(datagrams.receive().contains("Call-ID: nio" + i));
                assertTrue(stream.message().startsWith("SIP/2.0 200 OK"));
            }
            net.assertIdentity();
        }
    }
}
