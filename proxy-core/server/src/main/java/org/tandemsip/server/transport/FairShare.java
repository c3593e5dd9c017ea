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
 */
final class FairShare {
    /** Trunks told apart; of more, some share a place. */
    private static final int PLACES = 64;
    /** Requests are counted over so long; long enough for tens of them where it matters. */
    private static final long WINDOW_NS = 100_000_000L;

    private final int[] asked = new int[PLACES];
    private final double[] rates = new double[PLACES];
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
            asked[i] = 0;
            busiest = Math.max(busiest, rates[i]);
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
        if (refusing >= 1) {
            return false;
        }
        // Nothing is known of a trunk that has just begun: it counts as one of the busy.
        final double rate = rates[place] == 0 ? Math.max(busiest, 1) : rates[place];
        return lot * rate < (1 - refusing) * Math.max(busiest, 1);
    }
}
