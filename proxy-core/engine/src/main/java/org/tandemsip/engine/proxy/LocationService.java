package org.tandemsip.engine.proxy;

import java.util.List;
import org.tandemsip.codec.IpAddress;
import org.tandemsip.codec.Method;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.SipUri;
import org.tandemsip.codec.Slice;
import org.tandemsip.codec.Status;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.handler.Destination;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.handler.Source;
import org.tandemsip.engine.routing.Cidr;
import org.tandemsip.engine.routing.ListenPoints;
import org.tandemsip.engine.routing.Mode;
import org.tandemsip.engine.routing.Peer;
import org.tandemsip.engine.routing.PrefixTable;
import org.tandemsip.engine.routing.Rendezvous;
import org.tandemsip.engine.routing.Route;
import org.tandemsip.engine.routing.RoutingPolicy;
import org.tandemsip.engine.routing.Target;
import org.tandemsip.engine.routing.Targets;
import org.tandemsip.engine.routing.Trunk;
import org.tandemsip.engine.routing.UserReader;
import org.tandemsip.engine.routing.Zone;

/**
 * Determines the targets of a request (RFC 3261 section 16.5). In this order:
 *
 * <ol>
 * <li>A request inside a dialog that carries our token goes to its next Route, or else its Request-URI: the dialog was
 * let through before. Where the Request-URI names us or is no address (a GB/T 28181 realm), the route table takes it.
 * <li>Any other request needs a line of the route table for its trunk. The first that matches wins: its trunks' peers
 * by rendezvous, or the host of the Request-URI where that lies inside the ranges of the line.
 * <li>A line to the registrar's users takes what is for one of them to where that user has registered; other requests
 * go on to the next line.
 * <li>A Route that is not ours does not widen that (the attack is a pre-loaded Route): it picks the peer where it
 * names one that the line leads to, else the line's trunks get the request with its Route, as section 16.6 step 7 lets
 * local policy decide. A line to the Request-URI's host is passed over where the Route leaves its ranges; when none is
 * left, 403.
 * </ol>
 *
 * A host name is looked up where an address would be sent to, but not for a pre-loaded Route that no line follows.
 *
 * <p>Depends on the request, the policy, DNS and the listen points only, never on what was sent before, so that a
 * retransmission, CANCEL and ACK follow their INVITE (section 16.11). That is why ACK and CANCEL match lines as INVITE
 * does. Shard thread only.
 */
final class LocationService {
    private final ListenPoints listenPoints;
    private final Rendezvous rendezvous;
    private final RegisteredTargets registered;
    private Route registersBy;
    private final PeerOrder order;
    private final GbRelay gbRelay;
    /** Where somebody was heard. */
    private final Destination learnt = new Destination();
    private final RouteMatcher matcher = new RouteMatcher();
    private final IpAddress address = new IpAddress();
    private final UserReader users = new UserReader();
    private RoutingPolicy policy;
    private SipMessage request;
    private Source source;
    private RouteInformation information;
    /** Trunk that the request comes from, or {@code null}, and the line of the table that is being followed. */
    private Trunk receivedBy;
    private Route line;
    /** Trunks for the called number in the prefix table of that line, or NONE. */
    private int list;
    private Targets targets;
    private Mode mode;
    private final HostNames names;
    private long nowNs;
    /** Name to be looked up before more can be said, or {@code null}. */
    private HostNames.Entry awaited;
    private boolean lookUpFailed;
    /** Whether an ACK or CANCEL leads to a name of which nothing is known yet: nowhere else is right. */
    private boolean unknownYet;
    /** Whether the request may go over TLS only, and whether there was a target that could be reached otherwise. */
    private boolean secure;
    private boolean inClear;
    /** Whether the request belongs to a dialog: then it may go to peers that take no new calls. */
    private boolean established;

    LocationService(final ShardContext context, final ListenPoints listenPoints, final HostNames names,
            final GbRelay gbRelay) {
        this.names = names;
        this.gbRelay = gbRelay;
        this.listenPoints = listenPoints;
        rendezvous = new Rendezvous(context);
        registered = new RegisteredTargets(context, listenPoints, names, rendezvous);
        order = new PeerOrder(rendezvous);
    }

