package org.tandemsip.engine.proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Instant;
import java.time.ZoneId;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.tandemsip.engine.handler.Disposition;
import org.tandemsip.engine.routing.Balance;
import org.tandemsip.engine.routing.ExpressionCompiler;
import org.tandemsip.engine.routing.HeaderRules;
import org.tandemsip.engine.routing.Messages;
import org.tandemsip.engine.routing.Mode;
import org.tandemsip.engine.routing.NumberRules;
import org.tandemsip.engine.routing.Ping;
import org.tandemsip.engine.routing.PrefixTable;
import org.tandemsip.engine.routing.PrefixTableBuilder;
import org.tandemsip.engine.routing.Route;
import org.tandemsip.engine.routing.RoutingPolicy;
import org.tandemsip.engine.routing.Schedule;
import org.tandemsip.engine.routing.TimeWindow;
import org.tandemsip.engine.routing.Trunk;
import org.tandemsip.engine.routing.TrunkRules;
import org.tandemsip.engine.routing.TrunkState;
import org.tandemsip.engine.routing.WallClock;

/** Numbers rewritten on their way, and ways chosen by them. */
@Timeout(30)
class NumberRoutingTest {
    private static final String CARRIER = "198.51.100.1:5060";
    private static final String VIA = "SIP/2.0/UDP 198.51.100.1:5060;branch=z9hG4bK1";
    private static final Set<NumberRules.Field> URI = EnumSet.of(NumberRules.Field.REQUEST_URI);

    private static NumberRules rules(final Set<NumberRules.Field> fields, final int strip, final String prefix,
            final String... beginnings) {
        final Map<String, String> rules = new LinkedHashMap<>();
        for (int i = 0; i < beginnings.length; i += 2) {
            rules.put(beginnings[i], beginnings[i + 1]);
        }
        return new NumberRules(List.of(NumberRules.Step.of(fields, strip, rules, prefix)));
    }

    private static Trunk with(final Trunk trunk, final NumberRules number, final NumberRules numberIn) {
        return new Trunk(trunk.index(), trunk.name(), trunk.peers(), trunk.allow(), trunk.failover(), 0,
                Balance.CALL_ID, 0, 0, Ping.OFF, new TrunkState(),
                new TrunkRules(HeaderRules.NONE, HeaderRules.NONE, number, numberIn));
    }

    private static ProxyFixture proxy(final Mode mode, final NumberRules in, final NumberRules out,
            final String matchTo) {
        final Trunk carrier = with(ProxyFixture.CARRIER, NumberRules.NONE, in);
        final Trunk pbx = with(ProxyFixture.PBX, out, NumberRules.NONE);
        return new ProxyFixture(Messages.policy(mode, List.of(carrier, pbx),
                List.of(ProxyFixture.route(carrier, new Route.Match(
                        matchTo == null ? null : matchTo.getBytes(java.nio.charset.StandardCharsets.US_ASCII), null,
                        null), pbx), ProxyFixture.route(pbx, carrier))));
    }

    private static String request(final String method, final String uri) {
        return ProxyFixture.message(method, uri, VIA, "", null);
    }

    @ParameterizedTest
    @CsvSource({"sip:0049301234@h, sip:+49301234@h", "sip:0301234@h, sip:+49301234@h", "sip:+1555@h, sip:+1555@h",
        "sip:+49-30.(1)2@h, sip:+493012@h", "sip:%2B4930@h, sip:+4930@h", "sip:%2b4930@h, sip:+4930@h",
        "sip:0301;npdi;rn=+49@h;user=phone?, sip:+49301;npdi;rn=+49@h;user=phone", "sip:alice@h, sip:alice@h",
        "sip:00a@h, sip:00a@h", "sip:h, sip:h", "sip:0:secret@h, sip:+49:secret@h", "tel:0049-30;phone-context=x, "
                + "tel:+4930;phone-context=x",
        "sip:0*21%23@h, sip:+49*21%23@h", "sip:*21#@h, sip:*21#@h",
        "sip:+@h, sip:+@h", "sip:%@h, sip:%@h", "sip:0%2@h, sip:0%2@h"})
    void shouldNormaliseNumbersAndLeaveNamesAlone(final String uri, final String expected) {
        // given
        final ProxyFixture proxy =
                proxy(Mode.STATELESS, rules(URI, 0, "", "00", "+", "0", "+49"), NumberRules.NONE, null);

        // when
        proxy.request(CARRIER, request("MESSAGE", uri.endsWith("?") ? uri.substring(0, uri.length() - 1) : uri));

        // then
        assertEquals("MESSAGE " + expected + " SIP/2.0", proxy.one().startLine());
    }

