package org.tandemsip.engine.proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.tandemsip.engine.proxy.ProxyHarness.CALLER;
import static org.tandemsip.engine.proxy.SipText.CONTACT;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.tandemsip.codec.Transport;

/** Requests too large for a datagram go over TCP, and over UDP where nobody takes that (RFC 3261 section 18.1.1). */
@Timeout(10)
class LargeRequestTest {
    private final ProxyHarness proxy = ProxyHarness.failover();

    @Test
    void shouldSendLargeRequestOverTcp() {
        // when
        final SentMessage invite = proxy.call(large("c1")).getFirst();

        // then: section 18.1.1
        assertEquals(Transport.TCP, invite.transport());
        assertTrue(invite.header("Via").startsWith("SIP/2.0/TCP "));
        assertEquals(1, invite.listenPoint());
    }

    @Test
    void shouldSendLargeRequestOverUdpWhenTcpIsRefused() {
        // given
        final SentMessage tcp = proxy.call(large("c1")).getFirst();

        // when
        proxy.fail(tcp);

        // then: same peer, our Via rewritten
        final SentMessage udp = proxy.only("INVITE");
        assertEquals(Transport.UDP, udp.transport());
        assertEquals(tcp.to(), udp.to());
        assertTrue(udp.header("Via").startsWith("SIP/2.0/UDP "));
        assertNotEquals(tcp.branch(), udp.branch());
        proxy.answer(udp, 200, "b1", CONTACT);
        proxy.assertSentTo(CALLER, "200 INVITE");
        proxy.assertQuiet();
    }

    @Test
    void shouldFailOverWhenLargeRequestIsRefusedOverUdpToo() {
        // given
        final SentMessage tcp = proxy.call(large("c1")).getFirst();
        proxy.fail(tcp);
        final SentMessage udp = proxy.only("INVITE");

        // when
        proxy.fail(udp);

        // then
        final SentMessage next = proxy.only("INVITE");
        assertFalse(next.to().equals(udp.to()));
    }

    @Test
    void shouldNotRepeatLargeRequestOverUdpWhenCancelled() {
        // given
        final String request = large("c1");
        final SentMessage tcp = proxy.call(request).getFirst();
        proxy.receive(CALLER, SipText.cancel(request));
        proxy.sent();

        // when
        proxy.fail(tcp);

        // then
        proxy.only("487 INVITE");
    }

    private static String large(final String callId) {
        return SipText.invite(CALLER, callId, "X-Large: " + "x".repeat(1_300));
    }
}
