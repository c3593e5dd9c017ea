package org.tandemsip.engine.proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.tandemsip.engine.proxy.ProxyHarness.A1;
import static org.tandemsip.engine.proxy.ProxyHarness.B1;
import static org.tandemsip.engine.proxy.ProxyHarness.CALLER;
import static org.tandemsip.engine.proxy.SipText.CONTACT;

import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.engine.routing.Trunk;

/** Calls in progress: how many there may be, and that every call gives back what it took. */
@Timeout(10)
class CallLimitsTest {
    private final Trunk callers = ProxyHarness.trunk(0, "callers", CALLER);
    private final Trunk carrier = ProxyHarness.limited(1, "a", A1, 1);
    private final Trunk backup = ProxyHarness.trunk(2, "b", B1);
    private ProxyHarness proxy = ProxyHarness.of(callers, List.of(carrier), List.of());

    @AfterEach
    void shouldHaveGivenEverythingBack() {
        proxy.advanceMs(13 * 3_600_000L);
        proxy.assertQuiet();
        assertCalls(0);
        assertEquals(0, carrier.peers().getFirst().state().calls());
        assertEquals(0, proxy.total().calls());
    }

    private void assertCalls(final int expected) {
        assertEquals(expected, carrier.state().calls());
    }

    @Test
    void shouldNameThePlaceOfTheCallInItsRecordRoute() {
        final SentMessage success = proxy.established("c1");

        final String first = success.headers("Record-Route").getFirst();
        assertTrue(first.matches("<sip:[^;]+;lr;tk=[0-9a-f]{32}>"), first);
        proxy.answer(proxy.bye(success, 2), 200, "b1");
        proxy.sent();
        assertCalls(0);
        final String next = proxy.established("c2").headers("Record-Route").getFirst();
        assertEquals(first.substring(first.length() - 17, first.length() - 9),
                next.substring(next.length() - 17, next.length() - 9), "shard and slot");
        assertNotEquals(first.substring(first.length() - 9), next.substring(next.length() - 9), "generation");
        // A late BYE of the call before ends nothing.
        proxy.receive(CALLER, SipText.inDialog("BYE", CALLER, success, 3));
        proxy.answer(proxy.only("BYE"), 481, "b1");
        assertCalls(1);
    }

    @Test
    void shouldRefuseCallsPastTheLimitUntilTheByeIsAnswered() {
        final SentMessage success = proxy.established("c1");
        assertCalls(1);
        proxy.assertRefused("c2");
        assertEquals(1, proxy.counters.get(Counter.LIMITED_CALLS));

        final SentMessage bye = proxy.bye(success, 2);
        proxy.assertRefused("c3");
        proxy.answer(bye, 200, "b1");

        assertCalls(0);
        assertEquals("INVITE", proxy.invite("c4").summary());
        assertCalls(1);
    }

    @Test
    void shouldGiveRoomBackWhenTheCallIsRefused() {
        proxy.answer(proxy.invite("c1"), 486, "b1");
        assertCalls(0);
        assertEquals("INVITE", proxy.invite("c2").summary());
    }

    @Test
    void shouldGiveRoomBackWhenTheCallerCancels() {
        final String text = SipText.invite(CALLER, "c1");
        final SentMessage invite = proxy.call(text).getFirst();
        proxy.answer(invite, 180, "b1");
        proxy.receive(CALLER, SipText.cancel(text));
        proxy.answer(invite, 487, "b1");
        assertCalls(0);
    }

    @Test
    void shouldGiveRoomBackWhenNobodyAnswers() {
        proxy.invite("c1");
        proxy.advanceMs(33_000);
        assertCalls(0);
    }

    @Test
    void shouldGiveRoomBackWhenNobodyAnswersTheBye() {
        proxy.bye(proxy.established("c1"), 2);
        proxy.advanceMs(33_000);
        assertCalls(0);
    }

