package org.tandemsip.engine.proxy;

import org.tandemsip.codec.Method;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Slice;
import org.tandemsip.codec.Status;
import org.tandemsip.engine.client.Challenges;
import org.tandemsip.engine.client.OwnRequest;
import org.tandemsip.engine.handler.Destination;
import org.tandemsip.engine.handler.Disposition;
import org.tandemsip.engine.handler.Egress;
import org.tandemsip.engine.handler.ShardCommand;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.handler.Source;
import org.tandemsip.engine.metrics.Counters;
import org.tandemsip.engine.routing.Branches;
import org.tandemsip.engine.routing.PeerState;
import org.tandemsip.engine.routing.RoutingPolicy;
import org.tandemsip.engine.routing.Targets;
import org.tandemsip.engine.routing.Trunk;
import org.tandemsip.engine.timer.TimerLanes;
import org.tandemsip.engine.timer.Timing;
import org.tandemsip.engine.transaction.CancelReason;
import org.tandemsip.engine.transaction.ClientTransaction;
import org.tandemsip.engine.transaction.InviteServerTransaction;
import org.tandemsip.engine.transaction.MessageMemory;
import org.tandemsip.engine.transaction.ServerTransaction;
import org.tandemsip.engine.transaction.TransactionUser;
import org.tandemsip.engine.transaction.Transactions;

/**
 * Stateful forwarding (RFC 3261 sections 16.6 to 16.10). What happens to one request is in {@link ResponseContext};
 * here are the ways in, and what all contexts of a shard share: helpers, timer lanes and pools. Shard thread only.
 */
final class StatefulProxy {
    /**
     * Most final responses kept at a time while other branches are pending: a bound on memory; past it a 500 is sent.
     */
    private static final int MOST_KEPT = 4_096;

    final Transactions transactions;
    final Branches branches;
    final RequestForwarder requests;
    final ResponseForwarder responses;
    final HostNames names;
    final Challenges challenges;
    final TimerLanes timers;
    final Egress egress;
    /** Calls that count against limits. */
    final Calls calls;
    /** Where responses are kept. */
    final MessageMemory memory;
    /** Scratch index over a server transaction's copy of its request. */
    final SipMessage keptRequest;
    /** Largest message to write, in bytes. */
    final int maxMessageBytes;

    final Counters counters;
    final int shard;
    private Registrations registrations;
    private final CancelReason cancelReason = new CancelReason();
    private final int maxContexts;
    /** INVITEs that wait for a peer which may go down, newest first. */
    private Branch firstWatched;
    private ResponseContext freeContexts;
    private Branch freeBranches;
    private BestResponse freeBest;
    private int contextsMade;
    private int branchesMade;
    private int bestMade;
    private int live;

    private TimerLanes.Lane timerC;
    private TimerLanes.Lane trying;
    /** Lanes of the times for one try, which are few. */
    private TimerLanes.Lane[] tries = new TimerLanes.Lane[0];
    private long callerWaitsNs;

    /** Makes the stateful proxy of one shard, which shares its helpers with the {@link Proxy} that owns it. */
    StatefulProxy(final ShardContext context, final Transactions transactions, final Branches branches,
            final RequestForwarder requests, final ResponseForwarder responses, final HostNames names) {
        this.transactions = transactions;
        this.branches = branches;
        this.requests = requests;
        this.responses = responses;
        this.names = names;
        timers = context.timers();
        egress = context.egress();
        memory = transactions.memory();
        calls = new Calls(context);
        challenges = new Challenges(context);
        counters = context.counters();
        shard = context.shard();
        keptRequest = new SipMessage(context.limits().headerRows());
        maxMessageBytes = context.limits().messageBytes();
        maxContexts = context.maxTransactions();
        timing(Timing.DEFAULTS);
    }

    /** Takes over timer values for requests forwarded from now on. */
    void timing(final Timing timing) {
        final TimerLanes.Lane timerCBefore = timerC;
        final TimerLanes.Lane tryingBefore = trying;
        timerC = timers.lane(timing.timerCNs());
        trying = timers.lane(tryingNs(timing));
        if (timerCBefore != null) {
            timers.release(timerCBefore);
            timers.release(tryingBefore);
        }
        callerWaitsNs = timing.t1Times64Ns();
        calls.longest(timing.lostCallNs());
    }

