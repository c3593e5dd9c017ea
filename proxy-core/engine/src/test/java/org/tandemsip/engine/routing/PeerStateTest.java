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
            case TRYING -> peer.on(PeerState.Event.FAILURE, PING);
            case DOWN -> List.of(1, 2, 3).forEach(_ -> peer.on(PeerState.Event.FAILURE, PING));
            case DRAINING -> peer.on(PeerState.Event.DRAIN, PING);
            case DISABLED -> peer.on(PeerState.Event.DISABLE, PING);
        }
        assertEquals(state, peer.state());
        return peer;
    }

    @ParameterizedTest
    @CsvSource({
        "UP, PROBE_SUCCESS, UP", "UP, SUCCESS, UP", "UP, FAILURE, TRYING", "UP, DRAIN, DRAINING",
        "UP, DISABLE, DISABLED", "UP, ENABLE, UP",
        "TRYING, PROBE_SUCCESS, UP", "TRYING, SUCCESS, UP", "TRYING, FAILURE, TRYING", "TRYING, DRAIN, DRAINING",
        "TRYING, DISABLE, DISABLED", "TRYING, ENABLE, TRYING",
        "DOWN, PROBE_SUCCESS, DOWN", "DOWN, SUCCESS, DOWN", "DOWN, FAILURE, DOWN", "DOWN, DRAIN, DRAINING",
        "DOWN, DISABLE, DISABLED", "DOWN, ENABLE, UP",
        "DRAINING, PROBE_SUCCESS, DRAINING", "DRAINING, SUCCESS, DRAINING", "DRAINING, FAILURE, DRAINING",
        "DRAINING, DRAIN, DRAINING", "DRAINING, DISABLE, DISABLED", "DRAINING, ENABLE, UP",
        "DISABLED, PROBE_SUCCESS, DISABLED", "DISABLED, SUCCESS, DISABLED", "DISABLED, FAILURE, DISABLED",
        "DISABLED, DRAIN, DRAINING", "DISABLED, DISABLE, DISABLED", "DISABLED, ENABLE, UP",
        "UP, UNPROBED, UP", "TRYING, UNPROBED, UP", "DOWN, UNPROBED, UP", "DRAINING, UNPROBED, DRAINING",
        "DISABLED, UNPROBED, DISABLED"})
    void shouldGoWhereTheFigureSays(final PeerState.State from, final PeerState.Event event,
            final PeerState.State to) {
        final PeerState peer = in(from);

        assertEquals(from != to, peer.on(event, PING));

        assertEquals(to, peer.state());
        assertEquals(to == PeerState.State.UP || to == PeerState.State.TRYING, peer.usable());
    }

    @Test
    void shouldGoDownAtTheThirdFailureInARowOnly() {
        final PeerState peer = in(PeerState.State.TRYING);
        peer.on(PeerState.Event.FAILURE, PING);
        peer.on(PeerState.Event.SUCCESS, PING);
        peer.on(PeerState.Event.FAILURE, PING);
        peer.on(PeerState.Event.FAILURE, PING);
        assertEquals(PeerState.State.TRYING, peer.state());
        assertTrue(peer.on(PeerState.Event.FAILURE, PING));
        assertEquals(PeerState.State.DOWN, peer.state());
    }

    @Test
    void shouldComeUpAtTheSecondGoodProbeInARowOnly() {
        final PeerState peer = in(PeerState.State.DOWN);
        peer.on(PeerState.Event.PROBE_SUCCESS, PING);
        peer.on(PeerState.Event.FAILURE, PING);
        peer.on(PeerState.Event.PROBE_SUCCESS, PING);
        assertEquals(PeerState.State.DOWN, peer.state());
        assertTrue(peer.on(PeerState.Event.PROBE_SUCCESS, PING));
        assertEquals(PeerState.State.UP, peer.state());
    }

    @Test
    void shouldNeverGoDownWithoutProbes() {
        final PeerState peer = new PeerState();
        for (int i = 0; i < 10; i++) {
            assertFalse(peer.on(PeerState.Event.FAILURE, Ping.OFF));
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
}
