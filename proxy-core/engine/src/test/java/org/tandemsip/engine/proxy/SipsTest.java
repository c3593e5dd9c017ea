package org.tandemsip.engine.proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.tandemsip.engine.proxy.ProxyFixture.message;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.handler.Source;
import org.tandemsip.engine.proxy.ProxyFixture.Sent;
import org.tandemsip.engine.routing.Cidr;
import org.tandemsip.engine.routing.Messages;
import org.tandemsip.engine.routing.Mode;
import org.tandemsip.engine.routing.Route;
import org.tandemsip.engine.routing.RoutingPolicy;
import org.tandemsip.engine.routing.Trunk;

/** What is sips goes over TLS from end to end (RFC 5630), what is sip over whatever the peer has. */
class SipsTest {
    private static final String VIA = "SIP/2.0/TLS 198.51.100.1:5061;branch=z9hG4bKfirst";
    private static final Trunk CARRIER =
            new Trunk(0, "carrier", List.of(Messages.peer(Transport.TLS, "198.51.100.1:5061")), List.of(), new int[0]);
    private static final Trunk SECURE =
            new Trunk(1, "secure", List.of(Messages.peer(Transport.TLS, "10.0.0.11:5061")), List.of(), new int[0]);
    private static final Trunk CLEAR =
            new Trunk(2, "clear", List.of(Messages.peer(null, "10.0.0.12:5060")), List.of(), new int[0]);
    private static final Trunk AGENTS = Messages.trunk(3, "agents", List.of(), List.of("192.0.2.0/24"));

    private final ProxyFixture proxy = proxy(SECURE);

    private static ProxyFixture proxy(final Trunk to) {
        final RoutingPolicy policy = Messages.policy(Mode.STATELESS, List.of(CARRIER, SECURE, CLEAR, AGENTS),
                List.of(ProxyFixture.route(CARRIER, to), ProxyFixture.route(SECURE, CARRIER),
                        new Route("relay", AGENTS, Route.Match.ANY, List.of(), List.of(),
                                List.of(Cidr.parse("192.0.2.0/24")), null)));
        return new ProxyFixture(policy, List.of(Messages.listenPoint(0, Transport.UDP, "203.0.113.10:5060"),
                Messages.listenPoint(1, Transport.TLS, "203.0.113.10:5061")));
    }

    private static Source overTls(final String from) {
        final Source source = Messages.source(from);
        source.transport = Transport.TLS;
        source.listenPoint = 1;
        source.connection = 7;
        return source;
    }

    @Test
    void shouldSendSipsOverTlsWithASipsRecordRoute() {
        proxy.request(overTls("198.51.100.1:40000"), message("INVITE", "sips:+1@203.0.113.10", VIA, "", null));

        final Sent sent = proxy.one();
        assertEquals("TLS 10.0.0.11 5061", sent.to());
        assertEquals("INVITE sips:+1@203.0.113.10 SIP/2.0", sent.startLine());
        assertTrue(sent.header("Via").startsWith("SIP/2.0/TLS 203.0.113.10:5061;"), sent.text());
        assertTrue(sent.header("Via").endsWith(";alias"), "what comes back over this connection is welcome");
        assertEquals(1, sent.headers("Record-Route").size());
        assertTrue(sent.header("Record-Route").startsWith("<sips:203.0.113.10:5061;lr;tk="), sent.text());
    }

    @Test
    void shouldFindItsSipsRouteAgain() {
        proxy.request(overTls("198.51.100.1:40000"), message("INVITE", "sips:+1@203.0.113.10", VIA, "", null));
        final String route = proxy.one().header("Record-Route");

        proxy.request(overTls("198.51.100.1:40001"),
                message("BYE", "sips:bob@10.0.0.11", VIA, "Route: " + route + '\n', "callee"));

        final Sent sent = proxy.one();
        assertEquals("TLS 10.0.0.11 5061", sent.to());
        assertNull(sent.header("Route"));
    }

    @Test
    void shouldWriteASipRecordRouteForSip() {
        proxy.request(overTls("198.51.100.1:40000"), message("INVITE", "sip:+1@203.0.113.10", VIA, "", null));

        final Sent sent = proxy.one();
        assertEquals("TLS 10.0.0.11 5061", sent.to());
        assertTrue(sent.header("Record-Route").startsWith("<sip:203.0.113.10:5061;transport=tls;lr;tk="), sent.text());
    }

    @Test
    void shouldNeverDowngrade() {
        final ProxyFixture toClear = proxy(CLEAR);
        toClear.request(overTls("198.51.100.1:40000"), message("INVITE", "sips:+1@203.0.113.10", VIA, "", null));
        assertEquals("SIP/2.0 480 Temporarily Unavailable", toClear.one().startLine());

        toClear.request(overTls("198.51.100.1:40000"), message("INVITE", "sip:+1@203.0.113.10", VIA, "", null));
        final Sent sent = toClear.one();
        assertEquals("UDP 10.0.0.12 5060", sent.to());
        assertEquals(List.of("<sip:203.0.113.10:5060;lr", "<sip:203.0.113.10:5061;transport=tls;lr"),
                sent.headers("Record-Route").stream().map(each -> each.substring(0, each.indexOf(";tk="))).toList());
    }

    @Test
    void shouldTakeTlsForTheHostOfASipsUri() {
        for (final String uri : List.of("sips:b@192.0.2.9", "sips:b@192.0.2.9;transport=tcp",
                "sips:b@192.0.2.9:5061")) {
            proxy.request(overTls("192.0.2.7:40000"), message("OPTIONS", uri, VIA, "", null));
            assertEquals("TLS 192.0.2.9 5061", proxy.one().to(), uri);
        }
        proxy.request(overTls("192.0.2.7:40000"), message("OPTIONS", "sip:b@192.0.2.9;transport=tls", VIA, "", null));
        assertEquals("TLS 192.0.2.9 5061", proxy.one().to());
        proxy.request(overTls("192.0.2.7:40000"), message("OPTIONS", "sip:b@192.0.2.9", VIA, "", null));
        assertEquals("UDP 192.0.2.9 5060", proxy.one().to());
    }

    @Test
    void shouldKnowItselfBySips() {
        proxy.request(overTls("198.51.100.1:40000"), message("OPTIONS", "sips:203.0.113.10", VIA, "", null));
        assertEquals("SIP/2.0 200 OK", proxy.one().startLine());
    }

    @Test
    void shouldNotTakeWhatComesInTheClearForATrunkThatShowsCertificates() {
        final Trunk certified = new Trunk(0, "carrier", CARRIER.peers(), List.of(), new int[0], 0, CARRIER.balance(),
                0, 0, CARRIER.ping(), CARRIER.state(), CARRIER.rules(), CARRIER.trust(), true);
        final RoutingPolicy policy = Messages.policy(Mode.STATELESS, List.of(certified, SECURE), List.of());
        assertNull(policy.trunkOf(Messages.source("198.51.100.1:5061")));
        assertEquals(certified, policy.trunkOf(overTls("198.51.100.1:5061")));
    }
}
