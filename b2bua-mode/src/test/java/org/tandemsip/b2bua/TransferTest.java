package org.tandemsip.b2bua;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.tandemsip.b2bua.CallFixture.ALICE;
import static org.tandemsip.b2bua.CallFixture.ANSWER;
import static org.tandemsip.b2bua.CallFixture.BOB;
import static org.tandemsip.b2bua.CallFixture.OFFER;
import static org.tandemsip.b2bua.CallFixture.SECOND_BOB;
import static org.tandemsip.b2bua.CallFixture.answer;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tandemsip.b2bua.CallFixture.Sent;
import org.tandemsip.b2bua.CallFixture.Up;
import org.tandemsip.codec.HeaderField;
import org.tandemsip.engine.handler.Disposition;
import org.tandemsip.engine.routing.CallRules;
import org.tandemsip.engine.timer.Timing;
import org.tandemsip.server.config.ConfigReader;
import org.tandemsip.testkit.MessageText;
import org.tandemsip.testkit.wire.WireMessage;

/** REFER that we do ourselves (RFC 3515, RFC 3891, RFC 5589): Alice transfers Bob to Carol, who is with his trunk. */
@Timeout(value = 20, unit = TimeUnit.SECONDS)
class TransferTest {
    private static final String CAROL = "v=0\r\no=carol 1 1 IN IP4 10.0.0.78\r\nm=audio 6000 RTP/AVP 0\r\n";
    private CallFixture net = with(CallRules.Refer.HANDLE, false);

    private static CallFixture with(final CallRules.Refer refer, final boolean hold) {
        return new CallFixture(new CallRules(0, 90, refer, hold, List.of(HeaderField.of("X-Account"))));
    }

    private Up refer(final String to) {
        final Up up = net.up("first");
        net.deliver(ALICE, net.fromAlice(up, "REFER", 8).header("Refer-To", to)
                .header("Referred-By", "<sip:alice@192.0.2.1>"));
        return up;
    }

    private void notified(final String line) {
        final Sent notify = net.take("NOTIFY", ALICE);
        assertTrue(notify.text().endsWith("\r\n\r\n" + line + "\r\n"), notify.text());
        assertEquals("refer", notify.message().one("event"));
        net.deliver(ALICE, answer(notify, 200, null, null, ""));
    }

    private void byeAnswered(final String who) {
        net.deliver(who, answer(net.take("BYE", who), 200, null, null, ""));
    }

    /** Bob, who stays, gets another session, and answers with his own. */
    private void bridged(final String offer) {
        final Sent invite = net.take("INVITE", BOB);
        assertTrue(invite.text().endsWith("\r\n\r\n" + offer), invite.text());
        net.deliver(BOB, answer(invite, 200, null, "bob@" + BOB, ANSWER));
        net.take("ACK", BOB);
    }

    private Sent carolsInvite() {
        net.take("SIP/2.0 202", ALICE);
        final List<Sent> invites = net.sent.stream().filter(sent -> sent.is("INVITE sip:carol")).toList();
        net.sent.remove(invites.getFirst());
        return invites.getFirst();
    }

    @Test
    void shouldBringTheOtherTwoTogetherWhenTheNewOneAnswers() {
        // given
        final Up up = refer("<sip:carol@203.0.113.10>");
        final Sent invite = carolsInvite();
        assertTrue(invite.text().endsWith("\r\n\r\n" + ANSWER), invite.text());
        assertTrue(invite.message().one("referred-by").contains("alice@"), invite.text());
        notified("SIP/2.0 100 Trying");

        // when
        net.deliver(BOB, answer(invite, 180, "ctag", "carol@" + SECOND_BOB, ""));
        net.deliver(BOB, answer(invite, 200, "ctag", "carol@" + SECOND_BOB, CAROL));

        // then
        net.take("ACK", SECOND_BOB);
        bridged(CAROL);
        notified("SIP/2.0 200 OK");
        byeAnswered(ALICE);
        assertEquals(List.of(), net.sent);

        // and: requests of each reach the other, and its BYE too
        net.deliver(BOB, net.fromBob(up, "INFO", 1));
        final Sent info = net.take("INFO", SECOND_BOB);
        net.deliver(SECOND_BOB, answer(info, 200, null, null, ""));
        net.take("SIP/2.0 200", BOB);
        net.deliver(SECOND_BOB, fromCarol(invite, "BYE", 1));
        net.take("SIP/2.0 200", SECOND_BOB);
        byeAnswered(BOB);
        assertEquals(0, net.rest());
    }