    /**
     * Fills {@code into}.
     *
     * @param by        policy to look up
     * @param from      trunk the request comes from, or {@code null}
     * @param routeInfo what preprocessing made of the request
     * @return {@code null} when there is a target or {@link #awaited} says what is missing, else what to answer
     */
    Status locate(final SipMessage message, final Source receivedFrom, final RoutingPolicy by, final Trunk from,
            final RouteInformation routeInfo, final Targets into, final long now) {
        nowNs = now;
        awaited = null;
        lookUpFailed = false;
        unknownYet = false;
        inClear = false;
        request = message;
        source = receivedFrom;
        receivedBy = from;
        line = null;
        policy = by;
        information = routeInfo;
        targets = into;
        targets.clear();
        mode = by.mode();
        // A To tag alone is easily written: a new call must not get past the state of a peer by it.
        established = Slice.exists(message.toTag())
                && (message.method() != Method.INVITE || routeInfo.inDialog() || !by.recordRoute());
        secure = routeInfo.isSips();
        // What is sips goes on over TLS or not at all: it must not be downgraded (RFC 5630 sections 3.3, 5.3).
        final Status status =
                !secure || listenPoints.hasSecure() ? targetsOf(from) : Status.TEMPORARILY_UNAVAILABLE_480;
        return status == Status.SERVER_INTERNAL_ERROR_500 && inClear ? Status.TEMPORARILY_UNAVAILABLE_480 : status;
    }

    private Status targetsOf(final Trunk from) {
        final SipUri requestUri = information.requestUri();
        if (gbRelay.on() && gbRelay.findDialog(request, information, from, learnt, nowNs) && addLearnt(null, 0)) {
            return null;
        }
        if (information.inDialog()) {
            if (!information.hasNextRoute() && information.flow() != null) {
                inClear = secure && !information.flow().transport.secure();
                return !inClear && registered.addFlow(targets, information.flow(), policy) ? null : unreachable();
            }
            final SipUri route = information.nextRoute();
            if (information.hasNextRoute()) {
                return addUri(route) || addName(route, null) ? null : unreachable();
            }
            if (!information.requestUriIsOurs() && (addUri(requestUri) || addName(requestUri, null))) {
                return null;
            }
            if (unknownYet) {
                return unreachable();
            }
        }
        return from == null ? unreachable() : byTable(from);
    }

    /** Name that has to be looked up before the request located last can be sent anywhere, or {@code null}. */
    HostNames.Entry awaited() {
        return awaited;
    }

    /** Line of the table that the request located last follows, or {@code null}. */
    Route line() {
        return line;
    }

    /** Mode for the request located last. */
    Mode mode() {
        return mode;
    }

    /**
     * The next hop is known and cannot be reached: section 16.9 takes that for a 503 from there, which section 16.7
     * step 6 turns into 500, since it is not we who are overloaded.
     */
    private static Status unreachable() {
        return Status.SERVER_INTERNAL_ERROR_500;
    }

    private Status byTable(final Trunk from) {
        final boolean preloaded = information.hasNextRoute();
        if (preloaded && from.trust().zone() == Zone.PUBLIC) {
            // Whoever follows it behind us would do so because we have let it in.
            return Status.FORBIDDEN_403;
        }
        final SipUri nextHop = preloaded ? information.nextRoute() : information.requestUri();
        final List<Route> routes = policy.routes();
        matcher.request(request, information, from);
        for (int i = 0; i < routes.size(); i++) {
            final Route route = routes.get(i);
            if (route.from() != null && route.from().index() != from.index() || !matcher.matches(route.match())
                    || route.when() != null && !route.when().holds(nowNs)) {
                continue;
            }
            if (route.inside() != Route.Inside.NOTHING) {
                final boolean taken = request.method() == Method.REGISTER ? route == registersBy
                        : route.inside() == Route.Inside.LOCATION && !preloaded
                                && registered.reads(request, information, policy);
                if (taken) {
                    return toInside(route);
                }
                continue;
            }
            list = route.prefixes() == null ? PrefixTable.NONE : matcher.find(route.prefixes());
            if (route.prefixes() != null && list == PrefixTable.NONE) {
                continue;
            }
            mode = policy.modeOf(route);
            line = route;
            if (route.toRequestUri()) {
                if (isWithin(route.within(), nextHop) && addUri(nextHop) || addName(nextHop, route.within())) {
                    return null;
                }
                if (unknownYet) {
                    return unreachable();
                }
            } else {
                final Trunk named = preloaded ? trunkOf(route, nextHop) : null;
                if (named != null && addNamed(named, nextHop)) {
                    return targets.size() > 0 ? null : Status.SERVICE_UNAVAILABLE_503;
                }
                addTrunks(route);
                return targets.size() > 0 ? null
                        : GbRelay.isForDevices(route) ? Status.TEMPORARILY_UNAVAILABLE_480
                                : !route.isUsable() ? Status.SERVICE_UNAVAILABLE_503 : unreachable();
            }
        }
        mode = policy.mode();
        line = null;
        return lookUpFailed ? names.busy() ? Status.SERVICE_UNAVAILABLE_503 : unreachable()
                : preloaded ? Status.FORBIDDEN_403 : Status.NOT_FOUND_404;
    }

