package org.tandemsip.server.config;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.tandemsip.codec.IpAddress;
import org.tandemsip.codec.Transport;

/** From the peer in the file to the addresses behind it. Control path only: looking up a name may take seconds. */
final class Peers {
    /** Looks up the addresses of a host name. */
    @FunctionalInterface
    interface Resolver {
        InetAddress[] resolve(String host) throws UnknownHostException;
    }

    /** Most addresses taken from one name. */
    private static final int MAX_ADDRESSES = 16;

    /** A peer as written. @param transport {@code null}: the trunk's */
    record Spec(String text, String host, int port, Transport transport, int priority, int weight) {
        Spec with(final int newPriority, final int newWeight) {
            return new Spec(text, host, port, transport, newPriority, newWeight);
        }
    }

    private Peers() {}

    /**
     * The addresses of a peer: itself when it is one, else what its name resolves to.
     *
     * @param transport the trunk's, for peers that name none
     * @throws UnknownHostException the name has no address
     */
    static List<Config.Peer> resolve(final Spec spec, final Transport transport, final Resolver resolver)
            throws UnknownHostException {
        final Transport chosen = spec.transport() == null ? transport : spec.transport();
        final IpAddress literal = new IpAddress();
        if (literal.parse(spec.host())) {
            return List.of(new Config.Peer(spec.text(), chosen, literal.high(), literal.low(), spec.port(),
                    spec.priority(), spec.weight()));
        }
        final List<Config.Peer> peers = new ArrayList<>();
        for (final InetAddress address : resolver.resolve(spec.host())) {
            if (peers.size() == MAX_ADDRESSES) {
                break;
            }
            final ByteBuffer bytes = ByteBuffer.wrap(address.getAddress());
            final boolean six = address instanceof Inet6Address;
            peers.add(new Config.Peer(spec.text(), chosen, six ? bytes.getLong() : 0,
                    six ? bytes.getLong() : IpAddress.IPV4_PREFIX | bytes.getInt() & 0xFFFF_FFFFL, spec.port(),
                    spec.priority(), spec.weight()));
        }
        return peers;
    }
}
