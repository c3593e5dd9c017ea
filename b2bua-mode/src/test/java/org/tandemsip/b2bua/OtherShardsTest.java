package org.tandemsip.b2bua;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.tandemsip.b2bua.CallFixture.ALICE;
import static org.tandemsip.b2bua.CallFixture.ANSWER;
import static org.tandemsip.b2bua.CallFixture.BOB;
import static org.tandemsip.b2bua.CallFixture.OFFER;
import static org.tandemsip.b2bua.CallFixture.SECOND_BOB;
import static org.tandemsip.b2bua.CallFixture.answer;

import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tandemsip.b2bua.CallFixture.Sent;
import org.tandemsip.b2bua.CallFixture.Up;
import org.tandemsip.engine.handler.ShardCommand;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.engine.routing.CallRules;
import org.tandemsip.testkit.MessageText;
import org.tandemsip.testkit.wire.WireMessage;

/**
 * Replaces (RFC 3891) of a call that belongs to another shard: Alice has called Bob in the first shard and Carol, of
 * the same trunk, in the second. What crosses between the two waits until it is let through.
 */
@Timeout(value = 20, unit = TimeUnit.SECONDS)
class OtherShardsTest {
    private static final String CAROL = "v=0\r\no=carol 1 1 IN IP4 10.0.0.78\r\nm=audio 6000 RTP/AVP 0\r\n";

    private record Mail(int shard, ShardCommand command) {}

    private final List<Mail> mail = new ArrayList<>();
    private boolean full;
    private CallFixture net;
    private CallFixture far;
    private Up first;
    private Up second;

    @BeforeEach
    void setUp() {
        setUp(CallRules.Refer.HANDLE);
    }

    private void setUp(final CallRules.Refer refer) {
        final CallRules rules = new CallRules(0, 90, refer, false, List.of());
        net = new CallFixture(0, rules);
        far = new CallFixture(1, rules);
        mail.clear();
        for (final CallFixture each : List.of(net, far)) {
            each.b2bua.neighbours((shard, command) -> !full && shard < 2 && mail.add(new Mail(shard, command)));
        }
        first = net.up("first");
        second = far.up("second");
    }

    /** Brings what waits to its shard, and what that leads to. */
    private void cross() {
        while (!mail.isEmpty()) {
            final Mail next = mail.removeFirst();
            final CallFixture to = next.shard == 0 ? net : far;
            to.proxy.onCommand(next.command, to.nowNs);
        }
    }

    /** Brings one command across. */
    private void crossOne() {
        final Mail next = mail.removeFirst();
        final CallFixture to = next.shard == 0 ? net : far;
        to.proxy.onCommand(next.command, to.nowNs);
    }

    /** Brings what waits last to its shard. */
    private void crossLast() {
        final Mail last = mail.removeLast();
        final CallFixture to = last.shard == 0 ? net : far;
        to.proxy.onCommand(last.command, to.nowNs);
    }

    private static String ofAlice(final Up call, final String callId) {
        return callId + ";from-tag=atag;to-tag=" + call.okToAlice().message().toTag();
    }

    private static String ofCarol(final Up call) {
        return call.inviteToBob().message().callId() + ";to-tag=" + call.bobTag() + ";from-tag="
                + call.inviteToBob().message().fromTag();
    }

    private static String escaped(final String replaces) {
        return replaces.replace(";", "%3B").replace("=", "%3D");
    }

    private MessageText refer(final long cseq, final String replaces) {
        return net.fromAlice(first, "REFER", cseq).header("Refer-To",
                "<sip:203.0.113.10:5060?Replaces=" + escaped(replaces) + ">");
    }

    private void refer() {
        net.deliver(ALICE, refer(8, ofAlice(second, "second")));
    }

    private void notified(final String line) {
        final Sent notify = net.take("NOTIFY", ALICE);
        assertTrue(notify.text().endsWith("\r\n\r\n" + line + "\r\n"), notify.text());
        net.deliver(ALICE, answer(notify, 200, null, null, ""));
    }

    private static void byeAnswered(final CallFixture in, final String who) {
        in.deliver(who, answer(in.take("BYE", who), 200, null, null, ""));
    }

    private void hangUp(final CallFixture in, final Up call) {
        in.deliver(ALICE, in.fromAlice(call, "BYE", 20));
        in.take("SIP/2.0 200", ALICE);
        byeAnswered(in, BOB);
    }

