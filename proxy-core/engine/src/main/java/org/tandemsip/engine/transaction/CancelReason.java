package org.tandemsip.engine.transaction;

import java.nio.charset.StandardCharsets;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.tandemsip.codec.HeaderName;
import org.tandemsip.codec.SipMessage;

/**
 * The Reason rows of a CANCEL (RFC 3326): those of the caller's CANCEL, or our own where another branch has answered,
 * so that a telephone that stops ringing knows whether it has missed a call. Shard thread only.
 */
public final class CancelReason {
    /** Most bytes of rows that are passed on; rows that do not fit are left out. */
    static final int MAX_BYTES = 512;
    /** No reason is known. */
    public static final CancelReason NONE = new CancelReason(new byte[0]);
    /** Another branch has sent a 2xx (RFC 3326 section 3.1). */
    public static final CancelReason COMPLETED_ELSEWHERE = new CancelReason(
            "Reason: SIP;cause=200;text=\"Call completed elsewhere\"\r\n".getBytes(StandardCharsets.US_ASCII));

    private static final byte[] PREFIX = "Reason: ".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] CRLF = {'\r', '\n'};

    private final UnsafeBuffer rows;
    private int length;

    /** Makes one to be filled. */
    public CancelReason() {
        rows = new UnsafeBuffer(new byte[MAX_BYTES]);
    }

    private CancelReason(final byte[] text) {
        rows = new UnsafeBuffer(text);
        length = text.length;
    }

    /** Takes over the Reason rows of {@code cancel}; returns this. */
    public CancelReason set(final SipMessage cancel) {
        length = 0;
        int row = cancel.firstRow(HeaderName.REASON);
        while (row != SipMessage.NO_ROW) {
            add(cancel.bytes(), cancel.rowStart(row), cancel.rowEnd(row) - cancel.rowStart(row));
            row = cancel.nextRow(row);
        }
        return this;
    }

    /** Takes one of ours: {@code value} of a Reason field, or {@code null} for none; returns this. */
    public CancelReason set(final byte[] value) {
        length = 0;
        if (value != null && PREFIX.length + value.length + CRLF.length <= rows.capacity()) {
            rows.putBytes(0, PREFIX);
            rows.putBytes(PREFIX.length, value);
            rows.putBytes(PREFIX.length + value.length, CRLF);
            length = PREFIX.length + value.length + CRLF.length;
        }
        return this;
    }

    /** Takes over rows that were read with {@link #rows()}; returns this. */
    CancelReason set(final DirectBuffer bytes, final int offset, final int count) {
        length = 0;
        add(bytes, offset, count);
        return this;
    }

    private void add(final DirectBuffer bytes, final int offset, final int count) {
        if (count <= rows.capacity() - length) {
            rows.putBytes(length, bytes, offset, count);
            length += count;
        }
    }

    /** Whole rows, each with its line end, from index 0. */
    DirectBuffer rows() {
        return rows;
    }

    /** Size of the rows in bytes. */
    int length() {
        return length;
    }
}
