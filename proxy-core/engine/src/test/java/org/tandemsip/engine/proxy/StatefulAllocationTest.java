package org.tandemsip.engine.proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.tandemsip.engine.proxy.ProxyHarness.CALLER;
import static org.tandemsip.engine.proxy.SipText.CONTACT;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.List;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.tandemsip.codec.Limits;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.SipParser;
import org.tandemsip.engine.auth.Credentials;
import org.tandemsip.engine.handler.Destination;
import org.tandemsip.engine.handler.Egress;
import org.tandemsip.engine.routing.Account;
import org.tandemsip.engine.routing.Trunk;
import org.tandemsip.engine.timer.TimerLanes;

/**
 * The stateful path allocates nothing once its pools are filled. Calls are recorded at one proxy and played to another
 * one with the same keys, which therefore writes the same branches; the second time round it must not allocate.
 */
@Timeout(60)
class StatefulAllocationTest {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final int CALLS = 200;
    /** Rounds before the measured one: fill the pools, resolve all classes. */
    private static final int WARM_UP_ROUNDS = 20;
    private static final int ROUNDS = 5;

    @Test
    void shouldNotAllocateForCompleteCall() {
        final ProxyHarness proxy = ProxyHarness.single();
        for (int i = 0; i < CALLS; i++) {
            answeredCall(proxy, "c" + i);
        }
        assertAllocatesNothing(proxy);
    }

    @Test
    void shouldNotAllocateForForksFailuresAndCancels() {
        final ProxyHarness proxy = ProxyHarness.parallel();
        for (int i = 0; i < CALLS; i++) {
            challengedFork(proxy, "f" + i);
            cancelledFork(proxy, "x" + i);
        }
        assertAllocatesNothing(proxy);
    }

    @Test
    void shouldNotAllocateForChallengesThatAreAnswered() {
        final Trunk plain = ProxyHarness.trunk(1, "a", ProxyHarness.A1);
        final Trunk carrier =
                new Trunk(1, "a", plain.peers(), plain.allow(), plain.failover(), 0, plain.balance(), 0, 0,
                        plain.ping(), plain.state(), plain.rules(), plain.trust(), false,
                        new Account(new Credentials("u", "p", "a"), true, null));
        final ProxyHarness proxy =
                ProxyHarness.of(ProxyHarness.trunk(0, "callers", CALLER), List.of(carrier), List.of());
        for (int i = 0; i < CALLS; i++) {
            final SentMessage challenged = proxy.call(SipText.invite(CALLER, "a" + i)).getFirst();
            proxy.answer(challenged, 407, "ta", "Proxy-Authenticate: Digest realm=\"a\", nonce=\"1\", qop=\"auth\"");
            final SentMessage again = proxy.sent().getLast();
            assertTrue(again.text().contains("Proxy-Authorization: Digest "), again.text());
            proxy.answer(again, 200, "tb", CONTACT);
            proxy.receive(CALLER, SipText.inDialog("ACK", CALLER, proxy.sent().getLast(), 1));
            proxy.sent();
            proxy.advanceMs(10);
        }
        assertAllocatesNothing(proxy);
    }

    @Test
    void shouldNotAllocateForFailoverAndTimeout() {
        final ProxyHarness proxy = ProxyHarness.failover();
        for (int i = 0; i < CALLS; i++) {
            failedOverCall(proxy, "o" + i);
            proxy.receive(CALLER, SipText.request("MESSAGE", CALLER, "m" + i));
            proxy.call(SipText.invite(CALLER, "t" + i));
        }
        assertAllocatesNothing(proxy);
    }

    private static void answeredCall(final ProxyHarness proxy, final String callId) {
        final String request = SipText.invite(CALLER, callId);
        final SentMessage invite = proxy.call(request).getFirst();
        proxy.answer(invite, 100, null);
        proxy.answer(invite, 180, "b" + callId, CONTACT);
        proxy.receive(CALLER, request);
        proxy.answer(invite, 200, "b" + callId, CONTACT);
        final SentMessage success = proxy.sent().getLast();
        proxy.answer(invite, 200, "b" + callId, CONTACT);
        proxy.receive(CALLER, SipText.inDialog("ACK", CALLER, success, 1));
        proxy.receive(CALLER, SipText.inDialog("BYE", CALLER, success, 2));
        proxy.answer(proxy.sent().getLast(), 200, null);
        proxy.sent();
        proxy.advanceMs(10);
    }

