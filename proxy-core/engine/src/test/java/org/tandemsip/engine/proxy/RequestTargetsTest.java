package org.tandemsip.engine.proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.tandemsip.engine.proxy.ProxyFixture.message;

import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.handler.Disposition;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.engine.metrics.Counters;
import org.tandemsip.engine.proxy.ProxyFixture.Sent;
import org.tandemsip.engine.routing.Cidr;
import org.tandemsip.engine.routing.ListenPoints;
import org.tandemsip.engine.routing.Messages;
import org.tandemsip.engine.routing.Mode;
import org.tandemsip.engine.routing.RecordRoutes;
import org.tandemsip.engine.routing.Route;
import org.tandemsip.engine.routing.RoutingPolicy;
import org.tandemsip.engine.routing.Targets;
import org.tandemsip.engine.routing.Trunk;

/** RFC 3261 sections 16.4 and 16.5: where a request goes. */
class RequestTargetsTest {
    private static final String CARRIER = "198.51.100.1:5060";
    private static final String PBX = "10.0.0.11:5060";
    private static final String AGENT = "192.0.2.7:5060";
    private static final String STRANGER = "203.0.113.66:5060";
    private static final String VIA = "SIP/2.0/UDP 198.51.100.1:5060;branch=z9hG4bKfirst";
    private final ProxyFixture proxy = new ProxyFixture(Mode.STATELESS);

    @Test
    void shouldGoToPeerOfTrunkWhenRouteMatches() {
        final Set<String> peers = new HashSet<>();
        for (int call = 0; call < 50; call++) {
            proxy.request(CARRIER,
                    message("INVITE", "sip:+1@203.0.113.10", VIA, "", null).replace("call-1", "call-" + call));
            final Sent sent = proxy.one();
            peers.add(sent.to());
            assertEquals("INVITE sip:+1@203.0.113.10 SIP/2.0", sent.startLine());
            assertEquals(ProxyFixture.INSIDE, sent.listenPoint());
        }
        assertEquals(Set.of("UDP 10.0.0.11 5060", "UDP 10.0.0.12 5060"), peers);
    }

    @Test
    void shouldGoToPeerThatRequestUriNames() {
        for (final String peer : List.of("10.0.0.11", "10.0.0.12")) {
            proxy.request(CARRIER, message("BYE", "sip:bob@" + peer + ":5060", VIA, "", "callee"));
            assertEquals("UDP " + peer + " 5060", proxy.one().to());
        }
    }

    @Test
    void shouldTryPeersInOrderAndBackupTrunksLast() {
        final Trunk backup = Messages.trunk(3, "backup", List.of("192.0.2.90:5060"), List.of());
        final LocationService service = new LocationService(Messages.context(), new ListenPoints(ProxyFixture.POINTS),
                new HostNames(Messages.context()), new GbRelay(Messages.context()));
        final Targets one = locate(service, new Route("r", ProxyFixture.CARRIER, Route.Match.ANY,
                List.of(ProxyFixture.PBX), List.of(backup), List.of(), null));
        assertEquals(List.of(0, 1, 2), IntStream.range(0, one.size()).map(i -> one.get(i).group).boxed().toList());
        assertEquals(backup, one.get(2).trunk);

        final Targets parallel = locate(service, new Route("r", ProxyFixture.CARRIER, Route.Match.ANY,
                List.of(ProxyFixture.PBX, backup, ProxyFixture.PBX), List.of(ProxyFixture.PBX), List.of(), null));
        // No target twice, however often the configuration names it (section 16.5).
        assertEquals(List.of(0, 0, 1),
                IntStream.range(0, parallel.size()).map(i -> parallel.get(i).group).boxed().toList());
        assertEquals(List.of(ProxyFixture.PBX, backup, ProxyFixture.PBX),
                IntStream.range(0, parallel.size()).mapToObj(i -> parallel.get(i).trunk).toList());
    }

    @Test
    void shouldCountTargetsPastTheTenth() {
        // given
        final Counters counters = new Counters();
        final Targets targets = new Targets(counters);
        for (int i = 0; i < Targets.MAX; i++) {
            assertNotNull(targets.add());
        }

        // then
        assertNull(targets.add());
        assertNull(targets.add());
        assertEquals(Targets.MAX, targets.size());
        assertEquals(2, counters.get(Counter.TARGETS_LEFT_OUT));
    }

