package org.tandemsip.engine.shard;

import org.agrona.MutableDirectBuffer;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.engine.handler.Source;

/**
 * One place in the ring: a message, its bytes, and where it came from. Owned by whoever owns its sequence.
 *
 * <p>The message is a copy that the slot keeps, or lent: then it lies where its reader has put it until the slot is
 * given back.
 */
final class InboundSlot {
    final Source copySource = new Source();
    /** The slot's own copy, or the message that was lent. */
    SipMessage message;
    Source source = copySource;
    /** Holds the bytes of a copy too large for the slab; on loan from the ring's pool, else {@code null}. */
    MutableDirectBuffer large;
    private SipMessage copy;

    /** The message to copy into; made when first asked for, since a slot that only holds what is lent needs none. */
    SipMessage copy(final int maxHeaderRows) {
        if (copy == null) {
            copy = new SipMessage(maxHeaderRows);
        }
        return copy;
    }

    boolean isLent() {
        return message != copy;
    }
}
