package org.tandemsip.b2bua;

import org.tandemsip.engine.timer.TimerLanes;
import org.tandemsip.engine.timer.TimerNode;

/**
 * A timer for any time, exact to the millisecond, made of timers that know a few durations only: it runs out once per
 * power of four of milliseconds that is left, some twenty times for a call of an hour. Shard thread only.
 */
abstract class Alarm extends TimerNode {
    /** The lanes that all alarms of a shard share. */
    static final class Lanes {
        private static final long MS = 1_000_000L;
        /** 4^12 ms are some 4.6 hours: what is longer takes several of these. */
        private static final int STEPS = 13;

        private final TimerLanes timers;
        private final TimerLanes.Lane[] lanes = new TimerLanes.Lane[STEPS];

        Lanes(final TimerLanes timers) {
            this.timers = timers;
            for (int i = 0; i < STEPS; i++) {
                lanes[i] = timers.lane(MS << 2 * i);
            }
        }

        private void arm(final Alarm alarm, final long nowNs) {
            final long leftMs = Math.max(1, (alarm.deadlineNs - nowNs + MS - 1) / MS);
            final int step = Math.min(STEPS - 1, (63 - Long.numberOfLeadingZeros(leftMs)) / 2);
            timers.arm(alarm, lanes[step], nowNs);
        }
    }

    private final Lanes lanes;
    private long deadlineNs;

    Alarm(final Lanes lanes) {
        this.lanes = lanes;
    }

    /** Lets it ring at {@code atNs}, or as soon as possible when that is past. */
    final void set(final long atNs, final long nowNs) {
        deadlineNs = atNs;
        lanes.arm(this, nowNs);
    }

    /** Calls it off. */
    final void unset() {
        lanes.timers.cancel(this);
    }

    /** The time has come. */
    abstract void ring(long nowNs);

    @Override
    protected final void expired(final long nowNs) {
        if (deadlineNs - nowNs <= 0) {
            ring(nowNs);
        } else {
            lanes.arm(this, nowNs);
        }
    }
}
