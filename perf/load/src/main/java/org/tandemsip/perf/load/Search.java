package org.tandemsip.perf.load;

/**
 * Looks for the highest rate that passes: doubles until one fails, then halves the gap until what passed and what
 * failed are within 2 % of each other (RFC 7502 section 4.10 takes steps of 10 % for ever: coarser, and longer).
 */
final class Search {
    private static final double CLOSE = 1.02;
    private static final double LOWEST = 1;

    private final double limit;
    private double passed;
    private double failed = Double.NaN;
    private double next;
    private boolean stopped;

    /**
     * @param start rate to begin with
     * @param limit highest rate that may be tried
     */
    Search(final double start, final double limit) {
        this.limit = limit;
        next = Math.min(start, limit);
    }

    /** The rate to try now; NaN when there is nothing more to learn. */
    double next() {
        return next;
    }

    /** Tells what became of {@link #next()}. */
    void tell(final boolean good) {
        if (good) {
            passed = next;
        } else {
            failed = next;
        }
        if (Double.isNaN(failed)) {
            next = passed >= limit ? Double.NaN : Math.min(2 * passed, limit);
        } else if (passed == 0) {
            next = failed > LOWEST ? failed / 2 : Double.NaN;
        } else {
            next = failed / passed <= CLOSE ? Double.NaN : Math.rint((passed + failed) / 2);
            if (next <= passed || next >= failed) {
                next = Double.NaN;
            }
        }
    }

    /** Ends the search: no higher rate can be tried. */
    void stop() {
        stopped = true;
        next = Double.NaN;
    }

    /** Highest rate that passed; 0 when none did. */
    double best() {
        return passed;
    }

    /** Whether the search ended at the limit, so that the true maximum may be higher. */
    boolean limited() {
        return stopped || passed >= limit;
    }
}
