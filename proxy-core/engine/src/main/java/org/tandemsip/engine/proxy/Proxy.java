package org.tandemsip.engine.proxy;

import org.tandemsip.codec.SipMessage;
import org.tandemsip.engine.handler.Disposition;
import org.tandemsip.engine.handler.MessageHandler;
import org.tandemsip.engine.handler.ShardCommand;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.handler.Source;

/**
 * The proxy core (RFC 3261 section 16): matches what is under way, checks and routes what is new, and hands it to the
 * stateless or stateful proxy by the mode now in force.
 *
 * <p>A response goes to the client transaction its branch names; without one, the mode written in the branch decides. A
 * request goes to its server transaction; a new one is treated by the mode of its route. So a mode can be switched
 * while calls run: what is under way finishes where it began.
 */
public final class Proxy implements MessageHandler {
    /** Makes the proxy of one shard. */
    public Proxy(final ShardContext context) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Disposition onRequest(final SipMessage request, final Source source, final long nowNs) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Disposition onResponse(final SipMessage response, final Source source, final long nowNs) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void onCommand(final ShardCommand command, final long nowNs) {
        throw new UnsupportedOperationException();
    }

    @Override
    public int live() {
        throw new UnsupportedOperationException();
    }
}
