package org.tandemsip.server.transport;

import org.tandemsip.engine.handler.Source;
import org.tandemsip.linux.NewInviteFilter;

/**
 * Which share of the INVITEs that begin calls the kernel is to let through, by the address that they come from, while
 * most of them are turned away: to receive one and to drop it costs a twelfth of what a call costs, to have it dropped
 * before next to nothing. What comes through is still more than what is taken, so lots and {@link FairShare} decide as
 * without it. One loop's; allocates nothing.
 *
 * <pre>
 *   asked by each address   ------------------------------------------------|
 *   let through             --------------------|                             1.05 to 1.3 times as many
 *   taken                   ----------------|
 * </pre>
 */
final class InviteShares {
    /** Requests are counted over so long. */
    static final long WINDOW_NS = 100_000_000L;
    /** Of what is taken, so much comes through; new shares are for the middle of that, since they cost 1.5 ms. */
    private static final double FEWEST = 1.05;
    private static final double MIDDLE = 1.15;
    private static final double MOST = 1.3;
    /** Fewer in a window are not worth it. */
    private static final int FEW = 10;
    private static final double NEWEST = 0.25;
    private static final double SMALLEST = 0.01;
    private static final double NEARLY_ALL = 0.9;
    /** Of what is taken: where more comes that the kernel cannot drop, nothing is dropped there. */
    private static final double MOST_OTHERS = 0.25;
    private static final int SEVERAL = -2;
    private static final int PLACES = NewInviteFilter.MOST_ADDRESSES;

    private final long[] highs = new long[PLACES];
    private final long[] lows = new long[PLACES];
    private final int[] asked = new int[PLACES];
    private final int[] taken = new int[PLACES];
    /** Averages over the last windows: what was sent, before the kernel, and what was taken of that. */
    private final double[] sent = new double[PLACES];
    private final double[] served = new double[PLACES];
    private final double[] passing = new double[PLACES];
    private final int[] trunks = new int[PLACES];
    private int places;
    /** What was asked and cannot be dropped by the kernel. */
    private int others;
    private long windowEndsNs;

    /**
     * Counts a new request.
     *
     * @param trunk     index of the trunk it comes from
     * @param droppable whether the kernel could have dropped it
     */
    void count(final Source source, final int trunk, final boolean droppable, final boolean takes) {
        if (!droppable) {
            others++;
            return;
        }
        int place = 0;
        while (place < places && (lows[place] != source.addressLow || highs[place] != source.addressHigh)) {
            place++;
        }
        if (place == PLACES) {
            others++;
            return;
        }
        if (place == places) {
            highs[place] = source.addressHigh;
            lows[place] = source.addressLow;
            asked[place] = 0;
            taken[place] = 0;
            sent[place] = 0;
            served[place] = 0;
            passing[place] = 1;
            trunks[place] = trunk;
            places++;
        }
        if (trunks[place] != trunk) {
            // Trunks on one address, which the kernel cannot tell apart.
            others++;
            trunks[place] = SEVERAL;
            return;
        }
        asked[place]++;
        taken[place] += takes ? 1 : 0;
    }

    /** Ends the window when it is over; returns whether shares have changed. */
    boolean turn(final long nowNs) {
        final long lateNs = nowNs - windowEndsNs;
        if (lateNs < 0 && lateNs >= -WINDOW_NS) {
            return false;
        }
        windowEndsNs = nowNs + WINDOW_NS;
        int allTaken = 0;
        for (int i = 0; i < places; i++) {
            allTaken += taken[i];
        }
        if (others > MOST_OTHERS * allTaken) {
            // They would get what is left by those that are dropped.
            return clear();
        }
        others = 0;
        boolean changed = false;
        for (int i = places - 1; i >= 0; i--) {
            sent[i] += (asked[i] / passing[i] - sent[i]) * weight(sent[i]);
            served[i] += (taken[i] - served[i]) * weight(served[i]);
            final double share = share(i);
            changed |= share != passing[i];
            passing[i] = share;
            asked[i] = 0;
            taken[i] = 0;
            if (share == 1 && sent[i] < 1) {
                remove(i);
            }
        }
        return changed;
    }

    /** Of the newest window. */
    private static double weight(final double before) {
        return before == 0 ? 1 : NEWEST;
    }

    private double share(final int place) {
        if (trunks[place] == SEVERAL) {
            return 1;
        }
        final double before = passing[place];
        final double through = before * sent[place];
        if (asked[place] == taken[place]) {
            // Nothing is refused any more.
            return atMostOne(2 * before);
        }
        return through < FEW || through >= FEWEST * served[place] && through <= MOST * served[place] ? before
                : atMostOne(Math.max(MIDDLE * served[place] / sent[place], before / 2));
    }

    private static double atMostOne(final double share) {
        return share > NEARLY_ALL ? 1 : Math.max(share, SMALLEST);
    }

    private void remove(final int place) {
        places--;
        highs[place] = highs[places];
        lows[place] = lows[places];
        sent[place] = sent[places];
        served[place] = served[places];
        passing[place] = passing[places];
        trunks[place] = trunks[places];
    }

    /** Whether the kernel is to drop anything. */
    boolean any() {
        for (int i = 0; i < places; i++) {
            if (passing[i] < 1) {
                return true;
            }
        }
        return false;
    }

    /** Lets everything through; returns whether that is new. */
    boolean clear() {
        final boolean changed = any();
        places = 0;
        others = 0;
        return changed;
    }

    /** The share of the new INVITEs of an address, 0 to 1. */
    double of(final long high, final long low) {
        for (int i = 0; i < places; i++) {
            if (lows[i] == low && highs[i] == high) {
                return passing[i];
            }
        }
        return 1;
    }

    /** Names the shares of less than 1. */
    void writeTo(final NewInviteFilter filter) {
        filter.reset();
        for (int i = 0; i < places; i++) {
            if (passing[i] < 1) {
                filter.add(highs[i], lows[i], passing[i]);
            }
        }
    }
}
