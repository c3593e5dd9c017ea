package org.tandemsip.engine.routing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every edge of the figure in {@link PeerState}, and every event that must not be one. */
class PeerStateTest {
    private static final Ping PING = new Ping(30_000_000_000L, 2_000_000_000L, 3, 2, new int[0]);

    private static PeerState in(final PeerState.State state) {
        final PeerState peer = new PeerState();
        switch (state) {
            case UP -> {}
            case TRYING -> peer.on(PeerState.Event.FAILURE, 0, PING);
            case DOWN -> List.of(1, 2, 3).forEach(_ -> peer.on(PeerState.Event.FAILURE, 0, PING));
            case DRAINING -> peer.on(PeerState.Order.DRAIN);
            case DISABLED -> peer.on(PeerState.Order.DISABLE);
        }
        assertEquals(state, peer.state());
        return peer;
    }

    @ParameterizedTest
    @CsvSource({
        "UP, PROBE_SUCCESS, UP", "UP, SUCCESS, UP", "UP, FAILURE, TRYING",
        "TRYING, PROBE_SUCCESS, UP", "TRYING, SUCCESS, UP", "TRYING, FAILURE, TRYING",
        "DOWN, PROBE_SUCCESS, DOWN", "DOWN, SUCCESS, DOWN", "DOWN, FAILURE, DOWN",
        "DRAINING, PROBE_SUCCESS, DRAINING", "DRAINING, SUCCESS, DRAINING", "DRAINING, FAILURE, DRAINING",
        "DISABLED, PROBE_SUCCESS, DISABLED", "DISABLED, SUCCESS, DISABLED", "DISABLED, FAILURE, DISABLED"})
    void shouldGoWhereTheFigureSays(final PeerState.State from, final PeerState.Event event,
            final PeerState.State to) {
        final PeerState peer = in(from);

        assertEquals(from != to, peer.on(event, 0, PING));

        assertEquals(to, peer.state());
        assertEquals(to == PeerState.State.UP || to == PeerState.State.TRYING, peer.usable());
    }

    @Test
    void shouldForgetTheWaysThatNobodyAsksAnyMore() {
        // given: what is asked is down, and another way was good once
        final PeerState peer = in(PeerState.State.DOWN);
        peer.on(PeerState.Event.SUCCESS, 1, PING);
        assertEquals(PeerState.State.UP, peer.state());

        // when
        peer.retain(1);

        // then
        assertEquals(PeerState.State.DOWN, peer.state());
        assertEquals(1, peer.known());
    }

    @ParameterizedTest
    @CsvSource({
        "UP, DRAIN, DRAINING", "UP, DISABLE, DISABLED", "UP, ENABLE, UP", "UP, UNPROBED, UP",
        "TRYING, DRAIN, DRAINING", "TRYING, DISABLE, DISABLED", "TRYING, ENABLE, TRYING", "TRYING, UNPROBED, UP",
        "DOWN, DRAIN, DRAINING", "DOWN, DISABLE, DISABLED", "DOWN, ENABLE, UP", "DOWN, UNPROBED, UP",
        "DRAINING, DRAIN, DRAINING", "DRAINING, DISABLE, DISABLED", "DRAINING, ENABLE, UP",
        "DRAINING, UNPROBED, DRAINING",
        "DISABLED, DRAIN, DRAINING", "DISABLED, DISABLE, DISABLED", "DISABLED, ENABLE, UP",
        "DISABLED, UNPROBED, DISABLED"})
    void shouldGoWhereItIsOrdered(final PeerState.State from, final PeerState.Order order, final PeerState.State to) {
        final PeerState peer = in(from);

        assertEquals(from != to, peer.on(order));

        assertEquals(to, peer.state());
        assertEquals(to == PeerState.State.UP || to == PeerState.State.TRYING, peer.usable());
    }

