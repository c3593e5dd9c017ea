package org.tandemsip.perf.load;

import java.util.ArrayList;
import java.util.List;

/** Holds two results against each other. */
final class Comparison {
    /**
     * One quantity.
     *
     * @param name         with its unit
     * @param a            in the first result, NaN when it was not measured
     * @param b            in the second result
     * @param higherBetter whether more is better
     * @param judged       whether being worse in it counts; the far percentiles vary too much from run to run
     */
    record Line(String name, double a, double b, boolean higherBetter, boolean judged) {
        /** b / a. */
        double ratio() {
            return a == 0 ? Double.NaN : b / a;
        }

        /** Whether {@code b} is worse by more than {@code allowed}, a fraction; nothing is not worse than nothing. */
        boolean worseThan(final double allowed) {
            if (!judged || !Double.isFinite(a)) {
                return false;
            }
            // A quantity that A has and B lacks was lost on the way, and that is not better.
            return !Double.isFinite(b) || (higherBetter ? b < a * (1 - allowed) : b > a * (1 + allowed));
        }
    }

    private Comparison() {}

    /** The lines of which at least one result has the quantity. */
    static List<Line> of(final Recorded a, final Recorded b) {
        final List<Line> lines = new ArrayList<>();
        add(lines, "highest rate that passed /s", a, b, true, true, "max_rate_per_s");
        add(lines, "offered /s", a, b, true, false, "plan", "rate_per_s");
        add(lines, "completed /s", a, b, true, true, "result", "goodput_per_s");
        add(lines, "failed", a, b, false, true, "result", "failed");
        add(lines, "sent again", a, b, false, false, "result", "retransmissions");
        add(lines, "socket drops", a, b, false, true, "result", "drops");
        add(lines, "CPU us per call", a, b, false, true, "result", "cpu_us_per_call");
        add(lines, "  user", a, b, false, false, "result", "user_us_per_call");
        add(lines, "  system", a, b, false, false, "result", "system_us_per_call");
        add(lines, "resident bytes", a, b, false, false, "result", "resident_bytes");
        for (final double percentile : LoadResult.PERCENTILES) {
            final String name = LoadResult.name(percentile);
            add(lines, "to 200 us " + name, a, b, false, percentile <= 99, "latency_us", "to_200", name);
        }
        add(lines, "to 200 us max", a, b, false, false, "latency_us", "to_200", "max");
        return lines;
    }

    private static void add(final List<Line> lines, final String name, final Recorded a, final Recorded b,
            final boolean higherBetter, final boolean judged, final String... keys) {
        final Line line = new Line(name, a.number(keys), b.number(keys), higherBetter, judged);
        if (Double.isFinite(line.a()) || Double.isFinite(line.b())) {
            lines.add(line);
        }
    }

    /** What must be the same for a comparison to mean something. */
    static String conditions(final Recorded report) {
        return "%s over %s at %s/s by %s, %s, %s cores of %s".formatted(report.text("plan", "scenario"),
                report.text("plan", "transport"),
                Double.isFinite(report.number("max_rate_per_s")) ? "any " : report.text("plan", "rate_per_s"),
                report.number("plan", "loops") > 1 ? report.text("plan", "loops") + " loops" : "one loop",
                report.text("machine", "system"), report.text("machine", "cores"), report.text("machine", "cpu"));
    }
}
