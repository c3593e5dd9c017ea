package org.tandemsip.engine.routing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.tandemsip.codec.SipUri;

class RoutingPolicyTest {
    private static final Trunk CARRIER = Messages.trunk(0, "carrier", List.of("198.51.100.1:5060"),
            List.of("198.51.100.0/24", "2001:db8:1::/48"));
    private static final Trunk OFFICE = Messages.trunk(1, "office", List.of("198.51.100.1:5080", "10.0.0.11:5060"),
            List.of("10.0.0.0/8"));
    private static final Trunk LAB = Messages.trunk(2, "lab", List.of(), List.of("10.7.0.0/16"));
    private final RoutingPolicy policy = Messages.policy(Mode.STATEFUL, List.of(CARRIER, OFFICE, LAB), List.of());

    @Test
    void shouldKnowPeerWhenAddressAndPortAreItsOwn() {
        assertSame(CARRIER, policy.trunkOf(Messages.source("198.51.100.1:5060")));
        assertSame(OFFICE, policy.trunkOf(Messages.source("198.51.100.1:5080")));
    }

    @Test
    void shouldKnowTrunkWhenOnlyAddressIsOfPeer() {
        // Both name the address; the first in the configuration keeps ports that none names.
        assertSame(CARRIER, policy.trunkOf(Messages.source("198.51.100.1:40000")));
        assertSame(OFFICE, policy.trunkOf(Messages.source("10.0.0.11:40000")));
    }

    @Test
    void shouldTakeLongestPrefixWhenRangesOverlap() {
        assertSame(LAB, policy.trunkOf(Messages.source("10.7.1.2:5060")));
        assertSame(OFFICE, policy.trunkOf(Messages.source("10.8.1.2:5060")));
        assertSame(CARRIER, policy.trunkOf(Messages.source("[2001:db8:1:5::9]:5060")));
    }

    @Test
    void shouldKnowNobodyWhenNoRangeHoldsSource() {
        assertNull(policy.trunkOf(Messages.source("203.0.113.1:5060")));
        assertNull(policy.trunkOf(Messages.source("[2001:db8:2::1]:5060")));
        assertNull(Messages.policy(Mode.STATEFUL, List.of(), List.of()).trunkOf(Messages.source("10.0.0.1:5060")));
    }

    @Test
    void shouldFindEachPeerWhenThereAreMany() {
        final List<Trunk> trunks = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            trunks.add(Messages.trunk(i, "t" + i, List.of("10.1." + i / 250 + '.' + i % 250 + ":5060"), List.of()));
        }
        final RoutingPolicy many = Messages.policy(Mode.STATEFUL, trunks, List.of());

        for (int i = 0; i < 500; i++) {
            assertSame(trunks.get(i), many.trunkOf(Messages.source("10.1." + i / 250 + '.' + i % 250 + ":9")));
        }
        assertNull(many.trunkOf(Messages.source("10.2.0.1:5060")));
    }

    @Test
    void shouldKnowPeerByNameWhenUriHasItsHost() {
        final Peer named = Messages.peer("sip:SIP.Carrier.example:5062", null, "198.51.100.9:5062");
        final RoutingPolicy names = Messages.policy(Mode.STATEFUL,
                List.of(new Trunk(0, "carrier", List.of(named), List.of(), new int[0])), List.of());

        assertSame(named, peerNamed(names, "sip:+1@sip.carrier.EXAMPLE"));
        assertSame(named, peerNamed(names, "sip:sip.carrier.example:5062"));
        assertNull(peerNamed(names, "sip:sip.carrier.example:5060"));
        assertNull(peerNamed(names, "sip:other.example"));
    }

    @Test
    void shouldKeepEverythingElseWhenModeIsSwitched() {
        final RoutingPolicy switched = policy.withMode(Mode.STATELESS);

        assertEquals(Mode.STATELESS, switched.mode());
        assertTrue(switched.routesLike(policy));
        assertTrue(switched.hasStateless());
        assertSame(CARRIER, switched.trunkOf(Messages.source("198.51.100.1:5060")));
    }

    @Test
    void shouldNotCountCallsOverAllTrunksWhereARouteIsStateless() {
        final RoutingPolicy limited =
                ways("carrier", "10.0.0.11:5060", "+44*", null).withTotal(new Total(new TrunkState(), 2));
        assertNull(limited.statelessConflict());
        final String conflict = limited.withMode(Mode.STATELESS).statelessConflict();
        assertTrue(conflict.startsWith("'max-calls' needs to know of calls"), conflict);
    }

    @Test
    void shouldSeeSameWaysWhenConfigurationIsReadAgainOrOnlyModesDiffer() {
        assertTrue(ways("carrier", "10.0.0.11:5060", "+44*", Mode.STATELESS)
                .routesLike(ways("carrier", "10.0.0.11:5060", "+44*", Mode.STATEFUL)));
        final RoutingPolicy one = ways("carrier", "10.0.0.11:5060", "+44*", null);
        assertFalse(one.routesLike(ways("trunk", "10.0.0.11:5060", "+44*", null)));
        assertFalse(one.routesLike(ways("carrier", "10.0.0.12:5060", "+44*", null)));
        assertFalse(one.routesLike(ways("carrier", "10.0.0.11:5060", "+45*", null)));
        assertFalse(one.routesLike(policy));
    }

    private static RoutingPolicy ways(final String name, final String peer, final String to, final Mode mode) {
        final Trunk trunk = Messages.trunk(0, name, List.of(peer), List.of("10.0.0.0/8"));
        return Messages.policy(Mode.STATEFUL, List.of(trunk),
                List.of(new Route("r", trunk, new Route.Match(to.getBytes(StandardCharsets.US_ASCII), null, null),
                        List.of(trunk), List.of(), List.of(), mode)));
    }

    private static Peer peerNamed(final RoutingPolicy policy, final String text) {
        final UnsafeBuffer bytes = new UnsafeBuffer(text.getBytes(StandardCharsets.US_ASCII));
        final SipUri uri = new SipUri();
        assertTrue(uri.wrap(bytes, 0, bytes.capacity()));
        return policy.peerNamed(bytes, uri);
    }
}
