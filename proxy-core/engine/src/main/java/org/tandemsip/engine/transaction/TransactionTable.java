package org.tandemsip.engine.transaction;

/**
 * Open-addressing table of transactions by their 64-bit key, in 256 segments that are never more than half full. The
 * keys are keyed hashes already, so their top bits choose the segment and their low bits the slot: nobody without the
 * process's keys can aim two at one place. Removal shifts back what follows, so that no tombstones pile up.
 *
 * <p>Segments grow one by one. With two million transactions that moves 4,000 at a time; a table grown as a whole
 * would stop the shard for tens of milliseconds, one made at full size would hold tens of megabytes while idle. Its
 * owner bounds the number of transactions. Shard thread only.
 *
 * <p>Keys stand in arrays of their own: most searches are for new requests and find nothing, and eight keys share a
 * cache line, where each transaction looked at on the way would cost one of its own.
 */
final class TransactionTable {
    private static final int SEGMENT_BITS = 8;
    private static final int FIRST_SLOTS = 16;

    /** 0 where a slot is empty. */
    private final long[][] keys = new long[1 << SEGMENT_BITS][FIRST_SLOTS];
    private final Transaction[][] segments = new Transaction[1 << SEGMENT_BITS][FIRST_SLOTS];
    private final int[] sizes = new int[1 << SEGMENT_BITS];
    private int size;

    /** The transaction with {@code wanted} as its key, or {@code null}. */
    Transaction get(final long wanted) {
        final long key = notEmpty(wanted);
        final int segment = segment(key);
        final long[] slots = keys[segment];
        final int mask = slots.length - 1;
        int slot = (int) key & mask;
        while (slots[slot] != 0) {
            if (slots[slot] == key && segments[segment][slot].key == wanted) {
                return segments[segment][slot];
            }
            slot = slot + 1 & mask;
        }
        return null;
    }

    /** Adds a transaction under its key. */
    void add(final Transaction transaction) {
        final long key = notEmpty(transaction.key);
        final int segment = segment(key);
        if (++sizes[segment] > keys[segment].length / 2) {
            grow(segment);
        }
        place(keys[segment], segments[segment], key, transaction);
        size++;
    }

    /** Removes a transaction that is in the table. */
    void remove(final Transaction transaction) {
        final long key = notEmpty(transaction.key);
        final int segment = segment(key);
        final long[] slots = keys[segment];
        final Transaction[] transactions = segments[segment];
        final int mask = slots.length - 1;
        int hole = (int) key & mask;
        while (slots[hole] != key || transactions[hole] != transaction) {
            hole = hole + 1 & mask;
        }
        int slot = hole + 1 & mask;
        for (long next = slots[slot]; next != 0; next = slots[slot]) {
            // It may move into the hole unless its own place lies cyclically behind the hole.
            if ((slot - (int) next & mask) >= (slot - hole & mask)) {
                slots[hole] = next;
                transactions[hole] = transactions[slot];
                hole = slot;
            }
            slot = slot + 1 & mask;
        }
        slots[hole] = 0;
        transactions[hole] = null;
        sizes[segment]--;
        size--;
    }

    /** Number of transactions in the table. */
    int size() {
        return size;
    }

    /** Longest way from a transaction's own slot to where it stands, in slots. Walks the whole table. */
    int longestProbe() {
        int longest = 0;
        for (final long[] slots : keys) {
            for (int slot = 0; slot < slots.length; slot++) {
                if (slots[slot] != 0) {
                    longest = Math.max(longest, slot - (int) slots[slot] & slots.length - 1);
                }
            }
        }
        return longest;
    }

    private void grow(final int segment) {
        final long[] keysBefore = keys[segment];
        final Transaction[] before = segments[segment];
        final long[] keysAfter = new long[2 * before.length];
        final Transaction[] after = new Transaction[2 * before.length];
        for (int slot = 0; slot < before.length; slot++) {
            if (keysBefore[slot] != 0) {
                place(keysAfter, after, keysBefore[slot], before[slot]);
            }
        }
        keys[segment] = keysAfter;
        segments[segment] = after;
    }

    private static void place(final long[] slots, final Transaction[] transactions, final long key,
            final Transaction transaction) {
        final int mask = slots.length - 1;
        int slot = (int) key & mask;
        while (slots[slot] != 0) {
            slot = slot + 1 & mask;
        }
        slots[slot] = key;
        transactions[slot] = transaction;
    }

    private static int segment(final long key) {
        return (int) (key >>> Long.SIZE - SEGMENT_BITS);
    }

    /** One key in 2^64 would look like an empty slot: it stands there as its neighbour. */
    private static long notEmpty(final long key) {
        return key == 0 ? 1 : key;
    }
}
