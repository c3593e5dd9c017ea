package org.tandemsip.engine.proxy;

import org.agrona.concurrent.UnsafeBuffer;
import org.tandemsip.codec.IpAddress;
import org.tandemsip.codec.KeyedHash;
import org.tandemsip.codec.Method;
import org.tandemsip.codec.NameAddr;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.SipUri;
import org.tandemsip.codec.Slice;
import org.tandemsip.codec.Transport;
import org.tandemsip.codec.ValueCursor;
import org.tandemsip.engine.auth.Realm;
import org.tandemsip.engine.handler.Destination;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.handler.Source;
import org.tandemsip.engine.registrar.AddressReader;
import org.tandemsip.engine.registrar.Binding;
import org.tandemsip.engine.registrar.Bindings;
import org.tandemsip.engine.registrar.Flow;
import org.tandemsip.engine.registrar.LocationTable;
import org.tandemsip.engine.registrar.Rules;
import org.tandemsip.engine.routing.ListenPoints;
import org.tandemsip.engine.routing.Peer;
import org.tandemsip.engine.routing.Rendezvous;
import org.tandemsip.engine.routing.Route;
import org.tandemsip.engine.routing.RoutingPolicy;
import org.tandemsip.engine.routing.Target;
import org.tandemsip.engine.routing.Targets;
import org.tandemsip.engine.routing.Trunk;

/**
 * Finds where a user has registered (RFC 3261 section 16.5, RFC 3327 section 5.4, RFC 5626 section 7): one group of
 * targets per value of q, the highest first, and behind it the other ways to its devices, one after the other: other
 * flows, and the next address of a name in Path or Contact (RFC 3263 section 4.3). Waits for nobody and allocates
 * nothing. Shard thread only.
 */
final class RegisteredTargets {
    /** Groups per value of q: more than a user can have ways to one device. */
    private static final int GROUPS = Targets.MAX + 1;
    /** Addresses of a name that are tried. */
    private static final int ADDRESSES = 2;

    private final ListenPoints listenPoints;
    private final HostNames names;
    private final Rendezvous rendezvous;
    private final KeyedHash hash;
    private final IpAddress address = new IpAddress();
    private final NameAddr nameAddr = new NameAddr();
    private final SipUri uri = new SipUri();
    private final UnsafeBuffer kept = new UnsafeBuffer(0, 0);
    private AddressReader reader;
    private LocationTable table;
    private RoutingPolicy policy;
    private Bindings bindings;
    private final Target model = new Target();
    private Targets targets;
    private SipMessage request;
    private Source source;
    private boolean secure;
    private int group;
    private HostNames.Entry awaited;

    RegisteredTargets(final ShardContext context, final ListenPoints listenPoints, final HostNames names,
            final Rendezvous rendezvous) {
        this.listenPoints = listenPoints;
        this.names = names;
        this.rendezvous = rendezvous;
        hash = new KeyedHash(context.keys().token0(), context.keys().token1());
    }

    /**
     * Whether a request is for a user of ours, by its Request-URI: one who has registered, or has a password to. Then
     * {@link #add} adds where that user is; who dials a number in our domain may mean somebody else.
     */
    boolean reads(final SipMessage message, final RouteInformation information, final RoutingPolicy by) {
        if (by.registry() == null) {
            return false;
        }
        policy = by;
        request = message;
        if (table != by.registry().table()) {
            table = by.registry().table();
            reader = new AddressReader(table);
        }
        final SipUri requestUri = information.requestUri();
        final Rules rules = by.registry().rules();
        byte[] domain = rules.domainOf(message.bytes(), requestUri.host());
        if (domain == null && (information.requestUriIsOurs()
                || listenPoints.isDomain(message.bytes(), requestUri) || requestUri.scheme() == SipUri.Scheme.TEL)) {
            domain = rules.ownDomain();
        }
        if (domain == null || !reader.read(message.bytes(), requestUri, domain)) {
            return false;
        }
        bindings = table.find(reader.user());
        return bindings != null || hasPassword();
    }

    /**
     * Adds the contacts of the user read last; none, while {@link #awaited} has to be looked up.
     *
     * @param from     trunk that the request comes from
     * @param line     line of the table that it follows
     * @param onlyTls  whether only TLS will do
     * @return the group after the last
     */
    int add(final Targets into, final Trunk from, final Route line, final Source receivedFrom, final boolean onlyTls,
            final long nowNs) {
        targets = into;
        source = receivedFrom;
        secure = onlyTls;
        awaited = null;
        model.from = from;
        model.route = line;
        final long nowMs = policy.registry().clock().epochMs(nowNs);
        group = -GROUPS;
        int q = -1;
        for (int i = 0; bindings != null && i < bindings.size(); i++) {
            final Binding binding = bindings.get(i);
            if (binding.isLive(nowMs)) {
                group = binding.q() == q ? group : group + GROUPS;
                q = binding.q();
                model.binding = binding;
                if (binding.flow() == null) {
                    addNextHop(binding, nowNs);
                } else if (toFlow(binding.flow())) {
                    put();
                }
            }
        }
        model.binding = null;
        if (awaited != null) {
            targets.clear();
        }
        return group + GROUPS;
    }

    /** Name that has to be looked up before {@link #add} can say where the user is, or {@code null}. */
    HostNames.Entry awaited() {
        return awaited;
    }

