package org.tandemsip.engine.proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.tandemsip.engine.proxy.ProxyFixture.answer;
import static org.tandemsip.engine.proxy.ProxyFixture.message;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.handler.Disposition;
import org.tandemsip.engine.handler.Source;
import org.tandemsip.engine.proxy.ProxyFixture.Sent;
import org.tandemsip.engine.routing.Messages;
import org.tandemsip.engine.routing.Mode;

/** RFC 3261 section 16.11. */
class StatelessProxyTest {
    private static final String CARRIER = "198.51.100.1:5060";
    private static final String AGENT = "192.0.2.7:5060";
    private static final String VIA = "SIP/2.0/UDP 198.51.100.1:5060;branch=z9hG4bKfirst";
    private final ProxyFixture proxy = new ProxyFixture(Mode.STATELESS);

    @Test
    void shouldForwardRetransmissionIdenticallyBeforeAndAfterRestart() {
        final SplittableRandom random = new SplittableRandom(4);
        final String[] methods = {"INVITE", "BYE", "MESSAGE", "SUBSCRIBE", "NEWFANGLED"};
        for (int i = 0; i < 10_000; i++) {
            final String request =
                    message(methods[i % methods.length], "sip:" + random.nextInt(1 << 20) + "@203.0.113.10",
                            VIA + Long.toHexString(random.nextLong()), "", null)
                            .replace("call-1", "call-" + random.nextLong());
            proxy.request(CARRIER, request);
            final Sent first = proxy.one();
            if (i % 200 == 0) {
                proxy.restart(ProxyFixture.policy(Mode.STATELESS, ProxyFixture.ROUTES));
            }
            proxy.request(CARRIER, request);

            assertEquals(first, proxy.one());
        }
    }

    @Test
    void shouldSendCancelAndAckAfterTheirInvite() {
        for (int call = 0; call < 200; call++) {
            final String id = "call-" + call;
            proxy.request(CARRIER, message("INVITE", "sip:+1@203.0.113.10", VIA, "", null).replace("call-1", id));
            final Sent invite = proxy.one();
            proxy.request(CARRIER, message("CANCEL", "sip:+1@203.0.113.10", VIA, "", null).replace("call-1", id));
            final Sent cancel = proxy.one();
            proxy.request(CARRIER, message("ACK", "sip:+1@203.0.113.10", VIA, "", "callee").replace("call-1", id));
            final Sent ack = proxy.one();

            assertEquals(invite.to(), cancel.to());
            assertEquals(invite.header("Via"), cancel.header("Via"));
            assertEquals(invite.to(), ack.to());
            assertEquals(invite.header("Via"), ack.header("Via"));
        }
    }

    @Test
    void shouldForwardEveryResponseByItsNextVia() {
        proxy.request(CARRIER, message("INVITE", "sip:+1@203.0.113.10", VIA, "", null));
        final Sent invite = proxy.one();
        for (final int status : new int[] {100, 180, 200, 404, 503, 603}) {
            assertEquals(Disposition.FORWARDED, proxy.response("10.0.0.11:5060", answer(invite, status, "callee")));
            final Sent response = proxy.one();
            assertEquals("UDP 198.51.100.1 5060", response.to());
            assertEquals(ProxyFixture.UDP, response.listenPoint());
            assertEquals(answer(invite, status, "callee").replace("Via: " + invite.header("Via") + '\n', ""),
                    response.text());
        }
    }

    @Test
    void shouldPopOnlyItsOwnValueWhenViasShareRow() {
        proxy.request(AGENT,
                message("OPTIONS", "sip:b@192.0.2.9", "SIP/2.0/UDP h.example;rport;branch=z9hG4bKa", "", null));
        final Sent sent = proxy.one();
        final String joined = "Via: " + String.join(" , ", sent.headers("Via"));
        final String separate = "Via: " + String.join("\nVia: ", sent.headers("Via"));
        final String response = answer(sent, 200, "callee");
        assertTrue(response.contains(separate));

        proxy.response("192.0.2.9:5060", response.replace(separate, joined));

        assertEquals(response.replace(separate, "Via: " + sent.headers("Via").get(1)), proxy.one().text());
    }

