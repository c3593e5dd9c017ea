package org.tandemsip.engine.routing;

import org.tandemsip.codec.IpAddress;
import org.tandemsip.codec.Transport;

/**
 * One address of a trunk. Priority and weight are those of RFC 2782, whether the configuration gave them or a SRV
 * record.
 *
 * @param name        as written in the configuration, for people
 * @param transport   transport to use, or {@code null}: UDP, and TCP for requests over 1,300 bytes (RFC 3261 section
 *                    18.1.1)
 * @param addressHigh upper half of the address
 * @param addressLow  lower half of the address
 * @param port        port, 1 to 65535
 * @param hash        keyed hash of address and port with the token key, for {@link Rendezvous}
 * @param priority    0 to 65535; a peer is used when those with a lower number cannot be
 * @param weight      0 to 65535; share of the calls among peers of the same priority
 * @param state       whether it can be used; kept over reloads
 * @param identity    who must be there, as in {@link org.tandemsip.engine.handler.Destination#identity}
 */
public record Peer(String name, Transport transport, long addressHigh, long addressLow, int port, long hash,
        int priority, int weight, PeerState state, int identity) {
    /** Priority of a peer that was given none. */
    public static final int DEFAULT_PRIORITY = 0;
    /** Weight of a peer that was given none. */
    public static final int DEFAULT_WEIGHT = 1;

    /** As whoever is at that address. */
    public Peer(final String name, final Transport transport, final long addressHigh, final long addressLow,
            final int port, final long hash, final int priority, final int weight, final PeerState state) {
        this(name, transport, addressHigh, addressLow, port, hash, priority, weight, state, 0);
    }

    /** Up, and known to nobody else. */
    public Peer(final String name, final Transport transport, final long addressHigh, final long addressLow,
            final int port, final long hash, final int priority, final int weight) {
        this(name, transport, addressHigh, addressLow, port, hash, priority, weight, new PeerState());
    }

    /** With default priority and weight. */
    public Peer(final String name, final Transport transport, final long addressHigh, final long addressLow,
            final int port, final long hash) {
        this(name, transport, addressHigh, addressLow, port, hash, DEFAULT_PRIORITY, DEFAULT_WEIGHT);
    }

    /** Address and port as URIs write them. */
    public String hostPort() {
        final String host = IpAddress.toString(addressHigh, addressLow);
        return (host.indexOf(':') < 0 ? host : '[' + host + ']') + ':' + port;
    }

    /** Whether both say the same, whatever state their peers are in. */
    boolean isLike(final Peer other) {
        return name.equals(other.name) && transport == other.transport && addressHigh == other.addressHigh
                && addressLow == other.addressLow && port == other.port && priority == other.priority
                && weight == other.weight;
    }
}
