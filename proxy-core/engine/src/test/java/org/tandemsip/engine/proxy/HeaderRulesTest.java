package org.tandemsip.engine.proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.List;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tandemsip.codec.Edits;
import org.tandemsip.codec.HeaderField;
import org.tandemsip.codec.SipMessage;
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

/** Header fields taken out of messages and put into them. */
@Timeout(30)
class HeaderRulesTest {
    private static final String CARRIER = "198.51.100.1:5060";
    private static final String VIA = "SIP/2.0/UDP 198.51.100.1:5060;branch=z9hG4bK1";

    private static HeaderField name(final String name) {
        return HeaderField.of(name);
    }

    private static HeaderRules.Field field(final String name, final String value) {
        return new HeaderRules.Field(name(name), value);
    }

    private static HeaderRules remove(final String... names) {
        return new HeaderRules(Arrays.stream(names).map(HeaderField::of).toList(), List.of(), List.of());
    }

    private static Trunk with(final Trunk trunk, final HeaderRules headers, final HeaderRules headersIn) {
        return new Trunk(trunk.index(), trunk.name(), trunk.peers(), trunk.allow(), trunk.failover(), 0,
                Balance.CALL_ID, 0, 0, Ping.OFF, new TrunkState(), new TrunkRules(headers, headersIn));
    }

    private static RoutingPolicy policy(final Mode mode, final HeaderRules carrierIn, final HeaderRules route,
            final HeaderRules pbx) {
        final Trunk carrier = with(ProxyFixture.CARRIER, HeaderRules.NONE, carrierIn);
        final Trunk to = with(ProxyFixture.PBX, pbx, HeaderRules.NONE);
        return Messages.policy(mode, List.of(carrier, to),
                List.of(new Route("in", carrier, Route.Match.ANY, List.of(to), List.of(), List.of(), null, route)));
    }

    private static String request(final String rows) {
        return ProxyFixture.message("MESSAGE", "sip:+1@203.0.113.10", VIA, rows, null);
    }

