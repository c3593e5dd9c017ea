package org.tandemsip.engine.routing;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What a trunk carries at the moment: one object for all shards, kept over reloads. Changed once per call, never per
 * message; without locks.
 */
public final class TrunkState {
    private final AtomicInteger calls = new AtomicInteger();
    private final AtomicLong refusedCalls = new AtomicLong();
    private final AtomicLong refusedRate = new AtomicLong();
    private volatile CallRate rate;
    private volatile CreditPolicy credit = CreditPolicy.NONE;

    /** Calls in progress, counted only where something depends on it. */
    public int calls() {
        return calls.get();
    }

    /** Calls refused since there were too many. */
    public long refusedCalls() {
        return refusedCalls.get();
    }

    /** Calls refused since too many began within a second. */
    public long refusedRate() {
        return refusedRate.get();
    }

    /**
     * Takes room for a call.
     *
     * @param most calls that may be in progress; 0 for any number
     * @return whether there was room; then {@link #endCall} gives it back
     */
    public boolean tryCall(final int most) {
        while (true) {
            final int now = calls.get();
            if (most > 0 && now >= most) {
                refusedCalls.incrementAndGet();
                return false;
            }
            if (calls.compareAndSet(now, now + 1)) {
                return true;
            }
        }
    }

    /** A call is over. */
    public void endCall() {
        calls.decrementAndGet();
    }

    /** Sets how many calls may begin in a second; 0 for any number. */
    public void rate(final int perSecond) {
        final CallRate before = rate;
        if (perSecond == 0) {
            rate = null;
        } else if (before == null || before.perSecond() != perSecond) {
            rate = new CallRate(perSecond);
        }
    }

    /** Sets whether calls from here need credit. */
    public void credit(final CreditPolicy policy) {
        credit = policy;
    }

    /** Whether calls from here need credit. */
    public CreditPolicy credit() {
        return credit;
    }

    /** Whether a call may begin now; if so it has. */
    public boolean tryBegin(final long nowNs) {
        final CallRate limit = rate;
        if (limit == null || limit.tryBegin(nowNs)) {
            return true;
        }
        refusedRate.incrementAndGet();
        return false;
    }
}
