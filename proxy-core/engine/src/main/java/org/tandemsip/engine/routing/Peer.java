package org.tandemsip.engine.routing;

import org.tandemsip.codec.Transport;

/**
 * One address of a trunk.
 *
 * @param name        as written in the configuration, for people
 * @param transport   transport to use, or {@code null}: UDP, and TCP for requests over 1,300 bytes (RFC 3261 section
 *                    18.1.1)
 * @param addressHigh upper half of the address
 * @param addressLow  lower half of the address
 * @param port        port, 1 to 65535
 * @param hash        keyed hash of address and port with the token key, for {@link Rendezvous}
 */
public record Peer(String name, Transport transport, long addressHigh, long addressLow, int port, long hash) {}
