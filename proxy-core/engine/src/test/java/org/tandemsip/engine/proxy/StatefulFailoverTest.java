package org.tandemsip.engine.proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.tandemsip.engine.proxy.ProxyHarness.A1;
import static org.tandemsip.engine.proxy.ProxyHarness.A2;
import static org.tandemsip.engine.proxy.ProxyHarness.B1;
import static org.tandemsip.engine.proxy.ProxyHarness.CALLER;
import static org.tandemsip.engine.proxy.SipText.CONTACT;

import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tandemsip.engine.handler.Disposition;
import org.tandemsip.engine.routing.Balance;
import org.tandemsip.engine.routing.Ping;
import org.tandemsip.engine.routing.Trunk;
import org.tandemsip.engine.routing.TrunkState;
import org.tandemsip.engine.timer.Timing;

/** Serial forking and failover to the next peer: RFC 3261 sections 16.6 step 7 and 16.9. */
@Timeout(10)
class StatefulFailoverTest {
    private static final long TIMER_C_MS = Timing.DEFAULTS.timerCNs() / 1_000_000;

    private final ProxyHarness proxy = ProxyHarness.failover();

    @Test
    void shouldTryOnlyOnePeerAtFirst() {
        assertEquals(1, proxy.call(SipText.invite(CALLER, "c1")).size());
    }

    @Test
    void shouldFailOverToNextPeerWhenFirstTimesOut() {
        // given
        final SentMessage first = proxy.invite("c1");

        // when: timer B
        proxy.advanceMs(32_000);

        // then
        final SentMessage second = proxy.last("INVITE");
        assertOtherPeer(first, second);
        proxy.answer(second, 200, "b2", CONTACT);
        proxy.assertSentTo(CALLER, "200 INVITE");
        proxy.assertQuiet();
    }

    @Test
    void shouldFailOverToNextPeerWhenFirstSays503() {
        // given
        final SentMessage first = proxy.invite("c1");

        // when
        final Disposition disposition = proxy.answer(first, 503, "b1");

        // then
        assertEquals(Disposition.ABSORBED, disposition);
        final List<SentMessage> sent = proxy.sent();
        assertEquals(List.of("ACK", "INVITE"), SentMessage.summaries(sent));
        assertOtherPeer(first, sent.get(1));
    }

    @Test
    void shouldFailOverToNextPeerWhenFirstCannotBeReached() {
        // given
        final SentMessage first = proxy.invite("c1");

        // when: section 16.9
        proxy.fail(first);

        // then
        assertOtherPeer(first, proxy.only("INVITE"));
    }

    @Test
    void shouldFailOverToNextPeerWhenFirstRefusesDatagrams() {
        // given
        final SentMessage first = proxy.invite("c1");

        // when: section 18.4
        proxy.unreachable(first);

        // then
        final SentMessage second = proxy.only("INVITE");
        assertOtherPeer(first, second);

        // when: a report that comes twice, or about somebody else, or about an answered request
        proxy.unreachable(first);
        proxy.answer(second, 180, "b2", CONTACT);
        proxy.only("180 INVITE");
        proxy.unreachable(second);

        // then
        proxy.assertSent();
        proxy.answer(second, 200, "b2", CONTACT);
        proxy.only("200 INVITE");
        proxy.assertQuiet();
    }

    @Test
    void shouldGoOnWithTheLastPeerThoughItRefusesDatagramsForNow() {
        // given
        final SentMessage first = proxy.invite("c1");
        proxy.unreachable(first);
        final SentMessage second = proxy.only("INVITE");

        // when: a server that is being started
        proxy.unreachable(second);
        proxy.assertSent();
        proxy.advanceMs(600);

        // then: timer A
        final SentMessage again = proxy.only("INVITE");
        assertEquals(second.text(), again.text());
        proxy.answer(again, 200, "b2", CONTACT);
        proxy.only("200 INVITE");
        proxy.assertQuiet();
    }

