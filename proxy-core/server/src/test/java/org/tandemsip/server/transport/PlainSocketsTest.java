package org.tandemsip.server.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
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
                DatagramSocket datagrams = new DatagramSocket(new InetSocketAddress("127.0.0.1", 0));
                Socket stream = new Socket(net.tcpAddress().getAddress(), net.tcpAddress().getPort())) {
            assertEquals(1, net.network.shards(), "one loop, whatever was asked for");
            for (int i = 0; i < 20; i++) {
                // when
                final byte[] bytes = TestNet.ascii(TestNet.request("OPTIONS", "nio" + i, ""));
                datagrams.send(new DatagramPacket(bytes, bytes.length, net.udpAddress()));
                stream.getOutputStream().write(bytes);

                // then
                final DatagramPacket answer = new DatagramPacket(new byte[4_096], 4_096);
                datagrams.setSoTimeout(10_000);
                datagrams.receive(answer);
                assertTrue(new String(answer.getData(), 0, answer.getLength(), StandardCharsets.US_ASCII)
                        .contains("Call-ID: nio" + i));
                stream.setSoTimeout(10_000);
                final byte[] start = stream.getInputStream().readNBytes(answer.getLength());
                assertTrue(new String(start, StandardCharsets.US_ASCII).startsWith("SIP/2.0 200 OK"));
            }
            net.assertIdentity();
        }
    }
}
