package org.tandemsip.engine.timer;

/**
 * One timer: a link in a lane of {@link TimerLanes}. Embedded in its owner and used again and again, so arming
 * allocates nothing. Shard thread only.
 */
public abstract class TimerNode {
    TimerNode previous;
    TimerNode next;
    TimerLanes.Lane lane;
    long deadlineNs;

    /** Whether the timer is running. */
    public final boolean armed() {
        return lane != null;
    }

    /** Called once when the timer has run out; it is no longer armed and may be armed again here. */
    protected abstract void expired(long nowNs);
}