    @Test
    void shouldKeepCountingWhenTheByeIsChallenged() {
        final SentMessage success = proxy.established("c1");
        proxy.answer(proxy.bye(success, 2), 407, "b1");
        assertCalls(1);
        proxy.sent();
        proxy.answer(proxy.bye(success, 3), 200, "b1");
        assertCalls(0);
    }

    @Test
    void shouldForgetTheCallWhenItsSessionIsNotRefreshed() {
        proxy.established("c1", "Session-Expires: 90;refresher=uac");
        proxy.advanceMs(90_000);
        assertCalls(1);
        proxy.advanceMs(62_000);
        assertCalls(0);
        assertEquals(1, proxy.counters.get(Counter.CALLS_LOST));
    }

    @Test
    void shouldTakeNoSessionForShorterThanItCanBeNorForLongerThanACallLasts() {
        proxy.established("c1", "Session-Expires: 1");
        proxy.advanceMs(90_000);
        assertCalls(1);
        proxy.advanceMs(62_000);
        assertCalls(0);

        proxy.established("c2", "Session-Expires: 18446744074");
        proxy.advanceMs(62_000);
        assertCalls(1);
    }

    @Test
    void shouldNotTakeTheAnswerToAByeForARefresh() {
        // given: two dialogs, one of which ends
        final SentMessage invite = proxy.invite("c1");
        proxy.answer(invite, 200, "b1", CONTACT, "Session-Expires: 90");
        proxy.answer(invite, 200, "b2", CONTACT, "Session-Expires: 90");
        final SentMessage other = proxy.sent().getLast();
        proxy.advanceMs(80_000);
        proxy.sent();

        proxy.answer(proxy.bye(other, 2), 200, "b2");

        assertCalls(1);
        proxy.advanceMs(75_000);
        assertCalls(0);
    }

    @Test
    void shouldCountOnWhenTheSessionIsRefreshed() {
        final SentMessage success = proxy.established("c1", "x: 90");
        proxy.advanceMs(80_000);
        proxy.sent();
        proxy.receive(CALLER, SipText.inDialog("UPDATE", CALLER, success, 2));
        proxy.answer(proxy.only("UPDATE"), 200, "b1", "Session-Expires: 90");
        proxy.advanceMs(110_000);
        assertCalls(1);
        proxy.advanceMs(50_000);
        assertCalls(0);
    }

    @Test
    void shouldForgetTheCallAfterTheLongestTimeWhenItsByeIsLost() {
        proxy.established("c1");
        proxy.advanceMs(12 * 3_600_000L - 60_000);
        assertCalls(1);
        proxy.advanceMs(120_000);
        assertCalls(0);
    }

    @Test
    void shouldCountOneCallWhenItIsForkedFurtherOn() {
        final SentMessage invite = proxy.invite("c1");
        proxy.answer(invite, 200, "b1", CONTACT);
        final SentMessage one = proxy.only("200 INVITE");
        proxy.answer(invite, 200, "b2", CONTACT);
        final SentMessage other = proxy.only("200 INVITE");
        assertCalls(1);

        proxy.answer(proxy.bye(other, 2), 200, "b2");
        assertCalls(1);
        proxy.sent();
        proxy.answer(proxy.bye(one, 3), 200, "b1");
        assertCalls(0);
    }

    @Test
    void shouldUseTheBackupTrunkWhenTheFirstIsFull() {
        proxy = ProxyHarness.of(callers, List.of(carrier), List.of(backup));
        proxy.established("c1");
        final SentMessage second = proxy.invite("c2");
        assertEquals(B1.hostPort(), second.to());
    }

    @Test
    void shouldCountCallsOfTheTrunkTheyComeFrom() {
        final Trunk few = ProxyHarness.limited(0, "callers", CALLER, 1);
        proxy = ProxyHarness.of(few, List.of(backup), List.of());
        final SentMessage invite = proxy.invite("c1");
        assertEquals(1, few.state().calls());
        proxy.assertRefused("c2");
        proxy.answer(invite, 486, "b1");
        assertEquals(0, few.state().calls());
    }

