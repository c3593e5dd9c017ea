package org.tandemsip.b2bua;

import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.tandemsip.codec.Method;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Status;
import org.tandemsip.engine.handler.Disposition;
import org.tandemsip.engine.handler.Places;
import org.tandemsip.engine.handler.Source;
import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.engine.routing.PeerState;
import org.tandemsip.engine.routing.Target;
import org.tandemsip.engine.routing.Targets;
import org.tandemsip.engine.routing.Trunk;
import org.tandemsip.engine.transaction.ClientTransaction;
import org.tandemsip.engine.transaction.ServerTransaction;
import org.tandemsip.engine.transaction.TransactionUser;

/**
 * A request outside of all dialogs, on both sides: what it is sent on as has a Call-ID, a From tag and a Via of ours
 * and nothing else of who has sent it but what a call passes on, too. Its targets are tried one after the other until
 * one answers; nothing is left of it then but its transactions, and the {@link Subscription} that it may have begun.
 *
 * <pre>
 *   MESSAGE ------>  Call-ID x, From tag y   ------> MESSAGE  Call-ID and From tag of ours
 *   200     <------  To tag of ours          <------ 200
 * </pre>
 *
 * Pooled; shard thread only.
 */
final class LoneRequest implements Requester {
    /** Next free one of the pool. */
    LoneRequest next;

    private final B2bua owner;
    /** No call: two legs, and what is written by them. */
    private final Call own;
    /** The same, or those of what it begins. */
    private Call shell;
    private Leg caller;
    private Leg callee;
    /** What it begins, until that is accepted; else {@code null}. */
    private Subscription subscription;
    private final Target[] targets = new Target[Targets.MAX];
    private int size;
    private int tried;
    private Target target;
    private ServerTransaction server;
    private ClientTransaction client;
    private long deadlineNs;
    /** What is answered when nothing can be tried. */
    private Status failure;
    private int answers;
    /** Listen point that the present try was sent from. */
    private int way;
    /** What another shard has said of the dialog that it names, and how it is asked; each may be {@code null}. */
    private NamedDialog named;
    private OtherShards.LookUp lookUp;

    LoneRequest(final B2bua owner) {
        this.owner = owner;
        own = new Call(owner);
        use(own);
        for (int i = 0; i < targets.length; i++) {
            targets[i] = new Target();
        }
    }

    /**
     * Whether requests of a method are treated so. REGISTER is not, whose Contact is what it is about, nor what belongs
     * into a dialog.
     */
    static boolean takes(final Method method) {
        return switch (method) {
            case MESSAGE, OPTIONS, INFO, PUBLISH, NOTIFY, SUBSCRIBE, REFER, EXTENSION -> true;
            case INVITE, ACK, CANCEL, BYE, PRACK, UPDATE, REGISTER -> false;
        };
    }

    private void use(final Call legs) {
        shell = legs;
        caller = legs.legs[0];
        callee = legs.legs[1];
    }

    /** Takes a checked and routed request; {@code null} when there is no room for it: then nothing is left behind. */
    Disposition begin(final SipMessage request, final Source source, final Trunk from, final Targets to,
            final long nowNs) {
        if (!beginsWhatItMakes(request, source, from)) {
            release(nowNs);
            return null;
        }
        server = owner.transactions.createServer(request, source, this, nowNs);
        if (server == null) {
            release(nowNs);
            return null;
        }
        size = to.size();
        for (int i = 0; i < size; i++) {
            targets[i].set(to.get(i));
        }
        tried = 0;
        failure = Status.SERVICE_UNAVAILABLE_503;
        deadlineNs = nowNs + owner.lanes.t1Times64().durationNs();
        return proceed(nowNs);
    }

    private Disposition proceed(final long nowNs) {
        if (tryNext(nowNs) || lookUp != null) {
            return Disposition.FORWARDED;
        }
        if (failure == Status.FORBIDDEN_403) {
            owner.replacements.countRefused(named);
        } else if (failure == Status.NOT_ACCEPTABLE_HERE_488) {
            owner.counters.increment(Counter.MEDIA_REFUSED_SDP);
        }
        answer(failure, nowNs);
        return Disposition.ANSWERED;
    }

