package org.tandemsip.engine.proxy;

import org.agrona.concurrent.UnsafeBuffer;
import org.tandemsip.codec.IpAddress;
import org.tandemsip.codec.KeyedHash;
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
import org.tandemsip.engine.routing.Route;
import org.tandemsip.engine.routing.RoutingPolicy;
import org.tandemsip.engine.routing.Target;
import org.tandemsip.engine.routing.Targets;
import org.tandemsip.engine.routing.Trunk;

/**
 * Finds where a user has registered (RFC 3261 section 16.5, RFC 3327 section 5.4, RFC 5626 section 7): one group of
 * targets per value of q, the highest first, and behind it the other flows of its devices. Waits for nobody and
 * allocates nothing. Shard thread only.
 */
final class RegisteredTargets {
    private final ListenPoints listenPoints;
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

    RegisteredTargets(final ShardContext context, final ListenPoints listenPoints) {
        this.listenPoints = listenPoints;
        hash = new KeyedHash(context.keys().token0(), context.keys().token1());
    }

    /**
     * Whether a request is for a user of ours, by its Request-URI: one who has registered, or has a password to. Then
     * {@link #add} adds where that user is; who dials a number in our domain may mean somebody else.
     */
    boolean reads(final SipMessage request, final RouteInformation information, final RoutingPolicy by) {
        if (by.registry() == null) {
            return false;
        }
        policy = by;
        if (table != by.registry().table()) {
            table = by.registry().table();
            reader = new AddressReader(table);
        }
        final SipUri requestUri = information.requestUri();
        final Rules rules = by.registry().rules();
        byte[] domain = rules.domainOf(request.bytes(), requestUri.host());
        if (domain == null && (information.requestUriIsOurs()
                || listenPoints.isDomain(request.bytes(), requestUri) || requestUri.scheme() == SipUri.Scheme.TEL)) {
            domain = rules.ownDomain();
        }
        if (domain == null || !reader.read(request.bytes(), requestUri, domain)) {
            return false;
        }
        bindings = table.find(reader.user());
        return bindings != null || hasPassword();
    }

    /**
     * Adds the contacts of the user read last.
     *
     * @param from   trunk that the request comes from
     * @param line   line of the table that it follows
     * @param secure whether only TLS will do
     * @return the group after the last
     */
    int add(final Targets targets, final Trunk from, final Route line, final Source source, final boolean secure,
            final long nowNs) {
        model.from = from;
        model.route = line;
        final long nowMs = policy.registry().clock().epochMs(nowNs);
        int group = -2;
        int q = -1;
        for (int i = 0; bindings != null && i < bindings.size(); i++) {
            final Binding binding = bindings.get(i);
            if (!binding.isLive(nowMs)) {
                continue;
            }
            model.binding = binding;
            if (!(binding.flow() != null ? toFlow(binding.flow(), model.destination, source)
                    : toNextHop(binding, model.destination, source))
                    || secure && !model.destination.transport.secure() || isRepeated(targets)) {
                continue;
            }
            final Target target = targets.add();
            if (target == null) {
                break;
            }
            group = binding.q() == q ? group : group + 2;
            q = binding.q();
            target.set(model);
            // Another flow of a device that is there already is for when that one fails (RFC 5626 section 7).
            target.group = hasInstance(targets, target) ? group + 1 : group;
            target.sentTo = policy.trunkOf(target.destination);
            target.recordRouteListenPoint = target.destination.listenPoint;
        }
        model.binding = null;
        return group + 2;
    }

    /** Adds the place of a phone that a Route of ours names; {@code false} when there is no room. */
    boolean addFlow(final Targets targets, final Destination flow, final RoutingPolicy by) {
        final Target target = targets.add();
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

    private static boolean hasInstance(final Targets targets, final Target added) {
        for (int i = 0; i < targets.size(); i++) {
            final Binding other = targets.get(i).binding;
            if (targets.get(i) != added && other != null && other.sameInstance(added.binding)) {
                return true;
            }
        }
        return false;
    }

    private boolean toFlow(final Flow flow, final Destination destination, final Source source) {
        address.set(flow.addressHigh(), flow.addressLow());
        if (!toAddress(flow.transport(), flow.port(), destination, source)) {
            return false;
        }
        destination.connection = flow.connection();
        for (int i = 0; flow.local() != 0 && i < listenPoints.size(); i++) {
            if (listenPoints.identity(i) == flow.local()) {
                destination.listenPoint = i;
            }
        }
        return true;
    }

    /** To the first value of its Path, else to its URI. */
    private boolean toNextHop(final Binding binding, final Destination destination, final Source source) {
        final byte[] path = binding.path();
        kept.wrap(path.length > 0 ? path : binding.contact());
        int start = 0;
        int end = kept.capacity();
        if (path.length > 0) {
            end = ValueCursor.valueEnd(kept, 0, end);
            if (!nameAddr.wrap(kept, 0, end)) {
                return false;
            }
            start = Slice.offset(nameAddr.uri());
            end = Slice.end(nameAddr.uri());
        }
        if (!uri.wrap(kept, start, end) || listenPoints.find(kept, uri) != ListenPoints.NONE) {
            return false;
        }
        final long host = Slice.exists(uri.maddr()) ? uri.maddr() : uri.host();
        if (!address.parse(kept, Slice.offset(host), Slice.end(host))) {
            return false;
        }
        final Transport named = uri.transport();
        final Transport transport = uri.scheme() == SipUri.Scheme.SIPS && !(named != null && named.secure())
                ? named == Transport.WS ? Transport.WSS : Transport.TLS
                : named == null ? Transport.UDP : named;
        destination.connection = 0;
        return toAddress(transport, uri.port() == SipUri.NOT_GIVEN ? transport.defaultPort() : uri.port(), destination,
                source);
    }

    private boolean toAddress(final Transport transport, final int port, final Destination destination,
            final Source source) {
        destination.transport = transport;
        destination.listenPoint = ListenPoints.NONE;
        destination.addressHigh = address.high();
        destination.addressLow = address.low();
        destination.port = port;
        destination.identity = 0;
        final int listenPoint = listenPoints.select(transport, address.high(), address.low(), source.listenPoint,
                policy.listenersOf(policy.trunkOf(destination)));
        destination.listenPoint = listenPoint;
        return listenPoint != ListenPoints.NONE;
    }

    /** A contact that is reached by the same flow as one before is the same device under an old name. */
    private boolean isRepeated(final Targets targets) {
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
