package org.tandemsip.engine.routing;

import org.tandemsip.codec.Transport;
import org.tandemsip.engine.handler.Destination;
import org.tandemsip.engine.registrar.Binding;

/** One next hop of a request (RFC 3261 section 16.5). Mutable, made once per slot of {@link Targets}. */
public final class Target {
    /** Where to send; its listen point is the one to send from. */
    public final Destination destination = new Destination();
    /** Trunk it belongs to, or {@code null} for the host of a Route or Request-URI. */
    public Trunk trunk;
    /** Peer it is, or {@code null}. */
    public Peer peer;
    /** Trunk whose rules hold for what is sent there: {@link #trunk}, or the one that the address belongs to. */
    public Trunk sentTo;
    /** Trunk that the request comes from, or {@code null}. */
    public Trunk from;
    /** Contact of a user that it is, or {@code null}. */
    public Binding binding;
    /** Not negative for a REGISTER that goes on with our own Contact: the seconds that are asked for. */
    public int registerSeconds = -1;
    /** Line of the route table that has led here, or {@code null}. */
    public Route route;
    /** Whether a request over 1,300 bytes should try TCP first (section 18.1.1). */
    public boolean tcpWhenLarge;
    /** Whether TCP may be tried once UDP has been refused: nobody has said which of them it is (RFC 3263 section 4). */
    public boolean tcpWhenRefused;
    /** Targets of one group are tried in parallel, groups one after the other, lowest first. */
    public int group;
    /**
     * Listen point named in our Record-Route. Differs from that of {@link #destination} when TCP was chosen only for
     * the size of this one request, which says nothing about the requests to come (RFC 5658 section 6.2).
     */
    public int recordRouteListenPoint;

    /** Copies all fields of {@code other}. */
    public Target set(final Target other) {
        destination.set(other.destination);
        trunk = other.trunk;
        peer = other.peer;
        sentTo = other.sentTo;
        from = other.from;
        route = other.route;
        binding = other.binding;
        registerSeconds = other.registerSeconds;
        tcpWhenLarge = other.tcpWhenLarge;
        tcpWhenRefused = other.tcpWhenRefused;
        group = other.group;
        recordRouteListenPoint = other.recordRouteListenPoint;
        return this;
    }

    /** A bit for each listen point from which the peer cannot be reached now. */
    public long down() {
        return peer == null ? 0 : peer.state().down();
    }

    /** Takes over the way on which somebody was heard: connection and listen point. Returns {@code true}. */
    public boolean learnt(final Destination way) {
        destination.connection = way.connection;
        destination.listenPoint = way.listenPoint;
        recordRouteListenPoint = way.listenPoint;
        return true;
    }

    /** Back to what a new target is. */
    public Target reset() {
        destination.transport = Transport.UDP;
        destination.listenPoint = 0;
        destination.addressHigh = 0;
        destination.addressLow = 0;
        destination.port = 0;
        destination.connection = 0;
        destination.identity = 0;
        trunk = null;
        peer = null;
        sentTo = null;
        from = null;
        route = null;
        binding = null;
        registerSeconds = -1;
        tcpWhenLarge = false;
        tcpWhenRefused = false;
        group = 0;
        recordRouteListenPoint = 0;
        return this;
    }
}