    /** Goes on with a REFER that names a dialog of another shard, which was asked for it. */
    private void onDialog(final NamedDialog dialog, final long nowNs) {
        lookUp = null;
        named = dialog;
        failure = Status.SERVICE_UNAVAILABLE_503;
        tried = 0;
        proceed(nowNs);
    }

    /** Begins what the request makes, if anything; {@code false} when there is no room for it. */
    private boolean beginsWhatItMakes(final SipMessage request, final Source source, final Trunk from) {
        if (Subscription.isBegunBy(request.method())) {
            subscription = owner.pools.takeSubscription();
            if (subscription == null) {
                return false;
            }
            use(subscription.legs);
            return subscription.begin(request, source, from);
        }
        // A tag that leads to no call.
        final long place = owner.draws.key();
        caller.tag(place, 0);
        callee.tag(place, 1);
        caller.trunk = from;
        caller.seen.set(source);
        caller.remote.set(caller.seen);
        return true;
    }

    /** A request, an INVITE too, as it would be sent to a target; {@code null} if there is no room. Does nothing. */
    byte[] preview(final SipMessage request, final Trunk from, final Target to) {
        caller.trunk = from;
        callee.tag(owner.draws.key(), 1);
        byte[] bytes = null;
        if (ask(request, to)) {
            final UnsafeBuffer out = new UnsafeBuffer(new byte[owner.writer.maxLength(callee, request)]);
            bytes = new byte[owner.writer.request(callee, request.method(), 1, request,
                    owner.hops(request, to.trunk), owner.extra, owner.draws.key(), Places.NONE, out)];
            out.getBytes(0, bytes);
        }
        caller.reset();
        callee.reset();
        owner.pools.giveBack(this);
        return bytes;
    }

    /** Whether the trunk of one of its sides has media relayed. */
    boolean isAnchored() {
        return Media.anchors(shell);
    }

    private boolean hasNext(final long nowNs) {
        return tried < size && deadlineNs - nowNs > 0;
    }

    private boolean tryNext(final long nowNs) {
        while (hasNext(nowNs)) {
            target = targets[tried++];
            answers = 0;
            if ((target.peer == null || target.peer.state().usable()) && send(nowNs)) {
                return true;
            }
            if (lookUp != null) {
                return false;
            }
        }
        return false;
    }

    private boolean send(final long nowNs) {
        server.request(owner.kept);
        if (!ask(owner.kept, target)) {
            return false;
        }
        if (isAnchored() && owner.media.descriptions.mayBeIn(owner.kept)) {
            failure = Status.NOT_ACCEPTABLE_HERE_488;
            return false;
        }
        final Status refusal = owner.replacements.refusal(owner.kept, callee, named);
        if (refusal != null && owner.replacements.isElsewhere()) {
            lookUp = owner.others.ask(this::onDialog, nowNs);
            named = NamedDialog.UNANSWERED;
        }
        failure = refusal == null ? failure : refusal;
        return refusal == null && launch(nowNs);
    }

    /** Begins the side that is asked; {@code false} when there is no room for it. */
    private boolean ask(final SipMessage request, final Target to) {
        shell.route = to.route;
        callee.seen.set(to.destination);
        callee.trunk = to.sentTo;
        callee.pinned = to.binding != null && to.binding.flow() != null && to.binding.flow().pinned();
        callee.localCseq = 0;
        if (!callee.ofCaller(request, owner.names.to(to, null))) {
            return false;
        }
        callee.remote.set(to.destination);
        callee.tcpWhenLarge = to.tcpWhenLarge;
        callee.named = true;
        owner.extra.clear();
        return true;
    }

    private boolean launch(final long nowNs) {
        server.request(owner.kept);
        final SipMessage request = owner.kept;
        owner.extra.named = named;
        final int length = owner.sender.write(callee, request.method(), callee.localCseq + 1, request,
                owner.hops(request, target.trunk), this, nowNs);
        if (length == 0) {
            return false;
        }
        callee.localCseq++;
        client = owner.sender.transaction();
        way = client.destination().listenPoint;
        client.start(length, nowNs);
        return true;
    }

