package org.tandemsip.engine.proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
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
import org.tandemsip.engine.routing.Balance;
import org.tandemsip.engine.routing.Ping;
import org.tandemsip.engine.routing.Trunk;
import org.tandemsip.engine.routing.TrunkState;

/** Calls in progress and calls per second: what is refused, and that every call gives back what it took. */
@Timeout(10)
class CallLimitsTest {
    private static final String CONTACT = "Contact: <sip:bob@10.0.1.1:5060>";

    private final Trunk callers = ProxyHarness.trunk(0, "callers", CALLER);
    private final Trunk carrier = limited(1, "a", A1, 1);
    private final Trunk backup = ProxyHarness.trunk(2, "b", B1);
    private ProxyHarness proxy = ProxyHarness.of(callers, List.of(carrier), List.of());

    private static Trunk limited(final int index, final String name, final Endpoint peer, final int maxCalls) {
        return new Trunk(index, name, Endpoint.peers(null, peer), List.of(), new int[] {503}, 0, Balance.CALL_ID,
                maxCalls, 0, Ping.OFF, new TrunkState());
    }

    @AfterEach
    void shouldHaveGivenEverythingBack() {
        proxy.advanceMs(13 * 3_600_000L);
        proxy.assertQuiet();
        assertEquals(0, carrier.state().calls());
        assertEquals(0, carrier.peers().getFirst().state().calls());
    }

    private SentMessage invite(final String callId) {
        return proxy.call(SipText.invite(CALLER, callId)).getFirst();
    }

    private SentMessage established(final String callId, final String... headers) {
        final SentMessage invite = invite(callId);
        final String[] all = java.util.Arrays.copyOf(headers, headers.length + 1);
        all[headers.length] = CONTACT;
        proxy.answer(invite, 200, "b1", all);
        final SentMessage success = proxy.only("200 INVITE");
        proxy.receive(CALLER, SipText.inDialog("ACK", CALLER, success, 1));
        proxy.only("ACK");
        return success;
    }

    private SentMessage bye(final SentMessage success, final int cseq) {
        proxy.receive(CALLER, SipText.inDialog("BYE", CALLER, success, cseq));
        return proxy.only("BYE");
    }

    private void assertRefused(final String callId) {
        proxy.sent();
        proxy.receive(CALLER, SipText.invite(CALLER, callId));
        final List<SentMessage> sent = proxy.sent();
        assertEquals("503 INVITE", sent.getLast().summary());
        // RFC 3261 section 21.5.4: with it the caller would have to leave all other trunks alone as well.
        assertFalse(sent.getLast().text().contains("Retry-After"));
    }

    @Test
    void shouldNameThePlaceOfTheCallInItsRecordRoute() {
        final SentMessage success = established("c1");

        final String first = success.headers("Record-Route").getFirst();
        assertTrue(first.matches("<sip:[^;]+;lr;tk=[0-9a-f]{32}>"), first);
        proxy.answer(bye(success, 2), 200, "b1");
        proxy.sent();
        assertEquals(0, carrier.state().calls());
        final String next = established("c2").headers("Record-Route").getFirst();
        assertEquals(first.substring(first.length() - 17, first.length() - 9),
                next.substring(next.length() - 17, next.length() - 9), "shard and slot");
        assertNotEquals(first.substring(first.length() - 9), next.substring(next.length() - 9), "generation");
        // A late BYE of the call before ends nothing.
        proxy.receive(CALLER, SipText.inDialog("BYE", CALLER, success, 3));
        proxy.answer(proxy.only("BYE"), 481, "b1");
        assertEquals(1, carrier.state().calls());
    }

