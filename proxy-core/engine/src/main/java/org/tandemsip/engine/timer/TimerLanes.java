package org.tandemsip.engine.timer;

/**
 * Timers of a shard. SIP has about ten durations, so each duration has one lane: a FIFO whose head is always the next
 * to run out. Arming, cancelling and expiring are O(1), exact, and allocate nothing.
 *
 * <pre>
 *   lane  500 ms   head -> node -> node -> tail     all nodes of a lane run out in the order they were armed,
 *   lane    1 s    head -> tail                     so only heads are ever looked at
 *   lane   32 s    head -> node -> ... -> tail
 * </pre>
 *
 * <p>This holds because {@code nowNs} never goes back. Lanes are made when a configuration is taken over
 * ({@link #lane}), not per message, and go when the last that used it is gone ({@link #release}). Shard thread only.
 */
public final class TimerLanes {
    /** The FIFO of one duration. */
    public static final class Lane {
        private final long durationNs;
        private TimerNode head;
        private TimerNode tail;
        /** How many may still arm timers in it; without any it goes when it is empty. */
        private int holders;

        private Lane(final long durationNs) {
            this.durationNs = durationNs;
        }

        /** Duration of the lane's timers in nanoseconds. */
        public long durationNs() {
            return durationNs;
        }
    }

    /**
     * Most lanes that can exist: a bound on the cost of a {@link #poll}. One set of timer values needs about 15, and
     * an earlier set stays while a transaction uses it.
     */
    public static final int MAX_LANES = 256;

    private final Lane[] lanes = new Lane[MAX_LANES];
    private int laneCount;
    private int armed;
    // Exact unless stale; stale only after the timer that it spoke of has been cancelled or has expired.
    private long nextDeadlineNs = Long.MAX_VALUE;
    private boolean stale;

    /**
     * The lane for {@code durationNs}, made when there is none yet; to be given back with {@link #release}, once for
     * each call.
     *
     * @throws IllegalArgumentException when the duration is negative
     * @throws IllegalStateException    when {@link #MAX_LANES} is exceeded
     */
    public Lane lane(final long durationNs) {
        for (int i = 0; i < laneCount; i++) {
            if (lanes[i].durationNs == durationNs) {
                lanes[i].holders++;
                return lanes[i];
            }
        }
        if (durationNs < 0) {
            throw new IllegalArgumentException("negative duration: " + durationNs + " ns");
        }
        if (laneCount == MAX_LANES) {
            throw new IllegalStateException("more than " + MAX_LANES + " different timer durations");
        }
        final Lane lane = new Lane(durationNs);
        lane.holders = 1;
        lanes[laneCount++] = lane;
        return lane;
    }

    /** Gives a lane back: its holder will arm no more timers in it. Those that are armed still run out. */
    public void release(final Lane lane) {
        lane.holders--;
        removeWhenUnused(lane);
    }

    private void removeWhenUnused(final Lane lane) {
        if (lane.holders == 0 && lane.head == null) {
            for (int i = 0; i < laneCount; i++) {
                if (lanes[i] == lane) {
                    lanes[i] = lanes[--laneCount];
                    lanes[laneCount] = null;
                    return;
                }
            }
        }
    }

    /**
     * Starts {@code node}, which runs out {@code lane.durationNs()} after {@code nowNs}; restarts it when it is armed.
     */
    public void arm(final TimerNode node, final Lane lane, final long nowNs) {
        if (node.lane != null) {
            unlink(node);
        }
        final long deadlineNs = nowNs + lane.durationNs;
        node.lane = lane;
        node.deadlineNs = deadlineNs;
        node.previous = lane.tail;
        if (lane.tail == null) {
            lane.head = node;
        } else {
            lane.tail.next = node;
        }
        lane.tail = node;
        if (armed++ == 0) {
            nextDeadlineNs = deadlineNs;
            stale = false;
        } else if (deadlineNs - nextDeadlineNs < 0) {
            nextDeadlineNs = deadlineNs;
        }
    }

    /** Stops {@code node}; does nothing when it is not armed. */
    public void cancel(final TimerNode node) {
        if (node.lane != null) {
            unlink(node);
        }
    }

    /**
     * Expires at most {@code limit} timers whose deadline is not after {@code nowNs}, earliest first per lane. A timer
     * armed by one that expires is looked at in the same call only if its lane has not been passed yet.
     *
     * @return how many expired; less than {@code limit} means that nothing more is due, but for timers armed meanwhile
     *         and those of a lane that took the place of one that went
     */
    public int poll(final long nowNs, final int limit) {
        if (armed == 0 || nextDeadlineNs() - nowNs > 0) {
            return 0;
        }
        int expired = 0;
        for (int i = 0; i < laneCount && expired < limit; i++) {
            final Lane lane = lanes[i];
            TimerNode node = lane.head;
            // A lane that goes with its last timer has another one in its place: that waits for the next poll.
            while (node != null && node.deadlineNs - nowNs <= 0 && expired < limit) {
                unlink(node);
                expired++;
                node.expired(nowNs);
                node = lane.head;
            }
        }
        return expired;
    }

    /** Number of armed timers. */
    public int armed() {
        return armed;
    }

    /** Deadline of the timer that runs out next, or {@link Long#MAX_VALUE} when none is armed. */
    public long nextDeadlineNs() {
        if (stale) {
            stale = false;
            nextDeadlineNs = earliestHeadNs();
        }
        return nextDeadlineNs;
    }

    private long earliestHeadNs() {
        long earliestNs = Long.MAX_VALUE;
        boolean found = false;
        for (int i = 0; i < laneCount; i++) {
            final TimerNode head = lanes[i].head;
            if (head != null && (!found || head.deadlineNs - earliestNs < 0)) {
                earliestNs = head.deadlineNs;
                found = true;
            }
        }
        return earliestNs;
    }

    private void unlink(final TimerNode node) {
        final Lane lane = node.lane;
        if (node.previous == null) {
            lane.head = node.next;
        } else {
            node.previous.next = node.next;
        }
        if (node.next == null) {
            lane.tail = node.previous;
            removeWhenUnused(lane);
        } else {
            node.next.previous = node.previous;
        }
        node.previous = null;
        node.next = null;
        node.lane = null;
        armed--;
        if (node.deadlineNs == nextDeadlineNs) {
            stale = true;
        }
    }
}
