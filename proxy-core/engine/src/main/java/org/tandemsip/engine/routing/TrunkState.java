package org.tandemsip.engine.routing;

import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.tandemsip.engine.metrics.CallCounts;
import org.tandemsip.engine.metrics.ResponseCounts;

/**
 * What a trunk carries at the moment: one object for all shards, kept over reloads. Changed once per call, never per
 * message; without locks.
 */
public final class TrunkState {
    /** Most loops and shards: their sets are bits of a {@code long}. */
    private static final int MOST_THREADS = 64;

    private final AtomicInteger calls = new AtomicInteger();
    private final AtomicInteger incoming = new AtomicInteger();
    private final AtomicLong refusedCalls = new AtomicLong();
    private final AtomicLong refusedRate = new AtomicLong();
    private volatile CallRate rate;
    private volatile CreditPolicy credit = CreditPolicy.NONE;
    private final PerThread<ResponseCounts> responses = new PerThread<>(ResponseCounts::new);
    private final PerThread<CallCounts> ended = new PerThread<>(CallCounts::new);

    /** Calls in progress, counted only where something depends on it. */
    public int calls() {
        return calls.get();
    }

    /** Those of {@link #calls} that came from here. */
    public int incoming() {
        return incoming.get();
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
     * @param most     calls that may be in progress; 0 for any number
     * @param comesIn  whether it comes from here, and does not go here
     * @return whether there was room; then {@link #endCall} gives it back
     */
    public boolean tryCall(final int most, final boolean comesIn) {
        while (true) {
            final int now = calls.get();
            if (most > 0 && now >= most) {
                refusedCalls.incrementAndGet();
                return false;
            }
            if (calls.compareAndSet(now, now + 1)) {
                if (comesIn) {
                    incoming.incrementAndGet();
                }
                return true;
            }
        }
    }

    /** A call is over. @param cameIn as in {@link #tryCall} */
    public void endCall(final boolean cameIn) {
        if (cameIn) {
            incoming.decrementAndGet();
        }
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

    /** Where a loop counts the responses of this trunk; made when it is first asked for. */
    public ResponseCounts responses(final int loop) {
        return responses.of(loop);
    }

    /** What all loops have counted. */
    public List<ResponseCounts> responses() {
        return responses.all();
    }

    /** Where a shard counts the calls of this trunk; made when it is first asked for. */
    public CallCounts ended(final int shard) {
        return ended.of(shard);
    }

    /** What all shards have counted. */
    public List<CallCounts> ended() {
        return ended.all();
    }

    /** What each thread counts for itself. */
    private static final class PerThread<T> {
        private final AtomicReferenceArray<T> counts = new AtomicReferenceArray<>(MOST_THREADS);
        private final Supplier<T> maker;

        PerThread(final Supplier<T> maker) {
            this.maker = maker;
        }

        T of(final int thread) {
            final T known = counts.get(thread);
            if (known != null) {
                return known;
            }
            counts.compareAndSet(thread, null, maker.get());
            return counts.get(thread);
        }

        List<T> all() {
            return IntStream.range(0, MOST_THREADS).mapToObj(counts::get).filter(Objects::nonNull).toList();
        }
    }
}