    /** The line by which the REGISTER located next goes on to where a trunk keeps it; {@code null} for none. */
    void registersBy(final Route route) {
        registersBy = route;
    }

    /** Where the user has registered, and behind that the backup trunks; a REGISTER goes to those alone. */
    private Status toInside(final Route route) {
        final boolean toUser = route.inside() == Route.Inside.LOCATION;
        mode = policy.modeOf(route);
        line = route;
        int group = toUser ? registered.add(targets, receivedBy, route, source, secure, nowNs) : 0;
        if (toUser && registered.awaited() != null) {
            awaited = registered.awaited();
            return null;
        }
        rendezvous.nextTurns(route.then());
        for (int i = 0; i < route.then().size(); i++) {
            group = addTrunk(route.then().get(i), rendezvous.callHash(request), group);
        }
        return targets.size() > 0 ? null
                : toUser ? Status.TEMPORARILY_UNAVAILABLE_480 : Status.SERVICE_UNAVAILABLE_503;
    }

    /** Peers of the trunks in {@code to} side by side, best ones first; then those of the backup trunks one by one. */
    private void addTrunks(final Route route) {
        final long callHash = rendezvous.callHash(request);
        int group = 0;
        rendezvous.nextTurns(route.to());
        rendezvous.nextTurns(route.then());
        if (route.prefixes() != null) {
            for (int place = 0; place < route.prefixes().size(list); place++) {
                group = addTrunk(route.to().get(route.prefixes().trunk(list, place)), callHash, group);
            }
        } else if (route.to().size() == 1) {
            group = addTrunk(route.to().get(0), callHash, group);
        } else {
            for (int place = 0, added = 1; added > 0; place++) {
                added = 0;
                for (int i = 0; i < route.to().size(); i++) {
                    final int count = order(route.to().get(i), callHash);
                    if (place < count) {
                        addPeer(route.to().get(i), order.peer(place), group);
                        added++;
                    }
                }
                group++;
            }
        }
        for (int i = 0; i < route.then().size(); i++) {
            group = addTrunk(route.then().get(i), callHash, group);
        }
    }

    /** Adds all peers of a trunk, each in a group of its own, from {@code group} on; returns the next free group. */
    private int addTrunk(final Trunk trunk, final long callHash, final int group) {
        if (gbRelay.on() && gbRelay.findDevice(trunk, request, information.requestUri(), learnt, nowNs)) {
            return addLearnt(trunk, group) ? group + 1 : group;
        }
        final int count = order(trunk, callHash);
        for (int place = 0; place < count; place++) {
            addPeer(trunk, order.peer(place), group + place);
        }
        return group + count;
    }

    private int order(final Trunk trunk, final long callHash) {
        return order.of(trunk, callHash, request, information, established);
    }

    /** Adds {@link #learnt}: over the connection and from the listen point where it was heard. */
    private boolean addLearnt(final Trunk trunk, final int group) {
        address.set(learnt.addressHigh, learnt.addressLow);
        return add(trunk, null, learnt.transport, learnt.port, 0, group)
                && targets.get(targets.size() - 1).learnt(learnt);
    }