    @Test
    void shouldWriteSameRequestToNextPeer() {
        // given
        final SentMessage first = proxy.invite("c1", "X-Unknown: kept");

        // when
        proxy.fail(first);

        // then: only our Via differs
        final SentMessage second = proxy.only("INVITE");
        assertEquals(first.text().replace(first.headers("Via").getFirst(), ""),
                second.text().replace(second.headers("Via").getFirst(), ""));
        assertEquals("69", second.header("Max-Forwards"));
    }

    @Test
    void shouldNotFailOverWhenPeerAnswers() {
        // given
        final SentMessage first = proxy.invite("c1");

        // when
        proxy.answer(first, 486, "b1");

        // then
        proxy.assertSent("ACK", "486 INVITE");
    }

    @Test
    void shouldSend500WhenAllPeersSay503() {
        // given
        final SentMessage first = proxy.invite("c1");
        proxy.answer(first, 503, "b1");
        final SentMessage second = proxy.last("INVITE");

        // when
        proxy.answer(second, 503, "b2");

        // then
        proxy.assertSentTo(CALLER, "500 INVITE");
        proxy.assertQuiet();
    }

    @Test
    void shouldSend408WhenAllPeersTimeOut() {
        // given
        proxy.call(SipText.invite(CALLER, "c1"));

        // when
        proxy.advanceMs(32_000);
        proxy.assertSentTo(CALLER);
        proxy.advanceMs(32_000);

        // then
        proxy.assertSentTo(CALLER, "408 INVITE");
    }

    @Test
    void shouldForwardAnswerOfSecondPeerRatherThan503OfFirst() {
        // given
        final SentMessage first = proxy.invite("c1");
        proxy.answer(first, 503, "b1");
        final SentMessage second = proxy.last("INVITE");

        // when
        final Disposition disposition = proxy.answer(second, 486, "b2");

        // then
        assertEquals(Disposition.FORWARDED, disposition);
        proxy.assertSentTo(CALLER, "486 INVITE");
    }

    @Test
    void shouldNotFailOverWhenCallerHasCancelled() {
        // given
        final String request = SipText.invite(CALLER, "c1");
        final SentMessage first = proxy.call(request).getFirst();
        proxy.receive(CALLER, SipText.cancel(request));
        proxy.only("200 CANCEL");

        // when
        proxy.fail(first);

        // then
        proxy.only("487 INVITE");
    }

    @Test
    void shouldForwardLate2xxOfFirstPeerWhileSecondIsTried() {
        // given: the first has said 503, which a 2xx may follow on another of its own branches
        final SentMessage first = proxy.invite("c1");
        proxy.answer(first, 503, "b1");
        final SentMessage second = proxy.last("INVITE");

        // when
        final Disposition disposition = proxy.answer(first, 200, "b1", CONTACT);

        // then: its client transaction is Completed; the second goes on
        assertEquals(Disposition.ABSORBED, disposition);
        proxy.answer(second, 200, "b2", CONTACT);
        proxy.assertSentTo(CALLER, "200 INVITE");
    }

    @Test
    void shouldFailOverNonInviteOnlyWhileCallerWaits() {
        // given
        proxy.receive(CALLER, SipText.request("MESSAGE", CALLER, "m1"));
        final SentMessage first = proxy.only("MESSAGE");

        // when
        proxy.fail(first);
        final SentMessage second = proxy.only("MESSAGE");
        assertOtherPeer(first, second);
        proxy.advanceMs(32_000);

        // then: the caller's timer F has run out as well
        assertTrue(
                proxy.sent().stream().allMatch(message -> message.status() == 100 || message.to().equals(second.to())));
        proxy.assertQuiet();
    }

    @Test
    void shouldNotFailOverNonInviteAfterTimerF() {
        // given
        proxy.receive(CALLER, SipText.request("MESSAGE", CALLER, "m1"));
        final SentMessage first = proxy.only("MESSAGE");

        // when
        proxy.advanceMs(32_000);

        // then
        assertTrue(proxy.sent().stream().filter(SentMessage::isRequest).allMatch(sent -> sent.to().equals(first.to())));
    }

    @Test
    void shouldTryBackupTrunkWhenFirstFails() {
        // given
        final ProxyHarness backup = ProxyHarness.backup();
        final SentMessage first = backup.invite("c1");
        assertEquals(A1.hostPort(), first.to());

        // when
        backup.answer(first, 503, "b1");

        // then
        assertEquals(B1.hostPort(), backup.last("INVITE").to());
    }

