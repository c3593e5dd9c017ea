package org.tandemsip.engine.routing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RendezvousTest {
    private static final Trunk FOUR = Messages.trunk(0, "pbx",
            List.of("10.0.0.1:5060", "10.0.0.2:5060", "10.0.0.3:5060", "10.0.0.4:5060"), List.of());
    private static final Trunk THREE = Messages.trunk(0, "pbx",
            List.of("10.0.0.1:5060", "10.0.0.2:5060", "10.0.0.3:5060"), List.of());

    @Test
    void shouldGiveSameOrderWhenNodeIsAnother() {
        final Rendezvous one = new Rendezvous(Messages.context());
        final Rendezvous other = new Rendezvous(Messages.context());
        for (long call = 0; call < 1_000; call++) {
            one.order(FOUR, call, 4);
            other.order(FOUR, call, 4);
            for (int place = 0; place < 4; place++) {
                assertSame(one.peer(place), other.peer(place));
            }
        }
    }

    @Test
    void shouldSpreadCallsAndMoveOnlyOwnShareWhenPeerGoes() {
        final Rendezvous rendezvous = new Rendezvous(Messages.context());
        final Map<String, Integer> calls = new HashMap<>();
        for (long call = 0; call < 10_000; call++) {
            rendezvous.order(FOUR, call * 0x9E37_79B9_7F4A_7C15L, 4);
            final Peer first = rendezvous.peer(0);
            final Peer second = rendezvous.peer(1);
            calls.merge(first.name(), 1, Integer::sum);

            rendezvous.order(THREE, call * 0x9E37_79B9_7F4A_7C15L, 1);

            final String gone = "10.0.0.4:5060";
            assertEquals(first.name().equals(gone) ? second.name() : first.name(), rendezvous.peer(0).name());
        }
        calls.values().forEach(count -> assertTrue(Math.abs(count - 2_500) < 250, calls::toString));
    }

    @Test
    void shouldKeepHeaviestWhenLimitIsSmall() {
        final Rendezvous rendezvous = new Rendezvous(Messages.context());
        assertEquals(4, rendezvous.order(FOUR, 42, 10));
        final Peer heaviest = rendezvous.peer(0);
        final Peer second = rendezvous.peer(1);

        assertEquals(2, rendezvous.order(FOUR, 42, 2));

        assertSame(heaviest, rendezvous.peer(0));
        assertSame(second, rendezvous.peer(1));
        assertNotSame(heaviest, second);
    }

    @Test
    void shouldShareByWeightAndPutLowerPrioritiesFirst() {
        // given
        final List<Peer> peers = List.of(peer("10.0.0.1:5060", 0, 3), peer("10.0.0.2:5060", 0, 1),
                peer("10.0.0.3:5060", 1, 9), peer("10.0.0.4:5060", 0, 0));
        final Trunk trunk = new Trunk(0, "carrier", peers, List.of(), new int[0]);
        final Rendezvous rendezvous = new Rendezvous(Messages.context());
        final Map<String, Integer> calls = new HashMap<>();

        // when
        for (long call = 0; call < 10_000; call++) {
            rendezvous.order(trunk, call * 0x9E37_79B9_7F4A_7C15L, 4);
            calls.merge(rendezvous.peer(0).name(), 1, Integer::sum);
            assertSame(peers.get(2), rendezvous.peer(3));
        }

        // then: three to one, next to nothing for weight 0
        assertTrue(Math.abs(calls.get("10.0.0.1:5060") - 7_500) < 250, calls::toString);
        assertTrue(calls.getOrDefault("10.0.0.4:5060", 0) < 50, calls::toString);
    }

    private static Peer peer(final String hostPort, final int priority, final int weight) {
        final Peer peer = Messages.peer(null, hostPort);
        return new Peer(hostPort, null, peer.addressHigh(), peer.addressLow(), peer.port(), peer.hash(), priority,
                weight);
    }
}