    private static Targets locate(final LocationService service, final Route route) {
        final SipMessage request = Messages.parse(message("INVITE", "sip:+1@203.0.113.10", VIA, "", null));
        final ShardContext context = ProxyFixture.context(new Messages.Silence(),
                ProxyFixture.policy(Mode.STATEFUL, List.of(route)));
        final RouteInformation information = new RouteInformation(context, new ListenPoints(ProxyFixture.POINTS),
                new RecordRoutes(context));
        final Targets targets = new Targets(context.counters());
        assertTrue(information.read(request, Messages.source(CARRIER)));
        assertNull(service.locate(request, Messages.source(CARRIER), (RoutingPolicy) context.policy(),
                ProxyFixture.CARRIER, information, targets, 0));
        return targets;
    }

    @Test
    void shouldAnswer404WhenNoRouteMatches() {
        final ProxyFixture oneWay = new ProxyFixture(ProxyFixture.policy(Mode.STATELESS,
                List.of(ProxyFixture.route(ProxyFixture.CARRIER, ProxyFixture.PBX))));
        oneWay.request(PBX, message("INVITE", "sip:+1@203.0.113.10", VIA, "", null));
        assertEquals("SIP/2.0 404 Not Found", oneWay.one().startLine());

        assertEquals(Disposition.DROPPED_NO_TARGET,
                oneWay.request(PBX, message("ACK", "sip:+1@203.0.113.10", VIA, "", "x")));
        assertTrue(oneWay.sent.isEmpty());
    }

    @Test
    void shouldAnswerOptionsToUsWhenNoRouteTakesItsUser() {
        proxy.request(AGENT, message("OPTIONS", "sip:options@203.0.113.10:5060", VIA, "", null));
        assertEquals("SIP/2.0 200 OK", proxy.one().startLine());

        proxy.request(CARRIER, message("OPTIONS", "sip:+1@203.0.113.10:5060", VIA, "", null));
        assertEquals("OPTIONS sip:+1@203.0.113.10:5060 SIP/2.0", proxy.one().startLine());

        proxy.request(AGENT, message("MESSAGE", "sip:options@203.0.113.10:5060", VIA, "", null));
        assertEquals("SIP/2.0 404 Not Found", proxy.one().startLine());
    }

    @ParameterizedTest
    @CsvSource({"+44*, , , +4420, carrier.example, true", "+44*, , , +4520, carrier.example, false",
        "+44, , , +4420, x, false", "+44, , , +44, x, true", "*, , , '', x, true", ", alice, , +1, x, true",
        ", bob, , +1, x, false", ", ali*, INVITE, +1, x, true", ", , MESSAGE, +1, x, false"})
    void shouldTakeRouteWhenPatternsFit(final String to, final String from, final String method, final String user,
            final String host, final boolean fits) {
        final ProxyFixture matching = new ProxyFixture(ProxyFixture.policy(Mode.STATELESS, List.of(ProxyFixture
                .route(ProxyFixture.CARRIER, new Route.Match(bytes(to), bytes(from), bytes(method)),
                        ProxyFixture.PBX))));

        matching.request(CARRIER, message("INVITE", "sip:" + (user.isEmpty() ? "" : user + '@') + host, VIA, "", null));

        assertEquals(fits ? "INVITE" : "SIP/2.0", matching.one().startLine().replaceFirst(" .*", ""));
    }

    @Test
    void shouldFollowInviteWhenMethodIsMatched() {
        final Route.Match invites = new Route.Match(null, null, bytes("INVITE"));
        final ProxyFixture matching = new ProxyFixture(ProxyFixture.policy(Mode.STATELESS,
                List.of(ProxyFixture.route(ProxyFixture.CARRIER, invites, ProxyFixture.PBX))));
        matching.request(CARRIER, message("INVITE", "sip:+1@203.0.113.10", VIA, "", null));
        final Sent invite = matching.one();

        for (final String method : List.of("CANCEL", "ACK")) {
            matching.request(CARRIER,
                    message(method, "sip:+1@203.0.113.10", VIA, "", "ACK".equals(method) ? "callee" : null));
            final Sent follower = matching.one();
            assertEquals(invite.to(), follower.to());
            assertEquals(invite.topBranch(), follower.topBranch());
        }
        matching.request(CARRIER, message("BYE", "sip:+1@203.0.113.10", VIA, "", "callee"));
        assertEquals("SIP/2.0 404 Not Found", matching.one().startLine());
    }

