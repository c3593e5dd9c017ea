package org.tandemsip.engine.routing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.auth.Credentials;

/** Whose a request is: by listen point, by address, by account. */
@Timeout(30)
class SourcesTest {
    private static final String SHARED = "198.51.100.1:5060";
    private static final Trunk SALES = account(0, "sales", "+49301");
    private static final Trunk HELP = account(1, "help", "+49302");
    /** Shows a password for calls, and registers nothing. */
    private static final Trunk TEST = trunk(2, "test", Zone.TRUNK,
            new Account(new Credentials("tester", "secret", null), true, null), SHARED);
    private final UserReader users = new UserReader();

    private static Trunk account(final int index, final String name, final String user) {
        final Registration.Settings settings = new Registration.Settings(name, user, "carrier.example", 300, null);
        return trunk(index, name, Zone.TRUNK,
                new Account(null, false, new Registration(settings, new byte[] {1}, 77 + index, 0)), SHARED);
    }

    private static Trunk trunk(final int index, final String name, final Zone zone, final Account account,
            final String peer, final String... allow) {
        return new Trunk(index, name, List.of(Messages.peer(null, peer)), Arrays.stream(allow).map(Cidr::parse)
                .toList(), new int[0], 0, Balance.CALL_ID, 0, 0, Ping.OFF, new TrunkState(), TrunkRules.NONE,
                new Trust(zone, zone == Zone.CORE, 0, null, HeaderRules.NONE), false, account);
    }

    private static SipMessage request(final String uri, final String to, final String from) {
        return Messages.parse("INVITE " + uri + " SIP/2.0\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\nFrom: " + from
                + ";tag=1\nTo: " + to + "\nCall-ID: 1\nCSeq: 1 INVITE\n\n");
    }

    private static String token(final Trunk trunk) {
        final long token = trunk.account().registration().token();
        return String.format("%016x", token);
    }

    private String trunkOf(final RoutingPolicy policy, final String source, final String uri, final String to) {
        final Trunk trunk =
                policy.trunkOf(request(uri, to, "<sip:x@y>"), Messages.source(source), users);
        return trunk == null ? null : trunk.name();
    }

    @ParameterizedTest
    @CsvSource({"sip:+49301@us, <sip:a@b>, sales", "sip:+49302@us, <sip:a@b>, help", "sip:9@us, <sip:+49302@c>, help",
        "sip:tester@us, <sip:+49302@c>, test", "tel:+49302, <sip:a@b>, help",
        "sip:9@us, '\"<sip:+49302@c>\" <sip:+49301@c>', sales", "sip:9@us, <tel:+49302>, help",
        "sip:9@us, <sip:9@c>, sales", "urn:service:sos, <sip:+49302@c>, help", "sip:us, sip:us, sales"})
    void shouldTellAccountsWithOneCarrierApart(final String uri, final String to, final String trunk) {
        final RoutingPolicy policy = Messages.policy(Mode.STATEFUL, List.of(SALES, HELP, TEST), List.of());
        assertEquals(trunk, trunkOf(policy, SHARED, uri, to));
        // From any port of it, and without a request to look into
        assertEquals(trunk, trunkOf(policy, "198.51.100.1:40000", uri, to));
        assertSame(SALES, policy.trunkOf(Messages.source(SHARED)));
    }

    @Test
    void shouldGoByTheRegisteredContactBeforeAllElse() {
        final RoutingPolicy policy = Messages.policy(Mode.STATEFUL, List.of(SALES, HELP, TEST), List.of());
        assertEquals("help", trunkOf(policy, SHARED, "sip:+49301@us;trk=" + token(HELP), "<sip:+49301@c>"));
        assertEquals("help", trunkOf(policy, "192.0.2.9:5060", "sip:+49301@us;trk=" + token(HELP), "<sip:a@c>"));
        assertEquals("sales", trunkOf(policy, SHARED, "sip:+49301@us;trk=0000000000000001", "<sip:a@c>"));
        assertNull(trunkOf(policy, "192.0.2.9:5060", "sip:+49301@us;trk=0000000000000001", "<sip:a@c>"));
    }

    @Test
    void shouldLeaveToTheTrunkWithoutAnAccountWhatIsForNone() {
        final Trunk rest = trunk(1, "rest", Zone.TRUNK, Account.NONE, SHARED);
        final RoutingPolicy policy = Messages.policy(Mode.STATEFUL, List.of(SALES, rest), List.of());
        assertEquals("sales", trunkOf(policy, SHARED, "sip:+49301@us", "<sip:a@b>"));
        assertEquals("rest", trunkOf(policy, SHARED, "sip:9@us", "<sip:a@b>"));
    }

    @ParameterizedTest
    @CsvSource({"<sip:+49301@us>, sales", "<sip:+49302@us>, help", "<sip:9@us>, sales"})
    void shouldSendInsideADialogAsWhoIsCalling(final String from, final String trunk) {
        final RoutingPolicy policy = Messages.policy(Mode.STATEFUL, List.of(SALES, HELP), List.of());
        final Peer peer = SALES.peers().getFirst();
        assertEquals(trunk, policy.trunkTo(request("sip:9@c", "<sip:9@c>", from), peer.addressHigh(),
                peer.addressLow(), peer.port(), users).name());
        assertNull(policy.trunkTo(request("sip:9@c", "<sip:9@c>", from), 0, 1, 5060, users));
    }

    @Test
    void shouldKnowTrunksOfTheZoneOfAListenPointOnly() {
        // given: listen points for the carrier, the house, the Internet, and everybody
        final Trunk house = trunk(1, "house", Zone.CORE, Account.NONE, "10.0.0.11:5060");
        final Trunk phones = trunk(2, "phones", Zone.PUBLIC, Account.NONE, "192.0.2.1:5060", "0.0.0.0/0");
        final RoutingPolicy policy = Messages.policy(Mode.STATEFUL, List.of(SALES, house, phones), List.of())
                .withListenZones(Arrays.asList(Zone.TRUNK, Zone.CORE, Zone.PUBLIC, null));

        // then
        final String[][] expected = {{SHARED, "sales", null, "phones", "sales"},
            {"10.0.0.11:5060", null, "house", "phones", "house"}, {"203.0.113.5:9", null, null, "phones", "phones"}};
        for (final String[] row : expected) {
            for (int listenPoint = 0; listenPoint < 4; listenPoint++) {
                final Trunk trunk = policy.trunkOf(Messages.source(Transport.UDP, listenPoint, row[0]));
                assertEquals(row[1 + listenPoint], trunk == null ? null : trunk.name(), row[0] + " at " + listenPoint);
            }
        }
        // and the token of a carrier counts nowhere else
        final SipMessage called = request("sip:x@us;trk=" + token(SALES), "<sip:a@b>", "<sip:x@y>");
        assertSame(SALES, policy.trunkOf(called, Messages.source(Transport.UDP, 0, "203.0.113.5:9"), users));
        assertNull(policy.trunkOf(called, Messages.source(Transport.UDP, 1, "203.0.113.5:9"), users));
        assertEquals(0b1010, policy.listenersOf(house) & 0xF);
        assertEquals(0xF, policy.listenersOf(null) & 0xF);
        assertEquals(Arrays.asList(Zone.TRUNK, Zone.CORE, Zone.PUBLIC, null), policy.withDrain(3).listenZones());
    }
}
