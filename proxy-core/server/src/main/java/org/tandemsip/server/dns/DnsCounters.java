package org.tandemsip.server.dns;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.LongAdder;

/** What the resolver has done so far. Written by its thread, read by any. */
public final class DnsCounters {
    /** Upper bounds of the buckets of {@link #durations}, in seconds; one more holds all that is longer. */
    public static final double[] BOUNDS = {0.001, 0.005, 0.025, 0.1, 0.5, 1, 2};

    private final LongAdder[][] queries = new LongAdder[RecordType.values().length][Answer.Kind.values().length];
    private final AtomicLongArray[] buckets = new AtomicLongArray[RecordType.values().length];
    private final LongAdder[] nanos = new LongAdder[RecordType.values().length];
    private final LongAdder hits = new LongAdder();
    private final LongAdder stale = new LongAdder();
    private final LongAdder refused = new LongAdder();
    private final LongAdder forbidden = new LongAdder();

    DnsCounters() {
        for (int type = 0; type < queries.length; type++) {
            buckets[type] = new AtomicLongArray(BOUNDS.length + 1);
            nanos[type] = new LongAdder();
            for (int kind = 0; kind < queries[type].length; kind++) {
                queries[type][kind] = new LongAdder();
            }
        }
    }

    void answered(final RecordType type, final Answer.Kind kind, final long durationNs) {
        queries[type.ordinal()][kind.ordinal()].increment();
        nanos[type.ordinal()].add(durationNs);
        final double seconds = durationNs / (double) TimeUnit.SECONDS.toNanos(1);
        int bucket = 0;
        while (bucket < BOUNDS.length && seconds > BOUNDS[bucket]) {
            bucket++;
        }
        buckets[type.ordinal()].incrementAndGet(bucket);
    }

    void cacheHit() {
        hits.increment();
    }

    void stale() {
        stale.increment();
    }

    void refused() {
        refused.increment();
    }

    /** An address that DNS gave was refused, being none that may be sent to. */
    public void forbidden() {
        forbidden.increment();
    }

    /** Questions that were asked of a server, by type and outcome. */
    public long queries(final RecordType type, final Answer.Kind kind) {
        return queries[type.ordinal()][kind.ordinal()].sum();
    }

    /** Queries of a type whose answer took no longer than a bound, but longer than the one before. */
    public long durations(final RecordType type, final int bucket) {
        return buckets[type.ordinal()].get(bucket);
    }

    /** Time that all queries of a type took together, in nanoseconds. */
    public long totalNs(final RecordType type) {
        return nanos[type.ordinal()].sum();
    }

    /** Questions that were answered from memory. */
    public long cacheHits() {
        return hits.sum();
    }

    /** Failures that were covered by an older answer (RFC 8767). */
    public long staleAnswers() {
        return stale.sum();
    }

    /** Questions that were not asked because too many were under way. */
    public long refusals() {
        return refused.sum();
    }

    /** Addresses that were refused. */
    public long forbiddenAddresses() {
        return forbidden.sum();
    }
}
