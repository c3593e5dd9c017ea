package org.tandemsip.engine.routing;

/**
 * How the peers of a trunk are probed by OPTIONS.
 *
 * @param everyNs   interval while a peer is up; 0: no probes, and peers never go down
 * @param timeoutNs how long an answer may take
 * @param downAfter failures in a row after which a peer is down
 * @param upAfter   good answers to probes in a row after which it is up again
 * @param okCodes   final codes that count as alive; empty: any but 408 and 503
 */
public record Ping(long everyNs, long timeoutNs, int downAfter, int upAfter, int[] okCodes) {
    /** No probes. */
    public static final Ping OFF = new Ping(0, 2_000_000_000L, 3, 2, new int[0]);
    /** Longest interval for a way that is down or has failed: what comes back is soon used again. */
    private static final long DOWN_EVERY_NS = 5_000_000_000L;

    /** Whether there are probes. */
    public boolean on() {
        return everyNs > 0;
    }

    /** Interval of probes of what is down or has failed. */
    public long doubtNs() {
        return Math.min(everyNs, DOWN_EVERY_NS);
    }

    /** Whether a peer that answers with that final code is alive. */
    public boolean alive(final int statusCode) {
        for (final int code : okCodes) {
            if (code == statusCode) {
                return true;
            }
        }
        return okCodes.length == 0 && statusCode != 408 && statusCode != 503;
    }
}