    private void put() {
        if (secure && !model.destination.transport.secure() || isRepeated()) {
            return;
        }
        final Target target = targets.add();
        if (target != null) {
            target.set(model);
            // Another way to a device that is there already is for when that one fails (RFC 5626 section 7).
            target.group = group + waysToDevice(target);
            target.sentTo = policy.trunkOf(target.destination);
            target.recordRouteListenPoint = target.destination.listenPoint;
        }
    }

    /** Adds the place of a phone that a Route of ours names; {@code false} when there is no room. */
    boolean addFlow(final Targets into, final Destination flow, final RoutingPolicy by) {
        final Target target = into.add();
        if (target != null) {
            target.destination.set(flow);
            target.sentTo = by.trunkOf(flow);
            target.recordRouteListenPoint = flow.listenPoint;
        }
        return target != null;
    }

    /** Whether the user read last has a password, and so may register. */
    private boolean hasPassword() {
        for (int i = 0; i < policy.trunks().size(); i++) {
            final Realm realm = policy.trunks().get(i).trust().realm();
            if (realm != null && (realm.knows(hash, reader.bytes(), 0, reader.user().userLength())
                    || realm.knows(hash, reader.bytes(), 0, reader.user().length()))) {
                return true;
            }
        }
        return false;
    }

    private int waysToDevice(final Target added) {
        int count = 0;
        for (int i = 0; i < targets.size(); i++) {
            final Binding other = targets.get(i).binding;
            if (targets.get(i) != added && other != null && other.sameInstance(added.binding)) {
                count++;
            }
        }
        return count;
    }

    private boolean toFlow(final Flow flow) {
        address.set(flow.addressHigh(), flow.addressLow());
        if (!toAddress(flow.transport(), flow.port(), 0)) {
            return false;
        }
        model.destination.connection = flow.connection();
        model.destination.listenPoint = listenPoints.of(flow.local(), model.destination.listenPoint);
        return true;
    }

    /** Adds where the first value of its Path leads, else its URI: an address, or a name that is looked up. */
    private void addNextHop(final Binding binding, final long nowNs) {
        final byte[] path = binding.path();
        kept.wrap(path.length > 0 ? path : binding.contact());
        int start = 0;
        int end = kept.capacity();
        if (path.length > 0) {
            end = ValueCursor.valueEnd(kept, 0, end);
            if (!nameAddr.wrap(kept, 0, end)) {
                return;
            }
            start = Slice.offset(nameAddr.uri());
            end = Slice.end(nameAddr.uri());
        }
        if (!uri.wrap(kept, start, end) || listenPoints.find(kept, uri) != ListenPoints.NONE) {
            return;
        }
        final long host = Slice.exists(uri.maddr()) ? uri.maddr() : uri.host();
        final Transport named = RouteInformation.transportOf(uri, false);
        if (!address.parse(kept, Slice.offset(host), Slice.end(host))) {
            addName(host, named, nowNs);
            return;
        }
        final Transport transport = named == null ? Transport.UDP : named;
        if (toAddress(transport, uri.port() == SipUri.NOT_GIVEN ? transport.defaultPort() : uri.port(), 0)) {
            put();
        }
    }

    /**
     * Adds the best addresses behind a name. One of which nothing is known yet is waited for, and whatever other name
     * is needed is asked for at the same time; ACK and CANCEL take what is known. One that leads nowhere is left out.
     */
    private void addName(final long host, final Transport wanted, final long nowNs) {
        final HostNames.Entry entry =
                names.find(kept, host, uri.port() == SipUri.NOT_GIVEN ? 0 : uri.port(), wanted, nowNs);
        if (entry == null) {
            return;
        }
        if (!HostNames.fresh(entry, nowNs) && request.method() != Method.ACK && request.method() != Method.CANCEL) {
            awaited = awaited == null ? entry : awaited;
        } else if (entry.known()) {
            final int count =
                    rendezvous.order(entry.addresses(), rendezvous.callHash(request), ADDRESSES, true);
            for (int place = 0; place < count; place++) {
                final Peer peer = rendezvous.peer(place);
                address.set(peer.addressHigh(), peer.addressLow());
                if (toAddress(peer.transport() == null ? Transport.UDP : peer.transport(), peer.port(),
                        peer.identity())) {
                    put();
                }
            }
        }
    }

    /** Has the model lead to {@link #address}; {@code false} when there is no way there. */
    private boolean toAddress(final Transport transport, final int port, final int identity) {
        final Destination destination = model.destination;
        destination.transport = transport;
        destination.listenPoint = ListenPoints.NONE;
        destination.addressHigh = address.high();
        destination.addressLow = address.low();
        destination.port = port;
        destination.connection = 0;
        destination.identity = identity;
        destination.listenPoint = listenPoints.select(transport, address.high(), address.low(), source.listenPoint,
                policy.listenersOf(policy.trunkOf(destination)));
        return destination.listenPoint != ListenPoints.NONE;
    }

    /** A contact that is reached by the same flow as one before is the same device under an old name. */
    private boolean isRepeated() {
        for (int i = 0; i < targets.size(); i++) {
            final Binding other = targets.get(i).binding;
            if (other != null && other.flow() != null && model.binding.flow() != null
                    && targets.get(i).destination.sameRemote(model.destination)) {
                return true;
            }
        }
        return false;
    }
}
