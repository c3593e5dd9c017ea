package org.tandemsip.engine.proxy;

import org.agrona.MutableDirectBuffer;
import org.tandemsip.codec.Edits;
import org.tandemsip.codec.HeaderName;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Slice;
import org.tandemsip.codec.Via;

/**
 * Writes the copy of a response that goes upstream: without its topmost Via, which is ours (RFC 3261 section 16.7 step
 * 3), all else as it came. Shared by both proxies. Shard thread only.
 */
final class ResponseForwarder {
    private final Edits edits = new Edits(4, 16);

    /** Upper bound for the size of the copy, to claim memory with. */
    int maxLength(final SipMessage response) {
        return response.length();
    }

    /** Writes the copy of {@code response}; returns its size in bytes, written from index 0. */
    int write(final SipMessage response, final MutableDirectBuffer out) {
        final int row = response.firstRow(HeaderName.VIA);
        final Via topVia = response.topVia();
        edits.reset();
        if (topVia.end() == Slice.end(response.rowValue(row))) {
            edits.delete(response.rowStart(row), response.rowEnd(row) - response.rowStart(row));
        } else {
            edits.delete(topVia.start(), response.nextVia().start() - topVia.start());
        }
        return edits.apply(response, out, 0);
    }
}
