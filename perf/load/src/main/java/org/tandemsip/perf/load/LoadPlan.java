package org.tandemsip.perf.load;

import java.net.InetSocketAddress;

/**
 * What a run offers, and to whom.
 *
 * @param caller       local address of the caller; port 0 picks one
 * @param answerer     local address of the answering side; port 0 picks one
 * @param requestHost  host and port put into the Request-URI, or {@code null} for the answerer's own address
 * @param rate         attempts begun per second, by the clock and not by the answers (open loop)
 * @param durationNs   how long attempts are begun
 * @param holdNs       time from the ACK to the BYE, and from the 180 to the CANCEL
 * @param warmUpNs     part of the duration whose latencies and CPU time are left out of the result
 * @param scenario     what is offered
 * @param stream       TCP on both sides; else UDP
 * @param connections  TCP connections that the caller opens
 * @param retransmit   whether both sides send again what got no answer, as RFC 3261 has it for UDP
 * @param busyPoll     whether the load thread never sleeps: exact to the microsecond, on a core of its own
 * @param patienceNs   longest that is waited for the answer to a request; without it the call has failed
 */
public record LoadPlan(InetSocketAddress caller, InetSocketAddress answerer, String requestHost,
        double rate, long durationNs, long holdNs, long warmUpNs, Scenario scenario, boolean stream, int connections,
        boolean retransmit, boolean busyPoll, long patienceNs) {
    /**
     * The patience of RFC 3261: timer B, 64*T1 (RFC 3261 section 17.1.1.2).
     */
    public static final long PATIENCE_NS = 32_000_000_000L;

    /** Refuses what cannot be run. */
    public LoadPlan {
        if (!(rate > 0) || rate > 1_000_000) {
            throw new IllegalArgumentException("rate must be over 0 and at most 1000000 calls/s, not " + rate);
        }
        if (durationNs <= 0 || holdNs < 0 || patienceNs <= 0 || warmUpNs < 0 || warmUpNs >= durationNs) {
            throw new IllegalArgumentException(
                    "duration and patience must be positive, the warm-up shorter, hold not negative");
        }
        if (connections < 1 || connections > 64) {
            throw new IllegalArgumentException("connections must be 1 to 64, not " + connections);
        }
    }

    /** Answered calls over UDP. */
    public LoadPlan(final InetSocketAddress caller, final InetSocketAddress answerer, final String requestHost,
            final double rate, final long durationNs, final long holdNs, final long warmUpNs) {
        this(caller, answerer, requestHost, rate, durationNs, holdNs, warmUpNs, Scenario.CALL, false, 1, true, false,
                PATIENCE_NS);
    }

    /** The same at another rate and for another time. */
    public LoadPlan at(final double newRate, final long newDurationNs, final long newWarmUpNs) {
        return new LoadPlan(caller, answerer, requestHost, newRate, newDurationNs, holdNs, newWarmUpNs, scenario,
                stream, connections, retransmit, busyPoll, patienceNs);
    }

    /** The same attempts between any two ports of the caller's host, without hold time. */
    LoadPlan alone(final double newRate, final long newDurationNs) {
        final InetSocketAddress any = new InetSocketAddress(caller.getAddress(), 0);
        return new LoadPlan(any, any, null, newRate, newDurationNs, 0, 0, scenario, stream, connections, retransmit,
                busyPoll, PATIENCE_NS);
    }

    /** Number of attempts that will be begun. */
    public long calls() {
        return (long) Math.floor(rate * durationNs / 1e9);
    }
}
