package org.tandemsip.engine.transaction;

import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Status;
import org.tandemsip.engine.handler.Destination;

/**
 * Server side of a transaction (RFC 3261 section 17.2). Pooled; shard thread only.
 *
 * <p>A response that cannot be sent changes nothing here (RFC 6026 section 8.8): the transaction stays in its state
 * and sends it again when the request or timer G asks for it. The egress has counted the failure.
 */
public abstract sealed class ServerTransaction extends Transaction
        permits InviteServerTransaction, NonInviteServerTransaction {
    private int keyHandle = MessageMemory.NONE;
    private int keyLength;
    private int sourcePort;
    private int lastStatusCode;
    private boolean rfc2543;
    private long localTag;
    /** First half of the tag where the layer above has one of two halves, else 0. */
    private long localTagHigh;
    private long sentToTagHash;

    ServerTransaction(final Transactions owner) {
        super(owner);
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

    /** As {@link #detach()}, and keeps the halves of the To tag that the layer above has put on its final response. */
    public final void detach(final long tagHigh, final long tagLow) {
        localTagHigh = tagHigh;
        localTag = tagLow;
        detach();
    }

    /** Port that the request came from. */
    public final int sourcePort() {
        return sourcePort;
    }

    /**
     * Wraps and indexes {@code into} over the kept copy of the request, its topmost Via as received. Valid until the
     * transaction has sent a final response.
     */
    public final void request(final SipMessage into) {
        readRequest(into);
    }

    /** Where responses go (section 18.2.2, RFC 3581): source of the request, or received/sent-by of its Via. */
    public final Destination responseDestination() {
        return destination;
    }

    /**
     * Tag that this side puts on To in responses of its own; the same for all of them, for the CANCEL of this request
     * (section 9.2), and after a restart.
     */
    public final long localTag() {
        if (localTag == 0) {
            // Without the method in front; see ServerKey.
            localTag = owner.tag(owner.memory.buffer(keyHandle), owner.memory.offset(keyHandle) + 1, keyLength - 1);
        }
        return localTag;
    }

    /** First half of {@link #localTag} where the layer above had a tag of two halves, else 0. */
    final long localTagHigh() {
        return localTagHigh;
    }

    /** Answers with the tag of {@code invite}, which this request is to cancel (section 9.2). */
    public final void takeTag(final InviteServerTransaction invite) {
        localTag = invite.localTag();
        localTagHigh = invite.localTagHigh();
    }

    /** Status code of the last response sent, 0 when none was. */
    public final int lastStatusCode() {
        return lastStatusCode;
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
        return owner.claim(length);
    }

    /**
     * Sends the response written into the claimed memory and moves the state machine. A response that the state does
     * not allow (a second final, a provisional after a final) is not sent.
     *
     * @return whether it was sent
     */
    public abstract boolean respond(int statusCode, int length, long nowNs);

    /**
     * Writes and sends a response of our own to the kept request; see {@link #respond(int, int, long)}. All but 100
     * carry {@link #localTag} when the request has no To tag.
     */
    public final boolean respond(final Status status, final long nowNs) {
        final int length = hasRequest() ? owner.writeResponse(this, status) : 0;
        return length > 0 && respond(status.code(), length, nowNs);
    }

    /**
     * Ends the transaction without a final response: a non-INVITE that nobody answered in time (RFC 4320 section 4.2).
     * The user is told by {@code onTerminated}.
     */
    public abstract void terminate(long nowNs);

    /** Begins a new transaction with a key that has been copied to memory. */
    final void begin(final int newKeyHandle, final int newKeyLength, final int newSourcePort, final boolean isRfc2543) {
        keyHandle = newKeyHandle;
        keyLength = newKeyLength;
        sourcePort = newSourcePort;
        rfc2543 = isRfc2543;
        lastStatusCode = 0;
        localTag = 0;
        localTagHigh = 0;
        sentToTagHash = 0;
    }

    /** Whether {@code key} is this transaction's, byte for byte. */
    final boolean hasKey(final ServerKey serverKey) {
        final UnsafeBuffer buffer = owner.memory.buffer(keyHandle);
        return serverKey.equals(buffer, owner.memory.offset(keyHandle), keyLength);
    }

    /** Keyed hash of the To tag of the final response sent to an RFC 2543 request (section 17.2.3), else 0. */
    final long sentToTagHash() {
        return sentToTagHash;
    }

    /** Sends what was written into the claimed memory. */
    final void sendResponse(final int statusCode, final int length) {
        lastStatusCode = statusCode;
        if (rfc2543 && statusCode >= 200) {
            sentToTagHash = owner.toTagHash(owner.claimed(), length);
        }
        owner.egress.send(length, destination, 0);
    }

    /** Sends what was written into the claimed memory, and keeps it to be sent again. */
    final void sendAndKeepResponse(final int statusCode, final int length) {
        keepLast(owner.claimed(), length);
        sendResponse(statusCode, length);
    }

    @Override
    final void reset() {
        super.reset();
        owner.memory.free(keyHandle);
        keyHandle = MessageMemory.NONE;
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
