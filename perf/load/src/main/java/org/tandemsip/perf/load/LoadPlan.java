package org.tandemsip.perf.load;

import java.net.InetSocketAddress;
import org.tandemsip.codec.Transport;

/**
 * What a run offers, and to whom.
 *
 * @param caller       local address of the caller; port 0 picks one, any other is that of the first loop, and each
 *                     further loop is two ports up
 * @param answerer     local address of the answering side; likewise
 * @param requestHost  host and port put into the Request-URI, or {@code null} for the answerer's own address
 * @param rate         attempts begun per second, by the clock and not by the answers (open loop)
 * @param durationNs   how long attempts are begun
 * @param holdNs       time from the ACK to the BYE, and from the 180 to the CANCEL
 * @param warmUpNs     part of the duration whose latencies and CPU time are left out of the result
 * @param scenario     what is offered
 * @param transport    of both sides: UDP, TCP or TLS
 * @param connections  TCP or TLS connections that the caller of each loop opens
 * @param retransmit   whether both sides send again what got no answer, as RFC 3261 has it for UDP
 * @param busyPoll     whether the load thread never sleeps: exact to the microsecond, on a core of its own
 * @param patienceNs   longest that is waited for the answer to a request; without it the call has failed
 * @param loops        threads that share the schedule, each with a caller and an answerer of its own
 * @param tls          what both sides show and believe; {@code null} unless the transport is TLS
 */
public record LoadPlan(InetSocketAddress caller, InetSocketAddress answerer, String requestHost,
        double rate, long durationNs, long holdNs, long warmUpNs, Scenario scenario, Transport transport,
        int connections, boolean retransmit, boolean busyPoll, long patienceNs, int loops, TlsEnds tls) {
    /**
     * The patience of RFC 3261: timer B, 64*T1 (RFC 3261 section 17.1.1.2).
     */
    public static final long PATIENCE_NS = 32_000_000_000L;

    static final double MAX_RATE = 1_000_000;
    private static final int MAX_LOOPS = 64;

    /** Refuses what cannot be run. */
    public LoadPlan {
        if (!(rate > 0) || rate > MAX_RATE) {
            throw new IllegalArgumentException("rate must be over 0 and at most 1000000 calls/s, not " + rate);
        }
        if (durationNs <= 0 || holdNs < 0 || patienceNs <= 0 || warmUpNs < 0 || warmUpNs >= durationNs) {
            throw new IllegalArgumentException(
                    "duration and patience must be positive, the warm-up shorter, hold not negative");
        }
        if (connections < 1 || connections > 64) {
            throw new IllegalArgumentException("connections must be 1 to 64, not " + connections);
        }
        if (loops < 1 || loops > MAX_LOOPS) {
            throw new IllegalArgumentException("loops must be 1 to " + MAX_LOOPS + ", not " + loops);
        }
        if (transport != Transport.UDP && transport != Transport.TCP && transport != Transport.TLS) {
            throw new IllegalArgumentException("transport must be udp, tcp or tls, not " + transport);
        }
        if ((tls != null) != (transport == Transport.TLS)) {
            throw new IllegalArgumentException("certificates are for TLS, and TLS needs them");
        }
    }

    /** Answered calls over UDP, by one loop. */
    public LoadPlan(final InetSocketAddress caller, final InetSocketAddress answerer, final String requestHost,
            final double rate, final long durationNs, final long holdNs, final long warmUpNs) {
        this(caller, answerer, requestHost, rate, durationNs, holdNs, warmUpNs, Scenario.CALL, Transport.UDP, 1, true,
                false, PATIENCE_NS, 1, null);
    }

    /** The same at another rate and for another time. */
    public LoadPlan at(final double newRate, final long newDurationNs, final long newWarmUpNs) {
        return new LoadPlan(caller, answerer, requestHost, newRate, newDurationNs, holdNs, newWarmUpNs, scenario,
                transport, connections, retransmit, busyPoll, patienceNs, loops, tls);
    }

    /** The same attempts between any two ports of the caller's host, without hold time. */
    LoadPlan alone(final double newRate, final long newDurationNs) {
        final InetSocketAddress any = new InetSocketAddress(caller.getAddress(), 0);
        return new LoadPlan(any, any, null, newRate, newDurationNs, 0, 0, scenario, transport, connections,
                retransmit, busyPoll, PATIENCE_NS, loops, tls == null ? null : tls.alone());
    }

    /** Number of attempts that will be begun. */
    public long calls() {
        return (long) Math.floor(rate * durationNs / 1e9);
    }
}
