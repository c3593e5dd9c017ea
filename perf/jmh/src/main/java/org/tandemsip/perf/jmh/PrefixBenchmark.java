package org.tandemsip.perf.jmh;

import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;
import org.agrona.concurrent.UnsafeBuffer;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Setup;
import org.tandemsip.codec.Slice;
import org.tandemsip.engine.routing.PrefixTable;
import org.tandemsip.engine.routing.PrefixTableBuilder;
import org.tandemsip.engine.routing.TelephoneNumber;

/**
 * The longest prefix of a number in a table of a million, each number another one, so that the table is read from
 * memory and not from the caches alone.
 *
 * <pre>
 *   65,536 numbers, round robin --> read digits --> walk the trie: 1,000,000 prefixes of 3 to 9 digits
 * </pre>
 */
public class PrefixBenchmark extends PathBenchmark {
    private static final int PREFIXES = 1_000_000;
    private static final int NUMBERS = 1 << 16;
    private static final int DIGITS = 12;

    private final TelephoneNumber number = new TelephoneNumber();
    private final UnsafeBuffer numbers = new UnsafeBuffer(new byte[NUMBERS * DIGITS]);
    private PrefixTable table;
    private int next;

    /** Builds the table, and refuses to measure look-ups that find too little. */
    @Setup
    public void build() {
        final SplittableRandom random = new SplittableRandom(1);
        final PrefixTableBuilder builder = new PrefixTableBuilder();
        while (builder.rows() < PREFIXES) {
            final int length = 3 + random.nextInt(7);
            builder.add(digits(random, length), "t" + random.nextInt(20), random.nextInt(1_000));
        }
        table = builder.build();
        for (int i = 0; i < NUMBERS; i++) {
            numbers.putBytes(i * DIGITS, ("+" + digits(random, DIGITS - 1)).getBytes(StandardCharsets.US_ASCII));
        }
        int found = 0;
        for (int i = 0; i < NUMBERS; i++) {
            found += find() != PrefixTable.NONE ? 1 : 0;
        }
        if (found < NUMBERS / 2) {
            throw new IllegalStateException("only " + found + " of " + NUMBERS + " numbers have a prefix");
        }
    }

    private static String digits(final SplittableRandom random, final int length) {
        final StringBuilder text = new StringBuilder();
        for (int i = 0; i < length; i++) {
            text.append((char) ('0' + random.nextInt(10)));
        }
        return text.toString();
    }

    /** Read the number, find its list of trunks. */
    @Benchmark
    public int find() {
        number.read(numbers, Slice.of((next++ & NUMBERS - 1) * DIGITS, DIGITS));
        return table.find(number);
    }
}
