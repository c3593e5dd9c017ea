package org.tandemsip.engine.routing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.tandemsip.engine.routing.Registration.State;

/** When an address is registered again. */
@Timeout(10)
class RegistrationTest {
    private static final long SECOND = 1_000_000_000L;
    private static final Ping PING = new Ping(SECOND, SECOND, 1, 1, new int[0]);

    private final Peer first = Messages.peer(null, "198.51.100.1:5060");
    private final Peer second = Messages.peer(null, "198.51.100.2:5060");
    private final Registration registration = new Registration(
            new Registration.Settings("carrier", "4711", "carrier.example", 3_600, null), new byte[] {'c'}, 5, 0);

    @BeforeEach
    void setTrunk() {
        registration.trunk(new Trunk(0, "carrier", List.of(first, second), List.of(), new int[0]));
    }

    private boolean isDueAt(final double seconds) {
        final boolean due = registration.tryAsk((long) (seconds * SECOND));
        registration.over();
        return due;
    }

    @Test
    void shouldBeAskedForAtOnceAndByOneOnly() {
        assertEquals(State.UNREGISTERED, registration.state(0));
        assertTrue(registration.tryAsk(0));
        assertFalse(registration.tryAsk(SECOND));
        registration.asking(first);
        assertEquals(State.REGISTERING, registration.state(0));
        registration.over();
        assertTrue(registration.tryAsk(0), "no shard took the order");
        assertTrue(registration.tryAsk(4_000 * SECOND), "a fault came between");
    }

    @Test
    void shouldWaitForAPeerThatHasAnAddress() {
        registration.trunk(new Trunk(0, "carrier", List.of(), List.of(), new int[0]));
        assertFalse(registration.tryAsk(0));
    }

    @Test
    void shouldBeRenewedBetween70And85PercentOfItsTime() {
        registration.succeeded(first, 1_000, 200, 0, 0);
        assertFalse(isDueAt(699.9));
        assertTrue(isDueAt(700));
        registration.succeeded(first, 1_000, 200, 999, 0);
        assertFalse(isDueAt(849.8));
        assertTrue(isDueAt(850));
        registration.succeeded(first, 1, 200, 0, 0);
        assertFalse(isDueAt(4.9), "whatever is granted, not all the time");
        registration.succeeded(first, 1_000_000_000, 200, 999, 0);
        assertTrue(isDueAt(86_400 * 0.85), "nor never");
    }

    @Test
    void shouldStayRegisteredUntilItsTimeIsOver() {
        registration.succeeded(first, 100, 200, 0, 0);
        registration.failed(503, "", false, 0, 0, 80 * SECOND);

        assertEquals(State.REGISTERED, registration.state(99 * SECOND));
        assertEquals(SECOND, registration.leftNs(99 * SECOND));
        assertEquals(State.FAILED, registration.state(100 * SECOND));
        registration.failed(403, "", true, 0, 0, 101 * SECOND);
        assertEquals(State.REFUSED, registration.state(101 * SECOND));
        assertEquals(2, registration.failures());
        registration.succeeded(first, 100, 200, 0, 102 * SECOND);
        assertEquals(0, registration.failures());
        assertEquals(2, registration.totalFailures());
    }

    /** RFC 5626 section 4.5: min(1800, 30 * 2^failures), 50 to 100 % of that. */
    @Test
    void shouldWaitLongerAfterEachFailure() {
        for (final int[] row : new int[][] {{1, 30, 60}, {2, 60, 120}, {3, 120, 240}, {6, 900, 1_800}, {7, 900, 1_800},
            {1_000, 900, 1_800}}) {
            assertEquals(row[1] * SECOND, Registration.backoffNs(row[0], false, 0));
            final long most = Registration.backoffNs(row[0], false, 999);
            assertTrue(most > (row[2] - 1) * SECOND && most <= row[2] * SECOND, row[0] + " failures: " + most);
        }
        assertEquals(150 * SECOND, Registration.backoffNs(1, true, 0), "who is refused is not to lock the account");
        registration.failed(0, "no answer", false, 0, 0, 0);
        assertFalse(isDueAt(29.9));
        assertTrue(isDueAt(30));
    }

    @Test
    void shouldHeedRetryAfter() {
        registration.failed(503, "", false, 500, 0, 0);
        assertFalse(isDueAt(499));
        assertTrue(isDueAt(500));
        registration.failed(503, "", false, Integer.MAX_VALUE, 0, 0);
        assertTrue(isDueAt(86_400), "within a day");
    }

    @Test
    void shouldMoveAtOnceWhenItsPeerGoesDown() {
        registration.succeeded(first, 1_000, 200, 0, 0);
        first.state().on(PeerState.Event.FAILURE, 0, PING);

        assertTrue(isDueAt(1));
        registration.failed(0, "no answer", false, 0, 0, SECOND);
        assertFalse(isDueAt(2), "not all the time");
        registration.succeeded(first, 1_000, 200, 0, 2 * SECOND);
        second.state().on(PeerState.Event.FAILURE, 0, PING);
        assertFalse(isDueAt(3), "there is no other");
    }

    @Test
    void shouldBeTakenBackOnce() {
        registration.succeeded(first, 1_000, 200, 0, 0);
        assertFalse(registration.tryTakeBack(0));
        registration.leave();
        assertFalse(registration.tryAsk(900 * SECOND));
        assertTrue(registration.tryTakeBack(0));
        assertFalse(registration.tryTakeBack(0));
        registration.left();
        registration.over();
        assertFalse(registration.tryTakeBack(0));
        assertEquals(State.UNREGISTERED, registration.state(0));
    }

    @Test
    void shouldAskForNoLessThanIsGranted() {
        assertFalse(registration.raise(3_600));
        assertFalse(registration.raise(100_000));
        assertTrue(registration.raise(7_200));
        assertEquals(7_200, registration.expiresSeconds());
    }
}
