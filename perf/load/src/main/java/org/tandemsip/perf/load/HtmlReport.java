package org.tandemsip.perf.load;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;

/** One page about one report or several beside each other: figures, plots, tables; nothing is loaded from elsewhere. */
final class HtmlReport {
    private static final int COLOURS = 6;

    private final List<Recorded> reports;
    private final boolean single;
    private final StringBuilder html = new StringBuilder(1 << 16);

    private HtmlReport(final List<Recorded> reports) {
        this.reports = reports;
        single = reports.size() == 1;
    }

    /** The page; {@code reports} has at least one. */
    static String of(final List<Recorded> reports) {
        return new HtmlReport(reports).page();
    }

    private String page() {
        final Recorded first = reports.getFirst();
        final String title = single ? headline(first) : reports.size() + " results side by side";
        html.append("<!doctype html>\n<html lang=en><head><meta charset=utf-8>")
                .append("<meta name=viewport content=\"width=device-width,initial-scale=1\"><title>")
                .append(escape(title)).append("</title>\n<style>\n").append(style()).append("</style></head><body>\n")
                .append("<header><h1>").append(escape(title)).append("</h1><p>").append(escape(conditions(first)))
                .append("</p></header>\n");
        for (final Recorded report : reports) {
            if (!report.text("problem").isEmpty()) {
                html.append("<p class=problem>").append(escape(single ? "" : report.name() + ": "))
                        .append(escape(report.text("problem"))).append("</p>\n");
            }
        }
        if (single) {
            tiles(first);
            verdicts(first);
        }
        html.append("<main>\n");
        plots();
        html.append("</main>\n");
        tables();
        return html
                .append("<footer>Latency counts from the time a request was due, whether the target kept up or not. ")
                .append("A call is INVITE, 180, 200, ACK, BYE, 200.</footer>\n</body></html>\n").toString();
    }

    private static String headline(final Recorded report) {
        final List<Recorded> steps = report.list("steps");
        if (!steps.isEmpty()) {
            return report.text("target") + ", offered in " + steps.size() + " steps";
        }
        return "%,.0f %s a second through %s".formatted(report.number("plan", "rate_per_s"),
                report.text("plan", "scenario").matches("call|mixed|cancel") ? "calls" : "requests",
                report.text("target"));
    }

    private static String conditions(final Recorded report) {
        return "%s · %s over %s for %s s, first %s s to warm up%s%s · %s cores of %s · %s · generator on Java %s"
                .formatted(
                        report.text("at").replaceAll("\\.\\d+Z", "Z"), report.text("plan", "scenario"),
                        report.text("plan", "transport").toUpperCase(Locale.ROOT),
                        Plot.label(report.number("plan", "duration_s")), Plot.label(report.number("plan", "warm_up_s")),
                        "false".equals(report.text("plan", "retransmit")) ? ", nothing sent again" : "",
                        loops(report),
                        report.text("machine", "cores"), report.text("machine", "cpu"),
                        report.text("machine", "system"),
                        report.text("machine", "java"));
    }

    private static String loops(final Recorded report) {
        final double loops = report.number("plan", "loops");
        return loops > 1 ? ", by " + Plot.label(loops) + " loops" : "";
    }

    private void tiles(final Recorded report) {
        html.append("<section class=tiles>");
        tile("highest rate that passed", report.number("max_rate_per_s"), "/s");
        final double failed = report.number("result", "failed");
        tile("succeeded", Plot.label(report.number("result", "succeeded")), "", "good");
        tile("failed", Plot.label(failed), "", failed > 0 ? "bad" : "good");
        for (final String percentile : new String[] {"p50", "p99", "p99.9"}) {
            tile(percentile + " to 200", report.number("latency_us", "to_200", percentile), "µs");
        }
        tile("CPU per call", report.number("result", "cpu_us_per_call"), "µs");
        tile("resident", report.number("result", "resident_bytes") / (1 << 20), "MiB");
        tile("socket drops", report.number("result", "drops"), "");
        tile("sent again", report.number("result", "retransmissions"), "");
        html.append("</section>\n");
    }

    private void tile(final String name, final double value, final String unit) {
        if (Double.isFinite(value)) {
            tile(name, Plot.label(value), unit, "");
        }
    }