    /** Takes over a configuration: the limit over all trunks, and their times for one try. */
    void policy(final RoutingPolicy policy) {
        calls.total(policy.total());
        for (int i = 0; i < tries.length; i++) {
            timers.release(tries[i]);
        }
        tries = policy.trunks().stream().mapToLong(Trunk::tryNs).filter(tryNs -> tryNs > 0).distinct()
                .mapToObj(timers::lane)
                .toArray(TimerLanes.Lane[]::new);
    }

    /**
     * Forwards a checked, routed request that matched no transaction (never an ACK or CANCEL).
     * {@link RequestForwarder#prepare} has been called with it.
     *
     * @param from trunk it comes from, or {@code null}
     * @return {@code null} when there is no room for another request: refuse it
     */
    Disposition forward(final SipMessage request, final Source source, final Trunk from, final Targets targets,
            final long nowNs) {
        final long key = branches.key(request, source, 0);
        if (isUnderWay(request, source, targets.size(), key)) {
            // A retransmission so late that its server transaction is gone, but not yet the copies made of it.
            return Disposition.ABSORBED;
        }
        final boolean counted = beginsCall(request) && calls.counts(from, targets);
        final Call call = counted ? calls.begin(request, from, requests.isEmergency(), nowNs) : null;
        if (counted && call == null) {
            return null;
        }
        final ResponseContext context = takeContext();
        final ServerTransaction server =
                context == null ? null : transactions.createServer(request, source, context, nowNs);
        if (server == null) {
            if (context != null) {
                giveBack(context);
            }
            if (call != null) {
                calls.setUp(call);
            }
            return null;
        }
        return context.begin(server, request, source, targets, call, key, nowNs);
    }

    /**
     * Whether the request that {@link RequestForwarder#prepare} was called with last asks for a new call. A To tag
     * alone says nothing, since anybody can write one: it takes a token of ours, or a call that is known here.
     */
    boolean beginsCall(final SipMessage request) {
        return request.method() == Method.INVITE
                && !(Slice.exists(request.toTag()) && (requests.routeInformation().inDialog() || isCounted(request)));
    }

    /**
     * Whether a request is inside a call that counts, whose end must be seen though requests that no route has sent on
     * may go statelessly.
     */
    boolean isCounted(final SipMessage request) {
        return calls.size() > 0 && Slice.exists(request.toTag()) && findCall(request) != null;
    }

    /** The call that counts and that the request prepared last is inside of, or {@code null}. */
    Call findCall(final SipMessage request) {
        return calls.find(request, requests.routeInformation().call());
    }

    /** A request was not forwarded: if it is a BYE, whoever sent it has left all the same. */
    void onRefused(final SipMessage request) {
        if (request.method() == Method.BYE && calls.size() > 0) {
            final Call call = findCall(request);
            if (call != null) {
                calls.ended(call.key, calls.dialog(call, request));
            }
        }
    }

    /**
     * Keeps a checked request (never an ACK or CANCEL) until the name of its next hop is known.
     *
     * @return {@code null} when there is no room for another one: refuse it
     */
    Disposition await(final SipMessage request, final Source source, final HostNames.Entry name, final long nowNs) {
        if (isUnderWay(request, source, 1, branches.key(request, source, 0))) {
            return Disposition.ABSORBED;
        }
        final ResponseContext context = takeContext();
        if (context == null) {
            return null;
        }
        if (!names.await(name, context)) {
            giveBack(context);
            return null;
        }
        final ServerTransaction server = transactions.createServer(request, source, context, nowNs);
        if (server == null) {
            names.forget(context);
            giveBack(context);
            return null;
        }
        context.beginWaiting(server, request, source, nowNs);
        return Disposition.FORWARDED;
    }

    /** Ends the waiting of a request whose next hops are known now: only now it is known whether its call counts. */
    void resume(final ResponseContext context, final SipMessage request, final Trunk from, final Targets targets,
            final long nowNs) {
        final boolean counted = beginsCall(request) && calls.counts(from, targets);
        final Call call = counted ? calls.begin(request, from, requests.isEmergency(), nowNs) : null;
        context.callPart.begin(request, call);
        context.resume(counted && call == null ? Status.SERVICE_UNAVAILABLE_503 : null, request, targets,
                branches.key(request, context.source, 0), nowNs);
    }

