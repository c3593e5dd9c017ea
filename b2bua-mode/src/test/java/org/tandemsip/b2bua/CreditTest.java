package org.tandemsip.b2bua;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.tandemsip.b2bua.CallFixture.ALICE;
import static org.tandemsip.b2bua.CallFixture.ANSWER;
import static org.tandemsip.b2bua.CallFixture.BOB;
import static org.tandemsip.b2bua.CallFixture.OFFER;
import static org.tandemsip.b2bua.CallFixture.answer;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.tandemsip.b2bua.CallFixture.Sent;
import org.tandemsip.b2bua.CallFixture.Up;
import org.tandemsip.engine.handler.ShardCommand;
import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.engine.routing.CallStatus;
import org.tandemsip.engine.routing.CreditPolicy;
import org.tandemsip.engine.routing.CreditReply;
import org.tandemsip.engine.routing.CreditReply.Outcome;
import org.tandemsip.testkit.MessageText;

/** Calls that need credit: what is asked when, what every answer does to them, and that nothing is left behind. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class CreditTest {
    private final CallFixture net = new CallFixture();
    private final FakeCredit service = new FakeCredit();
    private final List<Long> cutOffs = new ArrayList<>();

    CreditTest() {
        net.b2bua.credit(service);
        net.b2bua.cutOffs(cutOffs::add);
        net.alice.state().credit(CreditPolicy.CLOSED);
    }

    @AfterEach
    void shouldLeaveNothingBehind() {
        assertEquals(0, net.rest());
        assertEquals(0, net.b2bua.questions.waiting());
        assertEquals(0, net.b2bua.pools.live());
    }

    // Setting up.

    @Test
    void shouldReserveBeforeTheCalleeHearsOfTheCall() {
        net.deliver(ALICE, net.invite("asks", OFFER));
        net.take("SIP/2.0 100");
        assertEquals(List.of(), net.sent);
        final FakeCredit.Asked asked = service.take();
        assertEquals("sip:alice@192.0.2.1", asked.request().from());
        assertEquals("sip:bob@203.0.113.10", asked.request().to());
        assertEquals("sip:bob@203.0.113.10", asked.request().requestUri());
        assertEquals("asks", asked.request().callId());
        assertEquals("alice", asked.request().trunk());
        assertEquals(60_000, asked.request().reserveMs());
        assertEquals(0, asked.request().number());
        // A retransmission asks nobody again.
        granted(asked, 60_000);
        assertEquals(1, net.count("INVITE"));
        end();
        assertEquals(1, net.counters.get(Counter.CREDIT_GRANTED));
        assertEquals(Map.of(asked.request().call(), 0L), service.settled);
    }

    @Test
    void shouldAnswer402WhenThereIsNoCredit() {
        net.deliver(ALICE, net.invite("poor", OFFER));
        net.take("SIP/2.0 100");
        granted(service.take(), 0);
        assertEquals("Q.850;cause=21;text=\"No credit\"", net.take("SIP/2.0 402").message().one("reason"));
        assertEquals(List.of(), net.sent);
        assertEquals(Map.of(), service.settled);
        assertEquals(1, net.counters.get(Counter.CREDIT_DENIED));
    }

    @Test
    void shouldAskNobodyForEmergencies() {
        net.deliver(ALICE, MessageText.request("INVITE", "urn:service:sos")
                .header("Via", "SIP/2.0/UDP " + ALICE + ";branch=" + net.branch()).header("Max-Forwards", "20")
                .header("From", "<sip:alice@192.0.2.1>;tag=atag").header("To", "<urn:service:sos>")
                .header("Call-ID", "help").header("CSeq", "7 INVITE").header("Contact", "<sip:alice@" + ALICE + ">"));
        assertEquals(List.of(), service.asked);
        net.deliver(BOB, answer(net.take("INVITE"), 486, "btag", null, ""));
    }

    @Test
    void shouldAskNobodyForTrunksWithoutCredit() {
        net.alice.state().credit(CreditPolicy.NONE);
        net.up("free");
        assertEquals(List.of(), service.asked);
        end();
        assertEquals(Map.of(), service.settled);
    }

    @Test
    void shouldRefuseWhenTheServiceFailsAndTheTrunkIsClosed() {
        int calls = 0;
        for (final CreditReply reply : hostile()) {
            net.deliver(ALICE, net.invite("closed-" + calls++, OFFER));
            reply(service.take(), reply);
            net.take("SIP/2.0 503");
            assertEquals(0, net.count("INVITE"));
            assertEquals(1, net.counters.get(reply.result()), reply.toString());
            net.sent.clear();
        }
        // What may have been reserved all the same is given back.
        assertEquals(calls, service.settled.size());
        assertTrue(service.settled.values().stream().allMatch(used -> used == 0), service.settled.toString());
    }

    @Test
    void shouldGoOnWhenTheServiceFailsAndTheTrunkIsOpen() {
        net.alice.state().credit(CreditPolicy.OPEN);
        int calls = 0;
        for (final CreditReply reply : hostile()) {
            net.deliver(ALICE, net.invite("open-" + calls++, OFFER));
            reply(service.take(), reply);
            net.deliver(BOB, answer(net.take("INVITE"), 486, "btag", null, ""));
            assertEquals(1, net.counters.get(reply.result()), reply.toString());
            net.take("SIP/2.0 486");
        }
        assertEquals(calls, service.settled.size());
    }

    @Test
    void shouldRefuseWhenNothingIsAnsweredInTimeAndCountWhatComesLate() {
        net.deliver(ALICE, net.invite("late", OFFER));
        net.take("SIP/2.0 100");
        net.pass(999);
        assertEquals(List.of(), net.sent);
        net.pass(1);
        net.take("SIP/2.0 503");
        granted(service.take(), 60_000);
        assertEquals(0, net.count("INVITE"));
        assertEquals(1, net.counters.get(Counter.CREDIT_TIMEOUT));
        assertEquals(1, net.counters.get(Counter.CREDIT_LATE));
        assertEquals(1, service.settled.size());
    }

    @Test
    void shouldSettleNothingWhenNothingCouldBeAsked() {
        service.room = false;
        net.deliver(ALICE, net.invite("crowd", OFFER));
        net.take("SIP/2.0 503");
        assertEquals(1, net.counters.get(Counter.CREDIT_REFUSED));
        assertEquals(Map.of(), service.settled);
    }

    @Test
    void shouldSettleWhenTheCallerCancelsWhileItIsAsked() {
        final String invite = new String(net.invite("impatient", OFFER).bytes(),
                ISO_8859_1);
        net.deliver(ALICE, invite.getBytes(ISO_8859_1));
        net.deliver(ALICE, cancel(invite));
        net.take("SIP/2.0 487");
        net.take("SIP/2.0 200");
        assertEquals(List.of(0L), List.copyOf(service.settled.values()));
        granted(service.take(), 60_000);
        granted(service.asked.isEmpty() ? new FakeCredit.Asked(0, null) : service.take(), 60_000);
        assertEquals(0, net.count("INVITE"));
        assertEquals(2, net.counters.get(Counter.CREDIT_LATE));
    }

    @Test
    void shouldSettleWhenTheServerStopsWhileItIsAsked() {
        net.deliver(ALICE, net.invite("stop", OFFER));
        net.b2bua.hangUpSome("Q.850;cause=41", 10, net.nowNs);
        net.take("SIP/2.0 480");
        granted(service.take(), 60_000);
        assertEquals(List.of(0L), List.copyOf(service.settled.values()));
        assertEquals(1, net.counters.get(Counter.CREDIT_LATE));
    }

    // A call that stands.

    @Test
    void shouldEndBothSidesToTheMillisecondWhenTheCreditIsUsedUp() {
        up(60_000, false);
        net.pass(50_000);
        reply(service.take(), CreditReply.of(0, false));
        net.pass(9_999);
        assertEquals(List.of(), net.sent);
        final long dueNs = net.nowNs + 1_000_000;
        net.pass(1);
        final Sent toAlice = net.take("BYE", ALICE);
        assertEquals("Q.850;cause=102;text=\"Credit used up\"", toAlice.message().one("reason"));
        assertEquals(toAlice.message().one("reason"), net.take("BYE", BOB).message().one("reason"));
        assertEquals(List.of(dueNs), cutOffs);
        assertEquals(List.of(60_000L), List.copyOf(service.settled.values()));
        assertEquals(1, net.counters.get(Counter.CALLS_CUT_OFF));
        // Neither side answers: both are told again, and both are given up.
        net.pass(1_000);
        assertTrue(net.count("BYE") >= 2, net.sent.toString());
        net.pass(32_000);
        assertEquals(0, net.b2bua.pools.live());
        net.sent.clear();
    }

    @Test
    void shouldAskForMoreBeforeTheEndAndGoOn() {
        up(60_000, false);
        for (int i = 1; i <= 5; i++) {
            net.pass(i == 1 ? 49_999 : 59_999);
            assertEquals(List.of(), service.asked);
            net.pass(1);
            final FakeCredit.Asked more = service.take();
            assertEquals(i, more.request().number());
            assertEquals(60_000L * i - 10_000, more.request().usedMs());
            granted(more, 60_000);
        }
        assertEquals(70_000, status().leftMs());
        end();
        assertEquals(List.of(290_000L), List.copyOf(service.settled.values()));
    }

    @Test
    void shouldAskForNoMoreWhenItWasTheLast() {
        up(5_000, true);
        net.pass(4_999);
        assertEquals(List.of(), service.asked);
        net.pass(1);
        assertEquals(2, net.count("BYE"));
        net.sent.clear();
    }

    @Test
    void shouldAskEverySecondWhenTheServiceFailsAndEndClosedCallsInTime() {
        up(60_000, false);
        net.pass(50_000);
        // Each second of silence and each of waiting: five times in ten seconds, always the same request.
        net.pass(9_999);
        assertEquals(5, service.asked.size());
        assertTrue(service.asked.stream().allMatch(asked -> asked.request().number() == 1));
        assertEquals(List.of(), net.sent);
        net.pass(1);
        assertEquals(2, net.count("BYE"));
        assertEquals(List.of(60_000L), List.copyOf(service.settled.values()));
        net.sent.clear();
    }

    @Test
    void shouldTakeTheAnswerToTheRequestThatWasMadeAgain() {
        up(60_000, false);
        net.pass(52_500);
        assertEquals(2, service.asked.size());
        granted(service.take(), 60_000);
        assertEquals(1, net.counters.get(Counter.CREDIT_LATE));
        assertEquals(7_500, status().leftMs());
        granted(service.take(), 60_000);
        assertEquals(67_500, status().leftMs());
        end();
    }

    @Test
    void shouldGoOnWithoutAnswersWhenTheTrunkIsOpenAndAskAgain() {
        net.alice.state().credit(CreditPolicy.OPEN);
        up(60_000, false);
        net.pass(600_000);
        assertEquals(List.of(), net.sent);
        assertTrue(service.asked.stream().allMatch(asked -> asked.request().number() == 1));
        assertEquals(10, service.asked.size());
        // It is back, and says that there is nothing left: the end is that of what was taken on trust.
        service.asked.clear();
        net.pass(50_000);
        granted(service.take(), 0);
        net.pass(10_000);
        assertEquals(2, net.count("BYE"));
        assertEquals(List.of(660_000L), List.copyOf(service.settled.values()));
        net.sent.clear();
    }

    @Test
    void shouldLetNoHostileAnswerMoveTheEndOfClosedCalls() {
        up(60_000, false);
        for (final CreditReply reply : hostile()) {
            net.pass(service.asked.isEmpty() ? 50_000 : 0);
            reply(service.take(), reply);
            assertEquals(net.counters.get(reply.result()), 1, reply.toString());
            net.pass(1_000);
        }
        net.pass(60_000 - (50_000 + 1_000 * hostile().size()));
        assertEquals(2, net.count("BYE"));
        net.sent.clear();
    }

    @Test
    void shouldSettleWhatWasUsedWhenASideHangsUpWhileMoreIsAsked() {
        final Up up = up(60_000, false);
        net.pass(50_123);
        net.deliver(BOB, net.fromBob(up, "BYE", 1));
        assertEquals(List.of(50_123L), List.copyOf(service.settled.values()));
        granted(service.take(), 60_000);
        assertEquals(1, net.counters.get(Counter.CREDIT_LATE));
        net.deliver(ALICE, answer(net.take("BYE"), 200, null, null, ""));
        net.sent.clear();
    }

    // Orders.

    @Test
    void shouldEndTheCallWhenItsTimeIsSetByOrder() {
        net.alice.state().credit(CreditPolicy.NONE);
        net.up("ordered");
        assertEquals(-1, status().leftMs());
        assertTrue(net.b2bua.limit(status().id(), 5_000_000_000L, net.nowNs));
        assertEquals(5_000, status().leftMs());
        net.pass(3_000);
        assertTrue(net.b2bua.limit(status().id(), 5_000_000_000L, net.nowNs));
        net.pass(4_999);
        assertEquals(List.of(), net.sent);
        net.pass(1);
        assertEquals(2, net.count("BYE"));
        assertFalse(net.b2bua.limit("0", 1, net.nowNs));
        net.sent.clear();
    }

    @Test
    void shouldEndByCreditThoughTheOrderAllowsMore() {
        up(20_000, true);
        assertTrue(net.b2bua.limit(status().id(), 3_600_000_000_000L, net.nowNs));
        assertEquals(20_000, status().leftMs());
        assertTrue(net.b2bua.limit(status().id(), 0, net.nowNs));
        net.pass(1);
        assertEquals("Q.850;cause=102;text=\"Maximum duration\"", net.take("BYE", BOB).message().one("reason"));
        assertEquals(List.of(1L), List.copyOf(service.settled.values()));
        net.sent.clear();
    }

    private static List<CreditReply> hostile() {
        return List.of(CreditReply.of(-1, false), CreditReply.of(Long.MAX_VALUE, false),
                CreditReply.failed(Outcome.NONSENSE), CreditReply.failed(Outcome.ERROR),
                CreditReply.failed(Outcome.UNREACHABLE));
    }

    private Up up(final long grantedMs, final boolean last) {
        net.deliver(ALICE, net.invite("pays", OFFER));
        reply(service.take(), CreditReply.of(grantedMs, last));
        final Sent invite = net.take("INVITE", BOB);
        net.take("SIP/2.0 100");
        net.pass(3_000);
        net.deliver(BOB, answer(invite, 200, "btag", "bob@" + BOB, ANSWER));
        final Sent ok = net.take("SIP/2.0 200", ALICE);
        net.take("ACK", BOB);
        net.deliver(ALICE, net.inside("ACK", ALICE, ok, false, 7));
        assertEquals(List.of(), net.sent.stream().filter(sent -> !sent.is("INVITE")).toList());
        net.sent.clear();
        return new Up(invite, ok, "btag");
    }

    private static byte[] cancel(final String invite) {
        final StringBuilder text = new StringBuilder("CANCEL sip:bob@203.0.113.10 SIP/2.0\r\n");
        for (final String line : invite.split("\r\n")) {
            if (line.startsWith("Via") || line.startsWith("From") || line.startsWith("To")
                    || line.startsWith("Call-ID") || line.startsWith("Max-F")) {
                text.append(line).append("\r\n");
            }
        }
        return text.append("CSeq: 7 CANCEL\r\nContent-Length: 0\r\n\r\n").toString()
                .getBytes(ISO_8859_1);
    }

    private CallStatus status() {
        final List<CallStatus> all = new ArrayList<>();
        net.b2bua.calls(all::add, net.nowNs);
        return all.getFirst();
    }

    private void granted(final FakeCredit.Asked asked, final long ms) {
        reply(asked, CreditReply.of(ms, false));
    }

    private void reply(final FakeCredit.Asked asked, final CreditReply reply) {
        net.proxy.onCommand(new ShardCommand.Replied(asked.ticket(), reply), net.nowNs);
    }

    private void end() {
        net.b2bua.hangUpSome("Q.850;cause=16", 10, net.nowNs);
        net.pass(33_000);
        net.sent.clear();
    }
}
