package org.tandemsip.engine.proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.tandemsip.engine.proxy.RegistrarHarness.CARRIER;
import static org.tandemsip.engine.proxy.RegistrarHarness.EDGE;
import static org.tandemsip.engine.proxy.RegistrarHarness.PHONE;
import static org.tandemsip.engine.proxy.RegistrarHarness.SECOND;
import static org.tandemsip.engine.proxy.RegistrarHarness.TCP_PHONE;
import static org.tandemsip.engine.proxy.RegistrarHarness.THIRD;
import static org.tandemsip.engine.proxy.RegistrarHarness.VOICE_MAIL;
import static org.tandemsip.engine.proxy.RegistrarHarness.register;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.handler.Disposition;

/** Calls to users who have registered (RFC 3261 section 16.5). */
@Timeout(10)
class RegisteredCallTest {
    private static final String CONTACT = "Contact: <sip:alice@192.0.2.1:5060>";

    @Test
    void shouldCarryAWholeCallToAPhone() {
        final RegistrarHarness house = RegistrarHarness.open();
        house.registered(PHONE, register(PHONE, "alice", 1));

        final SentMessage invite = only(house.proxy.call(house.invite("alice")));

        assertEquals("INVITE sip:alice@192.0.2.1:5060 SIP/2.0", invite.startLine());
        assertEquals(PHONE.hostPort(), invite.to());
        house.proxy.answer(invite, 180, "p1", CONTACT);
        house.proxy.only("180 INVITE");
        house.proxy.answer(invite, 200, "p1", CONTACT);
        final SentMessage success = house.proxy.only("200 INVITE");
        house.proxy.receive(CARRIER, SipText.inDialog("ACK", CARRIER, success, 1));
        assertEquals(PHONE.hostPort(), house.proxy.only("ACK").to());
        house.proxy.receive(CARRIER, SipText.inDialog("BYE", CARRIER, success, 2));
        final SentMessage bye = house.proxy.only("BYE");
        assertEquals(PHONE.hostPort(), bye.to());
        house.proxy.answer(bye, 200, null);
        house.proxy.only("200 BYE");
        house.proxy.assertQuiet();
    }

    @Test
    void shouldRingTheContactsWithTheHighestQAtOnceAndThenTheNext() {
        final RegistrarHarness house = RegistrarHarness.open();
        house.registered(PHONE, register(PHONE, "alice", 1, CONTACT + ";q=0.3"));
        house.registered(SECOND, register(SECOND, "alice", 1));
        house.registered(THIRD, register(THIRD, "alice", 1));

        final List<SentMessage> first = house.proxy.call(house.invite("alice"));

        assertEquals(List.of(SECOND.hostPort(), THIRD.hostPort()),
                first.stream().map(SentMessage::to).sorted().toList());
        house.proxy.answer(first.get(0), 486, "b");
        house.proxy.sent();
        house.proxy.answer(first.get(1), 480, "c");
        final SentMessage last = house.proxy.sent().stream().filter(SentMessage::isRequest)
                .filter(message -> message.method().equals("INVITE")).findFirst().orElseThrow();
        assertEquals(PHONE.hostPort(), last.to());
        house.proxy.answer(last, 603, "d");
        assertEquals(603, house.proxy.sentTo(CARRIER).getLast().status());
        house.proxy.assertQuiet();
    }

    @Test
    void shouldCancelTheOthersWhenOnePhoneAnswers() {
        final RegistrarHarness house = RegistrarHarness.open();
        house.registered(PHONE, register(PHONE, "alice", 1));
        house.registered(SECOND, register(SECOND, "alice", 1));
        final List<SentMessage> rings = house.proxy.call(house.invite("alice"));
        rings.forEach(ring -> house.proxy.answer(ring, 180, "r" + ring.to()));
        house.proxy.sent();

        house.proxy.answer(rings.get(0), 200, "r" + rings.get(0).to(), CONTACT);

        final List<SentMessage> sent = house.proxy.sent();
        assertEquals(List.of("200 INVITE", "CANCEL"), SentMessage.summaries(sent));
        assertEquals(rings.get(1).to(), sent.get(1).to());
    }