    @Test
    void shouldTakeEveryStepInItsOrder() {
        // given: strip, then the longest beginning, then prefix; then what the trunk wants
        final NumberRules in = rules(URI, 2, "9", "0", "1", "00", "2", "", "3");
        final ProxyFixture proxy = proxy(Mode.STATELESS, in, rules(URI, 1, "+"), null);

        // then
        for (final String[] pair : new String[][] {{"77005", "+25"}, {"7705", "+15"}, {"775", "+35"}, {"77", "+377"}}) {
            proxy.request(CARRIER, request("MESSAGE", "sip:" + pair[0] + "@h"));
            assertEquals("MESSAGE sip:" + pair[1] + "@h SIP/2.0", proxy.one().startLine());
        }
    }

    @ParameterizedTest
    @EnumSource(value = Mode.class, names = {"STATELESS", "STATEFUL"})
    void shouldRewriteToFromAndIdentitiesOnlyWhereAsked(final Mode mode) {
        // given
        final String text = ProxyFixture.message("MESSAGE", "sip:0301@h", VIA,
                "P-Asserted-Identity: <sip:0302@a>, <tel:0303>\nDiversion: <sip:0304@a>;reason=busy\n"
                        + "Diversion: \"0\" <sip:0305@a>\n",
                null).replace("sip:alice@", "sip:0306@").replace("sip:bob@", "sip:0307@");
        final ProxyFixture all = proxy(mode,
                rules(EnumSet.allOf(NumberRules.Field.class), 0, "", "0", "+49"), NumberRules.NONE, null);
        final ProxyFixture one = proxy(mode, rules(URI, 0, "", "0", "+49"), NumberRules.NONE, null);

        // when
        all.request(CARRIER, text);
        one.request(CARRIER, text);

        // then
        final ProxyFixture.Sent everywhere = all.one();
        assertEquals("MESSAGE sip:+49301@h SIP/2.0", everywhere.startLine());
        assertEquals("<sip:+49302@a>, <tel:+49303>", everywhere.header("P-Asserted-Identity"));
        assertEquals(List.of("<sip:+49304@a>;reason=busy", "\"0\" <sip:+49305@a>"), everywhere.headers("Diversion"));
        assertEquals("\"Alice\" <sip:+49306@carrier.example>;tag=caller", everywhere.header("From"));
        assertEquals("<sip:+49307@b.example>", everywhere.header("To"));
        final ProxyFixture.Sent uriOnly = one.one();
        assertEquals("MESSAGE sip:+49301@h SIP/2.0", uriOnly.startLine());
        assertEquals("<sip:0302@a>, <tel:0303>", uriOnly.header("P-Asserted-Identity"));
        assertEquals("<sip:0307@b.example>", uriOnly.header("To"));
    }

    @ParameterizedTest
    @EnumSource(value = Mode.class, names = {"STATELESS", "STATEFUL"})
    void shouldAnswerWithToAndFromAsTheyCame(final Mode mode) {
        // given
        final ProxyFixture proxy = proxy(mode, rules(EnumSet.of(NumberRules.Field.FROM, NumberRules.Field.TO), 0, "",
                "0", "+49"), NumberRules.NONE, null);
        final String invite = request("INVITE", "sip:0301@h").replace("sip:alice@", "sip:030-6;x=1@")
                .replace("sip:bob@", "sip:0307@");
        proxy.request(CARRIER, invite);
        final ProxyFixture.Sent sent = proxy.sent.pollLast();
        assertEquals("\"Alice\" <sip:+49306;x=1@carrier.example>;tag=caller", sent.header("From"));
        assertFalse(sent.text().contains("030-6") || sent.text().contains("0307"), sent.text());
        proxy.sent.clear();

        // when: provisional, final, and that once more
        for (final int status : new int[] {180, 200, 200}) {
            proxy.response("10.0.0.11:5060", ProxyFixture.answer(sent, status, "callee"));

            // then
            final ProxyFixture.Sent answer = proxy.one();
            assertEquals("\"Alice\" <sip:030-6;x=1@carrier.example>;tag=caller", answer.header("From"));
            assertEquals("<sip:0307@b.example>;tag=callee", answer.header("To"));
        }
    }

    @Test
    void shouldLeaveAnAnswerAloneThatBringsAnothersNames() {
        // given: two requests of two calls
        final ProxyFixture proxy = proxy(Mode.STATELESS, rules(EnumSet.of(NumberRules.Field.FROM), 0, "", "0", "+49"),
                NumberRules.NONE, null);
        final String text = request("MESSAGE", "sip:1@h").replace("sip:alice@", "sip:0306@");
        proxy.request(CARRIER, text);
        final String first = proxy.one().header("Via").replaceFirst(".*(;on=[^;]*).*", "$1");
        proxy.request(CARRIER, text.replace("call-1", "call-2"));
        final ProxyFixture.Sent second = proxy.one();

        // when, then: a token of the other, or none at all
        for (final String token : new String[] {first, ";on=nAAAA", ";on=n", ";on", ""}) {
            proxy.response("10.0.0.11:5060",
                    ProxyFixture.answer(second, 200, "b").replaceFirst(";on=[^;\n]*", token));
            assertEquals("\"Alice\" <sip:+49306@carrier.example>;tag=caller", proxy.one().header("From"), token);
        }
    }

