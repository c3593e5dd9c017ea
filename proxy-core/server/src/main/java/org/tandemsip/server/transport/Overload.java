package org.tandemsip.server.transport;

/**
 * How much new work an I/O loop must turn away, judged by how long messages wait before it can look at them. Loop
 * thread only, but for {@link #queueNs} and {@link #active}; a pure function of what it is told and when.
 *
 * <pre>
 *   refused                                   NORMAL  refuses nothing, whatever a pause has let pile up
 *     all |               ______                |  ^
 *         |             /               waited  |  | nothing to refuse
 *         |          /                  20 ms   |  | for 1 s
 *    none |_______/                     for     v  |
 *         0     10 ms    30 ms          500 ms ACTIVE  refuses a share by how long messages wait now
 * </pre>
 * The shortest wait of a while tells a standing queue from a burst (CoDel, RFC 8289 section 3.1). Once it stands, the
 * share follows each cycle, so that the queue stays short and is yet never empty: time is lost neither to waiting
 * messages nor to idling. In the first 20 s all waits are allowed to be ten times as long.
 */
final class Overload {
    /** A message may wait so long; the longest of SIP's transactions sends its first copy again after 500 ms. */
    static final long TARGET_NS = 20_000_000L;
    /** From here on new requests are refused, the more the longer. */
    private static final long LOW_NS = TARGET_NS / 2;
    /** From here on all of them. */
    private static final long HIGH_NS = 30_000_000L;
    /**
     * A queue that stands for so long will not go away by itself. A pause of the machine or the compiler at work does:
     * a call that it delays is better off than one that is refused.
     */
    private static final long STANDING_NS = 500_000_000L;
    /**
     * For so long after the start code is still being compiled: what comes in these seconds would be served at once a
     * little later, and its callers wait half a second before they ask again.
     */
    static final long YOUNG_NS = 20_000_000_000L;
    /** So much longer messages may wait then, still less than that half second. */
    private static final int YOUNG_PATIENCE = 10;
    /** So full a socket buffer is about to lose messages, of calls under way as well. */
    private static final double FULL = 0.75;
    /** A loop whose sockets were empty and that was not woken for so long had nothing to do. */
    private static final long SILENCE_NS = 100_000_000L;
    /** Sockets that have not been empty for so long are worth a closer look. */
    private static final long SUSPECT_NS = 10_000_000L;
    private static final long CALM_NS = 1_000_000_000L;

    private boolean started;
    private long startedNs;
    private boolean young = true;
    private long cycleNs;
    private long emptyNs;
    private boolean queued;
    private long queuedNs;
    private long refusedNs;
    private long lookedNs;
    private boolean looking;
    private double refusing;
    private volatile boolean active;
    private volatile long queueNs;

    // Of the cycle that is under way.
    private long waitedNs;
    private double fill;
    private long unreadBytes;
    private long readBytes;
    private boolean backlog;

    /** The oldest message of a socket that was just read has waited so long. */
    void waited(final long newWaitedNs) {
        waitedNs = Math.max(waitedNs, newWaitedNs);
    }

    /** A socket was not read until it was empty; {@code newFill} of its buffer, 0 to 1, is still taken. */
    void unread(final double newFill) {
        backlog = true;
        fill = Math.max(fill, newFill);
    }

    /** A stream was not read until it was empty; so many bytes still wait. */
    void unreadStream(final long bytes) {
        backlog = true;
        unreadBytes += bytes;
    }

    /** Message bytes that were read. */
    void read(final int bytes) {
        readBytes += bytes;
    }

    /**
     * Ends a cycle of the event loop, in which every socket that had something was read once.
     *
     * @param ringNs how long the oldest message has waited in the rings behind
     */
    void endCycle(final long nowNs, final long ringNs) {
        if (!started) {
            started = true;
            startedNs = nowNs;
            cycleNs = nowNs;
            emptyNs = nowNs;
            lookedNs = nowNs;
        }
        final long waitNs = waitNs(nowNs - cycleNs, ringNs);
        final boolean full = fill >= FULL;
        // All was read in the last cycle, and long ago: since then there was silence, or a pause of the machine.
        queued &= cycleNs != emptyNs || nowNs - cycleNs < SILENCE_NS;
        if (!backlog && ringNs < LOW_NS) {
            emptyNs = nowNs;
        }
        cycleNs = nowNs;
        waitedNs = 0;
        fill = 0;
        unreadBytes = 0;
        readBytes = 0;
        backlog = false;
        decide(nowNs, waitNs, full);
        if (queueNs != waitNs) {
            queueNs = waitNs;
        }
    }

    /** Stream bytes are waited for as long as it takes to read as many. */
    private long waitNs(final long cycleLastedNs, final long ringNs) {
        final long streamNs = readBytes == 0 ? 0 : (long) ((double) unreadBytes * cycleLastedNs / readBytes);
        final long fullNs = (long) (fill / FULL * HIGH_NS * patience());
        return Math.min(Math.max(Math.max(waitedNs, ringNs), Math.max(streamNs, fullNs)), 1_000_000_000L);
    }

    private void decide(final long nowNs, final long waitNs, final boolean full) {
        young = young && nowNs - startedNs < YOUNG_NS;
        final int patience = patience();
        // Counted from the first cycle that saw a long wait, not from the last that saw none: that one may have been
        // before an hour of silence, and then one late message is no queue.
        final boolean longer = waitNs > TARGET_NS * patience;
        if (longer && !queued) {
            queuedNs = nowNs;
        }
        queued = longer;
        if (!active && (full || queued && nowNs - queuedNs > STANDING_NS)) {
            active = true;
            refusedNs = nowNs;
        }
        if (active) {
            refusing = Math.clamp((double) (waitNs - LOW_NS * patience) / ((HIGH_NS - LOW_NS) * patience), 0, 1);
            if (refusing > 0) {
                refusedNs = nowNs;
            } else if (nowNs - refusedNs > CALM_NS) {
                active = false;
            }
        }
        if (active || nowNs - emptyNs > SUSPECT_NS) {
            looking = true;
            lookedNs = nowNs;
        } else if (looking && nowNs - lookedNs > CALM_NS) {
            looking = false;
        }
    }

    private int patience() {
        return young ? YOUNG_PATIENCE : 1;
    }

    /** Whether the server has just started, so that what is too much for it now will soon be none. */
    boolean young() {
        return young;
    }

    /** Whether there may be a queue, so that it is worth the cost of looking closer, at datagrams and at requests. */
    boolean looking() {
        return looking;
    }

    /** Whether new requests are, or a moment ago were, turned away. Any thread. */
    boolean active() {
        return active;
    }

    /** The share of new requests to turn away now, 0 to 1. */
    double refusing() {
        return refusing;
    }

    /** How long messages waited in the last cycle, as far as known: 0 where nothing was left unread. Any thread. */
    long queueNs() {
        return queueNs;
    }
}