    @Test
    void shouldNotTryBackupTrunkAfter6xx() {
        // given
        final ProxyHarness backup = ProxyHarness.backup();
        final SentMessage first = backup.invite("c1");

        // when
        backup.answer(first, 603, "b1");

        // then: section 16.7 step 5
        backup.assertSent("ACK", "603 INVITE");
    }

    @Test
    void shouldGiveAllBreadthToNextGroup() {
        // given
        final SentMessage first = proxy.invite("c1", "Max-Breadth: 4");
        assertEquals("4", first.header("Max-Breadth"));

        // when
        proxy.answer(first, 503, "b1");

        // then: RFC 5393 section 5.3.3.1
        assertEquals("4", proxy.last("INVITE").header("Max-Breadth"));
    }

    @Test
    void shouldNotWriteMaxBreadthWhenTargetsAreTriedOneAfterTheOther() {
        // when
        final SentMessage first = proxy.invite("c1");
        proxy.answer(first, 503, "b1");

        // then
        assertEquals(List.of(), first.headers("Max-Breadth"));
        assertEquals(List.of(), proxy.last("INVITE").headers("Max-Breadth"));
    }

    @Test
    void shouldTryTheNextPeerWhenTheFirstIsSilentForLongerThanItsTrunkLets() {
        // given
        final ProxyHarness impatient = impatient();
        final SentMessage first = impatient.invite("c1");

        // when
        impatient.advanceMs(4_000);

        // then
        final SentMessage second = impatient.last("INVITE");
        assertOtherPeer(first, second);

        // when: the first one rings after all, it is cancelled and the caller hears nothing of it
        impatient.answer(first, 180, "b1");
        impatient.assertSent("CANCEL");

        // then: its answer, which has crossed the CANCEL, is passed on, and that of the second too (section 16.7)
        impatient.answer(first, 200, "b1", CONTACT);
        impatient.assertSentTo(CALLER, "200 INVITE");
        impatient.answer(second, 200, "b2", CONTACT);
        impatient.assertSentTo(CALLER, "200 INVITE");
        impatient.assertQuiet();
    }

    @Test
    void shouldWaitForTimerCWhenThePeerHasAnsweredWithinItsTry() {
        // given
        final ProxyHarness impatient = impatient();
        final SentMessage first = impatient.invite("c1");
        impatient.answer(first, 100, null);

        // when
        impatient.advanceMs(60_000);

        // then
        impatient.assertSent();
        impatient.answer(first, 486, "b1");
        impatient.assertQuiet();
    }

    @Test
    void shouldForwardLate2xxOfAnAbandonedTryThoughTheCallerHasAFailureAlready() {
        // given: the first is silent, the second is busy, and so the caller is told
        final ProxyHarness impatient = impatient();
        final SentMessage first = impatient.invite("c1");
        impatient.advanceMs(4_000);
        impatient.answer(impatient.last("INVITE"), 486, "b2");
        impatient.assertSentTo(CALLER, "486 INVITE");

        // when: section 16.7 step 5
        impatient.answer(first, 200, "b1", CONTACT);

        // then
        impatient.assertSentTo(CALLER, "200 INVITE");
        impatient.assertQuiet();
    }

    @ParameterizedTest
    @CsvSource({"404, 404", "486, 486", "500, 480", "503, 480"})
    void shouldFailOverOnTheCodesOfTheTrunk(final int code, final int told) {
        // given
        final ProxyHarness choosy = choosy();
        final SentMessage first = choosy.invite("c1");

        // when
        choosy.answer(first, code, "b1");

        // then
        final List<SentMessage> sent = choosy.sent();
        assertEquals(List.of("ACK", "INVITE"), SentMessage.summaries(sent));
        assertOtherPeer(first, sent.getLast());

        // when: the caller gets the better answer, or the first (RFC 3261 section 16.7 step 6)
        choosy.answer(sent.getLast(), 480, "b2");

        // then
        choosy.assertSentTo(CALLER, told + " INVITE");
        choosy.assertQuiet();
    }

