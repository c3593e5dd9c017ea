package org.tandemsip.engine.proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.tandemsip.codec.HeaderField;
import org.tandemsip.engine.proxy.ProxyFixture.Sent;
import org.tandemsip.engine.routing.Balance;
import org.tandemsip.engine.routing.HeaderRules;
import org.tandemsip.engine.routing.Messages;
import org.tandemsip.engine.routing.Mode;
import org.tandemsip.engine.routing.Ping;
import org.tandemsip.engine.routing.Route;
import org.tandemsip.engine.routing.RoutingPolicy;
import org.tandemsip.engine.routing.Trunk;
import org.tandemsip.engine.routing.TrunkRules;
import org.tandemsip.engine.routing.TrunkState;
import org.tandemsip.engine.routing.Trust;
import org.tandemsip.engine.routing.Zone;

/** Who is believed and who is told what: RFC 3325, RFC 3323. */
@Timeout(60)
class IdentityTest {
    private static final String CARRIER = "198.51.100.1:5060";
    private static final String PBX = "10.0.0.11:5060";
    private static final String VIA = "SIP/2.0/UDP 198.51.100.1:5060;branch=z9hG4bK1";
    private static final List<String> ASSERTED = List.of("P-Asserted-Identity", "P-Preferred-Identity",
            "P-Charging-Vector", "P-Charging-Function-Addresses", "P-Asserted-Service", "Remote-Party-ID", "Diversion",
            "History-Info", "P-Served-User", "P-Early-Media");

    private static Trunk with(final Trunk trunk, final Zone zone, final boolean identity, final TrunkRules given) {
        final TrunkRules rules = identity ? given : given.untrusted();
        return new Trunk(trunk.index(), trunk.name(), trunk.peers(), trunk.allow(), trunk.failover(), 0,
                Balance.CALL_ID, 0, 0, Ping.OFF, new TrunkState(), rules,
                new Trust(zone, identity, 0, null, rules.headers()));
    }

    /** A carrier and a PBX, in a network of one shard. */
    private static ProxyFixture proxy(final Mode mode, final boolean trustsCarrier, final boolean trustsPbx,
            final TrunkRules carrierRules) {
        final Trunk carrier = with(ProxyFixture.CARRIER, Zone.TRUNK, trustsCarrier, carrierRules);
        final Trunk pbx = with(ProxyFixture.PBX, Zone.CORE, trustsPbx, TrunkRules.NONE);
        return new ProxyFixture(Messages.policy(mode, List.of(carrier, pbx),
                List.of(ProxyFixture.route(carrier, pbx), ProxyFixture.route(pbx, carrier))));
    }

    private static String invite(final String rows) {
        return ProxyFixture.message("MESSAGE", "sip:+1@203.0.113.10", VIA, rows, null);
    }

    private static String rows() {
        final StringBuilder rows = new StringBuilder();
        ASSERTED.forEach(name -> rows.append(name).append(": <sip:boss@corp.example>\n"));
        return rows + "Identity: eyJ0;info=<https://cert.example>\n";
    }

    private static Sent last(final ProxyFixture proxy) {
        final Sent last = proxy.sent.pollLast();
        proxy.sent.clear();
        return last;
    }

    @ParameterizedTest
    @EnumSource(value = Mode.class, names = {"STATELESS", "STATEFUL"})
    void shouldBelieveNothingThatAnUntrustedTrunkAsserts(final Mode mode) {
        final ProxyFixture proxy = proxy(mode, false, true, TrunkRules.NONE);
        proxy.request(CARRIER, invite(rows()));
        final Sent request = last(proxy);
        ASSERTED.forEach(name -> assertEquals(List.of(), request.headers(name)));
        assertEquals("eyJ0;info=<https://cert.example>", request.header("Identity"));

        // and nothing in its answers
        proxy.request(PBX,
                invite("P-Asserted-Identity: <sip:alice@corp.example>\n").replace("198.51.100.1", "10.0.0.11"));
        final Sent out = last(proxy);
        assertEquals("<sip:alice@corp.example>", out.header("P-Asserted-Identity"));
        proxy.response(CARRIER, ProxyFixture.answer(out, 200, "b").replace("Content-Length",
                "P-Asserted-Identity: <sip:president@gov.example>\nContent-Length"));
        assertEquals(null, last(proxy).header("P-Asserted-Identity"));
    }

