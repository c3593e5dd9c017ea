package org.tandemsip.server.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.tandemsip.codec.Limits;
import org.tandemsip.codec.ParseError;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.SipParser;
import org.tandemsip.engine.handler.AnswerTag;
import org.tandemsip.engine.metrics.Counter;

/** Datagrams that are refused, passed over or dropped before or in the shard. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
@ExtendWith(NoLeaks.class)
class UdpRefusalTest {
    @Test
    void shouldAnswerMalformedRequestsWithoutAShard() throws Exception {
        try (TestNet net = new TestNet(); UdpClient client = new UdpClient(net)) {
            // when
            client.send(malformed("OPTIONS"));
            final String first = client.receive();
            client.send(malformed("OPTIONS"));

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
        try (TestNet net = new TestNet(); UdpClient client = new UdpClient(net)) {
            // when
            for (int i = 0; i < BadMessages.KEPT + 5; i++) {
                client.send(malformed("OPTIONS").replace("malformed", "malformed" + i));
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
        try (TestNet net = new TestNet(); UdpClient client = new UdpClient(net)) {
            // when
            client.send(malformed("ACK"));
            client.send(TestNet.response("bad").replace("CSeq: 1", "CSeq: one"));
            client.send("this is not SIP at all, not even nearly");
            client.send(TestNet.request("ACK", "fine", ""));
            client.send(TestNet.response("fine"));

            // then
            net.awaitCount(Counter.DROPPED_MALFORMED, 3);
            net.awaitCount(Counter.ABSORBED, 2);
            assertTrue(client.hearsNothing());
            net.assertIdentity();
        }
    }

    @Test
    void shouldBeSilentToStrangersWhoSendMalformedRequests() throws Exception {
        try (TestNet net = new TestNet(); UdpClient client = new UdpClient(net)) {
            // given
            net.known = false;

            // when
            client.send(malformed("OPTIONS"));

            // then
            net.awaitCount(Counter.DROPPED_UNKNOWN_SOURCE, 1);
            assertTrue(client.hearsNothing());
            assertEquals(0, net.count(Counter.SENT));
            net.assertIdentity();
        }
    }

    @Test
    void shouldReportStrangersWhoSendMalformedMessagesAtMostTenTimesASecond() throws Exception {
        try (TestNet net = new TestNet(); UdpClient client = new UdpClient(net)) {
            // given
            net.known = false;
            final long startNs = System.nanoTime();

            // when
            for (int i = 0; i < 40; i++) {
                client.send(malformed("OPTIONS"));
                client.send("SIP/2.0 200 OK of nobody\r\n\r\n");
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
                client.send(malformed("OPTIONS"));
                Thread.sleep(20);
            }

            // then: no stranger is forgotten
            assertTrue(net.refusedPorts.size() + net.refusedSuppressed.get() >= 80);
        }
    }

    @Test
    void shouldTakeKeepalivesForWhatTheyAre() throws Exception {
        try (TestNet net = new TestNet(); UdpClient client = new UdpClient(net)) {
            // when
            client.send("\r\n\r\n");
            client.send("\0");
            client.send("jaK");
            client.send("");

            // then
            net.awaitCount(Counter.KEEPALIVES_UDP, 4);
            assertEquals(0, net.count(Counter.RECEIVED));
            assertTrue(client.hearsNothing());
        }
    }

    @Test
    void shouldDropOnlyThePoisonousMessage() throws Exception {
        try (TestNet net = new TestNet(); UdpClient client = new UdpClient(net)) {
            for (int i = 0; i < 20; i++) {
                client.send(TestNet.request("INFO", "poison" + i, ""));
                client.send(TestNet.request("OPTIONS", "fine" + i, ""));
                assertTrue(client.receive().contains("Call-ID: fine" + i));
            }
            assertEquals(20, net.count(Counter.DROPPED_FAULT));
            net.assertIdentity();
        }
    }

    @Test
    void shouldRefuseNewRequestsAtOnceWhenTheRingIsFull() throws Exception {
        try (TestNet net = new TestNet(shape -> shape.ringSize(64).dedicated(1, 1));
                UdpClient client = new UdpClient(net)) {
            // given
            client.send(TestNet.request("REFER", "busy", ""));
            net.awaitCount(Counter.RECEIVED, 1);

            // when
            for (int i = 0; i < 100; i++) {
                client.send(TestNet.request("OPTIONS", "more" + i, ""));
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

    private static String malformed(final String method) {
        return TestNet.request(method, "malformed", "").replace("Max-Forwards: 70", "Max-Forwards: seventy");
    }
}