    @Test
    void shouldRefuseCallsPastTheLimitUntilTheByeIsAnswered() {
        final SentMessage success = established("c1");
        assertEquals(1, carrier.state().calls());
        assertRefused("c2");
        assertEquals(1, proxy.counters.get(Counter.LIMITED_CALLS));

        final SentMessage bye = bye(success, 2);
        assertRefused("c3");
        proxy.answer(bye, 200, "b1");

        assertEquals(0, carrier.state().calls());
        assertEquals("INVITE", invite("c4").summary());
        assertEquals(1, carrier.state().calls());
    }

    @Test
    void shouldGiveRoomBackWhenTheCallIsRefused() {
        proxy.answer(invite("c1"), 486, "b1");
        assertEquals(0, carrier.state().calls());
        assertEquals("INVITE", invite("c2").summary());
    }

    @Test
    void shouldGiveRoomBackWhenTheCallerCancels() {
        final String text = SipText.invite(CALLER, "c1");
        final SentMessage invite = proxy.call(text).getFirst();
        proxy.answer(invite, 180, "b1");
        proxy.receive(CALLER, SipText.cancel(text));
        proxy.answer(invite, 487, "b1");
        assertEquals(0, carrier.state().calls());
    }

    @Test
    void shouldGiveRoomBackWhenNobodyAnswers() {
        invite("c1");
        proxy.advanceMs(33_000);
        assertEquals(0, carrier.state().calls());
    }

    @Test
    void shouldGiveRoomBackWhenNobodyAnswersTheBye() {
        bye(established("c1"), 2);
        proxy.advanceMs(33_000);
        assertEquals(0, carrier.state().calls());
    }

    @Test
    void shouldKeepCountingWhenTheByeIsChallenged() {
        final SentMessage success = established("c1");
        proxy.answer(bye(success, 2), 407, "b1");
        assertEquals(1, carrier.state().calls());
        proxy.sent();
        proxy.answer(bye(success, 3), 200, "b1");
        assertEquals(0, carrier.state().calls());
    }

    @Test
    void shouldForgetTheCallWhenItsSessionIsNotRefreshed() {
        established("c1", "Session-Expires: 90;refresher=uac");
        proxy.advanceMs(90_000);
        assertEquals(1, carrier.state().calls());
        proxy.advanceMs(62_000);
        assertEquals(0, carrier.state().calls());
        assertEquals(1, proxy.counters.get(Counter.CALLS_LOST));
    }

    @Test
    void shouldTakeNoSessionForShorterThanItCanBeNorForLongerThanACallLasts() {
        established("c1", "Session-Expires: 1");
        proxy.advanceMs(90_000);
        assertEquals(1, carrier.state().calls());
        proxy.advanceMs(62_000);
        assertEquals(0, carrier.state().calls());

        established("c2", "Session-Expires: 18446744074");
        proxy.advanceMs(62_000);
        assertEquals(1, carrier.state().calls());
    }

    @Test
    void shouldNotTakeTheAnswerToAByeForARefresh() {
        // given: two dialogs, one of which ends
        final SentMessage invite = invite("c1");
        proxy.answer(invite, 200, "b1", CONTACT, "Session-Expires: 90");
        proxy.answer(invite, 200, "b2", CONTACT, "Session-Expires: 90");
        final SentMessage other = proxy.sent().getLast();
        proxy.advanceMs(80_000);
        proxy.sent();

        proxy.answer(bye(other, 2), 200, "b2");

        assertEquals(1, carrier.state().calls());
        proxy.advanceMs(75_000);
        assertEquals(0, carrier.state().calls());
    }

    @Test
    void shouldCountOnWhenTheSessionIsRefreshed() {
        final SentMessage success = established("c1", "x: 90");
        proxy.advanceMs(80_000);
        proxy.sent();
        proxy.receive(CALLER, SipText.inDialog("UPDATE", CALLER, success, 2));
        proxy.answer(proxy.only("UPDATE"), 200, "b1", "Session-Expires: 90");
        proxy.advanceMs(110_000);
        assertEquals(1, carrier.state().calls());
        proxy.advanceMs(50_000);
        assertEquals(0, carrier.state().calls());
    }

