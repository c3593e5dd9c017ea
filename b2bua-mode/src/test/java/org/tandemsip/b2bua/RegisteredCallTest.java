package org.tandemsip.b2bua;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.tandemsip.b2bua.CallFixture.ALICE;
import static org.tandemsip.b2bua.CallFixture.ANSWER;
import static org.tandemsip.b2bua.CallFixture.OFFER;
import static org.tandemsip.b2bua.CallFixture.answer;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.tandemsip.b2bua.CallFixture.Sent;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.registrar.LocationTable;
import org.tandemsip.engine.registrar.Rules;
import org.tandemsip.engine.routing.Balance;
import org.tandemsip.engine.routing.Cidr;
import org.tandemsip.engine.routing.HeaderRules;
import org.tandemsip.engine.routing.Mode;
import org.tandemsip.engine.routing.NumberRules;
import org.tandemsip.engine.routing.Ping;
import org.tandemsip.engine.routing.Registry;
import org.tandemsip.engine.routing.Route;
import org.tandemsip.engine.routing.RoutingPolicy;
import org.tandemsip.engine.routing.Trunk;
import org.tandemsip.engine.routing.TrunkState;
import org.tandemsip.engine.routing.WallClock;
import org.tandemsip.engine.timer.Timing;
import org.tandemsip.server.config.ConfigReader;
import org.tandemsip.testkit.MessageText;

