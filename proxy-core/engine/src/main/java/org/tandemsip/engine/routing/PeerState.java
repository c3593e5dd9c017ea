package org.tandemsip.engine.routing;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.HdrHistogram.ConcurrentHistogram;

/**
 * Whether a peer can be used, and how many calls it carries: one object for all shards, kept over reloads. Changed at
 * the rate of calls and probes, never per message; without locks.
 *
 * <p>A way to a peer is a listen point of ours, which is a transport and a local address and port; each has a state of
 * its own. A way is known once it was probed or used.
 *
 * <pre>
 *             failure                 the downAfter-th failure in a row
 *    +----+ -----------> +--------+ ---------------------------------> +------+
 *    | up |              | trying |                                    | down |
 *    +----+ &lt;----------- +--------+                                    +------+
 *      ^      success                                                      |
 *      +-------------------------------------------------------------------+
 *             the upAfter-th good probe in a row
 *
 *    all ways: --drain--> draining     --disable--> disabled     down, draining, disabled --enable--> up
 *              trying, down --no probes any more--> up
 * </pre>
 *
 * The peer is as well as the best of its ways. Failures are those of probes and of live traffic: no answer, a code that
 * does not count as alive, a connection refused. Only probes bring a way back, so nothing goes down where there are
 * none.
 */
public final class PeerState {
    /** How far a peer can be used. */
    public enum State {
        /** Takes calls. */
        UP,
        /** Takes calls, but the last thing it did was to fail. */
        TRYING,
        /** Takes no new requests until probes succeed. */
        DOWN,
        /** Takes no new calls by order; those that it has go on. */
        DRAINING,
        /** Takes no new requests by order, and no probes. */
        DISABLED;

        private static final State[] ALL = values();

        /** Whether new requests may go there. */
        public boolean usable() {
            return this == UP || this == TRYING;
        }
    }

    /** What is found out about a way. */
    public enum Event {
        /** A good answer to a probe. */
        PROBE_SUCCESS,
        /** A response to a request of a call. */
        SUCCESS,
        /** No answer, an answer that does not count as alive, or no way there. */
        FAILURE
    }

    /** What changes the state of a peer by itself. */
    public enum Order {
        /** No new calls. */
        DRAIN,
        /** Out of use. */
        DISABLE,
        /** Back into use. */
        ENABLE,
        /** There are no probes any more, which alone could bring it back. */
        UNPROBED
    }

    /** Ways are bits of a {@code long}, as listen points are everywhere. */
    private static final int MOST_WAYS = Long.SIZE;
    private static final int COUNT_BITS = 8;
    private static final int MAX_COUNT = (1 << COUNT_BITS) - 1;
    private static final long HIGHEST_US = 60_000_000L;

    /** Of each way the state, and how often in a row what might change it has happened. */
    private final AtomicIntegerArray ways = new AtomicIntegerArray(MOST_WAYS);
    private final AtomicLong known = new AtomicLong();
    /** DRAINING or DISABLED, or {@code null}: then it is as its ways are. */
    private final AtomicReference<State> ordered = new AtomicReference<>();
    private final AtomicInteger calls = new AtomicInteger();
    private final AtomicLong changes = new AtomicLong();
    private volatile ConcurrentHistogram roundTripsUs;
    private volatile long lastRoundTripNs = -1;

    /** State now. */
    public State state() {
        final State order = ordered.get();
        return order != null ? order : best();
    }

    private State best() {
        final long all = known.get();
        int best = all == 0 ? 0 : State.DOWN.ordinal();
        for (long left = all; left != 0; left &= left - 1) {
            best = Math.min(best, ways.get(Long.numberOfTrailingZeros(left)) >>> COUNT_BITS);
        }
        return State.ALL[best];
    }

    /** State of a way. @param listenPoint index of the listen point that it begins at */
    public State state(final int listenPoint) {
        final State order = ordered.get();
        return order != null ? order : state(ways, listenPoint);
    }

    /** Whether new requests may go there. */
    public boolean usable() {
        return ordered.get() == null && best().usable();
    }

    /** A bit for each listen point that a known way begins at. */
    public long known() {
        return known.get();
    }

    /** A bit for each listen point that a way begins at which is down. */
    public long down() {
        return among(State.DOWN);
    }

    /** A bit for each listen point that a way begins at which is down, or has failed last. */
    public long doubtful() {
        return among(State.TRYING);
    }

    private long among(final State atLeast) {
        long found = 0;
        for (long left = known.get(); left != 0; left &= left - 1) {
            if (state(ways, Long.numberOfTrailingZeros(left)).compareTo(atLeast) >= 0) {
                found |= Long.lowestOneBit(left);
            }
        }
        return found;
    }