    @ParameterizedTest
    @CsvSource({"408, 408", "480, 480", "302, 302", "603, 603"})
    void shouldNotFailOverOnOtherCodesNorOn6xx(final int code, final int told) {
        // given
        final ProxyHarness choosy = choosy();

        // when
        choosy.answer(choosy.invite("c1"), code, "b1");

        // then
        choosy.assertSent("ACK", told + " INVITE");
        choosy.assertQuiet();
    }

    @Test
    void shouldTryBackupTrunkOnTheCodesOfTheFirst() {
        // given
        final ProxyHarness backup = ProxyHarness.of(ProxyHarness.trunk(0, "callers", CALLER),
                List.of(new Trunk(1, "a", Endpoint.peers(null, A1), List.of(), new int[] {404})),
                List.of(ProxyHarness.trunk(2, "b", B1)));

        // when
        backup.answer(backup.invite("c1"), 404, "b1");
        final SentMessage second = backup.last("INVITE");
        backup.answer(second, 404, "b2");

        // then: what the second trunk says is no reason to go on
        assertEquals(B1.hostPort(), second.to());
        backup.assertSentTo(CALLER, "404 INVITE");
        backup.assertQuiet();
    }

    @Test
    void shouldGiveAllTriesTogetherNoLongerThanTimerC() {
        // given: eight peers, none of which ever says anything, 30 s for each
        final Endpoint[] silent = new Endpoint[8];
        Arrays.setAll(silent, i -> Endpoint.udp("10.0.1." + (i + 1)));
        final ProxyHarness patient = tries(30_000_000_000L, silent);
        patient.invite("c1");

        // when
        patient.advanceMs(TIMER_C_MS - 1_000);

        // then
        assertEquals(7, asked(patient.sent()).size());
        patient.advanceMs(1_000);
        patient.assertSentTo(CALLER, "408 INVITE");
        patient.advanceMs(60_000);
        final Set<String> later = asked(patient.sent());
        assertTrue(Set.of(silent[6].hostPort()).containsAll(later), "only the last one, until its timer B: " + later);
        patient.assertQuiet();
    }

    @Test
    void shouldLeaveNothingBehindWhenSendingFails() {
        // given
        proxy.egress.faulty = message -> message.summary().equals("INVITE");

        // when
        assertThrows(IllegalStateException.class, () -> proxy.receive(CALLER, SipText.invite(CALLER, "c1")));

        // then: what was made has its timers, and the caller an answer
        proxy.egress.faulty = _ -> false;
        proxy.advanceMs(70_000);
        assertTrue(SentMessage.summaries(proxy.sentTo(CALLER)).contains("408 INVITE"));
        proxy.assertQuiet();
    }

    private static Set<String> asked(final List<SentMessage> sent) {
        return sent.stream().filter(SentMessage::isRequest).map(SentMessage::to).collect(Collectors.toSet());
    }

    /** Two peers, the second tried when the first is silent for 4 s. */
    private static ProxyHarness impatient() {
        return tries(4_000_000_000L, A1, A2);
    }

    /** Peers that are tried one after the other, each for {@code tryNs}. */
    private static ProxyHarness tries(final long tryNs, final Endpoint... peers) {
        return ProxyHarness.of(ProxyHarness.trunk(0, "callers", CALLER),
                List.of(new Trunk(1, "a", Endpoint.peers(null, peers), List.of(), new int[] {503}, 0,
                        Balance.PRIORITY, 0, tryNs, Ping.OFF, new TrunkState())),
                List.of());
    }

    /** Two peers, the second tried when the first says 404, 486 or 500; not after a 603. */
    private static ProxyHarness choosy() {
        return ProxyHarness.of(ProxyHarness.trunk(0, "callers", CALLER),
                List.of(new Trunk(1, "a", Endpoint.peers(null, A1, A2), List.of(), new int[] {404, 486, 500, 603})),
                List.of());
    }

    private static void assertOtherPeer(final SentMessage first, final SentMessage second) {
        assertEquals(Set.of(A1.hostPort(), A2.hostPort()), Set.of(first.to(), second.to()));
        assertNotEquals(first.branch(), second.branch());
    }
}
