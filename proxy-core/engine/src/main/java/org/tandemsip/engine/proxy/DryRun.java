package org.tandemsip.engine.proxy;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;
import org.tandemsip.codec.IpAddress;
import org.tandemsip.codec.Method;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Status;
import org.tandemsip.engine.handler.Destination;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.handler.Source;
import org.tandemsip.engine.routing.Branches;
import org.tandemsip.engine.routing.CallMode;
import org.tandemsip.engine.routing.ListenPoints;
import org.tandemsip.engine.routing.Mode;
import org.tandemsip.engine.routing.Privacy;
import org.tandemsip.engine.routing.Route;
import org.tandemsip.engine.routing.RoutingPolicy;
import org.tandemsip.engine.routing.Target;
import org.tandemsip.engine.routing.Targets;
import org.tandemsip.engine.routing.Trunk;

/**
 * Says what a proxy would do with a request, and why, without doing it: no transaction is made, nothing is sent, no
 * limit is touched. Runs the same code as {@link Proxy} on a context of its own. For people, so it may allocate; not
 * for shards.
 */
public final class DryRun {
    /**
     * A line of the route table that was looked at.
     *
     * @param mismatch why it was passed over; {@code null} for the one that the request follows
     */
    public record Line(Route route, Mismatch mismatch) {}

    /** What about a request does not fit a line. */
    public enum Mismatch {
        /** It comes from another trunk. */
        FROM,
        /** It has another method. */
        METHOD,
        /** Another called party. */
        TO,
        /** Another caller. */
        CALLER,
        /** A header field that is not there, or has another value. */
        HEADER,
        /** It is not the time. */
        WHEN,
        /** No prefix of the table fits. */
        PREFIXES,
        /** The host it names lies outside of the ranges, or is no address. */
        WITHIN
    }

    /**
     * A target of the request.
     *
     * @param trunk   name of its trunk, or {@code null} for the host of a URI
     * @param peer    peer as written in the configuration, or {@code null}
     * @param address address and port
     * @param group   targets of one group are tried in parallel, groups one after the other
     * @param message the request as it would be sent there
     */
    public record Hop(String trunk, String peer, String transport, String address, int group, String message) {}

    /**
     * What would happen.
     *
     * @param realm   who the sender would first be challenged for; what else is said holds once it has shown the
     *                password. {@code null} for nobody
     * @param lines   lines of the table in their order, up to the one that is followed
     * @param number  called number as routes see it, or {@code null} when there is none
     * @param prefix  prefix of the table of that line that decided; empty without one
     * @param mode    how the request would be treated
     * @param refusal answer instead of sending it on, or {@code null}
     * @param inside  what of the house it would go to
     * @param awaited whether a name would have to be looked up first
     * @param hops    where it would go, in order
     */
    public record Outcome(String realm, List<Line> lines, String number, String prefix, Mode mode, Status refusal,
            Route.Inside inside, boolean awaited, List<Hop> hops) {}

    private final RoutingPolicy policy;
    private final CallMode calls;
    private final RequestForwarder requests;
    private final RequestChecks checks;
    private final LocationService locationService;
    private final Branches branches;
    private final RouteMatcher matcher = new RouteMatcher();
    private final Targets targets;
    /** {@code null} where there is no registrar. */
    private final Registrations registrations;

    /**
     * Makes one for the listen points, limits, keys and policy of {@code context}; nothing else of it is used.
     *
     * @param calls what has calls with two dialogs, made with the same context; {@code null} where there is no such
     *              mode
     */
    public DryRun(final ShardContext context, final CallMode calls) {
        this.calls = calls;
        policy = (RoutingPolicy) context.policy();
        final ListenPoints listenPoints = new ListenPoints(context.listenPoints());
        branches = new Branches(context);
        final TopologyHider hider = new TopologyHider(context, listenPoints);
        hider.policy(policy);
        requests = new RequestForwarder(context, listenPoints, branches, hider);
        checks = new RequestChecks(listenPoints, branches);
        targets = new Targets(context.counters());
        registrations = policy.registry() == null ? null
                : new Registrations(policy.registry(), context.counters(), listenPoints, null, null);
        locationService = new LocationService(context, listenPoints, new HostNames(context), new GbRelay(context));
    }

