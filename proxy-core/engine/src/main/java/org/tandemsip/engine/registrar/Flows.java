package org.tandemsip.engine.registrar;

import org.agrona.DirectBuffer;
import org.tandemsip.codec.HeaderName;
import org.tandemsip.codec.IpAddress;
import org.tandemsip.codec.NameAddr;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.SipUri;
import org.tandemsip.codec.Slice;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.handler.Source;

/**
 * Finds out how a user agent that has sent its REGISTER straight to us will be reached. Shard thread only.
 *
 * <p>Calls go the way that the REGISTER came, whatever Contact says: over its connection, or to the address and port it
 * was sent from, which is where a NAT has a hole. Only who writes the address it really has, and has not asked for
 * symmetric responses ({@code rport}, RFC 3581), is believed as to the port; and over a stream as to where a new
 * connection can be made when the old one is gone. So nobody can have calls sent to a third party by what it writes.
 */
public final class Flows {
    private final IpAddress address = new IpAddress();
    private final NameAddr nameAddr = new NameAddr();
    private final SipUri uri = new SipUri();

    /** Makes one for a thread. */
    public Flows() {}

    /**
     * The flow of one contact.
     *
     * @param contact its URI
     * @param local   listen point that the REGISTER came in on, as {@link Flow#local} says it
     */
    Flow of(final SipMessage request, final Source source, final SipUri contact, final long local) {
        final boolean itself = address.parse(request.bytes(), Slice.offset(contact.host()), Slice.end(contact.host()))
                && address.high() == source.addressHigh && address.low() == source.addressLow;
        final Transport wanted = contact.scheme() == SipUri.Scheme.SIPS && contact.transport() == null ? Transport.TLS
                : contact.transport();
        if (itself && wanted != null && wanted != source.transport && wanted != Transport.WS
                && wanted.ordinal() <= Transport.WSS.ordinal()) {
            return new Flow(wanted, 0, source.addressHigh, source.addressLow, port(contact, wanted), 0, false);
        }
        final boolean portAsWritten = itself && (source.transport.stream() || !request.topVia().hasRport());
        final int port = portAsWritten ? port(contact, source.transport) : source.port;
        return new Flow(source.transport, local, source.addressHigh, source.addressLow, port, source.connection,
                isPinned(source, itself, port, contact));
    }

    /**
     * Whether requests inside a dialog have to go back to {@code source}, a user agent, by the way this one came, since
     * its Contact does not lead there: over a stream, where nobody listens, and through a NAT.
     */
    public boolean isPinned(final SipMessage request, final Source source) {
        final DirectBuffer bytes = request.bytes();
        final long contact = request.value(HeaderName.CONTACT);
        if (!Slice.exists(contact) || !nameAddr.wrap(bytes, Slice.offset(contact), Slice.end(contact))) {
            return false;
        }
        final long target = nameAddr.uri();
        if (!uri.wrap(bytes, Slice.offset(target), Slice.end(target)) || uri.scheme() == SipUri.Scheme.OPAQUE
                || uri.scheme() == SipUri.Scheme.TEL) {
            return false;
        }
        final boolean itself = address.parse(bytes, Slice.offset(uri.host()), Slice.end(uri.host()))
                && address.high() == source.addressHigh && address.low() == source.addressLow;
        return isPinned(source, itself, source.port, uri);
    }

    private static boolean isPinned(final Source source, final boolean itself, final int port, final SipUri contact) {
        return source.transport.stream() || !itself || port != port(contact, source.transport);
    }

    private static int port(final SipUri contact, final Transport transport) {
        return contact.port() == SipUri.NOT_GIVEN ? transport.defaultPort() : contact.port();
    }
}
