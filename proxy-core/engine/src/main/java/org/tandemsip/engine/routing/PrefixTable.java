package org.tandemsip.engine.routing;

import java.util.Arrays;
import java.util.List;

/**
 * Finds the trunks for a number by the longest prefix that it begins with. Immutable, read by all shards; a look-up
 * allocates nothing and reads one {@code long} per digit.
 *
 * <p>A trie in the order of breadth, so that the children of a node stand together and a node needs to know only which
 * digits they have and where the first is:
 *
 * <pre>
 *   63           37 36             10 9         0
 *  +---------------+-----------------+-----------+
 *  | list + 1, or 0| first child     | 9 ... 1 0 |   one bit per digit that goes on
 *  +---------------+-----------------+-----------+
 * </pre>
 *
 * Eight bytes per node; a million prefixes of a rate sheet take some 1.3 to 3 million nodes. Prefixes for which the
 * same trunks stand in the same order share their list.
 */
public final class PrefixTable {
    /** Most digits of a prefix. */
    public static final int MAX_DIGITS = 18;
    /** Most rows of a table. */
    public static final int MAX_ROWS = 10_000_000;
    /** What {@link #find} says when no prefix fits. */
    public static final int NONE = -1;

    private static final int BASE_SHIFT = 10;
    private static final int LIST_SHIFT = 37;
    private static final int DIGIT_BITS = (1 << BASE_SHIFT) - 1;
    private static final int BASE_BITS = (1 << LIST_SHIFT - BASE_SHIFT) - 1;

    private final List<String> trunks;
    private final long[] nodes;
    private final int[][] lists;
    private final int prefixes;

    PrefixTable(final List<String> trunks, final long[] nodes, final int[][] lists, final int prefixes) {
        this.trunks = List.copyOf(trunks);
        this.nodes = nodes;
        this.lists = lists;
        this.prefixes = prefixes;
    }

    static long node(final int digits, final int firstChild, final int list) {
        return (long) (list + 1) << LIST_SHIFT | (long) firstChild << BASE_SHIFT | digits;
    }

    /** Names of the trunks in it; lists hold positions in this one. */
    public List<String> trunks() {
        return trunks;
    }

    /** Number of prefixes. */
    public int prefixes() {
        return prefixes;
    }

    /** Size of the trie in bytes. */
    public long sizeBytes() {
        return 8L * nodes.length;
    }

    /**
     * Looks for the longest prefix of a number; a {@code +} in front does not count.
     *
     * @return number of a list, to be used with {@link #trunk}; or {@link #NONE}
     */
    public int find(final TelephoneNumber number) {
        final long[] trie = nodes;
        int best = NONE;
        long node = trie[0];
        for (int i = number.length() > 0 && number.at(0) == '+' ? 1 : 0; i < number.length(); i++) {
            final int digit = number.at(i) - '0';
            // What is no digit shifts past the bits of the digits.
            if (digit < 0 || digit > 9 || (node >>> digit & 1) == 0) {
                break;
            }
            final int before = Integer.bitCount((int) node & (1 << digit) - 1);
            node = trie[((int) (node >>> BASE_SHIFT) & BASE_BITS) + before];
            final int list = (int) (node >>> LIST_SHIFT);
            if (list > 0) {
                best = list - 1;
            }
        }
        return best;
    }

    /** Number of trunks in a list. */
    public int size(final int list) {
        return lists[list].length;
    }

    /** Position in {@link #trunks()} of the trunk that comes at {@code place}, the cheapest at 0. */
    public int trunk(final int list, final int place) {
        return lists[list][place];
    }

    /** Digits of the prefix that {@link #find} goes by, for people; empty when none fits. */
    public String longest(final TelephoneNumber number) {
        final String digits = number.toString().startsWith("+") ? number.toString().substring(1) : number.toString();
        final TelephoneNumber shorter = new TelephoneNumber();
        final int found = find(number);
        String longest = "";
        for (int length = digits.length(); found != NONE && length > 0 && longest.isEmpty(); length--) {
            shorter.set(digits.substring(0, length));
            if (ends(shorter)) {
                longest = digits.substring(0, length);
            }
        }
        return longest;
    }

    /** Whether a number is itself a prefix. */
    private boolean ends(final TelephoneNumber number) {
        long node = nodes[0];
        for (int i = 0; i < number.length(); i++) {
            final int digit = number.at(i) - '0';
            if (digit < 0 || digit > 9 || (node >>> digit & 1) == 0) {
                return false;
            }
            node = nodes[((int) (node >>> BASE_SHIFT) & BASE_BITS)
                    + Integer.bitCount((int) node & DIGIT_BITS & (1 << digit) - 1)];
        }
        return node >>> LIST_SHIFT > 0;
    }

    @Override
    public boolean equals(final Object other) {
        return this == other || other instanceof final PrefixTable table && trunks.equals(table.trunks)
                && Arrays.equals(nodes, table.nodes) && Arrays.deepEquals(lists, table.lists);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(nodes);
    }
}
