package org.tandemsip.engine.auth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ReplayTableTest {
    private static final long TTL = 60;

    @Test
    void shouldTakeRisingCountsAndTheSameRequestOnceMore() {
        final ReplayTable table = new ReplayTable(4);

        assertTrue(table.use(5, 1, 100, 0, TTL, 1));
        assertTrue(table.use(5, 1, 100, 0, TTL, 2));
        assertFalse(table.use(5, 1, 101, 0, TTL, 3));
        assertTrue(table.use(5, 7, 101, 0, TTL, 4));
        assertFalse(table.use(5, 6, 102, 0, TTL, 5));
        assertFalse(table.use(5, 1, 100, 0, TTL, 6));
        assertTrue(table.use(5, 0xFFFF_FFFF, 103, 0, TTL, 7));
    }

    @Test
    void shouldTakeANonceWithoutCountOnce() {
        final ReplayTable table = new ReplayTable(4);

        assertTrue(table.use(5, 0, 100, 0, TTL, 1));
        assertTrue(table.use(5, 0, 100, 0, TTL, 1));
        assertFalse(table.use(5, 0, 101, 0, TTL, 2));
    }

    @Test
    void shouldNeverLetAReplayThroughThoughItForgets() {
        final SplittableRandom random = new SplittableRandom(7);
        final ReplayTable table = new ReplayTable(2);
        final Map<Long, Long> issued = new HashMap<>();
        final Map<Long, Integer> highest = new HashMap<>();
        int accepted = 0;
        for (long now = 0; now < 200_000; now++) {
            final long nonce = 1 + random.nextLong(Math.max(1, now / 4 - 100), now / 4 + 2);
            final long issuedAt = issued.computeIfAbsent(nonce, key -> random.nextLong(10)) + 4 * nonce;
            if (now - issuedAt > TTL || now < issuedAt) {
                continue;
            }
            final int count = random.nextInt(1, 5);
            if (table.use(nonce, count, now, issuedAt, TTL, now)) {
                assertTrue(count > highest.getOrDefault(nonce, 0), "nonce " + nonce + " count " + count);
                highest.put(nonce, count);
                accepted++;
            }
        }
        assertTrue(accepted > 1_000);
    }

    @Test
    void shouldTakeAllNewNoncesWhileThereIsRoom() {
        final ReplayTable table = new ReplayTable(1);
        int taken = 0;
        for (int nonce = 1; nonce <= 8; nonce++) {
            taken += table.use(nonce, 1, nonce, nonce, TTL, 10) ? 1 : 0;
        }

        assertEquals(8, taken);
        assertTrue(table.use(9, 1, 9, 9, TTL, 10), "the oldest goes");
        assertFalse(table.use(1, 1, 1, 1, TTL, 10), "and does not come back");
        assertTrue(table.use(20, 1, 20, 100, TTL, 101), "all have grown old");
    }
}
