package org.tandemsip.engine.proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.tandemsip.engine.proxy.RegistrarHarness.CARRIER;
import static org.tandemsip.engine.proxy.RegistrarHarness.EDGE;
import static org.tandemsip.engine.proxy.RegistrarHarness.PHONE;
import static org.tandemsip.engine.proxy.RegistrarHarness.VOICE_MAIL;
import static org.tandemsip.engine.proxy.RegistrarHarness.register;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.handler.Disposition;
import org.tandemsip.engine.handler.HostName;

/** Calls to users whose Path or Contact is a host name (RFC 3327 section 5.4, RFC 3263). */
@Timeout(10)
class RegisteredNameTest {
    private static final Endpoint NEXT_EDGE = Endpoint.udp("10.0.1.2");
    private static final String CONTACT = "Contact: <sip:alice@192.168.1.5:5062>";

    /** The REGISTER of a phone behind the edge proxy, sent on by that with {@code rows}. */
    private static String behindEdge(final int cseq, final String... rows) {
        return register(EDGE, "alice", cseq, rows).replaceFirst("Via: ([^\r]*)\r\n",
                "Via: $1\r\nVia: SIP/2.0/UDP 192.168.1.5:5062;branch=z9hG4bKphone\r\n");
    }

    private static List<SentMessage> invites(final RegistrarHarness house) {
        return house.proxy.sent().stream().filter(SentMessage::isRequest)
                .filter(message -> message.method().equals("INVITE")).toList();
    }

    @Test
    void shouldLookUpThePathAndTryItsNextAddressWhenTheFirstFails() {
        // given
        final RegistrarHarness house = RegistrarHarness.open();
        house.registered(EDGE, behindEdge(1, "Path: <sip:edge.example.com;lr;ob>", CONTACT));

        // when
        assertEquals(Disposition.FORWARDED, house.proxy.receive(CARRIER, house.invite("alice")));
        house.proxy.only("100 INVITE");
        assertEquals(new HostName("edge.example.com", 0, null), house.proxy.asked.peek());
        house.proxy.resolve(EDGE, NEXT_EDGE);

        // then
        final SentMessage invite = house.proxy.only("INVITE");
        assertEquals(EDGE.hostPort(), invite.to());
        assertEquals("INVITE sip:alice@192.168.1.5:5062 SIP/2.0", invite.startLine());
        assertEquals("<sip:edge.example.com;lr;ob>", invite.header("Route"));

        // and: RFC 3263 section 4.3
        house.proxy.answer(invite, 503, "x");
        final SentMessage next = invites(house).getFirst();
        assertEquals(NEXT_EDGE.hostPort(), next.to());
        house.proxy.answer(next, 486, "busy");
        assertEquals(486, house.proxy.sentTo(CARRIER).getLast().status());
        house.proxy.assertQuiet();
    }

    @Test
    void shouldTakeTheAnswerOfThePhoneForIts() {
        final RegistrarHarness house = RegistrarHarness.open();
        house.registered(EDGE, behindEdge(1, "Path: <sip:edge.example.com;lr>", CONTACT));
        house.proxy.receive(CARRIER, house.invite("alice"));
        house.proxy.sent();
        house.proxy.resolve(EDGE, NEXT_EDGE);

        house.proxy.answer(house.proxy.only("INVITE"), 486, "busy");

        assertEquals(List.of(), invites(house));
        house.proxy.assertQuiet();
    }

    @Test
    void shouldLookUpTheContactOfAPhoneBehindAProxyThatLeavesNoPath() {
        final RegistrarHarness house = RegistrarHarness.open();
        house.registered(EDGE, behindEdge(1, "Contact: <sip:alice@pbx.example.com:5070;transport=tcp>"));

        house.proxy.receive(CARRIER, house.invite("alice"));

        house.proxy.only("100 INVITE");
        assertEquals(new HostName("pbx.example.com", 5070, Transport.TCP), house.proxy.asked.peek());
        house.proxy.resolve(new Endpoint(Transport.TCP, "10.0.1.7", 5070));
        final SentMessage invite = house.proxy.only("INVITE");
        assertEquals("10.0.1.7:5070", invite.to());
        assertEquals(Transport.TCP, invite.transport());
        assertTrue(invite.startLine().contains("pbx.example.com:5070"));
    }

    @Test
    void shouldAskForAllNamesAtOnceAndRingWhereOneLeads() {
        // given: two names, and a phone that needs none
        final RegistrarHarness house = RegistrarHarness.open();
        house.registered(EDGE, behindEdge(1, "Path: <sip:dead.example.com;lr>", CONTACT + ";q=0.9"));
        house.registered(EDGE, behindEdge(2, "Path: <sip:edge.example.com;lr>",
                "Contact: <sip:alice@192.168.1.6>;q=0.9"));
        house.registered(PHONE, register(PHONE, "alice", 3, "Contact: <sip:alice@192.0.2.1>;q=0.9"));

        // when
        house.proxy.receive(CARRIER, house.invite("alice"));
        house.proxy.sent();
        assertEquals(2, house.proxy.asked.size());
        final boolean deadFirst = house.proxy.asked.peek().host().startsWith("dead");
        house.proxy.resolve(deadFirst ? new Endpoint[0] : new Endpoint[] {EDGE});
        assertEquals(List.of(), invites(house), "still waiting for the other");
        house.proxy.resolve(deadFirst ? new Endpoint[] {EDGE} : new Endpoint[0]);

        // then
        assertEquals(List.of(EDGE.hostPort(), PHONE.hostPort()),
                invites(house).stream().map(SentMessage::to).sorted().toList());
    }

    @Test
    void shouldSay480OrTakeTheBackupWhenNoNameLeadsAnywhere() {
        final RegistrarHarness house = RegistrarHarness.open();
        house.registered(EDGE, behindEdge(1, "Path: <sip:dead.example.com;lr>", CONTACT));
        house.proxy.receive(CARRIER, house.invite("alice"));
        house.proxy.sent();
        house.proxy.resolve();
        assertEquals(480, house.proxy.sentTo(CARRIER).getLast().status());
        house.proxy.assertQuiet();

        final RegistrarHarness withMail = RegistrarHarness.withVoiceMail();
        withMail.registered(EDGE, behindEdge(1, "Path: <sip:dead.example.com;lr>", CONTACT));
        withMail.proxy.receive(CARRIER, withMail.invite("alice"));
        withMail.proxy.sent();
        withMail.proxy.resolve();
        assertEquals(VOICE_MAIL.hostPort(), withMail.proxy.only("INVITE").to());
    }

    @Test
    void shouldEndTheWaitingByACancel() {
        final RegistrarHarness house = RegistrarHarness.open();
        house.registered(EDGE, behindEdge(1, "Path: <sip:edge.example.com;lr>", CONTACT));
        final String invite = house.invite("alice");
        house.proxy.receive(CARRIER, invite);
        house.proxy.sent();

        house.proxy.receive(CARRIER, SipText.cancel(invite));

        assertEquals(List.of("200 CANCEL", "487 INVITE"), SentMessage.summaries(house.proxy.sent()));
        house.proxy.resolve(EDGE);
        assertEquals(List.of(), invites(house));
        house.proxy.assertQuiet();
    }
}
