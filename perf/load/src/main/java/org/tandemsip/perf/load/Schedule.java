package org.tandemsip.perf.load;

/**
 * When the attempts of one loop are due. The plan's schedule is one, whatever the number of loops: attempt 0 is that of
 * loop 0, attempt 1 that of loop 1, and so on round.
 *
 * @param spacingNs time from one attempt of the plan to the next, nanoseconds
 * @param all       attempts of the plan
 * @param loops     loops that share them
 * @param loop      the one meant, from 0
 */
record Schedule(double spacingNs, long all, int loops, int loop) {
    /** What loop number {@code loop} has to do of {@code plan}. */
    static Schedule of(final LoadPlan plan, final int loop) {
        return new Schedule(1e9 / plan.rate(), plan.calls(), plan.loops(), loop);
    }

    /** Attempts of this loop. */
    long size() {
        return share(all);
    }

    /** When attempt {@code k} of this loop is due, nanoseconds from the start. */
    long dueNs(final long k) {
        return (long) ((k * loops + loop) * spacingNs);
    }

    /** How many attempts of this loop have fallen due {@code sinceStartNs} after the start. */
    long dueBy(final long sinceStartNs) {
        return share(Math.min(all, (long) (sinceStartNs / spacingNs) + 1));
    }

    /** How many of the first {@code count} attempts of the plan are this loop's. */
    private long share(final long count) {
        return (count - loop + loops - 1) / loops;
    }
}
