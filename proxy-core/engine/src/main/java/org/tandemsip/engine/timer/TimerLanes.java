package org.tandemsip.engine.timer;

/**
 * Timers of a shard. SIP has about ten durations, so each duration has one lane: a FIFO whose head is always the next
 * to run out. Arming, cancelling and expiring are O(1), exact, and allocate nothing.
 *
 * <p>Lanes are made when a configuration is taken over ({@link #lane}), not per message. Shard thread only.
 */
public final class TimerLanes {
    /** The FIFO of one duration. */
    public static final class Lane {
        Lane() {}

        /** Duration of the lane's timers in nanoseconds. */
        public long durationNs() {
            throw new UnsupportedOperationException();
        }
    }

    /** Most lanes that can exist: a bound on the cost of a {@link #poll}. */
    public static final int MAX_LANES = 64;

    /** The lane for {@code durationNs}, made when there is none yet; throws when {@link #MAX_LANES} is exceeded. */
    public Lane lane(final long durationNs) {
        throw new UnsupportedOperationException();
    }

    /**
     * Starts {@code node}, which runs out {@code lane.durationNs()} after {@code nowNs}; restarts it when it is armed.
     */
    public void arm(final TimerNode node, final Lane lane, final long nowNs) {
        throw new UnsupportedOperationException();
    }

    /** Stops {@code node}; does nothing when it is not armed. */
    public void cancel(final TimerNode node) {
        throw new UnsupportedOperationException();
    }

    /**
     * Expires at most {@code limit} timers whose deadline is not after {@code nowNs}, earliest first per lane; returns
     * how many.
     */
    public int poll(final long nowNs, final int limit) {
        throw new UnsupportedOperationException();
    }

    /** Number of armed timers. */
    public int armed() {
        throw new UnsupportedOperationException();
    }

    /** Deadline of the timer that runs out next, or {@link Long#MAX_VALUE} when none is armed. */
    public long nextDeadlineNs() {
        throw new UnsupportedOperationException();
    }
}
