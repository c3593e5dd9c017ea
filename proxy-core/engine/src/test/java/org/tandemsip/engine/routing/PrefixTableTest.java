package org.tandemsip.engine.routing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.tandemsip.codec.Slice;

/** Longest match over tables of every shape. */
@Timeout(120)
class PrefixTableTest {
    private final TelephoneNumber number = new TelephoneNumber();

    private int find(final PrefixTable table, final String text) {
        final byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        return number.read(new UnsafeBuffer(bytes), Slice.of(0, bytes.length)) ? table.find(number) : PrefixTable.NONE;
    }

    private String trunks(final PrefixTable table, final String text) {
        final int list = find(table, text);
        final StringBuilder names = new StringBuilder();
        for (int i = 0; list != PrefixTable.NONE && i < table.size(list); i++) {
            names.append(i > 0 ? "," : "").append(table.trunks().get(table.trunk(list, i)));
        }
        return names.toString();
    }

    private static PrefixTable table(final String... rows) {
        final PrefixTableBuilder builder = new PrefixTableBuilder();
        for (final String row : rows) {
            final String[] fields = row.split(",");
            builder.add(fields[0], fields[1], fields.length > 2 ? Long.parseLong(fields[2]) : 0);
        }
        return builder.build();
    }

    @Test
    void shouldTakeTheLongestPrefix() {
        final PrefixTable table = table("49,a", "4930,b", "493012345,c", "1,d", "999999999999999999,e");
        assertEquals("a", trunks(table, "+4989123"));
        assertEquals("a", trunks(table, "493"));
        assertEquals("b", trunks(table, "+49301234"));
        assertEquals("c", trunks(table, "+49301234567"));
        assertEquals("c", trunks(table, "493012345"));
        assertEquals("d", trunks(table, "1"));
        assertEquals("e", trunks(table, "9999999999999999990000"));
        for (final String none : List.of("4", "2", "+", "*49", "0049", "49x", "99999999999999999", "#", "alice", "")) {
            assertEquals("", trunks(table, none), none);
        }
        assertEquals("a", trunks(table, "49*1"));
        assertEquals(5, table.prefixes());
    }

    @Test
    void shouldOrderTrunksByCostAndKeepTheOrderOfEqualOnes() {
        final PrefixTable table = table("49,a,30", "49,b,10", "49,c,20", "49,d,10", "48,b", "48,a");
        assertEquals("b,d,c,a", trunks(table, "4912"));
        assertEquals("b,a", trunks(table, "4812"));
    }

    @Test
    void shouldNameTheRowThatIsThereAlready() {
        final PrefixTableBuilder builder = new PrefixTableBuilder();
        for (final String trunk : List.of("a", "b", "c", "b", "a")) {
            builder.add("49", trunk, 0);
        }
        builder.build();
        assertEquals(3, builder.repeated());
    }

    @Test
    void shouldAgreeWithSearchThroughAllPrefixes() {
        final long seed = System.nanoTime();
        final SplittableRandom random = new SplittableRandom(seed);
        for (int round = 0; round < 200; round++) {
            // given
            final int digits = 1 + random.nextInt(10);
            final TreeMap<String, String> all = new TreeMap<>();
            final PrefixTableBuilder builder = new PrefixTableBuilder();
            for (int i = random.nextInt(60); i >= 0; i--) {
                final String prefix = digits(random, 1 + random.nextInt(PrefixTable.MAX_DIGITS), digits);
                final String trunk = "t" + random.nextInt(4);
                if (all.putIfAbsent(prefix, trunk) == null) {
                    builder.add(prefix, trunk, random.nextInt(5));
                }
            }
            final PrefixTable table = builder.build();
            assertEquals(all.size(), table.prefixes());
            for (int i = 0; i < 200; i++) {
                // when
                final String called = digits(random, 1 + random.nextInt(20), digits);

                // then
                final String longest = all.keySet().stream().filter(called::startsWith)
                        .max(java.util.Comparator.comparingInt(String::length)).orElse(null);
                assertEquals(longest == null ? "" : all.get(longest), trunks(table, called),
                        () -> "seed " + seed + ", " + called + " in " + all);
                number.set(called);
                assertEquals(longest == null ? "" : longest, table.longest(number));
            }
        }
    }

    private static String digits(final SplittableRandom random, final int length, final int most) {
        final StringBuilder text = new StringBuilder();
        for (int i = 0; i < length; i++) {
            text.append(random.nextInt(most));
        }
        return text.toString();
    }

    @Test
    void shouldHoldMillionPrefixesInLittleMemoryAndLookThemUpWithoutAllocation() {
        // given: country and area codes at different depths, as rate sheets have them
        final SplittableRandom random = new SplittableRandom(4);
        final PrefixTableBuilder builder = new PrefixTableBuilder();
        for (int i = 0; i < 1_000_000; i++) {
            builder.add(String.valueOf(1_000_000 + i * 9), "t" + random.nextInt(20), random.nextInt(1_000));
        }

        // when
        final PrefixTable table = builder.build();

        // then
        assertEquals(1_000_000, table.prefixes());
        assertTrue(table.sizeBytes() <= 16_000_000, table.sizeBytes() + " bytes");
        assertNotEquals(PrefixTable.NONE, find(table, "+10000091"));
        assertEquals(PrefixTable.NONE, find(table, "+1000001"));
        final com.sun.management.ThreadMXBean threads =
                (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        final byte[] bytes = "+4930-123456".getBytes(StandardCharsets.US_ASCII);
        final UnsafeBuffer buffer = new UnsafeBuffer(bytes);
        int found = 0;
        long least = Long.MAX_VALUE;
        for (int round = 0; round < 10; round++) {
            final long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < 10_000; i++) {
                number.read(buffer, Slice.of(0, bytes.length));
                found += table.find(number);
            }
            least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
        }
        assertTrue(least < 10_000, "10,000 look-ups allocated " + least + " bytes, " + found);
    }

    @Test
    void shouldBeEqualWhenItLeadsTheSameWays() {
        assertEquals(table("49,a", "1,b"), table("49,a", "1,b"));
        assertNotEquals(table("49,a"), table("49,b"));
        assertNotEquals(table("49,a"), table("48,a"));
        assertEquals(Map.of(table("49,a"), 1), Map.of(table("49,a"), 1));
    }
}
