package org.tandemsip.engine.metrics;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * Numbers that one thread only ever adds to, without locks, and any thread reads; a reader is at most one write behind.
 * Room before and after them keeps two threads out of each other's cache lines.
 */
final class Cells {
    private static final VarHandle VALUE = MethodHandles.arrayElementVarHandle(long[].class);
    /** Two cache lines, since processors fetch them in pairs. */
    private static final int PADDING = 16;

    private final long[] values;

    Cells(final int size) {
        values = new long[PADDING + size + PADDING];
    }

    /** Owner thread only. */
    void add(final int cell, final long amount) {
        final int index = PADDING + cell;
        VALUE.setRelease(values, index, values[index] + amount);
    }

    /** Any thread. */
    long get(final int cell) {
        return (long) VALUE.getAcquire(values, PADDING + cell);
    }
}
