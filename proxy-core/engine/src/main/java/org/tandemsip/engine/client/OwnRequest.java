package org.tandemsip.engine.client;

import org.tandemsip.codec.SipMessage;
import org.tandemsip.engine.handler.Source;
import org.tandemsip.engine.transaction.TransactionUser;

/** A request that this node has sent for itself, as the user of its client transaction. Shard thread only. */
public interface OwnRequest extends TransactionUser {
    /** A final response of {@code from} has come, which the transaction has dealt with already. */
    void onFinal(SipMessage response, Source from, long nowNs);

    /** ICMP has reported that nobody listens there (RFC 3261 section 18.4). */
    void onUnreachable(long nowNs);
}