    private org.tandemsip.testkit.MessageText fromCarol(final Sent invite, final String method, final long cseq) {
        final WireMessage message = invite.message();
        return org.tandemsip.testkit.MessageText.request(method, WireMessage.uriOf(message.one("contact")))
                .header("Via", "SIP/2.0/UDP " + SECOND_BOB + ";branch=" + net.branch()).header("Max-Forwards", "70")
                .header("From", message.one("to") + ";tag=ctag").header("To", message.one("from"))
                .header("Call-ID", message.callId()).header("CSeq", cseq + " " + method);
    }

    @Test
    void shouldTellTheNewOneWhenTheOtherAnswersWithAnotherSession() {
        // given
        refer("<sip:carol@203.0.113.10>");
        final Sent invite = carolsInvite();
        net.deliver(BOB, answer(invite, 200, "ctag", "carol@" + SECOND_BOB, CAROL));
        net.take("ACK", SECOND_BOB);

        // when
        final String other = ANSWER.replace("5000", "5002");
        net.deliver(BOB, answer(net.take("INVITE", BOB), 200, null, "bob@" + BOB, other));

        // then
        final Sent again = net.take("INVITE", SECOND_BOB);
        assertTrue(again.text().endsWith("\r\n\r\n" + other), again.text());
    }

    @Test
    void shouldLeaveTheCallAsItIsWhenTheNewOneDoesNotAnswer() {
        // given
        final Up up = refer("<sip:carol@203.0.113.10>");
        final Sent invite = carolsInvite();
        notified("SIP/2.0 100 Trying");

        // when
        net.deliver(BOB, answer(invite, 486, "ctag", null, ""));

        // then
        net.take("ACK", BOB);
        notified("SIP/2.0 486 Status486");
        assertEquals(List.of(), net.sent);
        net.deliver(ALICE, net.fromAlice(up, "BYE", 9));
        net.take("SIP/2.0 200", ALICE);
        byeAnswered(BOB);
        assertEquals(0, net.rest());
    }

    @Test
    void shouldEndAllWhenWhoAskedForItHangsUp() {
        // given
        final Up up = refer("<sip:carol@203.0.113.10>");
        final Sent invite = carolsInvite();
        notified("SIP/2.0 100 Trying");
        net.deliver(BOB, answer(invite, 180, "ctag", "carol@" + SECOND_BOB, ""));

        // when
        net.deliver(ALICE, net.fromAlice(up, "BYE", 9));

        // then
        net.take("SIP/2.0 200", ALICE);
        final Sent cancel = net.take("CANCEL", BOB);
        net.deliver(BOB, answer(cancel, 200, null, null, ""));
        net.deliver(BOB, answer(invite, 487, "ctag", null, ""));
        net.take("ACK", BOB);
        byeAnswered(BOB);
        assertEquals(List.of(), net.sent);
        assertEquals(0, net.rest());
    }

    @Test
    void shouldLetGoOfWhoAskedForItAtOnceWhenToldTo() {
        // given
        net = with(CallRules.Refer.RELEASE, true);
        refer("<sip:carol@203.0.113.10>");
        byeAnswered(ALICE);
        final Sent invite = carolsInvite();

        // when: Bob is put on hold
        final Sent hold = net.take("INVITE", BOB);
        assertTrue(hold.text().endsWith("a=inactive\r\n"), hold.text());
        assertTrue(hold.text().contains("\r\no=alice 1 2 IN"), hold.text());
        net.deliver(BOB, answer(hold, 200, null, "bob@" + BOB, ANSWER));
        net.take("ACK", BOB);
        net.deliver(BOB, answer(invite, 200, "ctag", "carol@" + SECOND_BOB, CAROL));
        net.take("ACK", SECOND_BOB);

        // then
        bridged(CAROL);
        assertEquals(List.of(), net.sent);
    }