    @Test
    void shouldCountAnAnsweredCallFromALimitedTrunkUntilItsByeIsAnswered() {
        final Trunk few = ProxyHarness.limited(0, "callers", CALLER, 1);
        proxy = ProxyHarness.of(few, List.of(backup), List.of());
        final SentMessage success = proxy.established("c1");
        assertEquals(1, few.state().calls());
        proxy.assertRefused("c2");

        final SentMessage bye = proxy.bye(success, 2);
        assertEquals(1, few.state().calls());
        proxy.answer(bye, 200, "b1");

        assertEquals(0, few.state().calls());
        assertEquals(0, backup.state().calls());
        assertEquals("INVITE", proxy.invite("c3").summary());
    }

    @Test
    void shouldEndACallFromALimitedTrunkOnceWhateverItsCalleesAnswer() {
        final Trunk few = ProxyHarness.limited(0, "callers", CALLER, 1);
        proxy = ProxyHarness.of(few, List.of(backup), List.of());
        final SentMessage invite = proxy.invite("c1");
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
        final SentMessage success = proxy.established("c1");
        final SentMessage bye = proxy.bye(success, 2);
        assertCalls(1);
        proxy.answer(bye, 200, "b1");
        assertCalls(0);
    }

    @Test
    void shouldEndTheCallWhenItsByeIsRefusedHere() {
        final SentMessage success = proxy.established("c1");
        proxy.receive(CALLER, SipText.inDialog("BYE", CALLER, success, 2).replace("Max-Forwards: 70",
                "Max-Forwards: 0"));
        proxy.only("483 BYE");
        assertCalls(0);
    }

    @Test
    void shouldCountACallWhosePreloadedRouteNamesThePeer() {
        final SentMessage invite = proxy.invite("c1", "Route: <sip:10.0.1.1;lr>");
        assertCalls(1);
        proxy.receive(CALLER, SipText.invite(CALLER, "c2", "Route: <sip:10.0.1.1;lr>"));
        assertEquals("503 INVITE", proxy.sent().getLast().summary());
        proxy.answer(invite, 486, "b1");
        carrier.state().rate(1);
        proxy.answer(proxy.invite("c3", "Route: <sip:10.0.1.1;lr>"), 486, "b3");
        proxy.sent();
        proxy.receive(CALLER, SipText.invite(CALLER, "c4", "Route: <sip:10.0.1.1;lr>"));
        assertEquals("503 INVITE", proxy.sent().getLast().summary());
    }

    @Test
    void shouldCountACallThatOnlyPretendsToBeInsideADialog() {
        final SentMessage invite = proxy.call(withToTag(SipText.invite(CALLER, "c1"))).getFirst();
        assertCalls(1);
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
        final SentMessage success = proxy.established("c1");
        callers.state().rate(1);
        assertTrue(callers.state().tryBegin(proxy.nowNs));
        proxy.receive(CALLER, SipText.inDialog("INVITE", CALLER, success, 2));
        proxy.answer(proxy.sent().getLast(), 200, "b1", CONTACT);
        assertCalls(1);
        // As from a device that leaves the Route out (GB/T 28181).
        proxy.sent();
        final String bare = SipText.inDialog("INVITE", CALLER, success, 3).replaceAll("Route: [^\r]*\r\n", "");
        proxy.receive(CALLER, bare);
        final SentMessage again = proxy.sent().getLast();
        assertEquals("INVITE", again.summary());
        proxy.answer(again, 200, "b1", CONTACT);
        assertCalls(1);
    }

    @Test
    void shouldRefuseCallsPastTheLimitOverAllTrunks() {
        // given: room for two, on trunks without a limit of their own
        final Trunk first = ProxyHarness.trunk(1, "a", A1);
        proxy = ProxyHarness.of(callers, List.of(first), List.of(backup));
        proxy.mostCalls(2);
        final SentMessage success = proxy.established("c1");
        final SentMessage ringing = proxy.invite("c2");
        assertEquals(2, proxy.total().calls());

        // then: not even the backup is tried
        proxy.assertRefused("c3");
        assertEquals(1, proxy.counters.get(Counter.LIMITED_CALLS));
        assertEquals(2, proxy.total().calls());

        // and: each end gives room back
        proxy.answer(ringing, 486, "b1");
        assertEquals(1, proxy.total().calls());
        proxy.sent();
        proxy.answer(proxy.bye(success, 2), 200, "b1");
        assertEquals(0, proxy.total().calls());
        assertEquals("INVITE", proxy.invite("c4").summary());
    }

