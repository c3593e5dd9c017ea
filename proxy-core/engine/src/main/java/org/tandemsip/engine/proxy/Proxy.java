package org.tandemsip.engine.proxy;

import org.tandemsip.codec.HeaderName;
import org.tandemsip.codec.Method;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Slice;
import org.tandemsip.codec.Status;
import org.tandemsip.engine.auth.Authenticator;
import org.tandemsip.engine.auth.Realm;
import org.tandemsip.engine.client.OwnRequests;
import org.tandemsip.engine.handler.Disposition;
import org.tandemsip.engine.handler.MessageHandler;
import org.tandemsip.engine.handler.ShardCommand;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.handler.Source;
import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.engine.metrics.Counters;
import org.tandemsip.engine.routing.Branches;
import org.tandemsip.engine.routing.CallMode;
import org.tandemsip.engine.routing.ListenPoints;
import org.tandemsip.engine.routing.Mode;
import org.tandemsip.engine.routing.Privacy;
import org.tandemsip.engine.routing.RoutingPolicy;
import org.tandemsip.engine.routing.Targets;
import org.tandemsip.engine.routing.Trunk;
import org.tandemsip.engine.routing.UserReader;
import org.tandemsip.engine.transaction.ClientTransaction;
import org.tandemsip.engine.transaction.ServerTransaction;
import org.tandemsip.engine.transaction.Transactions;

/**
 * The proxy core (RFC 3261 section 16): matches what is under way, checks and routes what is new, and hands it to the
 * stateless or stateful proxy by the mode now in force.
 *
 * <p>A response goes to the client transaction its branch names; without one, the mode written in the branch decides. A
 * request goes to its server transaction; a new one is treated by the mode of its route. So a mode can be switched
 * while calls run: what is under way finishes where it began.
 *
 * <h2>Who may send</h2> A request must come from a known trunk, or carry a token of ours that fits the dialog it claims
 * to be in; everything else is dropped without a word. The second is needed because an answerer behind a trunk sends
 * BYE from an address of its own; nobody who was not on the path of that very dialog can have the token.
 *
 * <h2>After a change of configuration</h2> Section 16.11 wants retransmissions, CANCEL and ACK of requests that were
 * forwarded statelessly to be forwarded in the same way for 64*T1:
 * <ul>
 * <li>After a switch to stateful, a retransmission looks new and makes a transaction. Its branch must be the one that
 * the first copy had, or the next hop takes it for a merged request (482). So for that time the stateful proxy writes
 * the stateless mode character. Responses find their transaction by the key in the branch and never mind the character;
 * it is looked at only when there is none.
 * <li>After a change of routes, new requests that would go statelessly go statefully for that time, and CANCEL and ACK
 * that match no transaction belong to requests from before: they go by the routes of before.
 * </ul>
 */
public final class Proxy implements MessageHandler {
    private static final int MAX_MESSAGE_BYTES = 65_535;

    private final Counters counters;
    private final ListenPoints listenPoints;
    private final Branches branches;
    private final Transactions transactions;
    private final RequestForwarder requests;
    private final ResponseForwarder responses;
    private final RequestChecks checks;
    private final HostNames names;
    private final LocationService locationService;
    private final AckLookUps ackLookUps;
    private final Targets targets;
    private final Authenticator authenticator;
    private final StatelessUas uas;
    private final StatelessProxy stateless;
    private final StatefulProxy stateful;
    private final OwnRequests own;
    /** The mode that calls with two dialogs are handed to, or {@code null}. */
    private final CallMode calls;
    private Registrations registrations;
    private final GbRelay gbRelay;
    private final TopologyHider hider;
    private final UserReader users = new UserReader();
    private RoutingPolicy policy;
    private RoutingPolicy previousPolicy;
    private boolean everStateless;
    private boolean statelessBranches;
    private long statelessBranchesUntilNs;
    private boolean rerouted;
    private long reroutedUntilNs;

    /** Makes the proxy of one shard; the policy of {@code context} must be a {@link RoutingPolicy}. */
    public Proxy(final ShardContext context) {
        this(context, null);
    }