    private void tile(final String name, final String value, final String unit, final String kind) {
        html.append("<div class=\"tile ").append(kind).append("\"><b>").append(value).append("</b> ").append(unit)
                .append("<span>").append(name).append("</span></div>");
    }

    private void verdicts(final Recorded report) {
        final List<Recorded> thresholds = report.list("thresholds");
        if (!thresholds.isEmpty()) {
            html.append("<p class=verdicts>");
            for (final Recorded threshold : thresholds) {
                final boolean kept = Boolean.TRUE.equals(threshold.at("kept"));
                html.append("<span class=").append(kept ? "kept>" : "missed>").append(kept ? "kept " : "missed ")
                        .append(escape(threshold.text("text"))).append("</span> ");
            }
            html.append("</p>\n");
        }
    }

    private void plots() {
        final Plot goodput = new Plot("Goodput against offered load", "offered per second", "completed per second");
        final Plot stepLatency = new Plot("Latency against offered load", "offered per second", "µs, p50 and p99")
                .logarithmic();
        final Plot stepCpu = new Plot("CPU against offered load", "offered per second", "µs per call");
        final Plot percentiles = new Plot("Latency by percentile", "percentile", "µs, due to 200").percentiles()
                .logarithmic();
        final Plot latency = new Plot("Latency over time", "seconds", "µs, due to 200").logarithmic();
        final Plot rate = new Plot("Rate over time", "seconds", "per second");
        final Plot cpu = new Plot("CPU per call over time", "seconds", "µs per call");
        final Plot memory = new Plot("Resident memory", "seconds", "MiB");
        final Plot trouble = new Plot("Sent again and dropped", "seconds", "per second").logarithmic();
        for (int i = 0; i < reports.size(); i++) {
            final Recorded report = reports.get(i);
            steps(report, i, goodput, stepLatency, stepCpu);
            final List<double[]> curve = report.curve("to_200");
            percentiles.line(single ? "to 200" : report.name(), colour(i), false, part(curve, 0), part(curve, 1));
            if (single) {
                final List<double[]> bye = report.curve("bye");
                percentiles.line("BYE to its 200", 1, false, part(bye, 0), part(bye, 1));
                final List<double[]> late = report.curve("late");
                percentiles.line("begun late", 5, true, part(late, 0), part(late, 1));
            }
            seconds(report, i, latency, rate, cpu, memory, trouble);
        }
        for (final Plot plot : List.of(goodput, stepLatency, stepCpu, percentiles, latency, rate, cpu, memory,
                trouble)) {
            html.append(plot.figure());
        }
    }

    private void steps(final Recorded report, final int i, final Plot goodput, final Plot latency, final Plot cpu) {
        final List<Recorded> steps = report.list("steps").stream()
                .sorted(java.util.Comparator.comparingDouble(step -> step.number("rate_per_s"))).toList();
        final double[] offered = steps.stream().mapToDouble(step -> step.number("rate_per_s")).toArray();
        if (i == 0) {
            goodput.line("offered", 5, true, offered, offered);
        }
        goodput.line(named(report, "completed"), colour(i), false, offered, column(steps, "goodput_per_s"));
        latency.line(named(report, "p50"), colour(i), true, offered, column(steps, "p50"));
        latency.line(named(report, "p99"), colour(i), false, offered, column(steps, "p99"));
        cpu.line(named(report, "user and system"), colour(i), false, offered, column(steps, "cpu_us_per_call"));
    }

    private void seconds(final Recorded report, final int i, final Plot latency, final Plot rate, final Plot cpu,
            final Plot memory, final Plot trouble) {
        final double[] at = report.column("seconds", "at_s");
        if (single) {
            latency.line("p50", 0, false, at, report.column("seconds", "p50"));
            latency.line("p99", 1, false, at, report.column("seconds", "p99"));
            latency.line("p99.9", 2, false, at, report.column("seconds", "p99.9"));
            latency.line("max", 5, true, at, report.column("seconds", "max"));
            rate.line("failed", 4, false, at, nonZero(report.column("seconds", "failed_per_s")));
        } else {
            latency.line(report.name() + " p99", colour(i), false, at, report.column("seconds", "p99"));
        }
        if (i == 0) {
            rate.line("offered", 5, true, at, report.column("seconds", "offered_per_s"));
        }
        rate.line(named(report, "completed"), colour(i), false, at, report.column("seconds", "succeeded_per_s"));
        cpu.line(named(report, "user and system"), colour(i), false, at, report.column("seconds", "cpu_us_per_call"));
        final double[] resident = report.column("seconds", "resident_bytes");
        for (int s = 0; s < resident.length; s++) {
            resident[s] /= 1 << 20;
        }
        memory.line(named(report, "resident"), colour(i), false, at, resident);
        trouble.line(named(report, "sent again"), colour(i), true, at,
                report.column("seconds", "retransmissions_per_s"));
        trouble.line(named(report, "dropped by the target's sockets"), single ? 4 : colour(i), false, at,
                report.column("seconds", "drops"));
    }

