package org.tandemsip.engine.transaction;

import org.agrona.MutableDirectBuffer;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.engine.handler.Destination;

/** Client side of a transaction (RFC 3261 section 17.1). Pooled; shard thread only. */
public abstract sealed class ClientTransaction permits InviteClientTransaction, NonInviteClientTransaction {
    /** What a response means to the layer above. */
    public enum Event {
        /** First or further provisional response: pass on. */
        PROVISIONAL,
        /** The final response, or for INVITE a further 2xx: pass on. */
        FINAL,
        /** A retransmission, already dealt with. */
        ABSORBED
    }

    /** Key in our branch. */
    public final long branchKey() {
        throw new UnsupportedOperationException();
    }

    /** The layer above, as given at creation. */
    public final TransactionUser user() {
        throw new UnsupportedOperationException();
    }

    /** Where the request went. */
    public final Destination destination() {
        throw new UnsupportedOperationException();
    }

    /**
     * Wraps and indexes {@code into} over the kept copy of the request as sent. Valid until a final response has come.
     */
    public final void request(final SipMessage into) {
        throw new UnsupportedOperationException();
    }

    /** Memory to write the request into; see {@code Egress.claim}. */
    public final MutableDirectBuffer claim(final int length) {
        throw new UnsupportedOperationException();
    }

    /** Sends the request written into the claimed memory, keeps a copy for retransmission, and starts the timers. */
    public abstract void start(int length, long nowNs);

    /**
     * Takes a response that {@code findClient} matched to this transaction; sends the ACK for a non-2xx itself (section
     * 17.1.1.3).
     */
    public abstract Event onResponse(SipMessage response, long nowNs);

    /** Whether a final response has come, or the transaction timed out or failed. */
    public abstract boolean completed();

    /**
     * Ends the transaction at once, without waiting for lingering responses. The user is told by {@code onTerminated},
     * not by {@code onTimeout}.
     */
    public abstract void terminate(long nowNs);
}
