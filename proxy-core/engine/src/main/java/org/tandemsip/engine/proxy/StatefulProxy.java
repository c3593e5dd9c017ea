package org.tandemsip.engine.proxy;

import org.tandemsip.codec.SipMessage;
import org.tandemsip.engine.handler.Disposition;
import org.tandemsip.engine.handler.Source;
import org.tandemsip.engine.transaction.ClientTransaction;

/** Stateful forwarding (RFC 3261 sections 16.6 to 16.10). Shard thread only. */
final class StatefulProxy {
    /** Forwards a checked, routed request that matched no transaction (never an ACK). */
    Disposition forward(final SipMessage request, final Source source, final Targets targets, final long nowNs) {
        throw new UnsupportedOperationException();
    }

    /** Takes a CANCEL (section 16.10): answers it and cancels the pending branches of its INVITE. */
    Disposition onCancel(final SipMessage cancel, final Source source, final long nowNs) {
        throw new UnsupportedOperationException();
    }

    /** Takes a response that belongs to {@code transaction} (section 16.7). */
    Disposition onResponse(final ClientTransaction transaction, final SipMessage response, final long nowNs) {
        throw new UnsupportedOperationException();
    }
}
