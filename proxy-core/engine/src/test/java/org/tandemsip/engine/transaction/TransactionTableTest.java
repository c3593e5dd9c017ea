package org.tandemsip.engine.transaction;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class TransactionTableTest {
    private final Transactions owner = new TransactionFixture().transactions;
    private final TransactionTable table = new TransactionTable();

    @Test
    void shouldFindEachByItsKeyWhenKeysShareASlot() {
        final Transaction first = transaction(5);
        final Transaction second = transaction(5 + (1L << 40));
        final Transaction third = transaction(6);
        table.add(first);
        table.add(second);
        table.add(third);

        assertSame(first, table.get(5));
        assertSame(second, table.get(5 + (1L << 40)));
        assertSame(third, table.get(6));
        assertNull(table.get(5 + (1L << 41)));
        assertEquals(1, table.longestProbe());
    }

    @Test
    void shouldCloseTheGapWhenOneInTheMiddleIsRemoved() {
        final Transaction first = transaction(15);
        final Transaction second = transaction(15 + (1L << 40));
        final Transaction third = transaction(0);
        table.add(first);
        table.add(second);
        table.add(third);

        table.remove(first);

        assertNull(table.get(15));
        assertSame(second, table.get(second.key));
        assertSame(third, table.get(0));
        assertEquals(0, table.longestProbe());
        assertEquals(2, table.size());
    }

    @Test
    void shouldAgreeWithAMapWhenFilledAndEmptiedAtRandom() {
        final long seed = 20_260_103L;
        final SplittableRandom random = new SplittableRandom(seed);
        final Map<Long, Transaction> model = new HashMap<>();
        for (int step = 0; step < 20_000; step++) {
            // Few slots and many keys per slot, so that runs wrap around the end.
            final long key = (long) random.nextInt(8) << 32 | random.nextInt(120, 136) & 127;
            final Transaction held = model.get(key);
            if (held != null) {
                table.remove(held);
                model.remove(key);
            } else if (model.size() < 64) {
                final Transaction added = transaction(key);
                table.add(added);
                model.put(key, added);
            }
            assertEquals(model.size(), table.size());
            model.forEach((k, expected) -> assertSame(expected, table.get(k), "seed " + seed));
            assertSame(model.get(key), table.get(key), "seed " + seed + " step " + step);
        }
    }

    @Test
    void shouldKeepAllWhenSegmentsGrow() {
        final long seed = 20_260_104L;
        final SplittableRandom random = new SplittableRandom(seed);
        final long[] keys = random.longs(50_000).toArray();
        for (final long key : keys) {
            table.add(transaction(key));
        }

        for (final long key : keys) {
            assertEquals(key, table.get(key).key, "seed " + seed);
            table.remove(table.get(key));
            assertNull(table.get(key), "seed " + seed);
        }
        assertEquals(0, table.size());
    }

    private Transaction transaction(final long key) {
        final Transaction transaction = new NonInviteClientTransaction(owner);
        transaction.key = key;
        return transaction;
    }
}
