package org.tandemsip.engine.proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.tandemsip.engine.proxy.ProxyHarness.A1;
import static org.tandemsip.engine.proxy.ProxyHarness.CALLER;
import static org.tandemsip.engine.proxy.SipText.CONTACT;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.tandemsip.engine.handler.Disposition;

/** Timer C (RFC 3261 sections 16.7 step 2 and 16.8): how long a call may ring at one peer, or at one after another. */
@Timeout(10)
class TimerCTest {
    private final ProxyHarness proxy = ProxyHarness.single();
    /** Two that stand for each other. */
    private final ProxyHarness peers = ProxyHarness.failover();

    @Test
    void shouldRestartTimerCWithEachProvisionalBut100() {
        // given: ringing, with a 183 every 100 s
        final SentMessage invite = proxy.invite("c1");
        for (int i = 0; i < 10; i++) {
            proxy.answer(invite, 183, "b1");
            proxy.advanceMs(100_000);
        }
        assertTrue(proxy.sent().stream().noneMatch(message -> message.method().equals("CANCEL")));

        // when: only 100s from now on, 85 s left
        proxy.answer(invite, 100, null);
        proxy.advanceMs(84_000);
        proxy.assertSent();
        proxy.advanceMs(2_000);

        // then: section 16.8
        assertEquals("CANCEL", proxy.sent().getFirst().summary());
    }

    @Test
    void shouldSend408WhenTimerCHasCancelledBranch() {
        // given
        final SentMessage invite = proxy.invite("c1");
        proxy.answer(invite, 180, "b1");
        proxy.sent();
        proxy.advanceMs(185_000);
        final SentMessage cancel = proxy.sentTo(A1).getFirst();
        assertEquals("CANCEL", cancel.summary());
        assertEquals(invite.branch(), cancel.branch());

        // when
        proxy.answer(cancel, 200, "b1");
        proxy.answer(invite, 487, "b1");

        // then
        proxy.assertSentTo(CALLER, "408 INVITE");
        proxy.assertQuiet();
    }

    @Test
    void shouldForward2xxThatBeatsCancelOfTimerC() {
        // given
        final SentMessage invite = proxy.invite("c1");
        proxy.answer(invite, 180, "b1");
        proxy.advanceMs(185_000);
        proxy.sent();

        // when
        proxy.answer(invite, 200, "b1", CONTACT);

        // then
        proxy.assertSentTo(CALLER, "200 INVITE");
    }

    @Test
    void shouldGiveUpWhenCancelledByTimerCAndStillNoFinal() {
        // given
        final SentMessage invite = proxy.invite("c1");
        proxy.answer(invite, 180, "b1");
        proxy.advanceMs(185_000);
        proxy.sent();

        // when: section 9.1, 64*T1 after the CANCEL
        proxy.advanceMs(32_000);

        // then
        proxy.assertSentTo(CALLER, "408 INVITE");
        assertEquals(Disposition.DROPPED_STRAY_RESPONSE, proxy.answer(invite, 200, "b1", CONTACT));
        proxy.assertQuiet();
    }

    @Test
    void shouldGiveAllTriesTogetherNoLongerThanTimerC() {
        // given
        final SentMessage second = secondTryAfterLongRinging();
        peers.answer(second, 100, null);

        // when
        peers.advanceMs(5_000);

        // then
        peers.answer(second, 487, "b2");
        peers.assertSent("CANCEL", "ACK", "500 INVITE");
        peers.assertQuiet();
    }

    @Test
    void shouldEndASilentTryWithTimerCOfTheFirstAndPassOnItsLate2xx() {
        // given
        final SentMessage second = secondTryAfterLongRinging();

        // when
        peers.advanceMs(5_000);

        // then
        peers.assertSentTo(CALLER, "500 INVITE");
        peers.answer(second, 200, "b2", CONTACT);
        peers.assertSentTo(CALLER, "200 INVITE");
        peers.assertQuiet();
    }

    @Test
    void shouldLetALaterTryRingOnPastTimerCOfTheFirst() {
        // given
        final SentMessage second = secondTryAfterLongRinging();
        peers.answer(second, 180, "b2");

        // when
        peers.advanceMs(60_000);

        // then
        peers.sent();
        peers.answer(second, 200, "b2", CONTACT);
        peers.only("200 INVITE");
        peers.assertQuiet();
    }

    /** The first peer rings for almost as long as timer C and is then not available. */
    private SentMessage secondTryAfterLongRinging() {
        final SentMessage first = peers.invite("c1");
        peers.answer(first, 180, "b1");
        peers.advanceMs(180_000);
        peers.answer(first, 503, "b1");
        return peers.last("INVITE");
    }
}