    @Test
    void shouldEndTheCallWhenNobodyIsLeft() {
        // given
        net = with(CallRules.Refer.RELEASE, false);
        refer("<sip:carol@203.0.113.10>");
        byeAnswered(ALICE);
        final Sent invite = carolsInvite();

        // when
        net.deliver(BOB, answer(invite, 404, "ctag", null, ""));

        // then
        net.take("ACK", BOB);
        byeAnswered(BOB);
        assertEquals(List.of(), net.sent);
        assertEquals(0, net.rest());
    }

    @Test
    void shouldJoinTwoCallsWhenTheReferNamesTheSecond() {
        // given: Alice has Bob in one call and Carol in another
        final Up first = net.up("first");
        net.deliver(ALICE, net.invite("second", OFFER));
        final Sent invite = net.take("INVITE", BOB);
        net.take("SIP/2.0 100");
        net.deliver(BOB, answer(invite, 200, "ctag", "carol@" + SECOND_BOB, CAROL));
        final Sent ok = net.take("SIP/2.0 200", ALICE);
        net.take("ACK", SECOND_BOB);
        net.deliver(ALICE, net.inside("ACK", ALICE, ok, false, 7));

        // when
        net.deliver(ALICE, net.fromAlice(first, "REFER", 8).header("Refer-To", "<sip:carol@203.0.113.10?Replaces=second"
                + "%3Bto-tag%3D" + ok.message().toTag() + "%3Bfrom-tag%3Datag>"));

        // then
        net.take("SIP/2.0 202", ALICE);
        notified("SIP/2.0 100 Trying");
        byeAnswered(ALICE);
        bridged(CAROL);
        final Sent told = net.take("INVITE", SECOND_BOB);
        assertTrue(told.text().endsWith("\r\n\r\n" + ANSWER), told.text());
        net.deliver(SECOND_BOB, answer(told, 200, null, "carol@" + SECOND_BOB, CAROL));
        net.take("ACK", SECOND_BOB);
        notified("SIP/2.0 200 OK");
        byeAnswered(ALICE);
        assertEquals(List.of(), net.sent);

        // and: one of them hangs up
        net.deliver(BOB, net.fromBob(first, "BYE", 1));
        net.take("SIP/2.0 200", BOB);
        byeAnswered(SECOND_BOB);
        assertEquals(0, net.rest());
    }

    @Test
    void shouldEndTheCallWhenWhoStaysOnlyWorksOnItsNewSession() {
        // given
        refer("<sip:carol@203.0.113.10>");
        final Sent invite = carolsInvite();
        notified("SIP/2.0 100 Trying");
        net.deliver(BOB, answer(invite, 200, "ctag", "carol@" + SECOND_BOB, CAROL));
        net.take("ACK", SECOND_BOB);
        notified("SIP/2.0 200 OK");
        byeAnswered(ALICE);
        final Sent waits = net.take("INVITE", BOB);

        // when
        net.deliver(BOB, answer(waits, 180, null, "bob@" + BOB, ""));
        net.pass(Timing.DEFAULTS.timerCNs() / 1_000_000 + 1);

        // then
        net.deliver(BOB, answer(net.take("CANCEL", BOB), 200, null, null, ""));
        net.deliver(BOB, answer(waits, 487, null, null, ""));
        net.take("ACK", BOB);
        byeAnswered(BOB);
        byeAnswered(SECOND_BOB);
        assertEquals(0, net.rest());
    }

