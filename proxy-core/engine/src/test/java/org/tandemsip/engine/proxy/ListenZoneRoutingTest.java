package org.tandemsip.engine.proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.handler.Disposition;
import org.tandemsip.engine.routing.Balance;
import org.tandemsip.engine.routing.HeaderRules;
import org.tandemsip.engine.routing.Messages;
import org.tandemsip.engine.routing.Mode;
import org.tandemsip.engine.routing.Ping;
import org.tandemsip.engine.routing.RoutingPolicy;
import org.tandemsip.engine.routing.Trunk;
import org.tandemsip.engine.routing.TrunkRules;
import org.tandemsip.engine.routing.TrunkState;
import org.tandemsip.engine.routing.Trust;
import org.tandemsip.engine.routing.Zone;

/** By which of our addresses requests go, where those have zones. */
@Timeout(30)
class ListenZoneRoutingTest {
    private static final String CARRIER = "198.51.100.1:5060";
    private static final String VIA = "SIP/2.0/UDP 198.51.100.1:5060;branch=z9hG4bK1";

    private static Trunk in(final Zone zone, final Trunk given) {
        return new Trunk(given.index(), given.name(), given.peers(), given.allow(), given.failover(), 0,
                Balance.CALL_ID, 0, 0, Ping.OFF, new TrunkState(), TrunkRules.NONE,
                new Trust(zone, true, 0, null, HeaderRules.NONE));
    }

    /** @param zones of UDP, TCP, the UDP address in the network of the PBX, and IPv6 */
    private static ProxyFixture proxy(final Zone... zones) {
        final Trunk carrier = in(Zone.TRUNK, ProxyFixture.CARRIER);
        final Trunk pbx = in(Zone.CORE, ProxyFixture.PBX);
        final RoutingPolicy policy = Messages.policy(Mode.STATEFUL, List.of(carrier, pbx),
                List.of(ProxyFixture.route(carrier, pbx), ProxyFixture.route(pbx, carrier)));
        return new ProxyFixture(policy.withListenZones(Arrays.asList(zones)));
    }

    private static String message(final String body) {
        return ProxyFixture.message("MESSAGE", "sip:1@h", VIA, "Subject: " + body + "\n", null);
    }

    @Test
    void shouldLeaveByAnAddressOfTheZoneOfTheTrunkThoughAnotherIsNearer() {
        // given: the network of the PBX is not where the PBX may be spoken to
        final ProxyFixture proxy = proxy(Zone.CORE, Zone.CORE, Zone.TRUNK, null);

        // when
        proxy.request(Messages.source(Transport.UDP, ProxyFixture.INSIDE, CARRIER), message("x"));

        // then
        assertEquals(ProxyFixture.UDP, proxy.one().listenPoint());
        assertEquals(ProxyFixture.INSIDE, sentNear(proxy(Zone.TRUNK, Zone.TRUNK, Zone.CORE, null)));
        assertEquals(ProxyFixture.INSIDE, sentNear(proxy(null, null, null, null)));
    }

    private static int sentNear(final ProxyFixture proxy) {
        proxy.request(Messages.source(CARRIER), message("x"));
        return proxy.one().listenPoint();
    }

    @Test
    void shouldNotTurnToTcpWhereOnlyAnotherZoneHasThat() {
        final String large = message("x".repeat(1_500));
        final ProxyFixture core = proxy(Zone.TRUNK, Zone.CORE, Zone.CORE, null);
        core.request(Messages.source(CARRIER), large);
        assertEquals(ProxyFixture.TCP, core.one().listenPoint());

        final ProxyFixture trunk = proxy(Zone.TRUNK, Zone.TRUNK, Zone.CORE, null);
        trunk.request(Messages.source(CARRIER), large);
        assertEquals(ProxyFixture.INSIDE, trunk.one().listenPoint());
    }

    @Test
    void shouldReachNobodyWhereNoAddressIsForHim() {
        final ProxyFixture proxy = proxy(Zone.TRUNK, Zone.TRUNK, Zone.TRUNK, Zone.TRUNK);
        assertEquals(Disposition.ANSWERED, proxy.request(Messages.source(CARRIER), message("x")));
        assertEquals("SIP/2.0 500 Server Internal Error", proxy.one().startLine());
        assertEquals(Disposition.DROPPED_UNKNOWN_SOURCE, proxy.request("10.0.0.11:5060", message("x")));
    }
}
