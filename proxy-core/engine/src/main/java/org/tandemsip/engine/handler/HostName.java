package org.tandemsip.engine.handler;

import org.tandemsip.codec.Transport;

/**
 * A host name out of a message that a request shall be sent to (RFC 3263 section 4).
 *
 * @param host      the name, lower case
 * @param port      port that the URI has, or 0
 * @param transport transport that the URI has, or {@code null}
 */
public record HostName(String host, int port, Transport transport) {
    /**
     * Where a name leads.
     *
     * @param hops   addresses that may be sent to; empty when there are none
     * @param failed whether that is for want of an answer: there may be some later
     * @param ttlNs  how long this holds
     */
    public record Answer(HostName name, java.util.List<Hop> hops, boolean failed, long ttlNs) {}

    /**
     * An address behind a name.
     *
     * @param transport transport to use, or {@code null}: UDP, and TCP for large requests
     * @param high      upper half of the address
     * @param low       lower half of the address
     * @param port      port
     * @param priority  those with the lowest number are tried first (RFC 2782)
     * @param weight    share of the calls among those of the same priority
     * @param identity  who must be there, as in {@link Destination#identity}
     */
    public record Hop(Transport transport, long high, long low, int port, int priority, int weight, int identity) {
        /** As whoever is at that address. */
        public Hop(final Transport transport, final long high, final long low, final int port, final int priority,
                final int weight) {
            this(transport, high, low, port, priority, weight, 0);
        }
    }
}