    /**
     * Takes what was found out about a way; returns whether the state of the peer is another now.
     *
     * @param listenPoint index of the listen point that the way begins at
     */
    public boolean on(final Event event, final int listenPoint, final Ping ping) {
        if (ordered.get() != null || !ping.on() && event != Event.PROBE_SUCCESS) {
            return false;
        }
        final State peerBefore = state();
        int before = ways.get(listenPoint);
        int after = next(before, event, ping);
        while (before != after && !ways.compareAndSet(listenPoint, before, after)) {
            before = ways.get(listenPoint);
            after = next(before, event, ping);
        }
        final long way = 1L << listenPoint;
        long knownBefore = known.get();
        while ((knownBefore & way) == 0 && !known.compareAndSet(knownBefore, knownBefore | way)) {
            knownBefore = known.get();
        }
        return changed(peerBefore);
    }

    /** Takes an order; returns whether the state is another now. */
    public boolean on(final Order order) {
        final State before = state();
        switch (order) {
            case DRAIN -> ordered.set(State.DRAINING);
            case DISABLE -> ordered.set(State.DISABLED);
            case ENABLE -> {
                // What was known before an order is old.
                forget(ordered.getAndSet(null) != null ? State.UP : State.DOWN);
            }
            case UNPROBED -> {
                if (known.get() != 0 && ordered.get() == null) {
                    forget(State.UP);
                    known.set(0);
                }
            }
        }
        return changed(before);
    }

    /** Forgets the ways but those: nobody asks there any more. @param these a bit for each listen point */
    public void retain(final long these) {
        for (long left = known.get() & ~these; left != 0; left &= left - 1) {
            ways.set(Long.numberOfTrailingZeros(left), 0);
        }
        known.accumulateAndGet(these, (all, kept) -> all & kept);
    }

    private void forget(final State atLeast) {
        for (int i = 0; i < MOST_WAYS; i++) {
            if (state(ways, i).compareTo(atLeast) >= 0) {
                ways.set(i, 0);
            }
        }
    }

    private boolean changed(final State before) {
        final boolean changed = before != state();
        if (changed) {
            changes.incrementAndGet();
        }
        return changed;
    }

    private static int next(final int packed, final Event event, final Ping ping) {
        final State state = State.ALL[packed >>> COUNT_BITS];
        final int count = Math.min(packed & MAX_COUNT, MAX_COUNT - 1) + 1;
        return switch (event) {
            case PROBE_SUCCESS -> switch (state) {
                case TRYING -> pack(State.UP, 0);
                case DOWN -> count >= ping.upAfter() ? pack(State.UP, 0) : pack(State.DOWN, count);
                case UP, DRAINING, DISABLED -> packed;
            };
            case SUCCESS -> switch (state) {
                case TRYING -> pack(State.UP, 0);
                case UP, DOWN, DRAINING, DISABLED -> packed;
            };
            case FAILURE -> switch (state) {
                case UP -> pack(ping.downAfter() > 1 ? State.TRYING : State.DOWN, ping.downAfter() > 1 ? 1 : 0);
                case TRYING -> count >= ping.downAfter() ? pack(State.DOWN, 0) : pack(State.TRYING, count);
                case DOWN -> pack(State.DOWN, 0);
                case DRAINING, DISABLED -> packed;
            };
        };
    }

    private static int pack(final State state, final int count) {
        return state.ordinal() << COUNT_BITS | count;
    }

    private static State state(final AtomicIntegerArray ways, final int way) {
        return State.ALL[ways.get(way) >>> COUNT_BITS];
    }

    /** How often the state has changed. */
    public long changes() {
        return changes.get();
    }

    /** Calls that this peer carries; counted only where something depends on it. */
    public int calls() {
        return calls.get();
    }

    /** A call goes there. */
    public void callBegins() {
        calls.incrementAndGet();
    }

    /** A call that went there is over. */
    public void callEnds() {
        calls.decrementAndGet();
    }

    /** A probe was answered after that time. */
    public void answered(final long roundTripNs) {
        ConcurrentHistogram histogram = roundTripsUs;
        if (histogram == null) {
            // One shard probes: nobody else comes here at the same time.
            histogram = new ConcurrentHistogram(1, HIGHEST_US, 2);
            roundTripsUs = histogram;
        }
        histogram.recordValue(Math.clamp(roundTripNs / 1_000, 1, HIGHEST_US));
        lastRoundTripNs = roundTripNs;
    }

    /** Round trip of the last answered probe in nanoseconds, or -1. */
    public long lastRoundTripNs() {
        return lastRoundTripNs;
    }

    /** A percentile of the round trips of all probes, in microseconds; 0 without any. */
    public long roundTripUs(final double percentile) {
        final ConcurrentHistogram histogram = roundTripsUs;
        return histogram == null ? 0 : histogram.getValueAtPercentile(percentile);
    }

    /** Probes answered within {@code us} microseconds, or a bit more: the histogram keeps 1 %. */
    public long roundTripsWithin(final long us) {
        final ConcurrentHistogram histogram = roundTripsUs;
        return histogram == null ? 0 : histogram.getCountBetweenValues(0, Math.min(us, HIGHEST_US));
    }

    /** Round trips of all probes together, in seconds. */
    public double roundTripSeconds() {
        final ConcurrentHistogram histogram = roundTripsUs;
        return histogram == null ? 0 : histogram.getMean() * histogram.getTotalCount() / 1e6;
    }
}
