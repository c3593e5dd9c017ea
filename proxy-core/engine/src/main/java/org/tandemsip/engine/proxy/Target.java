package org.tandemsip.engine.proxy;

import org.tandemsip.engine.handler.Destination;
import org.tandemsip.engine.routing.Peer;
import org.tandemsip.engine.routing.Trunk;

/** One next hop of a request (RFC 3261 section 16.5). Mutable, made once per slot of {@link Targets}. */
final class Target {
    /** Where to send; its listen point is the one to send from. */
    final Destination destination = new Destination();
    /** Trunk it belongs to, or {@code null} for the host of a Route or Request-URI. */
    Trunk trunk;
    /** Peer it is, or {@code null}. */
    Peer peer;
    /** Whether a request over 1,300 bytes should try TCP first (section 18.1.1). */
    boolean tcpWhenLarge;
    /** Targets of one group are tried in parallel, groups one after the other, lowest first. */
    int group;
}