    /**
     * Routes a request.
     *
     * @param request parsed without error
     * @param nowNs   when it would come
     */
    public Outcome run(final SipMessage request, final Source source, final Trunk from, final long nowNs) {
        if (!requests.prepare(request, source, from, policy.recordRoute())) {
            return refused(null, null, Status.BAD_REQUEST_400);
        }
        final RouteInformation information = requests.routeInformation();
        final boolean followsInvite = request.method() == Method.ACK || request.method() == Method.CANCEL;
        final String realm = from.trust().realm() == null || followsInvite || information.inDialog() ? null
                : from.trust().realm().toString();
        matcher.request(request, information, from);
        final String number = matcher.calledNumber();
        Status refusal = checks.check(request, information.requestUri(), requests.loopHash());
        if (refusal != null) {
            return refused(realm, number, refusal);
        }
        final boolean registers = request.method() == Method.REGISTER && registrations != null
                && registrations.takes(request, policy, from, information, nowNs);
        if (registers) {
            final Status judged = registrations.judge(request, source, policy, from, true, nowNs);
            if (judged != Status.OK_200 || registrations.line().then().isEmpty()) {
                return new Outcome(realm, lines(from, registrations.line(), nowNs), null, "",
                        policy.modeOf(registrations.line()), judged == Status.OK_200 ? null : judged,
                        Route.Inside.REGISTRAR, false, List.of());
            }
        }
        locationService.registersBy(registers ? registrations.line() : null);
        refusal = locationService.locate(request, source, policy, from, information, targets, nowNs);
        if (registers) {
            registrations.goOn(request, targets);
        }
        if (refusal == null && !followsInvite && targets.leaveTrustDomain() && Privacy.mustFail(Privacy.of(request),
                locationService.mode() == Mode.B2BUA, policy.recordRoute())) {
            refusal = Status.SERVER_INTERNAL_ERROR_500;
        }
        if (refusal == null && isForCalls(request)) {
            refusal = calls.refusal(request.method());
        }
        final Route followed = locationService.line();
        final List<Line> lines = information.inDialog() ? List.of() : lines(from, followed, nowNs);
        final String prefix = followed == null || followed.prefixes() == null ? ""
                : matcher.prefix(followed.prefixes());
        final List<Hop> hops = new ArrayList<>();
        for (int i = 0; refusal == null && i < targets.size(); i++) {
            hops.add(hop(request, source, from, targets.get(i), i, nowNs));
        }
        return new Outcome(realm, lines, number, prefix, locationService.mode(), refusal,
                followed == null ? Route.Inside.NOTHING : followed.inside(), locationService.awaited() != null, hops);
    }

    private Outcome refused(final String realm, final String number, final Status refusal) {
        return new Outcome(realm, List.of(), number, "", policy.mode(), refusal, Route.Inside.NOTHING, false,
                List.of());
    }

    private List<Line> lines(final Trunk from, final Route followed, final long nowNs) {
        final List<Line> lines = new ArrayList<>();
        for (final Route route : policy.routes()) {
            final boolean fromHere = route.from() == null || route.from().index() == from.index();
            Mismatch mismatch = fromHere ? matcher.mismatch(route, nowNs) : Mismatch.FROM;
            if (mismatch == null && route != followed) {
                mismatch = Mismatch.WITHIN;
            }
            lines.add(new Line(route, mismatch));
            if (route == followed && mismatch == null) {
                break;
            }
        }
        return lines;
    }

    private Hop hop(final SipMessage request, final Source source, final Trunk from, final Target target,
            final int place, final long nowNs) {
        requests.chooseTransport(target, nowNs);
        final byte[] message = isForCalls(request) ? calls.preview(request, from, target)
                : forwarded(request, source, target, place);
        final Destination destination = target.destination;
        final String host = IpAddress.toString(destination.addressHigh, destination.addressLow);
        return new Hop(target.sentTo == null ? null : target.sentTo.name(),
                target.peer == null ? null : target.peer.name(), destination.transport.name(),
                (host.indexOf(':') < 0 ? host : '[' + host + ']') + ':' + destination.port, target.group,
                message == null ? "" : new String(message, StandardCharsets.UTF_8));
    }

    private boolean isForCalls(final SipMessage request) {
        return locationService.mode() == Mode.B2BUA && calls != null && calls.takes(request.method())
                && !requests.routeInformation().inDialog();
    }

    private byte[] forwarded(final SipMessage request, final Source source, final Target target, final int place) {
        final UnsafeBuffer out = new UnsafeBuffer(new byte[requests.maxLength(target)]);
        final int length = requests.write(target, requests.statefulMode(), branches.key(request, source, place), 0,
                out);
        final byte[] bytes = new byte[length];
        out.getBytes(0, bytes);
        return bytes;
    }
}
