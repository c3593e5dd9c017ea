package org.tandemsip.b2bua;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.tandemsip.b2bua.CallFixture.ALICE;
import static org.tandemsip.b2bua.CallFixture.BOB;
import static org.tandemsip.b2bua.CallFixture.SECOND_BOB;
import static org.tandemsip.b2bua.CallFixture.answer;

import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tandemsip.b2bua.CallFixture.Sent;
import org.tandemsip.engine.handler.Disposition;
import org.tandemsip.testkit.MessageText;

/** Requests outside of all dialogs: as hidden as calls are, and nothing is left of them. */
@Timeout(value = 20, unit = TimeUnit.SECONDS)
class LoneRequestTest {
    /** What only one side may see of itself. */
    private static final List<String> ALICES =
            List.of("192.0.2.", "secret-call-id", "atag", "alicephone", "alicenet", "z9hg4bkalice", "inside-a");
    private static final List<String> BOBS = List.of("10.0.0.", "btag", "bobphone", "bobnet", "inside-b");

    private final CallFixture net = new CallFixture();

    private static MessageText request(final String method) {
        return MessageText.request(method, "sip:bob@203.0.113.10")
                .header("Via", "SIP/2.0/UDP " + ALICE + ";branch=z9hG4bKalice1")
                .header("Via", "SIP/2.0/UDP 192.0.2.5:5060;branch=z9hG4bKalice0").header("Max-Forwards", "20")
                .header("From", "\"Alice\" <sip:alice@192.0.2.1:5060>;tag=atag").header("To", "<sip:bob@203.0.113.10>")
                .header("Call-ID", "secret-call-id@192.0.2.1").header("CSeq", "7 " + method)
                .header("Contact", "<sip:alice@" + ALICE + ">").header("User-Agent", "AlicePhone 1")
                .header("Organization", "AliceNet").header("X-Inside", "inside-a")
                .header("In-Reply-To", "secret-call-id@192.0.2.1").header("Record-Route", "<sip:192.0.2.5;lr;inside-a>")
                .header("P-Asserted-Identity", "<sip:+4930@192.0.2.1>");
    }

    private Sent asked(final MessageText request, final String method) {
        assertEquals(Disposition.FORWARDED, net.deliver(ALICE, request));
        return net.take(method, BOB);
    }

    private Sent answered(final Sent request, final int status) {
        net.deliver(request.to(), answer(request, status, "btag", null, ""));
        return net.take("SIP/2.0 " + status, ALICE);
    }

    @ParameterizedTest
    @ValueSource(strings = {"BYE", "PRACK", "UPDATE"})
    void shouldAnswer481ToWhatBelongsIntoADialog(final String method) {
        net.deliver(ALICE, request(method));
        net.take("SIP/2.0 481", ALICE);
        assertEquals(0, net.rest());
    }

    @ParameterizedTest
    @ValueSource(strings = {"MESSAGE", "OPTIONS", "INFO", "PUBLISH", "NOTIFY", "PING"})
    void shouldShowNothingOfOneSideOnTheOther(final String method) {
        // when
        final Sent passed = asked(request(method).header("Event", "presence").header("SIP-If-Match", "e1")
                .body("text/plain", "hello"), method);
        net.deliver(BOB, answer(passed, 200, "btag", "bob@" + BOB, "").header("Server", "BobPhone 2")
                .header("Warning", "399 10.0.0.11 \"bobnet\"").header("Record-Route", "<sip:10.0.0.11;lr;inside-b>")
                .header("SIP-ETag", "e2"));
        final Sent ok = net.take("SIP/2.0 200", ALICE);

        // then
        hides(passed, ALICES);
        hides(ok, BOBS);
        assertEquals("hello", passed.message().body());
        assertEquals("e1", passed.message().one("sip-if-match"));
        assertEquals(19, passed.message().maxForwards());
        assertEquals(1, passed.message().cseq());
        assertEquals("sip:bob@" + BOB, passed.message().uri());
        assertEquals("<sip:+4930@203.0.113.10:5060>", passed.message().one("p-asserted-identity"));
        assertFalse(passed.text().contains("Record-Route"), passed.text());
        assertEquals("e2", ok.message().one("sip-etag"));
        assertEquals("secret-call-id@192.0.2.1", ok.message().callId());
        assertEquals("atag", ok.message().fromTag());
        assertEquals(2, ok.message().vias().size());
        assertEquals(!List.of("MESSAGE", "INFO").contains(method), passed.text().contains("Contact:"), passed.text());
        assertEquals(List.of(), net.sent);
        assertEquals(0, net.rest());
    }

