package org.tandemsip.b2bua;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.tandemsip.b2bua.CallFixture.ALICE;
import static org.tandemsip.b2bua.CallFixture.ANSWER;
import static org.tandemsip.b2bua.CallFixture.BOB;
import static org.tandemsip.b2bua.CallFixture.OFFER;
import static org.tandemsip.b2bua.CallFixture.answer;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.tandemsip.b2bua.CallFixture.Sent;
import org.tandemsip.b2bua.CallFixture.Up;
import org.tandemsip.engine.handler.Disposition;
import org.tandemsip.engine.handler.OwnerHash;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.engine.routing.CallRules;
import org.tandemsip.engine.routing.CallStatus;
import org.tandemsip.engine.routing.HeaderRules;
import org.tandemsip.engine.routing.NumberRules;
import org.tandemsip.engine.routing.Route;
import org.tandemsip.engine.routing.RoutingPolicy;
import org.tandemsip.engine.timer.Timing;

/** Calls that outlive the process: it is killed, and another one goes on with what was kept. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class RestartTest {
    private static final long SECOND = 1_000_000_000L;

    private final MemoryRecords records = new MemoryRecords();
    private CallFixture before;

    @BeforeEach
    void begin() {
        before = new CallFixture();
        before.b2bua.records(records, before.nowNs);
    }

    /** Another process, so many seconds later. */
    private CallFixture restart(final int seconds) {
        final CallFixture after = new CallFixture();
        after.nowNs = before.nowNs + seconds * SECOND;
        after.configure(before.policy);
        records.lastSeenMs = records.epochMs(before.nowNs);
        after.b2bua.records(records, after.nowNs);
        return after;
    }

    private String only() {
        assertEquals(1, records.lines.size(), records.lines.toString());
        assertEquals(0, records.states.size());
        return records.lines.getFirst();
    }

    @Test
    void shouldPassTheByeOfEitherSideAfterARestart() {
        for (final boolean caller : new boolean[] {true, false}) {
            begin();
            records.lines.clear();
            final Up up = before.up(ours("kept-" + caller));
            before.pass(10_000);

            // when
            final CallFixture after = restart(5);
            after.deliver(caller ? ALICE : BOB, caller ? before.fromAlice(up, "BYE", 8) : before.fromBob(up, "BYE", 1));

            // then
            after.take("SIP/2.0 200", caller ? ALICE : BOB);
            final Sent bye = after.take("BYE", caller ? BOB : ALICE);
            assertTrue(bye.message().cseq() > (caller ? up.inviteToBob().message().cseq() : 0), bye.text());
            after.deliver(caller ? BOB : ALICE, answer(bye, 200, null, null, ""));
            final String line = only();
            assertTrue(line.contains("\"hangup_by\":\"" + (caller ? "caller" : "callee") + "\""), line);
            assertTrue(line.contains("\"duration_ms\":15000") && line.contains("\"code\":200"), line);
            assertTrue(line.contains("\"call_id\":\"kept-" + caller), line);
            assertEquals(0, after.rest());
        }
    }

    /** All times of a call are by one clock, its name stays, and the next call has the clock as it is then. */
    @Test
    void shouldKeepTheTimesOfACallWhenTheClockIsSet() {
        final Up up = before.up(ours("set"));
        before.pass(10_000);
        records.setByMs = -3_600_000;
        final CallFixture after = restart(5);
        records.setByMs = 7_200_000;
        after.pass(1_000);
        after.deliver(ALICE, before.fromAlice(up, "BYE", 8));
        after.take("SIP/2.0 200", ALICE);
        after.deliver(BOB, answer(after.take("BYE", BOB), 200, null, null, ""));
        final String line = only();
        assertTrue(line.contains("\"start\":\"2024-03-01T00:00:04.995Z\"")
                && line.contains("\"answer\":\"2024-03-01T00:00:04.995Z\""), line);
        // The hour by which it was set back between both processes is unknown to the second one.
        assertTrue(line.contains("\"end\":\"2024-02-29T23:00:20.995Z\""), line);

        records.lines.clear();
        final Up next = after.up(ours("next"));
        after.deliver(ALICE, after.fromAlice(next, "BYE", 8));
        after.take("SIP/2.0 200", ALICE);
        after.deliver(BOB, answer(after.take("BYE", BOB), 200, null, null, ""));
        assertTrue(only().contains("\"start\":\"2024-03-01T02:00:20.995Z\""), records.lines.toString());
    }

    @Test
    void shouldRelayInsideAResumedCallAndCallBothSidesWhatTheyWere() {
        final Up up = before.up(ours("relayed"));
        final CallFixture after = restart(1);
        after.deliver(ALICE, before.fromAlice(up, "INFO", 8));
        final Sent info = after.take("INFO", BOB);
        assertEquals(up.inviteToBob().message().callId(), info.message().callId());
        assertEquals(up.inviteToBob().message().one("from"), info.message().one("from"));
        assertEquals(up.inviteToBob().message().one("to") + ";tag=btag", info.message().one("to"));
        after.deliver(BOB, answer(info, 200, null, null, ""));
        after.take("SIP/2.0 200", ALICE);
    }

    @Test
    void shouldHangUpAResumedCallOnBothSides() {
        before.up(ours("hung"));
        final CallFixture after = restart(1);
        final List<CallStatus> calls = new ArrayList<>();
        after.b2bua.calls(calls::add, after.nowNs);
        assertEquals("answered", calls.getFirst().state());
        assertEquals("sip:alice@192.0.2.1", calls.getFirst().from());
        assertTrue(after.b2bua.hangUp(calls.getFirst().id(), "Q.850;cause=16", after.nowNs));
        after.deliver(ALICE, answer(after.take("BYE", ALICE), 200, null, null, ""));
        after.deliver(BOB, answer(after.take("BYE", BOB), 200, null, null, ""));
        assertTrue(only().contains("\"hangup_by\":\"admin\""), only());
        assertEquals(0, after.rest());
    }

    @Test
    void shouldEndACallWhenItsTimeIsUpThoughTheProcessWasKilledMeanwhile() {
        limit(60);
        before.up(ours("limited"));
        before.pass(10_000);
        final CallFixture after = restart(20);
        after.pass(29_999);
        assertEquals(0, after.count("BYE"), after.sent.toString());
        after.pass(1);
        after.deliver(ALICE, answer(after.take("BYE", ALICE), 200, null, null, ""));
        after.deliver(BOB, answer(after.take("BYE", BOB), 200, null, null, ""));
        assertTrue(only().contains("\"hangup_by\":\"limit\"") && only().contains("\"duration_ms\":60000"), only());
    }

    @Test
    void shouldEndACallAtOnceWhoseTimeWasUpWhileNobodyWasThere() {
        limit(60);
        before.up(ours("late"));
        final CallFixture after = restart(300);
        after.pass(1);
        after.take("BYE", ALICE);
        after.take("BYE", BOB);
    }

    @Test
    void shouldEndTheOtherSideWhenKilledWhileACallEnded() {
        // given: Alice's BYE is answered, Bob's was lost with the process
        final Up up = before.up(ours("ending"));
        before.pass(3_000);
        before.deliver(ALICE, before.fromAlice(up, "BYE", 8));

        // when
        final CallFixture after = restart(2);

        // then
        after.pass(1);
        after.deliver(BOB, answer(after.take("BYE", BOB), 200, null, null, ""));
        assertEquals(0, after.count("BYE"));
        assertTrue(only().contains("\"hangup_by\":\"caller\"") && only().contains("\"duration_ms\":3000"), only());
        assertEquals(0, after.rest());
    }

    @Test
    void shouldEndBothSidesWhenOneHasHungUpWhileNobodyWasThere() {
        askingSides();
        before.up(ours("gone"));
        final CallFixture after = restart(100);
        after.pass(1_100);
        after.deliver(ALICE, answer(after.take("OPTIONS", ALICE), 200, null, null, ""));
        after.deliver(BOB, answer(after.take("OPTIONS", BOB), 481, null, null, ""));
        after.deliver(ALICE, answer(after.take("BYE", ALICE), 200, null, null, ""));
        after.deliver(BOB, answer(after.take("BYE", BOB), 481, null, null, ""));
        assertTrue(only().contains("\"hangup_by\":\"lost\""), only());
        assertEquals(0, after.rest());
    }

    @Test
    void shouldEndBothSidesWhenTheCallerMayNotHaveGotTheAnswer() {
        before.deliver(ALICE, before.invite(ours("unacknowledged"), OFFER));
        final Sent invite = before.take("INVITE", BOB);
        before.deliver(BOB, answer(invite, 200, "btag", "bob@" + BOB, ANSWER));
        final CallFixture after = restart(1);
        // Our ACK may not have got there: it comes before the BYE.
        after.deliver(BOB, answer(invite, 200, "btag", "bob@" + BOB, ANSWER));
        after.take("ACK", BOB);
        assertEquals(List.of(), after.sent);
        after.pass(1);
        after.deliver(ALICE, answer(after.take("BYE", ALICE), 481, null, null, ""));
        after.deliver(BOB, answer(after.take("BYE", BOB), 200, null, null, ""));
        assertEquals(List.of(), after.sent);
        assertTrue(only().contains("\"code\":200") && only().contains("\"hangup_by\":\"tandem\""), only());
        assertEquals(0, after.rest());
    }

    /** The ACK was lost, and what would have sent it again is gone. */
    @Test
    void shouldAcknowledgeA2xxThatComesAgainAfterARestart() {
        final Up up = before.up(ours("repeated"));
        final CallFixture after = restart(1);
        for (int i = 0; i < 2; i++) {
            assertEquals(Disposition.ABSORBED,
                    after.deliver(BOB, answer(up.inviteToBob(), 200, "btag", "bob@" + BOB, ANSWER)));
            final Sent ack = after.take("ACK", BOB);
            assertEquals("sip:bob@" + BOB, ack.message().uri());
            assertEquals(up.inviteToBob().message().cseq(), ack.message().cseq());
            assertEquals(up.inviteToBob().message().one("from"), ack.message().one("from"));
            assertEquals("btag", ack.message().toTag());
        }

        // and one of a fork that nobody has heard of is ended
        after.deliver(BOB, answer(up.inviteToBob(), 200, "fork", "bob@" + BOB, ANSWER));
        assertEquals("fork", after.take("ACK", BOB).message().toTag());
        final Sent bye = after.take("BYE", BOB);
        assertEquals("fork", bye.message().toTag());
        after.deliver(BOB, answer(bye, 200, null, null, ""));
        assertEquals(List.of(), after.sent);
        assertEquals(1, after.b2bua.pools.live());
    }

    @Test
    void shouldEndWhatIsAnsweredAfterTheCallWasLost() {
        // given
        before.deliver(ALICE, before.invite(ours("answered-late"), OFFER));
        final Sent invite = before.take("INVITE", BOB);
        final CallFixture after = restart(1);

        // when
        after.deliver(BOB, answer(invite, 180, "btag", "bob@" + BOB, ""));
        assertEquals(List.of(), after.sent);
        after.deliver(BOB, answer(invite, 200, "btag", "bob@" + BOB, ANSWER));

        // then
        after.take("ACK", BOB);
        after.deliver(BOB, answer(after.take("BYE", BOB), 200, null, null, ""));
        assertEquals(0, after.rest());
    }

    @Test
    void shouldNotAcknowledgeWhatItCannotAnswerOrWhatIsForged() {
        // given: the offer was Bob's, and the answer in the ACK
        before.deliver(ALICE, before.invite(ours("late-offer"), ""));
        final Sent invite = before.take("INVITE", BOB);
        before.deliver(BOB, answer(invite, 200, "btag", "bob@" + BOB, OFFER));
        before.deliver(ALICE, before.inside("ACK", ALICE, before.take("SIP/2.0 200", ALICE), false, 7)
                .body("application/sdp", ANSWER));
        before.take("ACK", BOB);
        before.sent.clear();
        final Up up = before.up(ours("forged"));
        final CallFixture after = restart(1);

        // then
        assertEquals(Disposition.DROPPED_STRAY_RESPONSE,
                after.deliver(BOB, answer(invite, 200, "btag", "bob@" + BOB, OFFER)));
        assertEquals(Disposition.DROPPED_STRAY_RESPONSE, after.deliver("198.51.100.66:5060",
                answer(up.inviteToBob(), 200, "btag", "bob@" + BOB, ANSWER)));
        final String guessed = new String(answer(up.inviteToBob(), 200, "btag", "bob@" + BOB, ANSWER).bytes(),
                StandardCharsets.ISO_8859_1).replaceFirst("tag=B2B\\.", "tag=B2C.");
        assertEquals(Disposition.DROPPED_STRAY_RESPONSE,
                after.deliver(BOB, guessed.getBytes(StandardCharsets.ISO_8859_1)));
        assertEquals(List.of(), after.sent);
    }

    @Test
    void shouldGoOnWhenASideNeverAnswersOptions() {
        askingSides();
        before.up(ours("mute"));
        final CallFixture after = restart(1);
        after.pass(60_000);
        assertEquals(1, after.b2bua.pools.live());
        assertEquals(0, after.count("BYE"));
    }

    @Test
    void shouldWriteWhatIsKnownOfACallThatWasBeingSetUp() {
        before.deliver(ALICE, before.invite(ours("young"), OFFER));
        before.pass(2_000);
        final CallFixture after = restart(7);
        assertEquals(0, after.live());
        assertTrue(only().contains("\"end\":null,\"last_seen\":\"2024-03-01T") && only().contains("\"code\":0")
                && only().contains("\"hangup_by\":\"unknown\""), only());
    }

    @Test
    void shouldSayWhyACallEndedThatWasEndingWhenTheProcessWasKilled() {
        // given: time is up, an order, a side; nobody has answered a BYE yet
        limit(60);
        before.up(ours("long"));
        before.pass(60_000);
        before.sent.clear();
        before.up(ours("ordered"));
        before.b2bua.hangUpSome("Q.850;cause=16;text=\"Ended by the operator\"", 1, before.nowNs);
        before.sent.clear();
        final Up up = before.up(ours("left"));
        before.deliver(BOB, before.fromBob(up, "BYE", 1).header("Reason", "Q.850;cause=27;text=\"Gone\""));
        before.sent.clear();

        // when
        final CallFixture after = restart(1);
        after.pass(100);
        while (after.count("BYE") > 0) {
            final Sent bye = after.take("BYE");
            after.deliver(bye.to(), answer(bye, 200, null, null, ""));
        }

        // then
        assertEquals(3, records.lines.size());
        assertTrue(
                records.lines.get(0).contains("\"reason\":\"Maximum duration\",\"q850\":102,\"hangup_by\":\"limit\""),
                records.lines.get(0));
        assertTrue(records.lines.get(1).contains("\"reason\":\"Ended by the operator\",\"q850\":16"),
                records.lines.get(1));
        assertTrue(records.lines.get(2).contains("\"reason\":\"Gone\",\"q850\":27,\"hangup_by\":\"callee\""),
                records.lines.get(2));
    }

    @Test
    void shouldSayThatItEndsACallSinceItWasKilled() {
        before.deliver(ALICE, before.invite(ours("unacknowledged"), OFFER));
        final Sent invite = before.take("INVITE", BOB);
        before.deliver(BOB, answer(invite, 200, "btag", "bob@" + BOB, ANSWER));
        final CallFixture after = restart(1);
        after.pass(100);
        while (after.count("BYE") > 0) {
            final Sent bye = after.take("BYE");
            after.deliver(bye.to(), answer(bye, 200, null, null, ""));
        }
        assertTrue(only().contains("\"reason\":\"Server restarted\",\"q850\":41,\"hangup_by\":\"tandem\""), only());
    }

    @Test
    void shouldWriteWhatIsKnownOfACallWhoseTrunkIsNoMore() {
        before.up(ours("orphan"));
        before.policy = new RoutingPolicy(before.policy.mode(), List.of(before.alice), List.of(), Timing.DEFAULTS, 70,
                true);
        final CallFixture after = restart(1);
        assertEquals(0, after.live());
        assertTrue(only().contains("\"trunk_out\":\"bob\"") && only().contains("\"hangup_by\":\"unknown\""), only());
    }

    @Test
    void shouldForgetAndCountWhatAnotherVersionHasWritten() {
        before.up(ours("foreign"));
        records.states.values().forEach(state -> state[0] = 99);
        final CallFixture after = restart(1);
        assertEquals(0, after.live());
        assertEquals(0, records.states.size());
        assertEquals(1, after.counters.get(Counter.CALLS_UNREADABLE));
    }

    @Test
    void shouldNotUseANumberAgainHoweverManyRequestsWereSent() {
        final Up up = before.up(ours("numbers"));
        long last = 0;
        for (int i = 0; i < 200; i++) {
            before.deliver(ALICE, before.fromAlice(up, "INFO", 8 + i));
            final Sent info = before.take("INFO", BOB);
            last = info.message().cseq();
            before.deliver(BOB, answer(info, 200, null, null, ""));
        }
        final CallFixture after = restart(1);
        after.deliver(ALICE, before.fromAlice(up, "BYE", 300));
        assertTrue(after.take("BYE", BOB).message().cseq() > last);
    }

    @Test
    void shouldGiveNewCallsOtherPlacesThanResumedOnes() {
        final Up first = before.up(ours("first"));
        before.up(ours("second"));
        before.deliver(ALICE, before.fromAlice(first, "BYE", 8));
        before.deliver(BOB, answer(before.take("BYE", BOB), 200, null, null, ""));
        final CallFixture after = restart(1);
        after.up("third");
        after.up("fourth");
        final List<String> ids = new ArrayList<>();
        after.b2bua.calls(call -> ids.add(call.id()), after.nowNs);
        assertEquals(3, ids.stream().distinct().count());
        assertEquals(3, records.states.size());
    }

    @Test
    void shouldRefuseCallsWhileNoneShallGoWithoutARecord() {
        records.takesCalls = false;
        before.deliver(ALICE, before.invite("refused", OFFER));
        before.take("SIP/2.0 503", ALICE);
        assertEquals(0, before.live());
    }

    /** With session timers, as without any configuration. */
    private void askingSides() {
        before = new CallFixture(CallRules.DEFAULTS);
        before.b2bua.records(records, before.nowNs);
    }

    /** A Call-ID that begins so and belongs to the one shard of these tests. */
    static String ours(final String name) {
        final OwnerHash hash = new ShardContext.Keys(1, 2, 3, 4).ownerHash();
        for (int i = 0;; i++) {
            final byte[] callId = (name + "-" + i).getBytes(StandardCharsets.US_ASCII);
            if (ShardContext.ownerOf(hash.of(new UnsafeBuffer(callId), 0, callId.length), 4) == 0) {
                return name + "-" + i;
            }
        }
    }

    private void limit(final long seconds) {
        final Route route = new Route("limited", before.alice, Route.Match.ANY, List.of(before.bob), List.of(),
                List.of(), null, HeaderRules.NONE, NumberRules.NONE, null, null, Route.Inside.NOTHING,
                seconds * SECOND);
        before.configure(new RoutingPolicy(before.policy.mode(), before.policy.trunks(), List.of(route),
                Timing.DEFAULTS, 70, true));
    }
}
