package org.tandemsip.b2bua;

import org.tandemsip.codec.HeaderName;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Slice;

/**
 * Our numbers for the reliable provisional responses of the callees, which the caller acknowledges by them (RFC 3262
 * section 3): each callee counts for itself, and the caller sees one dialog. What began the early dialog of each branch
 * of a fork is kept, since its PRACK may come after another branch has answered. Part of a {@link Setup}; shard thread
 * only.
 */
final class Rseqs {
    /** Most that one call may have. */
    private static final int MOST = 8;

    private final B2bua owner;
    private final int[] theirs = new int[MOST];
    private final long[] dialogs = new long[MOST];
    /** The first response of its dialog, or nothing. */
    private final KeptBytes[] responses = new KeptBytes[MOST];
    private int count;
    private long first;

    Rseqs(final B2bua owner) {
        this.owner = owner;
        for (int i = 0; i < MOST; i++) {
            responses[i] = new KeptBytes(owner.memory);
        }
    }

    /** Begins to count anew. */
    void begin(final long number) {
        first = number;
        count = 0;
    }

    /**
     * Our number for a response: the same for a retransmission.
     *
     * @return 0 when it is not reliable, -1 when there are too many
     */
    long ours(final SipMessage response) {
        final long value = response.value(HeaderName.RSEQ);
        if (!Slice.exists(value)) {
            return 0;
        }
        final int rseq = Numbers.parse(response.bytes(), value);
        final long dialog = owner.hashes.dialog(response);
        for (int i = 0; i < count; i++) {
            if (theirs[i] == rseq && dialogs[i] == dialog) {
                return first + i;
            }
        }
        if (count == MOST) {
            return -1;
        }
        if (indexOf(dialog) == count) {
            responses[count].keep(response.bytes(), Slice.offset(response.startLine()), response.length());
        }
        theirs[count] = rseq;
        dialogs[count] = dialog;
        return first + count++;
    }

    /** RSeq of the callee behind a number of ours, 0 when there is none. */
    int theirs(final long ours) {
        return dialog(ours) == 0 ? 0 : theirs[(int) (ours - first)];
    }

    /** The callee's dialog behind a number of ours, 0 when there is none. */
    long dialog(final long ours) {
        final long index = ours - first;
        return index >= 0 && index < count ? dialogs[(int) index] : 0;
    }

    /** Reads what began a dialog into {@code into}; {@code false} when there was no room to keep it. */
    boolean read(final long dialog, final SipMessage into) {
        final int index = indexOf(dialog);
        if (index == count || responses[index].length() == 0) {
            return false;
        }
        responses[index].read(owner.parser, into);
        return true;
    }

    private int indexOf(final long dialog) {
        int index = 0;
        while (index < count && dialogs[index] != dialog) {
            index++;
        }
        return index;
    }

    /** Somebody else is tried, or nobody any more: nothing is left to be acknowledged. */
    void leave() {
        for (int i = 0; i < count; i++) {
            responses[i].forget();
            dialogs[i] = 0;
        }
    }
}