    @ParameterizedTest
    @CsvSource({"sip:b@192.0.2.9:5080, UDP 192.0.2.9 5080", "sip:b@192.0.2.9, UDP 192.0.2.9 5060",
        "sip:b@192.0.2.9;transport=tcp, TCP 192.0.2.9 5060", "sip:b@[2001:db8::99]:5070, UDP 2001:db8::99 5070",
        "sip:b@198.51.100.9, ", "sip:b@127.0.0.1, ", "sip:b@b.example, ", "sip:b@3221225993, ", "sip:b@0xC0000209, ",
        "sip:b@192.0.521, ", "sip:b@192.0.2.9;maddr=127.0.0.1, ", "sip:b@[::ffff:7f00:1], ", "sip:b@203.0.113.10, ",
        "sip:b@[::1], ", "tel:+1, "})
    void shouldRelayToRequestUriOnlyWhenItIsWithin(final String uri, final String to) {
        proxy.request(AGENT, message("INVITE", uri, VIA, "", null));

        final Sent sent = proxy.one();
        assertEquals(to == null ? "UDP 192.0.2.7 5060" : to, sent.to().replace("198.51.100.1", "192.0.2.7"));
        assertEquals(to == null ? "SIP/2.0 404 Not Found" : "INVITE " + uri + " SIP/2.0", sent.startLine());
    }

    @Test
    void shouldAnswer480WhenSipsCannotBeReached() {
        proxy.request(CARRIER, message("INVITE", "sips:+1@203.0.113.10", VIA, "", null));
        assertEquals("SIP/2.0 480 Temporarily Unavailable", proxy.one().startLine());
    }

    @Test
    void shouldRemoveOwnPreloadedRouteWhenItHasNoToken() {
        final String routes = "Route: <sip:203.0.113.10;lr>, <sip:34020000002000000001@10.0.0.1:5060;lr>\n";
        proxy.request(CARRIER, message("REGISTER", "sip:3402000000", VIA, routes, null));

        final Sent sent = proxy.one();
        assertNull(sent.header("Route"));
        assertEquals("REGISTER sip:3402000000 SIP/2.0", sent.startLine());
    }

    @Test
    void shouldSendToTheTrunkAllTheSameWhenPreloadedRouteLeavesTheTable() {
        for (final String route : List.of("<sip:203.0.113.99;lr>", "<sip:10.0.0.11;lr;maddr=127.0.0.1>",
                "<sip:evil.example;lr>")) {
            proxy.request(CARRIER, message("INVITE", "sip:+1@203.0.113.10", VIA, "Route: " + route + '\n', null));
            final Sent sent = proxy.one();
            assertTrue(sent.to().startsWith("UDP 10.0.0.1"), sent.to());
            assertEquals(route, sent.header("Route"));
        }
    }

    @Test
    void shouldAnswer403WhenPreloadedRouteLeavesTheRangesOfTheTable() {
        for (final String route : List.of("<sip:203.0.113.99;lr>", "<sip:203.0.113.10;lr>,<sip:127.0.0.1;lr>",
                "<sip:evil.example;lr>", "<sip:127.0.0.1>")) {
            assertEquals(Disposition.ANSWERED,
                    proxy.request(AGENT, message("INVITE", "sip:b@192.0.2.50", VIA, "Route: " + route + '\n', null)));
            assertEquals("SIP/2.0 403 Forbidden", proxy.one().startLine());
        }
        assertEquals(Disposition.DROPPED_STRAY_ACK,
                proxy.request(AGENT, message("ACK", "sip:b@192.0.2.50", VIA, "Route: <sip:127.0.0.1;lr>\n", "x")));
    }

    @Test
    void shouldFollowPreloadedRouteWhenTheTableLeadsThereAnyway() {
        proxy.request(CARRIER, message("INVITE", "sip:+1@203.0.113.10", VIA, "Route: <sip:10.0.0.12;lr>\n", null));
        final Sent toPeer = proxy.one();
        assertEquals("UDP 10.0.0.12 5060", toPeer.to());
        assertEquals("<sip:10.0.0.12;lr>", toPeer.header("Route"));

        proxy.request(AGENT, message("INVITE", "sip:b@b.example", VIA, "Route: <sip:192.0.2.50:5090;lr>\n", null));
        assertEquals("UDP 192.0.2.50 5090", proxy.one().to());
    }

