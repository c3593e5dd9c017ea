package org.tandemsip.b2bua;

import org.tandemsip.codec.Method;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.engine.handler.Destination;
import org.tandemsip.engine.handler.Disposition;
import org.tandemsip.engine.handler.Source;
import org.tandemsip.engine.transaction.TransactionUser;

/**
 * Ends the dialogs that nobody wants, and answers the 2xx of which no transaction knows any more: they come again as
 * long as no ACK has arrived (RFC 3261 section 13.3.1.4), to another process, too. Shard thread only.
 */
final class Strays {
    /** More requests than a dialog sees before its call is answered: PRACK and UPDATE, whose numbers are not known. */
    private static final int MOST_BEFORE = 1_000;

    private final B2bua owner;
    /** Has no other leg: written anew for each. */
    private final Leg stray;
    private final Destination from = new Destination();

    Strays(final B2bua owner, final Leg stray) {
        this.owner = owner;
        this.stray = stray;
    }

    /** Acknowledges a 2xx that nobody wants, and ends its dialog. @param bye whether by a BYE, or that was sent */
    void end(final SipMessage response, final Destination destination, final boolean bye, final long nowNs) {
        stray.seen.set(destination);
        if (stray.ofStray(response)) {
            owner.extra.clear();
            owner.sender.once(stray, Method.ACK, response.cseqNumber(), null, null, 0, nowNs);
            if (bye) {
                sendBye(nowNs);
            }
        }
        stray.reset();
    }

    /**
     * Takes a response to a request of ours without a transaction. A 2xx to an INVITE whose From tag is ours gets an
     * ACK, since that was lost or the process was killed before; and a BYE, where its dialog is none that is here.
     */
    Disposition onResponse(final SipMessage response, final Source source, final long nowNs) {
        if (response.method() != Method.INVITE || response.statusCode() / 100 != 2
                || !owner.tags.read(response.bytes(), response.fromTag()) || owner.policy().trunkOf(source) == null) {
            return Disposition.DROPPED_STRAY_RESPONSE;
        }
        final Leg leg = owner.find(response.bytes(), response.fromTag());
        final boolean ours = leg != null && leg.is(response.bytes(), response.callId(), response.toTag());
        if (ours && !owner.hops.mayComeFrom(leg, source)) {
            return Disposition.DROPPED_FORGED;
        }
        if (ours && leg.answersInAck) {
            // The ACK had the answer to the offer in it, and is gone: who does not get one ends the call.
            return Disposition.DROPPED_STRAY_RESPONSE;
        }
        from.set(source);
        end(response, from, !ours, nowNs);
        return Disposition.ABSORBED;
    }

    private void sendBye(final long nowNs) {
        final int length = owner.sender.write(stray, Method.BYE, stray.localCseq + MOST_BEFORE, null, owner.hops(null),
                TransactionUser.NOBODY, nowNs);
        if (length > 0) {
            owner.sender.transaction().start(length, nowNs);
        }
    }
}
