package org.tandemsip.codec;

import java.nio.charset.StandardCharsets;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/**
 * Writes a response to a request (RFC 3261 section 8.2.6): status line, all Via rows as they came, From, To, Call-ID,
 * CSeq, and for 100 the Timestamp; then Content-Length 0. Record-Route rows are not copied: Tandem's own answers make
 * no dialog. Where a refused request lacks one of these, what exists is copied.
 */
public final class ResponseWriter {
    private static final byte[] TO_TAG = ";tag=".getBytes(StandardCharsets.US_ASCII);
    /** What a tag of two halves begins with: who reads it sees that a back-to-back user agent has made the dialog. */
    private static final byte[] TAG_START = "B2B.".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] END = "Content-Length: 0\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
    private static final int TAG_DIGITS = 16;

    private final AsciiWriter writer = new AsciiWriter();
    private int start;

    /**
     * Begins a response.
     *
     * @param request      parsed, or at least indexed, request
     * @param status       status to answer
     * @param toTag        tag put on To where the request has none (section 8.2.6.2), written as 16 hexadecimal digits;
     *                     0 for none (100 Trying)
     * @param viaEdits     changes to the topmost Via (received, rport), or {@code null}; only edits inside Via rows
     * @param target       where to write
     * @param offset       first byte to write
     * @return writer after the copied header fields: more rows may be added, then {@link #finish}
     */
    public AsciiWriter begin(final SipMessage request, final Status status, final long toTag, final Edits viaEdits,
            final MutableDirectBuffer target, final int offset) {
        begin(request, status.startLine(), toTag, viaEdits, target, offset);
        if (status == Status.TRYING_100) {
            copyRow(request, request.firstRow(HeaderName.TIMESTAMP), null);
        }
        return writer;
    }

    /** As {@link #begin(SipMessage, Status, long, Edits, MutableDirectBuffer, int)}, with a status line of its own. */
    public AsciiWriter begin(final SipMessage request, final byte[] statusLine, final long toTag, final Edits viaEdits,
            final MutableDirectBuffer target, final int offset) {
        start = offset;
        writer.wrap(target, offset).put(statusLine);
        putRows(request, 0, toTag, viaEdits);
        return writer;
    }

    /**
     * As above, with the status line of a response that came from elsewhere and a To tag of "B2B." and 32 digits.
     *
     * @param response    where the status line is taken from
     * @param toTagHigh   first half of the tag
     * @param toTagLow    second half of the tag; both 0 for none
     */
    public AsciiWriter begin(final SipMessage request, final SipMessage response, final long toTagHigh,
            final long toTagLow, final Edits viaEdits, final MutableDirectBuffer target, final int offset) {
        start = offset;
        writer.wrap(target, offset).putSlice(response.bytes(), response.startLine()).crlf();
        putRows(request, toTagHigh, toTagLow, viaEdits);
        return writer;
    }

    /** As above, with a status of our own. */
    public AsciiWriter begin(final SipMessage request, final Status status, final long toTagHigh, final long toTagLow,
            final Edits viaEdits, final MutableDirectBuffer target, final int offset) {
        start = offset;
        writer.wrap(target, offset).put(status.startLine());
        putRows(request, toTagHigh, toTagLow, viaEdits);
        return writer;
    }

    private void putRows(final SipMessage request, final long toTagHigh, final long toTagLow, final Edits viaEdits) {
        for (int row = request.firstRow(HeaderName.VIA); row != SipMessage.NO_ROW; row = request.nextRow(row)) {
            copyRow(request, row, viaEdits);
        }
        copyRow(request, request.firstRow(HeaderName.FROM), null);
        copyTo(request, request.firstRow(HeaderName.TO), toTagHigh, toTagLow);
        copyRow(request, request.firstRow(HeaderName.CALL_ID), null);
        copyRow(request, request.firstRow(HeaderName.CSEQ), null);
    }

    /**
     * Ends the response with {@code Content-Length: 0} and the empty line; returns its size in bytes, 0 when it did not
     * fit.
     */
    public int finish() {
        writer.put(END);
        return writer.overflown() ? 0 : writer.position() - start;
    }

    private void copyTo(final SipMessage request, final int row, final long tagHigh, final long tagLow) {
        if (row == SipMessage.NO_ROW || (tagHigh | tagLow) == 0 || request.toTag() != Slice.NONE) {
            copyRow(request, row, null);
            return;
        }
        final int rowStart = request.rowStart(row);
        copy(request, rowStart, Slice.end(request.rowValue(row)), null);
        writer.put(TO_TAG);
        if (tagHigh != 0) {
            writer.put(TAG_START).putHex(tagHigh, TAG_DIGITS);
        }
        writer.putHex(tagLow, TAG_DIGITS).crlf();
    }

    private void copyRow(final SipMessage request, final int row, final Edits edits) {
        if (row != SipMessage.NO_ROW) {
            copy(request, request.rowStart(row), Slice.end(request.rowValue(row)), edits);
            writer.crlf();
        }
    }

    private void copy(final SipMessage request, final int from, final int to, final Edits edits) {
        final DirectBuffer bytes = request.bytes();
        if (request.badLineEnds) {
            copyInOneLine(bytes, from, to);
        } else if (edits == null) {
            writer.put(bytes, from, to - from);
        } else {
            writer.put(bytes, from, to, edits);
        }
    }

    /** A lone CR or LF in a refused request must not become a line end in our answer. */
    private void copyInOneLine(final DirectBuffer bytes, final int from, final int to) {
        for (int p = from; p < to; p++) {
            final byte value = bytes.getByte(p);
            writer.put(value == '\r' || value == '\n' ? ' ' : (char) value);
        }
    }
}