    /** As {@link #Proxy(ShardContext)}, with a mode to hand calls to that ask for it; {@code null} for none. */
    public Proxy(final ShardContext context, final CallMode calls) {
        this.calls = calls;
        previousPolicy = policy = (RoutingPolicy) context.policy();
        everStateless = policy.hasStateless();
        counters = context.counters();
        targets = new Targets(counters);
        listenPoints = new ListenPoints(context.listenPoints());
        branches = new Branches(context);
        transactions = new Transactions(context);
        transactions.timing(policy.timing(), policy.timings());
        hider = new TopologyHider(context, listenPoints);
        requests = new RequestForwarder(context, listenPoints, branches, hider);
        checks = new RequestChecks(listenPoints, branches);
        names = new HostNames(context);
        gbRelay = new GbRelay(context);
        locationService = new LocationService(context, listenPoints, names, gbRelay);
        ackLookUps = new AckLookUps(listenPoints, names);
        CallRoutes.give(calls, requests, checks, locationService);
        authenticator = new Authenticator(context);
        uas = new StatelessUas(context, authenticator);
        responses = new ResponseForwarder(context, hider);
        stateless = new StatelessProxy(context, branches, requests, responses);
        stateful = new StatefulProxy(context, transactions, branches, requests, responses, names);
        stateful.timing(policy.timing());
        stateful.policy(policy);
        hider.policy(policy);
        own = new OwnRequests(context, transactions, branches, listenPoints);
    }

    @Override
    public Disposition onRequest(final SipMessage received, final Source source, final long nowNs) {
        if (calls != null && calls.owns(received)) {
            return calls.onRequest(received, source, nowNs);
        }
        settle(nowNs);
        final SipMessage request = hider.concerns(received) ? hider.restoreRequest(received) : received;
        if (request == null) {
            return policy.trunkOf(source) == null ? Disposition.DROPPED_UNKNOWN_SOURCE
                    : received.method() == Method.ACK ? Disposition.DROPPED_STRAY_ACK
                            : uas.answer(received, source, Status.BAD_REQUEST_400);
        }
        final ServerTransaction transaction = transactions.findServer(request);
        if (transaction != null) {
            if (request.method() != Method.ACK) {
                counters.increment(Counter.RETRANSMISSIONS_RECEIVED);
            }
            if (!transaction.onRequest(request, nowNs)) {
                return Disposition.ABSORBED;
            }
            // An ACK for a 2xx: passed on like a new request (RFC 6026 section 7.1).
        } else if (request.method() == Method.ACK) {
            if (uas.absorbs(request)) {
                return Disposition.ABSORBED;
            }
        } else if (request.method() == Method.CANCEL) {
            final Disposition cancelled = stateful.onCancel(request, source, nowNs);
            if (cancelled != null) {
                return cancelled;
            }
        }
        return onNewRequest(request, source, nowNs);
    }

