package org.tandemsip.b2bua;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.tandemsip.b2bua.CallFixture.ALICE;
import static org.tandemsip.b2bua.CallFixture.BOB;
import static org.tandemsip.b2bua.CallFixture.OFFER;
import static org.tandemsip.b2bua.CallFixture.answer;

import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.tandemsip.b2bua.CallFixture.Sent;
import org.tandemsip.b2bua.CallFixture.Up;
import org.tandemsip.engine.handler.HandlerFactory;
import org.tandemsip.engine.routing.HeaderRules;
import org.tandemsip.engine.routing.NumberRules;
import org.tandemsip.engine.routing.Route;
import org.tandemsip.engine.routing.RoutingPolicy;
import org.tandemsip.engine.timer.Timing;

/** Calls that are ended by their time, and what is written about all of them. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class ControlTest {
    private static final long SECOND = 1_000_000_000L;

    private final CallFixture net = new CallFixture();
    private final MemoryRecords written = new MemoryRecords();
    private final List<String> records = written.lines;

    @BeforeEach
    void keepRecords() {
        net.b2bua.records(written, net.nowNs);
    }

    @Test
    void shouldEndBothLegsToTheMillisecondWhenTheTimeIsUp() {
        for (final long seconds : new long[] {1, 7, 3_600, 40_000}) {
            limit(seconds);
            net.up("limited-" + seconds);
            net.pass(seconds * 1_000 - 1);
            assertEquals(0, net.sent.size(), net.sent.toString());
            net.pass(1);
            final Sent toAlice = net.take("BYE", ALICE);
            final Sent toBob = net.take("BYE", BOB);
            assertEquals("Q.850;cause=102;text=\"Maximum duration\"", toAlice.message().one("reason"));
            assertEquals(toAlice.message().one("reason"), toBob.message().one("reason"));
            // Bob answers, Alice does not: her leg is over all the same.
            net.deliver(BOB, answer(toBob, 200, null, null, ""));
            net.pass(33_000);
            assertEquals(0, net.b2bua.pools.live());
            final String record = records.removeFirst();
            assertTrue(record.contains("\"hangup_by\":\"limit\""));
            // The BYE to Alice, ten times by timer E.
            assertTrue(record.endsWith("\"retransmits\":10"), record);
            net.sent.clear();
        }
        assertEquals(0, net.rest());
    }

    @Test
    void shouldWriteOneRecordPerInvite() {
        final Up up = net.up("answered");
        net.pass(2_345);
        net.deliver(BOB, net.fromBob(up, "BYE", 1).header("Reason", "Q.850;cause=31"));
        net.deliver(ALICE, answer(net.take("BYE"), 200, null, null, ""));
        net.deliver(ALICE, net.invite("busy", OFFER));
        net.sent.removeIf(sent -> !sent.is("INVITE"));
        net.deliver(BOB, answer(net.take("INVITE"), 486, "btag", null, ""));

        assertEquals(2, records.size());
        final String answered = records.get(0);
        assertTrue(answered.contains("\"call_id\":\"answered\""), answered);
        assertTrue(answered.contains("\"start\":\"2024-03-01T00:00:04.995Z\""), answered);
        assertTrue(answered.contains("\"end\":\"2024-03-01T00:00:07.340Z\",\"duration_ms\":2345,\"pdd_ms\":0"),
                answered);
        assertTrue(answered.contains("\"from\":\"sip:alice@192.0.2.1\",\"to\":\"sip:bob@203.0.113.10\""), answered);
        assertTrue(answered.contains("\"ruri\":\"sip:bob@203.0.113.10\",\"trunk_in\":\"alice\",\"trunk_out\":\"bob\""),
                answered);
        assertTrue(answered.contains("\"code\":200,\"q850\":31,\"hangup_by\":\"callee\",\"mode\":\"b2bua\""), answered);
        final String busy = records.get(1);
        assertTrue(busy.contains("\"code\":486,\"q850\":17,\"hangup_by\":\"callee\""), busy);
        assertFalse(busy.contains("\"answer\""), busy);
    }

    @Test
    void shouldEscapeWhatTheWireBringsInRecords() {
        net.deliver(ALICE, net.invite("quote\"back\\slash", OFFER));
        net.deliver(BOB, answer(net.take("INVITE"), 603, "btag", null, ""));
        assertTrue(records.getFirst().contains("\"call_id\":\"quote\\\"back\\\\slash\""), records.toString());
    }

    @Test
    void shouldRefuseAndEndEverythingWhenTheServerStops() {
        net.up("stands");
        net.deliver(ALICE, net.invite("rings", OFFER));
        net.deliver(BOB, answer(net.take("INVITE"), 180, "btag", "bob@" + BOB, ""));
        net.sent.clear();
        net.b2bua.hangUpSome("Q.850;cause=41", 10, net.nowNs);
        assertEquals(1, net.count("SIP/2.0 480"));
        assertTrue(net.take("CANCEL", BOB).text().contains("\r\nReason: Q.850;cause=41\r\n"));
        assertEquals(2, net.count("BYE"));
        assertEquals(0, net.rest());
        assertEquals(2, records.size());
    }

    @Test
    void shouldEndSomeAtATimeAndSayHowManyAreLeft() {
        for (int i = 0; i < 5; i++) {
            net.up("stands-" + i);
        }
        assertEquals(5, net.b2bua.hangUpSome("Q.850;cause=41", 2, net.nowNs));
        assertEquals(4, net.count("BYE"));
        // Those that end already do not count again.
        assertEquals(5, net.b2bua.hangUpSome("Q.850;cause=41", 2, net.nowNs));
        assertEquals(8, net.count("BYE"));
        net.deliver(ALICE, answer(net.take("BYE", ALICE), 200, null, null, ""));
        assertEquals(5, net.b2bua.hangUpSome("Q.850;cause=41", 0, net.nowNs));
        net.deliver(BOB, answer(net.take("BYE", BOB), 200, null, null, ""));
        assertEquals(4, net.b2bua.hangUpSome("Q.850;cause=41", 10, net.nowNs));
        assertEquals(8, net.count("BYE"));
        assertEquals(0, net.rest());
    }

    @Test
    void shouldBeFoundByItsMode() {
        final HandlerFactory factory = java.util.ServiceLoader.load(HandlerFactory.class).findFirst().orElseThrow();
        assertEquals("b2bua", factory.mode());
    }

    private void limit(final long seconds) {
        final Route route = new Route("limited", net.alice, Route.Match.ANY, List.of(net.bob), List.of(), List.of(),
                null, HeaderRules.NONE, NumberRules.NONE, null, null, Route.Inside.NOTHING,
                seconds * SECOND);
        net.configure(new RoutingPolicy(net.policy.mode(), net.policy.trunks(), List.of(route), Timing.DEFAULTS, 70,
                true));
    }
}
