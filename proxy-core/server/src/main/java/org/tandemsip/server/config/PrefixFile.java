package org.tandemsip.server.config;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.snakeyaml.engine.v2.nodes.Node;
import org.tandemsip.engine.routing.PrefixTable;
import org.tandemsip.engine.routing.PrefixTableBuilder;

/**
 * Reads a table of prefixes from a CSV file: {@code prefix,trunk[,cost[,...]]}. Whatever stands behind the cost is not
 * looked at. Empty lines, lines that begin with {@code #} and a first line of names are passed over. One bad row, and
 * there is no table.
 */
final class PrefixFile {
    /** Digits of a cost behind its point. */
    private static final int DECIMALS = 9;

    private final Reading reading;
    private final Map<String, Bound> trunks;
    private final PrefixTableBuilder rows = new PrefixTableBuilder();
    private int[] lines = new int[1_024];
    private String source;
    private String text;
    private int line;
    private boolean good = true;

    PrefixFile(final Reading reading, final Map<String, Bound> trunks) {
        this.reading = reading;
        this.trunks = trunks;
    }

    /**
     * Reads the file.
     *
     * @param at where its name stands in the configuration
     * @return the table; {@code null} when it holds mistakes, which are noted in the reading
     */
    PrefixTable read(final Path file, final Node at) {
        source = file.toString();
        try (BufferedReader in = Files.newBufferedReader(file, StandardCharsets.ISO_8859_1)) {
            readAll(in);
        } catch (final IOException e) {
            reading.problem(ErrorCode.FILE_UNREADABLE, at, "file '" + file + "' cannot be read: "
                    + (e instanceof NoSuchFileException ? "no such file" : String.valueOf(e.getMessage())));
            return null;
        }
        if (good && rows.rows() == 0) {
            reading.problem(ErrorCode.BAD_ROW, at, "file '" + file + "' holds no prefixes");
            return null;
        }
        if (!good) {
            return null;
        }
        final PrefixTable table = rows.build();
        if (rows.repeated() >= 0) {
            reading.problem(ErrorCode.BAD_ROW, source, lines[rows.repeated()], 1, "",
                    "an earlier row has the same prefix and trunk");
            return null;
        }
        return table;
    }

    private void readAll(final BufferedReader in) throws IOException {
        boolean first = true;
        for (text = in.readLine(); text != null && !reading.full(); text = in.readLine()) {
            line++;
            if (text.isBlank() || text.startsWith("#")) {
                continue;
            }
            if (!first || !isHeading(text)) {
                readRow();
            }
            first = false;
            if (rows.rows() > PrefixTable.MAX_ROWS) {
                problem(1, "the table has more than " + PrefixTable.MAX_ROWS + " rows");
                return;
            }
        }
    }

    private static boolean isHeading(final String row) {
        return row.replace("\"", "").strip().toLowerCase(java.util.Locale.ROOT).matches("\\W*prefix\\s*,.*");
    }

    private void readRow() {
        final int trunkStart = text.indexOf(',') + 1;
        if (trunkStart == 0) {
            problem(1, "a row is prefix,trunk or prefix,trunk,cost");
            return;
        }
        final int nextComma = text.indexOf(',', trunkStart);
        final int trunkEnd = nextComma < 0 ? text.length() : nextComma;
        final String prefix = digits(field(0, trunkStart - 1));
        final String trunk = trunk(field(trunkStart, trunkEnd), trunkStart + 1);
        final long cost = cost(trunkEnd);
        if (prefix != null && trunk != null && cost >= 0) {
            if (rows.rows() == lines.length) {
                lines = Arrays.copyOf(lines, lines.length * 2);
            }
            lines[rows.rows()] = line;
            rows.add(prefix, trunk, cost);
        }
    }

    /** A field without white space and quotes around it. */
    private String field(final int from, final int to) {
        final String field = text.substring(from, to).strip();
        return field.length() > 1 && field.startsWith("\"") && field.endsWith("\"")
                ? field.substring(1, field.length() - 1).strip() : field;
    }

    private String digits(final String field) {
        final String digits = field.startsWith("+") ? field.substring(1) : field;
        boolean wellFormed = !digits.isEmpty() && digits.length() <= PrefixTable.MAX_DIGITS;
        for (int i = 0; i < digits.length(); i++) {
            wellFormed &= digits.charAt(i) >= '0' && digits.charAt(i) <= '9';
        }
        if (!wellFormed) {
            problem(1, "'" + field + "' is not a prefix; write 1 to " + PrefixTable.MAX_DIGITS + " digits");
            return null;
        }
        return digits;
    }

    private String trunk(final String name, final int column) {
        final Bound trunk = trunks.get(name);
        if (trunk == null) {
            problem(column, "unknown trunk '" + name + "' (defined: " + String.join(", ", trunks.keySet()) + ")");
            return null;
        }
        final List<Item<Peers.Spec>> peers = trunk.get(Keys.PEERS);
        if (peers != null && peers.isEmpty()) {
            problem(column, "trunk '" + name + "' has no peers to send to");
            return null;
        }
        return name;
    }

    /** The cost behind a comma in billionths, 0 where there is none; -1 when it is wrong. */
    private long cost(final int comma) {
        if (comma == text.length()) {
            return 0;
        }
        final int nextComma = text.indexOf(',', comma + 1);
        final String field = field(comma + 1, nextComma < 0 ? text.length() : nextComma);
        if (field.isEmpty()) {
            return 0;
        }
        long cost = 0;
        int decimals = -1;
        int digits = 0;
        for (int i = 0; i < field.length(); i++) {
            final char character = field.charAt(i);
            if (character == '.' && decimals < 0) {
                decimals = 0;
            } else if (character >= '0' && character <= '9' && decimals < DECIMALS && digits < 9 + DECIMALS) {
                cost = cost * 10 + character - '0';
                digits++;
                decimals = decimals < 0 ? decimals : decimals + 1;
            } else {
                digits = 0;
                break;
            }
        }
        if (digits == 0 || digits - Math.max(decimals, 0) > 9) {
            problem(comma + 2, "'" + field + "' is not a cost; write a number such as 0.0125");
            return -1;
        }
        for (int i = Math.max(decimals, 0); i < DECIMALS; i++) {
            cost *= 10;
        }
        return cost;
    }

    private void problem(final int column, final String message) {
        good = false;
        reading.problem(ErrorCode.BAD_ROW, source, line, column, text, message);
    }
}
