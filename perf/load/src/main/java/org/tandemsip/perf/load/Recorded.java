package org.tandemsip.perf.load;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.tandemsip.server.admin.Json;

/**
 * A report read back from its JSON.
 *
 * @param name what it is called beside others
 * @param json the parsed object
 */
record Recorded(String name, Map<?, ?> json) {
    /** Reads the text of a report; throws {@link IllegalArgumentException} when it is none. */
    static Recorded parse(final String name, final String text) {
        if (Json.parse(text) instanceof final Map<?, ?> map
                && map.get("tandem_bench") instanceof final Long format && format == Report.FORMAT) {
            return new Recorded(name, map);
        }
        throw new IllegalArgumentException(name + " is not a result of tandem bench --json");
    }

    /** Reads a file that {@code --json} wrote. */
    static Recorded read(final Path file) throws IOException {
        final String name = file.getFileName().toString();
        return parse(name.endsWith(".json") ? name.substring(0, name.length() - 5) : name, Files.readString(file));
    }

    /** What stands under the keys, or {@code null}. */
    Object at(final String... keys) {
        Object value = json;
        for (final String key : keys) {
            value = value instanceof final Map<?, ?> map ? map.get(key) : null;
        }
        return value;
    }

    /** The number under the keys; NaN when there is none. */
    double number(final String... keys) {
        return asNumber(at(keys));
    }

    /** The text under the keys; empty when there is none. */
    String text(final String... keys) {
        final Object value = at(keys);
        return value == null ? "" : value.toString();
    }

    /** The objects in the list under the keys, each as a report of its own. */
    List<Recorded> list(final String... keys) {
        final List<Recorded> result = new ArrayList<>();
        if (at(keys) instanceof final List<?> list) {
            for (final Object element : list) {
                if (element instanceof final Map<?, ?> map) {
                    result.add(new Recorded(name, map));
                }
            }
        }
        return result;
    }

    /** One column of the seconds or steps, in their order; NaN where a row has none. */
    double[] column(final String list, final String key) {
        return list(list).stream().mapToDouble(row -> row.number(key)).toArray();
    }

    /** The points of a percentile curve, percentile and microseconds, up to the first that is the maximum. */
    List<double[]> curve(final String latency) {
        final List<double[]> points = new ArrayList<>();
        final double max = number("latency_us", latency, "max");
        if (at("latency_us", latency, "curve") instanceof final List<?> list) {
            for (final Object each : list) {
                if (each instanceof final List<?> pair && pair.size() == 2
                        && (points.isEmpty() || points.getLast()[1] < max)) {
                    points.add(new double[] {asNumber(pair.get(0)), asNumber(pair.get(1))});
                }
            }
        }
        return points;
    }

    private static double asNumber(final Object value) {
        return value instanceof final Number number ? number.doubleValue() : Double.NaN;
    }
}
