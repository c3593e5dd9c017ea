package org.tandemsip.server.transport;

/**
 * Divides among trunks what a loop can still take on: each gets what it asks for up to a level that is the same for
 * all, so that one that asks for little does not pay for one that asks for much (max-min fairness). Loop thread only.
 *
 * <pre>
 *   asked for  |    #                      level = (1 - refused share) * what the busiest asks for
 *              |    #
 *       level  |----#-------#----          above it a request is taken with probability level / asked
 *              |    #       #     #
 *               trunk A     B     C
 * </pre>
 * The refused share swings widely from one moment to the next, and so does the level with it. A trunk that asks for
 * less than what the busiest has really got of late is not to feel that: all of its requests are taken.
 */
final class FairShare {
    /** Trunks told apart; of more, some share a place. */
    private static final int PLACES = 64;
    /** Requests are counted over so long; long enough for tens of them where it matters. */
    private static final long WINDOW_NS = 100_000_000L;
    /** Of what the busiest has got: so much surely is no more than a fair share. */
    private static final double MODEST = 0.9;

    private final int[] asked = new int[PLACES];
    private final double[] rates = new double[PLACES];
    private final int[] taken = new int[PLACES];
    private final double[] takenRates = new double[PLACES];
    private int busiestPlace;
    private double busiest;
    private long windowEndsNs;

    /** Closes the window when it is over. */
    void turn(final long nowNs) {
        final long lateNs = nowNs - windowEndsNs;
        if (lateNs < 0 && lateNs >= -WINDOW_NS) {
            return;
        }
        // What was counted before a long pause says nothing.
        final double old = lateNs < WINDOW_NS ? 0.5 : 0;
        windowEndsNs = nowNs + WINDOW_NS;
        busiest = 0;
        for (int i = 0; i < PLACES; i++) {
            rates[i] = rates[i] * old + asked[i] * (1 - old);
            takenRates[i] = takenRates[i] * old + taken[i] * (1 - old);
            asked[i] = 0;
            taken[i] = 0;
            if (rates[i] > busiest) {
                busiest = rates[i];
                busiestPlace = i;
            }
        }
    }

    /**
     * Whether a request may go on.
     *
     * @param trunk    index of the trunk it comes from
     * @param lot      a number drawn for the request, 0 to 1: the same for its retransmissions
     * @param refusing share to be turned away if all trunks asked for the same, 0 to 1
     */
    boolean takes(final int trunk, final double lot, final double refusing) {
        final int place = trunk & PLACES - 1;
        asked[place]++;
        final boolean takes = isModest(place) || refusing < 1 && isDrawn(place, lot, refusing);
        if (takes) {
            taken[place]++;
        }
        return takes;
    }

    private boolean isModest(final int place) {
        return place != busiestPlace && rates[place] > 0 && rates[place] <= MODEST * takenRates[busiestPlace];
    }

    private boolean isDrawn(final int place, final double lot, final double refusing) {
        // Nothing is known of a trunk that has just begun: it counts as one of the busy.
        final double rate = rates[place] == 0 ? Math.max(busiest, 1) : rates[place];
        return lot * rate < (1 - refusing) * Math.max(busiest, 1);
    }
}
