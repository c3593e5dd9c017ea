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
            one.order(FOUR, call, 4, false);
            other.order(FOUR, call, 4, false);
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
            rendezvous.order(FOUR, call * 0x9E37_79B9_7F4A_7C15L, 4, false);
            final Peer first = rendezvous.peer(0);
            final Peer second = rendezvous.peer(1);
            calls.merge(first.name(), 1, Integer::sum);

            rendezvous.order(THREE, call * 0x9E37_79B9_7F4A_7C15L, 1, false);

            final String gone = "10.0.0.4:5060";
            assertEquals(first.name().equals(gone) ? second.name() : first.name(), rendezvous.peer(0).name());
        }
        calls.values().forEach(count -> assertTrue(Math.abs(count - 2_500) < 250, calls::toString));
    }

    @Test
    void shouldKeepHeaviestWhenLimitIsSmall() {
        final Rendezvous rendezvous = new Rendezvous(Messages.context());
        assertEquals(4, rendezvous.order(FOUR, 42, 10, false));
        final Peer heaviest = rendezvous.peer(0);
        final Peer second = rendezvous.peer(1);

        assertEquals(2, rendezvous.order(FOUR, 42, 2, false));

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
            rendezvous.order(trunk, call * 0x9E37_79B9_7F4A_7C15L, 4, false);
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

    @Test
    void shouldGoRoundWhenBalanceIsRoundRobin() {
        final Trunk trunk = balanced(Balance.ROUND_ROBIN);
        assertEquals(List.of("10.0.0.2", "10.0.0.3", "10.0.0.1", "10.0.0.2"), firsts(trunk, 4));
        trunk.peers().get(1).state().on(PeerState.Order.DISABLE);
        assertTrue(firsts(trunk, 8).stream().noneMatch("10.0.0.2"::equals));
    }

    @Test
    void shouldGiveEachItsShareInTurnWhenBalanceIsWeighted() {
        final Map<String, Integer> calls = new HashMap<>();
        firsts(balanced(Balance.WEIGHTED), 600).forEach(name -> calls.merge(name, 1, Integer::sum));
        assertTrue(Math.abs(calls.get("10.0.0.1") - 300) < 4 && Math.abs(calls.get("10.0.0.2") - 200) < 4,
                calls::toString);
    }

    @Test
    void shouldTakeTheIdlestWhenBalanceIsLeastCalls() {
        final Trunk trunk = balanced(Balance.LEAST_CALLS);
        final Map<String, Integer> calls = new HashMap<>();
        final Rendezvous rendezvous = new Rendezvous(Messages.context());
        for (long call = 0; call < 60; call++) {
            rendezvous.order(trunk, call, 3, false);
            rendezvous.peer(0).state().callBegins();
            calls.merge(rendezvous.peer(0).name(), 1, Integer::sum);
        }
        assertEquals(Map.of("10.0.0.1", 30, "10.0.0.2", 20, "10.0.0.3", 10), calls);
    }

    @Test
    void shouldTakeTheFirstThatWorksWhenBalanceIsPriority() {
        final Trunk trunk = balanced(Balance.PRIORITY);
        assertEquals(List.of("10.0.0.1", "10.0.0.1"), firsts(trunk, 2));
        trunk.peers().get(0).state().on(PeerState.Order.DRAIN);
        assertEquals(List.of("10.0.0.2", "10.0.0.2"), firsts(trunk, 2));
    }

    private static Trunk balanced(final Balance balance) {
        return new Trunk(0, "carrier", List.of(named("10.0.0.1", 3), named("10.0.0.2", 2), named("10.0.0.3", 1)),
                List.of(), new int[0], 0, balance, 0, 0, Ping.OFF, new TrunkState());
    }

    private static Peer named(final String name, final int weight) {
        final Peer peer = Messages.peer(null, name + ":5060");
        return new Peer(name, null, peer.addressHigh(), peer.addressLow(), peer.port(), peer.hash(), 0, weight);
    }

    private static List<String> firsts(final Trunk trunk, final int requests) {
        final Rendezvous rendezvous = new Rendezvous(Messages.context());
        return java.util.stream.IntStream.range(0, requests).mapToObj(call -> {
            rendezvous.nextTurn(trunk);
            rendezvous.order(trunk, call * 0x9E37_79B9_7F4A_7C15L, 3, false);
            return rendezvous.peer(0).name();
        }).toList();
    }
}
