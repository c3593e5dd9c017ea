package org.tandemsip.perf.load;

import java.io.IOException;
import org.HdrHistogram.Histogram;

/**
 * What the generator does without a system under test, caller straight to answerer. It comes before every measurement,
 * for three reasons: the generator's own code gets compiled, so that its first seconds are not the target's; its
 * ceiling is known, and a result near it would be a result about the generator (RFC 7502 section 6.1); and what of a
 * latency is the generator's own is known, too.
 *
 * @param warmUpCalls attempts made only to warm up
 * @param ceiling     attempts per second that the generator completes when it has nothing to wait for
 * @param alone       first request due to its 2xx at the rate of the plan, nanoseconds
 */
public record Rehearsal(long warmUpCalls, double ceiling, Histogram alone) {
    /** A result is good up to this share of the ceiling. */
    public static final double USABLE = 0.8;

    private static final long SECOND_NS = 1_000_000_000L;
    private static final long WARM_UP_NS = 2 * SECOND_NS;
    private static final long CEILING_NS = SECOND_NS;
    private static final int WINDOW = 32;
    private static final int SLOTS_RATE = 4_096;
    /** As the proxy in between would add it, so that its part of the generator's code is warm, too. */
    private static final String RECORD_ROUTE = "Record-Route: <sip:127.0.0.1:5060;lr;k=0123456789abcdef>\r\n";

    /** Rehearses {@code plan}; takes four seconds. */
    static Rehearsal of(final LoadPlan plan) throws IOException {
        long warmUpCalls = 0;
        final double ceiling;
        try (Pair pair = new Pair(plan.alone(SLOTS_RATE, SECOND_NS), RECORD_ROUTE)) {
            pair.connectDirectly();
            warmUpCalls = offer(pair, 0, WARM_UP_NS);
            final long startNs = System.nanoTime();
            final long calls = offer(pair, warmUpCalls, CEILING_NS);
            ceiling = calls * 1e9 / (System.nanoTime() - startNs);
        }
        final LoadPlan alone = plan.alone(Math.min(plan.rate(), Math.max(1, ceiling * USABLE)), SECOND_NS);
        try (LoadRun run = new LoadRun(alone)) {
            return new Rehearsal(warmUpCalls, ceiling, run.runDirectly().setup());
        }
    }

    /** Keeps {@value #WINDOW} attempts open for {@code durationNs}; returns how many were completed. */
    private static long offer(final Pair pair, final long firstNumber, final long durationNs) throws IOException {
        final Caller caller = pair.caller();
        final long before = caller.succeeded();
        final long startNs = System.nanoTime();
        long number = firstNumber + caller.active();
        for (long nowNs = startNs; nowNs - startNs < durationNs; nowNs = System.nanoTime()) {
            while (caller.active() < WINDOW) {
                caller.begin((int) number++, nowNs, nowNs);
            }
            pair.turn(nowNs);
        }
        return caller.succeeded() - before;
    }

    /** Whether a result at {@code rate} would be about the generator. */
    boolean refuses(final double rate) {
        return rate > USABLE * ceiling;
    }

    /** One line for people. */
    String summary() {
        return ("generator   alone %,.0f calls/s at most; at the rate offered p50 %,.0f us, p99 %,.0f us;"
                + " warmed by %,d calls").formatted(ceiling, alone.getValueAtPercentile(50) / 1e3,
                        alone.getValueAtPercentile(99) / 1e3,
                        warmUpCalls);
    }
}
