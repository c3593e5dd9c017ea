package org.tandemsip.engine.proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.tandemsip.engine.proxy.ProxyFixture.message;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.handler.ListenPoint;
import org.tandemsip.engine.handler.Source;
import org.tandemsip.engine.proxy.ProxyFixture.Sent;
import org.tandemsip.engine.routing.Messages;
import org.tandemsip.engine.routing.Mode;
import org.tandemsip.engine.routing.RoutingPolicy;
import org.tandemsip.engine.routing.Trunk;

/** Requests inside a dialog find the WebSocket of a browser, whose Contact leads nowhere (RFC 7118, RFC 5626 5.3). */
class FlowTest {
    private static final String VIA = "SIP/2.0/WSS x1.invalid;branch=z9hG4bKweb";
    private static final String PBX_VIA = "SIP/2.0/UDP 10.0.0.11:5060;branch=z9hG4bKpbx";
    private static final long CONNECTION = 0x1c1;
    private static final Trunk WEB = Messages.trunk(0, "web", List.of(), List.of("192.0.2.0/24"));
    private static final Trunk PBX = Messages.trunk(1, "pbx", List.of("10.0.0.11:5060"), List.of());
    private static final List<ListenPoint> POINTS = List.of(
            Messages.listenPoint(0, Transport.UDP, "203.0.113.10:5060"),
            Messages.listenPoint(1, Transport.WSS, "203.0.113.10:443"),
            Messages.listenPoint(2, Transport.WS, "203.0.113.10:80"));

    private ProxyFixture proxy(final Mode mode) {
        final RoutingPolicy policy =
                Messages.policy(mode, List.of(WEB, PBX), List.of(ProxyFixture.route(WEB, PBX)));
        return new ProxyFixture(policy, POINTS);
    }

    private static Source browser(final long connection) {
        final Source source = Messages.source("192.0.2.7:40000");
        source.transport = Transport.WSS;
        source.listenPoint = 1;
        source.connection = connection;
        return source;
    }

    private static List<String> invite(final ProxyFixture proxy) {
        proxy.request(browser(CONNECTION), message("INVITE", "sip:bob@203.0.113.10", VIA, "", null));
        final Sent invite = proxy.sent.stream().filter(sent -> sent.startLine().startsWith("INVITE")).findFirst()
                .orElseThrow();
        proxy.sent.clear();
        assertEquals("UDP 10.0.0.11 5060", invite.to());
        final List<String> routes = invite.headers("Record-Route");
        assertEquals(2, routes.size());
        assertTrue(routes.get(0).startsWith("<sip:203.0.113.10:5060;lr;tk="), routes::toString);
        assertTrue(
                routes.get(1).matches("<sip:203\\.0\\.113\\.10:443;transport=ws;lr;tk=[0-9a-f]{16}yc00002079c401c1>"),
                routes::toString);
        return routes;
    }

    private static String inside(final String method, final List<String> routes) {
        return message(method, "sip:alice@x1.invalid;transport=ws", PBX_VIA,
                "Route: " + String.join(", ", routes) + '\n', "caller").replace(";tag=caller\nTo", ";tag=callee\nTo");
    }

    @ParameterizedTest
    @EnumSource(value = Mode.class, names = {"STATELESS", "STATEFUL"})
    void shouldSendByTheConnectionThatTheDialogCameOver(final Mode mode) {
        final ProxyFixture proxy = proxy(mode);
        final List<String> routes = invite(proxy);

        proxy.request("10.0.0.11:5060", inside("BYE", routes));

        final Sent bye = proxy.sent.stream().filter(sent -> sent.startLine().startsWith("BYE")).findFirst()
                .orElseThrow();
        assertEquals(CONNECTION, bye.connection());
        assertEquals(1, bye.listenPoint());
        assertEquals("BYE sip:alice@x1.invalid;transport=ws SIP/2.0", bye.startLine());
        assertTrue(bye.header("Via").startsWith("SIP/2.0/WSS 203.0.113.10:443;"), bye.text());
        assertNull(bye.header("Route"));
    }

    @Test
    void shouldLetTheBrowserReachTheOtherSide() {
        final ProxyFixture proxy = proxy(Mode.STATELESS);
        final List<String> routes = invite(proxy).reversed();
        proxy.request(browser(CONNECTION), message("BYE", "sip:bob@10.0.0.11:5060", VIA,
                "Route: " + String.join(", ", routes) + '\n', "callee"));
        assertEquals("UDP 10.0.0.11 5060", proxy.one().to());
        // and over another connection, once the first is lost
        proxy.request(browser(CONNECTION + 64), message("BYE", "sip:bob@10.0.0.11:5060", VIA,
                "Route: " + String.join(", ", routes) + '\n', "callee"));
        assertEquals("UDP 10.0.0.11 5060", proxy.one().to());
    }

    @Test
    void shouldNotBelieveAFlowThatItDidNotWrite() {
        final ProxyFixture proxy = proxy(Mode.STATELESS);
        final List<String> routes = invite(proxy);
        for (final String forged : List.of(routes.get(1).replaceFirst("1c1>", "1c2>"),
                routes.get(1).replaceFirst("yc0000207", "yc0000208"), routes.get(1).replaceFirst("y", "x"))) {
            proxy.request("10.0.0.11:5060", inside("BYE", List.of(routes.get(0), forged)));
            assertTrue(proxy.sent.stream().noneMatch(sent -> sent.startLine().startsWith("BYE")),
                    proxy.sent::toString);
            proxy.sent.clear();
        }
    }
}