    @Test
    void shouldSay404OfWhomNobodyKnowsAnd480OfWhoIsAway() {
        final RegistrarHarness house = RegistrarHarness.strangers(Map.of("carol", "x"));

        assertEquals(404, refused(house, "nobody"));
        assertEquals(480, refused(house, "carol"), "has a password");
        final RegistrarHarness open = RegistrarHarness.open();
        open.registered(PHONE, register(PHONE, "alice", 1, CONTACT + ";expires=60"));
        open.proxy.advanceMs(61_000);
        assertEquals(480, refused(open, "alice"), "was here a moment ago");
        open.table.sweep(open.clock.epochMs(open.proxy.nowNs));
        assertEquals(404, refused(open, "alice"));
    }

    @Test
    void shouldGoToTheBackupTrunkWhenNobodyIsThereOrTakesIt() {
        final RegistrarHarness house = RegistrarHarness.withVoiceMail();
        house.registered(PHONE, register(PHONE, "alice", 1, CONTACT + ";expires=60"));
        house.proxy.advanceMs(60_000);
        assertEquals(VOICE_MAIL.hostPort(), only(house.proxy.call(house.invite("alice"))).to());

        house.registered(PHONE, register(PHONE, "alice", 2));
        final SentMessage ring = only(house.proxy.call(house.invite("alice")));
        assertEquals(PHONE.hostPort(), ring.to());
        house.proxy.answer(ring, 486, "b");
        assertEquals(List.of("INVITE"), SentMessage.summaries(house.proxy.sentTo(VOICE_MAIL)));
    }

    @Test
    void shouldSendToWhereTheRegisterCameFromWhenThatIsBehindANat() {
        final RegistrarHarness house = RegistrarHarness.open();
        final Endpoint nat = new Endpoint(Transport.UDP, "192.0.2.9", 31_000);
        house.registered(nat, register(nat, "alice", 1, "Contact: <sip:alice@10.1.1.1:5060;ob>").replace(
                "UDP 192.0.2.9:31000;", "UDP 10.1.1.1:5060;rport;"));

        final SentMessage invite = only(house.proxy.call(house.invite("alice")));

        assertEquals("INVITE sip:alice@10.1.1.1:5060;ob SIP/2.0", invite.startLine());
        assertEquals("192.0.2.9:31000", invite.to());
    }

    @Test
    void shouldUseThePortOfTheContactWhereThePhoneDoesNotAskForSymmetry() {
        final RegistrarHarness house = RegistrarHarness.open();
        final Endpoint asymmetric = new Endpoint(Transport.UDP, "192.0.2.9", 31_000);
        house.registered(asymmetric, register(asymmetric, "alice", 1, "Contact: <sip:alice@192.0.2.9:5070>"));

        assertEquals("192.0.2.9:5070", only(house.proxy.call(house.invite("alice"))).to());
    }

    @Test
    void shouldUseTheConnectionOfTheRegister() {
        final RegistrarHarness house = RegistrarHarness.open();
        house.registered(TCP_PHONE, register(TCP_PHONE, "alice", 1,
                "Contact: <sip:alice@df7jal23ls0d.invalid;transport=tcp>"));

        final SentMessage invite = only(house.proxy.call(house.invite("alice")));

        assertEquals(Transport.TCP, invite.transport());
        assertEquals(TCP_PHONE.hostPort(), invite.to());
    }

    @Test
    void shouldRingADeviceOnceThatHasRegisteredUnderTwoNames() {
        final RegistrarHarness house = RegistrarHarness.open();
        house.registered(TCP_PHONE, register(TCP_PHONE, "alice", 1, "Contact: <sip:x1@a.invalid;transport=tcp>"));
        house.registered(TCP_PHONE, register(TCP_PHONE, "alice", 2, "Contact: <sip:x2@a.invalid;transport=tcp>"));

        assertEquals(1, house.proxy.call(house.invite("alice")).size());
    }

