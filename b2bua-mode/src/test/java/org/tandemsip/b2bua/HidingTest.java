package org.tandemsip.b2bua;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.tandemsip.b2bua.CallFixture.ALICE;
import static org.tandemsip.b2bua.CallFixture.BOB;
import static org.tandemsip.b2bua.CallFixture.OFFER;
import static org.tandemsip.b2bua.CallFixture.SECOND_BOB;
import static org.tandemsip.b2bua.CallFixture.answer;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.tandemsip.b2bua.CallFixture.Sent;
import org.tandemsip.codec.sdp.CodecList;
import org.tandemsip.engine.handler.MediaRelay;
import org.tandemsip.engine.routing.MediaRules;
import org.tandemsip.testkit.MessageText;
import org.tandemsip.testkit.wire.WireMessage;

/** Nothing of one leg may be seen on the other: every header block that is sent is searched. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class HidingTest {
    /** What only the caller's side may see of itself, and what only the callee's side may. */
    private static final List<String> ALICES = List.of("192.0.2.1", "192.0.2.5", "secret-call-id", "atag", "alicephone",
            "alicenet", "z9hg4bkalice", "inside-a");
    private static final List<String> BOBS = List.of("10.0.0.", "btag", "bobphone", "bobnet", "inside-b");

    private CallFixture net = new CallFixture();
    private final List<Sent> all = new ArrayList<>();

    @Test
    void shouldShowNothingOfOneLegOnTheOther() {
        // given: a caller that tells everything
        final MessageText invite = MessageText.request("INVITE", "sip:bob@203.0.113.10")
                .header("Via", "SIP/2.0/UDP " + ALICE + ";branch=z9hG4bKalice1")
                .header("Via", "SIP/2.0/UDP 192.0.2.5:5060;branch=z9hG4bKalice0").header("Max-Forwards", "20")
                .header("Record-Route", "<sip:192.0.2.1;lr;inside-a>")
                .header("From", "\"Alice\" <sip:alice@192.0.2.1:5060>;tag=atag").header("To", "<sip:bob@203.0.113.10>")
                .header("Call-ID", "secret-call-id@192.0.2.1").header("CSeq", "7 INVITE")
                .header("Contact", "<sip:alice@" + ALICE + ">").headers("P-Asserted-Identity",
                        List.of("\"Alice\" <sip:+49301@192.0.2.1>", "<tel:+49301>"))
                .header("Diversion", "<sip:+49302@192.0.2.5:5070>;reason=no-answer")
                .header("Remote-Party-ID", "sip:+49303@192.0.2.5").header("History-Info",
                        "<sip:+49304@192.0.2.1?Reason=SIP%3Bcause%3D302>;index=1, <sip:bob@203.0.113.10>;index=1.1")
                .header("Call-Info", "<http://192.0.2.5/inside-a.png>;purpose=icon")
                .header("Geolocation", "<sips:place@192.0.2.5>, <cid:kept@example.org>")
                .header("User-Agent", "AlicePhone 1")
                .header("Organization", "AliceNet").header("X-Inside", "inside-a")
                .header("Warning", "399 alicenet \"x\"")
                .header("Reply-To", "<sip:alice@192.0.2.1>").header("Subject", "kept").body("application/sdp", OFFER);
        net.deliver(ALICE, invite);
        final Sent first = take("INVITE");
        net.deliver(BOB, dressed(answer(first, 503, "btag", null, "")));
        final Sent toBob = net.sent.stream().filter(sent -> sent.is("INVITE")).findFirst().orElseThrow();
        keep();
        final String bob = toBob.to();

        // when: a callee that does the same, and all there is in a call
        net.deliver(bob, dressed(answer(toBob, 183, "btag", "bob@" + BOB, OFFER)));
        net.deliver(bob, dressed(answer(toBob, 200, "btag", "bob@" + BOB, OFFER)));
        final Sent ok = take("SIP/2.0 200");
        net.deliver(ALICE, inside("ACK", ok, 7));
        for (final String method : List.of("INFO", "REFER", "UPDATE", "MESSAGE", "NOTIFY", "INVITE")) {
            keep();
            net.deliver(ALICE, inside(method, ok, 8 + all.size()).header("User-Agent", "AlicePhone 1")
                    .header("Contact", "<sip:alice@" + ALICE + ">")
                    .header("Refer-To",
                            "<sip:carol@192.0.2.5?Subject=kept&Replaces=secret-call-id%40192.0.2.1%3Bfrom-tag"
                                    + "%3Datag%3Bto-tag%3D" + ok.message().toTag() + ">")
                    .header("Replaces", "secret-call-id@192.0.2.1;to-tag=" + ok.message().toTag() + ";from-tag=atag")
                    .header("Referred-By", "<sip:alice@192.0.2.1>").header("X-Inside", "inside-a"));
            final Sent passed = take(method);
            net.deliver(bob, dressed(answer(passed, 200, null, "bob@" + BOB, "")));
        }
        keep();
        net.deliver(ALICE, inside("BYE", ok, 200).header("Reason", "Q.850;cause=16"));
        net.deliver(bob, dressed(answer(take("BYE"), 200, null, null, "")));
        keep();

        // then
        int toAlice = 0;
        for (final Sent sent : all) {
            final String head = sent.text().split("\r\n\r\n")[0].toLowerCase(Locale.ROOT);
            final boolean alices = sent.to().equals(ALICE);
            toAlice += alices ? 1 : 0;
            for (final String secret : alices ? BOBS : ALICES) {
                assertFalse(head.contains(secret), () -> secret + " is in\n" + sent.text() + " to " + sent.to());
            }
            assertTrue(alices || !head.contains(ok.message().toTag().toLowerCase(Locale.ROOT)), sent::text);
        }
        assertTrue(toAlice > 8 && all.size() - toAlice > 10, all.toString());
        assertTrue(first.text().contains("P-Asserted-Identity: \"Alice\" <sip:+49301@203.0.113.10:5060>"),
                first.text());
        assertTrue(first.text().contains("Subject: kept"));
    }

    /** With the media relayed the bodies are searched, too. */
    @Test
    void shouldShowNothingOfTheMediaOfOneLegOnTheOther() {
        // given
        net = new CallFixture(MediaRules.NONE, new MediaRules(CodecList.ANY, true, MediaRelay.Side.PLAIN));
        final FakeRelay relay = new FakeRelay(net, false);
        final String offer = OFFER + "c=IN IP4 192.0.2.78\r\na=rtcp:4001 IN IP4 192.0.2.78\r\n";
        final String answer = CallFixture.ANSWER + "c=IN IP4 10.0.0.78\r\na=rtcp:5001 IN IP4 10.0.0.78\r\n";

        // when: every way that offers and answers go
        net.deliver(ALICE, net.invite("secret-call-id", offer));
        relay.done();
        final Sent invite = take("INVITE");
        net.deliver(BOB, answer(invite, 183, "btag", "bob@" + BOB, answer));
        relay.done();
        net.deliver(BOB, answer(invite, 200, "btag", "bob@" + BOB, answer));
        relay.done();
        final Sent ok = take("SIP/2.0 200");
        net.deliver(ALICE, inside("ACK", ok, 7));
        for (final String method : List.of("UPDATE", "INVITE")) {
            net.deliver(ALICE, inside(method, ok, 8 + all.size()).header("Contact", "<sip:alice@" + ALICE + ">")
                    .body("application/sdp", offer));
            relay.done();
            net.deliver(BOB, answer(take(method), 200, null, "bob@" + BOB, answer));
            relay.done();
        }
        net.deliver(ALICE, inside("ACK", ok, 8 + all.size()));
        final CallFixture.Up up = new CallFixture.Up(invite, ok, "btag");
        net.deliver(BOB, net.fromBob(up, "UPDATE", 50).body("application/sdp", answer));
        relay.done();
        keep();
        final Sent update = all.getLast();
        net.deliver(ALICE, answer(update, 200, null, "alice@" + ALICE, offer));
        relay.done();
        keep();

        // then
        int bodies = 0;
        for (final Sent sent : all) {
            bodies += sent.text().contains("\r\nm=audio") ? 1 : 0;
            for (final String secret : sent.to().equals(ALICE) ? List.of("10.0.0.", "o=bob")
                    : List.of("192.0.2.", "o=alice")) {
                assertFalse(sent.text().contains(secret), () -> secret + " is in\n" + sent.text());
            }
        }
        assertTrue(bodies >= 9, "only " + bodies + " in " + all);
    }

    private static MessageText dressed(final MessageText text) {
        return text.header("Server", "BobPhone 2").header("Warning", "399 10.0.0.11 \"bobnet\"")
                .header("X-Inside", "inside-b").header("Organization", "BobNet")
                .header("P-Asserted-Identity", "<sip:+4930@10.0.0.11>")
                .header("Record-Route", "<sip:10.0.0.11;lr;inside-b>");
    }

    private MessageText inside(final String method, final Sent ok, final long cseq) {
        final WireMessage message = ok.message();
        return MessageText.request(method, WireMessage.uriOf(message.one("contact")))
                .header("Via", "SIP/2.0/UDP " + ALICE + ";branch=z9hG4bKalice" + method + cseq)
                .header("Max-Forwards", "70").header("From", message.one("from")).header("To", message.one("to"))
                .header("Call-ID", message.callId()).header("CSeq", cseq + " " + method);
    }

    private Sent take(final String start) {
        final Sent sent = net.sent.stream().filter(each -> each.is(start)).findFirst().orElseThrow();
        assertTrue(sent.to().equals(ALICE) || sent.to().equals(BOB) || sent.to().equals(SECOND_BOB));
        keep();
        return sent;
    }

    private void keep() {
        all.addAll(net.sent);
        net.sent.clear();
    }
}
