package org.tandemsip.engine.client;

import java.nio.charset.StandardCharsets;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.handler.Destination;
import org.tandemsip.engine.handler.ListenPoint;
import org.tandemsip.engine.routing.ListenPoints;
import org.tandemsip.engine.routing.Peer;

/** How a peer is reached by what is our own. */
final class Ways {
    private Ways() {}

    /**
     * Where to send, over the transport and from the listen point that calls to the peer take; {@code null} when there
     * is no way there.
     *
     * @param among a bit for each listen point that may be used
     */
    static Destination to(final Peer peer, final ListenPoints listenPoints, final long among) {
        final int first = listenPoints.select(peer.transport() == null ? Transport.UDP : peer.transport(),
                peer.addressHigh(), peer.addressLow(), ListenPoints.NONE, among);
        final int selected = first != ListenPoints.NONE || peer.transport() != null ? first
                : listenPoints.select(Transport.TCP, peer.addressHigh(), peer.addressLow(), ListenPoints.NONE, among);
        return selected == ListenPoints.NONE ? null : by(peer, listenPoints.get(selected));
    }

    /** Where to send from one of our listen points, which has a transport that the peer takes. */
    static Destination by(final Peer peer, final ListenPoint listenPoint) {
        final Destination destination = new Destination();
        destination.transport = listenPoint.transport();
        destination.listenPoint = listenPoint.index();
        destination.addressHigh = peer.addressHigh();
        destination.addressLow = peer.addressLow();
        destination.port = peer.port();
        destination.identity = peer.identity();
        return destination;
    }

    /**
     * A bit for each listen point that calls to a peer may leave by: those over its transport, or over UDP where it has
     * named none; TCP too where that is all we have, or where it was used for the size of a request.
     *
     * @param among a bit for each listen point that may be used
     */
    static long all(final Peer peer, final ListenPoints listenPoints, final long among) {
        final long first = selectable(peer, peer.transport() == null ? Transport.UDP : peer.transport(), listenPoints,
                among);
        final long tcp = peer.transport() != null ? 0 : selectable(peer, Transport.TCP, listenPoints, among);
        return first == 0 ? tcp : first | tcp & peer.state().known();
    }

    private static long selectable(final Peer peer, final Transport transport, final ListenPoints listenPoints,
            final long among) {
        return listenPoints.selectable(transport, peer.addressHigh(), peer.addressLow(), among);
    }

    static byte[] ascii(final String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