    @Test
    void shouldCountACallOnceOverAllTrunksHoweverOftenItForks() {
        proxy = ProxyHarness.of(callers, List.of(ProxyHarness.trunk(1, "a", A1), backup), List.of());
        proxy.mostCalls(1);
        final List<SentMessage> invites = proxy.call(SipText.invite(CALLER, "c1"));
        assertEquals(2, invites.size());
        assertEquals(1, proxy.total().calls());
        invites.forEach(invite -> proxy.answer(invite, 200, "b" + invite.to(), CONTACT));
        assertEquals(1, proxy.total().calls());
    }

    @Test
    void shouldKeepNoRoomInATrunkForACallThatFindsNoneOverAll() {
        final Trunk few = ProxyHarness.limited(0, "callers", CALLER, 5);
        proxy = ProxyHarness.of(few, List.of(backup), List.of());
        proxy.mostCalls(1);
        proxy.established("c1");
        proxy.assertRefused("c2");
        assertEquals(1, few.state().calls());
        assertEquals(1, proxy.total().calls());
    }

    @Test
    void shouldGiveBackWhatCountedOverAllTrunksWhenThatLimitIsGone() {
        proxy = ProxyHarness.of(callers, List.of(backup), List.of());
        proxy.mostCalls(1);
        final SentMessage success = proxy.established("c1");
        proxy.mostCalls(0);
        assertEquals(1, proxy.total().calls());
        proxy.answer(proxy.bye(success, 2), 200, "b1");
        assertEquals(0, proxy.total().calls());
    }

    @Test
    void shouldUseUpNoRateForACallThatFindsNoRoomOverAll() {
        proxy = ProxyHarness.of(callers, List.of(backup), List.of());
        proxy.mostCalls(1);
        proxy.total().rate(2);
        callers.state().rate(2);
        final SentMessage invite = proxy.invite("c1");
        proxy.assertRefused("c2");
        proxy.answer(invite, 486, "b1");
        assertEquals("INVITE", proxy.invite("c3").summary());
    }

    @Test
    void shouldRefuseNoEmergencyForTheLimitOverAllTrunks() {
        proxy = ProxyHarness.of(callers, List.of(backup), List.of());
        proxy.mostCalls(1);
        proxy.invite("c1");
        proxy.assertRefused("c2");
        final String sos = SipText.invite(CALLER, "e1").replace("sip:bob@example.com SIP", "urn:service:sos SIP");
        assertEquals("INVITE", proxy.call(sos).getFirst().summary());
        assertEquals(2, proxy.total().calls());
    }

    @Test
    void shouldRefuseNoEmergencyForALimit() {
        final Trunk few = ProxyHarness.limited(0, "callers", CALLER, 1);
        proxy = ProxyHarness.of(few, List.of(carrier), List.of());
        proxy.emergencies("112");
        few.state().rate(1);
        carrier.state().rate(1);
        proxy.total().rate(1);
        proxy.invite("c1");
        proxy.assertRefused("c2");
        int calls = 1;
        for (final String uri : List.of("urn:service:sos", "URN:service:sos.fire", "sip:112@example.com", "tel:112",
                "tel:112;phone-context=+49", "sips:112@example.com")) {
            if (!uri.startsWith("sips")) {
                final String request =
                        SipText.invite(CALLER, "e" + calls).replace("sip:bob@example.com SIP", uri + " SIP");
                assertEquals("INVITE", proxy.call(request).getFirst().summary(), uri);
                assertCalls(++calls);
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