    private Disposition onNewRequest(final SipMessage request, final Source source, final long nowNs) {
        final boolean followsInvite = request.method() == Method.ACK || request.method() == Method.CANCEL;
        final RoutingPolicy by = rerouted && followsInvite ? previousPolicy : policy;
        final Trunk from = by.trunkOf(request, source, users);
        if (from == null && !Slice.exists(request.toTag())) {
            return Disposition.DROPPED_UNKNOWN_SOURCE;
        }
        final boolean wellFormed = requests.prepare(request, source, from, by.recordRoute());
        final RouteInformation information = requests.routeInformation();
        if (from == null && !(wellFormed && information.inDialog())) {
            return Disposition.DROPPED_UNKNOWN_SOURCE;
        }
        if (!wellFormed) {
            return refuse(request, source, Status.BAD_REQUEST_400);
        }
        if (by.drainSeconds() > 0 && !followsInvite
                && (!Slice.exists(request.toTag()) || stateful.beginsCall(request))) {
            return uas.answer(request, source, Status.SERVICE_UNAVAILABLE_503, by.drainSeconds());
        }
        if (isPing(request, information)) {
            return uas.answer(request, source, Status.OK_200);
        }
        final Status invalid = checks.check(request, information.requestUri(), requests.loopHash());
        if (invalid != null) {
            return refuse(request, source, invalid);
        }
        final boolean registers = request.method() == Method.REGISTER && from != null
                && by.registry() != null && registrations(by).takes(request, by, from, information, nowNs);
        if (from != null && from.trust().realm() != null && !followsInvite && !information.inDialog()) {
            final Authenticator.Verdict verdict = authenticator.check(request, from.trust().realm(),
                    registers ? HeaderName.AUTHORIZATION : HeaderName.PROXY_AUTHORIZATION, nowNs);
            if (verdict != Authenticator.Verdict.RIGHT) {
                return challenge(request, source, from.trust().realm(), registers, verdict, nowNs);
            }
        }
        if (registers && registrations.line().then().isEmpty()) {
            return registrations.register(request, source, by, from, nowNs);
        }
        final Disposition refused = registers ? registrations.refuse(request, source, by, from, nowNs) : null;
        if (refused != null) {
            return refused;
        }
        locationService.registersBy(registers ? registrations.line() : null);
        final Status unroutable = locationService.locate(request, source, by, from, information, targets, nowNs);
        if (unroutable != null) {
            return isToUs(request, information) ? uas.answer(request, source, Status.OK_200)
                    : refuse(request, source, unroutable);
        }
        final boolean ofCall = followsInvite || Slice.exists(request.toTag());
        final boolean forCalls = isForCalls(request, information) && !(ofCall && statelessBranches);
        if (forCalls && ofCall) {
            // Of a call that is none: had it been the proxy's, the request would show it.
            return refuse(request, source, Status.CALL_DOES_NOT_EXIST_481);
        }
        if (registers) {
            registrations.goOn(request, targets);
        }
        if (!followsInvite && Privacy.mustFail(Privacy.of(request), forCalls, by.recordRoute())
                && targets.leaveTrustDomain()) {
            return refuse(request, source, Status.SERVER_INTERNAL_ERROR_500);
        }
        if (requests.maxLength() > MAX_MESSAGE_BYTES) {
            return refuse(request, source, Status.MESSAGE_TOO_LARGE_513);
        }
        if (stateful.beginsCall(request) && !requests.isEmergency() && !mayBegin(by, from, nowNs)) {
            return refuse(request, source, Status.SERVICE_UNAVAILABLE_503);
        }
        if (gbRelay.on() && from != null) {
            gbRelay.onRequest(request, source, from, targets.size() == 0 ? null : targets.get(0).sentTo, nowNs);
        }
        if (locationService.awaited() != null) {
            // In a stateless mode too: what waits is kept in a transaction, and its retransmissions find that.
            final Disposition kept = stateful.await(request, source, locationService.awaited(), nowNs);
            return kept != null ? kept : refuse(request, source, Status.SERVICE_UNAVAILABLE_503);
        }
        if (forCalls && calls.takes(request.method())) {
            final Disposition taken = calls.begin(request, source, from, targets, nowNs);
            return taken != null ? taken : refuse(request, source, Status.SERVICE_UNAVAILABLE_503);
        }
        if (followsInvite || locationService.mode() == Mode.STATELESS && !rerouted && !stateful.isCounted(request)) {
            final Disposition sent = stateless.forward(request, source, targets, statelessMode(request), nowNs);
            return sent != null ? sent : refuse(request, source, Status.SERVER_INTERNAL_ERROR_500);
        }
        final Disposition disposition = stateful.forward(request, source, from, targets, nowNs);
        return disposition != null ? disposition : refuse(request, source, Status.SERVICE_UNAVAILABLE_503);
    }

    /** Whether the request located last has the mode of calls with two dialogs, and is in none of the proxy's. */
    private boolean isForCalls(final SipMessage request, final RouteInformation information) {
        return calls != null && locationService.mode() == Mode.B2BUA && !information.inDialog()
                && !stateful.isCounted(request);
    }

    /** What deals with REGISTER: made for the table of users that the policy in force names. */
    private Registrations registrations(final RoutingPolicy by) {
        if (registrations == null || !registrations.isOf(by.registry())) {
            registrations = new Registrations(by.registry(), counters, listenPoints, uas, authenticator);
            stateful.registrations(registrations);
        }
        return registrations;
    }

    private Disposition challenge(final SipMessage request, final Source source, final Realm realm,
            final boolean registers, final Authenticator.Verdict verdict, final long nowNs) {
        counters.increment(switch (verdict) {
            case WRONG -> Counter.AUTH_WRONG;
            case REPLAYED -> Counter.AUTH_REPLAYED;
            case STALE -> Counter.AUTH_STALE;
            case MISSING, RIGHT -> Counter.AUTH_MISSING;
        });
        final boolean stale =
                verdict == Authenticator.Verdict.STALE || verdict == Authenticator.Verdict.REPLAYED;
        return uas.challenge(request, source, realm, !registers, stale, nowNs);
    }

