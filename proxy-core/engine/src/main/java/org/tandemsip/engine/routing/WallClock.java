package org.tandemsip.engine.routing;

/**
 * What time of day it is at a time of the clock that messages are dealt with by: shards are given the one, and time
 * windows need the other. Set by the server now and then, read by all shards.
 */
public final class WallClock {
    private volatile long offsetMs;

    /** Says that it was {@code epochMs} (milliseconds since 1970) at {@code nowNs}. */
    public void set(final long epochMs, final long nowNs) {
        offsetMs = epochMs - nowNs / 1_000_000;
    }

    /** Milliseconds since 1970 at {@code nowNs}. */
    public long epochMs(final long nowNs) {
        return offsetMs + nowNs / 1_000_000;
    }

    /** Seconds since 1970 at {@code nowNs}. */
    public long epochSecond(final long nowNs) {
        return Math.floorDiv(offsetMs + nowNs / 1_000_000, 1_000L);
    }
}
