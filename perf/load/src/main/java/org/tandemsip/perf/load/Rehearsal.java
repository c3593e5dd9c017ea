package org.tandemsip.perf.load;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
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

    /** Rehearses {@code plan}, on as many loops; takes four seconds. */
    static Rehearsal of(final LoadPlan plan) throws IOException {
        final LoadPlan most = plan.alone((double) SLOTS_RATE * plan.loops(), SECOND_NS);
        final List<Pair> pairs = Pair.open(most, RECORD_ROUTE);
        final LongAdder warmUpCalls = new LongAdder();
        final LongAdder perSecond = new LongAdder();
        try {
            for (final Pair pair : pairs) {
                pair.connectDirectly();
            }
            final AtomicBoolean failed = new AtomicBoolean();
            final long startNs = System.nanoTime();
            Together.run(pairs.size(), loop -> {
                final Pair pair = pairs.get(loop);
                warmUpCalls.add(offer(pair, startNs + WARM_UP_NS, failed));
                // At the same time on all loops, which may share a core: only what they do together counts.
                final long fromNs = System.nanoTime();
                final long calls = offer(pair, startNs + WARM_UP_NS + CEILING_NS, failed);
                perSecond.add((long) (calls * 1e9 / (System.nanoTime() - fromNs)));
            }, () -> failed.set(true));
        } finally {
            Pair.close(pairs);
        }
        final double ceiling = perSecond.sum();
        final LoadPlan alone = plan.alone(Math.min(plan.rate(), Math.max(1, ceiling * USABLE)), SECOND_NS);
        try (LoadRun run = new LoadRun(alone)) {
            return new Rehearsal(warmUpCalls.sum(), ceiling, run.runDirectly().setup());
        }
    }

    /** Keeps {@value #WINDOW} attempts open until {@code endNs}; returns how many were completed. */
    private static long offer(final Pair pair, final long endNs, final AtomicBoolean failed) throws IOException {
        final Caller caller = pair.caller();
        final long before = caller.succeeded();
        for (long nowNs = System.nanoTime(); endNs - nowNs > 0 && !failed.get(); nowNs = System.nanoTime()) {
            while (caller.active() < WINDOW) {
                caller.begin(pair.number(caller.begun()), nowNs, nowNs);
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
