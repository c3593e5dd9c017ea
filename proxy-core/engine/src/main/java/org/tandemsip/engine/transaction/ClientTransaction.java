package org.tandemsip.engine.transaction;

import org.agrona.MutableDirectBuffer;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.engine.handler.Destination;
import org.tandemsip.engine.metrics.Counter;

/** Client side of a transaction (RFC 3261 section 17.1). Pooled; shard thread only. */
public abstract sealed class ClientTransaction extends Transaction
        permits InviteClientTransaction, NonInviteClientTransaction {
    /** What a response means to the layer above. */
    public enum Event {
        /** First or further provisional response: pass on. */
        PROVISIONAL,
        /** The final response, or for INVITE a further 2xx: pass on. */
        FINAL,
        /** A retransmission or a response to a CANCEL, already dealt with. */
        ABSORBED
    }

    private long branchKey;
    private long place;

    ClientTransaction(final Transactions owner) {
        super(owner);
    }

    /** Key in our branch. */
    public final long branchKey() {
        return branchKey;
    }

    final void branchKey(final long newBranchKey) {
        branchKey = newBranchKey;
    }

    /** Slot of this object in its shard and number of its use, to be written beside the branch. */
    public final long place() {
        return place;
    }

    final void place(final long newPlace) {
        place = newPlace;
    }

    /** The layer above, as given at creation. */
    public final TransactionUser user() {
        return user;
    }

    /**
     * Lets go of the layer above, which will be told nothing more: from now on the state machine lingers on its own.
     * {@link #user()} is then nobody of theirs.
     */
    public final void detach() {
        user = TransactionUser.NOBODY;
    }

    /** Puts another one in the place of the layer above, which will be told nothing more. */
    public final void handOver(final TransactionUser next) {
        user = next;
    }

    /** Where the request went. */
    public final Destination destination() {
        return destination;
    }

    /**
     * Wraps and indexes {@code into} over the kept copy of the request as sent. Valid until a final response has come.
     */
    public final void request(final SipMessage into) {
        readRequest(into);
    }

    /** Memory to write the request into; see {@code Egress.claim}. */
    public final MutableDirectBuffer claim(final int length) {
        return owner.claim(length);
    }

    /** Sends the request written into the claimed memory, keeps a copy for retransmission, and starts the timers. */
    public abstract void start(int length, long nowNs);

    /**
     * Takes a response that {@code findClient} matched to this transaction; sends the ACK for a non-2xx itself
     * (section 17.1.1.3).
     */
    public abstract Event onResponse(SipMessage response, long nowNs);

    /** Whether a final response has come, or the transaction timed out or failed. */
    public abstract boolean completed();

    /**
     * Ends the transaction at once, without waiting for lingering responses. The user is told by {@code onTerminated},
     * not by {@code onTimeout}.
     */
    public abstract void terminate(long nowNs);

    /** What was sent with this transaction's key could not be sent (section 17.1.4). */
    abstract void onTransportError(long nowNs);

    /**
     * Sends what was written into the claimed memory, and keeps it; {@code false} when there is no room to keep it.
     */
    final boolean sendRequest(final int length) {
        final boolean kept = keepRequest(owner.claimed(), length);
        if (kept) {
            owner.egress.send(length, destination, key);
        }
        return kept;
    }

    /** Tells the user of a timeout and ends; the state is already Terminated. */
    final void endByTimeout(final long nowNs) {
        owner.counters.increment(this instanceof InviteClientTransaction ? Counter.TIMEOUTS_B : Counter.TIMEOUTS_F);
        cancelTimers();
        try {
            user.onTimeout(this, nowNs);
        } finally {
            end(nowNs);
        }
    }

    /** Tells the user of a transport error and ends; the state is already Terminated. */
    final void endByTransportError(final long nowNs) {
        cancelTimers();
        try {
            user.onTransportError(this, nowNs);
        } finally {
            end(nowNs);
        }
    }

    /** Leaves the table, tells the user, and goes back to the pool; the state is already Terminated. */
    final void end(final long nowNs) {
        cancelTimers();
        owner.remove(this);
        try {
            user.onTerminated(this, nowNs);
        } finally {
            owner.recycle(this);
        }
    }
}
