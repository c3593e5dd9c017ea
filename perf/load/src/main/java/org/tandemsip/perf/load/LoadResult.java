package org.tandemsip.perf.load;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ToLongFunction;
import org.HdrHistogram.Histogram;

/**
 * What came of a run.
 *
 * @param plan              what was offered
 * @param begun             attempts begun
 * @param answered          attempts that got a 2xx
 * @param succeeded         attempts that came to the end they should, a call to the 200 of its BYE
 * @param failed            attempts that did not; begun = succeeded + failed
 * @param failuresByCode    failed attempts by status code, 0 for those that got no answer, {@link #NO_ROOM}
 * @param retransmissions   messages sent again by either side
 * @param lost              messages the generator itself could not send, and malformed ones it received
 * @param received          well-formed messages received by either side; 0: the target is not there
 * @param elapsedNs         from the first attempt due to the last one ended
 * @param latencies         delays, warm-up left out
 * @param usage             what the watched process used after the warm-up, or {@code null}
 * @param measuredSucceeded attempts that succeeded while {@code usage} was used
 * @param seconds           the course of the run
 * @param open              calls whose callee had no BYE yet when the generator heard no more
 */
public record LoadResult(LoadPlan plan, long begun, long answered, long succeeded, long failed,
        Map<Integer, Integer> failuresByCode, long retransmissions, long lost, long received, long elapsedNs,
        Latencies latencies, ProcessUsage usage, long measuredSucceeded, List<Second> seconds,
        long open) {
    /** Percentiles of every table. */
    static final double[] PERCENTILES = {50, 90, 99, 99.9, 99.99, 99.999};

    /** Key of {@link #failuresByCode} for attempts that found no room in the generator: the earlier took too long. */
    public static final int NO_ROOM = -1;

    static LoadResult of(final LoadPlan plan, final List<Pair> pairs, final long elapsedNs, final ProcessUsage before,
            final List<Second> seconds) {
        ProcessUsage first = before;
        ProcessUsage last = before;
        long measured = 0;
        for (final Second second : seconds) {
            if (second.usage() != null) {
                last = second.usage();
            }
            measured += second.succeeded();
            if (plan.warmUpNs() > 0 && second.atS() - second.lengthS() < plan.warmUpNs() / 1e9 && last != null) {
                first = last;
                measured = 0;
            }
        }
        final List<Caller> callers = pairs.stream().map(Pair::caller).toList();
        final long begun = sum(callers, Caller::begun);
        final long succeeded = sum(callers, Caller::succeeded);
        return new LoadResult(plan, begun, sum(callers, Caller::answered), succeeded, begun - succeeded,
                byCode(callers, begun - succeeded - sum(callers, Caller::failed)), sum(pairs, Pair::retransmissions),
                sum(pairs, Pair::lost), sum(pairs, Pair::received), elapsedNs,
                Latencies.sum(callers.stream().map(Caller::latencies).toList()),
                last == null ? null : last.since(first), measured, seconds, 0);
    }

    /** The same, with calls that were left open. */
    LoadResult leavingOpen(final long calls) {
        return new LoadResult(plan, begun, answered, succeeded, failed, failuresByCode, retransmissions, lost, received,
                elapsedNs, latencies, usage, measuredSucceeded, seconds, calls);
    }

    private static <T> long sum(final List<T> parts, final ToLongFunction<T> of) {
        return parts.stream().mapToLong(of).sum();
    }

    private static Map<Integer, Integer> byCode(final List<Caller> callers, final long open) {
        final Map<Integer, Integer> result = new TreeMap<>();
        for (final Caller caller : callers) {
            add(result, NO_ROOM, (int) caller.noRoom());
            final int[] counts = caller.failuresByCode();
            for (int code = 0; code < counts.length; code++) {
                add(result, code, counts[code]);
            }
        }
        // What was still open at the end got no answer either.
        add(result, 0, (int) open);
        return result;
    }

    private static void add(final Map<Integer, Integer> counts, final int code, final int count) {
        if (count > 0) {
            counts.merge(code, count, Integer::sum);
        }
    }

    /** Whether every attempt that was begun succeeded. */
    public boolean clean() {
        return begun > 0 && succeeded == begun;
    }

    /** CPU time of the watched process per success after the warm-up, microseconds; NaN when none was watched. */
    public double cpuMicrosPerCall() {
        return usage == null ? Double.NaN : perCall(usage.userNs() + usage.systemNs());
    }

    /** {@code ns} per success after the warm-up, in microseconds; NaN when there was none. */
    double perCall(final long ns) {
        return measuredSucceeded == 0 ? Double.NaN : ns / 1e3 / measuredSucceeded;
    }

    /** Successes per second while attempts were begun, warm-up left out. */
    public double goodput() {
        double lengthS = 0;
        long count = 0;
        for (final Second second : seconds) {
            final double beginS = second.atS() - second.lengthS();
            if (beginS >= plan.warmUpNs() / 1e9 - 0.5 && second.atS() <= plan.durationNs() / 1e9 + 0.5) {
                lengthS += second.lengthS();
                count += second.succeeded();
            }
        }
        return lengthS > 0 ? count / lengthS : succeeded / (elapsedNs / 1e9);
    }

    /** Share of the attempts that got their 2xx, redirections left out (RFC 6076 section 4.6, SER), in percent. */
    public double establishmentRatio() {
        final long redirected = count(300, 399);
        return begun > redirected ? 100.0 * answered / (begun - redirected) : Double.NaN;
    }

    /** Share of the attempts that no server could serve (RFC 6076 section 4.8, ISA), in percent; silence is a 408. */
    public double ineffectiveRatio() {
        final long ineffective = count(0, 0) + count(408, 408) + count(500, 500) + count(503, 504);
        return begun > 0 ? 100.0 * ineffective / begun : Double.NaN;
    }

    private long count(final int fromCode, final int toCode) {
        return failuresByCode.entrySet().stream()
                .filter(failure -> failure.getKey() >= fromCode && failure.getKey() <= toCode)
                .mapToLong(Map.Entry::getValue).sum();
    }

    /** INVITE or other first request due to its 2xx, nanoseconds. */
    public Histogram setup() {
        return latencies.setup();
    }

    /** The summary for people. */
    public String summary() {
        final StringBuilder text = new StringBuilder();
        text.append("calls       %,d begun at %,.0f/s, %,d answered, %,d succeeded, %,d failed%n".formatted(begun,
                plan.rate(), answered, succeeded, failed));
        failuresByCode.forEach((code, count) -> text.append("            %,d x %s%n".formatted(count, reason(code))));
        text.append("sent again  %,d messages; lost in the generator %,d%n".formatted(retransmissions, lost));
        if (open > 0) {
            text.append("left open   %,d calls: no BYE has come to the callee%n".formatted(open));
        }
        text.append("latency     from the time the first request was due, in microseconds%n".formatted());
        text.append("            %10s".formatted(""));
        for (final double percentile : PERCENTILES) {
            text.append("%11s".formatted(name(percentile)));
        }
        text.append("%11s%n".formatted("max"));
        line(text, "to 180", latencies.ringing());
        line(text, "to 200", latencies.setup());
        line(text, "BYE", latencies.teardown());
        line(text, "begun late", latencies.late());
        if (usage != null) {
            text.append("target      %.1f us CPU per call (%.1f user, %.1f system), %,d MiB resident, %s%n".formatted(
                    cpuMicrosPerCall(), perCall(usage.userNs()), perCall(usage.systemNs()),
                    usage.residentBytes() >> 20, usage.drops() == ProcessUsage.UNKNOWN
                            ? "socket drops unknown"
                            : "%,d socket drops".formatted(usage.drops())));
        }
        return text.toString();
    }

    /** What a key of {@link #failuresByCode} means. */
    static String reason(final int code) {
        return switch (code) {
            case NO_ROOM -> "not sent: more calls open than the generator has room for";
            case 0 -> "no answer";
            default -> "status " + code;
        };
    }

    /** {@code p50}, {@code p99.9}. */
    static String name(final double percentile) {
        return "p" + (percentile == Math.rint(percentile)
                ? Integer.toString((int) percentile)
                : Double.toString(percentile));
    }

    private static void line(final StringBuilder text, final String name, final Histogram histogram) {
        if (histogram.getTotalCount() == 0) {
            return;
        }
        text.append("            %10s".formatted(name));
        for (final double percentile : PERCENTILES) {
            text.append("%,11.0f".formatted(histogram.getValueAtPercentile(percentile) / 1e3));
        }
        text.append("%,11.0f%n".formatted(histogram.getMaxValue() / 1e3));
    }
}
