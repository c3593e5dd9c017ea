package org.tandemsip.b2bua;

import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.tandemsip.codec.sdp.OriginLine;

/**
 * A call as the media relay knows it, and the session as the sides know it: what it takes to go on with both in another
 * process. Shard thread only.
 */
final class RelayedCall {
    /** Bytes that {@link #save} writes. */
    static final int SAVED_BYTES = 64;

    private static final int THERE = 1;
    private static final int ANCHORED = 2;
    private static final int CALLER_KNOWN = 4;

    final String callId;
    /** What the caller, and the callee, is told of where its session comes from. */
    final OriginLine[] origins = {new OriginLine(), new OriginLine()};
    boolean anchored;
    /** The node of the relay that has the call, by its name there; -1 before there is one. */
    int node = -1;
    /** The relay has heard of the caller. */
    boolean callerKnown;
    /** The callee's dialog by the name that an earlier process has given it at the relay; else 0. */
    long calleeDialog;
    private final long key0;
    private final long key1;

    private RelayedCall(final long key0, final long key1) {
        this.key0 = key0;
        this.key1 = key1;
        callId = Long.toHexString(key0) + '-' + Long.toHexString(key1);
    }

    /** A new one: by names that were not on the wire, and that no other process uses, since relays are shared. */
    static RelayedCall begin(final Draws draws) {
        final RelayedCall call = new RelayedCall(draws.key(), draws.key());
        call.origins[0].begin(draws.key());
        call.origins[1].begin(draws.key());
        return call;
    }

    /** Writes it down. */
    void save(final B2bua owner, final Leg callee, final MutableDirectBuffer out, final int index) {
        out.putInt(index, THERE | (anchored ? ANCHORED : 0) | (callerKnown ? CALLER_KNOWN : 0));
        out.putInt(index + 4, node);
        out.putLong(index + 8, key0);
        out.putLong(index + 16, key1);
        origins[0].save(out, index + 24);
        origins[1].save(out, index + 40);
        out.putLong(index + 56,
                calleeDialog != 0 || !callee.hasText() ? calleeDialog : owner.hashes.dialog(callee));
    }

    /** Reads what was written down; {@code null} when it was none. */
    static RelayedCall resume(final DirectBuffer in, final int index) {
        final int flags = in.getInt(index);
        if ((flags & THERE) == 0) {
            return null;
        }
        final RelayedCall call = new RelayedCall(in.getLong(index + 8), in.getLong(index + 16));
        call.anchored = (flags & ANCHORED) != 0;
        call.callerKnown = (flags & CALLER_KNOWN) != 0;
        call.node = in.getInt(index + 4);
        call.origins[0].resume(in, index + 24);
        call.origins[1].resume(in, index + 40);
        call.calleeDialog = in.getLong(index + 56);
        return call;
    }
}