    @Test
    void shouldForgetTheCallAfterTheLongestTimeWhenItsByeIsLost() {
        established("c1");
        proxy.advanceMs(12 * 3_600_000L - 60_000);
        assertEquals(1, carrier.state().calls());
        proxy.advanceMs(120_000);
        assertEquals(0, carrier.state().calls());
    }

    @Test
    void shouldCountOneCallWhenItIsForkedFurtherOn() {
        final SentMessage invite = invite("c1");
        proxy.answer(invite, 200, "b1", CONTACT);
        final SentMessage one = proxy.only("200 INVITE");
        proxy.answer(invite, 200, "b2", CONTACT);
        final SentMessage other = proxy.only("200 INVITE");
        assertEquals(1, carrier.state().calls());

        proxy.answer(bye(other, 2), 200, "b2");
        assertEquals(1, carrier.state().calls());
        proxy.sent();
        proxy.answer(bye(one, 3), 200, "b1");
        assertEquals(0, carrier.state().calls());
    }

    @Test
    void shouldUseTheBackupTrunkWhenTheFirstIsFull() {
        proxy = ProxyHarness.of(callers, List.of(carrier), List.of(backup));
        established("c1");
        final SentMessage second = invite("c2");
        assertEquals(B1.hostPort(), second.to());
    }

    @Test
    void shouldCountCallsOfTheTrunkTheyComeFrom() {
        final Trunk few = limited(0, "callers", CALLER, 1);
        proxy = ProxyHarness.of(few, List.of(backup), List.of());
        final SentMessage invite = invite("c1");
        assertEquals(1, few.state().calls());
        assertRefused("c2");
        proxy.answer(invite, 486, "b1");
        assertEquals(0, few.state().calls());
    }

    @Test
    void shouldCountAnAnsweredCallFromALimitedTrunkUntilItsByeIsAnswered() {
        final Trunk few = limited(0, "callers", CALLER, 1);
        proxy = ProxyHarness.of(few, List.of(backup), List.of());
        final SentMessage success = established("c1");
        assertEquals(1, few.state().calls());
        assertRefused("c2");

        final SentMessage bye = bye(success, 2);
        assertEquals(1, few.state().calls());
        proxy.answer(bye, 200, "b1");

        assertEquals(0, few.state().calls());
        assertEquals(0, backup.state().calls());
        assertEquals("INVITE", invite("c3").summary());
    }

    @Test
    void shouldEndACallFromALimitedTrunkOnceWhateverItsCalleesAnswer() {
        final Trunk few = limited(0, "callers", CALLER, 1);
        proxy = ProxyHarness.of(few, List.of(backup), List.of());
        final SentMessage invite = invite("c1");
        for (int i = 0; i < 100; i++) {
            proxy.answer(invite, 200, "b" + i, CONTACT);
        }
        final SentMessage success = proxy.sent().getFirst();
        assertEquals(1, few.state().calls());

        for (int i = 0; i < 4; i++) {
            final String bye = SipText.inDialog("BYE", CALLER, success, 2 + i).replace(";tag=b0", ";tag=b" + i);
            proxy.receive(CALLER, bye);
            proxy.answer(proxy.sent().getLast(), 200, null);
        }
        assertEquals(0, few.state().calls());
    }

    @Test
    void shouldSeeTheByeWhenOnlyItsRouteKeepsState() {
        proxy = ProxyHarness.statelessButForRoutes(callers, carrier);
        final SentMessage success = established("c1");
        final SentMessage bye = bye(success, 2);
        assertEquals(1, carrier.state().calls());
        proxy.answer(bye, 200, "b1");
        assertEquals(0, carrier.state().calls());
    }

    @Test
    void shouldEndTheCallWhenItsByeIsRefusedHere() {
        final SentMessage success = established("c1");
        proxy.receive(CALLER, SipText.inDialog("BYE", CALLER, success, 2).replace("Max-Forwards: 70",
                "Max-Forwards: 0"));
        proxy.only("483 BYE");
        assertEquals(0, carrier.state().calls());
    }