    @Test
    void shouldKeepADialogOnTheWayThroughTheNat() {
        final RegistrarHarness house = RegistrarHarness.open();
        final Endpoint nat = new Endpoint(Transport.UDP, "192.0.2.9", 31_000);
        house.registered(nat, register(nat, "alice", 1, "Contact: <sip:alice@10.1.1.1>").replace(
                "UDP 192.0.2.9:31000;", "UDP 10.1.1.1:5060;rport;"));
        final SentMessage invite = only(house.proxy.call(house.invite("alice")));
        final String routes = invite.header("Record-Route");
        assertTrue(routes.matches("<sip:10\\.9\\.9\\.9:5060;lr;tk=[0-9a-f]{16}xc00002097918>"), routes);

        house.proxy.receive(nat, SipText.response(invite, 200, "p1", "Contact: <sip:alice@10.1.1.1>"));
        final SentMessage success = house.proxy.only("200 INVITE");
        house.proxy.receive(CARRIER, SipText.inDialog("BYE", CARRIER, success, 2));
        final SentMessage bye = house.proxy.only("BYE");

        assertEquals("192.0.2.9:31000", bye.to());
        assertEquals("BYE sip:alice@10.1.1.1 SIP/2.0", bye.startLine());
        // and the phone, from whatever port its NAT has given it meanwhile, reaches the carrier
        final String info = SipText.inDialog("INFO", nat, success, 1).replace("sip:alice@10.1.1.1 SIP",
                "sip:carrier@10.0.0.1:5060 SIP").replace("From: ", "F: ").replace("To: ", "From: ").replace("F: ",
                        "To: ")
                .replace("192.0.2.9:31000", "192.0.2.9:31001");
        house.proxy.receive(new Endpoint(Transport.UDP, "192.0.2.9", 31_001), info);
        assertEquals(CARRIER.hostPort(), house.proxy.only("INFO").to());
    }

    @Test
    void shouldKeepADialogOnTheConnectionsOfBothPhones() {
        final RegistrarHarness house = RegistrarHarness.open();
        final Endpoint other = new Endpoint(Transport.TCP, "192.0.2.5", 40_001);
        house.registered(TCP_PHONE, register(TCP_PHONE, "alice", 1, "Contact: <sip:a@x.invalid;transport=tcp>"));
        house.proxy.receive(other, SipText.invite(other, "both").replace("sip:bob@example.com SIP",
                "sip:alice@10.9.9.9 SIP"));
        final SentMessage invite = only(house.proxy.sentTo(TCP_PHONE));
        assertEquals(2, invite.headers("Record-Route").size());
        house.proxy.receive(TCP_PHONE, SipText.response(invite, 200, "p1",
                "Contact: <sip:a@x.invalid;transport=tcp>"));
        final SentMessage success = only(house.proxy.sentTo(other));

        house.proxy.receive(other, SipText.inDialog("ACK", other, success, 1));
        assertEquals(TCP_PHONE.hostPort(), house.proxy.only("ACK").to());
        final StringBuilder routes = new StringBuilder();
        success.headers("Record-Route").forEach(route -> routes.append("Route: ").append(route).append("\r\n"));
        house.proxy.receive(TCP_PHONE, "BYE sip:bob@y.invalid;transport=tcp SIP/2.0\r\n"
                + "Via: SIP/2.0/TCP 192.0.2.4:40000;branch=z9hG4bKbye\r\n" + routes + "From: " + success.header("To")
                + "\r\nTo: " + success.header("From") + "\r\nCall-ID: both\r\nCSeq: 9 BYE\r\nMax-Forwards: 70\r\n"
                + "Content-Length: 0\r\n\r\n");
        assertEquals(other.hostPort(), house.proxy.only("BYE").to());
    }

    @Test
    void shouldUseAnotherFlowOfADeviceWhenOneFailsAndNotWhenItHasAnswered() {
        final RegistrarHarness house = RegistrarHarness.open();
        final String instance = ";+sip.instance=\"<urn:uuid:1>\";reg-id=";
        final SentMessage answer = house.answer(PHONE, register(PHONE, "alice", 1, "Supported: path, outbound",
                CONTACT + instance + "1"));
        assertEquals("outbound", answer.header("Require"));
        house.registered(PHONE, register(PHONE, "alice", 2, "Supported: outbound", CONTACT + instance + "1"));
        house.registered(SECOND, register(SECOND, "alice", 1, "Supported: outbound", CONTACT + instance + "2"));
        assertEquals(2, house.table.contacts(), "a flow that is registered again takes the place of itself");

        final SentMessage first = only(house.proxy.call(house.invite("alice")));
        house.proxy.unreachable(first);
        final SentMessage second = house.proxy.sent().stream().filter(SentMessage::isRequest).findFirst()
                .orElseThrow();
        assertTrue(!second.to().equals(first.to()), second::to);
        house.proxy.unreachable(second);
        assertEquals(480, house.proxy.sentTo(CARRIER).getLast().status());

        final SentMessage busy = only(house.proxy.call(house.invite("alice")));
        house.proxy.answer(busy, 486, "b");
        assertEquals(List.of("ACK", "486 INVITE"), SentMessage.summaries(house.proxy.sent()).stream().sorted()
                .toList().reversed());
        house.proxy.assertQuiet();
    }