    @ParameterizedTest
    @ValueSource(ints = {200, 487})
    void shouldWaitForWhoIsPutOnHoldButNotForEver(final int code) {
        // given
        net = with(CallRules.Refer.HANDLE, true);
        refer("<sip:carol@203.0.113.10>");
        final Sent invite = carolsInvite();
        final Sent hold = net.take("INVITE", BOB);
        net.deliver(BOB, answer(hold, 180, null, "bob@" + BOB, ""));

        // when: the new one is there before who is put on hold has answered that
        net.deliver(BOB, answer(invite, 200, "ctag", "carol@" + SECOND_BOB, CAROL));
        net.take("ACK", SECOND_BOB);
        net.pass(Timing.DEFAULTS.timerCNs() / 1_000_000 + 1);
        net.take("CANCEL", BOB);
        net.deliver(BOB, answer(hold, code, null, "bob@" + BOB, code == 200 ? ANSWER : ""));
        net.take("ACK", BOB);
        net.pass(2_000);

        // then
        bridged(CAROL);
    }

    @Test
    void shouldNotJoinWhatIsMeantOnlyWhileItRings() {
        final Up first = net.up("first");
        final Up second = net.up("second");
        net.deliver(ALICE, net.fromAlice(first, "REFER", 8).header("Refer-To",
                "<sip:carol@203.0.113.10?Replaces=second%3Bfrom-tag%3Datag%3Bto-tag%3D"
                        + second.okToAlice().message().toTag() + "%3Bearly-only>"));
        net.take("SIP/2.0 486", ALICE);
        assertEquals(List.of(), net.sent);
        net.pass(40_000);
        assertEquals(2, net.live());
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void shouldBeginNothingWhenThereIsNoRoomToAcceptIt(final boolean joins) {
        // given: requests that came too late, each with its answer, take all transactions
        final Up first = net.up("first");
        final Up second = net.up("second");
        net.deliver(ALICE, net.fromAlice(second, "INFO", 9_000));
        net.deliver(BOB, answer(net.take("INFO", BOB), 200, null, null, ""));
        while (net.deliver(ALICE, net.fromAlice(second, "INFO", 8)) != Disposition.DROPPED_OVERLOAD) {
            net.take("SIP/2.0", ALICE);
        }
        final int live = net.live();
        net.sent.clear();

        // when
        final MessageText refer = net.fromAlice(first, "REFER", 8).header("Refer-To", "<sip:carol@203.0.113.10"
                + (joins ? "?Replaces=second%3Bfrom-tag%3Datag%3Bto-tag%3D" + second.okToAlice().message().toTag()
                        : "")
                + ">");
        assertEquals(Disposition.DROPPED_OVERLOAD, net.deliver(ALICE, refer));

        // then
        assertEquals(List.of(), net.sent);
        assertEquals(live, net.live());
        net.pass(40_000);
        assertEquals(List.of(), net.sent);
    }

    @Test
    void shouldRefuseWhatLeadsNowhere() {
        refer("<sip:carol@198.51.100.1;method=BYE?Replaces=x");
        net.take("SIP/2.0 400", ALICE);
        assertEquals(List.of(), net.sent);
    }

    @Test
    void shouldWarnThatNothingIsDoneWhereMediaAreLookedAt() throws Exception {
        final String yaml = """
                listen: ["udp://127.0.0.1:5060"]
                mode: b2bua
                trunks:
                  phones: {allow: [127.0.0.2/32], b2bua: {refer: %s}}
                  carrier: {peers: ["127.0.0.3:5060"], media: {codecs: [%s]}}
                routes:
                  - {from: phones, to: carrier}
                """;
        final ConfigReader reader = new ConfigReader(Map.of());
        final List<String> warnings = reader.read("test", yaml.formatted("handle", "PCMA")).warnings(Instant.now());
        assertEquals(1, warnings.size());
        assertTrue(warnings.getFirst().startsWith("trunk 'phones': a REFER is passed on"), warnings::toString);
        assertEquals(List.of(), reader.read("test", yaml.formatted("pass", "PCMA")).warnings(Instant.now()));
        assertEquals(List.of(), reader.read("test", yaml.formatted("release", "")).warnings(Instant.now()));
    }

    @Test
    void shouldTakeFieldsAlongThatTheTrunkWants() {
        net.deliver(ALICE, net.invite("fields", OFFER).header("X-Account", "7").header("X-Other", "8"));
        final Sent invite = net.take("INVITE", BOB);
        assertEquals("7", invite.message().one("x-account"));
        assertEquals(List.of(), invite.message().all("x-other"));
    }
}
