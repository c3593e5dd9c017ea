package org.tandemsip.engine.transaction;

import org.tandemsip.codec.SipMessage;

/** To be drawn: RFC 3261 figure. */
public final class NonInviteClientTransaction extends ClientTransaction {
    @Override
    public void start(final int length, final long nowNs) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Event onResponse(final SipMessage response, final long nowNs) {
        throw new UnsupportedOperationException();
    }

    @Override
    public boolean completed() {
        throw new UnsupportedOperationException();
    }

    @Override
    public void terminate(final long nowNs) {
        throw new UnsupportedOperationException();
    }
}
