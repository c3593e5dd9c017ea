package org.tandemsip.b2bua;

import org.tandemsip.codec.SipMessage;
import org.tandemsip.engine.handler.Disposition;
import org.tandemsip.engine.transaction.ClientTransaction;
import org.tandemsip.engine.transaction.ServerTransaction;
import org.tandemsip.engine.transaction.TransactionUser;

/** Whoever has sent a request, and takes what comes back. */
interface Requester extends TransactionUser {
    /** Takes a response that belongs to a transaction of this one, which has not seen it yet. */
    Disposition onResponse(ClientTransaction transaction, SipMessage response, long nowNs);

    @Override
    default void onTerminated(final ClientTransaction transaction, final long nowNs) {
        // Its outcome has been told.
    }

    @Override
    default void onTerminated(final ServerTransaction transaction, final long nowNs) {
        // There is none.
    }
}
