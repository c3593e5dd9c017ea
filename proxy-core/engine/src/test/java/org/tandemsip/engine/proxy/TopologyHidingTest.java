package org.tandemsip.engine.proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.tandemsip.engine.handler.Disposition;
import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.engine.routing.Account;
import org.tandemsip.engine.routing.Balance;
import org.tandemsip.engine.routing.HeaderRules;
import org.tandemsip.engine.routing.Mode;
import org.tandemsip.engine.routing.Ping;
import org.tandemsip.engine.routing.Profile;
import org.tandemsip.engine.routing.Route;
import org.tandemsip.engine.routing.RoutingPolicy;
import org.tandemsip.engine.routing.Trunk;
import org.tandemsip.engine.routing.TrunkRules;
import org.tandemsip.engine.routing.TrunkState;
import org.tandemsip.engine.routing.Trust;
import org.tandemsip.engine.routing.Zone;
import org.tandemsip.engine.timer.Timing;

/**
 * A carrier (10.0.1.1) sees nothing of what lies behind the proxy: a caller 10.0.0.1, reached through an inner proxy
 * 192.168.77.8. Every step is also taken by a proxy that hides nothing, and what the inside sees has to be the same.
 */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class TopologyHidingTest {
    private static final Endpoint CALLER = ProxyHarness.CALLER;
    private static final Endpoint CARRIER = ProxyHarness.A1;
    private static final String INNER_VIA = "Via: SIP/2.0/TCP 192.168.77.7:5060;branch=z9hG4bKinner;received=10.0.0.7";
    private static final String INNER_ROUTE = "Record-Route: <sip:192.168.77.8;lr>, <sip:pbx.inside.test;lr;x=1>";

    private ProxyHarness hiding;
    private ProxyHarness open;
    private final List<SentMessage> toCarrier = new ArrayList<>();

    private void start(final Mode mode) {
        hiding = proxy(mode, true);
        open = proxy(mode, false);
        toCarrier.clear();
    }

    private static ProxyHarness proxy(final Mode mode, final boolean hides) {
        final Trunk inside = trunk(0, "inside", CALLER, false);
        final Trunk carrier = trunk(1, "carrier", CARRIER, hides);
        return ProxyHarness.of(new RoutingPolicy(mode, List.of(inside, carrier),
                List.of(route("out", inside, carrier), route("in", carrier, inside)), Timing.DEFAULTS, 70, true));
    }

    private static Route route(final String name, final Trunk from, final Trunk to) {
        return new Route(name, from, Route.Match.ANY, List.of(to), List.of(), List.of(), null);
    }

    private static Trunk trunk(final int index, final String name, final Endpoint peer, final boolean hides) {
        return new Trunk(index, name, Endpoint.peers(null, peer), List.of(), new int[] {503}, 0, Balance.CALL_ID, 0, 0,
                Ping.OFF, new TrunkState(), TrunkRules.NONE, new Trust(Zone.CORE, true, 0, null, HeaderRules.NONE),
                false,
                Account.NONE, Profile.NONE.hiding(hides));
    }

    /** The inside sends; returns what the carrier gets of the hiding proxy, and of the other. */
    private SentMessage[] insideSends(final String message) {
        open.receive(CALLER, message);
        hiding.receive(CALLER, message);
        return new SentMessage[] {only(hiding, CARRIER), only(open, CARRIER)};
    }

    /** The carrier sends the like to both; returns what the inside gets, which has to be the same from both. */
    private SentMessage carrierSends(final String toHiding, final String toOpen) {
        open.receive(CARRIER, toOpen);
        hiding.receive(CARRIER, toHiding);
        final SentMessage hidden = only(hiding, CALLER);
        final SentMessage plain = only(open, CALLER);
        // One row of several values is as good as several rows; only the loop hash is made from rows as they are.
        assertEquals(comparable(plain).replaceAll("(?<=>)\r\nRecord-Route: ", ", "), comparable(hidden));
        return plain;
    }

    private static String comparable(final SentMessage message) {
        return message.text().replaceFirst("(z9hG4bK[st][0-9a-f]{16})[0-9a-f]{8}(;tk=[0-9a-f]{16})?", "$1");
    }

    private SentMessage only(final ProxyHarness proxy, final Endpoint to) {
        final List<SentMessage> sent = proxy.sent();
        sent.stream().filter(message -> proxy == hiding && message.to().equals(CARRIER.hostPort()))
                .forEach(this::assertHidden);
        return sent.stream().filter(message -> message.to().equals(CARRIER.hostPort()) == (to == CARRIER)
                && message.status() != 100).findFirst()
                .orElseThrow(() -> new AssertionError(sent.toString()));
    }

    /** No byte that the carrier gets tells of the inside. */
    private void assertHidden(final SentMessage message) {
        toCarrier.add(message);
        for (final String inside : new String[] {"10.0.0.", "192.168.", "inside.test", "z9hG4bKinner"}) {
            assertFalse(message.text().contains(inside), message.text());
        }
    }

    private static String invite() {
        return SipText.invite(CALLER, "c1", INNER_ROUTE).replace("From: ", INNER_VIA + "\r\nFrom: ")
                .replaceFirst("Contact: [^\r]*", "Contact: \"Al, ice\" <sip:alice@10.0.0.1:5061;ob>;+x=\"a,b\"");
    }

    private static String answer(final SentMessage request, final int status, final String... headers) {
        return SipText.response(request, status, "bob", headers);
    }

    @ParameterizedTest
    @EnumSource(value = Mode.class, names = {"STATELESS", "STATEFUL"})
    void shouldCarryACallToTheEndWithNothingOfTheInsideInIt(final Mode mode) {
        // given
        start(mode);
        final String contact = "Contact: <sip:bob@10.0.1.1:5060>";

        // when, then: set-up
        final SentMessage[] invite = insideSends(invite());
        assertEquals(1, invite[0].headers("Via").size());
        assertEquals(1, invite[0].headers("Record-Route").size());
        assertTrue(invite[0].header("Contact").matches(
                "\"Al, ice\" <sip:alice@10\\.9\\.9\\.9:5060;th=c[A-Za-z0-9_-]+>;\\+x=\"a,b\""),
                invite[0].header("Contact"));
        carrierSends(answer(invite[0], 180, contact), answer(invite[1], 180, contact));
        final SentMessage success = carrierSends(answer(invite[0], 200, contact), answer(invite[1], 200, contact));
        assertEquals(2, success.headers("Record-Route").size());

        // ACK, and a request of the caller
        insideSends(inDialog("ACK", CALLER, success, 1));
        final SentMessage[] info = insideSends(inDialog("INFO", CALLER, success, 2));
        carrierSends(answer(info[0], 200), answer(info[1], 200));

        // a request of the callee, by what it has been told
        final SentMessage bye = carrierSends(ofCallee("BYE", invite[0]), ofCallee("BYE", invite[1]));
        assertEquals("BYE sip:alice@10.0.0.1:5061;ob SIP/2.0", bye.startLine());
        assertEquals(List.of("<sip:192.168.77.8;lr>, <sip:pbx.inside.test;lr;x=1>"), bye.headers("Route"));
        hiding.receive(CALLER, SipText.response(bye, 200, null));
        assertEquals("200 BYE", only(hiding, CARRIER).summary());
        assertTrue(toCarrier.size() >= 4);
    }

    /** A request of a caller when it comes to us: the proxies before us have taken off their Routes. */
    private static String inDialog(final String method, final Endpoint from, final SentMessage success,
            final int cseq) {
        final List<String> routes = new ArrayList<>();
        success.headers("Record-Route").forEach(row -> routes.addAll(List.of(row.split(", (?=<)"))));
        final List<String> ahead = routes.reversed();
        return SipText.inDialog(method, from, success, cseq).replaceAll("Route: [^\r]*\r\n", "")
                .replaceFirst("From: ", "Route: "
                        + String.join(", ", ahead.subList(ahead.indexOf(ahead.stream()
                                .filter(route -> route.contains("10.9.9.9")).findFirst().orElseThrow()), ahead.size()))
                        + "\r\nFrom: ");
    }

    /** A request inside the dialog that the callee was invited to. */
    private static String ofCallee(final String method, final SentMessage invite) {
        final StringBuilder routes = new StringBuilder();
        invite.headers("Record-Route").forEach(route -> routes.append("Route: ").append(route).append("\r\n"));
        final String contact = invite.header("Contact");
        return method + ' ' + contact.substring(contact.indexOf('<') + 1, contact.indexOf('>')) + " SIP/2.0\r\n"
                + "Via: SIP/2.0/UDP 10.0.1.1:5060;branch=z9hG4bKcarrier" + method + "\r\n" + routes
                + "From: " + invite.header("To") + ";tag=bob\r\nTo: " + invite.header("From") + "\r\n"
                + "Call-ID: " + invite.header("Call-ID") + "\r\nCSeq: 7 " + method + "\r\n"
                + "Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n";
    }

    @ParameterizedTest
    @EnumSource(value = Mode.class, names = {"STATELESS", "STATEFUL"})
    void shouldFindItsWayBackThroughAStrictRouter(final Mode mode) {
        // given
        start(mode);
        final SentMessage[] invite = insideSends(invite());
        carrierSends(answer(invite[0], 200, "Contact: <sip:bob@10.0.1.1>"),
                answer(invite[1], 200, "Contact: <sip:bob@10.0.1.1>"));

        // when: our Record-Route in the Request-URI, the target behind the Routes
        final SentMessage bye = carrierSends(strict(invite[0]), strict(invite[1]));

        // then
        assertEquals("BYE sip:alice@10.0.0.1:5061;ob SIP/2.0", bye.startLine());
    }

    private static String strict(final SentMessage invite) {
        final List<String> routes = new ArrayList<>();
        invite.headers("Record-Route").forEach(row -> routes.addAll(List.of(row.split(", (?=<)"))));
        final String contact = invite.header("Contact");
        final String loose = ofCallee("BYE", invite).replaceAll("Route: [^\r]*\r\n", "");
        final String target = routes.removeFirst();
        routes.add(contact.substring(contact.indexOf('<'), contact.indexOf('>') + 1));
        return loose.replaceFirst("BYE [^ ]*", "BYE " + target.substring(1, target.length() - 1))
                .replaceFirst("From: ", "Route: " + String.join(", ", routes) + "\r\nFrom: ");
    }

    @Test
    void shouldCancelAndAcknowledgeAFailureAsIsHidden() {
        // given
        start(Mode.STATEFUL);
        final SentMessage[] invite = insideSends(invite());
        carrierSends(answer(invite[0], 180), answer(invite[1], 180));

        // when
        hiding.receive(CALLER, SipText.cancel(invite()));
        final SentMessage cancel = hiding.sentTo(CARRIER).getFirst();
        assertHidden(cancel);
        assertEquals("CANCEL", cancel.method());
        assertEquals(invite[0].header("Via"), cancel.header("Via"));
        assertEquals(Disposition.ABSORBED, hiding.receive(CARRIER, answer(cancel, 200)));
        hiding.receive(CARRIER, answer(invite[0], 487));

        // then
        final List<SentMessage> sent = hiding.sent();
        assertEquals(List.of("ACK", "487 INVITE"), SentMessage.summaries(sent));
        assertHidden(sent.getFirst());
        assertEquals(2, sent.getLast().headers("Via").size());
    }

    @ParameterizedTest
    @EnumSource(value = Mode.class, names = {"STATELESS", "STATEFUL"})
    void shouldHideTheAnswerersOfACallThatComesIn(final Mode mode) {
        // given: the carrier has a proxy of its own
        start(mode);
        final String invite = SipText.invite(CARRIER, "in1", "Record-Route: <sip:10.0.1.9;lr>");
        open.receive(CARRIER, invite);
        hiding.receive(CARRIER, invite);
        final SentMessage[] inside = {only(hiding, CALLER), only(open, CALLER)};
        assertEquals(inside[1].text(), inside[0].text());

        // when: inside there is one as well
        final String[] answer = new String[2];
        for (int i = 0; i < 2; i++) {
            answer[i] = SipText.response(inside[i], 200, "in", "Contact: <sip:desk@10.0.0.44:5070;transport=tcp>")
                    .replaceFirst("Record-Route: ",
                            "Record-Route: <sip:192.168.77.8;lr>, <sip:192.168.77.9;lr>\r\nRecord-Route: ");
        }
        final SentMessage[] success = insideSends(answer[0]);

        // then
        assertEquals(List.of("<sip:10.0.1.9;lr>"), success[0].headers("Record-Route").subList(1, 2));
        for (final String method : new String[] {"ACK", "BYE"}) {
            final SentMessage arrived = carrierSends(inDialog(method, CARRIER, success[0], 2),
                    inDialog(method, CARRIER, success[1], 2));
            assertEquals(method + " sip:desk@10.0.0.44:5070;transport=tcp SIP/2.0", arrived.startLine());
        }
    }

    @ParameterizedTest
    @EnumSource(value = Mode.class, names = {"STATELESS", "STATEFUL"})
    void shouldKnowWhatItHasHiddenAfterARestart(final Mode mode) {
        // given
        start(mode);
        final SentMessage[] invite = insideSends(invite());
        carrierSends(answer(invite[0], 200, "Contact: <sip:bob@10.0.1.1>"),
                answer(invite[1], 200, "Contact: <sip:bob@10.0.1.1>"));

        // when: another life with the same key
        hiding = proxy(mode, true);
        final SentMessage bye = carrierSends(ofCallee("BYE", invite[0]), ofCallee("BYE", invite[1]));

        // then
        assertEquals("BYE sip:alice@10.0.0.1:5061;ob SIP/2.0", bye.startLine());
    }

    @Test
    void shouldRefuseWhatIsNotWhatItHasHidden() {
        // given
        start(Mode.STATELESS);
        final SentMessage[] invite = insideSends(invite());
        final String bye = ofCallee("BYE", invite[0]);
        final String success = answer(invite[0], 200);

        // when, then: one character of a token is another, or it is the token of something else, or of another call
        for (final String forged : new String[] {bye.replaceFirst(";th=r(.)(.)", ";th=r$2$1"),
            bye.replaceFirst(";th=c.", ";th=c-"), bye.replaceFirst(";th=c", ";th=r"),
            bye.replace("Call-ID: c1", "Call-ID: c2"), bye.replaceFirst(";th=r[^>]*", ";th=x")}) {
            if (forged.equals(bye)) {
                continue;
            }
            hiding.sent();
            assertEquals(Disposition.ANSWERED, hiding.receive(CARRIER, forged), forged);
            assertEquals("400 BYE", hiding.only("400 BYE").summary());
        }
        final String ack = ofCallee("ACK", invite[0]).replaceFirst(";th=r.", ";th=r~");
        assertEquals(Disposition.DROPPED_STRAY_ACK, hiding.receive(CARRIER, ack));
        assertEquals(Disposition.DROPPED_STRAY_RESPONSE,
                hiding.receive(CARRIER, success.replaceFirst(";th=v(.)", ";th=v$1A")));
        assertEquals(Disposition.FORWARDED, hiding.receive(CARRIER, success));
        assertTrue(hiding.counters.get(Counter.TOPOLOGY_FORGED) >= 5);
    }

    @Test
    void shouldNeverThrowWhateverTheTokensAre() {
        start(Mode.STATELESS);
        final SentMessage[] invite = insideSends(invite());
        final String bye = ofCallee("BYE", invite[0]);
        final String success = answer(invite[0], 200);
        final long seed = 5297;
        final Random random = new Random(seed);
        for (int i = 0; i < 3_000; i++) {
            final StringBuilder text = new StringBuilder(i % 2 == 0 ? bye : success);
            final int from = text.indexOf(";th=") + 4;
            final int at = from + random.nextInt(40);
            switch (random.nextInt(3)) {
                case 0 -> text.setCharAt(at, "Aa0-_;=%~".charAt(random.nextInt(9)));
                case 1 -> text.delete(at, at + random.nextInt(60));
                default -> text.insert(at, "ABCD".substring(random.nextInt(4)));
            }
            if (text.indexOf("Call-ID: c1\r\n") > 0 && text.indexOf("CSeq: ") > 0 && text.indexOf("From: ") > 0
                    && text.indexOf("To: ") > 0 && text.indexOf("Via: ") > 0 && text.indexOf("\r\n\r\n") > 0) {
                try {
                    hiding.receive(CARRIER, text.toString());
                } catch (final AssertionError notSip) {
                    // The parser has refused it.
                    continue;
                } catch (final RuntimeException e) {
                    throw new AssertionError("seed " + seed + ", step " + i + "\n" + text, e);
                }
                hiding.sentTo(CARRIER).forEach(this::assertHidden);
            }
        }
    }

    @Test
    void shouldHideContactsOfARegistrationAndCallThemByTheTable() {
        // given
        start(Mode.STATEFUL);
        final String register = SipText.request("REGISTER", CALLER, "r1")
                .replaceFirst("Contact: [^\r]*",
                        "Contact: <sip:alice@10.0.0.1:5060>;expires=60, sip:alice@192.168.1.2;q=0.5");
        final SentMessage[] sent = insideSends(register);
        assertEquals(2, sent[0].header("Contact").split(", (?=<)").length, sent[0].header("Contact"));

        // when
        carrierSends(answer(sent[0], 200, "Contact: " + sent[0].header("Contact")),
                answer(sent[1], 200, "Contact: " + sent[1].header("Contact").replace("sip:alice@192.168.1.2;q=0.5",
                        "<sip:alice@192.168.1.2>;q=0.5")));
        final String contact = sent[0].header("Contact").split(">")[0].substring(1);
        hiding.receive(CARRIER, SipText.invite(CARRIER, "in2").replaceFirst("INVITE [^ ]*", "INVITE " + contact));

        // then
        assertEquals("INVITE sip:alice@10.0.0.1:5060 SIP/2.0", only(hiding, CALLER).startLine());
    }

    @Test
    void shouldTellNothingThoughAContactIsTooLongToComeBack() {
        start(Mode.STATEFUL);
        final SentMessage[] invite = insideSends(SipText.invite(CALLER, "c9").replaceFirst("Contact: [^\r]*",
                "Contact: <sip:alice@10.0.0.1;x=" + "y".repeat(900) + ">"));
        assertEquals("<sip:alice@10.9.9.9:5060>", invite[0].header("Contact"));
        assertEquals(1, hiding.counters.get(Counter.TOPOLOGY_TOO_LONG));
    }

    @Test
    void shouldRefuseARequestThatHasComeAlongTooManyHopsToBeHidden() {
        start(Mode.STATEFUL);
        hiding.receive(CALLER, SipText.invite(CALLER, "c8").replace("From: ",
                "Via: SIP/2.0/UDP 192.168.77.7;branch=z9hG4bKinner;x=" + "y".repeat(3_500) + "\r\nFrom: "));
        final List<SentMessage> sent = hiding.sent();
        assertEquals(List.of("100 INVITE", "503 INVITE"), SentMessage.summaries(sent));
    }
}
