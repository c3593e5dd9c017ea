package org.tandemsip.engine.routing;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.HdrHistogram.ConcurrentHistogram;

/**
 * Whether a peer can be used, and how many calls it carries: one object for all shards, kept over reloads. Changed at
 * the rate of calls and probes, never per message; without locks.
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
 *    any --drain--> draining     any --disable--> disabled     down, draining, disabled --enable--> up
 *    trying, down --no probes any more--> up
 * </pre>
 *
 * Failures are those of probes and of live traffic: no answer, a code that does not count as alive, a connection
 * refused. Only probes bring a peer back, so nothing goes down where there are none.
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

    /** What may change a state. */
    public enum Event {
        /** A good answer to a probe. */
        PROBE_SUCCESS,
        /** A response to a request of a call. */
        SUCCESS,
        /** No answer, an answer that does not count as alive, or no way there. */
        FAILURE,
        /** Order: no new calls. */
        DRAIN,
        /** Order: out of use. */
        DISABLE,
        /** Order: back into use. */
        ENABLE,
        /** There are no probes any more, which alone could bring it back. */
        UNPROBED
    }

    private static final int COUNT_BITS = 8;
    private static final int MAX_COUNT = (1 << COUNT_BITS) - 1;
    private static final long HIGHEST_US = 60_000_000L;

    /** The state, and how often in a row what might change it has happened. */
    private final AtomicInteger stateAndCount = new AtomicInteger();
    private final AtomicInteger calls = new AtomicInteger();
    private final AtomicLong changes = new AtomicLong();
    private volatile ConcurrentHistogram roundTripsUs;
    private volatile long lastRoundTripNs = -1;

    /** State now. */
    public State state() {
        return state(stateAndCount.get());
    }

    /** Whether new requests may go there. */
    public boolean usable() {
        return stateAndCount.get() >>> COUNT_BITS <= State.TRYING.ordinal();
    }

    /** Takes an event; returns whether the state is another now. */
    public boolean on(final Event event, final Ping ping) {
        while (true) {
            final int before = stateAndCount.get();
            final int after = next(before, event, ping);
            if (before == after) {
                return false;
            }
            if (stateAndCount.compareAndSet(before, after)) {
                final boolean changed = state(before) != state(after);
                if (changed) {
                    changes.incrementAndGet();
                }
                return changed;
            }
        }
    }

    private static int next(final int packed, final Event event, final Ping ping) {
        final State state = state(packed);
        final int count = Math.min(packed & MAX_COUNT, MAX_COUNT - 1) + 1;
        return switch (event) {
            case DRAIN -> pack(State.DRAINING, 0);
            case DISABLE -> pack(State.DISABLED, 0);
            case ENABLE -> switch (state) {
                case DOWN, DRAINING, DISABLED -> pack(State.UP, 0);
                case UP, TRYING -> packed;
            };
            case UNPROBED -> switch (state) {
                case TRYING, DOWN -> pack(State.UP, 0);
                case UP, DRAINING, DISABLED -> packed;
            };
            case PROBE_SUCCESS -> switch (state) {
                case UP, DRAINING, DISABLED -> packed;
                case TRYING -> pack(State.UP, 0);
                case DOWN -> count >= ping.upAfter() ? pack(State.UP, 0) : pack(State.DOWN, count);
            };
            case SUCCESS -> switch (state) {
                case UP, DOWN, DRAINING, DISABLED -> packed;
                case TRYING -> pack(State.UP, 0);
            };
            case FAILURE -> !ping.on() ? packed : switch (state) {
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

    private static State state(final int packed) {
        return State.ALL[packed >>> COUNT_BITS];
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
