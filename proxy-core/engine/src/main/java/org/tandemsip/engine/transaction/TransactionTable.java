package org.tandemsip.engine.transaction;

/**
 * Open-addressing table of transactions by their 64-bit key, made at full size and never more than half full. The
 * keys are keyed hashes already, so their low bits are the slot: nobody without the process's keys can aim two at one
 * place. Removal shifts back what follows, so that no tombstones pile up. Shard thread only.
 */
final class TransactionTable {
    private final Transaction[] slots;
    private final int mask;
    private int size;

    /** Makes an empty table for at most {@code maxSize} transactions. */
    TransactionTable(final int maxSize) {
        slots = new Transaction[Integer.highestOneBit(Math.max(1, maxSize) * 2 - 1) << 1];
        mask = slots.length - 1;
    }

    /** The transaction with {@code key}, or {@code null}. */
    Transaction get(final long key) {
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
        int slot = (int) transaction.key & mask;
        while (slots[slot] != null) {
            slot = slot + 1 & mask;
        }
        slots[slot] = transaction;
        size++;
    }

    /** Removes a transaction that is in the table. */
    void remove(final Transaction transaction) {
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
        size--;
    }

    /** Number of transactions in the table. */
    int size() {
        return size;
    }

    /** Longest way from a transaction's own slot to where it stands, in slots. Walks the whole table. */
    int longestProbe() {
        int longest = 0;
        for (int slot = 0; slot <= mask; slot++) {
            if (slots[slot] != null) {
                longest = Math.max(longest, slot - (int) slots[slot].key & mask);
            }
        }
        return longest;
    }
}
