package org.tandemsip.engine.transaction;

import java.util.ArrayList;
import java.util.List;
import org.tandemsip.engine.timer.TimerLanes;
import org.tandemsip.engine.timer.TimerLanes.Lane;
import org.tandemsip.engine.timer.Timing;

/**
 * The timer lanes that transactions use, for one set of timer values (RFC 3261 table 4, RFC 6026 section 8.11). Made
 * when a configuration is taken over; a transaction keeps to the values it began with. The lanes go back when a later
 * configuration is in force and the last transaction of this one is gone.
 */
final class TransactionLanes {
    /** RFC 3261 section 17.1.1.2: timer D is at least 32 s whatever our own T1, for the server's T1 is not known. */
    private static final long MIN_TIMER_D_NS = 32_000_000_000L;

    /** Timers H, J, L and M: 64*T1. */
    final Lane t1Times64;
    /** Timers B and F: 64*T1 unless the configuration has it shorter. */
    final Lane timeout;
    /** Timer D over UDP. */
    final Lane d;
    /** Timers I and K over UDP: T4. */
    final Lane t4;
    /** Timer E while proceeding: T2. */
    final Lane t2;
    /** Timers D, I, J and K over streams: runs out in the same turn of the loop, after the message that armed it. */
    final Lane zero;
    /**
     * How long a non-INVITE may stay without a final response from above: twice timer F, when its client has long
     * given up (RFC 4320 section 4.2). Ends what a fault has left behind.
     */
    final Lane unansweredNonInvite;
    /**
     * How long an INVITE may stay without any response from above: a UAS sends a provisional each minute (section
     * 13.3.1.1) and timer C is over long before. Ends what a fault has left behind.
     */
    final Lane unansweredInvite;

    /** What they were made for. */
    final Timing timing;

    private final Lane[] a;
    private final Lane[] eAndG;
    private final TimerLanes timers;
    /** Transactions that use these lanes, and one for being in force. */
    private int users = 1;

    /** Makes them in force: {@link #release} takes that back. */
    TransactionLanes(final TimerLanes timers, final Timing timing) {
        this.timers = timers;
        this.timing = timing;
        t1Times64 = timers.lane(timing.t1Times64Ns());
        timeout = timers.lane(timing.timeoutNs());
        d = timers.lane(Math.max(MIN_TIMER_D_NS, timing.t1Times64Ns()));
        t4 = timers.lane(timing.t4Ns());
        t2 = timers.lane(timing.t2Ns());
        zero = timers.lane(0);
        unansweredNonInvite = timers.lane(2 * timing.t1Times64Ns());
        unansweredInvite = timers.lane(4 * timing.timerCNs());
        // Timer A fires at T1, 3*T1, 7*T1 ... 63*T1; timer B ends it at 64*T1 (section 17.1.1.2).
        a = new Lane[6];
        for (int i = 0; i < a.length; i++) {
            a[i] = timers.lane(timing.t1Ns() << i);
        }
        final List<Lane> capped = new ArrayList<>();
        long intervalNs = timing.t1Ns();
        while (intervalNs < timing.t2Ns()) {
            capped.add(timers.lane(intervalNs));
            intervalNs *= 2;
        }
        capped.add(timers.lane(capped.isEmpty() ? timing.t1Ns() : timing.t2Ns()));
        eAndG = capped.toArray(new Lane[0]);
    }

    /** One more transaction uses these lanes. */
    TransactionLanes retain() {
        users++;
        return this;
    }

    /** A transaction is over, or another set of timer values is in force. */
    void release() {
        users--;
        if (users > 0) {
            return;
        }
        for (final Lane lane : new Lane[] {t1Times64, timeout, d, t4, t2, zero, unansweredNonInvite,
            unansweredInvite}) {
            timers.release(lane);
        }
        for (final Lane lane : a) {
            timers.release(lane);
        }
        for (final Lane lane : eAndG) {
            timers.release(lane);
        }
    }

    /**
     * Timer A after {@code retransmissions}: T1 doubled each time, without a cap; {@code null} when timer B comes
     * first.
     */
    Lane a(final int retransmissions) {
        return retransmissions < a.length ? a[retransmissions] : null;
    }

    /** Timers E and G after {@code retransmissions}: T1 doubled each time up to T2. */
    Lane eOrG(final int retransmissions) {
        return eAndG[Math.min(retransmissions, eAndG.length - 1)];
    }
}