    private String named(final Recorded report, final String what) {
        return single ? what : report.name() + " " + what;
    }

    private static int colour(final int i) {
        return i % (COLOURS - 1);
    }

    private static double[] part(final List<double[]> points, final int index) {
        return points.stream().mapToDouble(point -> point[index]).toArray();
    }

    private static double[] column(final List<Recorded> rows, final String key) {
        return rows.stream().mapToDouble(row -> row.number(key)).toArray();
    }

    /** A line that would lie on the axis says nothing. */
    private static double[] nonZero(final double[] values) {
        return java.util.Arrays.stream(values).anyMatch(value -> value > 0)
                ? values
                : java.util.Arrays.stream(values).map(_ -> Double.NaN).toArray();
    }

    private void tables() {
        html.append("<section class=tables><table><caption>Latency in microseconds</caption><tr><th>");
        for (final double percentile : LoadResult.PERCENTILES) {
            html.append("<th>").append(LoadResult.name(percentile));
        }
        html.append("<th>max\n");
        for (final Recorded report : reports) {
            row(report, "to 180", "latency_us", "to_180");
            row(report, "to 200", "latency_us", "to_200");
            row(report, "BYE", "latency_us", "bye");
            row(report, "begun late", "latency_us", "late");
            row(report, "without a target", "generator", "alone_us");
        }
        html.append("</table>\n");
        for (final Recorded report : reports) {
            stepTable(report);
            final double ceiling = report.number("generator", "ceiling_per_s");
            html.append("<p>").append(escape(single ? "" : report.name() + ": "))
                    .append(Double.isFinite(ceiling)
                            ? "The generator alone reaches " + Plot.label(ceiling)
                                    + " a second; results up to 80 % of that count."
                            : "The generator was not measured without a target.")
                    .append("</p>\n");
        }
        html.append("</section>\n");
    }

    private void row(final Recorded report, final String name, final String group, final String latency) {
        if (report.at(group, latency) == null) {
            return;
        }
        html.append("<tr><th>").append(escape(named(report, name)));
        for (final double percentile : LoadResult.PERCENTILES) {
            html.append("<td>").append(Plot.label(report.number(group, latency, LoadResult.name(percentile))));
        }
        html.append("<td>").append(Plot.label(report.number(group, latency, "max"))).append('\n');
    }

    private void stepTable(final Recorded report) {
        final List<Recorded> steps = report.list("steps");
        if (steps.isEmpty()) {
            return;
        }
        html.append("<table><caption>").append(escape(named(report, "Steps")))
                .append("</caption><tr><th>offered/s<th>completed/s<th>failed<th>sent again<th>p50 µs<th>p99 µs")
                .append("<th>CPU µs/call<th>\n");
        for (final Recorded step : steps) {
            html.append("<tr>");
            for (final String key : new String[] {"rate_per_s", "goodput_per_s", "failed", "retransmissions", "p50",
                "p99", "cpu_us_per_call"}) {
                final double value = step.number(key);
                html.append("<td>").append(Double.isFinite(value) ? Plot.label(value) : "");
            }
            html.append(
                    Boolean.TRUE.equals(step.at("passed")) ? "<td class=kept>passed\n" : "<td class=missed>failed\n");
        }
        html.append("</table>\n");
    }

    private static String style() {
        try (InputStream in = HtmlReport.class.getResourceAsStream("report.css")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Text as it may stand in HTML, in an attribute too. */
    static String escape(final String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\"", "&quot;");
    }
}
