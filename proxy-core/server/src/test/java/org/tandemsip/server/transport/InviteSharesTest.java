package org.tandemsip.server.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.tandemsip.engine.handler.Source;

/** What the kernel is told to let through, window by window. */
class InviteSharesTest {
    private final InviteShares shares = new InviteShares();
    private long nowNs = 1_000_000_000L;

    private void asks(final int address, final int trunk, final boolean droppable, final int asked, final int taken) {
        final Source source = new Source();
        source.addressLow = address;
        for (int i = 0; i < asked; i++) {
            shares.count(source, trunk, droppable, i < taken);
        }
    }

    private boolean windowEnds() {
        nowNs += InviteShares.WINDOW_NS;
        return shares.turn(nowNs);
    }

    @Test
    void shouldLetThroughALittleMoreThanIsTaken() {
        // when
        asks(1, 0, true, 1_000, 400);
        assertTrue(windowEnds());

        // then
        assertEquals(0.5, shares.of(0, 1));

        // when
        asks(1, 0, true, 500, 400);
        windowEnds();

        // then
        assertEquals(0.5, shares.of(0, 1), "as many as before");

        // when: nothing is refused, and then nothing comes
        asks(1, 0, true, 300, 300);
        assertTrue(windowEnds());

        // then
        assertEquals(1, shares.of(0, 1));
        assertFalse(shares.any());
    }

    @Test
    void shouldDropNothingWhereMuchComesThatTheKernelCannotDrop() {
        // given
        asks(1, 0, true, 1_000, 100);
        assertTrue(windowEnds());

        // when
        asks(1, 0, true, 500, 100);
        asks(1, 0, false, 200, 50);

        // then
        assertTrue(windowEnds());
        assertEquals(1, shares.of(0, 1));
    }

    @Test
    void shouldDropNothingWhereThereAreMoreAddressesThanItKnows() {
        // when
        for (int address = 0; address < 16; address++) {
            asks(address, 0, true, 100, 20);
        }

        // then
        assertFalse(windowEnds());
        assertFalse(shares.any());
    }

    @Test
    void shouldDropNothingOfTrunksOnOneAddress() {
        // when
        asks(2, 7, true, 1_000, 400);
        asks(1, 0, true, 100, 10);
        asks(1, 1, true, 1, 1);
        windowEnds();

        // then
        assertEquals(1, shares.of(0, 1));
        assertEquals(0.5, shares.of(0, 2));
    }
}