    @Test
    void shouldRewriteAckAndCancelAsTheirInviteAndNothingInsideDialog() {
        // given
        final ProxyFixture proxy = proxy(Mode.STATELESS, rules(URI, 0, "", "0", "+49"), NumberRules.NONE, "+49*");

        // when
        final String invite = request("INVITE", "sip:0301@h");
        proxy.request(CARRIER, invite);
        final ProxyFixture.Sent sent = proxy.one();
        proxy.request(CARRIER, invite.replace("INVITE", "CANCEL"));
        final ProxyFixture.Sent cancel = proxy.one();
        proxy.request(CARRIER, ProxyFixture.message("ACK", "sip:0301@h", VIA, "", "callee"));
        final ProxyFixture.Sent ack = proxy.one();

        // then
        assertEquals("INVITE sip:+49301@h SIP/2.0", sent.startLine());
        assertEquals("CANCEL sip:+49301@h SIP/2.0", cancel.startLine());
        assertEquals("ACK sip:+49301@h SIP/2.0", ack.startLine());
        assertEquals(List.of(sent.to(), sent.to()), List.of(cancel.to(), ack.to()));
        assertEquals(sent.topBranch(), ack.topBranch());

        // and: what our token says belongs to a dialog
        final String route = "Route: " + sent.header("Record-Route") + "\n";
        for (final String method : List.of("ACK", "BYE", "INVITE")) {
            proxy.request(CARRIER, ProxyFixture.message(method, "sip:0301@10.0.0.11", VIA, route, "callee"));
            assertEquals(method + " sip:0301@10.0.0.11 SIP/2.0", proxy.one().startLine());
        }
    }

    @Test
    void shouldCarryRewrittenUriBehindStrictRouter() {
        // given
        final ProxyFixture proxy = proxy(Mode.STATELESS, rules(URI, 0, "", "0", "+49"), NumberRules.NONE, null);

        // when
        proxy.request(CARRIER, ProxyFixture.message("MESSAGE", "sip:0301@h", VIA,
                "Route: <sip:10.0.0.11>\n", null));

        // then
        final ProxyFixture.Sent sent = proxy.one();
        assertEquals("MESSAGE sip:10.0.0.11 SIP/2.0", sent.startLine());
        assertEquals("<sip:+49301@h>", sent.header("Route"));
    }

    @Test
    void shouldMatchRoutesByWhatTheTrunkMakesOfANumber() {
        final ProxyFixture proxy = proxy(Mode.STATELESS, rules(URI, 0, "", "0", "+49"), NumberRules.NONE, "+4930*");
        assertEquals(Disposition.FORWARDED, proxy.request(CARRIER, request("MESSAGE", "sip:030-1@h")));
        proxy.one();
        assertEquals(Disposition.ANSWERED, proxy.request(CARRIER, request("MESSAGE", "sip:040-1@h")));
        assertTrue(proxy.one().startLine().startsWith("SIP/2.0 404"));
    }

    private static RoutingPolicy byPrefix(final Mode mode, final String... rows) {
        final PrefixTableBuilder builder = new PrefixTableBuilder();
        for (final String row : rows) {
            final String[] fields = row.split(",");
            builder.add(fields[0], fields[1], Long.parseLong(fields[2]));
        }
        final PrefixTable table = builder.build();
        final Trunk carrier = with(ProxyFixture.CARRIER, NumberRules.NONE, rules(URI, 0, "", "0", "+49"));
        final Map<String, Trunk> trunks = new LinkedHashMap<>();
        trunks.put("carrier", carrier);
        for (int i = 1; i < 5; i++) {
            trunks.put("t" + i, Messages.trunk(i, "t" + i, List.of("10.0.0.2" + i + ":5060"), List.of()));
        }
        return Messages.policy(mode, List.copyOf(trunks.values()),
                List.of(new Route("lcr", carrier, Route.Match.ANY, table.trunks().stream().map(trunks::get).toList(),
                        List.of(trunks.get("t4")), List.of(), null, HeaderRules.NONE, NumberRules.NONE, table, null)));
    }

