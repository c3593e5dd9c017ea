package org.tandemsip.engine.metrics;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Collection;

/**
 * The counters of one thread: written by it alone without locks, read by any.
 *
 * <p>The owner reads plainly and publishes with a release write, which costs no more than a store on x86; a reader sees
 * a value that is at most one write behind. Room before and after the values keeps the counters of two threads out of
 * each other's cache lines.
 */
public final class Counters {
    private static final VarHandle VALUE = MethodHandles.arrayElementVarHandle(long[].class);
    /** Two cache lines, since processors fetch them in pairs. */
    private static final int PADDING = 16;

    private final long[] values = new long[PADDING + Counter.values().length + PADDING];

    /** Adds one. Owner thread only. */
    public void increment(final Counter counter) {
        add(counter, 1);
    }

    /** Adds {@code amount}. Owner thread only. */
    public void add(final Counter counter, final long amount) {
        final int index = PADDING + counter.ordinal();
        VALUE.setRelease(values, index, values[index] + amount);
    }

    /** Value as last published by the owner. Any thread. */
    public long get(final Counter counter) {
        return (long) VALUE.getAcquire(values, PADDING + counter.ordinal());
    }

    /** Sum of {@code counter} over all threads. */
    public static long sum(final Collection<Counters> all, final Counter counter) {
        long sum = 0;
        for (final Counters counters : all) {
            sum += counters.get(counter);
        }
        return sum;
    }

    /** Messages received and dropped, for whatever reason, over all threads. */
    public static long dropped(final Collection<Counters> all) {
        long sum = 0;
        for (final Counter counter : Counter.values()) {
            if (counter.isDrop()) {
                sum += sum(all, counter);
            }
        }
        return sum;
    }

    /**
     * Messages received whose fate is not yet counted: received - forwarded - answered - absorbed - dropped, over all
     * threads. 0 at rest; anything else then is a message lost or counted twice.
     */
    public static long unaccounted(final Collection<Counters> all) {
        return sum(all, Counter.RECEIVED) - sum(all, Counter.FORWARDED) - sum(all, Counter.ANSWERED)
                - sum(all, Counter.ABSORBED) - dropped(all);
    }
}