    @Test
    void shouldRefuseCallsPastTheRateUntilASecondHasPassed() {
        proxy = ProxyHarness.of(callers, List.of(backup), List.of());
        callers.state().rate(2);
        invite("c1");
        proxy.advanceMs(600);
        invite("c2");
        assertRefused("c3");
        proxy.advanceMs(400);
        assertEquals("INVITE", invite("c4").summary());
        assertRefused("c5");
        assertEquals(2, proxy.counters.get(Counter.LIMITED_RATE));
    }

    @Test
    void shouldNotUseUpTheRateOverAllTrunksWhenTheTrunkRefuses() {
        proxy = ProxyHarness.of(callers, List.of(backup), List.of());
        callers.state().rate(1);
        proxy.total().rate(2);
        invite("c1");
        assertRefused("c2");
        assertTrue(proxy.total().tryBegin(proxy.nowNs));
        assertFalse(proxy.total().tryBegin(proxy.nowNs));
    }

    @Test
    void shouldNotUseUpTheRateWhenTheTrunkItComesFromIsFull() {
        final Trunk few = limited(0, "callers", CALLER, 1);
        proxy = ProxyHarness.of(few, List.of(backup), List.of());
        few.state().rate(2);
        final SentMessage invite = invite("c1");
        assertRefused("c2");
        proxy.answer(invite, 486, "b1");
        assertEquals("INVITE", invite("c3").summary());
    }

    @Test
    void shouldNotUseUpTheRateWhenTheTrunkItGoesToIsFull() {
        carrier.state().rate(2);
        final SentMessage invite = invite("c1");
        assertRefused("c2");
        proxy.answer(invite, 486, "b1");
        assertEquals("INVITE", invite("c3").summary());
    }

    @Test
    void shouldAskForTheRateOnceThoughAnotherPeerIsTried() {
        final Trunk pair = ProxyHarness.trunk(1, "a", A1, A2);
        proxy = ProxyHarness.of(callers, List.of(pair), List.of());
        pair.state().rate(1);
        proxy.answer(invite("c1"), 503, "b1");
        final SentMessage second = proxy.sent().getLast();
        assertEquals("INVITE", second.summary());
        proxy.answer(second, 486, "b2");

        assertRefused("c2");
        assertEquals(1, pair.state().refusedRate());
        assertEquals(1, proxy.counters.get(Counter.LIMITED_RATE));
    }

    @Test
    void shouldUseTheBackupTrunkWhenTheFirstTakesNoMoreInThisSecond() {
        proxy = ProxyHarness.of(callers, List.of(carrier), List.of(backup));
        carrier.state().rate(1);
        proxy.answer(invite("c1"), 486, "b1");
        assertEquals(B1.hostPort(), invite("c2").to());
    }

    @Test
    void shouldCountACallWhosePreloadedRouteNamesThePeer() {
        final SentMessage invite = proxy.call(SipText.invite(CALLER, "c1", "Route: <sip:10.0.1.1;lr>")).getFirst();
        assertEquals(1, carrier.state().calls());
        proxy.receive(CALLER, SipText.invite(CALLER, "c2", "Route: <sip:10.0.1.1;lr>"));
        assertEquals("503 INVITE", proxy.sent().getLast().summary());
        proxy.answer(invite, 486, "b1");
        carrier.state().rate(1);
        proxy.answer(proxy.call(SipText.invite(CALLER, "c3", "Route: <sip:10.0.1.1;lr>")).getFirst(), 486, "b3");
        proxy.sent();
        proxy.receive(CALLER, SipText.invite(CALLER, "c4", "Route: <sip:10.0.1.1;lr>"));
        assertEquals("503 INVITE", proxy.sent().getLast().summary());
    }