    /**
     * Whether another call may begin now: by the rate of the trunk it comes from, then by that over all trunks, which
     * what a trunk refuses must not use up. That of the trunk it goes to is looked at with each try; without state
     * there is only one.
     */
    private boolean mayBegin(final RoutingPolicy by, final Trunk from, final long nowNs) {
        final boolean once = locationService.mode() == Mode.STATELESS && !rerouted;
        if (!once && locationService.awaited() == null && (from.isFull() || targets.areFull() || by.total().isFull())) {
            // Refused further on, unless it is a call that is here already: in neither case another one begins.
            return true;
        }
        final Trunk to = once && targets.size() > 0 ? targets.get(0).trunk : null;
        if (from.state().tryBegin(nowNs) && (to == null || to.state().tryBegin(nowNs))
                && by.total().state().tryBegin(nowNs)) {
            return true;
        }
        counters.increment(Counter.LIMITED_RATE);
        return false;
    }

    /**
     * Mode character for a request that goes on without a transaction. Where no request was ever stateless, a restart
     * has taken the transaction of a CANCEL, which must carry the branch of its INVITE all the same, or the callee
     * rings on (section 16.10).
     */
    private char statelessMode(final SipMessage request) {
        return request.method() == Method.CANCEL && !everStateless ? Branches.STATEFUL : Branches.STATELESS;
    }

    /**
     * OPTIONS to us without a user is for us whatever the routes say, and even when it has no hops left (sections 11,
     * 16.3 step 3); with a user only when no route takes it, as carriers write our address into every Request-URI.
     */
    private static boolean isPing(final SipMessage request, final RouteInformation information) {
        return isToUs(request, information) && !Slice.exists(information.requestUri().user());
    }

    private static boolean isToUs(final SipMessage request, final RouteInformation information) {
        return request.method() == Method.OPTIONS && information.requestUriIsOurs() && !information.hasNextRoute();
    }

    private Disposition refuse(final SipMessage request, final Source source, final Status status) {
        if (request.method() != Method.ACK) {
            stateful.onRefused(request);
            return uas.answer(request, source, status);
        }
        return switch (status) {
            case NOT_FOUND_404, SERVICE_UNAVAILABLE_503, SERVER_INTERNAL_ERROR_500, TEMPORARILY_UNAVAILABLE_480 ->
                    Disposition.DROPPED_NO_TARGET;
            default -> Disposition.DROPPED_STRAY_ACK;
        };
    }

    @Override
    public Disposition onResponse(final SipMessage received, final Source source, final long nowNs) {
        final SipMessage response = hider.concernsResponse(received) ? hider.restoreResponse(received) : received;
        if (response == null) {
            return Disposition.DROPPED_STRAY_RESPONSE;
        }
        if (!listenPoints.isOurs(response.bytes(), response.topVia()) || !branches.read(response, response.topVia())) {
            return Disposition.DROPPED_STRAY_RESPONSE;
        }
        if (calls != null && branches.mode() == Branches.B2BUA) {
            return calls.onResponse(response, source, nowNs);
        }
        if (branches.mode() == Branches.PING) {
            return own.isPong(response) ? Disposition.ABSORBED : Disposition.DROPPED_STRAY_RESPONSE;
        }
        final ClientTransaction transaction = transactions.findClient(branches.place(), branches.key(),
                response.method() == Method.CANCEL);
        final Disposition disposition;
        if (transaction != null) {
            disposition = stateful.onResponse(transaction, response, source, nowNs);
        } else if (branches.mode() == Branches.STATELESS || isAnswerToForwardedCancel(response)) {
            disposition = stateless.onResponse(response, source, nowNs);
        } else {
            // A response to what a transaction sent, but comes too late, is not passed on (RFC 6026 section 8.9).
            return Disposition.DROPPED_STRAY_RESPONSE;
        }
        if (disposition == Disposition.FORWARDED) {
            ackLookUps.onResponse(response, nowNs);
            if (gbRelay.on()) {
                gbRelay.onResponse(response, source, responses.to(), nowNs);
            }
        }
        return disposition;
    }

    /** See {@link #statelessMode}; where the INVITE has a transaction, the CANCEL was our own. */
    private boolean isAnswerToForwardedCancel(final SipMessage response) {
        return response.method() == Method.CANCEL && !everStateless
                && transactions.findClient(branches.key(), false) == null;
    }

