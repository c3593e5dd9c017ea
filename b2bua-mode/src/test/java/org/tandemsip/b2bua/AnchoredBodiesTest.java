package org.tandemsip.b2bua;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.tandemsip.b2bua.CallFixture.ALICE;
import static org.tandemsip.b2bua.CallFixture.ANSWER;
import static org.tandemsip.b2bua.CallFixture.BOB;
import static org.tandemsip.b2bua.CallFixture.OFFER;
import static org.tandemsip.b2bua.CallFixture.answer;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tandemsip.b2bua.CallFixture.Sent;
import org.tandemsip.b2bua.CallFixture.Up;
import org.tandemsip.codec.sdp.CodecList;
import org.tandemsip.engine.handler.MediaRelay;
import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.engine.routing.MediaRules;
import org.tandemsip.testkit.MessageText;

/** While media are relayed, no description of one side gets to the other that is neither offer nor answer. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class AnchoredBodiesTest {
    private static final MediaRules ANCHORED = new MediaRules(CodecList.ANY, true, MediaRelay.Side.PLAIN);
    private static final String SDP = "application/sdp";
    private static final String PARTS = "multipart/alternative;boundary=b1";
    private static final String PART = "--b1\r\nContent-Type: application/sdp\r\n\r\n";

    private CallFixture net = new CallFixture(MediaRules.NONE, ANCHORED);
    private FakeRelay relay = new FakeRelay(net, false);

    private Up up() {
        net.deliver(ALICE, net.invite("c1", OFFER));
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
        assertEquals(0, net.rest());
        assertTrue(relay.asked.isEmpty());
    }

    private static MessageText described(final Sent request, final int status) {
        return answer(request, status, "btag", "bob@" + BOB, ANSWER).header("Content-Disposition", "session")
                .header("Content-Language", "en");
    }

    private static void hasNoBody(final Sent sent) {
        assertEquals("", sent.message().body(), sent.text());
        assertEquals("0", sent.message().one("content-length"));
        assertEquals(1, sent.text().split("\r\nContent-", -1).length - 1, sent.text());
        assertFalse(sent.text().contains("10.0.0.77") || sent.text().contains("192.0.2.77"), sent.text());
    }

    private long refused() {
        return net.counters.get(Counter.MEDIA_REFUSED_SDP);
    }

    // What informs.

    @Test
    void shouldTakeTheDescriptionOutOfWhatAnswersOptions() {
        final Up up = up();
        net.deliver(ALICE, net.fromAlice(up, "OPTIONS", 8));
        net.deliver(BOB, described(net.take("OPTIONS", BOB), 200));
        hasNoBody(net.take("SIP/2.0 200", ALICE));
        net.deliver(BOB, net.fromBob(up, "OPTIONS", 8));
        net.deliver(ALICE, answer(net.take("OPTIONS", ALICE), 200, null, "alice@" + ALICE, OFFER));
        hasNoBody(net.take("SIP/2.0 200", BOB));
        hangUp(up);
    }

    @Test
    void shouldTakeTheDescriptionOutOfWhatAnswersOptionsOutsideOfCalls() {
        net.deliver(ALICE, lone("OPTIONS"));
        net.deliver(BOB, described(net.take("OPTIONS", BOB), 200));
        hasNoBody(net.take("SIP/2.0 200", ALICE));
        assertEquals(0, net.rest());
    }

    @ParameterizedTest
    @ValueSource(ints = {300, 488, 606})
    void shouldTakeTheDescriptionOutOfRefusals(final int status) {
        net.deliver(ALICE, net.invite("c1", OFFER));
        relay.done();
        net.deliver(BOB, described(net.take("INVITE", BOB), status));
        hasNoBody(net.take("SIP/2.0 " + status, ALICE));
        assertEquals(0, net.rest());
    }

    @ParameterizedTest
    @ValueSource(strings = {"INVITE", "UPDATE"})
    void shouldTakeTheDescriptionOutOfRefusalsInsideADialog(final String method) {
        final Up up = up();
        net.deliver(ALICE, net.fromAlice(up, method, 8).body(SDP, OFFER));
        relay.done();
        net.deliver(BOB, described(net.take(method, BOB), 488));
        hasNoBody(net.take("SIP/2.0 488", ALICE));
        hangUp(up);
    }

    @Test
    void shouldTakePartsThatCannotBeReadOutOfARefusal() {
        net.deliver(ALICE, net.invite("c1", OFFER));
        relay.done();
        net.deliver(BOB, answer(net.take("INVITE", BOB), 488, "btag", null, "").body(PARTS, PART + ANSWER));
        hasNoBody(net.take("SIP/2.0 488", ALICE));
    }

    @Test
    void shouldTakeTheDescriptionOutOfABye() {
        final Up up = up();
        net.deliver(ALICE, net.fromAlice(up, "BYE", 8).body(SDP, OFFER));
        final Sent bye = net.take("BYE", BOB);
        hasNoBody(bye);
        net.deliver(BOB, answer(bye, 200, null, null, ""));
        assertEquals(0, net.rest());
    }

    // What asks.

    @ParameterizedTest
    @ValueSource(strings = {"INFO", "MESSAGE", "OPTIONS", "NOTIFY", "PING"})
    void shouldRefuseOtherRequestsWithADescription(final String method) {
        final Up up = up();
        net.deliver(ALICE, net.fromAlice(up, method, 8).header("Event", "x").body(SDP, OFFER));
        net.take("SIP/2.0 488", ALICE);
        net.deliver(BOB, net.fromBob(up, method, 8).header("Event", "x").body(SDP, ANSWER));
        net.take("SIP/2.0 488", BOB);
        assertEquals(2, refused());
        assertTrue(net.sent.isEmpty(), net.sent.toString());

        // and the dialog goes on
        net.deliver(ALICE, net.fromAlice(up, method, 9).header("Event", "x").body("text/plain", "hello"));
        final Sent passed = net.take(method, BOB);
        assertEquals("hello", passed.message().body());
        net.deliver(BOB, answer(passed, 200, null, null, "").body("text/plain", "well"));
        assertEquals("well", net.take("SIP/2.0 200", ALICE).message().body());
        hangUp(up);
    }

    @Test
    void shouldRefuseWhatWaitedForTheRelay() {
        final Up up = up();
        net.deliver(ALICE, net.fromAlice(up, "INVITE", 8).body(SDP, OFFER));
        net.deliver(ALICE, net.fromAlice(up, "INFO", 9).body(SDP, OFFER));
        relay.done();
        net.take("SIP/2.0 488", ALICE);
        assertEquals(0, net.count("INFO"));
        net.deliver(BOB, answer(net.take("INVITE", BOB), 486, null, null, ""));
        hangUp(up);
    }

    @ParameterizedTest
    @ValueSource(strings = {"MESSAGE", "OPTIONS", "INFO", "SUBSCRIBE"})
    void shouldRefuseRequestsWithADescriptionOutsideOfCalls(final String method) {
        net.deliver(ALICE, lone(method).body(SDP, OFFER));
        net.take("SIP/2.0 488", ALICE);
        assertEquals(1, refused());
        assertEquals(0, net.rest());
    }

    @Test
    void shouldRefuseADescriptionInsideASubscription() {
        net.deliver(ALICE, lone("SUBSCRIBE").header("Expires", "60"));
        final Sent subscribe = net.take("SUBSCRIBE", BOB);
        net.deliver(BOB, described(subscribe, 200).header("Expires", "60"));
        final Sent ok = net.take("SIP/2.0 200", ALICE);
        hasNoBody(ok);
        final Up up = new Up(subscribe, ok, "btag");
        net.deliver(BOB, net.fromBob(up, "NOTIFY", 8).header("Event", "presence")
                .header("Subscription-State", "active;expires=60").body(SDP, ANSWER));
        net.take("SIP/2.0 488", BOB);
        net.deliver(BOB, net.fromBob(up, "NOTIFY", 9).header("Event", "presence")
                .header("Subscription-State", "terminated").body("text/plain", "here"));
        net.deliver(ALICE, answer(net.take("NOTIFY", ALICE), 200, null, null, OFFER));
        hasNoBody(net.take("SIP/2.0 200", BOB));
        net.pass(120_000);
        assertEquals(0, net.rest());
    }

    @ParameterizedTest
    @ValueSource(strings = {PART + OFFER + "--b1--\r\n", PART + OFFER,
        "--b1\r\nContent-Type: multipart/mixed;boundary=b2\r\n\r\n--b2\r\n\r\n--b2--\r\n--b1--\r\n"})
    void shouldRefuseASecondDescription(final String second) {
        net.deliver(ALICE, net.invite("c1", "").body(PARTS, PART + OFFER + second));
        net.take("SIP/2.0 488", ALICE);
        assertEquals(1, refused());
        assertEquals(0, net.rest());

        final Up up = up();
        net.deliver(BOB, net.fromBob(up, "INVITE", 8).body(PARTS, PART + ANSWER + second));
        net.take("SIP/2.0 488", BOB);
        assertEquals(0, net.count("INVITE"));
        assertEquals(2, refused());
        hangUp(up);
    }

    @Test
    void shouldRelayTheOnlyDescriptionOfSeveralParts() {
        net.deliver(ALICE, net.invite("c1", "").body(PARTS,
                PART + OFFER + "--b1\r\nContent-Type: application/isup\r\n\r\nabc\r\n--b1--\r\n"));
        relay.done();
        final Sent invite = net.take("INVITE", BOB);
        assertTrue(invite.text().contains("203.0.113.99") && invite.text().contains("abc\r\n--b1--"), invite.text());
        assertFalse(invite.text().contains("192.0.2.77"), invite.text());
    }

    // Where nobody asks for it.

    @Test
    void shouldLeaveDescriptionsAloneWhereNothingIsRelayed() {
        net = new CallFixture();
        final Up up = net.up("c1");
        net.deliver(ALICE, net.fromAlice(up, "OPTIONS", 8).body(SDP, OFFER));
        final Sent options = net.take("OPTIONS", BOB);
        assertEquals(OFFER, options.message().body());
        net.deliver(BOB, described(options, 200));
        final Sent ok = net.take("SIP/2.0 200", ALICE);
        assertEquals(ANSWER, ok.message().body());
        assertEquals("session", ok.message().one("content-disposition"));
        net.deliver(ALICE, lone("MESSAGE").body(SDP, OFFER));
        final Sent message = net.take("MESSAGE", BOB);
        assertEquals(OFFER, message.message().body());
        net.deliver(BOB, described(message, 200));
        assertEquals(ANSWER, net.take("SIP/2.0 200", ALICE).message().body());
        assertEquals(0, refused());
    }

    private MessageText lone(final String method) {
        return MessageText.request(method, "sip:bob@203.0.113.10")
                .header("Via", "SIP/2.0/UDP " + ALICE + ";branch=z9hG4bKalice1").header("Max-Forwards", "20")
                .header("From", "<sip:alice@192.0.2.1:5060>;tag=atag").header("To", "<sip:bob@203.0.113.10>")
                .header("Call-ID", "lone@192.0.2.1").header("CSeq", "7 " + method)
                .header("Contact", "<sip:alice@" + ALICE + ">")
                .header("Event", "SUBSCRIBE".equals(method) ? "presence" : null);
    }
}
