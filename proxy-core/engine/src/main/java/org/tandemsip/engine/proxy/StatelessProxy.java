package org.tandemsip.engine.proxy;

import org.tandemsip.codec.SipMessage;
import org.tandemsip.engine.handler.Disposition;
import org.tandemsip.engine.handler.Source;

/** Stateless forwarding (RFC 3261 section 16.11). Shard thread only. */
final class StatelessProxy {
    /** Forwards a checked, routed request to the first target. */
    Disposition forward(final SipMessage request, final Source source, final Targets targets, final long nowNs) {
        throw new UnsupportedOperationException();
    }

    /** Forwards a response whose topmost Via is ours and whose branch was read and has no client transaction. */
    Disposition onResponse(final SipMessage response, final Source source, final long nowNs) {
        throw new UnsupportedOperationException();
    }
}
