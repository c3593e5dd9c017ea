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

import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tandemsip.b2bua.CallFixture.Sent;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.routing.Balance;
import org.tandemsip.engine.routing.CallRules;
import org.tandemsip.engine.routing.Mode;
import org.tandemsip.engine.routing.Peer;
import org.tandemsip.engine.routing.Ping;
import org.tandemsip.engine.routing.ResponseMap;
import org.tandemsip.engine.routing.Route;
import org.tandemsip.engine.routing.RoutingPolicy;
import org.tandemsip.engine.routing.Trunk;
import org.tandemsip.engine.routing.TrunkState;
import org.tandemsip.engine.timer.Timing;
import org.tandemsip.testkit.MessageText;

/**
 * Redirections that we follow (RFC 3261 section 8.1.3.4): Alice may call users that begin with b at Bob's trunk, and
 * such with c at Carol's.
 */
@Timeout(value = 20, unit = TimeUnit.SECONDS)
class RedirectTest {
    private static final String CAROL = "198.51.100.7:5060";
    private static final CallRules FOLLOW =
            new CallRules(0, 90, CallRules.Refer.PASS, false, List.of(), CallRules.Redirect.FOLLOW, ResponseMap.NONE);

    private CallFixture net = new CallFixture(CallFixture.trunk(0, "alice", ALICE),
            CallFixture.trunk(1, "bob", FOLLOW, BOB, SECOND_BOB));
    private Sent first;

    @BeforeEach
    void call() {
        final Trunk carol = CallFixture.trunk(2, "carol", FOLLOW, CAROL);
        net.configure(new RoutingPolicy(Mode.B2BUA, List.of(net.alice, net.bob, carol),
                List.of(line("b*", net.bob), line("c*", carol)), Timing.DEFAULTS, 70, true));
        invite("");
    }

    private Route line(final String to, final Trunk trunk) {
        return new Route(to, net.alice, new Route.Match(to.getBytes(StandardCharsets.US_ASCII), null, null),
                List.of(trunk), List.of(), List.of(), null);
    }

    private void invite(final String credentials) {
        final MessageText invite = net.invite("redirected" + credentials.length(), OFFER);
        net.deliver(ALICE, credentials.isEmpty() ? invite : invite.header("Proxy-Authorization", credentials));
        net.take("SIP/2.0 100", ALICE);
        first = net.take("INVITE", BOB);
    }

    private void redirect(final Sent invite, final int status, final String... contacts) {
        net.deliver(invite.to(), answer(invite, status, "r" + status, null, "").headers("Contact", List.of(contacts)));
        net.take("ACK", invite.to());
    }

    private Sent called(final String who, final String uri) {
        final Sent invite = net.take("INVITE", who);
        assertEquals(uri, invite.message().uri());
        return invite;
    }

    private void refused(final Sent invite, final int status) {
        net.deliver(invite.to(), answer(invite, status, "tag", null, ""));
        net.take("ACK", invite.to());
    }

    /** What the caller is told; nothing else is. */
    private Sent told(final int status) {
        final Sent told = net.take("SIP/2.0 " + status, ALICE);
        assertEquals(List.of(), net.sent);
        assertEquals(0, net.rest());
        return told;
    }

    @Test
    void shouldCallTheContactsByQ() {
        // when
        redirect(first, 302, "<sip:carol@" + CAROL + ">;q=0.5;expires=60, \"B\" <sip:bobby@" + SECOND_BOB + ";x=1>");

        // then
        final Sent second = called(SECOND_BOB, "sip:bobby@" + SECOND_BOB + ";x=1");
        assertEquals(first.message().one("to").replace(BOB, SECOND_BOB), second.message().one("to"));
        assertFalse(first.message().callId().equals(second.message().callId()));
        refused(second, 486);
        final Sent third = called(CAROL, "sip:carol@" + CAROL);
        assertEquals(19, third.message().maxForwards());
        net.deliver(CAROL, answer(third, 200, "ctag", "carol@" + CAROL, ANSWER));
        net.take("ACK", CAROL);
        final Sent ok = net.take("SIP/2.0 200", ALICE);
        net.deliver(ALICE, net.inside("ACK", ALICE, ok, false, 7));
        net.deliver(ALICE, net.inside("BYE", ALICE, ok, false, 8));
        net.deliver(CAROL, answer(net.take("BYE", CAROL), 200, null, null, ""));
        told(200);
    }