    @Override
    public Disposition onResponse(final ClientTransaction transaction, final SipMessage response, final long nowNs) {
        final ClientTransaction.Event event = transaction.onResponse(response, nowNs);
        if (event != ClientTransaction.Event.FINAL || transaction != client) {
            return Disposition.ABSORBED;
        }
        final int code = response.statusCode();
        report(code == Status.SERVICE_UNAVAILABLE_503.code() ? PeerState.Event.FAILURE : PeerState.Event.SUCCESS);
        client.detach();
        client = null;
        if (answersChallenge(response, transaction, nowNs)) {
            return Disposition.ABSORBED;
        }
        final boolean failsOver = code == Status.SERVICE_UNAVAILABLE_503.code()
                || target.trunk != null && target.trunk.failsOver(code)
                || target.binding != null && code >= 300 && code < 600;
        final Trunk from = callee.trunk;
        if (failsOver && tryNext(nowNs)) {
            return Disposition.ABSORBED;
        }
        callee.trunk = from;
        if (subscription != null && code < 300) {
            if (!subscription.onAccepted(response, nowNs)) {
                answer(Status.SERVICE_UNAVAILABLE_503, nowNs);
                return Disposition.ANSWERED;
            }
        }
        server.request(owner.kept);
        final MutableDirectBuffer out = server.claim(owner.writer.maxLength(owner.kept, response));
        final int length = owner.writer.response(caller, server, owner.kept, response, null, 0, out);
        if (length == 0) {
            answer(Status.SERVER_INTERNAL_ERROR_500, nowNs);
            return Disposition.ANSWERED;
        }
        if (code < 300) {
            // It lives on by itself.
            subscription = null;
        }
        server.respond(code, length, nowNs);
        release(nowNs);
        return Disposition.FORWARDED;
    }

    /** Sends it once more with our credentials for a trunk that has asked for them (RFC 3261 section 22.2). */
    private boolean answersChallenge(final SipMessage response, final ClientTransaction transaction,
            final long nowNs) {
        if (!owner.auth.takes(callee, response, answers, transaction.destination(), owner.responder)) {
            return false;
        }
        answers++;
        owner.extra.clear().auth = owner.auth;
        return launch(nowNs);
    }

    private void report(final PeerState.Event event) {
        if (target.peer != null && target.trunk != null && target.trunk.ping().on()) {
            target.peer.state().on(event, way, target.trunk.ping());
        }
    }

    /** ICMP has reported that it did not get there: the next target at once, if there is one. */
    void onUnreachable(final ClientTransaction transaction, final long nowNs) {
        if (transaction == client && hasNext(nowNs)) {
            client.handOver(TransactionUser.NOBODY);
            client.terminate(nowNs);
            onTransportError(transaction, nowNs);
        }
    }

    @Override
    public void onTransportError(final ClientTransaction transaction, final long nowNs) {
        if (transaction != client) {
            return;
        }
        client = owner.sender.overUdp(transaction, callee, this, nowNs);
        if (client != null) {
            way = client.destination().listenPoint;
            return;
        }
        report(PeerState.Event.FAILURE);
        if (!tryNext(nowNs)) {
            answer(Status.SERVICE_UNAVAILABLE_503, nowNs);
        }
    }

    @Override
    public void onTimeout(final ClientTransaction transaction, final long nowNs) {
        if (transaction == client) {
            // The other side has given up by now itself (RFC 4320 section 4.2).
            client = null;
            report(PeerState.Event.FAILURE);
            final ServerTransaction unanswered = server;
            release(nowNs);
            unanswered.terminate(nowNs);
        }
    }

    @Override
    public void onTerminated(final ServerTransaction transaction, final long nowNs) {
        if (transaction == server) {
            server = null;
            release(nowNs);
        }
    }

    private void answer(final Status status, final long nowNs) {
        owner.answer(caller, server, status, -1, null, nowNs);
        release(nowNs);
    }

    private void release(final long nowNs) {
        if (server != null) {
            server.detach();
            server = null;
        }
        if (client != null) {
            client.handOver(TransactionUser.NOBODY);
            client = null;
        }
        if (lookUp != null) {
            lookUp.forget();
            lookUp = null;
        }
        named = null;
        if (subscription != null) {
            subscription.end(nowNs);
            subscription = null;
        }
        use(own);
        caller.reset();
        callee.reset();
        owner.pools.giveBack(this);
    }
}
