package org.tandemsip.engine.proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.tandemsip.engine.proxy.ProxyFixture.message;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tandemsip.codec.IpAddress;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.handler.Disposition;
import org.tandemsip.engine.handler.ShardCommand;
import org.tandemsip.engine.handler.Source;
import org.tandemsip.engine.proxy.ProxyFixture.Sent;
import org.tandemsip.engine.routing.Messages;
import org.tandemsip.engine.routing.Mode;
import org.tandemsip.engine.routing.TcpRefusals;
import org.tandemsip.engine.routing.Trunk;

/** RFC 3261 section 16.6: what a forwarded request looks like, and that nothing else of it changes. */
class RequestForwardingTest {
    private static final String CARRIER = "198.51.100.1:5060";
    private static final String AGENT = "192.0.2.7:5060";
    private static final String VIA = "SIP/2.0/UDP 198.51.100.1:5060;branch=z9hG4bKfirst";
    private static final String AGENT_VIA = "SIP/2.0/UDP 192.0.2.7:5060;branch=z9hG4bKfirst";
    private static final String TOKEN = ";lr;tk=[0-9a-f]{16}>";
    private final ProxyFixture proxy = new ProxyFixture(Mode.STATELESS);

    @Test
    void shouldChangeOnlyViaMaxForwardsAndRecordRoute() {
        final String request = """
                INVITE sip:%62ob;x=%41@203.0.113.10;p=1 SIP/2.0
                X-First: before everything
                v: SIP/2.0/UDP 198.51.100.1:5060;branch=z9hG4bKfirst , SIP/2.0/TCP up.example;branch=z9hG4bKup
                CSEQ :  7
                  INVITE
                max-forwards:  9 \s
                f:  "\\"A\u20ac, <x>" <sip:alice@carrier.example>  ;tag=caller
                t: sip:bob@b.example
                i: call-1@carrier
                Subject: folded
                \tvalue
                Via: SIP/2.0/UDP far.example;branch=z9hG4bKfar
                l: 12

                \u20ac \\body\0\n""";
        proxy.request(CARRIER, request);

        final Sent sent = proxy.one();
        final String ours =
                sent.text().lines().filter(line -> line.startsWith("Via: SIP/2.0/UDP 10.0.0.1:5060;branch="))
                        .findFirst().orElseThrow();
        final List<String> recordRoutes = sent.headers("Record-Route");
        assertTrue(ours.matches("Via: SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bKs[0-9a-f]{24}"), ours);
        assertEquals(request.replace("v: SIP", ours + "\nRecord-Route: " + recordRoutes.get(0) + "\nRecord-Route: "
                + recordRoutes.get(1) + "\nv: SIP").replace("max-forwards:  9", "max-forwards:  8"), sent.text());
    }

    @Test
    void shouldInsertMaxForwardsWhenThereIsNone() {
        proxy.request(CARRIER,
                message("MESSAGE", "sip:+1@203.0.113.10", VIA, "", null).replace("Max-Forwards: 70\n", ""));
        assertEquals("70", proxy.one().header("Max-Forwards"));

        proxy.request(CARRIER, message("MESSAGE", "sip:+1@203.0.113.10", VIA, "", null));
        assertEquals("69", proxy.one().header("Max-Forwards"));
    }

    @Test
    void shouldInsertMaxForwardsOfTheTrunkWhereItHasItsOwn() {
        // given
        final Trunk pbx = new Trunk(1, "pbx", ProxyFixture.PBX.peers(), List.of(), new int[0], 30);
        final ProxyFixture own = new ProxyFixture(Messages.policy(Mode.STATELESS,
                List.of(ProxyFixture.CARRIER, pbx), List.of(ProxyFixture.route(ProxyFixture.CARRIER, pbx),
                        ProxyFixture.route(pbx, ProxyFixture.CARRIER))));

        // when
        own.request(CARRIER,
                message("MESSAGE", "sip:+1@203.0.113.10", VIA, "", null).replace("Max-Forwards: 70\n", ""));
        assertEquals("30", own.one().header("Max-Forwards"));
        own.request("10.0.0.11:5060",
                message("MESSAGE", "sip:+1@203.0.113.10", VIA, "", null).replace("Max-Forwards: 70\n", ""));
        assertEquals("70", own.one().header("Max-Forwards"));
    }

