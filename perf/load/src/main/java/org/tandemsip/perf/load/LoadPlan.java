package org.tandemsip.perf.load;

import java.net.InetSocketAddress;

/**
 * What a run offers, and to whom.
 *
 * @param caller       local address of the caller; port 0 picks one
 * @param answerer     local address of the answering side; port 0 picks one
 * @param requestHost  host and port put into the Request-URI, or {@code null} for the answerer's own address
 * @param rate         calls begun per second, by the clock and not by the answers (open loop)
 * @param durationNs   how long calls are begun
 * @param holdNs       time from the ACK to the BYE
 * @param warmUpNs     part of the duration whose latencies are left out of the result
 */
public record LoadPlan(InetSocketAddress caller, InetSocketAddress answerer, String requestHost,
        double rate, long durationNs, long holdNs, long warmUpNs) {
    /**
     * Longest that is waited for calls under way after the last one began: timer B, 64*T1 (RFC 3261 section 17.1.1.2).
     */
    public static final long DRAIN_NS = 32_000_000_000L;

    /** Refuses what cannot be run. */
    public LoadPlan {
        if (!(rate > 0) || rate > 1_000_000) {
            throw new IllegalArgumentException("rate must be over 0 and at most 1000000 calls/s, not " + rate);
        }
        if (durationNs <= 0 || holdNs < 0 || warmUpNs < 0 || warmUpNs >= durationNs) {
            throw new IllegalArgumentException(
                    "duration must be positive and longer than the warm-up; hold not negative");
        }
    }

    /** Number of calls that will be begun. */
    public long calls() {
        return (long) Math.floor(rate * durationNs / 1e9);
    }
}
