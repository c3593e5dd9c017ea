package org.tandemsip.engine.client;

import java.nio.charset.StandardCharsets;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.handler.Destination;
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
        final Destination destination = new Destination();
        destination.transport = peer.transport() == null ? Transport.UDP : peer.transport();
        destination.listenPoint =
                listenPoints.select(destination.transport, peer.addressHigh(), peer.addressLow(), ListenPoints.NONE,
                        among);
        if (destination.listenPoint == ListenPoints.NONE && peer.transport() == null) {
            destination.transport = Transport.TCP;
            destination.listenPoint =
                    listenPoints.select(Transport.TCP, peer.addressHigh(), peer.addressLow(), ListenPoints.NONE,
                            among);
        }
        if (destination.listenPoint == ListenPoints.NONE) {
            return null;
        }
        destination.addressHigh = peer.addressHigh();
        destination.addressLow = peer.addressLow();
        destination.port = peer.port();
        destination.identity = peer.identity();
        return destination;
    }

    static byte[] ascii(final String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
