package org.tandemsip.b2bua;

import java.util.List;
import org.tandemsip.engine.routing.Trunk;
import org.tandemsip.engine.timer.TimerLanes;
import org.tandemsip.engine.timer.TimerLanes.Lane;
import org.tandemsip.engine.timer.Timing;

/** The timer lanes of calls, by the configuration in force. Shard thread only. */
final class CallTimers {
    private static final int MOST_REPEATS = 8;

    private final TimerLanes timers;
    private final Lane[] repeats = new Lane[MOST_REPEATS];
    private Lane t1Times64;
    private Lane timerC;
    private Lane[] tries = new Lane[0];

    CallTimers(final TimerLanes timers, final Timing timing) {
        this.timers = timers;
        timing(timing);
    }

    /** Takes over timer values; lanes in which timers still run stay until those have run out. */
    void timing(final Timing timing) {
        final Lane[] before = repeats.clone();
        final Lane before64 = t1Times64;
        final Lane beforeC = timerC;
        for (int i = 0; i < MOST_REPEATS; i++) {
            repeats[i] = timers.lane(Math.min(timing.t1Ns() << i, Math.max(timing.t1Ns(), timing.t2Ns())));
        }
        t1Times64 = timers.lane(timing.t1Times64Ns());
        timerC = timers.lane(timing.timerCNs());
        if (before64 != null) {
            timers.release(before64);
            timers.release(beforeC);
            for (final Lane lane : before) {
                timers.release(lane);
            }
        }
    }

    /** Takes over the trunks of a configuration: their times for one try. */
    void trunks(final List<Trunk> trunks) {
        for (final Lane lane : tries) {
            timers.release(lane);
        }
        tries = trunks.stream().mapToLong(Trunk::tryNs).filter(tryNs -> tryNs > 0).distinct().mapToObj(timers::lane)
                .toArray(Lane[]::new);
    }

    /** Time before the repetition number {@code count} of a 2xx, from 0 (RFC 3261 section 13.3.1.4). */
    Lane repeat(final int count) {
        return repeats[Math.min(count, MOST_REPEATS - 1)];
    }

    /** 64*T1. */
    Lane t1Times64() {
        return t1Times64;
    }

    /** Longest that a callee may ring. */
    Lane timerC() {
        return timerC;
    }

    /** Time that a trunk gives a silent peer, or {@code null}. */
    Lane tryOf(final Trunk trunk) {
        for (int i = 0; trunk != null && i < tries.length; i++) {
            if (tries[i].durationNs() == trunk.tryNs()) {
                return tries[i];
            }
        }
        return null;
    }
}
