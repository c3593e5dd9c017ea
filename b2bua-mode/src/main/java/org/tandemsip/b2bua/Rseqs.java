package org.tandemsip.b2bua;

import org.tandemsip.codec.HeaderName;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Slice;
import org.tandemsip.engine.metrics.Counter;

/**
 * Our numbers for the reliable provisional responses of the callees, which the caller acknowledges by them (RFC 3262
 * section 3): each callee counts for itself, and the caller sees one dialog. What began the early dialog of each branch
 * of a fork is kept, since its PRACK may come after another branch has answered. What was acknowledged makes room for
 * what comes later. Part of a {@link Setup}, or of the {@link Exchange} of a re-INVITE; shard thread only.
 */
final class Rseqs {
    /** Most that are known at a time. */
    private static final int MOST = 8;

    private final B2bua owner;
    private final long[] theirs = new long[MOST];
    private final long[] dialogs = new long[MOST];
    /** The first response of its dialog, or nothing. */
    private final KeptBytes[] responses = new KeptBytes[MOST];
    private int count;
    private long first;
    /** Number of ours that was acknowledged last. */
    private long acknowledged;
    Rseqs next;

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
        acknowledged = 0;
    }

    /**
     * Our number for a response: the same for a retransmission.
     *
     * @return 0 when it is not reliable; -1 when it is not to be passed: it is not the next one of its dialog, or the
     *         first one of all or too many have not been acknowledged
     */
    long ours(final SipMessage response) {
        final long value = response.value(HeaderName.RSEQ);
        if (!Slice.exists(value)) {
            return 0;
        }
        final long rseq = Numbers.parseLong(response.bytes(), value);
        final long dialog = owner.hashes.dialog(response);
        long last = -1;
        for (int i = 0; i < count; i++) {
            if (dialogs[i] == dialog) {
                if (theirs[i] == rseq) {
                    return first + i;
                }
                last = theirs[i];
            }
        }
        if (last >= 0 && rseq != last + 1) {
            // Overtaken by a later one, or has overtaken one: it comes again until its turn (section 4).
            return -1;
        }
        if (count > 0 && acknowledged == 0) {
            // Who misses the first takes the second for it, and never acknowledges the first (section 3).
            return -1;
        }
        if (count == MOST && !forgetFirst()) {
            owner.counters.increment(Counter.LIMITED_RELIABLE);
            return -1;
        }
        if (indexOf(dialog) == count) {
            responses[count].keep(response.bytes(), Slice.offset(response.startLine()), response.length());
        }
        theirs[count] = rseq;
        dialogs[count] = dialog;
        return first + count++;
    }

    /** Makes room; {@code false} when the caller has still to acknowledge what came first. */
    private boolean forgetFirst() {
        if (first > acknowledged) {
            return false;
        }
        final KeptBytes response = responses[0];
        final long dialog = dialogs[0];
        first++;
        count--;
        for (int i = 0; i < count; i++) {
            theirs[i] = theirs[i + 1];
            dialogs[i] = dialogs[i + 1];
            responses[i] = responses[i + 1];
        }
        responses[count] = response;
        final int next = indexOf(dialog);
        if (next < count) {
            // Its dialog goes on.
            responses[count] = responses[next];
            responses[next] = response;
        } else {
            response.forget();
        }
        return true;
    }

    /** The caller has acknowledged a number of ours, and all before it: it has got them in order. */
    void acknowledge(final long ours) {
        acknowledged = Math.max(acknowledged, ours);
    }

    /** RSeq of the callee behind a number of ours, 0 when there is none. */
    long theirs(final long ours) {
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
        }
        first += count;
        count = 0;
    }
}
