package org.tandemsip.perf.compare;

import java.util.Arrays;
import java.util.Collection;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import tools.jackson.core.JsonGenerator;

/**
 * One measured run.
 *
 * @param userMicros     CPU per successful call, user mode
 * @param systemMicros   CPU per successful call, kernel
 * @param p50            INVITE due to 200, microseconds; so are the next two
 * @param residentBytes  memory at the end, of all processes
 * @param failed         calls that failed
 * @param retransmitted  messages sent again by either side
 */
record Sample(double userMicros, double systemMicros, double p50, double p99, double p999, double residentBytes,
        double failed, double retransmitted) {
    private static final double TICK_MICROS = 10_000;

    /** Reads a report of {@code bench} and what the server used meanwhile. */
    static Sample of(final Map<String, Object> report, final Server.Usage before, final Server.Usage after) {
        final Map<?, ?> result = (Map<?, ?>) report.get("result");
        final Map<?, ?> latency = (Map<?, ?>) ((Map<?, ?>) report.get("latency_us")).get("to_200");
        final double calls = number(result, "succeeded");
        // Of a single process bench knows it without what passes before and after the calls.
        final boolean single = after.processes() == 1 && result.containsKey("user_us_per_call");
        final double user = single ? number(result, "user_us_per_call")
                : (after.userTicks() - before.userTicks()) * TICK_MICROS / calls;
        final double system = single ? number(result, "system_us_per_call")
                : (after.systemTicks() - before.systemTicks()) * TICK_MICROS / calls;
        return new Sample(user, system, number(latency, "p50"),
                number(latency, "p99"), number(latency, "p99.9"), after.residentBytes(), number(result, "failed"),
                number(result, "retransmissions"));
    }

    private static double number(final Map<?, ?> object, final String key) {
        return object != null && object.get(key) instanceof final Number number ? number.doubleValue() : Double.NaN;
    }

    /** User and system together. */
    double cpuMicros() {
        return userMicros + systemMicros;
    }

    /** The median of a figure over several runs; NaN of none. */
    static double median(final Collection<Sample> samples, final ToDoubleFunction<Sample> figure) {
        return median(samples.stream().mapToDouble(figure).toArray());
    }

    static double median(final double... values) {
        final double[] sorted = values.clone();
        Arrays.sort(sorted);
        final int n = sorted.length;
        return n == 0 ? Double.NaN : (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
    }

    void write(final JsonGenerator json) {
        json.writeStartObject();
        write(json, "user_us_per_call", userMicros);
        write(json, "system_us_per_call", systemMicros);
        write(json, "p50_us", p50);
        write(json, "p99_us", p99);
        write(json, "p99.9_us", p999);
        write(json, "resident_bytes", residentBytes);
        write(json, "failed", failed);
        write(json, "retransmissions", retransmitted);
        json.writeEndObject();
    }

    private static void write(final JsonGenerator json, final String name, final double value) {
        if (Double.isFinite(value)) {
            json.writeNumberProperty(name, Math.rint(value * 100) / 100);
        }
    }
}
