package org.tandemsip.engine.proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.tandemsip.engine.proxy.ProxyHarness.A1;
import static org.tandemsip.engine.proxy.ProxyHarness.A2;
import static org.tandemsip.engine.proxy.ProxyHarness.CALLER;
import static org.tandemsip.engine.proxy.SipText.CONTACT;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.handler.Disposition;
import org.tandemsip.engine.handler.ShardCommand;
import org.tandemsip.engine.routing.Balance;
import org.tandemsip.engine.routing.PeerState;
import org.tandemsip.engine.routing.Ping;
import org.tandemsip.engine.routing.ProbeTimes;
import org.tandemsip.engine.routing.Trunk;
import org.tandemsip.engine.routing.TrunkState;

/** Probes, what live traffic says of a peer, and where calls go when a peer cannot be used; and draining all. */
@Timeout(10)
class PeerHealthTest {
    private static final Ping PING = new Ping(30_000_000_000L, 2_000_000_000L, 3, 2, new int[0]);
    private static final int SILENT = 0;
    private static final long START_NS = 1_000_000_000L;

    private final Trunk carrier = new Trunk(1, "a", Endpoint.peers(null, A1, A2), List.of(), new int[] {503}, 0,
            Balance.PRIORITY, 0, 0, PING, new TrunkState());
    private final ProxyHarness proxy =
            ProxyHarness.of(ProxyHarness.trunk(0, "callers", CALLER), List.of(carrier), List.of());
    private final PeerState first = carrier.peers().getFirst().state();
    private final PeerState second = carrier.peers().getLast().state();
    private int probes;

    @AfterEach
    void shouldLeaveNothingBehind() {
        proxy.assertQuiet();
    }

    private SentMessage probe() {
        return probe(ProbeTimes.ALL);
    }

    private SentMessage probe(final long ways) {
        proxy.sent();
        proxy.proxy.onCommand(new ShardCommand.Probe("a", 0,
                ("ping" + ++probes).getBytes(StandardCharsets.US_ASCII), ways), proxy.nowNs);
        return proxy.only("OPTIONS");
    }

    private static void down(final PeerState peer) {
        for (int i = 0; i < 3; i++) {
            peer.on(PeerState.Event.FAILURE, 0, PING);
        }
        assertEquals(PeerState.State.DOWN, peer.state());
    }

    @Test
    void shouldMeasureTheRoundTripOfAnAnsweredProbe() {
        // when
        final SentMessage probe = probe();
        proxy.advanceMs(40);
        final Disposition disposition = proxy.answer(probe, 200, "p1");

        // then
        assertEquals(A1.hostPort(), probe.to());
        assertTrue(probe.text().startsWith("OPTIONS sip:10.0.1.1:5060 SIP/2.0\r\nVia: SIP/2.0/UDP 10.9.9.9:5060;"));
        assertEquals(Disposition.ABSORBED, disposition);
        assertEquals(40_000_000L, first.lastRoundTripNs());
        assertEquals(PeerState.State.UP, first.state());
    }

    @Test
    void shouldGoDownAfterThreeSilentProbesAndUpAfterTwoAnswers() {
        for (int i = 0; i < 3; i++) {
            assertTrue(first.usable());
            probe();
            proxy.advanceMs(2_000);
        }
        assertEquals(PeerState.State.DOWN, first.state());
        assertEquals(A2.hostPort(), proxy.invite("c1").to());

        proxy.answer(probe(), 404, "p1");
        assertFalse(first.usable());
        proxy.answer(probe(), 200, "p1");
        assertEquals(PeerState.State.UP, first.state());
    }

    @Test
    void shouldAskEvery30sWhileAPeerIsUpAndEvery5sWhileItFails() {
        final ProbeTimes times = new ProbeTimes(proxy.nowNs);
        assertEquals(List.of(30L, 60L, 90L), askedAt(times, 95_000, 200));

        // an answer may take 2 s, and the third one in a row that does not come is enough
        assertEquals(List.of(120L, 125L, 130L), askedAt(times, 131_900, SILENT));
        assertEquals(PeerState.State.TRYING, first.state());
        assertEquals(List.of(), askedAt(times, 132_000, SILENT));
        assertEquals(PeerState.State.DOWN, first.state());
        assertEquals(List.of(135L, 140L, 145L, 150L), askedAt(times, 153_000, SILENT));

        // the second good answer in a row brings it back
        assertEquals(List.of(155L), askedAt(times, 159_000, 200));
        assertEquals(PeerState.State.DOWN, first.state());
        assertEquals(List.of(160L), askedAt(times, 161_000, 200));
        assertEquals(PeerState.State.UP, first.state());
        assertEquals(List.of(180L, 210L), askedAt(times, 220_000, 200));

        first.on(PeerState.Order.DISABLE);
        assertEquals(List.of(), askedAt(times, 300_000, 200));
        assertEquals(7, first.roundTripsWithin(Long.MAX_VALUE));
    }

