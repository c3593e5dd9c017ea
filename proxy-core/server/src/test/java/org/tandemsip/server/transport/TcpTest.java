package org.tandemsip.server.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.tandemsip.server.transport.StreamClient.VIA;
import static org.tandemsip.server.transport.StreamClient.options;

import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.tandemsip.engine.metrics.Counter;

/** SIP over TCP: where a message ends (RFC 3261 section 18.3), and what becomes of that which is none. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
@ExtendWith(NoLeaks.class)
class TcpTest {
    @Test
    void shouldAnswerARequestOnItsConnection() throws Exception {
        try (TestNet net = new TestNet(); StreamClient client = new StreamClient(net.tcpAddress())) {
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
                StreamClient client = new StreamClient(net.address(0))) {
            client.send(options("six"));
            assertTrue(client.message().startsWith("SIP/2.0 200 OK\r\n"));
        }
    }

    @Test
    void shouldFindAMessageCutAtAnyByte() throws Exception {
        try (TestNet net = new TestNet(); StreamClient client = new StreamClient(net.tcpAddress())) {
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
        try (TestNet net = new TestNet(); StreamClient client = new StreamClient(net.tcpAddress())) {
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
            try (net; StreamClient client = new StreamClient(net.tcpAddress())) {
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
    void shouldAnswerAPingWithAPong() throws Exception {
        try (TestNet net = new TestNet(); StreamClient client = new StreamClient(net.tcpAddress())) {
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
        try (TestNet net = new TestNet()) {
            final byte[] clientHello = {0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, (byte) 0xfc, 0x03, 0x03};
            final List<byte[]> foreign =
                    List.of(clientHello, new byte[64], TestNet.ascii("GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
                            TestNet.ascii("HELO mail\r\n\r\n"), TestNet.ascii("SSH-2.0-OpenSSH_9.2\r\n\r\n"));
            for (final byte[] hello : foreign) {
                try (StreamClient client = new StreamClient(net.tcpAddress())) {
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
        try (TestNet net = new TestNet(); StreamClient client = new StreamClient(net.tcpAddress())) {
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
        try (TestNet net = new TestNet(); StreamClient client = new StreamClient(net.tcpAddress())) {
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
        try (TestNet net = new TestNet(); StreamClient client = new StreamClient(net.tcpAddress())) {
            client.send(options("broken").replace("Content-Length: 0", "Content-Length: x"));
            assertTrue(client.message().startsWith("SIP/2.0 400 "));
            TestNet.await("no connections", () -> net.network.connections() == 0);
        }
    }

    @Test
    void shouldAnswerAMalformedMessageAndGoOnWhenFramingIsIntact() throws Exception {
        try (TestNet net = new TestNet(); StreamClient client = new StreamClient(net.tcpAddress())) {
            // when
            client.send(options("bad").replace("Max-Forwards: 70", "Max-Forwards: x") + options("good"));

            // then
            assertTrue(client.message().startsWith("SIP/2.0 400 "));
            assertTrue(client.message().startsWith("SIP/2.0 200 "));
            net.assertIdentity();
        }
    }
}