    @Override
    public void onCommand(final ShardCommand command, final long nowNs) {
        if (calls != null) {
            calls.onCommand(command, nowNs);
        }
        switch (command) {
            case ShardCommand.Configure configure -> configure((RoutingPolicy) configure.policy(), nowNs);
            case ShardCommand.SendFailed failed -> {
                requests.onSendFailed(failed.correlation(), nowNs);
                stateless.onSendFailed(failed.correlation());
                if (failed.queueFull()) {
                    transactions.onSendFailed(failed.correlation(), nowNs);
                } else {
                    transactions.onPeerFailed(failed.correlation(), nowNs);
                }
            }
            case ShardCommand.Unreachable report -> {
                if (branches.readQuoted(report.quoted())) {
                    stateless.onSendFailed(branches.key());
                    stateful.onUnreachable(branches.key(), report, nowNs);
                }
            }
            case ShardCommand.Probe probe -> own.probe(probe, policy, nowNs);
            case ShardCommand.Register register -> own.register(register, nowNs);
            case ShardCommand.PingPhones ping -> own.ping(ping, nowNs);
            case ShardCommand.Resolved resolved -> resumeAll(names.answered(resolved.answer(), nowNs), nowNs);
            case ShardCommand.PeerDown _ -> stateful.onPeerDown(nowNs);
            case ShardCommand.Replied _,ShardCommand.FindDialog _,ShardCommand.Inspect _ -> {
                // Calls with two dialogs have asked; the shard itself runs it.
            }
        }
    }

    /** Goes on with all that have waited for the same name: a fault costs one request, and is thrown at the end. */
    private void resumeAll(final ResponseContext first, final long nowNs) {
        RuntimeException fault = null;
        ResponseContext context = first;
        while (context != null) {
            final ResponseContext next = context.nextWaiting;
            try {
                resume(context, nowNs);
            } catch (final RuntimeException e) {
                fault = fault == null ? e : fault;
                abandon(context, nowNs);
            }
            context = next;
        }
        if (fault != null) {
            throw fault;
        }
    }

    private static void abandon(final ResponseContext context, final long nowNs) {
        try {
            context.abandon(nowNs);
        } catch (final RuntimeException e) {
            // Follows from the fault that led here, and that one is told.
        }
    }

    /** Routes a request anew that has waited for a name; another name of another line may be what it needs next. */
    private void resume(final ResponseContext context, final long nowNs) {
        settle(nowNs);
        final Source source = context.source;
        final SipMessage request = context.kept();
        final Trunk from = policy.trunkOf(request, source, users);
        final Status unroutable = locationService.locate(request, source, policy, from, requests.routeInformation(),
                targets, nowNs);
        if (unroutable != null) {
            context.resume(unroutable, request, targets, 0, nowNs);
        } else if (locationService.awaited() == null && !Slice.exists(request.toTag())
                && isForCalls(request, requests.routeInformation()) && calls.takes(request.method())) {
            resumeAsCall(context, request, from, nowNs);
        } else if (locationService.awaited() == null) {
            stateful.resume(context, request, from, targets, nowNs);
        } else if (!names.await(locationService.awaited(), context)) {
            context.resume(Status.SERVICE_UNAVAILABLE_503, request, targets, 0, nowNs);
        }
    }

    private void resumeAsCall(final ResponseContext context, final SipMessage request, final Trunk from,
            final long nowNs) {
        if (calls.begin(request, context.source, from, targets, nowNs) == null) {
            context.resume(Status.SERVICE_UNAVAILABLE_503, request, targets, 0, nowNs);
        } else {
            context.handOver(nowNs);
        }
    }

    private void configure(final RoutingPolicy newPolicy, final long nowNs) {
        settle(nowNs);
        if (policy.hasStateless()) {
            statelessBranches = true;
            statelessBranchesUntilNs = nowNs + policy.timing().t1Times64Ns();
            if (!rerouted && !policy.routesLike(newPolicy)) {
                rerouted = true;
                reroutedUntilNs = statelessBranchesUntilNs;
                previousPolicy = policy;
            }
        }
        policy = newPolicy;
        everStateless |= newPolicy.hasStateless();
        requests.policy(newPolicy);
        responses.policy(newPolicy);
        transactions.timing(newPolicy.timing(), newPolicy.timings());
        hider.policy(newPolicy);
        gbRelay.policy(newPolicy);
        stateful.timing(newPolicy.timing());
        stateful.policy(newPolicy);
        settle(nowNs);
    }

    /** Ends the times of transition that have run out. */
    private void settle(final long nowNs) {
        if (rerouted && reroutedUntilNs - nowNs <= 0) {
            rerouted = false;
            previousPolicy = policy;
        }
        if (statelessBranches && statelessBranchesUntilNs - nowNs <= 0) {
            statelessBranches = false;
        }
        requests.statefulMode(statelessBranches || rerouted ? Branches.STATELESS : Branches.STATEFUL);
    }

    @Override
    public int live() {
        return transactions.live() + stateful.live() + (calls == null ? 0 : calls.live());
    }
}
