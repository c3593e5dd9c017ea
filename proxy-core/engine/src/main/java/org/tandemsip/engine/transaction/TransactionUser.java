package org.tandemsip.engine.transaction;

/**
 * The layer above the transactions ("TU", RFC 3261 section 17): told what happens by time or transport. What happens
 * by a message is told by return values. Shard thread only.
 */
public interface TransactionUser {
    /** Timer B or F ran out: no final response (section 17.1). The transaction is about to terminate. */
    void onTimeout(ClientTransaction transaction, long nowNs);

    /** The request could not be sent (section 17.1.4). The transaction is about to terminate. */
    void onTransportError(ClientTransaction transaction, long nowNs);

    /** The transaction is gone; nothing may refer to it any more. */
    void onTerminated(ClientTransaction transaction, long nowNs);

    /** The transaction is gone; nothing may refer to it any more. For INVITE also after timer H (no ACK) or L. */
    void onTerminated(ServerTransaction transaction, long nowNs);
}