    /**
     * Whether a copy of {@code request} still has a client transaction. Any of them may be the last: one target
     * answers, and the others may be silent for as long as timer F.
     */
    private boolean isUnderWay(final SipMessage request, final Source source, final int forks, final long firstKey) {
        if (transactions.findClient(firstKey, false) != null) {
            return true;
        }
        for (int fork = 1; fork < forks; fork++) {
            if (transactions.findClient(branches.key(request, source, fork), false) != null) {
                return true;
            }
        }
        return false;
    }

    /**
     * Takes a CANCEL that matched no transaction of its own (section 16.10): answers it and cancels the pending
     * branches of its INVITE. It has to come from the host that the INVITE came from.
     *
     * @return {@code null} when it matches no INVITE: forward it statelessly
     */
    Disposition onCancel(final SipMessage cancel, final Source source, final long nowNs) {
        final InviteServerTransaction invite = transactions.findCancelled(cancel);
        if (invite == null || !comesFrom(invite.responseDestination(), source)) {
            return null;
        }
        final ServerTransaction server = transactions.createServer(cancel, source, TransactionUser.NOBODY, nowNs);
        if (server != null) {
            server.respond(Status.OK_200, nowNs);
        }
        if (invite.user() instanceof ResponseContext context) {
            context.cancel(cancelReason.set(cancel), nowNs);
        }
        return server != null ? Disposition.ANSWERED : Disposition.DROPPED_OVERLOAD;
    }

    /** Takes a response of {@code from} that belongs to {@code transaction} (section 16.7). */
    Disposition onResponse(final ClientTransaction transaction, final SipMessage response, final Source from,
            final long nowNs) {
        if (response.method() == Method.CANCEL || !(transaction.user() instanceof ResponseContext context)) {
            // The answer to a CANCEL of ours, or a retransmission to a transaction that lingers on its own.
            final TransactionUser user = transaction.user();
            final ClientTransaction.Event event = transaction.onResponse(response, nowNs);
            if (event == ClientTransaction.Event.FINAL && user instanceof OwnRequest own) {
                own.onFinal(response, from, nowNs);
            }
            return Disposition.ABSORBED;
        }
        if (response.viaValues() < 2) {
            // Meant for us (section 16.7 step 3), but we have sent nothing of our own: mangled on its way.
            return Disposition.DROPPED_MALFORMED;
        }
        if (response.method() == Method.REGISTER && registrations != null && response.statusCode() / 100 == 2
                && !context.finalSent) {
            registrations.learn(context.kept(), context.source, response, requests, responses, nowNs);
        }
        try {
            return context.onResponse(transaction, response, from, nowNs);
        } finally {
            responses.contacts(0);
        }
    }

    /** Takes over what deals with REGISTER. */
    void registrations(final Registrations newRegistrations) {
        registrations = newRegistrations;
    }

    /** Takes the report that the datagram sent with {@code key} to an address did not get there (section 18.4). */
    void onUnreachable(final long key, final ShardCommand.Unreachable report, final long nowNs) {
        final ClientTransaction client = transactions.findClient(key, false);
        if (client == null || !report.isAbout(client.destination())) {
            return;
        }
        if (client.user() instanceof ResponseContext context) {
            context.onUnreachable(client, nowNs);
        } else if (client.user() instanceof OwnRequest own) {
            own.onUnreachable(nowNs);
        }
    }

    private static boolean comesFrom(final Destination host, final Source source) {
        return host.addressHigh == source.addressHigh && host.addressLow == source.addressLow;
    }

    /** Number of response contexts held. */
    int live() {
        return live + calls.size();
    }

    /** Whether the caller still waits: until its timer F runs out, or for an INVITE as long as timer C. */
    boolean callerWaits(final boolean invite, final long startedNs, final long nowNs) {
        return nowNs - startedNs < (invite ? timerC.durationNs() : callerWaitsNs);
    }

    /** A peer has not answered, not been reached, or said that it is not available. */
    void failed(final Branch branch) {
        report(branch, PeerState.Event.FAILURE);
    }

    /** A peer has answered. */
    void answered(final Branch branch) {
        report(branch, PeerState.Event.SUCCESS);
    }

    private static void report(final Branch branch, final PeerState.Event event) {
        if (branch.target.peer != null && branch.target.trunk != null && branch.target.trunk.ping().on()) {
            branch.target.peer.state().on(event, branch.target.destination.listenPoint, branch.target.trunk.ping());
        }
    }

    /** Starts or restarts timer C (section 16.6 step 11). */
    void armTimerC(final Branch branch, final long nowNs) {
        timers.arm(branch, timerC, nowNs);
    }

