package org.tandemsip.engine.transaction;

/**
 * Open-addressing table of transactions by their 64-bit key, in 256 segments that are never more than half full. The
 * keys are keyed hashes already, so their top bits choose the segment and their low bits the slot: nobody without the
 * process's keys can aim two at one place. Removal shifts back what follows, so that no tombstones pile up.
 *
 * <p>Segments grow one by one. With two million transactions that moves 4,000 at a time; a table grown as a whole
 * would stop the shard for tens of milliseconds, one made at full size would hold tens of megabytes while idle. Its
 * owner bounds the number of transactions. Shard thread only.
 */
final class TransactionTable {
    private static final int SEGMENT_BITS = 8;
    private static final int FIRST_SLOTS = 16;

    private final Transaction[][] segments = new Transaction[1 << SEGMENT_BITS][FIRST_SLOTS];
    private final int[] sizes = new int[1 << SEGMENT_BITS];
    private int size;

    /** The transaction with {@code key}, or {@code null}. */
    Transaction get(final long key) {
        final Transaction[] slots = segments[segment(key)];
        final int mask = slots.length - 1;
        int slot = (int) key & mask;
        Transaction transaction = slots[slot];
        while (transaction != null && transaction.key != key) {
            slot = slot + 1 & mask;
            transaction = slots[slot];
        }
        return transaction;
    }

    /** Adds a transaction under its key. */
    void add(final Transaction transaction) {
        final int segment = segment(transaction.key);
        if (++sizes[segment] > segments[segment].length / 2) {
            grow(segment);
        }
        place(segments[segment], transaction);
        size++;
    }

    /** Removes a transaction that is in the table. */
    void remove(final Transaction transaction) {
        final int segment = segment(transaction.key);
        final Transaction[] slots = segments[segment];
        final int mask = slots.length - 1;
        int hole = (int) transaction.key & mask;
        while (slots[hole] != transaction) {
            hole = hole + 1 & mask;
        }
        int slot = hole + 1 & mask;
        for (Transaction next = slots[slot]; next != null; next = slots[slot]) {
            // It may move into the hole unless its own place lies cyclically behind the hole.
            if ((slot - (int) next.key & mask) >= (slot - hole & mask)) {
                slots[hole] = next;
                hole = slot;
            }
            slot = slot + 1 & mask;
        }
        slots[hole] = null;
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
        for (final Transaction[] slots : segments) {
            for (int slot = 0; slot < slots.length; slot++) {
                if (slots[slot] != null) {
                    longest = Math.max(longest, slot - (int) slots[slot].key & slots.length - 1);
                }
            }
        }
        return longest;
    }

    private void grow(final int segment) {
        final Transaction[] before = segments[segment];
        final Transaction[] after = new Transaction[2 * before.length];
        for (final Transaction transaction : before) {
            if (transaction != null) {
                place(after, transaction);
            }
        }
        segments[segment] = after;
    }

    private static void place(final Transaction[] slots, final Transaction transaction) {
        final int mask = slots.length - 1;
        int slot = (int) transaction.key & mask;
        while (slots[slot] != null) {
            slot = slot + 1 & mask;
        }
        slots[slot] = transaction;
    }

    private static int segment(final long key) {
        return (int) (key >>> Long.SIZE - SEGMENT_BITS);
    }
}
