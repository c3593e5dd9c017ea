package org.tandemsip.engine.routing;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Collects the rows of a {@link PrefixTable} and builds it: sorts the prefixes as numbers of base 11, in which each
 * digit counts one more than it says, so that a prefix stands right before all that begin with it. For the control
 * path; keeps rows in arrays, 20 bytes each.
 */
public final class PrefixTableBuilder {
    private static final int FIRST_ROWS = 1_024;
    /** 11 to the power of the place, the last digit first. */
    private static final long[] PLACES = new long[PrefixTable.MAX_DIGITS];

    static {
        PLACES[0] = 1;
        for (int i = 1; i < PLACES.length; i++) {
            PLACES[i] = PLACES[i - 1] * 11;
        }
    }

    private final List<String> trunks = new ArrayList<>();
    private final Map<String, Integer> trunkNumbers = new HashMap<>();
    private long[] prefixes = new long[FIRST_ROWS];
    private long[] costs = new long[FIRST_ROWS];
    private int[] rowTrunks = new int[FIRST_ROWS];
    private int rows;

    // While the trie is being built: per node the range of sorted prefixes below it.
    private long[] sorted;
    private int[] listOf;
    private int[] from = new int[FIRST_ROWS];
    private int[] to = new int[FIRST_ROWS];
    private long[] nodes = new long[FIRST_ROWS];
    private int made;
    private int repeated = -1;

    /**
     * Adds a row.
     *
     * @param prefix 1 to {@link PrefixTable#MAX_DIGITS} digits
     * @param trunk  name of the trunk
     * @param cost   any measure; the lowest is tried first, of equal ones the one that was added first
     */
    public void add(final CharSequence prefix, final String trunk, final long cost) {
        if (rows == prefixes.length) {
            prefixes = Arrays.copyOf(prefixes, rows * 2);
            costs = Arrays.copyOf(costs, rows * 2);
            rowTrunks = Arrays.copyOf(rowTrunks, rows * 2);
        }
        long key = 0;
        for (int i = 0; i < prefix.length(); i++) {
            key += (prefix.charAt(i) - '0' + 1) * PLACES[PrefixTable.MAX_DIGITS - 1 - i];
        }
        prefixes[rows] = key;
        costs[rows] = cost;
        rowTrunks[rows] = trunkNumbers.computeIfAbsent(trunk, name -> {
            trunks.add(name);
            return trunks.size() - 1;
        });
        rows++;
    }

    /** Number of rows added. */
    public int rows() {
        return rows;
    }

    /** Row, from 0, that has prefix and trunk of an earlier one, known once the table is built; -1 for none. */
    public int repeated() {
        return repeated;
    }

    /** Builds the table; of rows with the same prefix and trunk the cheapest counts. */
    public PrefixTable build() {
        sorted = distinct(Arrays.copyOf(prefixes, rows));
        final int[][] lists = collectLists();
        made = 0;
        addNode(0, sorted.length);
        for (int node = 0, depth = 0, levelEnd = 1; node < made; node++) {
            if (node == levelEnd) {
                depth++;
                levelEnd = made;
            }
            final long value = expand(node, depth);
            nodes[node] = value;
        }
        return new PrefixTable(trunks, Arrays.copyOf(nodes, made), lists, sorted.length);
    }

    private static long[] distinct(final long[] values) {
        Arrays.parallelSort(values);
        int kept = 0;
        for (int i = 0; i < values.length; i++) {
            if (i == 0 || values[i] != values[i - 1]) {
                values[kept++] = values[i];
            }
        }
        return Arrays.copyOf(values, kept);
    }

    /** Rows grouped by prefix, each group in the order of cost; {@link #listOf} says which list a prefix has. */
    private int[][] collectLists() {
        final int[] ends = new int[sorted.length + 1];
        final int[] group = new int[rows];
        for (int row = 0; row < rows; row++) {
            group[row] = Arrays.binarySearch(sorted, prefixes[row]);
            ends[group[row] + 1]++;
        }
        for (int i = 1; i < ends.length; i++) {
            ends[i] += ends[i - 1];
        }
        final int[] starts = Arrays.copyOf(ends, ends.length);
        final int[] byGroup = new int[rows];
        for (int row = 0; row < rows; row++) {
            byGroup[starts[group[row]]++] = row;
        }
        listOf = new int[sorted.length];
        final List<int[]> lists = new ArrayList<>();
        final Map<List<Integer>, Integer> known = new HashMap<>();
        for (int prefix = 0; prefix < sorted.length; prefix++) {
            final List<Integer> list = byCost(byGroup, ends[prefix], ends[prefix + 1]);
            listOf[prefix] = known.computeIfAbsent(list, distinct -> {
                lists.add(distinct.stream().mapToInt(Integer::intValue).toArray());
                return lists.size() - 1;
            });
        }
        return lists.toArray(int[][]::new);
    }

    private List<Integer> byCost(final int[] byGroup, final int start, final int end) {
        if (end - start == 1) {
            return List.of(rowTrunks[byGroup[start]]);
        }
        for (int i = start + 1; i < end; i++) {
            for (int j = start; j < i; j++) {
                if (rowTrunks[byGroup[i]] == rowTrunks[byGroup[j]] && (repeated < 0 || byGroup[i] < repeated)) {
                    repeated = byGroup[i];
                }
            }
        }
        return Arrays.stream(byGroup, start, end).boxed()
                .sorted((a, b) -> Long.compare(costs[a], costs[b])).map(row -> rowTrunks[row]).distinct().toList();
    }

    private int addNode(final int start, final int end) {
        if (made == nodes.length) {
            nodes = Arrays.copyOf(nodes, made * 2);
            from = Arrays.copyOf(from, made * 2);
            to = Arrays.copyOf(to, made * 2);
        }
        from[made] = start;
        to[made] = end;
        return made++;
    }

    /** Adds the children of a node, which stand together, and returns what the node says. */
    private long expand(final int node, final int depth) {
        int at = from[node];
        final int end = to[node];
        int list = PrefixTable.NONE;
        if (at < end && digitAt(sorted[at], depth) < 0) {
            list = listOf[at++];
        }
        final int firstChild = made;
        int digits = 0;
        while (at < end) {
            final int digit = digitAt(sorted[at], depth);
            int next = at + 1;
            while (next < end && digitAt(sorted[next], depth) == digit) {
                next++;
            }
            digits |= 1 << digit;
            addNode(at, next);
            at = next;
        }
        return PrefixTable.node(digits, digits == 0 ? 0 : firstChild, list);
    }

    /** Digit at a place of a prefix, or -1 behind its end. */
    private static int digitAt(final long prefix, final int depth) {
        return depth == PrefixTable.MAX_DIGITS ? -1
                : (int) (prefix / PLACES[PrefixTable.MAX_DIGITS - 1 - depth] % 11) - 1;
    }
}
