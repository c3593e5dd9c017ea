package org.tandemsip.perf.compare;

import java.io.IOException;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.tandemsip.server.admin.Json;
import tools.jackson.core.JsonGenerator;

/** A result: what was run where, and tables; as Markdown for people and as JSON. */
final class Table {
    private final String title;
    private final List<String> facts = new ArrayList<>();
    private final StringBuilder tables = new StringBuilder();

    Table(final String title, final String method) {
        this.title = title;
        facts.add(method);
        facts.add("Machine: " + Runtime.getRuntime().availableProcessors() + " x " + cpu() + ", "
                + System.getProperty("os.name") + ' ' + System.getProperty("os.version") + ", Java "
                + Runtime.version() + '.');
        facts.add("JVM flags: `" + String.join(" ", flags()) + "`.");
    }

    private static List<String> flags() {
        return ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .map(flag -> flag.startsWith("-XX:AOTCache=") ? "-XX:AOTCache=..." : flag).toList();
    }

    private static String cpu() {
        try (Stream<String> lines = Files.lines(Path.of("/proc/cpuinfo"))) {
            return lines.filter(line -> line.startsWith("model name")).findFirst()
                    .map(line -> line.substring(line.indexOf(':') + 1).strip()).orElse(System.getProperty("os.arch"));
        } catch (final IOException e) {
            return System.getProperty("os.arch");
        }
    }

    /** Adds a sentence about what was run. */
    void fact(final String text) {
        facts.add(text);
    }

    /** Begins a table. */
    void head(final String heading, final String... columns) {
        if (!heading.isEmpty()) {
            tables.append("\n## ").append(heading).append('\n');
        }
        tables.append('\n');
        row(columns);
        row(Stream.of(columns).map(_ -> "---").toArray(String[]::new));
    }

    /** Adds a row. */
    void row(final String... cells) {
        tables.append("| ").append(String.join(" | ", cells)).append(" |\n");
    }

    /** The table so far. */
    String markdown() {
        return "# " + title + "\n\n" + String.join("\n", facts) + '\n' + tables;
    }

    /** Shows the result and keeps it as {@code name} with the date of today. */
    void write(final PrintWriter out, final Path directory, final String name, final Consumer<JsonGenerator> data)
            throws IOException {
        out.println();
        out.println(markdown());
        Files.createDirectories(directory);
        final String stem = name + '-' + LocalDate.now(ZoneOffset.UTC);
        Files.writeString(directory.resolve(stem + ".md"), markdown());
        Files.writeString(directory.resolve(stem + ".json"), Json.object(json -> {
            json.writeStringProperty("title", title);
            Json.texts(json, "facts", facts);
            data.accept(json);
        }));
        out.println("Kept as " + directory.resolve(stem + ".md") + " and .json.");
        out.flush();
    }

    /** A figure with as many digits as it deserves. */
    static String figure(final double value) {
        return Double.isNaN(value) ? "-"
                : String.format(Locale.ROOT, value < 10 ? "%.2f" : value < 100 ? "%.1f" : "%,.0f",
                        value);
    }

    static String mebibytes(final double bytes) {
        return figure(bytes / (1 << 20)) + " MiB";
    }
}
