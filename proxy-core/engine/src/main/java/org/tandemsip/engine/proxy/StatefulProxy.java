package org.tandemsip.engine.proxy;

import org.tandemsip.codec.SipMessage;
import org.tandemsip.engine.handler.Disposition;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.handler.Source;
import org.tandemsip.engine.routing.Branches;
import org.tandemsip.engine.timer.Timing;
import org.tandemsip.engine.transaction.ClientTransaction;
import org.tandemsip.engine.transaction.Transactions;

/** Stateful forwarding (RFC 3261 sections 16.6 to 16.10). Shard thread only. */
final class StatefulProxy {
    /** Makes the stateful proxy of one shard, which shares its helpers with the {@link Proxy} that owns it. */
    StatefulProxy(final ShardContext context, final Transactions transactions, final Branches branches,
            final RequestForwarder requests, final ResponseForwarder responses) {
        throw new UnsupportedOperationException();
    }

    /** Takes over timer values for requests forwarded from now on. */
    void timing(final Timing timing) {
        throw new UnsupportedOperationException();
    }

    /**
     * Forwards a checked, routed request that matched no transaction (never an ACK or CANCEL).
     * {@link RequestForwarder#prepare} has been called with it.
     */
    Disposition forward(final SipMessage request, final Source source, final Targets targets, final long nowNs) {
        throw new UnsupportedOperationException();
    }

    /**
     * Takes a CANCEL that matched no transaction of its own (section 16.10): answers it and cancels the pending
     * branches of its INVITE.
     *
     * @return {@code null} when it matches no INVITE: forward it statelessly
     */
    Disposition onCancel(final SipMessage cancel, final Source source, final long nowNs) {
        throw new UnsupportedOperationException();
    }

    /** Takes a response that belongs to {@code transaction} (section 16.7). */
    Disposition onResponse(final ClientTransaction transaction, final SipMessage response, final long nowNs) {
        throw new UnsupportedOperationException();
    }

    /** Number of response contexts held. */
    int live() {
        throw new UnsupportedOperationException();
    }
}
