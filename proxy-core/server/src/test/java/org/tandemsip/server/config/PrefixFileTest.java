package org.tandemsip.server.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.BufferedWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.tandemsip.engine.routing.PrefixTable;
import org.tandemsip.engine.routing.TelephoneNumber;
import org.tandemsip.testkit.AllocationMeter;

/** Tables of prefixes as files: what is taken, and what is said about bad rows. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class PrefixFileTest {
    private static final String CONFIG = """
            trunks:
              a: {peers: [10.0.0.1]}
              b: {peers: [10.0.0.2]}
              listener: {allow: [10.0.0.3]}
            routes:
              - {from: listener, to: prefixes, prefixes: rates.csv, then: b}
              - {from: a, to: prefixes, prefixes: rates.csv}
            """;

    @TempDir
    Path folder;

    private Config read(final String table) throws Exception {
        Files.writeString(folder.resolve("rates.csv"), table);
        Files.writeString(folder.resolve("t.yaml"), CONFIG);
        return ConfigTest.reader(Map.of(), Map.of()).read(folder.resolve("t.yaml"));
    }

    private static String trunks(final PrefixTable table, final String digits) {
        final TelephoneNumber number = new TelephoneNumber();
        number.set(digits);
        final int list = table.find(number);
        final StringBuilder names = new StringBuilder();
        for (int i = 0; list != PrefixTable.NONE && i < table.size(list); i++) {
            names.append(table.trunks().get(table.trunk(list, i)));
        }
        return names.toString();
    }

    @Test
    void shouldReadRowsInAllTheirForms() throws Exception {
        // when
        final Config config = read("\uFEFFPrefix,Trunk,Cost\r\n# a comment\r\n\r\n49,a,0.0125,Germany,x\r\n"
                + "+49,b,.0124\n\"4930\" , \"b\" ,  7\n1,a\n1,b,0\n44,a,,UK\n");

        // then
        final Config.Route route = config.routes().getFirst();
        assertEquals("ba", trunks(route.prefixes(), "49401"));
        assertEquals("b", trunks(route.prefixes(), "49301"));
        assertEquals("ab", trunks(route.prefixes(), "12"));
        assertEquals("a", trunks(route.prefixes(), "441"));
        assertEquals(List.of("a", "b"), route.to());
        assertEquals(List.of("b"), route.then());
        assertSame(route.prefixes(), config.routes().get(1).prefixes());
    }

    @Test
    void shouldNameLineAndReasonOfEveryBadRow() {
        // when
        final ConfigException mistakes = assertThrows(ConfigException.class, () -> read("""
                49,a,1
                4x,a,1
                48
                47,c,1
                46,listener
                45,b,1e3
                44,a,1.0000000001
                43;a
                1234567890123456789,a
                ,a
                42,a,12345678901
                """));

        // then
        final String file = folder.resolve("rates.csv").toString();
        assertEquals(List.of(":2:1: error[C042]: '4x' is not a prefix; write 1 to 18 digits",
                ":3:1: error[C042]: a row is prefix,trunk or prefix,trunk,cost",
                ":4:4: error[C042]: unknown trunk 'c' (defined: a, b, listener)",
                ":5:4: error[C042]: trunk 'listener' has no peers to send to",
                ":6:6: error[C042]: '1e3' is not a cost; write a number such as 0.0125",
                ":7:6: error[C042]: '1.0000000001' is not a cost; write a number such as 0.0125",
                ":8:1: error[C042]: a row is prefix,trunk or prefix,trunk,cost",
                ":9:1: error[C042]: '1234567890123456789' is not a prefix; write 1 to 18 digits",
                ":10:1: error[C042]: '' is not a prefix; write 1 to 18 digits",
                ":11:6: error[C042]: '12345678901' is not a cost; write a number such as 0.0125"),
                mistakes.problems().stream().filter(problem -> problem.source().equals(file)).limit(10)
                        .map(problem -> problem.render().lines().findFirst().orElseThrow().substring(file.length()))
                        .toList());
    }

    @Test
    void shouldNameRowThatIsThereTwice() {
        final ConfigException mistakes =
                assertThrows(ConfigException.class, () -> read("49,a,1\n\n48,a\n49,b,1\n+49,a,2\n"));
        assertEquals(5, mistakes.problems().getFirst().line());
        assertEquals("an earlier row has the same prefix and trunk", mistakes.problems().getFirst().message());
    }

    @Test
    void shouldRefuseEmptyTable() {
        assertEquals(ErrorCode.BAD_ROW,
                assertThrows(ConfigException.class, () -> read("prefix,trunk\n")).problems().getFirst().code());
    }

    @Test
    void shouldReadMillionPrefixes() throws Exception {
        // given
        Files.writeString(folder.resolve("t.yaml"), CONFIG);
        try (BufferedWriter out = Files.newBufferedWriter(folder.resolve("rates.csv"))) {
            for (int i = 0; i < 1_000_000; i++) {
                out.write((1_000_000 + i * 7L) + (i % 3 == 0 ? ",a,0." : ",b,0.") + i % 977 + "\n");
            }
        }

        // when
        final Config config = ConfigTest.reader(Map.of(), Map.of()).read(folder.resolve("t.yaml"));

        // then
        final PrefixTable table = config.routes().getFirst().prefixes();
        assertEquals(1_000_000, table.prefixes());
        assertEquals("a", trunks(table, "10000000"));
        assertEquals("b", trunks(table, "1000007123"));
        assertEquals("", trunks(table, "1000001"));
        final TelephoneNumber number = new TelephoneNumber();
        final int[] found = new int[1];
        for (final String called : List.of("1000007123", "79999934", "1000001", "999")) {
            number.set(called);
            assertEquals(0, AllocationMeter.bytes(1_000, () -> found[0] += table.find(number)) / 1_000, called);
        }
    }
}