    private boolean isWithin(final List<Cidr> ranges, final SipUri uri) {
        // Never ourselves: a request to our own address is for us, and relaying it would only make it come back.
        if (!addressOf(uri) || listenPoints.find(request.bytes(), uri) != ListenPoints.NONE) {
            return false;
        }
        return Cidr.anyContains(ranges, address.high(), address.low());
    }

    /** Trunk of {@code route} that {@code uri} leads to, or {@code null}. */
    private Trunk trunkOf(final Route route, final SipUri uri) {
        if (!addressOf(uri)) {
            return null;
        }
        Trunk trunk = route.prefixes() == null ? holder(route.to()) : null;
        for (int i = 0; route.prefixes() != null && trunk == null && i < route.prefixes().size(list); i++) {
            final Trunk next = route.to().get(route.prefixes().trunk(list, i));
            trunk = next.holds(address.high(), address.low()) ? next : null;
        }
        return trunk != null ? trunk : holder(route.then());
    }

    private Trunk holder(final List<Trunk> trunks) {
        for (int i = 0; i < trunks.size(); i++) {
            if (trunks.get(i).holds(address.high(), address.low())) {
                return trunks.get(i);
            }
        }
        return null;
    }

    /**
     * Adds what a pre-loaded Route names in {@code trunk}: it chooses the peer, but counts for the limits of the trunk
     * and goes to no peer that takes no new requests.
     *
     * @return whether it can be sent to, or must not be
     */
    private boolean addNamed(final Trunk trunk, final SipUri uri) {
        if (!addUri(uri)) {
            return false;
        }
        final Target target = targets.get(0);
        final Destination to = target.destination;
        target.trunk = trunk;
        target.sentTo = trunk;
        for (int i = 0; i < trunk.peers().size() && target.peer == null; i++) {
            final Peer peer = trunk.peers().get(i);
            if (peer.addressHigh() == to.addressHigh && peer.addressLow() == to.addressLow && peer.port() == to.port) {
                target.peer = peer;
            }
        }
        if (target.peer != null && !established && !target.peer.state().usable()) {
            targets.clear();
        }
        return true;
    }

    /**
     * Reads the address that a URI leads to (maddr before host, RFC 3263 section 4) into {@link #address}: a literal,
     * or that of a peer with this name. A host of digits only is a realm, never an address.
     */
    private boolean addressOf(final SipUri uri) {
        if (uri.scheme() != SipUri.Scheme.SIP && uri.scheme() != SipUri.Scheme.SIPS) {
            return false;
        }
        final long host = Slice.exists(uri.maddr()) && !isStripped(uri) ? uri.maddr() : uri.host();
        if (address.parse(request.bytes(), Slice.offset(host), Slice.end(host))) {
            return true;
        }
        final Peer peer = policy.peerNamed(request.bytes(), uri);
        if (peer != null) {
            address.set(peer.addressHigh(), peer.addressLow());
        }
        return peer != null;
    }

    /** Whether {@code uri} is a Request-URI of which only user and host are left. */
    private boolean isStripped(final SipUri uri) {
        return uri == information.requestUri() && information.maddrIsOurs();
    }

    /** Adds the host of {@code uri} as a target; {@code false} when that is no address we can send to. */
    private boolean addUri(final SipUri uri) {
        if (!addressOf(uri)) {
            return false;
        }
        final boolean stripped = isStripped(uri);
        final Transport wanted = RouteInformation.transportOf(uri, stripped);
        final boolean portGiven = !stripped && uri.port() != SipUri.NOT_GIVEN;
        final Peer peer = (wanted == null || uri.scheme() == SipUri.Scheme.SIPS) && !portGiven
                ? policy.peerNamed(request.bytes(), uri) : null;
        if (peer != null) {
            return addPeer(null, peer, 0);
        }
        // An address without a transport parameter means UDP (RFC 3263 section 4.1).
        final Transport transport = wanted == null ? Transport.UDP : wanted;
        return add(null, null, wanted, portGiven ? uri.port() : transport.defaultPort(), 0, 0);
    }