    @Test
    void shouldSayThatTheFirstHopDoesNotKeepFlows() {
        final RegistrarHarness house = RegistrarHarness.open();
        final String contact = "Contact: <sip:a@10.7.7.7>;+sip.instance=\"<urn:uuid:1>\";reg-id=1";

        assertEquals(439, house.answer(EDGE, register(EDGE, "alice", 1, contact, "Supported: outbound",
                "Path: <sip:10.0.1.1;lr>")).status());
        assertEquals(200, house.answer(EDGE, register(EDGE, "alice", 2, contact, "Path: <sip:10.0.1.1;lr>")).status(),
                "which does not matter to who does not know of flows");
        final SentMessage answer = house.answer(EDGE, register(EDGE, "alice", 3, contact, "Supported: outbound",
                "Path: <sip:10.0.1.1;lr;ob>"));
        assertEquals("outbound", answer.header("Require"), answer.text());
    }

    @Test
    void shouldFollowThePathThatAProxyBetweenHasLeft() {
        final RegistrarHarness house = RegistrarHarness.open();
        final SentMessage answer = house.answer(EDGE, register(EDGE, "alice", 1, "Contact: <sip:alice@10.77.0.1>",
                "Path: <sip:edge1@10.0.1.1:5080;lr>,<sip:inner@10.77.0.9;lr>", "Supported: path"));
        assertEquals(List.of("<sip:edge1@10.0.1.1:5080;lr>", "<sip:inner@10.77.0.9;lr>"), answer.headers("Path"));

        final SentMessage invite = only(house.proxy.call(house.invite("alice")));

        assertEquals("INVITE sip:alice@10.77.0.1 SIP/2.0", invite.startLine());
        assertEquals("10.0.1.1:5080", invite.to());
        assertEquals(List.of("<sip:edge1@10.0.1.1:5080;lr>,<sip:inner@10.77.0.9;lr>"), invite.headers("Route"));
    }

    @Test
    void shouldLetOnePhoneCallAnother() {
        final RegistrarHarness house = RegistrarHarness.open();
        house.registered(PHONE, register(PHONE, "alice", 1));

        final Disposition disposition = house.proxy.receive(SECOND,
                SipText.invite(SECOND, "p").replace("sip:bob@example.com SIP", "sip:alice@10.9.9.9 SIP"));

        assertEquals(Disposition.FORWARDED, disposition);
        assertEquals("INVITE", house.proxy.sentTo(PHONE).getFirst().summary());
    }

    @Test
    void shouldSendOnWhatIsForNoUserOfOurs() {
        final RegistrarHarness house = RegistrarHarness.open();

        house.proxy.receive(PHONE, SipText.invite(PHONE, "out"));
        assertTrue(house.proxy.sentTo(CARRIER).getFirst().startLine().startsWith("INVITE sip:bob@example.com"));
        house.proxy.receive(PHONE, SipText.invite(PHONE, "n").replace("sip:bob@example.com SIP",
                "sip:+4930123@10.9.9.9 SIP"));
        assertEquals(1, house.proxy.sentTo(CARRIER).size(), "a number dialled in our domain");
    }

    private static int refused(final RegistrarHarness house, final String user) {
        house.proxy.sent();
        assertEquals(Disposition.ANSWERED, house.proxy.receive(CARRIER, house.invite(user)));
        return house.proxy.sent().getFirst().status();
    }

    private static SentMessage only(final List<SentMessage> messages) {
        assertEquals(1, messages.size(), messages::toString);
        return messages.getFirst();
    }
}
