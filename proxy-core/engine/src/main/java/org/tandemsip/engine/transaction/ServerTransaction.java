package org.tandemsip.engine.transaction;

import org.agrona.MutableDirectBuffer;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Status;
import org.tandemsip.engine.handler.Destination;

/** Server side of a transaction (RFC 3261 section 17.2). Pooled; shard thread only. */
public abstract sealed class ServerTransaction permits InviteServerTransaction, NonInviteServerTransaction {
    /** The layer above, as given at creation. */
    public final TransactionUser user() {
        throw new UnsupportedOperationException();
    }

    /**
     * Wraps and indexes {@code into} over the kept copy of the request, its topmost Via as received. Valid until the
     * transaction has sent a final response.
     */
    public final void request(final SipMessage into) {
        throw new UnsupportedOperationException();
    }

    /** Where responses go (section 18.2.2, RFC 3581): source of the request, or received/sent-by of its Via. */
    public final Destination responseDestination() {
        throw new UnsupportedOperationException();
    }

    /**
     * Tag that this side puts on To in responses of its own; the same for all of them, and for the CANCEL of this
     * request (section 9.2).
     */
    public final long localTag() {
        throw new UnsupportedOperationException();
    }

    /** Status code of the last response sent, 0 when none was. */
    public final int lastStatusCode() {
        throw new UnsupportedOperationException();
    }

    /**
     * Takes a request that {@code findServer} matched to this transaction: a retransmission, or an ACK. Sends the last
     * response again where the state machine says so; never creates anything upstream.
     *
     * @return whether the request must be passed on: only an ACK for a 2xx in state Accepted (RFC 6026 section 7.1)
     */
    public abstract boolean onRequest(SipMessage request, long nowNs);

    /** Memory to write a response into; see {@code Egress.claim}. */
    public final MutableDirectBuffer claim(final int length) {
        throw new UnsupportedOperationException();
    }

    /**
     * Sends the response written into the claimed memory and moves the state machine. A response that the state does
     * not allow (a second final, a provisional after a final) is not sent.
     *
     * @return whether it was sent
     */
    public abstract boolean respond(int statusCode, int length, long nowNs);

    /** Writes and sends a response of our own to the kept request; see {@link #respond(int, int, long)}. */
    public final boolean respond(final Status status, final long nowNs) {
        throw new UnsupportedOperationException();
    }

    /**
     * Ends the transaction without a final response: a non-INVITE that nobody answered in time (RFC 4320 section 4.2).
     * The user is told by {@code onTerminated}.
     */
    public abstract void terminate(long nowNs);
}
