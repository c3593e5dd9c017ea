package org.tandemsip.engine.shard;

import org.agrona.MutableDirectBuffer;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.engine.handler.Source;

/** One place in the ring: a message, its bytes, and where it came from. Owned by whoever owns its sequence. */
final class InboundSlot {
    final SipMessage message;
    final Source source = new Source();
    /** Holds the bytes of a message too large for the slab; on loan from the ring's pool, else {@code null}. */
    MutableDirectBuffer large;

    InboundSlot(final int maxHeaderRows) {
        message = new SipMessage(maxHeaderRows);
    }
}
