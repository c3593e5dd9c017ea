package org.tandemsip.engine.transaction;

import org.tandemsip.codec.SipMessage;

/** To be drawn: RFC 3261 figure. */
public final class InviteServerTransaction extends ServerTransaction {
    @Override
    public boolean onRequest(final SipMessage request, final long nowNs) {
        throw new UnsupportedOperationException();
    }

    @Override
    public boolean respond(final int statusCode, final int length, final long nowNs) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void terminate(final long nowNs) {
        throw new UnsupportedOperationException();
    }
}