    private void nothingIsLeft() {
        assertEquals(List.of(), mail);
        assertEquals(List.of(), net.sent);
        assertEquals(List.of(), far.sent);
        assertEquals(0, net.b2bua.questions.waiting());
        assertEquals(0, net.rest());
        assertEquals(0, far.rest());
    }

    /** Carol takes the new call, and ends the one that it replaces. */
    private Sent replaced() {
        final Sent invite = net.take("INVITE", BOB);
        assertEquals("sip:bob@" + BOB, invite.message().uri());
        assertEquals(ofCarol(second), invite.message().one("replaces"));
        assertTrue(invite.text().endsWith("\r\n\r\n" + ANSWER), invite.text());
        net.deliver(BOB, answer(invite, 200, "ctag", "carol@" + SECOND_BOB, CAROL));
        net.take("ACK", SECOND_BOB);
        far.deliver(BOB, far.fromBob(second, "BYE", 1));
        far.take("SIP/2.0 200", BOB);
        byeAnswered(far, ALICE);
        return invite;
    }

    private void bridged() {
        final Sent told = net.take("INVITE", BOB);
        assertTrue(told.text().endsWith("\r\n\r\n" + CAROL), told.text());
        net.deliver(BOB, answer(told, 200, null, "bob@" + BOB, ANSWER));
        net.take("ACK", BOB);
    }

    @Test
    void shouldCallWhoIsInTheSecondCallWhenThatIsOfAnotherShard() {
        // when
        refer();
        net.take("SIP/2.0 202", ALICE);
        notified("SIP/2.0 100 Trying");
        assertEquals(List.of(), net.sent);
        cross();

        // then
        replaced();
        bridged();
        notified("SIP/2.0 200 OK");
        byeAnswered(net, ALICE);

        // and: Bob and Carol are one call
        net.deliver(BOB, net.fromBob(first, "BYE", 1));
        net.take("SIP/2.0 200", BOB);
        byeAnswered(net, SECOND_BOB);
        nothingIsLeft();
    }

    @Test
    void shouldLetGoOfWhoAsksOnlyWhenTheOtherShardKnowsTheCall() {
        // given
        setUp(CallRules.Refer.RELEASE);

        // when
        refer();
        net.take("SIP/2.0 202", ALICE);
        assertEquals(List.of(), net.sent);
        cross();

        // then
        byeAnswered(net, ALICE);
        replaced();
        bridged();
        net.deliver(BOB, net.fromBob(first, "BYE", 1));
        net.take("SIP/2.0 200", BOB);
        byeAnswered(net, SECOND_BOB);
        nothingIsLeft();
    }

    @ParameterizedTest
    @EnumSource(value = CallRules.Refer.class, names = {"HANDLE", "RELEASE"})
    void shouldGoOnWhenTheSecondCallHasEndedMeanwhile(final CallRules.Refer way) {
        // given
        setUp(way);
        refer();
        net.take("SIP/2.0 202", ALICE);
        if (way == CallRules.Refer.HANDLE) {
            notified("SIP/2.0 100 Trying");
        }

        // when: it ends between question and answer
        hangUp(far, second);
        cross();

        // then
        notified("SIP/2.0 481 Failed");
        assertEquals(1, net.counters.get(Counter.REPLACES_UNKNOWN));
        hangUp(net, first);
        nothingIsLeft();
    }

    @Test
    void shouldNotLetGoOfWhoOffersAnotherSessionMeanwhile() {
        // given
        refer();
        net.take("SIP/2.0 202", ALICE);
        notified("SIP/2.0 100 Trying");

        // when
        net.deliver(ALICE, net.fromAlice(first, "INVITE", 9).body("application/sdp", OFFER));
        net.take("SIP/2.0 100", ALICE);
        final Sent offer = net.take("INVITE", BOB);
        cross();

        // then
        notified("SIP/2.0 491 Failed");
        net.deliver(BOB, answer(offer, 200, null, "bob@" + BOB, ANSWER));
        net.take("SIP/2.0 200", ALICE);
        net.deliver(ALICE, net.fromAlice(first, "ACK", 9));
        net.take("ACK", BOB);
        hangUp(net, first);
        hangUp(far, second);
        nothingIsLeft();
    }

