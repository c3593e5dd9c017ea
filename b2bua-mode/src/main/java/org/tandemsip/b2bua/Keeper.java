package org.tandemsip.b2bua;

import org.agrona.MutableDirectBuffer;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.engine.handler.Destination;
import org.tandemsip.engine.handler.Disposition;
import org.tandemsip.engine.transaction.ClientTransaction;
import org.tandemsip.engine.transaction.MessageMemory;

/**
 * What is left to do for an INVITE of ours while its transaction lingers, whether its call is still there or not: each
 * retransmission of the 2xx that we have taken gets the ACK again (RFC 3261 section 13.2.2.4), and any other 2xx, of a
 * fork or one that has crossed our CANCEL, gets an ACK and a BYE. Pooled; shard thread only.
 */
final class Keeper implements Requester {
    /** Most dialogs that one INVITE can have made besides ours and that are ended by one BYE each. */
    private static final int MOST_STRAYS = 8;

    /** Next free one of the pool. */
    Keeper nextFree;

    private final B2bua owner;
    private final Destination destination = new Destination();
    private final long[] strays = new long[MOST_STRAYS];
    private int strayCount;
    private boolean endsStrays;
    private int ack = MessageMemory.NONE;
    private int ackLength;
    private long dialog;

    Keeper(final B2bua owner) {
        this.owner = owner;
    }

    /**
     * Begins without a dialog that we want: whatever comes is a stray.
     *
     * @param byes whether strays are ended by a BYE: the 2xx to a re-INVITE is of a dialog that has its own
     */
    Keeper begin(final boolean byes) {
        endsStrays = byes;
        dialog = 0;
        strayCount = 0;
        return this;
    }

    /** Keeps the ACK that was written for the 2xx of {@code dialogHash}, see {@link B2bua#dialogHash}. */
    void keep(final long dialogHash, final MutableDirectBuffer bytes, final int length, final Destination to) {
        dialog = dialogHash;
        ack = owner.memory.copy(bytes, 0, length);
        ackLength = length;
        destination.set(to);
    }

    @Override
    public Disposition onResponse(final ClientTransaction client, final SipMessage response, final long nowNs) {
        final ClientTransaction.Event event = client.onResponse(response, nowNs);
        if (event != ClientTransaction.Event.FINAL || response.statusCode() >= 300) {
            return Disposition.ABSORBED;
        }
        final long hash = owner.hashes.dialog(response);
        if (hash == dialog && dialog != 0) {
            repeatAck();
        } else {
            end(response, hash, client, nowNs);
        }
        return Disposition.ABSORBED;
    }

    /** Ends a dialog that nobody wants, by one BYE however often its 2xx comes. */
    void end(final SipMessage response, final long hash, final ClientTransaction client, final long nowNs) {
        final boolean known = isKnown(hash);
        if (!known && strayCount < MOST_STRAYS) {
            strays[strayCount++] = hash;
        }
        owner.strays.end(response, client.destination(), endsStrays && !known, nowNs);
    }

    private void repeatAck() {
        if (ack != MessageMemory.NONE) {
            final MutableDirectBuffer out = owner.egress.claim(ackLength);
            out.putBytes(0, owner.memory.buffer(ack), owner.memory.offset(ack), ackLength);
            owner.egress.send(ackLength, destination, 0);
        }
    }

    private boolean isKnown(final long hash) {
        for (int i = 0; i < strayCount; i++) {
            if (strays[i] == hash) {
                return true;
            }
        }
        return false;
    }

    @Override
    public void onTimeout(final ClientTransaction transaction, final long nowNs) {
        // Told elsewhere, or of no interest any more.
    }

    @Override
    public void onTransportError(final ClientTransaction transaction, final long nowNs) {
        // As above.
    }

    @Override
    public void onTerminated(final ClientTransaction transaction, final long nowNs) {
        owner.memory.free(ack);
        ack = MessageMemory.NONE;
        owner.pools.giveBack(this);
    }
}