    @Test
    void shouldCountACallThatOnlyPretendsToBeInsideADialog() {
        final SentMessage invite = proxy.call(withToTag(SipText.invite(CALLER, "c1"))).getFirst();
        assertEquals(1, carrier.state().calls());
        proxy.receive(CALLER, withToTag(SipText.invite(CALLER, "c2")));
        assertEquals("503 INVITE", proxy.sent().getLast().summary());
        proxy.answer(invite, 481, null);

        carrier.state().rate(1);
        callers.state().rate(1);
        proxy.answer(proxy.call(withToTag(SipText.invite(CALLER, "c3"))).getFirst(), 481, null);
        proxy.sent();
        proxy.receive(CALLER, withToTag(SipText.invite(CALLER, "c4")));
        assertEquals("503 INVITE", proxy.sent().getLast().summary());
    }

    private static String withToTag(final String invite) {
        return invite.replace("To: <sip:bob@example.com>", "To: <sip:bob@example.com>;tag=made-up");
    }

    @Test
    void shouldTakeAnInviteInsideACountedCallForNoNewOne() {
        final SentMessage success = established("c1");
        callers.state().rate(1);
        assertTrue(callers.state().tryBegin(proxy.nowNs));
        proxy.receive(CALLER, SipText.inDialog("INVITE", CALLER, success, 2));
        proxy.answer(proxy.sent().getLast(), 200, "b1", CONTACT);
        assertEquals(1, carrier.state().calls());
        // As from a device that leaves the Route out (GB/T 28181).
        proxy.sent();
        final String bare = SipText.inDialog("INVITE", CALLER, success, 3).replaceAll("Route: [^\r]*\r\n", "");
        proxy.receive(CALLER, bare);
        final SentMessage again = proxy.sent().getLast();
        assertEquals("INVITE", again.summary());
        proxy.answer(again, 200, "b1", CONTACT);
        assertEquals(1, carrier.state().calls());
    }

    @Test
    void shouldNotUseUpTheRateOfTheCallerWhenTheTrunkItCallsIsFull() {
        callers.state().rate(2);
        proxy.total().rate(2);
        final SentMessage invite = invite("c1");
        for (int i = 0; i < 3; i++) {
            assertRefused("full" + i);
        }
        proxy.answer(invite, 486, "b1");
        assertEquals("INVITE", invite("c3").summary());
    }

    @Test
    void shouldRefuseNoEmergencyForALimit() {
        final Trunk few = limited(0, "callers", CALLER, 1);
        proxy = ProxyHarness.of(few, List.of(carrier), List.of());
        proxy.emergencies("112");
        few.state().rate(1);
        carrier.state().rate(1);
        proxy.total().rate(1);
        invite("c1");
        assertRefused("c2");
        int calls = 1;
        for (final String uri : List.of("urn:service:sos", "URN:service:sos.fire", "sip:112@example.com", "tel:112",
                "tel:112;phone-context=+49", "sips:112@example.com")) {
            if (!uri.startsWith("sips")) {
                final String request =
                        SipText.invite(CALLER, "e" + calls).replace("sip:bob@example.com SIP", uri + " SIP");
                assertEquals("INVITE", proxy.call(request).getFirst().summary(), uri);
                assertEquals(++calls, carrier.state().calls());
            }
        }
        for (final String uri : List.of("sip:1123@example.com", "sip:112", "tel:1", "urn:service:sosx",
                "sip:x@112")) {
            proxy.sent();
            proxy.receive(CALLER, SipText.invite(CALLER, "n" + uri.hashCode()).replace("sip:bob@example.com SIP",
                    uri + " SIP"));
            assertTrue(proxy.sent().getLast().summary().matches("503 INVITE|416 INVITE"), uri);
        }
        assertEquals(calls, few.state().calls());
        proxy.advanceMs(200_000);
        assertEquals(0, few.state().calls());
    }
}
