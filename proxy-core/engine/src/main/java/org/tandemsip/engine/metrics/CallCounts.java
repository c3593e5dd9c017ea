package org.tandemsip.engine.metrics;

/**
 * Calls that one shard has seen of one trunk, as far as they are over or set up, and how long that took: written by its
 * thread alone without locks, read by any.
 */
public final class CallCounts {
    /** How an attempt to call has ended. */
    public enum Outcome {
        /** A 2xx. */
        ANSWERED,
        /** 486 or 600. */
        BUSY,
        /** 487, or 408 and 480 after it rang: the caller gave up, or nobody came. */
        CANCELLED,
        /** 5xx, or no answer at all: the network or a machine in it. */
        FAILED,
        /** Any other 3xx, 4xx or 6xx: somebody has decided against it. */
        REJECTED;

        private static final Outcome[] ALL = values();

        /** The outcome that a final response says; {@code null} for a challenge, after which the call comes again. */
        public static Outcome of(final int code, final boolean rang) {
            if (code < 300) {
                return ANSWERED;
            }
            return switch (code) {
                case 401, 407 -> null;
                case 486, 600 -> BUSY;
                case 487 -> CANCELLED;
                case 408, 480 -> rang ? CANCELLED : code == 408 ? FAILED : REJECTED;
                default -> code >= 500 && code < 600 ? FAILED : REJECTED;
            };
        }
    }

    /** A duration of calls. */
    public enum Span {
        /** From the INVITE to the first response that lets the caller hear something, or to the answer. */
        POST_DIAL_DELAY,
        /** From the INVITE to its 2xx. */
        SETUP,
        /** From the 2xx to the end. */
        DURATION
    }

    private static final long MS = 1_000_000L;
    private static final long[] SETUP_NS = {50 * MS, 100 * MS, 250 * MS, 500 * MS, 1_000 * MS, 2_000 * MS, 4_000 * MS,
        8_000 * MS, 16_000 * MS, 32_000 * MS, 64_000 * MS, 180_000 * MS};
    private static final long[] DURATION_NS = {1_000 * MS, 5_000 * MS, 10_000 * MS, 30_000 * MS, 60_000 * MS,
        120_000 * MS, 300_000 * MS, 600_000 * MS, 1_800_000 * MS, 3_600_000 * MS, 7_200_000 * MS,
        43_200_000 * MS};
    /** Buckets of each span: twelve with a bound, and one beyond. */
    public static final int BUCKETS = 13;
    private static final int SPANS = 2 * Outcome.ALL.length;
    private static final int SPANS_NS = SPANS + Span.values().length * BUCKETS;

    private final Cells cells = new Cells(SPANS_NS + Span.values().length);

    /** An attempt has ended. Owner thread only. @param incoming whether it came from the trunk, not went to it */
    public void ended(final boolean incoming, final Outcome outcome) {
        cells.add((incoming ? 0 : Outcome.ALL.length) + outcome.ordinal(), 1);
    }

    /** A call to the trunk took that long. Owner thread only. */
    public void took(final Span span, final long durationNs) {
        final long[] boundsNs = boundsNs(span);
        int bucket = 0;
        while (bucket < boundsNs.length && durationNs > boundsNs[bucket]) {
            bucket++;
        }
        cells.add(SPANS + span.ordinal() * BUCKETS + bucket, 1);
        cells.add(SPANS_NS + span.ordinal(), durationNs);
    }

    /** Attempts that have ended so. Any thread. */
    public long count(final boolean incoming, final Outcome outcome) {
        return cells.get((incoming ? 0 : Outcome.ALL.length) + outcome.ordinal());
    }

    /** Calls in one bucket, the last being beyond all bounds. Any thread. */
    public long count(final Span span, final int bucket) {
        return cells.get(SPANS + span.ordinal() * BUCKETS + bucket);
    }

    /** What all calls took together. Any thread. */
    public long totalNs(final Span span) {
        return cells.get(SPANS_NS + span.ordinal());
    }

    /** Upper bound of a bucket but the last, in seconds. */
    public static double bound(final Span span, final int bucket) {
        return boundsNs(span)[bucket] / 1e9;
    }

    private static long[] boundsNs(final Span span) {
        return span == Span.DURATION ? DURATION_NS : SETUP_NS;
    }
}
