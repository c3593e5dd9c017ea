package org.tandemsip.b2bua;

import org.agrona.MutableDirectBuffer;
import org.tandemsip.codec.Status;
import org.tandemsip.engine.timer.TimerNode;

/**
 * The 2xx to an INVITE as it was sent, which goes out again until its ACK comes (RFC 3261 section 13.3.1.4). Part of an
 * {@link Exchange}; shard thread only.
 */
final class SentSuccess extends TimerNode {
    private final B2bua owner;
    private final Exchange exchange;
    private final KeptBytes bytes;
    private int repeats;

    SentSuccess(final B2bua owner, final Exchange exchange) {
        this.owner = owner;
        this.exchange = exchange;
        bytes = new KeptBytes(owner.memory);
    }

    void keep(final MutableDirectBuffer out, final int length) {
        bytes.keep(out, 0, length);
    }

    /** It has been sent for the first time. */
    void begin(final long nowNs) {
        repeats = 0;
        owner.timers.arm(this, owner.lanes.repeat(0), nowNs);
    }

    @Override
    protected void expired(final long nowNs) {
        if (exchange.server == null || bytes.length() == 0) {
            return;
        }
        final MutableDirectBuffer out = exchange.server.claim(bytes.length());
        bytes.copyTo(out, 0);
        exchange.server.respond(Status.OK_200.code(), bytes.length(), nowNs);
        exchange.call.retransmits++;
        owner.timers.arm(this, owner.lanes.repeat(++repeats), nowNs);
    }

    void end() {
        owner.timers.cancel(this);
        bytes.forget();
    }
}
