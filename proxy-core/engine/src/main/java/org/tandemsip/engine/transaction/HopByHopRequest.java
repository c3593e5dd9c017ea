package org.tandemsip.engine.transaction;

import java.nio.charset.StandardCharsets;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.tandemsip.codec.AsciiWriter;
import org.tandemsip.codec.HeaderName;
import org.tandemsip.codec.Method;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Slice;
import org.tandemsip.codec.Via;

/**
 * Writes the two requests that a client transaction makes itself out of its INVITE: the ACK for a non-2xx (RFC 3261
 * section 17.1.1.3) and the CANCEL (section 9.1). Both carry the INVITE's Request-URI, topmost Via alone, Route rows,
 * Max-Forwards, From, Call-ID and CSeq number, and neither Require nor a body; a CANCEL also the reason for it (RFC
 * 3326). Shard thread only.
 */
final class HopByHopRequest {
    private static final byte[] VERSION_AND_VIA = ascii(" SIP/2.0\r\nVia: ");
    private static final byte[] MAX_FORWARDS_70 = ascii("Max-Forwards: 70\r\n");
    private static final byte[] CSEQ = ascii("CSeq: ");
    private static final byte[] END = ascii("\r\nContent-Length: 0\r\n\r\n");
    private static final int ADDED_BYTES =
            VERSION_AND_VIA.length + MAX_FORWARDS_70.length + CSEQ.length + END.length + 16;

    private final AsciiWriter writer = new AsciiWriter();

    /** Most bytes that {@link #write} will write. */
    int maxLength(final SipMessage invite, final SipMessage toFrom, final CancelReason reason) {
        final int to = toFrom.firstRow(HeaderName.TO);
        return invite.bodyOffset() + toFrom.rowEnd(to) - toFrom.rowStart(to) + reason.length() + ADDED_BYTES;
    }

    /**
     * Writes the request.
     *
     * @param method ACK or CANCEL
     * @param invite INVITE as it was sent
     * @param toFrom message whose To row is taken: the response for an ACK, the INVITE itself for a CANCEL
     * @param reason Reason rows to put in
     * @param out    where to write, from index 0
     * @return size in bytes
     */
    int write(final Method method, final SipMessage invite, final SipMessage toFrom, final CancelReason reason,
            final MutableDirectBuffer out) {
        final DirectBuffer bytes = invite.bytes();
        final Via topVia = invite.topVia();
        writer.wrap(out, 0).put(method.token()).put(' ').putSlice(bytes, invite.requestUri());
        writer.put(VERSION_AND_VIA).putSlice(bytes, Slice.between(topVia.start(), topVia.end())).crlf();
        int route = invite.firstRow(HeaderName.ROUTE);
        while (route != SipMessage.NO_ROW) {
            putRow(invite, route);
            route = invite.nextRow(route);
        }
        final int maxForwards = invite.firstRow(HeaderName.MAX_FORWARDS);
        if (maxForwards == SipMessage.NO_ROW) {
            writer.put(MAX_FORWARDS_70);
        } else {
            putRow(invite, maxForwards);
        }
        putRow(invite, invite.firstRow(HeaderName.FROM));
        putRow(toFrom, toFrom.firstRow(HeaderName.TO));
        putRow(invite, invite.firstRow(HeaderName.CALL_ID));
        writer.put(reason.rows(), 0, reason.length());
        writer.put(CSEQ).putDecimal(invite.cseqNumber()).put(' ').put(method.token()).put(END);
        return writer.position();
    }

    private void putRow(final SipMessage message, final int row) {
        writer.put(message.bytes(), message.rowStart(row), message.rowEnd(row) - message.rowStart(row));
    }

    private static byte[] ascii(final String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