    /**
     * Adds the addresses behind the host name of {@code uri} (RFC 3263), in the order of this call, best ones first.
     * ACK and CANCEL take an old answer, too: they go where their INVITE went, or are dropped, and come again.
     *
     * @param within ranges that the addresses must lie in, or {@code null}
     * @return whether there are any, or it is to be waited for them: {@link #awaited} is set then
     */
    private boolean addName(final SipUri uri, final List<Cidr> within) {
        if (uri.scheme() != SipUri.Scheme.SIP && uri.scheme() != SipUri.Scheme.SIPS
                || listenPoints.find(request.bytes(), uri) != ListenPoints.NONE) {
            return false;
        }
        final boolean stripped = isStripped(uri);
        final long host = Slice.exists(uri.maddr()) && !stripped ? uri.maddr() : uri.host();
        final int port = stripped || uri.port() == SipUri.NOT_GIVEN ? 0 : uri.port();
        final HostNames.Entry entry =
                names.find(request.bytes(), host, port, RouteInformation.transportOf(uri, stripped), nowNs);
        if (entry == null) {
            lookUpFailed |= names.busy();
            return false;
        }
        if (!HostNames.fresh(entry, nowNs)) {
            if (request.method() != Method.ACK && request.method() != Method.CANCEL) {
                awaited = entry;
                return true;
            }
            if (!entry.known()) {
                unknownYet = true;
                return false;
            }
        }
        lookUpFailed |= entry.failed();
        final int count = rendezvous.order(entry.addresses(), rendezvous.callHash(request), Targets.MAX,
                established);
        for (int place = 0; place < count; place++) {
            final Peer peer = rendezvous.peer(place);
            if (within == null || Cidr.anyContains(within, peer.addressHigh(), peer.addressLow())) {
                address.set(peer.addressHigh(), peer.addressLow());
                add(null, null, peer.transport(), peer.port(), peer.identity(), place);
            }
        }
        return targets.size() > 0;
    }

    private boolean addPeer(final Trunk trunk, final Peer peer, final int group) {
        address.set(peer.addressHigh(), peer.addressLow());
        return add(trunk, peer, peer.transport(), peer.port(), peer.identity(), group);
    }

    /** Adds {@link #address}; a {@code null} transport is UDP, or TCP where we have no UDP. */
    private boolean add(final Trunk trunk, final Peer peer, final Transport wanted, final int port, final int identity,
            final int group) {
        Transport transport = wanted == null ? Transport.UDP : wanted;
        if (secure && !transport.secure()) {
            inClear = true;
            return false;
        }
        final Trunk sentTo = trunk == null
                ? policy.trunkTo(request, address.high(), address.low(), port, users) : trunk;
        int listenPoint = select(transport, sentTo, peer);
        if (listenPoint == ListenPoints.NONE && wanted == null) {
            transport = Transport.TCP;
            listenPoint = select(transport, sentTo, peer);
        }
        final Target target = listenPoint == ListenPoints.NONE ? null : targets.add();
        if (target == null) {
            return false;
        }
        final Destination destination = target.destination;
        destination.transport = transport;
        destination.listenPoint = listenPoint;
        destination.addressHigh = address.high();
        destination.addressLow = address.low();
        destination.port = port;
        destination.identity = identity;
        target.trunk = trunk;
        target.peer = peer;
        target.from = receivedBy;
        target.route = line;
        target.sentTo = sentTo;
        // A platform that speaks UDP does not listen to TCP, and a catalog over UDP is what it knows.
        target.tcpWhenLarge = wanted == null && transport == Transport.UDP
                && (target.sentTo == null || target.sentTo.profile().gb28181() == null);
        target.tcpWhenRefused = target.tcpWhenLarge && peer == null;
        target.group = group;
        target.recordRouteListenPoint = listenPoint;
        targets.dropLastIfRepeated();
        return true;
    }

    private int select(final Transport transport, final Trunk to, final Peer peer) {
        return listenPoints.select(transport, address.high(), address.low(),
                information.listenPointOfRoute(source.listenPoint),
                policy.listenersOf(to) & ~(peer == null || established ? 0 : peer.state().down()));
    }
}