    @ParameterizedTest
    @EnumSource(value = Mode.class, names = {"STATELESS", "STATEFUL"})
    void shouldPassOnWhatATrustedTrunkAssertsToATrustedOne(final Mode mode) {
        final ProxyFixture proxy = proxy(mode, true, true, TrunkRules.NONE);
        proxy.request(CARRIER, invite(rows() + "Privacy: id;user\n"));
        final Sent request = last(proxy);
        ASSERTED.forEach(name -> assertEquals("<sip:boss@corp.example>", request.header(name)));
        assertEquals("id;user", request.header("Privacy"));
    }

    @Test
    void shouldKeepWhatIsForTheHouseInTheHouse() {
        final ProxyFixture proxy = proxy(Mode.STATEFUL, false, true, TrunkRules.NONE);
        proxy.request(PBX, invite(rows()).replace("198.51.100.1", "10.0.0.11"));
        final Sent request = last(proxy);
        for (final String name : List.of("P-Charging-Vector", "P-Charging-Function-Addresses", "P-Asserted-Service",
                "P-Served-User", "P-Preferred-Identity")) {
            assertEquals(null, request.header(name), name);
        }
        for (final String name : List.of("P-Asserted-Identity", "Diversion", "History-Info", "Remote-Party-ID")) {
            assertEquals("<sip:boss@corp.example>", request.header(name), name);
        }
    }

    @ParameterizedTest
    @CsvSource({"id,false,true,true", "ID ; critical,false,true,true", "'none',true,true,true",
        "'none; id',true,true,true", "user,false,false,false", "header;user,false,false,false",
        "history,true,true,false", "session,true,true,true", "'id, history',false,true,false", "'',true,true,true",
        "something-new,true,true,true"})
    void shouldTellAnUntrustedTrunkNoMoreThanPrivacyLets(final String privacy, final boolean identity,
            final boolean agent, final boolean history) {
        for (final Mode mode : List.of(Mode.STATELESS, Mode.STATEFUL)) {
            // given
            final ProxyFixture proxy = proxy(mode, false, true, TrunkRules.NONE);
            final String rows = "Privacy: " + privacy + "\nP-Asserted-Identity: <sip:alice@corp.example>\n"
                    + "P-Asserted-Identity : <tel:+1>\nremote-party-id: <sip:alice@corp.example>\nUser-Agent: Alice\n"
                    + "Subject: x\nHistory-Info: <sip:old@corp.example>\n";

            // when
            proxy.request(PBX, invite(rows).replace("198.51.100.1", "10.0.0.11"));

            // then
            final Sent request = last(proxy);
            final String text = request.text().toLowerCase(Locale.ROOT);
            assertEquals(identity, text.contains("p-asserted-identity"), text);
            assertEquals(identity, text.contains("remote-party-id"), text);
            assertEquals(agent, text.contains("user-agent") && text.contains("subject"), text);
            assertEquals(history, text.contains("history-info"), text);
            assertEquals(privacy, request.header("Privacy") == null ? "" : request.header("Privacy").strip());
        }
    }

    @Test
    void shouldKeepTheIdentityOfTheCalleeWhenItsAnswerAsksForThat() {
        final ProxyFixture proxy = proxy(Mode.STATEFUL, false, true, TrunkRules.NONE);
        for (final String privacy : List.of("id", "none")) {
            proxy.request(CARRIER, invite("").replace("call-1", "call-" + privacy));
            proxy.response(PBX, ProxyFixture.answer(last(proxy), 200, "b").replace("Content-Length",
                    "P-Asserted-Identity: <sip:bob@corp.example>\nPrivacy: " + privacy + "\nContent-Length"));
            assertEquals(privacy.equals("id") ? null : "<sip:bob@corp.example>",
                    last(proxy).header("P-Asserted-Identity"));
        }
    }

