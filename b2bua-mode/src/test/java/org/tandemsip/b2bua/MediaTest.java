package org.tandemsip.b2bua;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.tandemsip.b2bua.CallFixture.ALICE;
import static org.tandemsip.b2bua.CallFixture.ANSWER;
import static org.tandemsip.b2bua.CallFixture.BOB;
import static org.tandemsip.b2bua.CallFixture.OFFER;
import static org.tandemsip.b2bua.CallFixture.SECOND_BOB;
import static org.tandemsip.b2bua.CallFixture.answer;

import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.tandemsip.b2bua.CallFixture.Sent;
import org.tandemsip.b2bua.CallFixture.Up;
import org.tandemsip.codec.sdp.CodecList;
import org.tandemsip.engine.handler.MediaRelay;
import org.tandemsip.engine.handler.MediaRelay.Command;
import org.tandemsip.engine.handler.MediaRelay.Outcome;
import org.tandemsip.engine.handler.MediaRelay.Request;
import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.engine.routing.MediaRules;
import org.tandemsip.testkit.MessageText;

/** Offers and answers on their way: by the rules of trunks, and through a relay. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class MediaTest {
    private static final MediaRelay.Side SRTP = new MediaRelay.Side("RTP/SAVP", "remove", null, List.of());
    private static final MediaRules ANCHORED = new MediaRules(CodecList.ANY, true, SRTP);
    private static final String TWO = OFFER.replace("AVP 0", "AVP 0 8");

    private CallFixture net = new CallFixture(MediaRules.NONE, ANCHORED);
    private FakeRelay relay = new FakeRelay(net, false);

    // Through the relay.

    @Test
    void shouldTellTheRelayOfOfferAndAnswerAndShowNeitherSideTheOther() {
        // when
        net.deliver(ALICE, net.invite("c1", OFFER));
        assertEquals(0, net.count("INVITE"), "it waits for the relay");
        final Request offer = relay.done();
        final Sent invite = net.take("INVITE", BOB);
        net.deliver(BOB, answer(invite, 180, "btag", "bob@" + BOB, ""));
        net.deliver(BOB, answer(invite, 200, "btag", "bob@" + BOB, ANSWER));
        assertEquals(0, net.count("SIP/2.0 200"), "it waits for the relay");
        final Request answer = relay.done();
        final Sent ok = net.take("SIP/2.0 200", ALICE);
        net.take("ACK", BOB);

        // then
        assertEquals(Command.OFFER, offer.command());
        assertEquals(-1, offer.node());
        assertEquals(SRTP, offer.to());
        assertEquals(MediaRelay.Side.PLAIN, offer.from());
        assertNull(offer.toTag());
        assertEquals(Command.ANSWER, answer.command());
        assertEquals(0, answer.node());
        assertEquals(offer.callId(), answer.callId());
        assertEquals(offer.fromTag(), answer.fromTag());
        assertNotEquals(offer.fromTag(), answer.toTag());
        for (final Sent sent : List.of(invite, ok)) {
            assertTrue(sent.text().contains("IN IP4 203.0.113.99\r\n"), sent.text());
            assertTrue(sent.text().contains("\r\no=- "), sent.text());
            assertFalse(sent.text().contains("o=alice") || sent.text().contains("o=bob"), sent.text());
            assertEquals(sent.text().split("\r\n\r\n", 2)[1].length(),
                    Integer.parseInt(sent.message().one("content-length")));
        }
        assertFalse(invite.text().contains("192.0.2.77"), invite.text());
        assertFalse(ok.text().contains("10.0.0.77"), ok.text());

        // and the end is told once
        net.deliver(ALICE, net.inside("ACK", ALICE, ok, false, 7));
        net.deliver(ALICE, net.fromAlice(new Up(invite, ok, "btag"), "BYE", 8));
        net.deliver(BOB, answer(net.take("BYE", BOB), 200, null, null, ""));
        assertDeletedOnce();
    }

    @Test
    void shouldAnswerTheRelayFromTheAckWhenTheCalleeOffers() {
        // when
        net.deliver(ALICE, net.invite("c1", ""));
        final Sent invite = net.take("INVITE", BOB);
        net.deliver(BOB, answer(invite, 200, "btag", "bob@" + BOB, ANSWER));
        final Request offer = relay.done();
        final Sent ok = net.take("SIP/2.0 200", ALICE);
        assertEquals(0, net.count("ACK"));
        net.deliver(ALICE, net.inside("ACK", ALICE, ok, false, 7).body("application/sdp", OFFER));
        assertEquals(0, net.count("ACK"), "it waits for the relay");
        net.deliver(ALICE, net.inside("ACK", ALICE, ok, false, 7).body("application/sdp", OFFER));
        final Request answer = relay.done();

        // then
        final Sent ack = net.take("ACK", BOB);
        assertTrue(ack.text().contains("203.0.113.99") && !ack.text().contains("192.0.2.77"), ack.text());
        assertEquals(Command.OFFER, offer.command());
        assertNull(offer.toTag());
        assertEquals(Command.ANSWER, answer.command());
        assertEquals(offer.fromTag(), answer.fromTag());
        assertEquals(0, net.count("ACK"), "the same ACK again is no other");
        hangUp(new Up(invite, ok, "btag"));
    }

    @Test
    void shouldTellTheRelayOfReinvitesAndUpdatesOfBothSides() {
        // given
        final Up up = up();

        // when: Alice, who is the offerer then
        net.deliver(ALICE, net.fromAlice(up, "INVITE", 8).body("application/sdp", OFFER));
        final Request hers = relay.done();
        final Sent invite = net.take("INVITE", BOB);
        net.deliver(BOB, answer(invite, 200, null, "bob@" + BOB, ANSWER));
        assertEquals(Command.ANSWER, relay.done().command());
        final Sent ok = net.take("SIP/2.0 200", ALICE);
        net.deliver(ALICE, net.inside("ACK", ALICE, ok, false, 8));

        // and Bob
        net.deliver(BOB, net.fromBob(up, "UPDATE", 50).body("application/sdp", ANSWER));
        final Request his = relay.done();
        final Sent update = net.take("UPDATE", ALICE);
        net.deliver(ALICE, answer(update, 200, null, "alice@" + ALICE, OFFER));
        final Request answer = relay.done();

        // then
        assertEquals(hers.fromTag(), his.toTag());
        assertEquals(hers.toTag(), his.fromTag());
        assertEquals(Command.OFFER, his.command());
        assertEquals(Command.ANSWER, answer.command());
        assertEquals(his.fromTag(), answer.fromTag());
        assertEquals(SRTP, hers.to());
        assertEquals(SRTP, answer.to());
        assertEquals(MediaRelay.Side.PLAIN, his.to());
        assertTrue(net.take("SIP/2.0 200", BOB).text().contains("203.0.113.99"));
        net.sent.clear();
        hangUp(up);
    }

    @Test
    void shouldLetNothingOvertakeWhatWaits() {
        // given: early media, and the answer to it right behind
        net.deliver(ALICE, net.invite("c1", OFFER));
        relay.done();
        final Sent invite = net.take("INVITE", BOB);
        net.take("SIP/2.0 100");
        net.deliver(BOB, answer(invite, 183, "btag", "bob@" + BOB, ANSWER));
        net.deliver(BOB, answer(invite, 180, "btag", "bob@" + BOB, ""));
        net.deliver(BOB, answer(invite, 200, "btag", "bob@" + BOB, ANSWER));
        net.deliver(BOB, answer(invite, 200, "btag", "bob@" + BOB, ANSWER));
        assertEquals(List.of(), net.sent);

        // when
        relay.done();

        // then: the 200 has to ask, too
        assertEquals(List.of("SIP/2.0 183 Status183", "SIP/2.0 180 Status180"),
                net.sent.stream().map(sent -> sent.message().startLine()).toList());
        relay.done();
        final Sent early = net.take("SIP/2.0 183");
        final Sent ok = net.take("SIP/2.0 200", ALICE);
        assertTrue(relay.asked.isEmpty());
        assertEquals(version(early), version(ok) - 1, "another port is another description");
        net.sent.clear();
        hangUp(new Up(invite, ok, "btag"));
    }

    @Test
    void shouldKnowEachEarlyDialogOfAForkByItsOwnName() {
        net.deliver(ALICE, net.invite("c1", OFFER));
        relay.done();
        final Sent invite = net.take("INVITE", BOB);
        net.deliver(BOB, answer(invite, 183, "one", "bob@" + BOB, ANSWER));
        final Request one = relay.done();
        net.deliver(BOB, answer(invite, 183, "two", "bob@" + BOB, ANSWER));
        final Request two = relay.done();
        net.deliver(BOB, answer(invite, 200, "one", "bob@" + BOB, ANSWER));
        final Request ok = relay.done();
        assertNotEquals(one.toTag(), two.toTag());
        assertEquals(one.toTag(), ok.toTag());
        hangUp(new Up(invite, net.take("SIP/2.0 200", ALICE), "one"));
    }

    @Test
    void shouldOfferTheSameToTheNextPeer() {
        net.deliver(ALICE, net.invite("c1", OFFER));
        relay.done();
        net.deliver(BOB, answer(net.take("INVITE", BOB), 503, "x", null, ""));
        final Sent invite = net.take("INVITE", SECOND_BOB);
        assertTrue(invite.text().contains("203.0.113.99"), invite.text());
        assertTrue(relay.asked.isEmpty());
        net.deliver(SECOND_BOB, answer(invite, 486, "y", null, ""));
        net.take("SIP/2.0 486", ALICE);
        assertDeletedOnce();
    }

    @Test
    void shouldKeepLinesThatTheRelayDoesNotKnow() {
        net.deliver(ALICE, net.invite("c1", OFFER + "y=0100000001\r\nf=v/1\r\n"));
        relay.done();
        final Sent invite = net.take("INVITE", BOB);
        assertTrue(invite.text().endsWith("a=rtcp:30003\r\ny=0100000001\r\nf=v/1\r\n"), invite.text());
        net.deliver(BOB, answer(invite, 486, "b", null, ""));
        assertDeletedOnce();
    }

    @Test
    void shouldFindTheDescriptionAmongOtherParts() {
        final String parts =
                "--b\r\nContent-Type: application/isup\r\n\r\nxyz\r\n--b\r\nContent-Type: application/sdp\r\n\r\n"
                        + OFFER + "\r\n--b--\r\n";
        net.deliver(ALICE, net.invite("c1", "").body("multipart/mixed;boundary=b", parts));
        relay.done();
        final String sent = net.take("INVITE", BOB).text();
        assertTrue(sent.contains("application/isup\r\n\r\nxyz\r\n--b") && sent.endsWith("\r\n--b--\r\n")
                && sent.contains("203.0.113.99") && !sent.contains("192.0.2.77"), sent);
    }

    // Where it fails.

    @Test
    void shouldRefuseWithoutARelayWhenThePolicySaysSo() {
        net.deliver(ALICE, net.invite("c1", OFFER));
        relay.fail(Outcome.UNREACHABLE);
        net.take("SIP/2.0 503", ALICE);
        // and when it takes no more questions
        relay.refuses = true;
        net.deliver(ALICE, net.invite("c2", OFFER));
        net.take("SIP/2.0 503", ALICE);
        assertEquals(0, net.count("INVITE"));
        assertEquals(2, net.counters.get(Counter.MEDIA_REFUSED_RELAY));
        assertEquals(List.of(), relay.deleted);
        assertEquals(0, net.rest());
    }

    @Test
    void shouldPassTheDescriptionWithoutARelayWhenThePolicySaysSo() {
        // given
        relay = new FakeRelay(net, true);

        // when: the offer goes past it, so the answer does, too
        net.deliver(ALICE, net.invite("c1", OFFER));
        relay.fail(Outcome.UNREACHABLE);
        final Sent invite = net.take("INVITE", BOB);
        net.deliver(BOB, answer(invite, 200, "btag", "bob@" + BOB, ANSWER));
        final Sent ok = net.take("SIP/2.0 200", ALICE);

        // then
        assertTrue(invite.text().endsWith(OFFER) && ok.text().endsWith(ANSWER));
        assertEquals(1, net.counters.get(Counter.MEDIA_UNANCHORED));

        // and a re-INVITE finds the relay again, when that is there again
        net.deliver(ALICE, net.inside("ACK", ALICE, ok, false, 7));
        net.take("ACK", BOB);
        final Up up = new Up(invite, ok, "btag");
        net.deliver(ALICE, net.fromAlice(up, "INVITE", 8).body("application/sdp", OFFER));
        relay.done();
        assertTrue(net.take("INVITE", BOB).text().contains("203.0.113.99"));
    }

    @Test
    void shouldEndTheCallWhenTheRelayIsLostBetweenOfferAndAnswer() {
        for (final boolean passesOn : new boolean[] {false, true}) {
            relay = new FakeRelay(net, passesOn);
            net.deliver(ALICE, net.invite("c" + passesOn, OFFER));
            relay.done();
            final Sent invite = net.take("INVITE", BOB);
            net.deliver(BOB, answer(invite, 200, "btag", "bob@" + BOB, ANSWER));
            relay.fail(Outcome.UNREACHABLE);
            net.take("SIP/2.0 503", ALICE);
            net.take("ACK", BOB);
            net.deliver(BOB, answer(net.take("BYE", BOB), 200, null, null, ""));
            assertDeletedOnce();
            net.sent.clear();
            relay.deleted.clear();
        }
    }

    @Test
    void shouldRefuseAReinviteWithoutARelayAndKeepTheCall() {
        final Up up = up();
        net.deliver(ALICE, net.fromAlice(up, "INVITE", 8).body("application/sdp", OFFER));
        relay.fail(Outcome.UNREACHABLE);
        net.take("SIP/2.0 503", ALICE);
        net.deliver(BOB, net.fromBob(up, "UPDATE", 50).body("application/sdp", ANSWER));
        relay.fail(Outcome.REFUSED);
        net.take("SIP/2.0 488", BOB);
        assertEquals(List.of(), net.sent);
        hangUp(up);
    }

    @Test
    void shouldEndTheCallWhenTheAnswerToAReinviteCannotBeRelayed() {
        final Up up = up();
        net.deliver(ALICE, net.fromAlice(up, "INVITE", 8).body("application/sdp", OFFER));
        relay.done();
        net.deliver(BOB, answer(net.take("INVITE", BOB), 200, null, "bob@" + BOB, ANSWER));
        relay.fail(Outcome.UNREACHABLE);
        assertTrue(net.take("BYE", ALICE).text().contains("Reason: SIP;cause=503"));
        net.take("BYE", BOB);
        net.take("ACK", BOB);
        net.rest();
        assertDeletedOnce();
    }

    @Test
    void shouldEndTheCallWhenTheAnswerInAnAckCannotBeRelayed() {
        net.deliver(ALICE, net.invite("c1", ""));
        net.deliver(BOB, answer(net.take("INVITE", BOB), 200, "btag", "bob@" + BOB, ANSWER));
        relay.done();
        net.deliver(ALICE, net.inside("ACK", ALICE, net.take("SIP/2.0 200", ALICE), false, 7)
                .body("application/sdp", OFFER));
        relay.fail(Outcome.UNREACHABLE);
        assertFalse(net.take("ACK", BOB).text().contains("v=0"));
        net.take("BYE", ALICE);
        net.take("BYE", BOB);
        net.rest();
        assertDeletedOnce();
    }

    @Test
    void shouldRefuseWhatCannotBeRead() {
        for (final String bad : List.of("rubbish", "v=0\r\nm=audio 1 RTP/AVP 0\r\n", "m=audio 1 RTP/AVP 0\r\n")) {
            net.deliver(ALICE, net.invite("c" + bad.length(), bad));
            net.take("SIP/2.0 488", ALICE);
        }
        net.deliver(ALICE, net.invite("c1", OFFER));
        relay.fail(Outcome.REFUSED);
        net.take("SIP/2.0 488", ALICE);
        // what the relay says is read with the same care
        net.deliver(ALICE, net.invite("c2", OFFER));
        relay.reply(relay.asked.removeFirst(), Outcome.DONE, 0, "rubbish");
        net.take("SIP/2.0 503", ALICE);
        assertEquals(0, net.count("INVITE"));
        assertEquals(4, net.counters.get(Counter.MEDIA_REFUSED_SDP));
        assertDeletedOnce();
    }

    @Test
    void shouldForgetTheCallAtTheRelayWhateverEndsItsSetup() {
        // the caller gives up while the relay is asked: what it answers then is of no use but for the delete
        final MessageText invite1 = net.invite("c1", OFFER);
        net.deliver(ALICE, invite1);
        cancel(invite1, "c1");
        net.take("SIP/2.0 487", ALICE);
        assertEquals(List.of(), relay.deleted);
        relay.done();
        assertEquals(1, relay.deleted.size());
        assertEquals(0, net.count("INVITE"));
        // while it rings
        final MessageText invite2 = net.invite("c2", OFFER);
        net.deliver(ALICE, invite2);
        relay.done();
        final Sent invite = net.take("INVITE", BOB);
        net.deliver(BOB, answer(invite, 180, "btag", "bob@" + BOB, ""));
        cancel(invite2, "c2");
        assertEquals(2, relay.deleted.size());
        net.deliver(BOB, answer(net.take("CANCEL", BOB), 200, null, null, ""));
        net.deliver(BOB, answer(invite, 487, "btag", null, ""));
        // while the answer is at the relay
        final MessageText invite3 = net.invite("c3", OFFER);
        net.deliver(ALICE, invite3);
        relay.done();
        net.deliver(BOB, answer(net.take("INVITE", BOB), 200, "btag", "bob@" + BOB, ANSWER));
        cancel(invite3, "c3");
        assertEquals(2, relay.deleted.size());
        relay.done();
        assertEquals(3, relay.deleted.size());
        // when nobody says anything any more
        net.deliver(ALICE, net.invite("c4", OFFER));
        final Request late = relay.asked.removeFirst();
        net.pass(40_000);
        net.take("SIP/2.0 503", ALICE);
        relay.reply(late, Outcome.DONE, 0, OFFER);
        assertEquals(1, net.counters.get(Counter.MEDIA_LATE));
        net.rest();
        assertEquals(3, relay.deleted.size());
        assertEquals(0, net.rest());
        assertEquals(0, net.b2bua.questions.waiting());
    }

    // By the rules alone.

    @Test
    void shouldTakeOutCodecsAndLeaveTheRestByteForByte() {
        // given
        net = new CallFixture(MediaRules.NONE, codecs("PCMA", "telephone-event"));

        // when
        final String offer = TWO + "a=ptime:20\r\ny=0100000001\r\n";
        net.deliver(ALICE, net.invite("c1", offer));
        final Sent invite = net.take("INVITE", BOB);
        net.deliver(BOB, answer(invite, 200, "btag", "bob@" + BOB, ANSWER.replace("AVP 0", "AVP 8 0")));

        // then
        assertTrue(invite.text().endsWith(offer.replace("AVP 0 8", "AVP 8")), invite.text());
        assertTrue(net.take("SIP/2.0 200", ALICE).text().endsWith(ANSWER.replace("AVP 0", "AVP 8")));
    }

    @Test
    void shouldRefuseACallOfWhichNoCodecIsLeft() {
        net = new CallFixture(codecs("G729"), MediaRules.NONE);
        net.deliver(ALICE, net.invite("c1", TWO));
        net.take("SIP/2.0 488", ALICE);
        // and end one whose answer has none
        net = new CallFixture(MediaRules.NONE, codecs("PCMA"));
        net.deliver(ALICE, net.invite("c1", TWO));
        net.deliver(BOB, answer(net.take("INVITE", BOB), 200, "btag", "bob@" + BOB, ANSWER));
        net.take("SIP/2.0 488", ALICE);
        net.take("ACK", BOB);
        net.take("BYE", BOB);
        assertEquals(1, net.counters.get(Counter.MEDIA_REFUSED_CODECS));
        assertEquals(0, net.rest());
    }

    @Test
    void shouldPassWhatItCannotReadWhereNothingIsAnchored() {
        net = new CallFixture(MediaRules.NONE, codecs("PCMA"));
        net.deliver(ALICE, net.invite("c1", "rubbish"));
        assertTrue(net.take("INVITE", BOB).text().endsWith("\r\n\r\nrubbish"));
    }

    private static MediaRules codecs(final String... names) {
        return new MediaRules(new CodecList(List.of(names)), false, MediaRelay.Side.PLAIN);
    }

    // Calls.

    private Up up() {
        net.deliver(ALICE, net.invite("up", OFFER));
        relay.done();
        final Sent invite = net.take("INVITE", BOB);
        net.deliver(BOB, answer(invite, 200, "btag", "bob@" + BOB, ANSWER));
        relay.done();
        final Sent ok = net.take("SIP/2.0 200", ALICE);
        net.deliver(ALICE, net.inside("ACK", ALICE, ok, false, 7));
        net.sent.clear();
        return new Up(invite, ok, "btag");
    }

    private void hangUp(final Up up) {
        net.sent.clear();
        net.deliver(ALICE, net.fromAlice(up, "BYE", 90));
        net.deliver(BOB, answer(net.take("BYE", BOB), 200, null, null, ""));
        assertDeletedOnce();
    }

    private void assertDeletedOnce() {
        assertEquals(1, relay.deleted.size());
        assertEquals(0, relay.deleted.getFirst().node());
        assertTrue(relay.asked.isEmpty());
        assertEquals(0, net.rest());
        assertEquals(1, relay.deleted.size());
    }

    /** Alice gives up the call that her INVITE with this branch began. */
    private void cancel(final MessageText invite, final String callId) {
        final String via = invite.text().lines().filter(line -> line.startsWith("Via: ")).findFirst().orElseThrow();
        net.deliver(ALICE, MessageText.request("CANCEL", "sip:bob@203.0.113.10")
                .header("Via", via.substring(5).strip()).header("Max-Forwards", "20")
                .header("From", "\"Alice\" <sip:alice@192.0.2.1>;tag=atag").header("To", "<sip:bob@203.0.113.10>")
                .header("Call-ID", callId).header("CSeq", "7 CANCEL"));
    }

    private static int version(final Sent sent) {
        return Integer.parseInt(sent.text().split("\r\no=- \\d+ ")[1].split(" ")[0]);
    }
}
