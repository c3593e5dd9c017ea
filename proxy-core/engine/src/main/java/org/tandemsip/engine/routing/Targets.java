package org.tandemsip.engine.routing;

import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.engine.metrics.Counters;

/** The target set of one request, in the order they are to be tried. Reused; bounded by {@link #MAX}. */
public final class Targets {
    /** Most targets of one request: a request may not be made to multiply without end (RFC 5393). */
    public static final int MAX = 10;

    private final Target[] targets = new Target[MAX];
    private final Counters counters;
    private int size;

    /** Makes an empty set. @param counters count what is left out */
    public Targets(final Counters counters) {
        this.counters = counters;
        for (int i = 0; i < MAX; i++) {
            targets[i] = new Target();
        }
    }

    /** Number of targets. */
    public int size() {
        return size;
    }

    /** Target number {@code index}, from 0. */
    public Target get(final int index) {
        return targets[index];
    }

    /** Whether none of their trunks has room for another call. */
    public boolean areFull() {
        for (int i = 0; i < size; i++) {
            if (targets[i].trunk == null || !targets[i].trunk.isFull()) {
                return false;
            }
        }
        return size > 0;
    }

    /** Whether one of them is not trusted with what users want to keep (RFC 3325 section 5). */
    public boolean leaveTrustDomain() {
        for (int i = 0; i < size; i++) {
            if (targets[i].sentTo == null || !targets[i].sentTo.trust().identity()) {
                return true;
            }
        }
        return false;
    }

    /** Forgets all. */
    public void clear() {
        size = 0;
    }

    /** Adds one and returns it to be filled, or {@code null}, which is counted, when the set is full. */
    public Target add() {
        if (size == MAX) {
            counters.increment(Counter.TARGETS_LEFT_OUT);
            return null;
        }
        return targets[size++].reset();
    }

    /**
     * Takes the last one back out when an earlier one is the same: a target is tried only once (RFC 3261 section 16.5).
     */
    public void dropLastIfRepeated() {
        final Target last = targets[size - 1];
        for (int i = 0; i < size - 1; i++) {
            if (targets[i].destination.sameRemote(last.destination)) {
                size--;
                return;
            }
        }
    }
}