    /** An INVITE waits for the answer of a peer: it is tried elsewhere when that goes down meanwhile. */
    void watch(final Branch branch) {
        if (branch.target.peer == null || branch.target.trunk == null || !branch.target.trunk.ping().on()) {
            return;
        }
        branch.watched = true;
        branch.watchedBefore = null;
        branch.watchedNext = firstWatched;
        if (firstWatched != null) {
            firstWatched.watchedBefore = branch;
        }
        firstWatched = branch;
    }

    /** A branch does not wait any more. */
    void unwatch(final Branch branch) {
        if (!branch.watched) {
            return;
        }
        branch.watched = false;
        if (branch.watchedBefore == null) {
            firstWatched = branch.watchedNext;
        } else {
            branch.watchedBefore.watchedNext = branch.watchedNext;
        }
        if (branch.watchedNext != null) {
            branch.watchedNext.watchedBefore = branch.watchedBefore;
        }
        branch.watchedBefore = null;
        branch.watchedNext = null;
    }

    /**
     * Some way to a peer has gone down: what rings by it rings nowhere any more. It is not tried at the same peer by
     * another way: to that it would be the same request once more (RFC 3261 section 8.2.2.2).
     */
    void onPeerDown(final long nowNs) {
        Branch branch = firstWatched;
        while (branch != null) {
            final Branch next = branch.watchedNext;
            if (branch.target.peer.state().state(branch.target.destination.listenPoint) == PeerState.State.DOWN) {
                branch.context.onPeerDown(branch, nowNs);
            }
            branch = next;
        }
    }

    /** Starts the time that all tries of an INVITE together may take. */
    void armPatience(final ResponseContext context, final long nowNs) {
        timers.arm(context, timerC, nowNs);
    }

    /** Starts the time that the trunk of a branch gives to one try. */
    void armTry(final Branch branch, final long nowNs) {
        for (int i = 0; i < tries.length; i++) {
            if (tries[i].durationNs() == branch.target.trunk.tryNs()) {
                timers.arm(branch, tries[i], nowNs);
                return;
            }
        }
        // A trunk of a configuration that is not in force any more.
        branch.trying = false;
        armTimerC(branch, nowNs);
    }

    /** Starts the time after which a non-INVITE gets a 100 (RFC 4320 section 4.1). */
    void armTrying(final ResponseCollector context, final long nowNs) {
        timers.arm(context, trying, nowNs);
    }

    /** A branch from the pool, or {@code null} when all are in use. */
    Branch takeBranch() {
        final Branch branch = freeBranches;
        if (branch != null) {
            freeBranches = branch.next;
            return branch;
        }
        if (branchesMade == maxContexts) {
            return null;
        }
        branchesMade++;
        return new Branch();
    }

    void giveBack(final Branch branch) {
        timers.cancel(branch);
        unwatch(branch);
        branch.client = null;
        branch.next = freeBranches;
        freeBranches = branch;
    }

    /** Room to keep a response, or {@code null} when all is in use. */
    BestResponse takeBest() {
        final BestResponse best = freeBest;
        if (best != null) {
            freeBest = best.next;
            return best;
        }
        if (bestMade == maxContexts) {
            return null;
        }
        bestMade++;
        return new BestResponse();
    }

    /** Takes {@code best} back, which may be {@code null}; returns {@code null}. */
    BestResponse giveBack(final BestResponse best) {
        if (best != null) {
            best.release(memory);
            best.next = freeBest;
            freeBest = best;
        }
        return null;
    }

    void giveBack(final ResponseContext context) {
        context.next = freeContexts;
        freeContexts = context;
        live--;
    }

    private ResponseContext takeContext() {
        ResponseContext context = freeContexts;
        if (context != null) {
            freeContexts = context.next;
        } else if (contextsMade < maxContexts) {
            contextsMade++;
            context = new ResponseContext(this);
        } else {
            return null;
        }
        live++;
        return context;
    }

    /** Time after which timer E of a client is reset to T2 for the first time: 3.5 s with the RFC's values. */
    private static long tryingNs(final Timing timing) {
        long intervalNs = timing.t1Ns();
        long elapsedNs = intervalNs;
        while (2 * intervalNs < timing.t2Ns()) {
            intervalNs *= 2;
            elapsedNs += intervalNs;
        }
        return elapsedNs;
    }
}
