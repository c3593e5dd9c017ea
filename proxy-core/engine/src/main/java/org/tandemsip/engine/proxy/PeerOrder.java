package org.tandemsip.engine.proxy;

import org.tandemsip.codec.IpAddress;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.SipUri;
import org.tandemsip.codec.Slice;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.routing.Peer;
import org.tandemsip.engine.routing.Rendezvous;
import org.tandemsip.engine.routing.Targets;
import org.tandemsip.engine.routing.Trunk;

/**
 * The peers of a trunk in the order in which one request tries them: as the trunk balances, but the one that the
 * Request-URI names, if any, comes first, since a caller without Record-Route sends ACK and BYE here with the address
 * of the answerer. Shard thread only.
 */
final class PeerOrder {
    private final Rendezvous rendezvous;
    private final IpAddress address = new IpAddress();
    /** Place in the order made last of the peer that the Request-URI names, or -1. */
    private int namedPlace;

    PeerOrder(final Rendezvous rendezvous) {
        this.rendezvous = rendezvous;
    }

    /** Puts the peers of {@code trunk} in order; {@link #peer} tells it. Returns how many there are. */
    int of(final Trunk trunk, final long callHash, final SipMessage request, final RouteInformation information,
            final boolean established) {
        final int count = rendezvous.order(trunk, callHash, Targets.MAX, established);
        namedPlace = placeOfNamed(count, request, information);
        return count;
    }

    /** Peer at a place, from 0. */
    Peer peer(final int place) {
        return rendezvous.peer(namedPlace < 0 || place > namedPlace ? place : place == 0 ? namedPlace : place - 1);
    }

    private int placeOfNamed(final int count, final SipMessage request, final RouteInformation information) {
        final SipUri uri = information.requestUri();
        final long host = uri.host();
        if (count < 2 || information.requestUriIsOurs() || !Slice.exists(host)
                || !address.parse(request.bytes(), Slice.offset(host), Slice.end(host))) {
            return -1;
        }
        final int port = uri.port() == SipUri.NOT_GIVEN ? Transport.UDP.defaultPort() : uri.port();
        for (int i = 0; i < count; i++) {
            final Peer peer = rendezvous.peer(i);
            if (peer.port() == port && peer.addressHigh() == address.high() && peer.addressLow() == address.low()) {
                return i;
            }
        }
        return -1;
    }
}
