package org.tandemsip.engine.proxy;

import org.agrona.MutableDirectBuffer;
import org.tandemsip.codec.Edits;
import org.tandemsip.codec.HeaderName;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.ValueCursor;

/**
 * Writes the copy of a response that goes upstream: without its topmost Via, which is ours (RFC 3261 section 16.7 step
 * 3), all else as it came. Shared by both proxies. Shard thread only.
 */
final class ResponseForwarder {
    private final ValueCursor vias = new ValueCursor();
    private final Edits edits = new Edits(4, 16);

    /** Upper bound for the size of the copy, to claim memory with. */
    int maxLength(final SipMessage response) {
        return response.length();
    }

    /** Writes the copy of {@code response}; returns its size in bytes, written from index 0. */
    int write(final SipMessage response, final MutableDirectBuffer out) {
        edits.reset();
        if (vias.reset(response, HeaderName.VIA).next()) {
            vias.delete(edits);
        }
        return edits.apply(response, out, 0);
    }
}