    @ParameterizedTest
    @CsvSource({"user;critical,500", "header;critical,0", "user;header;critical,500", "session;critical,500",
        "unheard-of;critical,500",
        "id;critical,0", "history;id;critical,0", "user,0", "none;user;critical,0"})
    void shouldFailRatherThanGoOnWithoutCriticalPrivacy(final String privacy, final int status) {
        for (final Mode mode : List.of(Mode.STATELESS, Mode.STATEFUL)) {
            final String rows = "Privacy: " + privacy + "\n";
            final ProxyFixture out = proxy(mode, false, true, TrunkRules.NONE);
            out.request(PBX, invite(rows).replace("198.51.100.1", "10.0.0.11"));
            final String line = last(out).startLine();
            assertEquals(status == 500, line.startsWith("SIP/2.0 500"), line);

            // Inside the trust domain nothing has to be done yet.
            final ProxyFixture inside = proxy(mode, true, true, TrunkRules.NONE);
            inside.request(PBX, invite(rows).replace("198.51.100.1", "10.0.0.11"));
            assertTrue(last(inside).startLine().startsWith("MESSAGE"));
        }
    }

    @ParameterizedTest
    @EnumSource(value = Mode.class, names = {"STATELESS", "STATEFUL"})
    void shouldKeepTheAddressesOfWhoAsksForThatByPrivacy(final Mode mode) {
        // given: neither trunk hides the topology of itself
        final String from = VIA.replace("198.51.100.1", "10.0.0.11");
        final String invite = ProxyFixture.message("INVITE", "sip:+1@203.0.113.10", from, "Via: SIP/2.0/TCP 10.7.7.7\n"
                + "Record-Route: <sip:10.7.7.7;lr>\nContact: \"Alice\" <sip:alice@10.0.0.11:5062>\n"
                + "Privacy: header;critical\n", null);
        final ProxyFixture proxy = proxy(mode, false, true, TrunkRules.NONE);

        // when
        proxy.request(PBX, invite);
        final Sent out = last(proxy);

        // then: nothing of them is in it, and the way back leads through us
        assertFalse(out.text().contains("10.0.0.11") || out.text().contains("10.7.7.7"), out.text());
        assertEquals(1, out.headers("Via").size());
        assertTrue(out.header("Contact").matches("\\s*<sip:203\\.0\\.113\\.10:5060;th=c[^>]+>"), out.header("Contact"));
        proxy.response(CARRIER, ProxyFixture.answer(out, 200, "b"));
        assertEquals(List.of(from, "SIP/2.0/TCP 10.7.7.7"), last(proxy).headers("Via").stream()
                .map(via -> via.replaceFirst(";(received|rport)=.*", "")).toList());

        // and requests of the other side arrive, after a restart too
        final String target = out.header("Contact").replaceFirst(".*<(.*)>", "$1");
        final String route = out.header("Record-Route");
        proxy.restart(proxy.policy());
        proxy.request(CARRIER, ProxyFixture.message("INFO", target, VIA, "Route: " + route + "\n", "caller"));
        final Sent info = last(proxy);
        assertEquals("INFO sip:alice@10.0.0.11:5062 SIP/2.0", info.startLine());
        assertEquals("<sip:10.7.7.7;lr>", info.header("Route"));

        // and who is trusted, or is asked to keep nothing, sees all
        final ProxyFixture inside = proxy(mode, true, true, TrunkRules.NONE);
        inside.request(PBX, invite);
        assertTrue(last(inside).text().contains("<sip:alice@10.0.0.11:5062>"));
        proxy.request(PBX, invite.replace("header;critical", "id").replace("call-1", "call-2"));
        assertTrue(last(proxy).text().contains("<sip:alice@10.0.0.11:5062>"));
    }

