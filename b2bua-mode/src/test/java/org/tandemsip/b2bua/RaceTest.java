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
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tandemsip.b2bua.CallFixture.Sent;
import org.tandemsip.b2bua.CallFixture.Up;
import org.tandemsip.engine.timer.Timing;
import org.tandemsip.testkit.MessageText;
import org.tandemsip.testkit.wire.WireMessage;

/** The races of RFC 5407 by their sections, and those between our own requests and the peers'. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class RaceTest {
    private final CallFixture net = new CallFixture();

    @Test
    void rfc5407Section311ShouldAbsorbTheInviteThatComesAgainAfterThe2xx() {
        final MessageText invite = net.invite("r-311", OFFER);
        net.deliver(ALICE, invite);
        net.deliver(BOB, answer(net.take("INVITE"), 200, "btag", "bob@" + BOB, ANSWER));
        net.sent.clear();
        net.deliver(ALICE, invite);
        assertEquals(0, net.sent.size());
    }

    @Test
    void rfc5407Section312ShouldLetTheCallStandWhenTheCancelComesAfterThe2xx() {
        final MessageText invite = net.invite("r-312", OFFER);
        net.deliver(ALICE, invite);
        net.deliver(BOB, answer(net.take("INVITE"), 200, "btag", "bob@" + BOB, ANSWER));
        final Sent ok = net.take("SIP/2.0 200");
        net.deliver(ALICE, cancel(invite));
        final WireMessage cancelled = net.take("SIP/2.0 200").message();
        assertEquals("CANCEL", cancelled.method());
        assertEquals(ok.message().toTag(), cancelled.toTag());
        assertEquals(0, net.count("CANCEL"));
        net.deliver(ALICE, net.inside("ACK", ALICE, ok, false, 7));
        assertEquals(1, net.b2bua.pools.live());
        // Alice wanted no call, and ends it.
        net.deliver(ALICE, net.inside("BYE", ALICE, ok, false, 8));
        assertEquals(1, net.count("BYE"));
    }

    @Test
    void shouldAnswerTheCancelWithTheTagOfTheInvite() {
        final MessageText invite = net.invite("r-cancel", OFFER);
        net.deliver(ALICE, invite);
        net.take("INVITE");
        net.deliver(ALICE, cancel(invite));
        final WireMessage cancelled = net.take("SIP/2.0 200").message();
        assertEquals("CANCEL", cancelled.method());
        assertEquals(net.take("SIP/2.0 487").message().toTag(), cancelled.toTag());
    }

    @ParameterizedTest
    @ValueSource(ints = {200, 486})
    void rfc3261Section92ShouldAnswerTheCancelWithTheTagOfTheFinalResponseThatItCrosses(final int code) {
        // given: the final response is acknowledged or not, and nothing but its transaction is left
        final MessageText invite = net.invite("r-crosses", OFFER);
        net.deliver(ALICE, invite);
        net.deliver(BOB, answer(net.take("INVITE"), code, "btag", "bob@" + BOB, code == 200 ? ANSWER : ""));
        final Sent last = net.take("SIP/2.0 " + code);
        if (code == 200) {
            net.deliver(ALICE, net.inside("ACK", ALICE, last, false, 7));
        }

        // when
        net.deliver(ALICE, cancel(invite));

        // then
        final WireMessage cancelled = net.take("SIP/2.0 200").message();
        assertEquals("CANCEL", cancelled.method());
        assertEquals(last.message().toTag(), cancelled.toTag());
        assertEquals(code == 200 ? 1 : 0, net.b2bua.pools.live());
    }

    @Test
    void rfc5407Section313ShouldEndBothLegsWhenTheEarlyByeComesAfterThe2xx() {
        net.deliver(ALICE, net.invite("r-313", OFFER));
        final Sent invite = net.take("INVITE");
        net.deliver(BOB, answer(invite, 180, "btag", "bob@" + BOB, ""));
        final Sent ringing = net.take("SIP/2.0 180");
        net.deliver(BOB, answer(invite, 200, "btag", "bob@" + BOB, ANSWER));
        net.take("SIP/2.0 200");
        net.take("ACK");
        net.deliver(ALICE, net.inside("BYE", ALICE, ringing, false, 8));
        net.take("SIP/2.0 200", ALICE);
        net.deliver(BOB, answer(net.take("BYE", BOB), 200, null, null, ""));
        net.deliver(ALICE, net.inside("ACK", ALICE, ringing, false, 7));
        assertEquals(0, net.rest());
    }

    @Test
    void rfc5407Section314ShouldPassTheReInviteWhenTheAckWasLost() {
        net.deliver(ALICE, net.invite("r-314", OFFER));
        net.deliver(BOB, answer(net.take("INVITE"), 200, "btag", "bob@" + BOB, ANSWER));
        final Sent ok = net.take("SIP/2.0 200");
        net.take("ACK");
        net.deliver(ALICE, net.inside("INVITE", ALICE, ok, false, 8).header("Contact", "<sip:alice@" + ALICE + ">")
                .body("application/sdp", OFFER));
        final Sent again = net.take("INVITE");
        assertEquals(2, again.message().cseq());
        net.deliver(ALICE, net.inside("ACK", ALICE, ok, false, 7));
        net.deliver(BOB, answer(again, 200, null, "bob@" + BOB, ANSWER));
        assertEquals(8, net.take("SIP/2.0 200", ALICE).message().cseq());
        assertEquals(2, net.take("ACK", BOB).message().cseq());
        net.pass(10_000);
        assertTrue(net.sent.stream().filter(sent -> sent.is("SIP/2.0 200"))
                .allMatch(sent -> sent.message().cseq() == 8), net.sent.toString());
    }

    @Test
    void rfc5407Section315ShouldAnswer491WhenTheAckWithTheAnswerWasLost() {
        net.deliver(ALICE, net.invite("r-315", ""));
        net.deliver(BOB, answer(net.take("INVITE"), 200, "btag", "bob@" + BOB, OFFER));
        final Sent ok = net.take("SIP/2.0 200");
        net.deliver(ALICE, net.inside("INVITE", ALICE, ok, false, 8).body("application/sdp", OFFER));
        assertEquals(8, net.take("SIP/2.0 491").message().cseq());
        assertEquals(0, net.count("INVITE"));
        net.deliver(ALICE, net.inside("ACK", ALICE, ok, false, 7).body("application/sdp", ANSWER));
        assertEquals(ANSWER, net.take("ACK").message().body());
    }

    @Test
    void rfc5407Section316ShouldEndBothLegsWhenTheByeComesBeforeTheAck() {
        net.deliver(ALICE, net.invite("r-316", ""));
        net.deliver(BOB, answer(net.take("INVITE"), 200, "btag", "bob@" + BOB, OFFER));
        final Sent ok = net.take("SIP/2.0 200");
        net.deliver(ALICE, net.inside("BYE", ALICE, ok, false, 8));
        assertEquals("BYE", net.take("SIP/2.0 200").message().method());
        assertTrue(index("ACK") >= 0 && index("ACK") < index("BYE"), net.sent.toString());
        net.deliver(BOB, answer(net.take("BYE"), 200, null, null, ""));
        net.deliver(ALICE, net.inside("ACK", ALICE, ok, false, 7).body("application/sdp", ANSWER));
        assertEquals(0, net.rest());
    }

    @Test
    void rfc5407Section321ShouldAnswerBothByesWhenTheyCross() {
        final Up up = net.up("r-321");
        net.deliver(ALICE, net.fromAlice(up, "BYE", 8));
        net.deliver(BOB, net.fromBob(up, "BYE", 1));
        assertEquals(BOB, net.take("SIP/2.0 200", BOB).to());
        assertEquals(ALICE, net.take("SIP/2.0 200", ALICE).to());
        assertEquals(0, net.b2bua.pools.live());
        net.deliver(BOB, answer(net.take("BYE", BOB), 200, null, null, ""));
        assertEquals(0, net.count("BYE"));
        assertEquals(0, net.rest());
    }

    @Test
    void rfc5407Section322ShouldAnswer481WhenTheReInviteCrossesTheBye() {
        final Up up = net.up("r-322");
        net.deliver(ALICE, net.fromAlice(up, "BYE", 8));
        net.take("SIP/2.0 200");
        net.deliver(BOB, net.fromBob(up, "INVITE", 1).body("application/sdp", OFFER));
        assertEquals(BOB, net.take("SIP/2.0 481").to());
    }

    @Test
    void rfc5407Section323ShouldAcknowledgeThe2xxForTheReInviteThatComesAfterTheBye() {
        final Up up = net.up("r-323");
        net.deliver(ALICE, net.fromAlice(up, "INVITE", 8).body("application/sdp", OFFER));
        final Sent again = net.take("INVITE");
        net.take("SIP/2.0 100");
        net.deliver(ALICE, net.fromAlice(up, "BYE", 9));
        assertEquals("INVITE", net.take("SIP/2.0 487").message().method());
        assertEquals("BYE", net.take("SIP/2.0 200").message().method());
        final Sent bye = net.take("BYE");
        assertTrue(bye.message().cseq() > again.message().cseq());
        net.deliver(BOB, answer(again, 200, null, "bob@" + BOB, ANSWER));
        assertEquals(again.message().cseq(), net.take("ACK").message().cseq());
        assertEquals(0, net.count("BYE"));
        net.deliver(BOB, answer(bye, 200, null, null, ""));
        assertEquals(0, net.b2bua.pools.live());
        assertEquals(0, net.rest());
    }

    @Test
    void rfc5407Section324ShouldSendTheByeOnlyWhenTheAckHasCome() {
        // given: Alice has not acknowledged yet when Bob hangs up
        net.deliver(ALICE, net.invite("r-324", OFFER));
        final Sent invite = net.take("INVITE");
        net.deliver(BOB, answer(invite, 200, "btag", "bob@" + BOB, ANSWER));
        final Sent ok = net.take("SIP/2.0 200");
        net.take("ACK");
        net.deliver(BOB, net.fromBob(new Up(invite, ok, "btag"), "BYE", 1));
        net.take("SIP/2.0 200", BOB);

        // then: whoever was called must not end the dialog before (RFC 3261 section 15)
        assertEquals(0, net.count("BYE"));
        net.deliver(ALICE, net.inside("ACK", ALICE, ok, false, 7));
        assertEquals(ALICE, net.take("BYE").to());
    }

    @Test
    void shouldSendTheByeAfterAllWhenTheAckNeverComes() {
        net.deliver(ALICE, net.invite("r-ack", OFFER));
        final Sent invite = net.take("INVITE");
        net.deliver(BOB, answer(invite, 200, "btag", "bob@" + BOB, ANSWER));
        final Sent ok = net.take("SIP/2.0 200");
        net.deliver(BOB, net.fromBob(new Up(invite, ok, "btag"), "BYE", 1));
        net.pass(31_900);
        assertEquals(0, net.count("BYE"));
        net.pass(200);
        assertEquals(ALICE, net.take("BYE").to());
        assertEquals(0, net.rest());
    }

    @Test
    void rfc5407Section331ShouldAnswer491WhenBothSidesSendAReInvite() {
        final Up up = net.up("r-331");
        net.deliver(ALICE, net.fromAlice(up, "INVITE", 8).body("application/sdp", OFFER));
        final Sent again = net.take("INVITE");
        net.deliver(BOB, net.fromBob(up, "INVITE", 1).body("application/sdp", OFFER));
        final Sent pending = net.take("SIP/2.0 491");
        assertEquals(BOB, pending.to());
        net.deliver(BOB, net.fromBob(up, "ACK", 1).header("X-Branch", pending.message().topVia().branch()));
        // The other end has the same rule.
        net.deliver(BOB, answer(again, 491, null, null, ""));
        assertEquals(ALICE, net.take("SIP/2.0 491").to());
        // Later either of them succeeds.
        net.deliver(ALICE, net.inside("ACK", ALICE, up.okToAlice(), false, 8));
        net.pass(3_000);
        net.deliver(ALICE, net.fromAlice(up, "INVITE", 9).body("application/sdp", OFFER));
        assertEquals(3, net.take("INVITE").message().cseq());
    }

    @Test
    void rfc5407Section332ShouldAnswer491WhenAnUpdateCrossesAReInvite() {
        final Up up = net.up("r-332");
        net.deliver(ALICE, net.fromAlice(up, "INVITE", 8).body("application/sdp", OFFER));
        net.deliver(BOB, net.fromBob(up, "UPDATE", 1).body("application/sdp", OFFER));
        assertEquals(BOB, net.take("SIP/2.0 491").to());
        assertEquals(0, net.count("UPDATE"));
        // Without an offer there is nothing to wait for.
        net.deliver(BOB, net.fromBob(up, "UPDATE", 2));
        assertEquals(ALICE, net.take("UPDATE").to());
    }

    @Test
    void rfc5407Section332ShouldAnswer491WhenAReInviteCrossesAnUpdate() {
        final Up up = net.up("r-332b");
        net.deliver(ALICE, net.fromAlice(up, "UPDATE", 8).body("application/sdp", OFFER));
        final Sent update = net.take("UPDATE");
        net.deliver(BOB, net.fromBob(up, "INVITE", 1).body("application/sdp", OFFER));
        assertEquals(BOB, net.take("SIP/2.0 491").to());
        net.deliver(BOB, net.fromBob(up, "ACK", 1));
        // Whoever has made the offer may not make another.
        net.deliver(ALICE, net.fromAlice(up, "INVITE", 9).body("application/sdp", OFFER));
        assertEquals(ALICE, net.take("SIP/2.0 500").to());
        net.deliver(ALICE, net.fromAlice(up, "ACK", 9));
        assertEquals(0, net.count("INVITE"));
        // Once it is answered there is nothing to wait for.
        net.deliver(BOB, answer(update, 200, null, "bob@" + BOB, ANSWER));
        net.deliver(BOB, net.fromBob(up, "INVITE", 2).body("application/sdp", OFFER));
        assertEquals(ALICE, net.take("INVITE").to());
    }

    @Test
    void rfc5407Section333ShouldAnswer481WhenTheReferCrossesTheBye() {
        final Up up = net.up("r-333");
        net.deliver(BOB, net.fromBob(up, "BYE", 1));
        net.deliver(ALICE, net.fromAlice(up, "REFER", 8).header("Refer-To", "<sip:carol@c.example>"));
        assertEquals(ALICE, net.take("SIP/2.0 481").to());
        assertEquals(0, net.count("REFER"));
    }

    /** RFC 3261 section 8.2.2.2. */
    @Test
    void shouldAnswer482WhenTheSameInviteComesByAnotherWay() {
        net.deliver(ALICE, net.invite("merged", OFFER));
        final Sent invite = net.take("INVITE");

        // when: with another branch, and for somebody else
        net.deliver(ALICE, net.invite("merged", OFFER));
        net.deliver(ALICE, net.invite("sip:bobs.mobile@203.0.113.10", "merged", OFFER));

        // then: the first is known already, the second is a call of its own
        net.take("SIP/2.0 482");
        final Sent other = net.take("INVITE");
        assertEquals(0, net.count("INVITE"));

        // when: nothing is left of the call
        net.deliver(BOB, answer(invite, 486, "btag", null, ""));
        net.take("SIP/2.0 486");
        net.deliver(ALICE, net.invite("merged", OFFER));

        // then
        net.take("INVITE");
        assertTrue(other.message().uri().startsWith("sip:bobs.mobile@"), other.text());
    }

    @Test
    void shouldAnswer500WithRetryAfterWhenASecondInviteComesBeforeTheAnswer() {
        final Up up = net.up("r-500");
        net.deliver(ALICE, net.fromAlice(up, "INVITE", 8).body("application/sdp", OFFER));
        net.deliver(ALICE, net.fromAlice(up, "INVITE", 9).body("application/sdp", OFFER));
        final Sent busy = net.take("SIP/2.0 500");
        assertEquals(9, busy.message().cseq());
        final int seconds = Integer.parseInt(busy.message().one("retry-after"));
        assertTrue(seconds >= 0 && seconds <= 10);
        assertEquals(1, net.count("INVITE"));
    }

    @Test
    void shouldAnswer500WhenTheNumberIsLowerThanTheLast() {
        final Up up = net.up("r-cseq");
        net.deliver(ALICE, net.fromAlice(up, "INFO", 20));
        net.take("INFO");
        net.deliver(ALICE, net.fromAlice(up, "INFO", 19));
        assertEquals(19, net.take("SIP/2.0 500").message().cseq());
        assertEquals(0, net.count("INFO"));
    }

    @Test
    void shouldPassEveryOtherRequestAndItsAnswer() {
        final Up up = net.up("r-pass");
        long cseq = 8;
        for (final String method : new String[] {"INFO", "MESSAGE", "UPDATE", "REFER", "SUBSCRIBE", "NOTIFY", "OPTIONS",
            "PUBLISH", "FROBNICATE"}) {
            net.deliver(ALICE, net.fromAlice(up, method, cseq++).header("Event", "x").body("text/plain", "hello"));
            final Sent passed = net.take(method);
            assertEquals(BOB, passed.to());
            assertEquals("hello", passed.message().body());
            assertEquals("x", passed.message().one("event"));
            net.deliver(BOB, answer(passed, 200, null, null, "").body("text/plain", "you too"));
            final Sent ok = net.take("SIP/2.0 200");
            assertEquals(ALICE, ok.to());
            assertEquals("you too", ok.message().body());
        }
        net.deliver(BOB, net.fromBob(up, "INFO", 1));
        assertEquals(ALICE, net.take("INFO").to());
    }

    @Test
    void shouldFollowTheContactWhenAReInviteMovesOneSide() {
        final Up up = net.up("r-move");
        net.deliver(ALICE, MessageText.request("INVITE", "sip:203.0.113.10")
                .header("Via", "SIP/2.0/UDP " + ALICE + ";branch=" + net.branch())
                .header("From", up.okToAlice().message().one("from")).header("To", up.okToAlice().message().one("to"))
                .header("Call-ID", "r-move").header("CSeq", "8 INVITE").header("Contact", "<sip:moved@192.0.2.1:5099>")
                .body("application/sdp", OFFER));
        net.deliver(BOB, answer(net.take("INVITE"), 200, null, "bob@" + BOB, ANSWER));
        net.deliver(ALICE, net.inside("ACK", ALICE, up.okToAlice(), false, 8));
        net.sent.clear();
        net.deliver(BOB, net.fromBob(up, "BYE", 1));
        final Sent bye = net.take("BYE");
        assertEquals("192.0.2.1:5099", bye.to());
        assertEquals("sip:moved@192.0.2.1:5099", bye.message().uri());
    }

    @Test
    void shouldNotFollowAContactThatLeadsToAStranger() {
        net.deliver(ALICE, net.invite("r-aim", OFFER));
        net.deliver(BOB, answer(net.take("INVITE"), 200, "btag", "victim@198.51.100.99", ANSWER));
        final Sent ack = net.take("ACK");
        assertEquals(BOB, ack.to());
        assertEquals("sip:victim@198.51.100.99", ack.message().uri());
    }

    @Test
    void shouldNumberReliableResponsesItselfAndTranslateTheirPracks() {
        net.deliver(ALICE, net.invite("r-prack", OFFER).header("Require", "100rel"));
        final Sent invite = net.take("INVITE");
        assertTrue(invite.text().contains("100rel"));
        net.deliver(BOB, answer(invite, 183, "btag", "bob@" + BOB, ANSWER).header("Require", "100rel")
                .header("RSeq", "988"));
        final Sent progress = net.take("SIP/2.0 183");
        final String rseq = progress.message().one("rseq");
        assertNotEquals("988", rseq);
        // Bob repeats it: Alice gets the same once more.
        net.deliver(BOB, answer(invite, 183, "btag", "bob@" + BOB, ANSWER).header("Require", "100rel")
                .header("RSeq", "988"));
        assertEquals(rseq, net.take("SIP/2.0 183").message().one("rseq"));

        net.deliver(ALICE, net.inside("PRACK", ALICE, progress, false, 8).header("RAck", rseq + " 7 INVITE"));
        final Sent prack = net.take("PRACK");
        assertEquals("988 " + invite.message().cseq() + " INVITE", prack.message().one("rack"));
        net.deliver(BOB, answer(prack, 200, null, null, ""));
        assertEquals("PRACK", net.take("SIP/2.0 200").message().method());

        net.deliver(ALICE, net.inside("PRACK", ALICE, progress, false, 9).header("RAck", "1 7 INVITE"));
        assertEquals(9, net.take("SIP/2.0 481").message().cseq());
    }

    private void pracked(final Sent invite, final Sent progress, final String target, final long cseq) {
        final boolean ofFirst = !target.startsWith("second");
        net.deliver(ALICE, net.inside("PRACK", ALICE, progress, false, cseq)
                .header("RAck", progress.message().one("rseq") + " 7 INVITE"));
        final Sent prack = net.take("PRACK");
        assertEquals(ofFirst ? "one" : "two", prack.message().toTag());
        assertEquals("sip:" + target, prack.message().uri());
        assertEquals(ofFirst ? List.of("<sip:" + BOB + ";lr;n=1>") : List.of(), prack.message().all("route"));
        assertEquals("5 " + invite.message().cseq() + " INVITE", prack.message().one("rack"));
        net.deliver(BOB, answer(prack, 200, null, null, ""));
        assertEquals(cseq, net.take("SIP/2.0 200").message().cseq());
    }

    @Test
    void shouldSendAPrackInTheDialogOfTheForkThatItIsFor() {
        net.deliver(ALICE, net.invite("r-prack-fork", OFFER).header("Require", "100rel"));
        final Sent invite = net.take("INVITE");
        net.deliver(BOB, answer(invite, 183, "one", "first@" + BOB, ANSWER).header("Require", "100rel")
                .header("RSeq", "5").header("Record-Route", "<sip:" + BOB + ";lr;n=1>"));
        final Sent first = net.take("SIP/2.0 183");
        // The first branch is at number 40 already when the other one begins.
        final MessageText update = net.fromBob(new Up(invite, first, "one"), "UPDATE", 40);
        net.deliver(BOB, update);
        net.deliver(ALICE, answer(net.take("UPDATE"), 200, null, "alice@" + ALICE, ""));
        net.take("SIP/2.0 200", BOB);
        // UPDATE has refreshed the target.
        pracked(invite, first, "bob@" + BOB, 8);
        net.deliver(BOB, answer(invite, 183, "two", "second@" + BOB, ANSWER).header("Require", "100rel")
                .header("RSeq", "5"));
        final Sent second = net.take("SIP/2.0 183");
        assertNotEquals(first.message().one("rseq"), second.message().one("rseq"));

        pracked(invite, second, "second@" + BOB, 9);
        pracked(invite, first, "first@" + BOB, 10);

        // The other one takes the call, and counts its requests from 1.
        net.deliver(BOB, answer(invite, 200, "two", "second@" + BOB, ""));
        final Sent ok = net.take("SIP/2.0 200", ALICE);
        assertEquals("two", net.take("ACK", BOB).message().toTag());
        net.deliver(ALICE, net.inside("ACK", ALICE, ok, false, 7));
        net.deliver(BOB, net.fromBob(new Up(invite, ok, "two"), "BYE", 1));
        net.take("SIP/2.0 200", BOB);
        net.deliver(ALICE, answer(net.take("BYE", ALICE), 200, null, null, ""));
        assertEquals(0, net.rest());
    }

    @ParameterizedTest
    @ValueSource(strings = {"UPDATE", "INFO", "BYE"})
    void shouldKnowNothingOfABranchOfAForkWhoseDialogIsNotUp(final String method) {
        // given
        net.deliver(ALICE, net.invite("r-update-fork", OFFER));
        final Sent invite = net.take("INVITE");
        net.deliver(BOB, answer(invite, 180, null, null, ""));
        final Sent ringing = net.take("SIP/2.0 180");
        net.deliver(BOB, net.fromBob(new Up(invite, ringing, "one"), method, 3));
        assertEquals(3, net.take("SIP/2.0 481", BOB).message().cseq());
        net.deliver(BOB, answer(invite, 183, "one", "first@" + BOB, ""));
        net.deliver(BOB, answer(invite, 183, "two", "second@" + BOB, ""));

        // when
        net.deliver(BOB, net.fromBob(new Up(invite, ringing, "one"), method, 4));

        // then
        assertEquals(4, net.take("SIP/2.0 481", BOB).message().cseq());
        assertEquals(0, net.count(method));
        if (method.equals("UPDATE")) {
            net.deliver(BOB, net.fromBob(new Up(invite, ringing, "two"), method, 1));
            net.deliver(ALICE, answer(net.take("UPDATE", ALICE), 200, null, "alice@" + ALICE, ""));
            net.take("SIP/2.0 200", BOB);
        }
        net.deliver(BOB, answer(invite, 486, "two", null, ""));
        assertEquals(0, net.rest());
    }

    @Test
    void shouldNotSendAPrackToWhoIsTriedNoMore() {
        net.deliver(ALICE, net.invite("r-prack-next", OFFER).header("Require", "100rel"));
        final Sent invite = net.take("INVITE");
        net.deliver(invite.to(), answer(invite, 183, "one", "bob@" + invite.to(), ANSWER).header("Require", "100rel")
                .header("RSeq", "5"));
        final Sent progress = net.take("SIP/2.0 183");
        net.deliver(invite.to(), answer(invite, 503, "one", null, ""));
        final Sent next = net.take("INVITE");
        net.deliver(next.to(), answer(next, 180, "two", "bob@" + next.to(), ""));
        net.deliver(ALICE, net.inside("PRACK", ALICE, progress, false, 8)
                .header("RAck", progress.message().one("rseq") + " 7 INVITE"));
        assertEquals(8, net.take("SIP/2.0 481").message().cseq());
        assertEquals(0, net.count("PRACK"));
        net.deliver(next.to(), answer(next, 486, "two", null, ""));
        assertEquals(0, net.rest());
    }

    @Test
    void shouldEndTheCallWhenOneSideSaysThatItKnowsNoSuchDialog() {
        final Up up = net.up("r-gone");
        net.deliver(ALICE, net.fromAlice(up, "INVITE", 8).body("application/sdp", OFFER));
        final Sent again = net.take("INVITE");
        net.deliver(BOB, answer(again, 481, null, null, ""));
        assertEquals(ALICE, net.take("SIP/2.0 481").to());
        assertEquals(ALICE, net.take("BYE", ALICE).to());
        assertEquals(BOB, net.take("BYE", BOB).to());
        assertEquals(0, net.rest());
    }

    @Test
    void shouldEndTheCallWhenOneSideIsSilentToAReInvite() {
        final Up up = net.up("r-silent");
        net.deliver(ALICE, net.fromAlice(up, "INVITE", 8).body("application/sdp", OFFER));
        net.pass(32_100);
        assertEquals(ALICE, net.take("SIP/2.0 408").to());
        assertEquals(ALICE, net.take("BYE", ALICE).to());
        assertEquals(BOB, net.take("BYE", BOB).to());
        assertEquals(0, net.rest());
    }

    @Test
    void shouldCancelAReInviteThatTheOtherSideOnlyWorksOnWhenTheCallEnds() {
        final Up up = net.up("r-works");
        net.deliver(ALICE, net.fromAlice(up, "INVITE", 8).body("application/sdp", OFFER));
        final Sent again = net.take("INVITE");
        net.deliver(BOB, answer(again, 100, null, null, ""));
        net.deliver(ALICE, net.fromAlice(up, "BYE", 9));
        assertEquals("INVITE", net.take("SIP/2.0 487").message().method());
        assertEquals(again.message().topVia().branch(), net.take("CANCEL", BOB).message().topVia().branch());
        net.deliver(BOB, answer(net.take("BYE", BOB), 200, null, null, ""));
        // Bob never says what came of the INVITE.
        assertEquals(0, net.rest());
    }

    @Test
    void shouldLetTheNextReInvitePassWhenOneWasNeverAnswered() {
        final Up up = net.up("r-never");
        net.deliver(ALICE, net.fromAlice(up, "INVITE", 8).body("application/sdp", OFFER));
        net.deliver(BOB, answer(net.take("INVITE"), 100, null, null, ""));
        net.pass(4 * Timing.DEFAULTS.timerCNs() / 1_000_000 + 1_000);
        net.take("CANCEL", BOB);
        net.deliver(ALICE, net.fromAlice(up, "INVITE", 9).body("application/sdp", OFFER));
        assertEquals(3, net.take("INVITE", BOB).message().cseq());
    }

    @ParameterizedTest
    @ValueSource(strings = {"PRACK", "UPDATE", "INFO"})
    void shouldAnswerWhatIsUnderWayWhenTheCalleeRefusesTheCall(final String method) {
        net.deliver(ALICE, net.invite("r-refused", OFFER).header("Require", "100rel"));
        final Sent invite = net.take("INVITE");
        net.deliver(BOB, answer(invite, 183, "btag", "bob@" + BOB, ANSWER).header("Require", "100rel")
                .header("RSeq", "5"));
        final Sent progress = net.take("SIP/2.0 183");
        net.deliver(ALICE, net.inside(method, ALICE, progress, false, 8).header("RAck",
                progress.message().one("rseq") + " 7 INVITE"));
        net.take(method, BOB);
        net.deliver(BOB, answer(invite, 486, "btag", null, ""));
        assertEquals("INVITE", net.take("SIP/2.0 486", ALICE).message().method());
        assertEquals(method, net.take("SIP/2.0 487", ALICE).message().method());
        assertEquals(0, net.rest());
    }

    private int index(final String start) {
        for (int i = 0; i < net.sent.size(); i++) {
            if (net.sent.get(i).is(start)) {
                return i;
            }
        }
        return -1;
    }

    private static MessageText cancel(final MessageText invite) {
        final WireMessage message = WireMessage.parse(invite.bytes());
        return MessageText.request("CANCEL", message.uri()).header("Via", message.topVia().raw())
                .header("From", message.one("from")).header("To", message.one("to"))
                .header("Call-ID", message.callId()).header("CSeq", message.cseq() + " CANCEL");
    }
}
