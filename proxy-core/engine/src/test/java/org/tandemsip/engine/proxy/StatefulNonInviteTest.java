package org.tandemsip.engine.proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.tandemsip.engine.proxy.ProxyHarness.CALLER;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.tandemsip.engine.handler.Disposition;

/** Requests that are no INVITE: the proxy answers them late or not at all (RFC 4320). */
@Timeout(10)
class StatefulNonInviteTest {
    private final ProxyHarness proxy = ProxyHarness.single();

    @Test
    void shouldNotSend408ForNonInvite() {
        // given
        proxy.receive(CALLER, SipText.request("OPTIONS", CALLER, "o1"));

        // when: nobody answers (RFC 4320 section 4.2)
        proxy.advanceMs(60_000);

        // then
        proxy.assertSentTo(CALLER, "100 OPTIONS");
        proxy.assertQuiet();
    }

    @Test
    void shouldSendTryingForNonInviteNotBeforeTimerEIsT2() {
        // given
        final long startNs = proxy.nowNs;
        proxy.receive(CALLER, SipText.request("MESSAGE", CALLER, "m1"));

        // when
        proxy.advanceMs(3_600);

        // then: RFC 4320 section 4.1
        final List<SentMessage> toCaller = proxy.sentTo(CALLER);
        assertEquals(List.of("100 MESSAGE"), SentMessage.summaries(toCaller));
        assertEquals(3_500_000_000L, toCaller.getFirst().atNs() - startNs);
    }

    @Test
    void shouldNotForwardProvisionalOrTimeoutToNonInvite() {
        // given
        proxy.receive(CALLER, SipText.request("MESSAGE", CALLER, "m1"));
        final SentMessage message = proxy.only("MESSAGE");

        // when
        final Disposition provisional = proxy.answer(message, 182, "b1");
        final Disposition timeout = proxy.answer(message, 408, "b1");

        // then: RFC 4320 sections 4.1 and 4.2
        assertEquals(Disposition.ABSORBED, provisional);
        assertEquals(Disposition.ABSORBED, timeout);
        proxy.assertSent();
    }

    @Test
    void shouldForwardOneFinalToNonInvite() {
        // given
        final String request = SipText.request("MESSAGE", CALLER, "m1");
        proxy.receive(CALLER, request);
        final SentMessage message = proxy.only("MESSAGE");

        // when
        assertEquals(Disposition.FORWARDED, proxy.answer(message, 202, "b1"));
        proxy.only("202 MESSAGE");
        assertEquals(Disposition.ABSORBED, proxy.answer(message, 200, "b1"));

        // then
        proxy.assertSent();
        assertEquals(Disposition.ABSORBED, proxy.receive(CALLER, request));
        proxy.only("202 MESSAGE");
        proxy.assertQuiet();
    }
}
