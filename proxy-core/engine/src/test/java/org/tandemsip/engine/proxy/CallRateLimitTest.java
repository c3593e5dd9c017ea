package org.tandemsip.engine.proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.tandemsip.engine.proxy.ProxyHarness.A1;
import static org.tandemsip.engine.proxy.ProxyHarness.A2;
import static org.tandemsip.engine.proxy.ProxyHarness.B1;
import static org.tandemsip.engine.proxy.ProxyHarness.CALLER;

import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.engine.routing.Trunk;

/** Calls per second: what is refused, and that a call which another limit refuses uses up nothing. */
@Timeout(10)
class CallRateLimitTest {
    private final Trunk callers = ProxyHarness.trunk(0, "callers", CALLER);
    private final Trunk carrier = ProxyHarness.limited(1, "a", A1, 1);
    private final Trunk backup = ProxyHarness.trunk(2, "b", B1);
    private ProxyHarness proxy = ProxyHarness.of(callers, List.of(carrier), List.of());

    @AfterEach
    void shouldHaveGivenEverythingBack() {
        proxy.advanceMs(13 * 3_600_000L);
        proxy.assertQuiet();
        assertEquals(0, carrier.state().calls());
        assertEquals(0, carrier.peers().getFirst().state().calls());
    }

    @Test
    void shouldRefuseCallsPastTheRateUntilASecondHasPassed() {
        proxy = ProxyHarness.of(callers, List.of(backup), List.of());
        callers.state().rate(2);
        proxy.invite("c1");
        proxy.advanceMs(600);
        proxy.invite("c2");
        proxy.assertRefused("c3");
        proxy.advanceMs(400);
        assertEquals("INVITE", proxy.invite("c4").summary());
        proxy.assertRefused("c5");
        assertEquals(2, proxy.counters.get(Counter.LIMITED_RATE));
    }

    @Test
    void shouldNotUseUpTheRateOverAllTrunksWhenTheTrunkRefuses() {
        proxy = ProxyHarness.of(callers, List.of(backup), List.of());
        callers.state().rate(1);
        proxy.total().rate(2);
        proxy.invite("c1");
        proxy.assertRefused("c2");
        assertTrue(proxy.total().tryBegin(proxy.nowNs));
        assertFalse(proxy.total().tryBegin(proxy.nowNs));
    }

    @Test
    void shouldNotUseUpTheRateWhenTheTrunkItComesFromIsFull() {
        final Trunk few = ProxyHarness.limited(0, "callers", CALLER, 1);
        proxy = ProxyHarness.of(few, List.of(backup), List.of());
        few.state().rate(2);
        assertRefusalsUseUpNothing();
    }

    @Test
    void shouldNotUseUpTheRateWhenTheTrunkItGoesToIsFull() {
        carrier.state().rate(2);
        assertRefusalsUseUpNothing();
    }

    @Test
    void shouldNotUseUpTheRateOfTheCallerWhenTheTrunkItCallsIsFull() {
        callers.state().rate(2);
        proxy.total().rate(2);
        assertRefusalsUseUpNothing();
    }

    /** With room for one call at a time and a rate of two: the second goes through once the first has ended. */
    private void assertRefusalsUseUpNothing() {
        final SentMessage invite = proxy.invite("c1");
        for (int i = 0; i < 3; i++) {
            proxy.assertRefused("full" + i);
        }
        proxy.answer(invite, 486, "b1");
        assertEquals("INVITE", proxy.invite("c2").summary());
    }

    @Test
    void shouldAskForTheRateOnceThoughAnotherPeerIsTried() {
        final Trunk pair = ProxyHarness.trunk(1, "a", A1, A2);
        proxy = ProxyHarness.of(callers, List.of(pair), List.of());
        pair.state().rate(1);
        proxy.answer(proxy.invite("c1"), 503, "b1");
        final SentMessage second = proxy.sent().getLast();
        assertEquals("INVITE", second.summary());
        proxy.answer(second, 486, "b2");

        proxy.assertRefused("c2");
        assertEquals(1, pair.state().refusedRate());
        assertEquals(1, proxy.counters.get(Counter.LIMITED_RATE));
    }

    @Test
    void shouldUseTheBackupTrunkWhenTheFirstTakesNoMoreInThisSecond() {
        proxy = ProxyHarness.of(callers, List.of(carrier), List.of(backup));
        carrier.state().rate(1);
        proxy.answer(proxy.invite("c1"), 486, "b1");
        assertEquals(B1.hostPort(), proxy.invite("c2").to());
    }
}
