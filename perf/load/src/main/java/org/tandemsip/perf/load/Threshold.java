package org.tandemsip.perf.load;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A bound that a run must keep, such as {@code p99<2ms}, {@code failed=0} or {@code failed<0.1%}.
 *
 * @param text     as the user wrote it
 * @param quantity {@code pNN} (first request due to its 200), {@code failed}, {@code retransmissions}, {@code cpu}
 *                 (microseconds per call of the watched process) or {@code drops} (of its UDP sockets)
 * @param relation {@code <}, {@code <=} or {@code =}
 * @param bound    in nanoseconds for a latency and CPU time, else a count or, with {@code percent}, a share of all
 *                 calls
 * @param percent  whether {@code bound} is a percentage of the calls begun
 */
public record Threshold(String text, String quantity, String relation, double bound, boolean percent) {
    private static final Pattern SYNTAX = Pattern.compile(
            "(p\\d{1,2}(?:\\.\\d+)?|failed|retransmissions|cpu|drops)"
                    + "\\s*(<=|<|=)\\s*(\\d+(?:\\.\\d+)?)\\s*(ns|us|ms|s|%)?");

    /** Reads a threshold; throws {@link IllegalArgumentException} that says what is wrong with it. */
    public static Threshold parse(final String text) {
        final Matcher matcher = SYNTAX.matcher(text.strip());
        if (!matcher.matches()) {
            throw new IllegalArgumentException("threshold '" + text + "' is none of p99<2ms, failed=0, failed<0.1%,"
                    + " retransmissions=0, cpu<50us, drops=0");
        }
        final String quantity = matcher.group(1);
        final String unit = matcher.group(4) == null ? "" : matcher.group(4);
        final boolean time = quantity.startsWith("p") || quantity.equals("cpu");
        if (time != unit.endsWith("s")) {
            throw new IllegalArgumentException("threshold '" + text + "': " + quantity
                    + (time ? " needs a unit: ns, us, ms or s" : " is a number or a percentage, not a time"));
        }
        final double scale = switch (unit) {
            case "us" -> 1e3;
            case "ms" -> 1e6;
            case "s" -> 1e9;
            default -> 1;
        };
        return new Threshold(text.strip(), quantity, matcher.group(2), Double.parseDouble(matcher.group(3)) * scale,
                unit.equals("%"));
    }

    /** Whether a run of {@code calls} calls has missed the bound once {@code failed} of them have failed. */
    boolean surelyMissed(final long failed, final long calls) {
        return quantity.equals("failed") && failed > (percent ? bound * calls / 100 : bound);
    }

    /** Whether the bound is on something that only a watched process tells. */
    boolean needsProcess() {
        return quantity.equals("cpu") || quantity.equals("drops");
    }

    /** Whether {@code result} keeps the bound; a quantity that was not measured does not. */
    public boolean keptBy(final LoadResult result) {
        double value = switch (quantity) {
            case "failed" -> result.failed();
            case "retransmissions" -> result.retransmissions();
            case "drops" -> result.usage() == null || result.usage().drops() == ProcessUsage.UNKNOWN
                    ? Double.NaN
                    : result.usage().drops();
            case "cpu" -> result.cpuMicrosPerCall() * 1e3;
            default -> result.setup().getTotalCount() == 0
                    ? Double.NaN
                    : result.setup().getValueAtPercentile(Double.parseDouble(quantity.substring(1)));
        };
        if (percent) {
            value = 100 * value / result.begun();
        }
        return switch (relation) {
            case "<" -> value < bound;
            case "<=" -> value <= bound;
            default -> value == bound;
        };
    }
}
