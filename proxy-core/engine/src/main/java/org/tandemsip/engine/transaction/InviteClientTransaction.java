package org.tandemsip.engine.transaction;

import org.tandemsip.codec.SipMessage;

/** To be drawn: RFC 3261 figure. */
public final class InviteClientTransaction extends ClientTransaction {
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

    /**
     * Cancels the request (RFC 3261 section 9.1): sends a CANCEL in a transaction of its own once a provisional
     * response has come, at once when one is there already; does nothing after a final response or a second time. When
     * 64*T1 after the CANCEL there is still no final response, the transaction times out ({@code onTimeout}).
     */
    public void cancel(final long nowNs) {
        throw new UnsupportedOperationException();
    }

    /** Whether a provisional response has come. */
    public boolean proceeding() {
        throw new UnsupportedOperationException();
    }

    @Override
    public void terminate(final long nowNs) {
        throw new UnsupportedOperationException();
    }
}
