package org.tandemsip.codec;

import org.agrona.MutableDirectBuffer;

/**
 * Writes a response to a request (RFC 3261 section 8.2.6): status line, all Via rows as they came, From, To, Call-ID,
 * CSeq, and for 100 the Timestamp; then Content-Length 0. Record-Route rows are not copied: Tandem's own answers make
 * no dialog.
 */
public final class ResponseWriter {
    /**
     * Begins a response.
     *
     * @param request      parsed, or at least indexed, request
     * @param status       status to answer
     * @param toTag        tag put on To where the request has none (section 8.2.6.2), written as 16 hexadecimal digits;
     *                     0 for none (100 Trying)
     * @param viaEdits     changes to the topmost Via (received, rport), or {@code null}; only edits inside Via rows
     * @param out          where to write
     * @param offset       first byte to write
     * @return writer after the copied header fields: more rows may be added, then {@link #finish}
     */
    public AsciiWriter begin(final SipMessage request, final Status status, final long toTag, final Edits viaEdits,
            final MutableDirectBuffer out, final int offset) {
        throw new UnsupportedOperationException();
    }

    /** Ends the response with {@code Content-Length: 0} and the empty line; returns its size in bytes. */
    public int finish() {
        throw new UnsupportedOperationException();
    }
}
