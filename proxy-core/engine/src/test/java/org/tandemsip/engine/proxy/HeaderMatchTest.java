package org.tandemsip.engine.proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tandemsip.codec.HeaderField;
import org.tandemsip.engine.handler.Disposition;
import org.tandemsip.engine.routing.Balance;
import org.tandemsip.engine.routing.ExpressionCompiler;
import org.tandemsip.engine.routing.HeaderMatch;
import org.tandemsip.engine.routing.HeaderRules;
import org.tandemsip.engine.routing.Messages;
import org.tandemsip.engine.routing.Mode;
import org.tandemsip.engine.routing.Ping;
import org.tandemsip.engine.routing.Route;
import org.tandemsip.engine.routing.RoutingPolicy;
import org.tandemsip.engine.routing.Trunk;
import org.tandemsip.engine.routing.TrunkRules;
import org.tandemsip.engine.routing.TrunkState;

/** Ways chosen by header fields. */
@Timeout(30)
class HeaderMatchTest {
    private static final String CARRIER = "198.51.100.1:5060";
    private static final String VIA = "SIP/2.0/UDP 198.51.100.1:5060;branch=z9hG4bK1";

    private static HeaderMatch match(final String name, final String text) throws Exception {
        return new HeaderMatch(HeaderField.of(name), text, text.startsWith("/")
                ? ExpressionCompiler.compile(text.substring(1, text.length() - 1)) : null);
    }

    private static RoutingPolicy policy(final HeaderRules headersIn, final HeaderMatch... headers) {
        final Trunk given = ProxyFixture.CARRIER;
        final Trunk carrier = new Trunk(given.index(), given.name(), given.peers(), given.allow(), given.failover(), 0,
                Balance.CALL_ID, 0, 0, Ping.OFF, new TrunkState(), new TrunkRules(HeaderRules.NONE, headersIn));
        return Messages.policy(Mode.STATEFUL, List.of(carrier, ProxyFixture.PBX), List.of(ProxyFixture.route(carrier,
                new Route.Match(null, null, null, null, null, List.of(headers)), ProxyFixture.PBX)));
    }

    private static Disposition send(final RoutingPolicy policy, final String rows) {
        return new ProxyFixture(policy).request(CARRIER,
                ProxyFixture.message("MESSAGE", "sip:1@h", VIA, rows.replace("|", "\n") + "\n", null));
    }

    @ParameterizedTest
    @CsvSource({"X-Tenant: acme, true", "x-tenant  :  acme  , true", "X-Tenant: acme corp, false",
        "X-Tenant: Acme, false", "X-Tenant: acm, false", "X-Tenants: acme, false",
        "X-Tenant: other|X-Tenant: acme, true", "X-Tenant:, false", "X-Other: acme, false"})
    void shouldCompareTheWholeValueOfAnyRow(final String rows, final boolean fits) throws Exception {
        assertEquals(fits ? Disposition.FORWARDED : Disposition.ANSWERED,
                send(policy(HeaderRules.NONE, match("X-Tenant", "acme")), rows));
    }

    @ParameterizedTest
    @CsvSource({"Subject, sale*, s: sales, true", "Subject, sale*, Subject: a sale, false",
        "Subject, *, SUBJECT: anything, true", "Subject, *, X-Subject: anything, false",
        "Subject, /sale|offer/, s: an offer, true", "Subject, /^sale/, s: no sale, false",
        "Session-Expires, /;refresher=uac/, x: 90;refresher=uac, true"})
    void shouldTakePrefixesExpressionsAndCompactForms(final String name, final String text, final String rows,
            final boolean fits) throws Exception {
        assertEquals(fits ? Disposition.FORWARDED : Disposition.ANSWERED,
                send(policy(HeaderRules.NONE, match(name, text)), rows));
    }

    @Test
    void shouldWantEveryFieldThatIsNamed() throws Exception {
        final RoutingPolicy policy = policy(HeaderRules.NONE, match("X-A", "1"), match("X-B", "2"));
        assertEquals(Disposition.ANSWERED, send(policy, "X-A: 1"));
        assertEquals(Disposition.FORWARDED, send(policy, "X-B: 2|X-A: 1"));
    }

    @Test
    void shouldSeeWhatTheTrunksOwnRulesLeave() throws Exception {
        // given: nobody out there says who they are; what we say of them ourselves counts
        final HeaderRules in = new HeaderRules(List.of(HeaderField.of("P-Asserted-Identity")),
                List.of(new HeaderRules.Field(HeaderField.of("X-Tenant"), "acme")), List.of());

        // then
        assertEquals(Disposition.ANSWERED,
                send(policy(in, match("P-Asserted-Identity", "*")), "P-Asserted-Identity: <tel:1>"));
        assertEquals(Disposition.ANSWERED, send(policy(in, match("X-Tenant", "other")), "X-Tenant: other"));
        assertEquals(Disposition.FORWARDED, send(policy(in, match("X-Tenant", "acme")), "X-Tenant: other"));
    }

    @Test
    void shouldNotBeSwitchedToAModeThatKnowsNoCalls() throws Exception {
        final RoutingPolicy policy = policy(HeaderRules.NONE, match("X-A", "1"));
        assertTrue(policy.withMode(Mode.STATELESS).statelessConflict().startsWith("'header' of route "));
    }
}
