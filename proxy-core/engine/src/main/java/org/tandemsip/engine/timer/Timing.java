package org.tandemsip.engine.timer;

/**
 * Timer values (RFC 3261 appendix A), in nanoseconds. B, F, H, J, L and M are 64*T1 as the RFC says, and so is D, but
 * at least 32 s.
 *
 * @param t1Ns     round-trip estimate; default 500 ms
 * @param t2Ns     cap of retransmission intervals; default 4 s
 * @param t4Ns     longest a message stays in the network; default 5 s
 * @param timerCNs proxy INVITE timeout, more than 3 min (section 16.6 step 11); default 185 s
 * @param lostCallNs how long a call counts whose end is never seen; default 12 h
 * @param timeoutNs  timers B and F; 64*T1 unless somebody is known to give up sooner
 */
public record Timing(long t1Ns, long t2Ns, long t4Ns, long timerCNs, long lostCallNs, long timeoutNs) {
    /** The RFC's values. */
    public static final Timing DEFAULTS = new Timing(500_000_000L, 4_000_000_000L, 5_000_000_000L, 185_000_000_000L);

    private static final long LOST_CALL_NS = 12 * 3_600 * 1_000_000_000L;

    /** With B and F as the RFC says. */
    public Timing(final long t1Ns, final long t2Ns, final long t4Ns, final long timerCNs, final long lostCallNs) {
        this(t1Ns, t2Ns, t4Ns, timerCNs, lostCallNs, 64 * t1Ns);
    }

    /** With the default for lost calls. */
    public Timing(final long t1Ns, final long t2Ns, final long t4Ns, final long timerCNs) {
        this(t1Ns, t2Ns, t4Ns, timerCNs, LOST_CALL_NS);
    }

    /** Checks that time can pass at all; what is sensible is for the configuration to say. */
    public Timing {
        if (t1Ns <= 0 || t2Ns <= 0 || t4Ns <= 0 || timerCNs <= 0 || lostCallNs <= 0 || timeoutNs <= 0) {
            throw new IllegalArgumentException("timer values must be positive");
        }
    }

    /** These values with another T1, and other timers B and F unless that is 0; 0 for what they are here. */
    public Timing towards(final long otherT1Ns, final long otherTimeoutNs) {
        final long t1 = otherT1Ns == 0 ? t1Ns : otherT1Ns;
        return new Timing(t1, Math.max(t1, t2Ns), t4Ns, timerCNs, lostCallNs,
                otherTimeoutNs == 0 ? 64 * t1 : otherTimeoutNs);
    }

    /** 64*T1, in nanoseconds. */
    public long t1Times64Ns() {
        return 64 * t1Ns;
    }
}
