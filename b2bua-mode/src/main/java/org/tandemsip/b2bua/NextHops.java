package org.tandemsip.b2bua;

import org.agrona.DirectBuffer;
import org.tandemsip.codec.IpAddress;
import org.tandemsip.codec.NameAddr;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.SipUri;
import org.tandemsip.codec.Slice;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.handler.Destination;
import org.tandemsip.engine.handler.Source;
import org.tandemsip.engine.registrar.Flows;
import org.tandemsip.engine.routing.ListenPoints;
import org.tandemsip.engine.routing.Peer;
import org.tandemsip.engine.routing.RoutingPolicy;
import org.tandemsip.engine.routing.Trunk;
import org.tandemsip.engine.routing.Zone;

/**
 * Finds where the requests of a dialog go (RFC 3261 section 12.2.1.1): the address in the first Route or else in the
 * remote target. It is followed only to somebody we know, a trunk or the host that the other side has shown itself at:
 * a Contact must not aim our requests at a third party. Where it cannot be followed, or is a name, they go to where the
 * other side was seen. Shard thread only.
 */
final class NextHops {
    private final ListenPoints listenPoints;
    private final NameAddr nameAddr = new NameAddr();
    private final SipUri uri = new SipUri();
    private final IpAddress address = new IpAddress();
    private final Flows flows = new Flows();
    private RoutingPolicy policy;

    NextHops(final ListenPoints listenPoints, final RoutingPolicy policy) {
        this.listenPoints = listenPoints;
        this.policy = policy;
    }

    /** Takes over a configuration. */
    void policy(final RoutingPolicy newPolicy) {
        policy = newPolicy;
    }

    /**
     * Whether the Contact of an INVITE does not lead back to who sent it: a phone that may register here, through a NAT
     * or over a connection of its own.
     */
    boolean pins(final SipMessage invite, final Source source, final Trunk from) {
        return from != null && policy.mayRegister(from) && !from.hasPeer(source.addressHigh, source.addressLow)
                && flows.isPinned(invite, source);
    }

    /** Sets {@link Dialog#remote}, and what {@link #mayTakeTcp} asks. */
    void find(final Dialog leg) {
        leg.remote.set(leg.seen);
        leg.tcpWhenLarge = false;
        if (leg.pinned) {
            return;
        }
        final long slice = leg.nextHop(nameAddr);
        final DirectBuffer bytes = leg.buffer();
        if (!uri.wrap(bytes, Slice.offset(slice), Slice.end(slice))
                || uri.scheme() != SipUri.Scheme.SIP && uri.scheme() != SipUri.Scheme.SIPS) {
            return;
        }
        leg.named = follow(leg, bytes);
        leg.tcpWhenLarge = leg.remote.transport == Transport.UDP && uri.scheme() == SipUri.Scheme.SIP
                && uri.transport() == null;
    }

    /**
     * Whether a request over 1,300 bytes should try TCP first: nobody has said that the other side speaks UDP, neither
     * its URI, nor the peers of its trunk at that address, nor that it is a platform of GB/T 28181. Few requests are so
     * large, so this is found out for them alone.
     */
    boolean mayTakeTcp(final Dialog leg) {
        final Destination to = leg.remote;
        if (!leg.tcpWhenLarge || to.transport != Transport.UDP) {
            return false;
        }
        final Trunk trunk = policy.trunkOf(to);
        if (trunk == null) {
            return leg.named;
        }
        boolean known = leg.named;
        for (int i = 0; i < trunk.peers().size(); i++) {
            final Peer peer = trunk.peers().get(i);
            if (peer.addressHigh() == to.addressHigh && peer.addressLow() == to.addressLow) {
                if (peer.transport() != null) {
                    return false;
                }
                known |= peer.port() == to.port;
            }
        }
        return known && trunk.profile().gb28181() == null;
    }

    /** Sets {@link Dialog#remote} to where the URI read last leads; {@code false} where that is not followed. */
    private boolean follow(final Dialog leg, final DirectBuffer bytes) {
        final Destination to = leg.remote;
        final long host = Slice.exists(uri.maddr()) ? uri.maddr() : uri.host();
        if (!address.parse(bytes, Slice.offset(host), Slice.end(host))) {
            return false;
        }
        final boolean sameHost = address.high() == to.addressHigh && address.low() == to.addressLow;
        final Transport transport = transport(leg.seen.transport);
        final int listenPoint =
                listenPoints.select(transport, address.high(), address.low(), leg.seen.listenPoint,
                        policy.listenersOf(policy.trunkOf(to)));
        if (listenPoint == ListenPoints.NONE || transport.secure() != leg.seen.transport.secure()) {
            return false;
        }
        to.transport = transport;
        to.listenPoint = listenPoint;
        to.addressHigh = address.high();
        to.addressLow = address.low();
        to.port = uri.port() == SipUri.NOT_GIVEN ? transport.defaultPort() : uri.port();
        if (!sameHost) {
            to.connection = 0;
            to.identity = 0;
            if (policy.trunkOf(to) == null) {
                to.set(leg.seen);
                return false;
            }
        } else if (transport != leg.seen.transport) {
            to.connection = 0;
        }
        return true;
    }

    /**
     * Whether requests inside the dialog of {@code leg} may come from {@code source}: from where the other side was
     * seen or is asked, over its connection, from its trunk, from where its route set or target says that it is, or
     * from the own house where it is of that, too. Our tag cannot be guessed: whoever sends one from elsewhere has
     * read it.
     */
    boolean mayComeFrom(final Leg leg, final Source source) {
        final long high = source.addressHigh;
        final long low = source.addressLow;
        if (low == leg.seen.addressLow && high == leg.seen.addressHigh
                || low == leg.remote.addressLow && high == leg.remote.addressHigh
                || source.connection != 0 && source.connection == leg.seen.connection
                || leg.trunk != null && leg.trunk.holds(high, low)) {
            return true;
        }
        if (leg.hasText()) {
            final long slice = leg.nextHop(nameAddr);
            if (uri.wrap(leg.buffer(), Slice.offset(slice), Slice.end(slice))
                    && address.parse(leg.buffer(), Slice.offset(uri.host()), Slice.end(uri.host()))
                    && address.low() == low && address.high() == high) {
                return true;
            }
        }
        final Trunk from = policy.trunkOf(source);
        return from != null && leg.trunk != null && from.trust().zone() == Zone.CORE
                && leg.trunk.trust().zone() == Zone.CORE;
    }

    /** A sips URI is TLS; without a parameter an address means UDP (RFC 3263 section 4.1), where we have that. */
    private Transport transport(final Transport seen) {
        if (uri.scheme() == SipUri.Scheme.SIPS) {
            return seen.secure() ? seen : Transport.TLS;
        }
        final Transport named = uri.transport();
        if (named == Transport.WS && seen == Transport.WSS) {
            return Transport.WSS;
        }
        // Over TLS many leave the parameter out, which RFC 5630 deprecates: they do not mean UDP by that.
        return named != null ? named : seen.secure() ? seen : Transport.UDP;
    }
}
