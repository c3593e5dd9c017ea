package org.tandemsip.engine.proxy;

import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Status;
import org.tandemsip.engine.handler.Source;
import org.tandemsip.engine.routing.CallMode;
import org.tandemsip.engine.routing.CallRouter;
import org.tandemsip.engine.routing.RoutingPolicy;
import org.tandemsip.engine.routing.Targets;
import org.tandemsip.engine.routing.Trunk;

/** Lets calls with two dialogs go where the route table lets requests go. Shard thread only. */
final class CallRoutes implements CallRouter {
    private final RequestForwarder requests;
    private final RequestChecks checks;
    private final LocationService locationService;

    private CallRoutes(final RequestForwarder requests, final RequestChecks checks,
            final LocationService locationService) {
        this.requests = requests;
        this.checks = checks;
        this.locationService = locationService;
    }

    /** Gives {@code calls}, unless it is {@code null}, a way to look up routes. */
    static void give(final CallMode calls, final RequestForwarder requests, final RequestChecks checks,
            final LocationService locationService) {
        if (calls != null) {
            calls.router(new CallRoutes(requests, checks, locationService));
        }
    }

    @Override
    public Status locate(final SipMessage invite, final Source source, final RoutingPolicy by, final Trunk from,
            final Targets into, final long nowNs) {
        if (!requests.prepare(invite, source, from, false)) {
            return Status.BAD_REQUEST_400;
        }
        final RouteInformation information = requests.routeInformation();
        final Status invalid = checks.check(invite, information.requestUri(), requests.loopHash());
        if (invalid != null) {
            return invalid;
        }
        final Status unroutable = locationService.locate(invite, source, by, from, information, into, nowNs);
        if (unroutable != null) {
            return unroutable;
        }
        return locationService.awaited() != null || into.size() == 0 ? Status.SERVICE_UNAVAILABLE_503 : null;
    }
}