    /**
     * Has the first peer asked whenever it is time, until {@code untilMs} after the start; returns the seconds at which
     * it was.
     */
    private List<Long> askedAt(final ProbeTimes times, final long untilMs, final int answer) {
        final List<Long> asked = new ArrayList<>();
        while (proxy.nowNs < START_NS + untilMs * 1_000_000) {
            proxy.advanceMs(100);
            final long ways = times.due(PING, first, proxy.nowNs);
            if (ways != 0) {
                final SentMessage probe = probe(ways);
                asked.add((proxy.nowNs - START_NS) / 1_000_000_000);
                if (answer != SILENT) {
                    proxy.answer(probe, answer, "p1");
                }
            }
        }
        return asked;
    }

    @Test
    void shouldCountAProbeAsFailedWhenTheAnswerIs503OrTheWayIsClosed() {
        proxy.answer(probe(), 503, "p1");
        assertEquals(PeerState.State.TRYING, first.state());
        proxy.fail(probe());
        proxy.fail(probe());
        assertEquals(PeerState.State.DOWN, first.state());
    }

    @Test
    void shouldLearnFromLiveCallsThatAPeerIsDown() {
        // given: the first answers 503 three times, and each call moves on
        for (int call = 1; call <= 3; call++) {
            final SentMessage invite = proxy.call(SipText.invite(CALLER, "c" + call)).getFirst();
            assertEquals(A1.hostPort(), invite.to());
            proxy.answer(invite, 503, "b1");
            final SentMessage moved = proxy.sent().getLast();
            assertEquals(A2.hostPort(), moved.to());
            proxy.answer(moved, 486, "b2");
        }

        // then
        assertEquals(PeerState.State.DOWN, first.state());
        assertEquals(A2.hostPort(), proxy.invite("c4").to());
    }

    @Test
    void shouldLearnFromTheSilenceOfLiveCallsThatAPeerIsDown() {
        for (int call = 1; call <= 3; call++) {
            assertTrue(first.usable());
            final SentMessage invite = proxy.invite("c" + call);
            assertEquals(A1.hostPort(), invite.to());

            // when: timer B
            proxy.advanceMs(32_000);

            final SentMessage next = proxy.last("INVITE");
            assertEquals(A2.hostPort(), next.to());
            proxy.answer(next, 486, "b2");
        }
        assertEquals(PeerState.State.DOWN, first.state());
        assertEquals(A2.hostPort(), proxy.invite("c4").to());
    }

    @Test
    void shouldLearnFromIcmpThatAPeerIsDown() {
        for (int call = 1; call <= 3; call++) {
            assertMovesOn("c" + call, proxy::unreachable);
        }
        assertEquals(PeerState.State.DOWN, first.state());
    }

    @Test
    void shouldLearnFromFailedConnectionsButNotFromAFullQueueOfItsOwnThatAPeerIsDown() {
        for (int call = 1; call <= 3; call++) {
            assertMovesOn("full" + call, proxy::queueFull);
        }
        proxy.queueFull(probe());
        assertEquals(PeerState.State.UP, first.state());

        for (int call = 1; call <= 3; call++) {
            assertMovesOn("c" + call, proxy::fail);
        }
        assertEquals(PeerState.State.DOWN, first.state());
    }

    private void assertMovesOn(final String callId, final Consumer<SentMessage> failure) {
        final SentMessage invite = proxy.call(SipText.invite(CALLER, callId)).getFirst();
        assertEquals(A1.hostPort(), invite.to());
        failure.accept(invite);
        final SentMessage next = proxy.only("INVITE");
        assertEquals(A2.hostPort(), next.to());
        proxy.answer(next, 486, "b2");
    }

    @Test
    void shouldRefuseAtOnceWhenNoPeerIsUp() {
        down(first);
        down(second);
        assertEquals(Disposition.ANSWERED, proxy.receive(CALLER, SipText.invite(CALLER, "c1")));
        assertEquals("503 INVITE", proxy.only("503 INVITE").summary());
    }

    @Test
    void shouldKeepEstablishedCallsGoingWhenTheirPeerTakesNoNewOnes() {
        // given
        proxy.answer(proxy.invite("c1"), 200, "b1", CONTACT);
        final SentMessage success = proxy.only("200 INVITE");

        // when
        first.on(PeerState.Order.DRAIN);

        // then
        proxy.receive(CALLER, SipText.inDialog("BYE", CALLER, success, 2));
        assertEquals(A1.hostPort(), proxy.only("BYE").to());
        assertEquals(A2.hostPort(), proxy.invite("c2").to());
    }

