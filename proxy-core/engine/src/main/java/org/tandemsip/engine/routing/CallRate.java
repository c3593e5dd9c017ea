package org.tandemsip.engine.routing;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Lets at most so many calls begin in any second, exactly: the times of the last ones are kept, and a call may begin
 * when the oldest of them is more than a second ago. A bucket that fills up would let twice as many begin within a
 * second, and it is in seconds that carriers count. Any thread, without locks.
 */
public final class CallRate {
    private static final long SECOND_NS = 1_000_000_000L;
    /** Stands where no call has begun yet. */
    private static final long NEVER = Long.MIN_VALUE;

    private final int perSecond;
    private final AtomicLongArray begins;
    private final AtomicLong next = new AtomicLong();

    /** Makes one for {@code perSecond} calls, 1 or more. */
    public CallRate(final int perSecond) {
        this.perSecond = perSecond;
        begins = new AtomicLongArray(perSecond);
        for (int i = 0; i < perSecond; i++) {
            begins.set(i, NEVER);
        }
    }

    /** Calls that may begin in a second. */
    public int perSecond() {
        return perSecond;
    }

    /** Whether a call may begin; if so it has. */
    public boolean tryBegin(final long nowNs) {
        while (true) {
            final long turn = next.get();
            final int place = (int) (turn % perSecond);
            final long before = begins.get(place);
            if (before != NEVER && nowNs - before < SECOND_NS) {
                if (next.get() == turn) {
                    return false;
                }
                // That is the time of a call that has just taken this turn.
                continue;
            }
            // Whoever wins the turn writes its time a moment later: nobody else comes to this place before all the
            // others have been taken.
            if (next.compareAndSet(turn, turn + 1)) {
                begins.set(place, nowNs);
                return true;
            }
        }
    }
}
