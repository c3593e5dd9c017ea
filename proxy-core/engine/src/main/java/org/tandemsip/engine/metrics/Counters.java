package org.tandemsip.engine.metrics;

/** The counters of one thread: written by it alone without locks, read by any. */
public final class Counters {
    /** Adds one. Owner thread only. */
    public void increment(final Counter counter) {
        throw new UnsupportedOperationException();
    }

    /** Adds {@code amount}. Owner thread only. */
    public void add(final Counter counter, final long amount) {
        throw new UnsupportedOperationException();
    }

    /** Value as last published by the owner. Any thread. */
    public long get(final Counter counter) {
        throw new UnsupportedOperationException();
    }
}