    @Test
    void shouldWriteSourceIntoPreviousVia() {
        proxy.request("192.0.2.7:40001",
                message("MESSAGE", "sip:b@192.0.2.9", "SIP/2.0/UDP h.example;rport;branch=z9hG4bKa",
                        "", null));
        assertEquals("SIP/2.0/UDP h.example;rport=40001;branch=z9hG4bKa;received=192.0.2.7",
                proxy.one().headers("Via").get(1));

        proxy.request("192.0.2.7:40001", message("MESSAGE", "sip:b@192.0.2.9",
                "SIP/2.0/UDP h.example;received=127.0.0.1;rport=1;branch=z9hG4bKa", "", null));
        assertEquals("SIP/2.0/UDP h.example;received=192.0.2.7;rport=40001;branch=z9hG4bKa",
                proxy.one().headers("Via").get(1));

        proxy.request(AGENT, message("MESSAGE", "sip:b@192.0.2.9", AGENT_VIA, "", null));
        assertEquals(AGENT_VIA, proxy.one().headers("Via").get(1));
    }

    @ParameterizedTest
    @CsvSource({"INVITE, , true", "SUBSCRIBE, , true", "REFER, , true", "NOTIFY, , true", "NEWFANGLED, , true",
        "INVITE, callee, false", "NOTIFY, callee, true", "MESSAGE, , false", "REGISTER, , false", "OPTIONS, , false",
        "PUBLISH, , false", "CANCEL, , false", "ACK, callee, false", "BYE, callee, false", "INFO, callee, false"})
    void shouldRecordRouteWhenRequestMayFormDialog(final String method, final String toTag, final boolean recorded) {
        proxy.request(AGENT, message(method, "sip:b@192.0.2.9", AGENT_VIA, "", toTag));

        final List<String> recordRoutes = proxy.one().headers("Record-Route");
        assertEquals(recorded ? 1 : 0, recordRoutes.size());
        recordRoutes.forEach(value -> assertTrue(value.matches("<sip:203.0.113.10:5060" + TOKEN), value));
    }

    @Test
    void shouldRecordRouteTwiceWhenRequestLeavesAnotherWay() {
        proxy.request(CARRIER, message("INVITE", "sip:+1@203.0.113.10", VIA, "", null));
        assertRecordRoutes(proxy.one(), "<sip:10.0.0.1:5060", "<sip:203.0.113.10:5060");

        proxy.request(AGENT, message("INVITE", "sip:b@192.0.2.9;transport=tcp", AGENT_VIA, "", null));
        assertRecordRoutes(proxy.one(), "<sip:203.0.113.10:5060;transport=tcp", "<sip:203.0.113.10:5060");

        proxy.request(AGENT, message("INVITE", "sip:b@[2001:db8::9]", AGENT_VIA, "", null));
        assertRecordRoutes(proxy.one(), "<sip:[2001:db8::10]:5060", "<sip:203.0.113.10:5060");
    }

    @Test
    void shouldRecordRouteAboveThoseOfOthers() {
        final String extra = "Record-Route: <sip:one.example;lr>\nX-Between: x\nRecord-Route: <sip:two.example;lr>\n";
        proxy.request(AGENT, message("INVITE", "sip:b@192.0.2.9", AGENT_VIA, extra, null));

        final List<String> all = proxy.one().headers("Record-Route");
        assertTrue(all.get(0).startsWith("<sip:203.0.113.10:5060"));
        assertEquals(List.of("<sip:one.example;lr>", "<sip:two.example;lr>"), all.subList(1, 3));
    }

    @Test
    void shouldTakeBothOwnRoutesOffHoweverTheyAreWritten() {
        proxy.request(CARRIER, message("INVITE", "sip:+1@203.0.113.10", VIA, "", null));
        final List<String> own = proxy.one().headers("Record-Route");
        final String next = "<sip:192.0.2.50:5090;lr>";
        final String after = "\"x, y\" <sip:after.example;lr>;p=\",\"";

        for (final String rows : List.of(
                "Route: " + own.get(0) + "\nRoute: " + own.get(1) + "\nRoute: " + next + "\nRoute: " + after,
                "Route: " + own.get(0) + " ,\n\t" + own.get(1) + ',' + next + "\nRoute: " + after,
                "Route: " + own.get(0) + "\nX-Between: x\nRoute: " + own.get(1) + " , " + next + "\nRoute: " + after,
                "Route: " + own.get(1) + "\nRoute: " + next + "\nRoute: " + after)) {
            proxy.request(CARRIER, message("BYE", "sip:bob@192.0.2.60", VIA, rows + '\n', "callee"));
            final Sent sent = proxy.one();
            assertEquals("UDP 192.0.2.50 5090", sent.to());
            assertEquals(List.of(next, after), sent.headers("Route"), rows);
            assertEquals("BYE sip:bob@192.0.2.60 SIP/2.0", sent.startLine());
        }
        proxy.request(CARRIER, message("BYE", "sip:bob@192.0.2.60", VIA,
                "Route: " + own.get(0) + ", " + own.get(1) + ", " + next + ", " + after + '\n', "callee"));
        assertEquals(List.of(next + ", " + after), proxy.one().headers("Route"));
    }