/** Calls with two dialogs to users who have registered, and between them. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class RegisteredCallTest {
    /** What the NAT has made of 192.168.1.5:5060 and 192.168.1.6:5060. */
    private static final String PHONE = "198.51.100.1:40001";
    private static final String SECOND_PHONE = "198.51.100.1:40002";
    private static final String BEHIND_NAT = "bob@192.168.1.5:5060";

    private final CallFixture net = new CallFixture();
    private int registers;

    @BeforeEach
    void configure() {
        final Trunk phones = new Trunk(2, "phones", List.of(), List.of(Cidr.parse("0.0.0.0/0")), new int[0], 0,
                Balance.CALL_ID, 0, 0, Ping.OFF, new TrunkState());
        final WallClock clock = new WallClock();
        clock.set(1_700_000_000_000L, net.nowNs);
        final LocationTable table = new LocationTable(new ShardContext.Keys(1, 2, 3, 4), 100);
        net.configure(new RoutingPolicy(Mode.B2BUA, List.of(net.alice, net.bob, phones),
                List.of(inside("register", phones, List.of(), Route.Inside.REGISTRAR),
                        inside("ring", null, List.of(), Route.Inside.LOCATION)),
                Timing.DEFAULTS, 70, true)
                .withRegistry(new Registry(table, new Rules(List.of(), 600, 60, 3_600, 5, 0), clock)));
    }

    private static Route inside(final String name, final Trunk from, final List<Trunk> then,
            final Route.Inside inside) {
        return new Route(name, from, Route.Match.ANY, List.of(), then, List.of(), null,
                HeaderRules.NONE, NumberRules.NONE, null,
                null, inside);
    }

    private void register(final String from, final String contact) {
        net.deliver(from, MessageText.request("REGISTER", "sip:203.0.113.10")
                .header("Via", "SIP/2.0/UDP 192.168.1.5:5060;rport;branch=" + net.branch())
                .header("Max-Forwards", "70").header("From", "<sip:bob@203.0.113.10>;tag=r")
                .header("To", "<sip:bob@203.0.113.10>").header("Call-ID", "reg" + ++registers)
                .header("CSeq", "1 REGISTER").header("Contact", contact));
        net.take("SIP/2.0 200", from);
    }

    @Test
    void shouldCallAPhoneBehindANatAndEndTheCallOnTheWayThatItCame() {
        // given
        register(PHONE, "<sip:" + BEHIND_NAT + ";line=1>");

        // when
        net.deliver(ALICE, net.invite("call-1", OFFER));
        net.take("SIP/2.0 100");
        final Sent invite = net.take("INVITE");

        // then
        assertEquals(PHONE, invite.to());
        assertEquals("sip:" + BEHIND_NAT + ";line=1", invite.message().uri());
        assertEquals("<sip:203.0.113.10:5060>", invite.message().one("contact"));
        assertFalse(invite.text().contains("192.0.2.1"), invite.text());
        net.deliver(PHONE, answer(invite, 200, "btag", BEHIND_NAT, ANSWER));
        final Sent ok = net.take("SIP/2.0 200", ALICE);
        final Sent ack = net.take("ACK");
        assertEquals(PHONE, ack.to());
        assertEquals("sip:" + BEHIND_NAT, ack.message().uri());
        net.deliver(ALICE, net.inside("ACK", ALICE, ok, false, 7));
        net.deliver(ALICE, net.inside("BYE", ALICE, ok, false, 8));
        final Sent bye = net.take("BYE");
        assertEquals(PHONE, bye.to());
        assertEquals("sip:" + BEHIND_NAT, bye.message().uri());
        net.deliver(PHONE, answer(bye, 200, null, null, ""));
        net.take("SIP/2.0 200", ALICE);
        assertEquals(0, net.rest());
    }

    @Test
    void shouldSendWhatAPhoneBehindANatHasCalledForBackToIt() {
        register(PHONE, "<sip:" + BEHIND_NAT + ">");
        net.deliver(SECOND_PHONE, MessageText.request("INVITE", "sip:bob@203.0.113.10")
                .header("Via", "SIP/2.0/UDP 192.168.1.6:5060;rport;branch=" + net.branch())
                .header("Max-Forwards", "20").header("From", "<sip:carol@203.0.113.10>;tag=ctag")
                .header("To", "<sip:bob@203.0.113.10>").header("Call-ID", "call-2").header("CSeq", "1 INVITE")
                .header("Contact", "<sip:carol@192.168.1.6:5060>").body("application/sdp", OFFER));
        final Sent invite = net.take("INVITE", PHONE);
        net.deliver(PHONE, answer(invite, 200, "btag", BEHIND_NAT, ANSWER));
        final Sent ok = net.take("SIP/2.0 200", SECOND_PHONE);
        net.deliver(SECOND_PHONE, net.inside("ACK", SECOND_PHONE, ok, false, 1));
        net.take("ACK", PHONE);

        // when
        net.deliver(PHONE, MessageText.request("BYE", "sip:203.0.113.10:5060")
                .header("Via", "SIP/2.0/UDP 192.168.1.5:5060;rport;branch=" + net.branch())
                .header("Max-Forwards", "70").header("From", invite.message().one("to") + ";tag=btag")
                .header("To", invite.message().one("from")).header("Call-ID", invite.message().callId())
                .header("CSeq", "1 BYE"));

        // then
        assertEquals(SECOND_PHONE, net.take("BYE").to());
    }

    @Test
    void shouldRingOnePhoneAfterTheOtherByQ() {
        register(PHONE, "<sip:" + BEHIND_NAT + ">;q=0.9");
        register(SECOND_PHONE, "<sip:bob@192.168.1.6:5060>;q=0.5");
        net.deliver(ALICE, net.invite("call-3", OFFER));
        final Sent first = net.take("INVITE");
        assertEquals(PHONE, first.to());
        assertEquals(0, net.count("INVITE"));

        net.deliver(PHONE, answer(first, 486, "b1", null, ""));

        net.take("ACK", PHONE);
        final Sent second = net.take("INVITE");
        assertEquals(SECOND_PHONE, second.to());
        assertEquals("sip:bob@192.168.1.6:5060", second.message().uri());
        net.deliver(SECOND_PHONE, answer(second, 603, "b2", null, ""));
        net.take("SIP/2.0 603", ALICE);
        assertEquals(0, net.rest());
    }

    @Test
    void shouldAnswer408WhenAPhoneHasRungForAsLongAsAllOfThemMay() {
        register(PHONE, "<sip:" + BEHIND_NAT + ">;q=0.9");
        register(SECOND_PHONE, "<sip:bob@192.168.1.6:5060>;q=0.5");
        net.deliver(ALICE, net.invite("call-4", OFFER));
        net.deliver(PHONE, answer(net.take("INVITE", PHONE), 180, "b1", BEHIND_NAT, ""));

        net.pass(200_000);

        net.take("CANCEL", PHONE);
        net.take("SIP/2.0 408", ALICE);
        assertEquals(0, net.count("INVITE"));
    }

    @Test
    void shouldWarnThatPhonesOfEqualQDoNotRingAtOnce() throws Exception {
        final String yaml = """
                listen: ["udp://127.0.0.1:5060"]
                mode: %s
                registrar: {contacts: %d}
                trunks: {phones: {allow: [127.0.0.2/32]}}
                routes:
                  - {from: phones, to: registrar}
                  - {name: ring, from: phones, to: location}
                """;
        final ConfigReader reader = new ConfigReader(Map.of());
        final List<String> warnings = reader.read("test", yaml.formatted("b2bua", 5)).warnings(Instant.now());
        assertEquals(1, warnings.size());
        assertTrue(warnings.getFirst().startsWith("route 'ring': in mode b2bua the phones of a user ring one after"));
        assertEquals(List.of(), reader.read("test", yaml.formatted("b2bua", 1)).warnings(Instant.now()));
        assertEquals(List.of(), reader.read("test", yaml.formatted("stateful", 5)).warnings(Instant.now()));
    }

    @Test
    void shouldFollowThePathToAUserBehindAnotherProxy() {
        net.deliver(ALICE, MessageText.request("REGISTER", "sip:203.0.113.10")
                .header("Via", "SIP/2.0/UDP " + ALICE + ";branch=" + net.branch()).header("Max-Forwards", "70")
                .header("From", "<sip:dave@203.0.113.10>;tag=r").header("To", "<sip:dave@203.0.113.10>")
                .header("Call-ID", "reg-path").header("CSeq", "1 REGISTER")
                .header("Path", "<sip:192.0.2.1:5060;lr>").header("Contact", "<sip:dave@10.77.0.1>"));
        // A trunk that no line lets register gets its REGISTER refused.
        assertEquals(0, net.count("SIP/2.0 200"));
        net.sent.clear();
        net.deliver(PHONE, MessageText.request("REGISTER", "sip:203.0.113.10")
                .header("Via", "SIP/2.0/UDP " + PHONE + ";branch=" + net.branch()).header("Max-Forwards", "70")
                .header("From", "<sip:dave@203.0.113.10>;tag=r").header("To", "<sip:dave@203.0.113.10>")
                .header("Call-ID", "reg-path").header("CSeq", "1 REGISTER")
                .header("Path", "<sip:198.51.100.9:5080;lr>").header("Contact", "<sip:dave@10.77.0.1>"));
        net.take("SIP/2.0 200", PHONE);
        final MessageText invite = net.invite("call-5", OFFER);
        net.deliver(ALICE, new String(invite.bytes(), StandardCharsets.ISO_8859_1)
                .replace("sip:bob@203", "sip:dave@203").getBytes(StandardCharsets.ISO_8859_1));

        final Sent out = net.take("INVITE");

        assertEquals("198.51.100.9:5080", out.to());
        assertEquals("sip:dave@10.77.0.1", out.message().uri());
        assertEquals("<sip:198.51.100.9:5080;lr>", out.message().one("route"));
    }
}
