package org.tandemsip.b2bua;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.tandemsip.b2bua.CallFixture.ALICE;
import static org.tandemsip.b2bua.CallFixture.BOB;
import static org.tandemsip.b2bua.CallFixture.NO_TIMERS;
import static org.tandemsip.b2bua.CallFixture.OFFER;
import static org.tandemsip.b2bua.CallFixture.answer;

import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tandemsip.b2bua.CallFixture.Sent;
import org.tandemsip.b2bua.CallFixture.Up;
import org.tandemsip.codec.HeaderField;
import org.tandemsip.engine.auth.Credentials;
import org.tandemsip.engine.routing.Account;
import org.tandemsip.engine.routing.HeaderRules;
import org.tandemsip.engine.routing.NumberRules;
import org.tandemsip.engine.routing.NumberRules.Field;
import org.tandemsip.engine.routing.Ping;
import org.tandemsip.engine.routing.Trunk;
import org.tandemsip.engine.routing.TrunkRules;
import org.tandemsip.engine.routing.TrunkState;
import org.tandemsip.engine.routing.Trust;
import org.tandemsip.testkit.MessageText;

/** What trunks want changed in numbers and header fields, in calls of two dialogs. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class RulesTest {
    private static final NumberRules TO_E164 = numbers(EnumSet.allOf(Field.class), Map.of("00", "+", "0", "+49"));
    private static final NumberRules FROM_E164 = numbers(EnumSet.allOf(Field.class), Map.of("+", "00"));

    private static NumberRules numbers(final EnumSet<Field> fields, final Map<String, String> rules) {
        return new NumberRules(List.of(NumberRules.Step.of(fields, 0, rules, "")));
    }

    private static TrunkRules rules(final HeaderRules out, final HeaderRules in, final NumberRules number,
            final NumberRules numberIn) {
        return new TrunkRules(out, in, number, numberIn, NO_TIMERS);
    }

    /** Alice writes numbers as they are dialled, Bob wants them with 00, and inside they are E.164. */
    private static CallFixture withNumbers() {
        final Trunk alice = CallFixture.trunk(0, "alice",
                rules(HeaderRules.NONE, HeaderRules.NONE, NumberRules.NONE, TO_E164), ALICE);
        final Trunk bob = CallFixture.trunk(1, "bob",
                rules(HeaderRules.NONE, HeaderRules.NONE, FROM_E164, NumberRules.NONE), BOB);
        return new CallFixture(alice, bob);
    }

    private static MessageText invite(final CallFixture net) {
        return MessageText.request("INVITE", "sip:030-11@203.0.113.10")
                .header("Via", "SIP/2.0/UDP " + ALICE + ";branch=" + net.branch()).header("Max-Forwards", "20")
                .header("From", "<sip:03022@192.0.2.1>;tag=atag").header("To", "<sip:030-11@203.0.113.10>")
                .header("Call-ID", "numbers").header("CSeq", "7 INVITE").header("Contact", "<sip:a@" + ALICE + ">");
    }

    @Test
    void shouldRewriteNumbersWhereverTheyStand() {
        // given
        final CallFixture net = withNumbers();

        // when
        net.deliver(ALICE, invite(net)
                .headers("P-Asserted-Identity", List.of("\"0<1, \\\"x\" <sip:03033@192.0.2.9>", "<tel:03034>"))
                .header("Diversion",
                        "<sip:03035@pbx.example;user=phone>;reason=no-answer, sip:03036@192.0.2.9:5070;counter=1,"
                                + " \"003\" <sip:003@192.0.2.9>, <sip:carol@192.0.2.9>")
                .header("Remote-Party-ID", "<sip:03037@192.0.2.9>").body("application/sdp", OFFER));

        // then
        final Sent toBob = net.take("INVITE", BOB);
        assertEquals("sip:00493011@" + BOB, toBob.message().uri());
        assertEquals("<sip:00493011@" + BOB + ">", toBob.message().one("to"));
        assertTrue(toBob.message().one("from").startsWith("<sip:00493022@203.0.113.10:5060>;tag="), toBob.text());
        assertEquals(List.of("\"0<1, \\\"x\" <sip:00493033@203.0.113.10:5060>", "<tel:00493034>"),
                toBob.message().all("p-asserted-identity"));
        assertEquals("<sip:00493035@pbx.example;user=phone>;reason=no-answer,"
                + " sip:00493036@203.0.113.10:5060;counter=1, \"003\" <sip:003@203.0.113.10:5060>,"
                + " <sip:carol@203.0.113.10:5060>", toBob.message().one("diversion"));
        assertEquals("<sip:03037@203.0.113.10:5060>", toBob.message().one("remote-party-id"));
    }

    /** What is said in a call is in the words of the side that it is said to; nothing turns it round. */
    @Test
    void shouldLeaveNumbersInsideTheDialogAndInAnswersAlone() {
        // given
        final CallFixture net = withNumbers();
        net.deliver(ALICE, invite(net).header("P-Asserted-Identity", "<sip:03033@192.0.2.9>")
                .body("application/sdp", OFFER));
        final Sent toBob = net.take("INVITE", BOB);

        // when
        net.deliver(BOB, answer(toBob, 200, "btag", "bob@" + BOB, CallFixture.ANSWER)
                .header("P-Asserted-Identity", "<sip:0030@10.0.0.9>"));

        // then
        final Sent ok = net.take("SIP/2.0 200", ALICE);
        assertEquals("<sip:0030@203.0.113.10:5060>", ok.message().one("p-asserted-identity"));
        assertTrue(ok.message().one("to").startsWith("<sip:030-11@203.0.113.10>;tag="), ok.text());
        net.deliver(ALICE, net.inside("ACK", ALICE, ok, false, 7));
        net.deliver(ALICE, net.inside("UPDATE", ALICE, ok, false, 8).header("P-Asserted-Identity",
                "<sip:03033@192.0.2.9>"));
        assertEquals("<sip:03033@203.0.113.10:5060>", net.take("UPDATE", BOB).message().one("p-asserted-identity"));
    }

    @Test
    void shouldAnswerAChallengeWithTheSameNumbers() {
        // given: a trunk that challenges
        final Trunk plain = CallFixture.trunk(1, "bob", BOB);
        final CallFixture net = new CallFixture(CallFixture.trunk(0, "alice",
                rules(HeaderRules.NONE, HeaderRules.NONE, NumberRules.NONE, TO_E164), ALICE),
                new Trunk(1, "bob", plain.peers(), plain.allow(), plain.failover(), 0, plain.balance(), 0, 0, Ping.OFF,
                        new TrunkState(), rules(HeaderRules.NONE, HeaderRules.NONE, FROM_E164, NumberRules.NONE),
                        Trust.FULL, false, new Account(new Credentials("tandem", "secret", null), true, null)));
        net.deliver(ALICE, invite(net).header("P-Asserted-Identity", "<sip:03033@192.0.2.9>"));
        final Sent first = net.take("INVITE", BOB);

        // when: another call has come the other way since then
        net.deliver(BOB, MessageText.request("INVITE", "sip:0011@203.0.113.10")
                .header("Via", "SIP/2.0/UDP " + BOB + ";branch=" + net.branch()).header("Max-Forwards", "20")
                .header("From", "<sip:a@10.0.0.11>;tag=x").header("To", "<sip:0011@203.0.113.10>")
                .header("Call-ID", "back").header("CSeq", "1 INVITE").header("Contact", "<sip:b@" + BOB + ">"));
        net.deliver(BOB, answer(first, 407, "btag", null, "").header("Proxy-Authenticate",
                "Digest realm=\"r\", nonce=\"n\", algorithm=MD5"));

        // then
        final Sent second = net.take("INVITE", BOB);
        assertEquals("sip:0011@" + ALICE, net.take("INVITE", ALICE).message().uri());
        assertEquals(2, second.message().cseq());
        assertEquals(List.of("<sip:00493033@203.0.113.10:5060>"), second.message().all("p-asserted-identity"));
        assertEquals(first.message().all("p-asserted-identity"), second.message().all("p-asserted-identity"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"nonsense", "<sip:a@192.0.2.9", "\"a <sip:a@192.0.2.9>", "<>", "<sip:a@192.0.2.9>, x y z"})
    void shouldPassNothingOfANamingRowThatCannotBeRead(final String value) {
        final CallFixture net = withNumbers();
        net.deliver(ALICE, invite(net).header("P-Asserted-Identity", value));
        assertFalse(net.take("INVITE", BOB).text().contains("P-Asserted-Identity"));
    }

    @Test
    void shouldGoOnWithMoreNumbersThanAreRewritten() {
        final CallFixture net = withNumbers();
        final MessageText invite = invite(net);
        for (int i = 10; i < 30; i++) {
            invite.header("Diversion", "<sip:030" + i + "@pbx.example>");
        }
        net.deliver(ALICE, invite);
        final List<String> passed = net.take("INVITE", BOB).message().all("diversion");
        assertEquals(20, passed.size());
        assertEquals("<sip:00493010@pbx.example>", passed.getFirst());
        assertEquals("<sip:03029@pbx.example>", passed.getLast());
    }

    // Header fields.

    private static HeaderRules headers(final String remove, final String set, final String add) {
        return new HeaderRules(fields(remove), values(set), values(add));
    }

    private static List<HeaderField> fields(final String names) {
        return Stream.of(names.split(" ")).filter(name -> !name.isEmpty()).map(HeaderField::of).toList();
    }

    private static List<HeaderRules.Field> values(final String rows) {
        return Stream.of(rows.split(" ")).filter(row -> !row.isEmpty()).map(row -> new HeaderRules.Field(
                HeaderField.of(row.split("=")[0]), row.split("=")[1])).toList();
    }

    private static CallFixture withHeaders(final HeaderRules fromAlice, final HeaderRules toAlice,
            final HeaderRules fromBob, final HeaderRules toBob) {
        return new CallFixture(
                CallFixture.trunk(0, "alice", rules(toAlice, fromAlice, NumberRules.NONE, NumberRules.NONE), ALICE),
                CallFixture.trunk(1, "bob", rules(toBob, fromBob, NumberRules.NONE, NumberRules.NONE), BOB));
    }

    private static void hides(final Sent sent, final String secret) {
        assertFalse(sent.text().toLowerCase(Locale.ROOT).contains(secret), sent::text);
    }

    /** Fields that mode b2bua passes, in all the ways that they may be written. */
    @ParameterizedTest
    @CsvSource({"Subject, Subject", "Subject, s", "Subject, S", "s, SUBJECT", "s, sUbJeCt", "Refer-To, r",
        "Referred-By, b", "Supported, k", "k, SUPPORTED", "Event, o", "Allow-Events, u", "u, aLLOW-eVENTS",
        "Request-Disposition, d", "Accept-Contact, a", "Reject-Contact, J", "Identity, y", "P-*, p-ASSERTED-identity",
        "P-*, P-Early-Media", "Diversion, DIVERSION", "Remote-*, remote-party-id", "Reason, reason",
        "User-to-User, USER-TO-USER"})
    void shouldLetNoSpellingSurviveRemoval(final String rule, final String spelling) {
        final HeaderRules none = HeaderRules.NONE;
        final CallFixture plain = withHeaders(none, none, none, none);
        plain.deliver(ALICE, dressed(plain.invite("kept", OFFER), spelling));
        assertTrue(plain.take("INVITE", BOB).text().contains("5ecret"));
        final HeaderRules remove = headers(rule, "", "");
        for (final boolean sent : new boolean[] {true, false}) {
            // given: removed from what comes in, or from what goes out
            final HeaderRules in = sent ? none : remove;
            final HeaderRules out = sent ? remove : none;
            final CallFixture net = withHeaders(in, out, in, out);

            // when
            net.deliver(ALICE, dressed(net.invite("removed", OFFER), spelling));
            final Sent toBob = net.take("INVITE", BOB);
            net.deliver(BOB, dressed(answer(toBob, 183, "btag", "bob@" + BOB, ""), spelling));
            net.deliver(BOB, dressed(answer(toBob, 200, "btag", "bob@" + BOB, CallFixture.ANSWER), spelling));
            final Sent early = net.take("SIP/2.0 183", ALICE);
            final Sent ok = net.take("SIP/2.0 200", ALICE);
            net.deliver(ALICE, dressed(net.inside("ACK", ALICE, ok, false, 7), spelling));
            net.deliver(ALICE, dressed(net.inside("INFO", ALICE, ok, false, 8), spelling));
            final Sent info = net.take("INFO", BOB);
            net.deliver(BOB, dressed(net.fromBob(new Up(toBob, ok, "btag"), "MESSAGE", 40), spelling));
            final Sent message = net.take("MESSAGE", ALICE);
            net.deliver(BOB, dressed(net.fromBob(new Up(toBob, ok, "btag"), "BYE", 41), spelling));

            // then
            for (final Sent each : List.of(toBob, early, ok, info, message, net.take("BYE", ALICE))) {
                hides(each, "5ecret");
            }
            assertEquals(0, net.sent.stream().filter(each -> each.text().contains("5ecret")).count(),
                    net.sent::toString);
        }
    }

    private static MessageText dressed(final MessageText text, final String name) {
        return text.header(name, "<sip:5ecret@example.org>").header(name + " ",
                "<sip:5ecret@example.net>\r\n ;x=5ecret");
    }

    @Test
    void shouldSetAndAddInRequestsOfBothDirections() {
        // given
        final CallFixture net = withHeaders(headers("", "X-From=alice", ""), headers("", "Subject=for-alice", "X-To=1"),
                headers("", "X-From=bob", "X-Bob=1"), headers("X-From", "s=for-bob", "X-To=2"));

        // when: what one rule puts in a later one may take out
        net.deliver(ALICE, net.invite("set", OFFER).header("SUBJECT", "mine").header("X-To", "0"));
        final Sent toBob = net.take("INVITE", BOB);

        // then
        assertEquals(List.of(), toBob.message().all("x-from"));
        assertEquals(List.of("2"), toBob.message().all("x-to"));
        assertEquals(1, toBob.text().split("for-bob", -1).length - 1, toBob.text());
        hides(toBob, "mine");

        // and towards the caller, in requests only
        net.deliver(BOB, answer(toBob, 200, "btag", "bob@" + BOB, CallFixture.ANSWER).header("Subject", "mine"));
        final Sent ok = net.take("SIP/2.0 200", ALICE);
        hides(ok, "subject");
        hides(ok, "x-to");
        net.deliver(ALICE, net.inside("ACK", ALICE, ok, false, 7));
        net.deliver(BOB, net.fromBob(new Up(toBob, ok, "btag"), "INFO", 40).header("s", "mine"));
        final Sent info = net.take("INFO", ALICE);
        assertEquals(List.of("bob"), info.message().all("x-from"));
        assertEquals(List.of("1"), info.message().all("x-bob"));
        assertEquals(List.of("1"), info.message().all("x-to"));
        assertEquals(List.of("for-alice"), info.message().all("subject"));
        hides(info, "mine");
    }
}