    @Test
    void shouldPutRequestUriBehindRoutesWhenNextHopIsStrict() {
        proxy.request(CARRIER, message("INVITE", "sip:+1@203.0.113.10", VIA, "", null));
        final String own = "Route: " + String.join(", ", proxy.one().headers("Record-Route")) + '\n';

        proxy.request(CARRIER, message("BYE", "sip:bob@192.0.2.60;x=y", VIA,
                own + "Route: <sip:192.0.2.50:5090;s>, <sip:after.example;lr>\n", "callee"));
        final Sent sent = proxy.one();
        assertEquals("UDP 192.0.2.50 5090", sent.to());
        assertEquals("BYE sip:192.0.2.50:5090;s SIP/2.0", sent.startLine());
        assertEquals(List.of("<sip:after.example;lr>", "<sip:bob@192.0.2.60;x=y>"), sent.headers("Route"));

        proxy.request(CARRIER, message("BYE", "sip:bob@192.0.2.60", VIA, own + "Route: <sip:192.0.2.50>\n", "callee"));
        assertEquals(List.of("<sip:bob@192.0.2.60>"), proxy.one().headers("Route"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"Route: <sip:bob@192.0.2.60;p=1>", "Route: <sip:192.0.2.50:5090;lr>, <sip:bob@192.0.2.60;p=1>",
                "Route: <sip:192.0.2.50:5090;lr>\nRoute: <sip:bob@192.0.2.60;p=1>"})
    void shouldRestoreRequestUriWhenPreviousHopIsStrict(final String rows) {
        proxy.request(CARRIER, message("INVITE", "sip:+1@203.0.113.10", VIA, "", null));
        final List<String> own = proxy.one().headers("Record-Route");
        final String uri = own.get(0).substring(1, own.get(0).length() - 1);

        proxy.request(CARRIER, message("BYE", uri, VIA, "Route: " + own.get(1) + '\n' + rows + '\n', "callee"));

        final Sent sent = proxy.one();
        assertEquals("BYE sip:bob@192.0.2.60;p=1 SIP/2.0", sent.startLine());
        final boolean direct = !rows.contains("5090");
        assertEquals(direct ? "UDP 192.0.2.60 5060" : "UDP 192.0.2.50 5090", sent.to());
        assertEquals(direct ? List.of() : List.of("<sip:192.0.2.50:5090;lr>"), sent.headers("Route"));
    }

    @Test
    void shouldNotRestoreRequestUriWhenTokenIsForged() {
        assertEquals(Disposition.ANSWERED, proxy.request(AGENT, message("BYE",
                "sip:203.0.113.10:5060;lr;tk=0123456789abcdef", AGENT_VIA, "Route: <sip:127.0.0.1>\n", "callee")));
        assertEquals("SIP/2.0 403 Forbidden", proxy.one().startLine());
    }

    @Test
    void shouldNotPutHeadersOfRouteIntoRequestUri() {
        proxy.request(CARRIER, message("INVITE", "sip:+1@203.0.113.10", VIA, "", null));
        final List<String> own = proxy.one().headers("Record-Route");
        final String uri = own.get(0).substring(1, own.get(0).length() - 1);

        proxy.request(CARRIER, message("BYE", uri, VIA, "Route: <sip:bob@192.0.2.60?subject=x>\n", "callee"));
        assertEquals("BYE sip:bob@192.0.2.60 SIP/2.0", proxy.one().startLine());

        proxy.request(CARRIER, message("BYE", "sip:bob@192.0.2.60", VIA,
                "Route: " + own.get(0) + "\nRoute: <sip:192.0.2.50?subject=x>\n", "callee"));
        assertEquals("BYE sip:192.0.2.50 SIP/2.0", proxy.one().startLine());
    }

    @ParameterizedTest
    @CsvSource({"sip:b@192.0.2.9;maddr=203.0.113.10, sip:b@192.0.2.9",
        "sip:b@192.0.2.9:5060;x=y;maddr=203.0.113.10;transport=udp;z, sip:b@192.0.2.9;x=y;z",
        "sip:b@192.0.2.9;transport=udp;maddr=203.0.113.10, sip:b@192.0.2.9",
        "sip:b@192.0.2.9:5060;transport;maddr=203.0.113.10, sip:b@192.0.2.9",
        "sip:b@192.0.2.9;m%61ddr=203.0.113.10;%74ransport=udp;z, sip:b@192.0.2.9;z",
        "sip:b@192.0.2.9;maddr=192.0.2.8, sip:b@192.0.2.9;maddr=192.0.2.8"})
    void shouldStripMaddrWhenItIsOurs(final String uri, final String forwarded) {
        final Disposition disposition = proxy.request(AGENT, message("OPTIONS", uri, AGENT_VIA, "", null));

        assertEquals(Disposition.FORWARDED, disposition);
        assertEquals("OPTIONS " + forwarded + " SIP/2.0", proxy.one().startLine());
    }

    @Test
    void shouldUseTcpWhenRequestIsLargeAndUdpOnceItWasRefused() {
        final String large =
                message("INVITE", "sip:b@192.0.2.9", AGENT_VIA, "X-Large: " + "x".repeat(1_000) + '\n', null);
        proxy.request(AGENT, large);
        final Sent first = proxy.one();
        assertEquals("TCP 192.0.2.9 5060", first.to());
        assertEquals(ProxyFixture.TCP, first.listenPoint());
        assertTrue(first.header("Via").startsWith("SIP/2.0/TCP 203.0.113.10:5060;"));
        // Chosen for the size of this request only: later ones may well go over UDP (RFC 5658 section 6.2).
        assertRecordRoutes(first, "<sip:203.0.113.10:5060");

        proxy.command(new ShardCommand.SendFailed(first.correlation()));
        proxy.request(AGENT, large);
        final Sent second = proxy.one();
        assertEquals("UDP 192.0.2.9 5060", second.to());
        assertEquals(first.topBranch(), second.topBranch());

        proxy.sleep(301);
        proxy.request(AGENT, large);
        assertEquals("TCP 192.0.2.9 5060", proxy.one().to());
    }

    @ParameterizedTest
    @CsvSource({"STATELESS, INFO", "STATEFUL, INFO", "STATEFUL, INVITE", "STATEFUL, BYE"})
    void shouldUseTcpInsideOfDialogsToo(final Mode mode, final String method) {
        // given
        final ProxyFixture inside = new ProxyFixture(mode);
        final String extra = "X-Large: " + "x".repeat(1_100) + '\n';

        // when
        inside.request(AGENT, message(method, "sip:b@192.0.2.9:5062", AGENT_VIA, extra, "callee"));

        // then
        final Sent first = inside.sent.removeLast();
        assertEquals("TCP 192.0.2.9 5062", first.to());
        if (mode == Mode.STATEFUL) {
            inside.sent.clear();
            inside.command(new ShardCommand.SendFailed(first.correlation()));
            assertEquals("UDP 192.0.2.9 5062", inside.one().to());
        }
    }

    @Test
    void shouldSendOverTcpWhenUdpIsRefusedAndNobodySaidWhichItIs() {
        final Source stream = Messages.source(Transport.TCP, ProxyFixture.TCP, "192.0.2.7:40001");
        for (final Mode mode : List.of(Mode.STATELESS, Mode.STATEFUL)) {
            final ProxyFixture relay = new ProxyFixture(mode);
            relay.request(stream, message("INVITE", "sip:b@192.0.2.9", AGENT_VIA, "", null));
            final Sent first = relay.sent.removeLast();
            assertEquals("UDP 192.0.2.9 5060", first.to());

            relay.command(unreachable(first, "192.0.2.9"));

            final Sent second = relay.sent.removeLast();
            assertEquals("TCP 192.0.2.9 5060", second.to());
            assertEquals(first.topBranch(), second.topBranch());
            assertTrue(second.header("Via").startsWith("SIP/2.0/TCP 203.0.113.10:5060;"));
            assertRecordRoutes(second, "<sip:203.0.113.10:5060;transport=tcp");
        }
    }

    @Test
    void shouldNotChangeTransportWhenTheUriNamesIt() {
        final Source stream = Messages.source(Transport.TCP, ProxyFixture.TCP, "192.0.2.7:40001");
        proxy.request(stream, message("INVITE", "sip:b@192.0.2.9;transport=udp", AGENT_VIA, "", null));

        proxy.command(unreachable(proxy.one(), "192.0.2.9"));

        assertTrue(proxy.sent.isEmpty());
    }

    /** What ICMP reports of a datagram to port 5060 of {@code address}. */
    private static ShardCommand unreachable(final Sent sent, final String address) {
        final IpAddress parsed = new IpAddress();
        parsed.parse(address);
        return new ShardCommand.Unreachable(sent.text().getBytes(StandardCharsets.ISO_8859_1), parsed.high(),
                parsed.low(), 5060);
    }

    @Test
    void shouldSendOverUdpItselfWhenTcpIsRefusedAndTheClientWillNotSendAgain() {
        final Source stream = Messages.source(Transport.TCP, ProxyFixture.TCP, "192.0.2.7:40001");
        proxy.request(stream,
                message("INVITE", "sip:b@192.0.2.9", AGENT_VIA, "X-Large: " + "x".repeat(1_000) + '\n', null));
        final Sent first = proxy.one();
        assertEquals("TCP 192.0.2.9 5060", first.to());

        proxy.command(new ShardCommand.SendFailed(first.correlation()));

        final Sent second = proxy.one();
        assertEquals("UDP 192.0.2.9 5060", second.to());
        assertEquals(first.topBranch(), second.topBranch());
        assertTrue(second.header("Via").startsWith("SIP/2.0/UDP 203.0.113.10:5060;"));
        assertEquals(first.header("X-Large"), second.header("X-Large"));
    }

    @Test
    void shouldSendNothingLargerThan1300BytesOverUdpWhenThereIsTcp() {
        int udp = 0;
        for (int size = 700; size < 1_300; size++) {
            proxy.request(AGENT,
                    message("INVITE", "sip:b@192.0.2.9", AGENT_VIA, "X-Large: " + "x".repeat(size) + '\n', null));
            final Sent sent = proxy.one();
            final int bytes = sent.text().replace("\n", "\r\n").length();
            assertTrue(sent.to().startsWith("TCP") || bytes <= TcpRefusals.UDP_LIMIT, sent::text);
            assertTrue(sent.to().startsWith("UDP") || bytes > TcpRefusals.UDP_LIMIT - 64, sent::text);
            udp += sent.to().startsWith("UDP") ? 1 : 0;
        }
        assertTrue(udp > 50 && udp < 550);
    }

    @Test
    void shouldKeepUdpWhenTransportIsGivenOrFamilyHasNoTcp() {
        final String extra = "X-Large: " + "x".repeat(2_000) + '\n';
        proxy.request(AGENT, message("INVITE", "sip:b@192.0.2.9;transport=udp", AGENT_VIA, extra, null));
        assertEquals("UDP 192.0.2.9 5060", proxy.one().to());
        proxy.request(AGENT, message("INVITE", "sip:b@[2001:db8::9]", AGENT_VIA, extra, null));
        assertEquals("UDP 2001:db8::9 5060", proxy.one().to());
    }

    @Test
    void shouldInsertContentLengthWhenNextHopIsStream() {
        final String request = message("MESSAGE", "sip:b@192.0.2.9;transport=tcp", AGENT_VIA, "", null)
                .replace("Content-Length: 0\n", "") + "twelve bytes";
        proxy.request(AGENT, request);
        assertEquals("12", proxy.one().header("Content-Length"));

        proxy.request(AGENT, request.replace(";transport=tcp", ""));
        assertNull(proxy.one().header("Content-Length"));
    }

    @Test
    void shouldNameConnectionWhenRequestCameOverTcp() {
        final Source source = Messages.source(Transport.TCP, ProxyFixture.TCP, "192.0.2.7:40001");
        proxy.request(source, message("INVITE", "sip:b@192.0.2.9", AGENT_VIA.replace("UDP", "TCP"), "", null));
        final Sent sent = proxy.one();
        assertTrue(sent.header("Via").matches(".*;branch=z9hG4bKs[0-9a-f]{24};i=1f[0-9a-f]{8}"), sent.header("Via"));
        assertRecordRoutes(sent, "<sip:203.0.113.10:5060", "<sip:203.0.113.10:5060;transport=tcp");

        proxy.request(AGENT, message("INVITE", "sip:b@192.0.2.9", AGENT_VIA, "", null));
        assertFalse(proxy.one().header("Via").contains(";i="));
    }

    private static void assertRecordRoutes(final Sent sent, final String... starts) {
        final List<String> values = sent.headers("Record-Route");
        assertEquals(starts.length, values.size(), sent::text);
        for (int i = 0; i < starts.length; i++) {
            assertTrue(values.get(i).matches(java.util.regex.Pattern.quote(starts[i]) + TOKEN), values::toString);
        }
    }
}