    @Test
    void shouldSayWhatWhoIsCalledSaysWhenTheSecondCallEndsBehindTheAnswer() {
        // given
        refer();
        net.take("SIP/2.0 202", ALICE);
        notified("SIP/2.0 100 Trying");
        crossOne();
        hangUp(far, second);

        // when
        cross();
        net.deliver(BOB, answer(net.take("INVITE", BOB), 481, "ctag", null, ""));

        // then
        net.take("ACK", BOB);
        notified("SIP/2.0 481 Status481");
        hangUp(net, first);
        nothingIsLeft();
    }

    @Test
    void shouldGoOnWhenTheOtherShardDoesNotAnswer() {
        // given
        refer();
        net.take("SIP/2.0 202", ALICE);
        notified("SIP/2.0 100 Trying");

        // when
        net.pass(2_001);

        // then
        notified("SIP/2.0 503 Failed");
        assertEquals(1, net.counters.get(Counter.REPLACES_UNANSWERED));

        // and: the answer comes too late, and another transfer can begin
        cross();
        assertEquals(1, net.counters.get(Counter.DIALOG_LATE));
        assertEquals(List.of(), net.sent);
        net.deliver(ALICE, refer(9, ofAlice(second, "second")));
        net.take("SIP/2.0 202", ALICE);
        final Sent notify = net.take("NOTIFY", ALICE);
        assertEquals("refer;id=9", notify.message().one("event"));
        net.deliver(ALICE, answer(notify, 200, null, null, ""));
        cross();
        replaced();
        net.sent.clear();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void shouldForgetTheQuestionWhenTheFirstCallEnds(final boolean byWhoAsks) {
        // given
        refer();
        net.take("SIP/2.0 202", ALICE);
        notified("SIP/2.0 100 Trying");

        // when
        if (byWhoAsks) {
            hangUp(net, first);
        } else {
            net.deliver(BOB, net.fromBob(first, "BYE", 1));
            net.take("SIP/2.0 200", BOB);
            byeAnswered(net, ALICE);
        }
        assertEquals(0, net.b2bua.questions.waiting());
        cross();

        // then
        assertEquals(1, net.counters.get(Counter.DIALOG_LATE));
        hangUp(far, second);
        nothingIsLeft();
    }

    @Test
    void shouldRefuseWhenTheOtherShardTakesNoQuestion() {
        full = true;
        refer();
        net.take("SIP/2.0 503", ALICE);
        assertEquals(1, net.counters.get(Counter.REPLACES_UNANSWERED));
        hangUp(net, first);
        hangUp(far, second);
        nothingIsLeft();
    }

    @ParameterizedTest
    @EnumSource(value = CallRules.Refer.class, names = {"HANDLE", "RELEASE"})
    void shouldNotPartACallThatIsOneAlready(final CallRules.Refer way) {
        // given
        setUp(way);
        net.deliver(ALICE, refer(8, ofAlice(second, "second") + ";early-only"));
        net.take("SIP/2.0 202", ALICE);

        // when
        if (way == CallRules.Refer.HANDLE) {
            notified("SIP/2.0 100 Trying");
        }
        cross();

        // then: RFC 3891 section 3
        notified("SIP/2.0 486 Failed");
        hangUp(net, first);
        hangUp(far, second);
        nothingIsLeft();
    }

    @Test
    void shouldAskNoMoreThanSoManyQuestionsAtATime() {
        // given: calls with a REFER each that names what is elsewhere
        final List<OtherShards.LookUp> asked = new ArrayList<>();
        net.deliver(ALICE, refer(8, ofAlice(second, "second")));
        net.take("SIP/2.0 202", ALICE);
        for (int i = 1; i < OtherShards.MOST; i++) {
            asked.add(net.b2bua.others.ask((dialog, atNs) -> {}, net.nowNs));
        }
        notified("SIP/2.0 100 Trying");

        // when
        final Up third = net.up("third");
        net.deliver(ALICE, net.fromAlice(third, "REFER", 8).header("Refer-To",
                "<sip:203.0.113.10:5060?Replaces=" + escaped(ofAlice(second, "second")) + ">"));

        // then
        net.take("SIP/2.0 503", ALICE);
        assertEquals(1, net.counters.get(Counter.LIMITED_LOOK_UPS));
        assertEquals(1, net.counters.get(Counter.REPLACES_UNANSWERED));
        assertEquals(OtherShards.MOST, net.b2bua.questions.waiting());

        // when: one is not needed any more, another is answered, all others are not
        asked.getFirst().forget();
        asked.getFirst().forget();
        crossOne();
        crossLast();
        net.pass(2_001);

        // then: there is room for as many again
        for (int i = 0; i < OtherShards.MOST; i++) {
            assertTrue(net.b2bua.others.ask((dialog, atNs) -> {}, net.nowNs) != null);
        }
        assertTrue(net.b2bua.others.ask((dialog, atNs) -> {}, net.nowNs) == null);
    }

    @Test
    void shouldAskOnceWhenTheReferComesAgain() {
        // given
        final MessageText refer = refer(8, ofAlice(second, "second"));
        net.deliver(ALICE, refer);
        net.take("SIP/2.0 202", ALICE);

        // when
        net.deliver(ALICE, refer);
        net.deliver(ALICE, refer(9, ofAlice(second, "second")));

        // then
        net.take("SIP/2.0 202", ALICE);
        net.take("SIP/2.0 491", ALICE);
        assertEquals(1, mail.size());
        assertEquals(1, net.b2bua.questions.waiting());
    }

    @Test
    void shouldNotAskForWhatNobodyHasMade() {
        // given: a tag that looks like ours
        final String forged = "B2B." + "0123456789abcdef".repeat(2);

        // when
        net.deliver(ALICE, refer(8, "second;from-tag=atag;to-tag=" + forged));

        // then: it is somebody else's, and goes where the referrer may call
        assertEquals(List.of(), mail);
        net.sent.clear();

        // and: a real tag with another name beside it is not found
        setUp();
        net.deliver(ALICE, refer(8, ofAlice(second, "other")));
        net.take("SIP/2.0 202", ALICE);
        notified("SIP/2.0 100 Trying");
        cross();
        notified("SIP/2.0 481 Failed");

        // and: one of a shard that this process does not have
        net.deliver(ALICE, refer(9, "x;from-tag=atag;to-tag=" + tag(3L << 56 | 7L << 32 | 5)));
        net.take("SIP/2.0 503", ALICE);
        assertEquals(List.of(), mail);
    }

    private static String tag(final long place) {
        final Tags tags = new Tags(new ShardContext.Keys(1, 2, 3, 4));
        final long mac = tags.mac(place, 0);
        return "B2B." + HexFormat.of().toHexDigits(tags.covered(place, mac)) + HexFormat.of().toHexDigits(mac);
    }

    // A REFER that is passed on.

    private String told() {
        final Sent refer = net.take("REFER", BOB);
        final String row = refer.message().one("refer-to");
        net.deliver(BOB, answer(refer, 202, null, null, ""));
        net.take("SIP/2.0 202", ALICE);
        return row.substring(row.indexOf("Replaces=") + 9, row.lastIndexOf('>')).replace("%3B", ";").replace("%3D",
                "=");
    }

    @Test
    void shouldPassAReferOnWithTheNamesThatItsOtherSideKnows() {
        // given
        setUp(CallRules.Refer.PASS);

        // when
        refer();
        assertEquals(List.of(), net.sent);
        cross();

        // then
        assertEquals(ofCarol(second), told());
        hangUp(net, first);
        hangUp(far, second);
        nothingIsLeft();
    }

    @Test
    void shouldNotPassAReferOnWhoseCallIsGone() {
        // given
        setUp(CallRules.Refer.PASS);
        hangUp(far, second);

        // when
        refer();
        cross();

        // then
        net.take("SIP/2.0 403", ALICE);
        assertEquals(1, net.counters.get(Counter.REPLACES_UNKNOWN));

        // and: nobody answers
        net.deliver(ALICE, refer(9, ofAlice(second, "second")));
        net.deliver(ALICE, refer(10, ofAlice(second, "second")));
        net.pass(2_001);
        net.take("SIP/2.0 403", ALICE);
        net.take("SIP/2.0 403", ALICE);
        assertEquals(2, net.counters.get(Counter.REPLACES_UNANSWERED));
        mail.clear();

        // and: the first call ends meanwhile
        net.deliver(ALICE, refer(11, ofAlice(second, "second")));
        hangUp(net, first);
        net.take("SIP/2.0 487", ALICE);
        cross();
        nothingIsLeft();
    }

    @Test
    void shouldTreatAReferOutsideOfAllDialogsAlike() {
        // given
        setUp(CallRules.Refer.PASS);
        final MessageText refer = MessageText.request("REFER", "sip:bob@203.0.113.10")
                .header("Via", "SIP/2.0/UDP " + ALICE + ";branch=" + net.branch()).header("Max-Forwards", "20")
                .header("From", "<sip:alice@192.0.2.1>;tag=r").header("To", "<sip:bob@203.0.113.10>")
                .header("Call-ID", "refer").header("CSeq", "1 REFER").header("Contact", "<sip:alice@" + ALICE + ">")
                .header("Refer-To", "<sip:203.0.113.10?Replaces=" + escaped(ofAlice(second, "second")) + ">");

        // when
        net.deliver(ALICE, refer);
        net.deliver(ALICE, refer);
        assertEquals(1, mail.size());
        cross();

        // then
        assertTrue(net.take("REFER", BOB).text().contains("Replaces=" + escaped(ofCarol(second)) + ">"));
    }

    // An INVITE.

    @Test
    void shouldGiveTheNamesOfItsOwnLegToWhoIsCalled() {
        // when
        net.deliver(ALICE, net.invite("third", OFFER).header("Replaces", ofAlice(second, "second")));
        net.take("SIP/2.0 100", ALICE);
        assertEquals(List.of(), net.sent);
        cross();

        // then
        assertEquals(ofCarol(second), net.take("INVITE", BOB).message().one("replaces"));
    }

    @Test
    void shouldRefuseAnInviteWhoseCallIsGone() {
        // given
        hangUp(far, second);

        // when
        net.deliver(ALICE, net.invite("third", OFFER).header("Replaces", ofAlice(second, "second")));
        net.take("SIP/2.0 100", ALICE);
        cross();

        // then
        net.take("SIP/2.0 481", ALICE);
        net.deliver(ALICE, net.invite("fourth", OFFER).header("Replaces", ofAlice(second, "second")));
        net.take("SIP/2.0 100", ALICE);
        net.pass(2_001);
        net.take("SIP/2.0 481", ALICE);
        assertEquals(1, net.counters.get(Counter.REPLACES_UNKNOWN));
        assertEquals(1, net.counters.get(Counter.REPLACES_UNANSWERED));
        mail.clear();
        net.sent.clear();
        hangUp(net, first);
        net.sent.clear();
        assertEquals(0, net.rest());
    }

    @Test
    void shouldForgetTheQuestionWhenTheCallerGivesUp() {
        // given
        final MessageText invite = net.invite("third", OFFER).header("Replaces", ofAlice(second, "second"));
        net.deliver(ALICE, invite);
        final String via = WireMessage.parse(invite.bytes()).one("via");

        // when
        net.deliver(ALICE, MessageText.request("CANCEL", "sip:bob@203.0.113.10").header("Via", via)
                .header("Max-Forwards", "20").header("From", "\"Alice\" <sip:alice@192.0.2.1>;tag=atag")
                .header("To", "<sip:bob@203.0.113.10>").header("Call-ID", "third").header("CSeq", "7 CANCEL"));

        // then
        net.take("SIP/2.0 487", ALICE);
        assertEquals(0, net.b2bua.questions.waiting());
        cross();
        assertEquals(0, net.count("INVITE"));
        assertEquals(1, net.counters.get(Counter.DIALOG_LATE));
    }

    @Test
    void shouldTellNobodyWhatIsOfAnotherSide() {
        // given: who asks knows both tags, and Alice is not on the side of Carol
        final MessageText invite = MessageText.request("INVITE", "sip:alice@203.0.113.10")
                .header("Via", "SIP/2.0/UDP " + BOB + ";branch=" + net.branch()).header("Max-Forwards", "20")
                .header("From", "<sip:bob@10.0.0.11>;tag=bob2").header("To", "<sip:alice@203.0.113.10>")
                .header("Call-ID", "of-bob").header("CSeq", "1 INVITE").header("Contact", "<sip:bob@" + BOB + ">")
                .header("Replaces", ofCarol(second)).body("application/sdp", OFFER);

        // when
        net.deliver(BOB, invite);
        net.take("SIP/2.0 100", BOB);
        cross();

        // then
        net.take("SIP/2.0 481", BOB);
        assertFalse(net.sent.stream().anyMatch(sent -> sent.is("INVITE")));
        assertEquals(1, net.counters.get(Counter.REPLACES_UNKNOWN));
    }
}
