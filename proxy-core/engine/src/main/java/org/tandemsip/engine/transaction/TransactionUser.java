package org.tandemsip.engine.transaction;

/**
 * The layer above the transactions ("TU", RFC 3261 section 17): told what happens by time or transport. What happens
 * by a message is told by return values. All methods may make, use and end other transactions. Shard thread only.
 */
public interface TransactionUser {
    /**
     * Wants to be told nothing: of a CANCEL, whose outcome shows in the INVITE transaction, and of what lingers on its
     * own.
     */
    TransactionUser NOBODY = new TransactionUser() {
        @Override
        public void onTimeout(final ClientTransaction transaction, final long nowNs) {}

        @Override
        public void onTransportError(final ClientTransaction transaction, final long nowNs) {}

        @Override
        public void onTerminated(final ClientTransaction transaction, final long nowNs) {}

        @Override
        public void onTerminated(final ServerTransaction transaction, final long nowNs) {}
    };

    /**
     * No final response: timer B or F ran out (section 17.1), or 64*T1 after a CANCEL (section 9.1). The transaction
     * is about to terminate.
     */
    void onTimeout(ClientTransaction transaction, long nowNs);

    /**
     * The request could not be sent, or not be kept for want of room (section 17.1.4); or, after a non-2xx final
     * response, its ACK could not be sent (figure 5). The transaction is about to terminate.
     */
    void onTransportError(ClientTransaction transaction, long nowNs);

    /** A timer has sent the request, or its final response, once more. */
    default void onRetransmission() {
        // Transactions do that by themselves.
    }

    /** The transaction is gone; nothing may refer to it any more. */
    void onTerminated(ClientTransaction transaction, long nowNs);

    /**
     * The transaction is gone, maybe before client transactions that were made for it; nothing may refer to it any
     * more. For INVITE also after timer H (no ACK) or L.
     */
    void onTerminated(ServerTransaction transaction, long nowNs);
}