    @Test
    void shouldGoByTheRoutesWhereTheContactIsOurs() {
        redirect(first, 301, "<sip:carol@203.0.113.10>");
        refused(called(CAROL, "sip:carol@" + CAROL), 603);
        told(603);
    }

    @Test
    void shouldGoByTheRoutesWhereTheContactIsANumber() {
        redirect(first, 300, "tel:+4930, <sip:c1@carol.example>");
        refused(called(CAROL, "sip:c1@carol.example"), 480);
        told(480);
    }

    @ParameterizedTest
    @ValueSource(strings = {"<sip:bob@10.0.0.99:5060>", "<sip:carol@" + BOB + ">", "<sip:bob@" + CAROL + ">",
        "<sip:zoe@" + CAROL + ">", "<sip:zoe@203.0.113.10>", "<tel:+4930>",
        "<mailto:carol@example.com>", "<sip:carol@" + CAROL + ";maddr=10.0.0.99>", "<sip:bob@" + BOB + ">",
        "<sip:BOB@10.0.0.11:5061>", "<sip:carol@" + CAROL + ":99999>"})
    void shouldPassOnWhatLeadsNowhere(final String contact) {
        redirect(first, 302, contact);
        hidesBob(told(302));
    }

    /** The caller is not told where the other side is. */
    private static void hidesBob(final Sent told) {
        for (final String host : List.of("10.0.0.", "198.51.100.")) {
            assertFalse(told.text().contains(host), told::text);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {305, 380, 399})
    void shouldPassOnWhatIsNoOtherPlaceToBeCalled(final int status) {
        redirect(first, status, "<sip:carol@" + CAROL + ">");
        told(status);
    }

    /** Whoever is called there comes to us again: the caller is not told where the other side is. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '~', value = {
        "<sip:carol@198.51.100.7:5080;transport=tcp;user=phone;maddr=10.0.0.9>;q=0.5"
                + " | <sip:carol@203.0.113.10:5060;user=phone>;q=0.5",
        "\"at 10\" <sip:+4930@[2001:db8::7];lr>, sip:b@10.0.0.12;q=0.1"
                + " | \"at 10\" <sip:+4930@203.0.113.10:5060>, sip:b@203.0.113.10:5060;q=0.1",
        "<sip:vm@10.0.0.9;cause=486;target=sip:b%4010.0.0.12?Reason=x>"
                + " | <sip:vm@203.0.113.10:5060;cause=486?Reason=x>",
        "<sip:carol@example.com;maddr=10.0.0.9> | <sip:carol@203.0.113.10:5060>",
        "<sip:carol@example.com;transport=tcp> | <sip:carol@example.com;transport=tcp>",
        "<tel:+4930>;expires=60 | <tel:+4930>;expires=60",
        "<mailto:carol@example.com> | <mailto:carol@example.com>", "<sip:b@10.0.0.12 | ~~"})
    void shouldNotTellTheCallerWhereTheOtherSideIs(final String contact, final String expected) {
        // given: nobody follows
        net = new CallFixture();
        for (final int status : new int[] {300, 301, 302, 305, 380}) {
            net.deliver(ALICE, net.invite("told" + status, OFFER));
            net.take("SIP/2.0 100");
            final Sent invite = net.take("INVITE", BOB);

            // when
            net.deliver(BOB, answer(invite, status, "r", null, "").header("Contact", contact));
            net.take("ACK", BOB);

            // then
            final Sent told = told(status);
            assertEquals(expected, String.join(", ", told.message().all("contact")));
            hidesBob(told);
            net.sent.clear();
        }
    }

    /** Our host may be longer than theirs. */
    @Test
    void shouldAnswerByItselfWhereThereIsNoRoomForOurNames() {
        net = new CallFixture();
        net.deliver(ALICE, net.invite("long", OFFER));
        final Sent invite = net.take("INVITE", BOB);
        final String many = String.join(",", Collections.nCopies(280, "<sip:1.1.1.1>"));
        net.deliver(BOB, answer(invite, 302, "r", null, "").headers("Contact", List.of(many, many, many)));
        net.take("ACK", BOB);
        net.take("SIP/2.0 500", ALICE);
    }

    @Test
    void shouldPassOnARedirectionWithoutAContact() {
        redirect(first, 302);
        told(302);
    }

    @Test
    void shouldNotBeLedRoundInCircles() {
        redirect(first, 302, "<sip:carol@" + CAROL + ">");
        final Sent second = called(CAROL, "sip:carol@" + CAROL);
        redirect(second, 302, "<sip:bob@" + BOB + ">, <sip:carol@198.51.100.7>;q=0.1",
                "<sip:carol@" + CAROL + ";again>");
        told(302);
    }

    @Test
    void shouldCallTheContactsOfAContactBeforeTheOthers() {
        redirect(first, 302, "<sip:carol@" + CAROL + ">, <sip:bill@" + SECOND_BOB + ">");
        redirect(called(CAROL, "sip:carol@" + CAROL), 302, "<sip:claire@" + CAROL + ">");
        refused(called(CAROL, "sip:claire@" + CAROL), 404);
        refused(called(SECOND_BOB, "sip:bill@" + SECOND_BOB), 480);
        told(480);
    }

    @Test
    void shouldFollowFiveTimes() {
        Sent last = first;
        for (int i = 0; i < 5; i++) {
            redirect(last, 302, "<sip:c" + i + "@" + CAROL + ">");
            last = called(CAROL, "sip:c" + i + "@" + CAROL);
        }
        redirect(last, 302, "<sip:c6@" + CAROL + ">");
        told(302);
    }

    @Test
    void shouldLookAtEightContactsAtMost() {
        final StringBuilder contacts = new StringBuilder("<sip:c0@" + CAROL + ">");
        for (int i = 1; i < 40; i++) {
            contacts.append(", <sip:c").append(i).append('@').append(CAROL).append('>');
        }
        redirect(first, 302, contacts.toString());
        int calls = 0;
        while (net.count("INVITE") > 0) {
            refused(net.take("INVITE", CAROL), 486);
            calls++;
        }
        assertEquals(8, calls);
        told(486);
    }

    @Test
    void shouldLeaveOutHeaderFieldsAndMethodOfTheUri() {
        redirect(first, 302, "<sip:carol@" + CAROL + ";method=BYE;y=2?Subject=evil&Route=%3Csip:10.0.0.99%3E>");
        final Sent second = called(CAROL, "sip:carol@" + CAROL + ";y=2");
        assertFalse(second.text().contains("evil") || second.text().contains("10.0.0.99"), second.text());
        refused(second, 600);
        told(600);
    }

    @Test
    void shouldTellTheBestAnswerWhenNobodyTakesTheCall() {
        redirect(first, 302, "<sip:carol@" + CAROL + ">, <sip:bobby@" + SECOND_BOB + ">;q=0.1");
        refused(called(CAROL, "sip:carol@" + CAROL), 404);
        refused(called(SECOND_BOB, "sip:bobby@" + SECOND_BOB), 503);
        // That one makes the call go on to the next peer of the trunk, too.
        refused(called(SECOND_BOB, "sip:bob@" + SECOND_BOB), 503);
        told(404);
    }

    /** Its peers are reached over TLS only, so what is sips may go there. */
    private static Trunk secure(final int index, final String name, final String... hosts) {
        final Trunk plain = CallFixture.trunk(index, name, FOLLOW, hosts);
        final List<Peer> peers = plain.peers().stream().map(peer -> new Peer(peer.name(), Transport.TLS,
                peer.addressHigh(), peer.addressLow(), peer.port(), peer.hash())).toList();
        return new Trunk(index, name, peers, plain.allow(), plain.failover(), 0, Balance.PRIORITY, 0, 0, Ping.OFF,
                new TrunkState(), plain.rules());
    }

    @Test
    void shouldNotCallInTheClearWhatWasAskedForSecurely() {
        // given
        final Trunk bob = secure(1, "bob", BOB, SECOND_BOB);
        net = new CallFixture(CallFixture.trunk(0, "alice", ALICE), bob);
        final String invite = new String(net.invite("sips", OFFER).bytes(), StandardCharsets.ISO_8859_1);
        net.deliver(ALICE, invite.replace("INVITE sip:", "INVITE sips:").getBytes(StandardCharsets.ISO_8859_1));
        net.take("SIP/2.0 100", ALICE);

        // when
        redirect(net.take("INVITE sips:bob@", BOB), 302,
                "<sip:b1@" + SECOND_BOB + ";transport=tls>, <tel:+4930>, <sips:b2@"
                        + SECOND_BOB + ">;q=0.2");

        // then
        refused(called(SECOND_BOB, "sips:b2@" + SECOND_BOB), 486);
        told(486);
    }

    @Test
    void shouldCallNobodyElseAfterA6xx() {
        redirect(first, 302, "<sip:carol@" + CAROL + ">, <sip:bobby@" + SECOND_BOB + ">;q=0.1");
        refused(called(CAROL, "sip:carol@" + CAROL), 603);
        told(603);
    }

    @Test
    void shouldTryTheNextContactWhenOneIsSilent() {
        redirect(first, 302, "<sip:carol@" + CAROL + ">, <sip:bobby@" + SECOND_BOB + ">;q=0.1");
        called(CAROL, "sip:carol@" + CAROL);
        net.pass(32_100);
        net.sent.removeIf(sent -> sent.to().equals(CAROL));
        refused(called(SECOND_BOB, "sip:bobby@" + SECOND_BOB), 404);
        told(404);
    }

    @Test
    void shouldEndItWhenTheCallerGivesUpMeanwhile() {
        redirect(first, 302, "<sip:carol@" + CAROL + ">, <sip:bobby@" + SECOND_BOB + ">;q=0.1");
        final Sent second = called(CAROL, "sip:carol@" + CAROL);
        net.deliver(CAROL, answer(second, 180, "ctag", "carol@" + CAROL, ""));
        final Sent ringing = net.take("SIP/2.0 180", ALICE);
        net.deliver(ALICE, MessageText.request("CANCEL", "sip:bob@203.0.113.10")
                .headers("Via", ringing.message().all("via")).header("Max-Forwards", "70")
                .header("From", ringing.message().one("from")).header("To", "<sip:bob@203.0.113.10>")
                .header("Call-ID", ringing.message().callId()).header("CSeq", "7 CANCEL"));
        net.take("SIP/2.0 200", ALICE);
        net.deliver(CAROL, answer(net.take("CANCEL", CAROL), 200, null, null, ""));
        refused(second, 487);
        told(487);
    }

    @Test
    void shouldNotShowCredentialsToAnotherTrunk() {
        // given
        refused(first, 480);
        net.sent.clear();
        invite("Digest username=\"alice\", realm=\"bob\", nonce=\"1\", uri=\"sip:bob@203.0.113.10\", response=\"2\"");
        assertTrue(first.text().contains("Proxy-Authorization"), first.text());

        // when
        redirect(first, 302, "<sip:carol@" + CAROL + ">, <sip:bobby@" + SECOND_BOB + ">;q=0.1");

        // then
        final Sent second = called(CAROL, "sip:carol@" + CAROL);
        assertFalse(second.text().contains("Digest"), second.text());
        refused(second, 486);
        final Sent third = called(SECOND_BOB, "sip:bobby@" + SECOND_BOB);
        assertTrue(third.text().contains("Digest"), third.text());
        refused(third, 486);
        told(486);
    }

    @Test
    void shouldNotShowCredentialsWhereAnotherTrunkHasRedirectedToItself() {
        // given
        refused(first, 480);
        net.sent.clear();
        invite("Digest username=\"alice\", realm=\"bob\", nonce=\"1\", uri=\"sip:bob@203.0.113.10\", response=\"2\"");
        redirect(first, 302, "<sip:carol@" + CAROL + ">");

        // when
        redirect(called(CAROL, "sip:carol@" + CAROL), 302, "<sip:cindy@" + CAROL + ">");

        // then
        final Sent third = called(CAROL, "sip:cindy@" + CAROL);
        assertFalse(third.text().contains("Digest"), third.text());
        refused(third, 486);
        told(486);
    }

    @Test
    void shouldShowNothingOfTheCallerOrOfWhoHasRedirected() {
        redirect(first, 302, "<sip:carol@" + CAROL + ">");
        final Sent second = called(CAROL, "sip:carol@" + CAROL);
        for (final String secret : List.of("192.0.2.1:5060>", "atag", "r302", "10.0.0.", "AlicePhone",
                "Call-ID: redir")) {
            final String head = second.text().split("\r\n\r\n")[0];
            assertFalse(head.contains(secret), () -> secret + " is in " + head);
        }
        refused(second, 486);
        told(486);
    }
}
