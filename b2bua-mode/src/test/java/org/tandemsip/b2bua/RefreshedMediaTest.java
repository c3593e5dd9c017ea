package org.tandemsip.b2bua;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.tandemsip.b2bua.CallFixture.ALICE;
import static org.tandemsip.b2bua.CallFixture.ANSWER;
import static org.tandemsip.b2bua.CallFixture.BOB;
import static org.tandemsip.b2bua.CallFixture.OFFER;
import static org.tandemsip.b2bua.CallFixture.answer;

import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.tandemsip.b2bua.CallFixture.Sent;
import org.tandemsip.b2bua.CallFixture.Up;
import org.tandemsip.codec.sdp.CodecList;
import org.tandemsip.engine.handler.MediaRelay;
import org.tandemsip.engine.routing.CallRules;
import org.tandemsip.engine.routing.MediaRules;
import org.tandemsip.engine.routing.Trunk;
import org.tandemsip.testkit.MessageText;

/**
 * Refreshes of a session by INVITE offer each side what it was told last (RFC 4028 section 7.4): as it was sent there,
 * whatever the media relay or the rules for codecs have made of it.
 */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class RefreshedMediaTest {
    private static final MediaRules ANCHORED = new MediaRules(CodecList.ANY, true, MediaRelay.Side.PLAIN);
    private static final MediaRules PCMA = new MediaRules(new CodecList(List.of("PCMA")), false,
            MediaRelay.Side.PLAIN);
    private static final String TWO = OFFER.replace("AVP 0", "AVP 0 8");

    private final MemoryRecords records = new MemoryRecords();
    private MediaRules rules = ANCHORED;
    private CallFixture net = fixture();
    private FakeRelay relay = new FakeRelay(net, false);
    private Up up;
    /** What Alice and Bob were told last. */
    private String alices;
    private String bobs;

    private CallFixture fixture() {
        final Trunk alice = CallFixture.trunk(0, "alice", CallRules.DEFAULTS, ALICE);
        return new CallFixture(alice, CallFixture.trunk(1, "bob", CallRules.DEFAULTS, rules, BOB));
    }

    private void withCodecs() {
        rules = PCMA;
        net = fixture();
    }

    // The sides.

    /** Alice wants us to refresh, and takes no UPDATE for that. */
    private MessageText invite(final String body) {
        return net.invite(RestartTest.ours("refreshed"), body).header("Session-Expires", "1800;refresher=uas");
    }

    private static String body(final Sent sent) {
        return sent.text().split("\r\n\r\n", 2)[1];
    }

    private String toAlice(final Sent sent) {
        assertEquals(ALICE, sent.to());
        alices = body(sent);
        return alices;
    }

    private String toBob(final Sent sent) {
        assertEquals(BOB, sent.to());
        bobs = body(sent);
        return bobs;
    }

    private void isUp(final Sent invite, final Sent ok) {
        up = new Up(invite, ok, "btag");
        net.deliver(ALICE, net.inside("ACK", ALICE, ok, false, 7));
        net.sent.clear();
    }

    private void up() {
        net.deliver(ALICE, invite(OFFER));
        relay.done();
        final Sent invite = net.take("INVITE", BOB);
        net.deliver(BOB, answer(invite, 200, "btag", "bob@" + BOB, ANSWER));
        relay.done();
        final Sent ok = net.take("SIP/2.0 200", ALICE);
        toBob(invite);
        toAlice(ok);
        isUp(invite, ok);
    }

    private Sent ring(final String offer, final String answer) {
        net.deliver(ALICE, invite(offer).header("Require", "100rel"));
        if (!offer.isEmpty()) {
            relay.done();
        }
        final Sent invite = net.take("INVITE", BOB);
        net.deliver(BOB, answer(invite, 183, "btag", "bob@" + BOB, answer).header("Require", "100rel")
                .header("RSeq", "1"));
        relay.done();
        return invite;
    }

    private Sent prack(final Sent progress, final String body) {
        final MessageText prack = net.inside("PRACK", ALICE, progress, false, 8)
                .header("RAck", progress.message().one("rseq") + " 7 INVITE");
        net.deliver(ALICE, body.isEmpty() ? prack : prack.body("application/sdp", body));
        if (!body.isEmpty()) {
            relay.done();
        }
        return net.take("PRACK", BOB);
    }

    /** Half of the interval is over: each side is asked whether it is still there. */
    private void assertRefreshed() {
        assertRefreshed(900_000);
    }

    private void assertRefreshed(final long afterMs) {
        assertFalse((alices + bobs).contains("192.0.2.77") || (alices + bobs).contains("10.0.0.77"), alices + bobs);
        net.pass(afterMs);
        assertOffered();
    }

    private void assertOffered() {
        final Sent toAlice = net.take("INVITE", ALICE);
        final Sent toBob = net.take("INVITE", BOB);
        assertEquals(alices, body(toAlice));
        assertEquals(bobs, body(toBob));
        net.deliver(ALICE, answer(toAlice, 200, null, "alice@" + ALICE, OFFER));
        net.deliver(BOB, answer(toBob, 200, null, "bob@" + BOB, ANSWER));
        net.take("ACK", ALICE);
        net.take("ACK", BOB);
        assertEquals(List.of(), net.sent);
        net.deliver(ALICE, net.fromAlice(up, "BYE", 90));
        net.take("SIP/2.0 200", ALICE);
        net.deliver(BOB, answer(net.take("BYE", BOB), 200, null, null, ""));
        assertEquals(0, net.rest());
    }

    // What they were told.

    @Test
    void shouldOfferWhatTheRelayHasMadeOfTheFirstOfferAndAnswer() {
        up();
        assertRefreshed();
    }

    @Test
    void shouldOfferOnlyTheCodecsThatAreLeft() {
        withCodecs();
        net.deliver(ALICE, invite(TWO));
        final Sent invite = net.take("INVITE", BOB);
        net.deliver(BOB, answer(invite, 200, "btag", "bob@" + BOB, ANSWER.replace("AVP 0", "AVP 8 0")));
        final Sent ok = net.take("SIP/2.0 200", ALICE);
        assertEquals(TWO.replace("AVP 0 8", "AVP 8"), toBob(invite));
        assertEquals(ANSWER.replace("AVP 0", "AVP 8"), toAlice(ok));
        isUp(invite, ok);
        net.pass(900_000);
        assertOffered();
    }

    @Test
    void shouldOfferWhatAReinviteHasChanged() {
        up();
        net.deliver(BOB, net.fromBob(up, "INVITE", 1).body("application/sdp", ANSWER));
        relay.done();
        final Sent invite = net.take("INVITE", ALICE);
        toAlice(invite);
        net.deliver(ALICE, answer(invite, 200, null, "alice@" + ALICE, OFFER));
        relay.done();
        toBob(net.take("SIP/2.0 200", BOB));
        net.deliver(BOB, net.fromBob(up, "ACK", 1));
        net.sent.clear();
        assertRefreshed();
    }

    @Test
    void shouldOfferWhatAnUpdateHasChanged() {
        up();
        net.deliver(ALICE, net.fromAlice(up, "UPDATE", 8).header("Supported", "timer")
                .header("Session-Expires", "1800;refresher=uas").body("application/sdp", OFFER));
        relay.done();
        final Sent update = net.take("UPDATE", BOB);
        toBob(update);
        net.deliver(BOB, answer(update, 200, null, "bob@" + BOB, ANSWER));
        relay.done();
        toAlice(net.take("SIP/2.0 200", ALICE));
        assertRefreshed();
    }

    @Test
    void shouldOfferWhatStoodBeforeAReinviteThatWasRefused() {
        up();
        net.deliver(ALICE, net.fromAlice(up, "INVITE", 8).body("application/sdp", OFFER));
        relay.done();
        net.deliver(BOB, answer(net.take("INVITE", BOB), 488, null, null, ""));
        net.pass(40_000);
        net.sent.clear();
        net.pass(850_000);
        net.sent.clear();
        assertRefreshed(10_000);
    }

    @Test
    void shouldOfferWhatTheAckHasAnswered() {
        net.deliver(ALICE, invite(""));
        final Sent invite = net.take("INVITE", BOB);
        net.deliver(BOB, answer(invite, 200, "btag", "bob@" + BOB, ANSWER));
        relay.done();
        final Sent ok = net.take("SIP/2.0 200", ALICE);
        toAlice(ok);
        net.deliver(ALICE, net.inside("ACK", ALICE, ok, false, 7).body("application/sdp", OFFER));
        relay.done();
        toBob(net.take("ACK", BOB));
        up = new Up(invite, ok, "btag");
        net.sent.clear();
        assertRefreshed();
    }

    @Test
    void shouldOfferWhatAPrackHasAnswered() {
        final Sent invite = ring("", ANSWER);
        final Sent progress = net.take("SIP/2.0 183", ALICE);
        toAlice(progress);
        final Sent prack = prack(progress, OFFER);
        toBob(prack);
        net.deliver(BOB, answer(prack, 200, null, null, ""));
        net.take("SIP/2.0 200", ALICE);
        net.deliver(BOB, answer(invite, 200, "btag", "bob@" + BOB, ""));
        isUp(invite, net.take("SIP/2.0 200", ALICE));
        assertRefreshed();
    }

    /** The INVITE has its answer in a reliable response, and the session changes before its 2xx, which has no more. */
    @Test
    void shouldOfferWhatHasChangedBeforeTheAnswer() {
        for (final boolean byPrack : new boolean[] {false, true}) {
            net = fixture();
            relay = new FakeRelay(net, false);
            final Sent invite = ring(OFFER, ANSWER);
            final Sent progress = net.take("SIP/2.0 183", ALICE);
            Sent change = prack(progress, byPrack ? OFFER : "");
            if (!byPrack) {
                net.deliver(BOB, answer(change, 200, null, null, ""));
                net.take("SIP/2.0 200", ALICE);
                net.deliver(ALICE, net.inside("UPDATE", ALICE, progress, false, 9).body("application/sdp", OFFER));
                relay.done();
                change = net.take("UPDATE", BOB);
            }
            toBob(change);
            net.deliver(BOB, answer(change, 200, null, "bob@" + BOB, ANSWER));
            relay.done();
            toAlice(net.take("SIP/2.0 200", ALICE));
            assertFalse(bobs.equals(body(invite)) || alices.equals(body(progress)));
            net.deliver(BOB, answer(invite, 200, "btag", "bob@" + BOB, ""));
            isUp(invite, net.take("SIP/2.0 200", ALICE));
            assertRefreshed();
        }
    }

    @Test
    void shouldOfferTheSessionOfTheBranchThatAnswers() {
        final Sent invite = ring(OFFER, ANSWER);
        final Sent progress = net.take("SIP/2.0 183", ALICE);
        net.deliver(BOB, answer(prack(progress, ""), 200, null, null, ""));
        net.take("SIP/2.0 200", ALICE);
        net.deliver(ALICE, net.inside("UPDATE", ALICE, progress, false, 9).body("application/sdp", OFFER));
        relay.done();
        net.deliver(BOB, answer(net.take("UPDATE", BOB), 200, null, "bob@" + BOB, ANSWER));
        relay.done();
        net.take("SIP/2.0 200", ALICE);
        net.deliver(BOB, answer(invite, 200, "other", "bob@" + BOB, ANSWER));
        relay.done();
        final Sent ok = net.take("SIP/2.0 200", ALICE);
        toBob(invite);
        toAlice(ok);
        isUp(invite, ok);
        up = new Up(invite, ok, "other");
        assertRefreshed();
    }

    private void acknowledged(final Sent progress, final int cseq) {
        net.deliver(ALICE, net.inside("PRACK", ALICE, progress, false, cseq)
                .header("RAck", progress.message().one("rseq") + " 7 INVITE"));
        net.deliver(BOB, answer(net.take("PRACK", BOB), 200, null, null, ""));
        net.take("SIP/2.0 200", ALICE);
    }

    @Test
    void shouldNotOfferWhatABranchHasToldThatDidNotAnswer() {
        // given
        final Sent invite = ring(OFFER, ANSWER);
        acknowledged(net.take("SIP/2.0 183", ALICE), 8);
        net.deliver(BOB, answer(invite, 183, "other", "bob@" + BOB, ANSWER).header("Require", "100rel")
                .header("RSeq", "1"));
        relay.done();
        acknowledged(net.take("SIP/2.0 183", ALICE), 9);

        // when: the answer of the first branch was in its reliable response
        net.deliver(BOB, answer(invite, 200, "btag", "bob@" + BOB, ""));
        isUp(invite, net.take("SIP/2.0 200", ALICE));

        // then: whether she is still there is asked without a session
        net.pass(900_000);
        net.take("OPTIONS", ALICE);
        assertEquals(toBob(invite), body(net.take("INVITE", BOB)));
    }

    // In another process.

    @Test
    void shouldOfferTheSameInAnotherProcess() {
        for (final boolean inAck : new boolean[] {false, true}) {
            net = fixture();
            relay = new FakeRelay(net, false);
            net.b2bua.records(records, net.nowNs);
            up();
            if (inAck) {
                net.deliver(ALICE, net.fromAlice(up, "INVITE", 8).header("Supported", "timer")
                        .header("Session-Expires", "1800;refresher=uas"));
                net.deliver(BOB, answer(net.take("INVITE", BOB), 200, null, "bob@" + BOB, ANSWER));
                relay.done();
                toAlice(net.take("SIP/2.0 200", ALICE));
                net.deliver(ALICE, net.fromAlice(up, "ACK", 8).body("application/sdp", OFFER));
                relay.done();
                toBob(net.take("ACK", BOB));
            }

            // when: killed
            final CallFixture after = fixture();
            after.nowNs = net.nowNs + 5_000_000_000L;
            records.lastSeenMs = records.epochMs(net.nowNs);
            after.b2bua.records(records, after.nowNs);
            net = after;
            relay = new FakeRelay(net, false);
            net.pass(5_000);
            net.deliver(ALICE, answer(net.take("OPTIONS", ALICE), 200, null, null, ""));
            net.deliver(BOB, answer(net.take("OPTIONS", BOB), 200, null, null, ""));

            net.sent.clear();

            // then
            assertRefreshed();
            assertTrue(records.states.isEmpty());
        }
    }
}
