package org.tandemsip.perf.load;

import java.util.Map;
import java.util.TreeMap;
import org.HdrHistogram.Histogram;

/**
 * What came of a run.
 *
 * @param plan             what was offered
 * @param begun            calls begun
 * @param answered         calls that got a 200
 * @param succeeded        calls that went through to the 200 of their BYE
 * @param failed           calls that did not; begun = succeeded + failed
 * @param failuresByCode   failed calls by status code, 0 for those that got no answer, {@link #NO_ROOM}
 * @param retransmissions  messages sent again by either side
 * @param lost             messages the generator itself could not send, and malformed ones it received
 * @param elapsedNs        from the first call due to the last call ended
 * @param setup            INVITE due to 200, nanoseconds, warm-up left out
 * @param ringing          INVITE due to 180, nanoseconds, warm-up left out
 * @param usage            what the watched process used during the run, or {@code null}
 */
public record LoadResult(LoadPlan plan, long begun, long answered, long succeeded, long failed,
        Map<Integer, Integer> failuresByCode, long retransmissions, long lost, long elapsedNs, Histogram setup,
        Histogram ringing, ProcessUsage usage) {
    private static final double[] PERCENTILES = {50, 90, 99, 99.9, 99.99, 99.999};

    /** Key of {@link #failuresByCode} for calls that found no room in the generator: the earlier ones took too long. */
    public static final int NO_ROOM = -1;

    static Map<Integer, Integer> byCode(final int[] counts, final long noRoom) {
        final Map<Integer, Integer> result = new TreeMap<>();
        if (noRoom > 0) {
            result.put(NO_ROOM, (int) noRoom);
        }
        for (int code = 0; code < counts.length; code++) {
            if (counts[code] > 0) {
                result.put(code, counts[code]);
            }
        }
        return result;
    }

    /** Whether every call that was begun succeeded. */
    public boolean clean() {
        return begun > 0 && succeeded == begun;
    }

    /** CPU time that the watched process used per call, microseconds; NaN when none was watched. */
    public double cpuMicrosPerCall() {
        return usage == null || succeeded == 0 ? Double.NaN : (usage.userNs() + usage.systemNs()) / 1e3 / succeeded;
    }

    /** The summary for people. */
    public String summary() {
        final StringBuilder text = new StringBuilder();
        text.append("calls       %,d begun at %,.0f/s, %,d answered, %,d succeeded, %,d failed%n".formatted(begun,
                plan.rate(), answered, succeeded, failed));
        failuresByCode.forEach((code, count) -> text.append("            %,d x %s%n".formatted(count,
                switch (code) {
                    case NO_ROOM -> "not sent: more calls open than the generator has room for";
                    case 0 -> "no answer";
                    default -> "status " + code;
                })));
        text.append("sent again  %,d messages; lost in the generator %,d%n".formatted(retransmissions, lost));
        text.append("latency     from the time the INVITE was due, in microseconds%n".formatted());
        text.append("            %10s".formatted(""));
        for (final double percentile : PERCENTILES) {
            text.append("%11s".formatted("p" + (percentile == 50 || percentile == 90 || percentile == 99
                    ? Integer.toString((int) percentile)
                    : Double.toString(percentile))));
        }
        text.append("%11s%n".formatted("max"));
        line(text, "to 180", ringing);
        line(text, "to 200", setup);
        if (usage != null) {
            text.append("target      %.1f us CPU per call (%.1f user, %.1f system), %,d MiB resident%n".formatted(
                    cpuMicrosPerCall(), usage.userNs() / 1e3 / Math.max(1, succeeded),
                    usage.systemNs() / 1e3 / Math.max(1, succeeded), usage.residentBytes() >> 20));
        }
        return text.toString();
    }

    private static void line(final StringBuilder text, final String name, final Histogram histogram) {
        text.append("            %10s".formatted(name));
        for (final double percentile : PERCENTILES) {
            text.append("%,11.0f".formatted(histogram.getValueAtPercentile(percentile) / 1e3));
        }
        text.append("%,11.0f%n".formatted(histogram.getMaxValue() / 1e3));
    }
}
