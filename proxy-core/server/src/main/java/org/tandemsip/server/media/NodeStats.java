package org.tandemsip.server.media;

import java.util.concurrent.atomic.AtomicLongArray;
import org.tandemsip.engine.handler.MediaRelay;

/** What is counted of one node. Written by the thread of {@link Rtpengine}, read by any. */
public final class NodeStats {
    /** What became of a request. */
    public enum Result {
        /** Done. */
        OK,
        /** The node has said that it will not. */
        ERROR,
        /** The node has said that it has no room. */
        FULL,
        /** No answer in time, or nobody is there. */
        TIMEOUT
    }

    /** Why something that has arrived was dropped. */
    public enum Drop {
        /** Not of a request that is under way. */
        COOKIE,
        /** No dictionary in bencode, or one without a result. */
        BENCODE,
        /** A description larger than any that is passed on. */
        SIZE
    }

    private static final int COMMANDS = MediaRelay.Command.values().length;
    private static final int RESULTS = Result.values().length;

    private final String address;
    private final AtomicLongArray results = new AtomicLongArray(COMMANDS * RESULTS);
    private final AtomicLongArray drops = new AtomicLongArray(Drop.values().length);
    private volatile boolean up = true;
    private volatile int inFlight;
    private volatile long retransmissions;
    private volatile long answered;
    private volatile long answerNs;
    private volatile long changes;

    NodeStats(final String address) {
        this.address = address;
    }

    /** Address of the node, as ADDRESS:PORT. */
    public String address() {
        return address;
    }

    /** Whether it gets calls. */
    public boolean up() {
        return up;
    }

    /** How often {@link #up()} has changed. */
    public long changes() {
        return changes;
    }

    /** Requests that have no answer yet. */
    public int inFlight() {
        return inFlight;
    }

    /** Requests that ended so. */
    public long results(final MediaRelay.Command command, final Result result) {
        return results.get(command.ordinal() * RESULTS + result.ordinal());
    }

    /** What was dropped for this. */
    public long drops(final Drop drop) {
        return drops.get(drop.ordinal());
    }

    /** Requests that were sent again. */
    public long retransmissions() {
        return retransmissions;
    }

    /** Requests that were answered, pings too. */
    public long answered() {
        return answered;
    }

    /** Time that these have taken, from the first sending to the answer. */
    public long answerNs() {
        return answerNs;
    }

    // The thread of Rtpengine.

    void result(final MediaRelay.Command command, final Result result) {
        results.incrementAndGet(command.ordinal() * RESULTS + result.ordinal());
    }

    void drop(final Drop drop) {
        drops.incrementAndGet(drop.ordinal());
    }

    void retransmitted() {
        retransmissions = retransmissions + 1;
    }

    void answered(final long tookNs) {
        answerNs = answerNs + tookNs;
        answered = answered + 1;
    }

    void inFlight(final int count) {
        inFlight = count;
    }

    void up(final boolean now) {
        if (up != now) {
            up = now;
            changes = changes + 1;
        }
    }
}
