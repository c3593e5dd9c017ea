package org.tandemsip.server.config;

import org.tandemsip.codec.IpAddress;
import org.tandemsip.codec.Transport;
import org.tandemsip.server.dns.Domain;

/** From the peer in the file to the peer of the configuration. */
final class Peers {
    /** A peer as written. @param port 0 when none is given @param transport {@code null}: the trunk's */
    record Spec(String text, String host, int port, Transport transport, int priority, int weight) {
        Spec with(final int newPriority, final int newWeight) {
            return new Spec(text, host, port, transport, newPriority, newWeight);
        }
    }

    private Peers() {}

    /**
     * The peer that is meant: an address, or a name to be looked up while the server runs.
     *
     * @param transport the trunk's, for peers that name none
     */
    static Config.Peer of(final Spec spec, final Transport transport) {
        final Transport chosen = spec.transport() == null ? transport : spec.transport();
        final IpAddress literal = new IpAddress();
        if (literal.parse(spec.host())) {
            final int port = spec.port() != 0 ? spec.port()
                    : (chosen == null ? Transport.UDP : chosen).defaultPort();
            return new Config.Peer(spec.text(), chosen, literal.high(), literal.low(), port, spec.priority(),
                    spec.weight(), null);
        }
        return new Config.Peer(spec.text(), chosen, 0, 0, spec.port(), spec.priority(), spec.weight(),
                new Domain(spec.host(), spec.port(), chosen, false));
    }
}