    private static void challengedFork(final ProxyHarness proxy, final String callId) {
        final String request = SipText.invite(CALLER, callId);
        final List<SentMessage> copies = proxy.call(request);
        proxy.answer(copies.get(0), 407, "ta", "Proxy-Authenticate: Digest realm=\"a\", nonce=\"1\"");
        proxy.answer(copies.get(1), 401, "tb", "WWW-Authenticate: Digest realm=\"b\", nonce=\"2\"");
        proxy.receive(CALLER, SipText.ack(request, proxy.sentTo(CALLER).getFirst()));
        proxy.advanceMs(10);
    }

    private static void cancelledFork(final ProxyHarness proxy, final String callId) {
        final String request = SipText.invite(CALLER, callId);
        final List<SentMessage> copies = proxy.call(request);
        proxy.answer(copies.get(0), 180, "ta");
        proxy.sent();
        proxy.receive(CALLER, SipText.cancel(request));
        proxy.answer(proxy.sent().getLast(), 200, "ta");
        proxy.answer(copies.get(0), 487, "ta");
        proxy.answer(copies.get(1), 180, "tb");
        proxy.answer(copies.get(1), 487, "tb");
        proxy.receive(CALLER, SipText.ack(request, proxy.sentTo(CALLER).getFirst()));
        proxy.advanceMs(10);
    }

    private static void failedOverCall(final ProxyHarness proxy, final String callId) {
        final SentMessage first = proxy.invite(callId);
        proxy.answer(first, 503, "b1");
        proxy.answer(proxy.sent().getLast(), 200, "b2", CONTACT);
        proxy.sent();
        proxy.advanceMs(10);
    }

    private static void assertAllocatesNothing(final ProxyHarness recorded) {
        final Player player = new Player(recorded);
        assertTrue(allocatedBy(player) > 0, "the first round fills the pools");
        for (int i = 0; i < WARM_UP_ROUNDS; i++) {
            player.play();
        }
        // The JVM itself may allocate now and then while it compiles; what the proxy does, it does every round.
        long least = Long.MAX_VALUE;
        for (int i = 0; i < ROUNDS && least > 0; i++) {
            least = Math.min(least, allocatedBy(player));
        }
        assertEquals(0, least, "bytes for " + recorded.received.size() + " messages");
        assertEquals(0, player.proxy.live());
    }

    private static long allocatedBy(final Player player) {
        final long before = THREADS.getCurrentThreadAllocatedBytes();
        player.play();
        return THREADS.getCurrentThreadAllocatedBytes() - before;
    }

    /** Plays recorded messages to a proxy of its own, then lets all timers run out. */
    private static final class Player implements Egress {
        private final TimerLanes timers = new TimerLanes();
        private final Proxy proxy;
        private final ProxyHarness.Inbound[] script;
        private final UnsafeBuffer inbound = new UnsafeBuffer(new byte[65_536]);
        private final UnsafeBuffer outbound = new UnsafeBuffer(new byte[65_536]);
        private final SipMessage message = new SipMessage(Limits.DEFAULTS.headerRows());
        private final SipParser parser = new SipParser(Limits.DEFAULTS);
        private long roundStartNs;

        Player(final ProxyHarness recorded) {
            script = recorded.received.toArray(new ProxyHarness.Inbound[0]);
            proxy = recorded.twin(this, timers);
        }

        void play() {
            long nowNs = roundStartNs;
            for (int i = 0; i < script.length; i++) {
                final ProxyHarness.Inbound next = script[i];
                nowNs = roundStartNs + next.atNs();
                while (timers.nextDeadlineNs() <= nowNs) {
                    timers.poll(timers.nextDeadlineNs(), 100);
                }
                inbound.putBytes(0, next.bytes());
                parser.parse(message.wrap(inbound, 0, next.bytes().length), false);
                if (message.isRequest()) {
                    proxy.onRequest(message, next.source(), nowNs);
                } else {
                    proxy.onResponse(message, next.source(), nowNs);
                }
            }
            while (timers.nextDeadlineNs() != Long.MAX_VALUE) {
                nowNs = timers.nextDeadlineNs();
                timers.poll(nowNs, 100);
            }
            roundStartNs = nowNs;
        }

        @Override
        public MutableDirectBuffer claim(final int length) {
            return outbound;
        }

        @Override
        public void send(final int length, final Destination destination, final long correlation) {}

        @Override
        public int flush() {
            return 0;
        }
    }
}
