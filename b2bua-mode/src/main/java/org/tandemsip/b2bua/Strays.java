package org.tandemsip.b2bua;

import org.agrona.MutableDirectBuffer;
import org.tandemsip.codec.Method;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.engine.handler.Destination;
import org.tandemsip.engine.handler.Places;
import org.tandemsip.engine.transaction.ClientTransaction;
import org.tandemsip.engine.transaction.TransactionUser;

/** Ends the dialogs that nobody wants. Shard thread only. */
final class Strays {
    private final B2bua owner;
    /** Has no other leg: written anew for each. */
    private final Leg stray;

    Strays(final B2bua owner, final Leg stray) {
        this.owner = owner;
        this.stray = stray;
    }

    /** Acknowledges a 2xx that nobody wants, and ends its dialog. @param bye whether by a BYE, or that was sent */
    void end(final SipMessage response, final Destination destination, final boolean bye, final long nowNs) {
        stray.seen.set(destination);
        if (stray.ofStray(response)) {
            final MutableDirectBuffer out = owner.egress.claim(owner.writer.maxLength(stray, null));
            final int length = owner.writer.request(stray, Method.ACK, response.cseqNumber(), null, owner.hops(null),
                    owner.extra.clear(), owner.draws.key(), Places.NONE, out);
            if (length > 0) {
                owner.egress.send(length, stray.remote, 0);
            }
            if (bye) {
                sendBye(nowNs);
            }
        }
        stray.reset();
    }

    private void sendBye(final long nowNs) {
        final long key = owner.draws.key();
        final ClientTransaction client =
                owner.transactions.createClient(key, false, stray.remote, TransactionUser.NOBODY, nowNs);
        if (client == null) {
            return;
        }
        final MutableDirectBuffer out = client.claim(owner.writer.maxLength(stray, null));
        client.start(owner.writer.request(stray, Method.BYE, stray.localCseq + 1, null, owner.hops(null),
                owner.extra.clear(), key, client.place(), out), nowNs);
    }
}
