package org.tandemsip.engine.proxy;

import java.util.List;
import org.tandemsip.codec.IpAddress;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.handler.Source;
import org.tandemsip.engine.routing.Messages;
import org.tandemsip.engine.routing.Peer;

/** A place in the network that sends to the proxy or is sent to. */
record Endpoint(Transport transport, String host, int port) {
    static Endpoint udp(final String host) {
        return new Endpoint(Transport.UDP, host, 5060);
    }

    String hostPort() {
        return host + ':' + port;
    }

    Source source(final int listenPoint) {
        final IpAddress address = address();
        final Source source = new Source();
        source.transport = transport;
        source.listenPoint = listenPoint;
        source.addressHigh = address.high();
        source.addressLow = address.low();
        source.port = port;
        // Each has a connection of its own: from another port, another one.
        source.connection = transport.stream() ? port : 0;
        return source;
    }

    /** As a peer; {@code over} as in {@link Peer#transport}. */
    Peer peer(final Transport over) {
        return Messages.peer(over, hostPort());
    }

    static List<Peer> peers(final Transport over, final Endpoint... endpoints) {
        return java.util.Arrays.stream(endpoints).map(endpoint -> endpoint.peer(over)).toList();
    }

    private IpAddress address() {
        final IpAddress address = new IpAddress();
        if (!address.parse(host)) {
            throw new IllegalArgumentException(host);
        }
        return address;
    }
}