    private static void hides(final Sent sent, final List<String> secrets) {
        final String head = sent.text().split("\r\n\r\n")[0].toLowerCase(Locale.ROOT);
        for (final String secret : secrets) {
            assertFalse(head.contains(secret), () -> secret + " is in\n" + sent.text() + " to " + sent.to());
        }
    }

    @Test
    void shouldAnswerWithATagThatLeadsToNoCall() {
        final Sent first = answered(asked(request("MESSAGE"), "MESSAGE"), 200);
        assertNotEquals("btag", first.message().toTag());
        net.deliver(ALICE, MessageText.request("BYE", "sip:203.0.113.10:5060")
                .header("Via", "SIP/2.0/UDP " + ALICE + ";branch=z9hG4bKbye").header("Max-Forwards", "70")
                .header("From", first.message().one("from")).header("To", first.message().one("to"))
                .header("Call-ID", first.message().callId()).header("CSeq", "8 BYE"));
        net.take("SIP/2.0 481", ALICE);
        assertEquals(0, net.rest());
    }

    @Test
    void shouldAnswerWhatComesAgainAsBefore() {
        final MessageText message = request("MESSAGE");
        final Sent passed = asked(message, "MESSAGE");
        assertEquals(Disposition.ABSORBED, net.deliver(ALICE, message));
        assertEquals(List.of(), net.sent);
        final Sent first = answered(passed, 200);
        net.deliver(ALICE, message);
        assertEquals(first.text(), net.take("SIP/2.0 200", ALICE).text());
        assertEquals(List.of(), net.sent);
    }

    @Test
    void shouldTryTheNextPeerAfterA503() {
        final Sent first = asked(request("MESSAGE"), "MESSAGE");
        net.deliver(BOB, answer(first, 503, "btag", null, ""));
        final Sent second = net.take("MESSAGE", SECOND_BOB);
        assertNotEquals(first.message().callId(), second.message().callId());
        answered(second, 404);
        assertEquals(List.of(), net.sent);
        assertEquals(0, net.rest());
    }

    @Test
    void shouldTryTheNextPeerWhenOneIsNotReached() {
        final Sent first = asked(request("MESSAGE"), "MESSAGE");
        net.unreachable(first);
        final Sent second = net.take("MESSAGE", SECOND_BOB);
        // The first one speaks after all.
        net.deliver(BOB, answer(first, 200, "btag", null, ""));
        assertEquals(0, net.count("SIP/2.0"));
        answered(second, 200);
        assertEquals(0, net.rest());
    }

    @Test
    void shouldSayNothingWhenNobodyAnswers() {
        // RFC 4320 section 4.2: who has asked has given up by then.
        asked(request("MESSAGE"), "MESSAGE");
        net.pass(40_000);
        assertEquals(0, net.count("SIP/2.0"));
        assertTrue(net.count("MESSAGE") > 5);
        assertEquals(0, net.rest());
    }

    @Test
    void shouldAbsorbProvisionalAndSecondAnswers() {
        final Sent passed = asked(request("MESSAGE"), "MESSAGE");
        assertEquals(Disposition.ABSORBED, net.deliver(BOB, answer(passed, 100, null, null, "")));
        answered(passed, 202);
        net.deliver(BOB, answer(passed, 500, "btag", null, ""));
        assertEquals(List.of(), net.sent);
        assertEquals(0, net.rest());
    }

    @Test
    void shouldPassAChallengeThatIsForTheOtherSide() {
        final Sent passed = asked(request("MESSAGE"), "MESSAGE");
        net.deliver(BOB, answer(passed, 401, "btag", null, "").header("WWW-Authenticate",
                "Digest realm=\"bob.example\", nonce=\"n\""));
        final Sent challenge = net.take("SIP/2.0 401", ALICE);
        assertTrue(challenge.message().one("www-authenticate").contains("bob.example"));
        assertEquals(0, net.rest());
    }

    @Test
    void shouldGoOverTcpWhenItIsTooLargeForUdp() {
        final Sent passed = asked(request("MESSAGE").body("text/plain", "x".repeat(1_300)), "MESSAGE");
        assertEquals("TCP", passed.message().topVia().transport());
        answered(passed, 200);
        assertEquals(0, net.rest());
    }
}
