package org.tandemsip.engine.routing;

/**
 * When one peer is to be asked: all its ways at the interval of {@link Ping}, and those that have failed more often.
 * One thread only.
 */
public final class ProbeTimes {
    /** All ways to the peer. */
    public static final long ALL = -1;

    private long askedNs;
    /** When the ways that have failed were asked last. */
    private long doubtedNs;

    /** Begins. @param askedNs when it counts as asked last */
    public ProbeTimes(final long askedNs) {
        this.askedNs = askedNs;
        doubtedNs = askedNs;
    }

    /** The ways to be asked now: a bit for each listen point, {@link #ALL}, or 0. They count as asked from now on. */
    public long due(final Ping ping, final PeerState peer, final long nowNs) {
        if (!ping.on() || peer.state() == PeerState.State.DISABLED) {
            return 0;
        }
        if (nowNs - askedNs >= ping.everyNs()) {
            askedNs = nowNs;
            doubtedNs = nowNs;
            return ALL;
        }
        final long doubtful = peer.doubtful();
        if (doubtful == 0 || nowNs - doubtedNs < ping.doubtNs()) {
            return 0;
        }
        doubtedNs = nowNs;
        return doubtful;
    }
}