    @Test
    void shouldKeepTheAddressesOfACalleeThatAsksForThat() {
        final ProxyFixture proxy = proxy(Mode.STATEFUL, false, true, TrunkRules.NONE);
        proxy.request(CARRIER, ProxyFixture.message("INVITE", "sip:+1@203.0.113.10", VIA, "", null));
        proxy.response(PBX, ProxyFixture.answer(last(proxy), 200, "b").replace("Content-Length",
                "Privacy: header\nContact: <sip:bob@10.0.0.77>\nContent-Length"));
        final Sent success = last(proxy);
        assertFalse(success.text().contains("10.0.0.77") || success.header("Contact").contains("bob@"),
                success.text());
    }

    @Test
    void shouldAssertTheIdentityThatTheConfigurationGivesATrunk() {
        // given: headers-in of the carrier sets it
        final HeaderRules in = new HeaderRules(List.of(), List.of(new HeaderRules.Field(
                HeaderField.of("P-Asserted-Identity"), "<sip:+15550100@corp.example>")), List.of());
        final ProxyFixture proxy = proxy(Mode.STATELESS, false, true, new TrunkRules(HeaderRules.NONE, in));

        // when
        proxy.request(CARRIER, invite("P-Asserted-Identity: <sip:boss@corp.example>\n"));

        // then
        assertEquals(List.of("<sip:+15550100@corp.example>"), last(proxy).headers("P-Asserted-Identity"));
    }

    @Test
    void shouldLetNoSpellingOfAnAssertedIdentityThrough() {
        final long seed = 42;
        final Random random = new Random(seed);
        final ProxyFixture proxy = proxy(Mode.STATELESS, false, true, TrunkRules.NONE);
        for (int i = 0; i < 5_000; i++) {
            final List<String> names = new ArrayList<>(ASSERTED);
            final String name = names.get(random.nextInt(names.size()));
            final StringBuilder row = new StringBuilder();
            for (final char c : name.toCharArray()) {
                row.append(random.nextBoolean() ? Character.toUpperCase(c) : Character.toLowerCase(c));
            }
            row.append(" ".repeat(random.nextInt(3))).append(random.nextInt(4) == 0 ? "\t" : "").append(':')
                    .append(random.nextInt(4) == 0 ? "\n " : " ").append("<sip:boss@corp.example>\n");
            proxy.request(CARRIER, invite("X-A: 1\n" + row + "X-B: 2\n"));
            final Sent sent = last(proxy);
            assertFalse(sent.text().contains("boss"), () -> "seed " + seed + ": " + sent.text());
            assertEquals("2", sent.header("X-B"));
        }
    }

    @Test
    void shouldAnswer403WhenSomebodyPublicHasPreloadedARoute() {
        final Trunk phones = with(ProxyFixture.CARRIER, Zone.PUBLIC, false, TrunkRules.NONE);
        final Trunk pbx = with(ProxyFixture.PBX, Zone.CORE, true, TrunkRules.NONE);
        final RoutingPolicy policy = Messages.policy(Mode.STATEFUL, List.of(phones, pbx),
                List.of(new Route("in", phones, Route.Match.ANY, List.of(pbx), List.of(), List.of(), null)));
        final ProxyFixture proxy = new ProxyFixture(policy);
        for (final String toTag : new String[] {null, "made-up"}) {
            for (final String route : List.of("<sip:10.0.0.12;lr>", "<sip:evil.example;lr>",
                    "<sip:203.0.113.10;lr>, <sip:10.0.0.12;lr>")) {
                proxy.request(CARRIER, ProxyFixture.message("INVITE", "sip:+1@203.0.113.10", VIA,
                        "Route: " + route + "\n", toTag));
                assertEquals("SIP/2.0 403 Forbidden", last(proxy).startLine());
            }
        }
        // A phone that has us as its outbound proxy.
        proxy.request(CARRIER, ProxyFixture.message("INVITE", "sip:+1@203.0.113.10", VIA,
                "Route: <sip:203.0.113.10;lr>\n", null));
        assertTrue(last(proxy).startLine().startsWith("INVITE"));
    }
}
