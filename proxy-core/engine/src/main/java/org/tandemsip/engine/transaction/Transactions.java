package org.tandemsip.engine.transaction;

import org.tandemsip.codec.SipMessage;
import org.tandemsip.engine.handler.Destination;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.handler.Source;
import org.tandemsip.engine.timer.Timing;

/**
 * All transactions of a shard: finds, makes and recycles them. Tables are open-addressing maps keyed by keyed 64-bit
 * hashes, objects and message memory come from bounded pools. Shard thread only.
 */
public final class Transactions {
    /** Makes the tables and pools of one shard. */
    public Transactions(final ShardContext context) {
        throw new UnsupportedOperationException();
    }

    /** Takes over timer values for transactions made from now on. */
    public void timing(final Timing timing) {
        throw new UnsupportedOperationException();
    }

    /**
     * Finds the server transaction that a request belongs to (RFC 3261 section 17.2.3): by branch, sent-by and method,
     * ACK matching its INVITE; without the magic cookie by the rules for RFC 2543.
     *
     * @return the transaction, or {@code null}: a new request, or an ACK for a 2xx
     */
    public ServerTransaction findServer(final SipMessage request) {
        throw new UnsupportedOperationException();
    }

    /** Finds the INVITE server transaction that a CANCEL is for (section 9.2), or {@code null}. */
    public InviteServerTransaction findCancelled(final SipMessage cancel) {
        throw new UnsupportedOperationException();
    }

    /**
     * Makes the server transaction of a request that {@link #findServer} did not find. Keeps a copy of the request for
     * the responses made later.
     *
     * @return an {@link InviteServerTransaction} or {@link NonInviteServerTransaction}, or {@code null} when there is
     *         no room
     */
    public ServerTransaction createServer(final SipMessage request, final Source source, final TransactionUser user,
            final long nowNs) {
        throw new UnsupportedOperationException();
    }

    /**
     * Makes a client transaction, not yet started: write the request into {@link ClientTransaction#claim} and call
     * {@link ClientTransaction#start}.
     *
     * @param branchKey   64-bit MAC that stands in the branch and finds the transaction when a response comes
     * @param invite      whether the request is an INVITE
     * @param destination where the request goes; copied
     * @return an {@link InviteClientTransaction} or {@link NonInviteClientTransaction}, or {@code null} when there is
     *         no room
     */
    public ClientTransaction createClient(final long branchKey, final boolean invite, final Destination destination,
            final TransactionUser user, final long nowNs) {
        throw new UnsupportedOperationException();
    }

    /**
     * Finds the client transaction that a response belongs to (section 17.1.3), by the key in our branch and the method
     * in CSeq (a CANCEL shares the branch of its INVITE); or {@code null}.
     */
    public ClientTransaction findClient(final long branchKey, final boolean cancel) {
        throw new UnsupportedOperationException();
    }

    /** Reports that what was sent with {@code correlation} (a client transaction's key) could not be sent. */
    public void onSendFailed(final long correlation, final long nowNs) {
        throw new UnsupportedOperationException();
    }

    /** Number of transactions held, lingering ones included. */
    public int live() {
        throw new UnsupportedOperationException();
    }
}
