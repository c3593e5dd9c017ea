package org.tandemsip.testkit;

/** A clock that moves only when told to, for code that takes time as an argument. Not thread-safe. */
public final class FakeClock {
    private long nowNs;

    /** Starts at {@code nowNs}, which may be negative as {@link System#nanoTime} may. */
    public FakeClock(final long nowNs) {
        this.nowNs = nowNs;
    }

    /** Virtual time in nanoseconds. */
    public long nowNs() {
        return nowNs;
    }

    /** Moves on by {@code ns}, which must not be negative. */
    public FakeClock advanceNs(final long ns) {
        return set(nowNs + ns);
    }

    /** Moves on by {@code ms} milliseconds. */
    public FakeClock advanceMs(final long ms) {
        return advanceNs(ms * 1_000_000);
    }

    /** Moves on to {@code timeNs}, which must not lie in the past. */
    public FakeClock set(final long timeNs) {
        if (timeNs - nowNs < 0) {
            throw new IllegalArgumentException("time runs forward only: " + nowNs + " to " + timeNs);
        }
        nowNs = timeNs;
        return this;
    }
}
