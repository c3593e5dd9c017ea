package org.tandemsip.engine.auth;

/**
 * The nonces that have been used, with the highest nonce count of each and the request it came with (RFC 7616 section
 * 3.4.6). Of a fixed size, in groups of eight: where a group is full of nonces that are still good, the oldest goes,
 * and from then on nothing of that group that is as old is taken for new, so that forgetting never lets a replay
 * through. Shard thread only.
 */
final class ReplayTable {
    private static final int WAYS = 8;

    private final long[] nonces;
    private final long[] requests;
    private final long[] issuedNs;
    private final int[] counts;
    /** Per group: the age of the youngest nonce that was forgotten; meaningful where {@link #forgets}. */
    private final long[] horizonNs;
    private final boolean[] forgets;

    /** @param groups of eight nonces each, a power of two */
    ReplayTable(final int groups) {
        nonces = new long[groups * WAYS];
        requests = new long[groups * WAYS];
        issuedNs = new long[groups * WAYS];
        counts = new int[groups * WAYS];
        horizonNs = new long[groups];
        forgets = new boolean[groups];
    }

    /**
     * Whether a nonce may be used with this count: for the first time, with a higher one than before, or once more by
     * the very same request. Remembers it.
     *
     * @param nonce   its MAC
     * @param count   nc; 0 for a client without one, which may use the nonce once
     * @param request keyed hash of what tells this request from others
     * @param ttlNs   how long nonces are good
     */
    boolean use(final long nonce, final int count, final long request, final long issuedAtNs, final long ttlNs,
            final long nowNs) {
        final int group = (int) nonce & forgets.length - 1;
        int place = -1;
        int oldest = group * WAYS;
        for (int i = group * WAYS; i < (group + 1) * WAYS; i++) {
            if (nonces[i] == nonce) {
                return useAgain(i, count, request);
            }
            if (nonces[i] == 0 || nowNs - issuedNs[i] > ttlNs) {
                place = i;
            } else if (issuedNs[i] - issuedNs[oldest] < 0) {
                oldest = i;
            }
        }
        if (forgets[group] && issuedAtNs - horizonNs[group] <= 0) {
            return false;
        }
        if (place < 0) {
            place = oldest;
            horizonNs[group] = issuedNs[oldest];
            forgets[group] = true;
            if (issuedAtNs - horizonNs[group] <= 0) {
                return false;
            }
        }
        nonces[place] = nonce;
        issuedNs[place] = issuedAtNs;
        counts[place] = count;
        requests[place] = request;
        return true;
    }

    private boolean useAgain(final int place, final int count, final long request) {
        if (requests[place] == request && counts[place] == count) {
            return true;
        }
        if (Integer.compareUnsigned(count, counts[place]) <= 0) {
            return false;
        }
        counts[place] = count;
        requests[place] = request;
        return true;
    }
}
