package org.tandemsip.b2bua;

/**
 * Our numbers for the reliable provisional responses of the callees, which the caller acknowledges by them (RFC 3262
 * section 3): each callee counts for itself, and the caller sees one dialog. Part of a {@link Setup}; shard thread
 * only.
 */
final class Rseqs {
    /** Most that one call may have. */
    private static final int MOST = 8;

    private final int[] theirs = new int[MOST];
    private final long[] dialogs = new long[MOST];
    private int count;
    private long first;

    /** Begins to count anew. */
    void begin(final long number) {
        first = number;
        count = 0;
    }

    /**
     * Our number for a response: the same for a retransmission.
     *
     * @param rseq   RSeq of the callee
     * @param dialog the callee's dialog, see {@link Hashes}
     * @return 0 when there are too many
     */
    long ours(final int rseq, final long dialog) {
        for (int i = 0; i < count; i++) {
            if (theirs[i] == rseq && dialogs[i] == dialog) {
                return first + i;
            }
        }
        if (count == MOST) {
            return 0;
        }
        theirs[count] = rseq;
        dialogs[count] = dialog;
        return first + count++;
    }

    /** RSeq of the callee behind a number of ours in its dialog, 0 when there is none. */
    int theirs(final long ours, final long dialog) {
        final long index = ours - first;
        return index >= 0 && index < count && dialogs[(int) index] == dialog ? theirs[(int) index] : 0;
    }
}
