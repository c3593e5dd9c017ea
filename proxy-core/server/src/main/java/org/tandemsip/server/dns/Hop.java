package org.tandemsip.server.dns;

import org.tandemsip.codec.Transport;

/**
 * An address that a domain can be reached at.
 *
 * @param transport transport to use, or {@code null} where none was chosen: UDP, and TCP for large requests
 * @param high      upper half of the address, as in {@link org.tandemsip.codec.IpAddress}
 * @param low       lower half of the address
 * @param port      port
 * @param tier      0 for those to be tried first, and so on without gaps: NAPTR order, then SRV priority
 * @param weight    share of the calls among hops of the same tier
 * @param name      name that has the address
 */
public record Hop(Transport transport, long high, long low, int port, int tier, int weight, String name) {}
