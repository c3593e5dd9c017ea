package org.tandemsip.engine.handler;

import java.nio.charset.StandardCharsets;
import org.tandemsip.codec.AsciiWriter;
import org.tandemsip.codec.Edits;
import org.tandemsip.codec.IpAddress;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Slice;
import org.tandemsip.codec.Transport;
import org.tandemsip.codec.Via;

/**
 * What a server does with the topmost Via of a request it has received: writes down where the request really came from
 * (RFC 3261 section 18.2.1, RFC 3581 section 4), and finds out where its responses go (section 18.2.2).
 *
 * <p>Shard thread only: one instance per owner, for its scratch address.
 */
public final class ReceivedVia {
    private static final byte[] RECEIVED = ascii("received=");
    private static final byte[] RPORT = ascii("rport=");

    private final IpAddress sentBy = new IpAddress();

    /**
     * Adds to {@code edits} what the source makes of the topmost Via: {@code received} where sent-by is a name or
     * another address, or where {@code rport} is asked; the source port as value of {@code rport}. Values that the
     * sender has put there itself are replaced: responses, our stateless ones too, must not be steered to a third
     * party.
     *
     * @param edits   takes at most two changes, both inside {@code topVia}
     * @param request request as received
     * @param topVia  its topmost Via
     * @param source  where it came from
     */
    public void edit(final Edits edits, final SipMessage request, final Via topVia, final Source source) {
        final long rport = topVia.rportParameter();
        if (Slice.exists(rport) && topVia.rport() != source.port) {
            edits.begin(Slice.offset(rport), Slice.length(rport)).put(RPORT).putDecimal(source.port);
            edits.end();
        }
        final long received = topVia.receivedParameter();
        if (Slice.exists(received)) {
            final AsciiWriter writer = edits.begin(Slice.offset(received), Slice.length(received));
            putReceived(writer, source);
            edits.end();
        } else if (topVia.hasRport() || !isSentBy(request, topVia, source)) {
            putReceived(edits.begin(topVia.end(), 0).put(';'), source);
            edits.end();
        }
    }

    /**
     * Finds where the responses to a request go (section 18.2.2, RFC 3581 section 4).
     *
     * <ul>
     * <li>Stream: the connection it came over; when that is gone, a new one to the source address and the port of
     * sent-by.
     * <li>UDP with {@code rport}: address and port of the source.
     * <li>UDP without: address of the source, port of sent-by or 5060.
     * </ul>
     * The source address is what {@code received} would say, so nothing written in the Via but a port is trusted. For
     * the same reason {@code maddr} is ignored: it would let a sender aim our responses at anybody.
     */
    public static void responseDestination(final Via topVia, final Source source, final Destination into) {
        into.set(source);
        if (source.transport == Transport.UDP && topVia.hasRport()) {
            return;
        }
        into.port = topVia.port() == Via.NOT_GIVEN ? source.transport.defaultPort() : topVia.port();
    }

    private static void putReceived(final AsciiWriter writer, final Source source) {
        // No brackets: RFC 3261 section 25.1 has via-received = IPv4address / IPv6address.
        writer.put(RECEIVED).putAddress(source.addressHigh, source.addressLow, false);
    }

    private boolean isSentBy(final SipMessage request, final Via topVia, final Source source) {
        final long host = topVia.host();
        return sentBy.parse(request.bytes(), Slice.offset(host), Slice.end(host)) && sentBy.high() == source.addressHigh
                && sentBy.low() == source.addressLow;
    }

    private static byte[] ascii(final String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
