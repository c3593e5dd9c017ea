package org.tandemsip.engine.proxy;

import java.nio.charset.StandardCharsets;
import org.agrona.DirectBuffer;
import org.tandemsip.codec.AsciiWriter;
import org.tandemsip.codec.Edits;
import org.tandemsip.codec.HeaderName;
import org.tandemsip.codec.NameAddr;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.SipUri;
import org.tandemsip.codec.Slice;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.handler.ListenPoint;

/**
 * What becomes of a phone's REGISTER that goes on to a carrier: that is to call us where the phone has registered, and
 * us alone, so there is no Contact but ours, and no Path. Shard thread only.
 */
final class OwnContact {
    private static final byte[] CONTACT = ascii("Contact: <sip:");
    private static final byte[] TRANSPORT = ascii(";transport=");
    private static final byte[] EXPIRES = ascii(">;expires=");

    private final NameAddr nameAddr = new NameAddr();
    private final SipUri user = new SipUri();

    /** Most bytes that a Contact of ours has, for a listen point with that sent-by. */
    static int maxLength(final SipMessage request, final int sentByLength) {
        return 96 + sentByLength + Slice.length(request.value(HeaderName.TO));
    }

    /**
     * Puts our Contact in the place of all others.
     *
     * @param point   by which the carrier is to reach us
     * @param seconds how long it is to hold
     */
    void edit(final SipMessage request, final ListenPoint point, final int seconds, final Edits edits) {
        final DirectBuffer bytes = request.bytes();
        final long to = request.value(HeaderName.TO);
        nameAddr.wrap(bytes, Slice.offset(to), Slice.end(to));
        final long address = nameAddr.uri();
        user.wrap(bytes, Slice.offset(address), Slice.end(address));
        for (int row = request.firstRow(HeaderName.PATH); row != SipMessage.NO_ROW; row = request.nextRow(row)) {
            edits.delete(request.rowStart(row), request.rowEnd(row) - request.rowStart(row));
        }
        final int first = request.firstRow(HeaderName.CONTACT);
        for (int row = first; row != SipMessage.NO_ROW; row = request.nextRow(row)) {
            final AsciiWriter out = edits.begin(request.rowStart(row), request.rowEnd(row) - request.rowStart(row));
            if (row == first) {
                out.put(CONTACT).putSlice(bytes, user.user()).put('@').put(point.sentBy());
                if (point.transport() != Transport.UDP) {
                    out.put(TRANSPORT).put(point.transport().token());
                }
                out.put(EXPIRES).putDecimal(seconds).crlf();
            }
            edits.end();
        }
    }

    private static byte[] ascii(final String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