    @Test
    void shouldTryTrunksOfLongestPrefixInOrderOfCostAndThenTheBackup() {
        // given
        final ProxyFixture proxy = new ProxyFixture(
                byPrefix(Mode.STATEFUL, "49,t1,5", "4930,t2,9", "4930,t3,2", "4930,t1,7", "1,t1,1"));

        // when
        proxy.request(CARRIER, request("INVITE", "sip:0301@h"));

        // then
        final StringBuilder tried = new StringBuilder();
        for (int i = 0; i < 4; i++) {
            final ProxyFixture.Sent sent = proxy.sent.stream().filter(each -> each.startLine().startsWith("INVITE"))
                    .findFirst().orElseThrow();
            tried.append(sent.to().split(" ")[1]).append(' ');
            proxy.sent.clear();
            proxy.response(sent.to().split(" ")[1] + ":5060", ProxyFixture.answer(sent, 503, "t"));
        }
        assertEquals("10.0.0.23 10.0.0.21 10.0.0.22 10.0.0.24 ", tried.toString());
    }

    @Test
    void shouldNotMatchWhenNoPrefixFits() {
        final ProxyFixture proxy = new ProxyFixture(byPrefix(Mode.STATELESS, "4930,t1,5"));
        proxy.request(CARRIER, request("MESSAGE", "sip:040@h"));
        assertTrue(proxy.one().startLine().startsWith("SIP/2.0 404"));
        proxy.request(CARRIER, request("MESSAGE", "sip:alice@h"));
        assertTrue(proxy.one().startLine().startsWith("SIP/2.0 404"));
        proxy.request(CARRIER, request("MESSAGE", "sip:030@h"));
        assertEquals("UDP 10.0.0.21 5060", proxy.one().to());
    }

    @Test
    void shouldLetPreloadedRouteNameOnlyTrunksOfThePrefix() {
        // given
        final ProxyFixture proxy = new ProxyFixture(byPrefix(Mode.STATELESS, "4930,t1,5", "4940,t2,5"));

        // when: the Route names the trunk of another prefix
        proxy.request(CARRIER, ProxyFixture.message("MESSAGE", "sip:030@h", VIA, "Route: <sip:10.0.0.22;lr>\n", null));

        // then
        assertEquals("UDP 10.0.0.21 5060", proxy.one().to());
    }

    private static Route line(final String name, final Trunk from, final Trunk to, final String expression,
            final Schedule when) throws Exception {
        return new Route(name, from,
                new Route.Match(null, null, null,
                        expression == null ? null : ExpressionCompiler.compile(expression), null),
                List.of(to), List.of(), List.of(), null, HeaderRules.NONE, NumberRules.NONE, null, when);
    }

    @Test
    void shouldMatchExpressionsWithWhatTheTrunkMakesOfANumber() throws Exception {
        // given
        final Trunk carrier = with(ProxyFixture.CARRIER, NumberRules.NONE, rules(URI, 0, "", "0", "+49"));
        final ProxyFixture proxy = new ProxyFixture(Messages.policy(Mode.STATELESS, List.of(carrier, ProxyFixture.PBX),
                List.of(line("mobile", carrier, ProxyFixture.PBX, "^(\\+491[567].*|alice)$", null))));

        // then
        for (final String[] row : new String[][] {{"0151-2", "PBX"}, {"+49172", "PBX"}, {"0301", "404"},
            {"alice", "PBX"}, {"alicex", "404"}}) {
            proxy.request(CARRIER, request("MESSAGE", "sip:" + row[0] + "@h"));
            assertEquals(row[1].equals("404"), proxy.one().startLine().startsWith("SIP/2.0 404"), row[0]);
        }
    }

    @Test
    void shouldPassOverRoutesWhoseTimeItIsNot() throws Exception {
        // given: Monday 2026-01-05, 17:59:50 in Berlin
        final WallClock clock = new WallClock();
        final Instant monday = Instant.parse("2026-01-05T16:59:50Z");
        clock.set(monday.toEpochMilli(), 0);
        final Schedule office = new Schedule(new TimeWindow(ZoneId.of("Europe/Berlin"), Set.of(0, 1, 2, 3, 4),
                List.of(new TimeWindow.Hours(8 * 3_600, 18 * 3_600)), monday), clock);
        final Trunk night = Messages.trunk(2, "night", List.of("10.0.0.30:5060"), List.of());
        final Trunk day = Messages.trunk(1, "day", List.of("10.0.0.20:5060"), List.of());
        final ProxyFixture proxy = new ProxyFixture(Messages.policy(Mode.STATEFUL,
                List.of(ProxyFixture.CARRIER, day, night),
                List.of(line("office", ProxyFixture.CARRIER, day, null, office),
                        line("else", ProxyFixture.CARRIER, night, null, null))));

        // then
        proxy.request(CARRIER, request("MESSAGE", "sip:1@h"));
        assertEquals("UDP 10.0.0.20 5060", proxy.one().to());
        proxy.sleep(10);
        proxy.request(CARRIER, request("MESSAGE", "sip:1@h").replace("call-1", "call-2"));
        assertEquals("UDP 10.0.0.30 5060", proxy.one().to());
    }
}