    @Test
    void shouldAnswerOverConnectionOfRequest() {
        final Source source = Messages.source(Transport.TCP, ProxyFixture.TCP, "192.0.2.7:40001");
        proxy.request(source,
                message("OPTIONS", "sip:b@192.0.2.9", "SIP/2.0/TCP 192.0.2.7:5071;branch=z9hG4bKa", "", null));

        proxy.response("192.0.2.9:5060", answer(proxy.one(), 200, "callee"));

        final Sent response = proxy.one();
        assertEquals(0x1f, response.connection());
        assertEquals("TCP 192.0.2.7 5071", response.to());
        assertEquals(ProxyFixture.TCP, response.listenPoint());
    }

    @Test
    void shouldDropResponseWhenItIsNotForAnythingForwarded() {
        proxy.request(CARRIER, message("INVITE", "sip:+1@203.0.113.10", VIA, "", null));
        final String response = answer(proxy.one(), 200, "callee");

        // sent-by not ours; no branch of ours; a branch of a transaction that is gone; second Via changed; no second
        // Via.
        for (final String stray : new String[] {response.replace("10.0.0.1:5060", "10.0.0.2:5060"),
            response.replace("z9hG4bKs", "z9hG4bKx"), response.replace("z9hG4bKs", "z9hG4bKt"),
            response.replace("Via: " + VIA, "Via: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bKfirst"),
            response.replace("Via: " + VIA, "Via: " + VIA + ";received=127.0.0.1"),
            response.replace("Via: " + VIA + '\n', "")}) {
            assertEquals(Disposition.DROPPED_STRAY_RESPONSE, proxy.response("10.0.0.11:5060", stray), stray);
        }
        final SplittableRandom random = new SplittableRandom(5);
        for (int i = 0; i < 10_000; i++) {
            final String forged = response.replaceFirst("z9hG4bKs[0-9a-f]{16}",
                    String.format("z9hG4bKs%016x", random.nextLong()));
            assertEquals(Disposition.DROPPED_STRAY_RESPONSE, proxy.response("10.0.0.11:5060", forged));
        }
        assertTrue(proxy.sent.isEmpty());
    }

    @Test
    void shouldForwardAckAndNeverAnswerIt() {
        assertEquals(Disposition.FORWARDED,
                proxy.request(CARRIER, message("ACK", "sip:bob@10.0.0.12", VIA, "", "callee")));
        assertEquals("UDP 10.0.0.12 5060", proxy.one().to());
        assertEquals(Disposition.DROPPED_NO_TARGET,
                proxy.request(AGENT, message("ACK", "sip:nobody@nowhere.example", VIA, "", "callee")));
        assertEquals(Disposition.DROPPED_STRAY_ACK, proxy.request(CARRIER,
                message("ACK", "sip:bob@10.0.0.12", VIA, "", "callee").replace("Max-Forwards: 70", "Max-Forwards: 0")));
        assertTrue(proxy.sent.isEmpty());
    }

    @Test
    void shouldAllocateNothingPerMessage() {
        final Proxy quiet = new Proxy(ProxyFixture.context(new Messages.Silence(),
                ProxyFixture.policy(Mode.STATELESS, ProxyFixture.ROUTES)));
        proxy.request(CARRIER, message("INVITE", "sip:+1@203.0.113.10", VIA, "", null));
        final Sent sent = proxy.one();
        final String routes = "Route: " + String.join(", ", sent.headers("Record-Route")) + '\n';
        final SipMessage invite = Messages.parse(message("INVITE", "sip:+1@203.0.113.10", VIA, "", null));
        final SipMessage large =
                Messages.parse(message("INVITE", "sip:b@192.0.2.9", VIA, "X: " + "x".repeat(2_000) + '\n', null));
        final SipMessage bye = Messages.parse(message("BYE", "sip:b@192.0.2.9", VIA, routes, "callee"));
        final SipMessage missing = Messages.parse(message("INVITE", "sip:b@nowhere.example", VIA, "", null));
        final SipMessage response = Messages.parse(answer(sent, 200, "callee"));
        final Source carrier = Messages.source(CARRIER);
        final Source agent = Messages.source(AGENT);
        final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

        // The JVM itself may allocate now and then while it compiles; what the proxy does, it does every round.
        long least = Long.MAX_VALUE;
        for (int round = 0; round < 10 && least > 0; round++) {
            final long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < 10_000; i++) {
                quiet.onRequest(invite, carrier, i);
                quiet.onRequest(large, agent, i);
                quiet.onRequest(bye, carrier, i);
                quiet.onRequest(missing, agent, i);
                quiet.onResponse(response, agent, i);
            }
            least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
        }

        assertEquals(0, least, "bytes for 50,000 messages");
    }
}
