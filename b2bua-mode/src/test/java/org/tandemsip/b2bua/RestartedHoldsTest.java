package org.tandemsip.b2bua;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.tandemsip.b2bua.CallFixture.ALICE;
import static org.tandemsip.b2bua.CallFixture.ANSWER;
import static org.tandemsip.b2bua.CallFixture.BOB;
import static org.tandemsip.b2bua.CallFixture.OFFER;
import static org.tandemsip.b2bua.CallFixture.answer;

import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tandemsip.b2bua.CallFixture.Sent;
import org.tandemsip.b2bua.CallFixture.Up;
import org.tandemsip.codec.sdp.CodecList;
import org.tandemsip.engine.handler.MediaRelay;
import org.tandemsip.engine.handler.ShardCommand;
import org.tandemsip.engine.routing.CreditPolicy;
import org.tandemsip.engine.routing.CreditReply;
import org.tandemsip.engine.routing.MediaRules;
import org.tandemsip.engine.routing.RoutingPolicy;
import org.tandemsip.engine.timer.Timing;

/** What others hold for calls when the process is killed, credit and media: given back however the calls end. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class RestartedHoldsTest {
    private static final long SECOND = 1_000_000_000L;
    private static final MediaRules RELAYED = new MediaRules(CodecList.ANY, true, MediaRelay.Side.PLAIN);

    private final MemoryRecords records = new MemoryRecords();
    private CallFixture net;
    private FakeCredit service;
    private FakeRelay relay;
    private Sent invite;

    @BeforeEach
    void begin() {
        net = fixture();
        net.b2bua.records(records, net.nowNs);
    }

    private CallFixture fixture() {
        final CallFixture made = new CallFixture(MediaRules.NONE, RELAYED);
        service = new FakeCredit();
        relay = new FakeRelay(made, false);
        made.b2bua.credit(service);
        made.alice.state().credit(CreditPolicy.CLOSED);
        return made;
    }

    /** Another process, so many seconds later. */
    private CallFixture restart(final int seconds) {
        final CallFixture after = fixture();
        after.nowNs = net.nowNs + seconds * SECOND;
        records.lastSeenMs = records.epochMs(net.nowNs);
        after.b2bua.records(records, after.nowNs);
        net = after;
        return after;
    }

    private FakeCredit.Asked granted(final long ms) {
        final FakeCredit.Asked asked = service.take();
        net.proxy.onCommand(new ShardCommand.Replied(asked.ticket(),
                CreditReply.of(ms, false)), net.nowNs);
        return asked;
    }

    /** A call that rings, with credit for a minute and relayed media; returns its name at the credit service. */
    private String ringing(final String name) {
        net.deliver(ALICE, net.invite(RestartTest.ours(name), OFFER));
        final String call = granted(60_000).request().call();
        relay.done();
        invite = net.take("INVITE", BOB);
        return call;
    }

    private Up up() {
        net.deliver(BOB, answer(invite, 200, "btag", "bob@" + BOB, ANSWER));
        relay.done();
        final Sent ok = net.take("SIP/2.0 200", ALICE);
        net.take("ACK", BOB);
        net.deliver(ALICE, net.inside("ACK", ALICE, ok, false, 7));
        net.sent.clear();
        return new Up(invite, ok, "btag");
    }

    private void isGivenBack(final String call, final long usedMs, final String mediaCall) {
        assertEquals(Map.of(call, usedMs), service.settled);
        assertEquals(List.of(mediaCall), relay.deleted.stream().map(MediaRelay.Request::callId).toList());
        assertEquals(0, relay.deleted.getFirst().node());
        assertEquals(List.of(), service.asked);
        assertEquals(0, net.rest());
        assertTrue(records.lines.getLast().contains("\"id\":\"" + call + '"'), records.lines.toString());
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void shouldGiveBackWhatWasHeldForACallThatGoesOn(final boolean byLimit) {
        // given
        final String call = ringing("goes-on");
        net.deliver(BOB, answer(invite, 200, "btag", "bob@" + BOB, ANSWER));
        final String mediaCall = relay.done().callId();
        final Sent ok = net.take("SIP/2.0 200", ALICE);
        net.deliver(ALICE, net.inside("ACK", ALICE, ok, false, 7));
        net.pass(10_000);

        // when: killed for 20 of its 60 seconds
        restart(20);
        assertEquals(Map.of(), service.settled);
        if (byLimit) {
            // More is asked for in time under the next number, and denied.
            net.pass(20_000);
            assertEquals(1, service.asked.getFirst().request().number());
            assertEquals(call, service.asked.getFirst().request().call());
            granted(0);
            net.pass(9_999);
            assertEquals(0, net.count("BYE"));
            net.pass(1);
            net.deliver(ALICE, answer(net.take("BYE", ALICE), 200, null, null, ""));
            net.deliver(BOB, answer(net.take("BYE", BOB), 200, null, null, ""));
        } else {
            net.pass(5_000);
            net.deliver(ALICE, net.inside("BYE", ALICE, ok, false, 8));
            net.deliver(BOB, answer(net.take("BYE", BOB), 200, null, null, ""));
        }

        // then
        isGivenBack(call, byLimit ? 60_000 : 35_000, mediaCall);
    }

    @Test
    void shouldGoOnWithMoreCredit() {
        ringing("topped-up");
        up();
        net.pass(10_000);
        restart(1);
        net.pass(39_000);
        granted(60_000);
        net.pass(60_000);
        assertEquals(0, net.count("BYE"));
        assertEquals(2, service.asked.getFirst().request().number());
        service.asked.clear();
        net.pass(10_000);
        assertEquals(2, net.count("BYE"));
    }

    @Test
    void shouldGiveBackWhatWasHeldForACallWhoseTimeWasUpMeanwhile() {
        final String call = ringing("late");
        up();
        restart(300);
        net.pass(1);
        net.deliver(ALICE, answer(net.take("BYE", ALICE), 481, null, null, ""));
        net.deliver(BOB, answer(net.take("BYE", BOB), 481, null, null, ""));
        assertEquals(List.of(call), List.copyOf(service.settled.keySet()));
        assertEquals(1, relay.deleted.size());
    }

    @Test
    void shouldGiveBackWhatWasHeldForACallThatWasEnding() {
        // given: killed when one side has its BYE, and the settlement maybe not gone yet
        final String call = ringing("ending");
        final Up up = up();
        net.pass(3_000);
        net.deliver(ALICE, net.fromAlice(up, "BYE", 8));
        assertEquals(Map.of(call, 3_000L), service.settled);
        assertEquals(List.of(), relay.deleted);

        // when
        restart(7);
        net.pass(1);
        net.deliver(BOB, answer(net.take("BYE", BOB), 200, null, null, ""));

        // then: said again, and the same
        assertEquals(Map.of(call, 3_000L), service.settled);
        assertEquals(1, relay.deleted.size());
        assertEquals(0, net.rest());
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void shouldGiveBackWhatWasHeldForACallThatWasBeingSetUp(final boolean rings) {
        // given
        final String call;
        if (rings) {
            call = ringing("young");
        } else {
            net.deliver(ALICE, net.invite(RestartTest.ours("young"), OFFER));
            call = service.take().request().call();
        }

        // when
        restart(7);

        // then
        assertEquals(Map.of(call, 0L), service.settled);
        assertEquals(rings ? 1 : 0, relay.deleted.size());
        assertEquals(0, net.rest());
    }

    @Test
    void shouldGiveBackWhatWasHeldForACallWhoseTrunkIsNoMore() {
        final String call = ringing("orphan");
        up();
        net.pass(4_000);
        final CallFixture after = fixture();
        after.nowNs = net.nowNs + SECOND;
        after.configure(new RoutingPolicy(net.policy.mode(), List.of(after.alice), List.of(), Timing.DEFAULTS, 70,
                true));
        records.lastSeenMs = records.epochMs(net.nowNs);
        after.b2bua.records(records, after.nowNs);
        assertEquals(Map.of(call, 4_000L), service.settled);
        assertEquals(1, relay.deleted.size());
        assertEquals(0, after.rest());
    }

    /** The relay knows the call by the same names, and each side one session whose version rises. */
    @Test
    void shouldRelayWhatIsOfferedAfterARestart() {
        // given
        ringing("re-invite");
        net.deliver(BOB, answer(invite, 200, "btag", "bob@" + BOB, ANSWER));
        final MediaRelay.Request first = relay.done();
        final Sent ok = net.take("SIP/2.0 200", ALICE);
        net.deliver(ALICE, net.inside("ACK", ALICE, ok, false, 7));
        restart(1);

        // when
        net.deliver(ALICE, net.fromAlice(new Up(invite, ok, "btag"), "INVITE", 8).body("application/sdp", OFFER));
        final MediaRelay.Request offer = relay.done();

        // then
        assertEquals(first.callId(), offer.callId());
        assertEquals(first.fromTag(), offer.fromTag());
        assertEquals(first.toTag(), offer.toTag());
        assertEquals(0, offer.node());
        final Sent again = net.take("INVITE", BOB);
        assertEquals(origin(invite)[1], origin(again)[1]);
        assertTrue(Long.parseLong(origin(again)[2]) > Long.parseLong(origin(invite)[2]), again.text());
        assertNotEquals(origin(ok)[1], origin(again)[1]);
    }

    private static String[] origin(final Sent sent) {
        return sent.message().body().lines().filter(line -> line.startsWith("o=")).findFirst().orElseThrow()
                .split(" ");
    }
}