    @Test
    void shouldTakeNothingNewWhileDraining() {
        // given: one call stands, one rings
        proxy.answer(proxy.invite("c1"), 200, "b1", CONTACT);
        final SentMessage success = proxy.only("200 INVITE");
        final SentMessage ringing = proxy.invite("c2");

        // when
        proxy.drain(20);

        // then: new ones are refused and told when to come again
        proxy.receive(CALLER, SipText.invite(CALLER, "c3"));
        assertTrue(proxy.only("503 INVITE").text().contains("\r\nRetry-After: 20\r\n"));
        proxy.receive(CALLER, SipText.request("OPTIONS", CALLER, "c4"));
        proxy.only("503 OPTIONS");
        // and the others go on
        proxy.receive(CALLER, SipText.inDialog("BYE", CALLER, success, 2));
        proxy.only("BYE");
        proxy.answer(ringing, 200, "b2", CONTACT);
        proxy.only("200 INVITE");
    }

    @Test
    void shouldLearnFromIcmpThatAProbeWentNowhere() {
        proxy.unreachable(probe());
        assertEquals(PeerState.State.TRYING, first.state());
        proxy.unreachable(probe());
        proxy.unreachable(probe());
        assertEquals(PeerState.State.DOWN, first.state());
    }

    @Test
    void shouldNotSendToAPeerThatIsDownWhateverAPreloadedRouteSays() {
        // given
        down(first);

        // when
        proxy.receive(CALLER, SipText.invite(CALLER, "c1", "Route: <sip:10.0.1.1;lr>"));

        // then
        proxy.only("503 INVITE");
        assertEquals(A2.hostPort(),
                proxy.invite("c2", "Route: <sip:10.0.1.2;lr>").to());
    }

    @Test
    void shouldNotTakeAToTagForADialogWhenItIsANewCall() {
        // given
        down(first);

        // when
        final SentMessage invite = proxy.call(withToTag(SipText.invite(CALLER, "c1"))).getFirst();

        // then
        assertEquals(A2.hostPort(), invite.to());
        proxy.answer(invite, 481, null);
        proxy.drain(20);
        proxy.sent();
        proxy.receive(CALLER, withToTag(SipText.invite(CALLER, "c2")));
        proxy.only("503 INVITE");
    }

    private static String withToTag(final String invite) {
        return invite.replace("To: <sip:bob@example.com>", "To: <sip:bob@example.com>;tag=made-up");
    }

    @Test
    void shouldTryTheNextPeerWhenTheOneThatRingsGoesDown() {
        // given: two calls ring at the first peer, one of them has nowhere else to go, one was answered
        final SentMessage ringing = proxy.invite("c1");
        final SentMessage answered = proxy.invite("c2");
        final SentMessage named = proxy.invite("c3", "Route: <sip:10.0.1.1;lr>");
        proxy.answer(ringing, 180, "b1");
        proxy.answer(named, 180, "b3");
        proxy.answer(answered, 200, "b2", "Contact: <sip:bob@10.0.1.1:5060>");
        proxy.sent();

        // when
        down(first);
        proxy.proxy.onCommand(new ShardCommand.PeerDown(), proxy.nowNs);

        // then
        final List<SentMessage> sent = proxy.sent();
        assertEquals(List.of("CANCEL", "INVITE"), SentMessage.summaries(sent));
        assertEquals(A2.hostPort(), sent.getLast().to());
        assertEquals(ringing.header("Call-ID"), sent.getLast().header("Call-ID"));
        proxy.answer(sent.getLast(), 200, "b4", "Contact: <sip:bob@10.0.1.2:5060>");
        proxy.answer(named, 200, "b3", "Contact: <sip:bob@10.0.1.1:5060>");
        proxy.assertSentTo(CALLER, "200 INVITE", "200 INVITE");
    }

    @Test
    void shouldTryTheNextPeerWhenOnlyTheWayThatItRingsByGoesDown() {
        // given: a call rings over UDP, a large one over TCP
        final SentMessage overUdp = proxy.invite("c1");
        final SentMessage overTcp = proxy.invite("c2", "Subject: " + "x".repeat(1_300));
        proxy.answer(overUdp, 180, "b1");
        proxy.answer(overTcp, 180, "b2");
        proxy.sent();
        assertEquals(List.of(Transport.UDP, Transport.TCP), List.of(overUdp.transport(), overTcp.transport()));

        // when: TCP is probed as well as UDP, and answers
        first.on(PeerState.Event.PROBE_SUCCESS, 1, PING);
        for (int i = 0; i < 3; i++) {
            first.on(PeerState.Event.FAILURE, 0, PING);
        }
        assertTrue(first.usable());
        proxy.proxy.onCommand(new ShardCommand.PeerDown(), proxy.nowNs);

        // then
        final List<SentMessage> sent = proxy.sent();
        assertEquals(List.of("CANCEL", "INVITE"), SentMessage.summaries(sent));
        assertEquals(overUdp.header("Call-ID"), sent.getLast().header("Call-ID"));
        assertEquals(A2.hostPort(), sent.getLast().to());
        proxy.answer(sent.getLast(), 200, "b3", "Contact: <sip:bob@10.0.1.2:5060>");
        proxy.answer(overTcp, 200, "b2", "Contact: <sip:bob@10.0.1.1:5060>");
        proxy.assertSentTo(CALLER, "200 INVITE", "200 INVITE");
    }
}