    @ParameterizedTest
    @ValueSource(strings = {"Subject: x", "s: x", "S : x", "SUBJECT\t:x", "subject:\n x", "Subject:"})
    void shouldRemoveFieldHoweverItIsWritten(final String row) {
        for (final String configured : List.of("Subject", "subject", "s", "Sub*")) {
            // given
            final ProxyFixture proxy = new ProxyFixture(
                    policy(Mode.STATELESS, HeaderRules.NONE, HeaderRules.NONE, remove(configured)));

            // when
            proxy.request(CARRIER, request("X-Keep: 1\n" + row + "\n" + row + "\nX-Last: 2\n"));

            // then
            final ProxyFixture.Sent sent = proxy.one();
            assertFalse(sent.text().toLowerCase(java.util.Locale.ROOT).contains("sub"), sent.text());
            assertFalse(sent.text().contains("x\r\n"), sent.text());
            assertEquals("1", sent.header("X-Keep"));
            assertEquals("2", sent.header("X-Last"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"Referred-By|b", "Refer-To|r", "Supported|k", "Event|o", "Session-Expires|x", "Identity|y",
        "Accept-Contact|a", "Reject-Contact|j", "Request-Disposition|d", "Allow-Events|u", "Identity-Info|n"})
    void shouldKnowCompactForms(final String names) {
        final String[] forms = names.split("\\|");
        final SipMessage message = Messages.parse(request(forms[1] + ": x\n" + forms[0] + ": y\n"));
        int found = 0;
        for (int row = 0; row < message.rows(); row++) {
            found += name(forms[0]).names(message, row) && name(forms[1]).names(message, row) ? 1 : 0;
        }
        assertEquals(2, found, names);
    }

    @ParameterizedTest
    @EnumSource(value = Mode.class, names = {"STATELESS", "STATEFUL"})
    void shouldApplyTrunkThenRouteThenTrunk(final Mode mode) {
        // given: what one of them puts in, the next may take out again
        final HeaderRules in = new HeaderRules(List.of(name("X-Charge")), List.of(),
                List.of(field("X-A", "in"), field("X-B", "in"), field("X-C", "in")));
        final HeaderRules route = new HeaderRules(List.of(name("X-B")), List.of(field("User-Agent", "Tandem")),
                List.of(field("X-A", "route")));
        final HeaderRules out = new HeaderRules(List.of(), List.of(field("X-C", "out")), List.of());
        final ProxyFixture proxy = new ProxyFixture(policy(mode, in, route, out));

        // when
        proxy.request(CARRIER, request("x-charge: 9\nuser-agent: Old\nX-A: caller\nX-B: caller\nX-C: caller\n"));

        // then
        final ProxyFixture.Sent sent = proxy.one();
        assertNull(sent.header("x-charge"));
        assertNull(sent.header("user-agent"));
        assertEquals("Tandem", sent.header("User-Agent"));
        assertEquals(List.of("caller", "in", "route"), sent.headers("X-A"));
        assertEquals(List.of(), sent.headers("X-B"));
        assertEquals(List.of("out"), sent.headers("X-C"));
        Messages.parse(sent.text());
    }

    @Test
    void shouldChangeRetransmissionAndCancelAlike() {
        // given
        final HeaderRules out = new HeaderRules(List.of(name("X-*")), List.of(), List.of(field("P-Note", "a, b")));
        final ProxyFixture proxy =
                new ProxyFixture(policy(Mode.STATELESS, HeaderRules.NONE, HeaderRules.NONE, out));
        final String invite = ProxyFixture.message("INVITE", "sip:+1@203.0.113.10", VIA, "X-1: a\nX-2: b\n", null);

        // when
        proxy.request(CARRIER, invite);
        final ProxyFixture.Sent first = proxy.one();
        proxy.request(CARRIER, invite);
        final ProxyFixture.Sent second = proxy.one();
        proxy.request(CARRIER, invite.replace("INVITE", "CANCEL"));
        final ProxyFixture.Sent cancel = proxy.one();

        // then
        assertEquals(first, second);
        assertEquals(first.topBranch(), cancel.topBranch());
        assertEquals("a, b", first.header("P-Note"));
        assertNull(cancel.header("X-1"));
    }

    @Test
    void shouldRemoveFromResponsesAndPutNothingIntoThem() {
        // given
        final HeaderRules both = new HeaderRules(List.of(name("Server")), List.of(field("X-Set", "1")),
                List.of(field("X-Add", "1")));
        final Trunk carrier = with(ProxyFixture.CARRIER, both, HeaderRules.NONE);
        final Trunk pbx = with(ProxyFixture.PBX, HeaderRules.NONE, remove("P-Inside"));
        for (final Mode mode : List.of(Mode.STATELESS, Mode.STATEFUL)) {
            final ProxyFixture proxy = new ProxyFixture(
                    Messages.policy(mode, List.of(carrier, pbx), List.of(ProxyFixture.route(carrier, pbx))));
            proxy.request(CARRIER, request(""));
            final ProxyFixture.Sent sent = proxy.one();

            // when
            proxy.response(sent.to().split(" ")[1] + ":5060", ProxyFixture.answer(sent, 200, "b").replace(
                    "Content-Length", "SERVER: x\nX-Set: 9\nX-Kept: 8\np-inside: 7\nContent-Length"));

            // then
            final ProxyFixture.Sent back = proxy.one();
            assertEquals("UDP 198.51.100.1 5060", back.to(), mode.name());
            assertFalse(back.text().contains("SERVER"), back.text());
            assertFalse(back.text().contains("p-inside"), back.text());
            assertNull(back.header("X-Set"));
            assertNull(back.header("X-Add"));
            assertEquals("8", back.header("X-Kept"));
        }
    }

    @Test
    void shouldRefuseToTouchWhatTheProxyOwns() {
        for (final String owned : List.of("Via", "v", "ROUTE", "record-route", "Max-Forwards", "i", "CSeq", "l", "f",
                "t", "m", "C*", "R*", "*", "Max-*", "Content-*", "content-type", "Rack")) {
            final HeaderField field = HeaderField.of(owned);
            assertTrue(field == null || HeaderRules.owned(field), owned);
        }
        for (final String free : List.of("Subject", "X-*", "P-Asserted-Identity", "User-Agent", "Reason", "Referred-By",
                "P-*", "Supported")) {
            assertFalse(HeaderRules.owned(HeaderField.of(free)), free);
        }
        assertNull(HeaderField.of("a b"));
        assertNull(HeaderField.of("a:"));
        assertNull(HeaderField.of(""));
    }

    @Test
    void shouldNotAllocate() {
        // given
        final HeaderRules rules = new HeaderRules(List.of(name("X-*"), name("Subject"), name("Server")),
                List.of(field("User-Agent", "Tandem")), List.of(field("X-New", "1")));
        final SipMessage message = Messages.parse(request("X-1: a\nX-2: b\nuser-agent: c\ns: d\nOther: e\n"));
        final Edits edits = new Edits(160, 8_192);
        final MutableDirectBuffer out = new UnsafeBuffer(new byte[8_192]);
        final Runnable change = () -> {
            edits.reset();
            HeaderChanges.edit(message, rules, HeaderRules.NONE, rules, edits);
            edits.apply(message, out, 0);
        };
        final com.sun.management.ThreadMXBean threads =
                (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();

        // when: the least of several rounds, since compiling allocates as well
        long least = Long.MAX_VALUE;
        for (int round = 0; round < 10; round++) {
            final long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < 2_000; i++) {
                change.run();
            }
            least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
        }

        // then
        assertTrue(least < 2_000, "2,000 runs allocated " + least + " bytes");
    }
}