    @Test
    void shouldFollowDialogWhenTokenIsOurs() {
        proxy.request(CARRIER, message("INVITE", "sip:+1@203.0.113.10", VIA, "", null));
        final String routes = "Route: " + String.join(", ", proxy.one().headers("Record-Route")) + '\n';

        // From an address that no trunk knows, to one that no route leads to.
        assertEquals(Disposition.FORWARDED,
                proxy.request(STRANGER, message("BYE", "sip:alice@203.0.113.200:5099", VIA, routes, "x")));
        final Sent bye = proxy.one();
        assertEquals("UDP 203.0.113.200 5099", bye.to());
        assertNull(bye.header("Route"));

        assertEquals(Disposition.FORWARDED, proxy.request(STRANGER, message("BYE", "sip:alice@203.0.113.200", VIA,
                routes + "Route: <sip:203.0.113.201:5070;lr>\n", "x")));
        final Sent routed = proxy.one();
        assertEquals("UDP 203.0.113.201 5070", routed.to());
        assertEquals("<sip:203.0.113.201:5070;lr>", routed.header("Route"));
        assertEquals("BYE sip:alice@203.0.113.200 SIP/2.0", routed.startLine());
    }

    @Test
    void shouldKnowItsTokenWhenRouteWasWrittenAnew() {
        proxy.request(CARRIER, message("INVITE", "sip:+1@203.0.113.10", VIA, "", null));
        for (final String own : proxy.one().headers("Record-Route")) {
            final String token = own.replaceFirst(".*tk=([0-9a-f]*)>", "$1");
            final String host = own.replaceFirst("<sip:([0-9.]*):5060.*", "$1");
            for (final String anew : List.of(
                    "\"proxy\" <sip:" + host + ";TK=" + token.toUpperCase(Locale.ROOT) + ";LR>;x=y",
                    "<SIP:" + host + ":5060;lr=on;tk=" + token + '>',
                    "<sip:" + host + ";transport=UDP;tk=" + token + ";lr>")) {
                assertEquals(Disposition.FORWARDED, proxy.request(STRANGER,
                        message("BYE", "sip:alice@203.0.113.200", VIA, "Route: " + anew + '\n', "x")), anew);
                assertNull(proxy.one().header("Route"));
            }
        }
    }

    @Test
    void shouldNotFollowDialogWhenTokenIsBorrowedOrForged() {
        proxy.request(CARRIER, message("INVITE", "sip:+1@203.0.113.10", VIA, "", null));
        final String routes = "Route: " + String.join(", ", proxy.one().headers("Record-Route")) + '\n';
        final String bye = message("BYE", "sip:alice@203.0.113.200:5099", VIA, routes, "x");

        // Another call, another caller, a digit changed, no To tag: none of them opens a way.
        final List<String> attempts = List.of(bye.replace("call-1", "call-2"), bye.replace("tag=caller", "tag=other"),
                bye.replaceAll("tk=.", "tk=g"), message("INVITE", "sip:alice@203.0.113.200:5099", VIA, routes, null));
        for (final String attempt : attempts) {
            assertEquals(Disposition.DROPPED_UNKNOWN_SOURCE, proxy.request(STRANGER, attempt), attempt);
        }
        assertTrue(proxy.sent.isEmpty());
    }

    @Test
    void shouldFallBackToTableWhenDialogTargetIsNoAddress() {
        proxy.request(CARRIER, message("INVITE", "sip:+1@203.0.113.10", VIA, "", null));
        final Sent invite = proxy.one();
        final String routes = "Route: " + String.join(", ", invite.headers("Record-Route")) + '\n';

        proxy.request(CARRIER, message("BYE", "sip:34020000002000000001@3402000000", VIA, routes, "callee"));
        assertEquals(invite.to(), proxy.one().to());

        proxy.request(STRANGER, message("BYE", "sip:bob@unknown.example", VIA, routes, "callee"));
        assertEquals("SIP/2.0 500 Server Internal Error", proxy.one().startLine());
        assertEquals(Disposition.DROPPED_NO_TARGET,
                proxy.request(STRANGER, message("ACK", "sip:bob@unknown.example", VIA, routes, "callee")));
    }

    @Test
    void shouldKnowPeerByItsName() {
        final Trunk named = new Trunk(1, "named",
                List.of(Messages.peer("sip.carrier.example", Transport.TCP, "192.0.2.33:5060")), List.of(), new int[0]);
        final ProxyFixture names =
                new ProxyFixture(Messages.policy(Mode.STATELESS, List.of(ProxyFixture.CARRIER, named),
                        List.of(new Route("r", ProxyFixture.CARRIER, Route.Match.ANY, List.of(), List.of(),
                                List.of(Cidr.parse("192.0.2.0/24")), null))));

        names.request(CARRIER, message("INVITE", "sip:+1@SIP.carrier.example", VIA, "", null));

        assertEquals("TCP 192.0.2.33 5060", names.one().to());
    }

    private static byte[] bytes(final String text) {
        return text == null ? null : text.getBytes(StandardCharsets.US_ASCII);
    }
}