    @Test
    void shouldBeAsWellAsTheBestOfItsWays() {
        // given
        final PeerState peer = in(PeerState.State.DOWN);

        // when: another way works
        peer.on(PeerState.Event.PROBE_SUCCESS, 3, PING);

        // then
        assertEquals(PeerState.State.UP, peer.state());
        assertEquals(PeerState.State.DOWN, peer.state(0));
        assertEquals(List.of(0b1001L, 0b1L, 0b1L), List.of(peer.known(), peer.down(), peer.doubtful()));
        peer.on(PeerState.Event.FAILURE, 3, PING);
        assertEquals(List.of(0b1L, 0b1001L), List.of(peer.down(), peer.doubtful()));
        assertEquals(PeerState.State.TRYING, peer.state());
        peer.on(PeerState.Event.FAILURE, 3, PING);
        assertTrue(peer.on(PeerState.Event.FAILURE, 3, PING));
        assertFalse(peer.usable());
    }

    @Test
    void shouldForgetWhatItKnewOfItsWaysWhenItComesBackByOrder() {
        final PeerState peer = in(PeerState.State.DOWN);
        peer.on(PeerState.Event.FAILURE, 1, PING);
        peer.on(PeerState.Order.DRAIN);
        assertFalse(peer.on(PeerState.Event.FAILURE, 1, PING));
        peer.on(PeerState.Order.ENABLE);
        assertEquals(0, peer.doubtful());
        peer.on(PeerState.Event.FAILURE, 1, PING);
        peer.on(PeerState.Order.UNPROBED);
        assertEquals(0, peer.known());
    }

    @Test
    void shouldGoDownAtTheThirdFailureInARowOnly() {
        final PeerState peer = in(PeerState.State.TRYING);
        peer.on(PeerState.Event.FAILURE, 0, PING);
        peer.on(PeerState.Event.SUCCESS, 0, PING);
        peer.on(PeerState.Event.FAILURE, 0, PING);
        peer.on(PeerState.Event.FAILURE, 0, PING);
        assertEquals(PeerState.State.TRYING, peer.state());
        assertTrue(peer.on(PeerState.Event.FAILURE, 0, PING));
        assertEquals(PeerState.State.DOWN, peer.state());
    }

    @Test
    void shouldComeUpAtTheSecondGoodProbeInARowOnly() {
        final PeerState peer = in(PeerState.State.DOWN);
        peer.on(PeerState.Event.PROBE_SUCCESS, 0, PING);
        peer.on(PeerState.Event.FAILURE, 0, PING);
        peer.on(PeerState.Event.PROBE_SUCCESS, 0, PING);
        assertEquals(PeerState.State.DOWN, peer.state());
        assertTrue(peer.on(PeerState.Event.PROBE_SUCCESS, 0, PING));
        assertEquals(PeerState.State.UP, peer.state());
    }

    @Test
    void shouldNeverGoDownWithoutProbes() {
        final PeerState peer = new PeerState();
        for (int i = 0; i < 10; i++) {
            assertFalse(peer.on(PeerState.Event.FAILURE, 0, Ping.OFF));
        }
        assertTrue(peer.usable());
    }

    @Test
    void shouldCountAsAliveWhateverIsNeither408Nor503() {
        assertTrue(PING.alive(200) && PING.alive(404) && PING.alive(603));
        assertFalse(PING.alive(408) || PING.alive(503));
        final Ping strict = new Ping(1, 1, 1, 1, new int[] {200, 503});
        assertTrue(strict.alive(200) && strict.alive(503));
        assertFalse(strict.alive(404));
    }

    @Test
    void shouldKeepHowLongProbesTook() {
        // given
        final PeerState peer = new PeerState();
        assertEquals(-1, peer.lastRoundTripNs());
        assertEquals(0, peer.roundTripUs(50));

        // when: 0.1 ms to 10 ms, then one of 2 s and one of no time at all
        for (int i = 1; i <= 100; i++) {
            peer.answered(i * 100_000L);
        }
        peer.answered(2_000_000_000L);
        peer.answered(0);

        // then: 1 % is what the histogram may be wrong by
        assertEquals(List.of(1L, 51L, 101L, 102L),
                List.of(peer.roundTripsWithin(50), peer.roundTripsWithin(5_000), peer.roundTripsWithin(1_000_000),
                        peer.roundTripsWithin(Long.MAX_VALUE)));
        assertEquals(5_000, peer.roundTripUs(50), 50);
        assertEquals(9_900, peer.roundTripUs(98), 100);
        assertEquals(2_000_000, peer.roundTripUs(100), 20_000);
        assertEquals(0.505 + 2, peer.roundTripSeconds(), 0.025);
        assertEquals(0, peer.lastRoundTripNs());
    }
}
