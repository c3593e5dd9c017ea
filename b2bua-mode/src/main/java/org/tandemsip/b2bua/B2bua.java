package org.tandemsip.b2bua;

import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.tandemsip.codec.AsciiWriter;
import org.tandemsip.codec.HeaderField;
import org.tandemsip.codec.Method;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.SipParser;
import org.tandemsip.codec.Slice;
import org.tandemsip.codec.Status;
import org.tandemsip.engine.handler.Disposition;
import org.tandemsip.engine.handler.Egress;
import org.tandemsip.engine.handler.MediaRelay;
import org.tandemsip.engine.handler.Neighbours;
import org.tandemsip.engine.handler.ShardCommand;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.handler.Source;
import org.tandemsip.engine.metrics.Counters;
import org.tandemsip.engine.routing.Branches;
import org.tandemsip.engine.routing.CallMode;
import org.tandemsip.engine.routing.CallRecords;
import org.tandemsip.engine.routing.CallRouter;
import org.tandemsip.engine.routing.CallStatus;
import org.tandemsip.engine.routing.CreditService;
import org.tandemsip.engine.routing.CutOffs;
import org.tandemsip.engine.routing.ListenPoints;
import org.tandemsip.engine.routing.RoutingPolicy;
import org.tandemsip.engine.routing.Target;
import org.tandemsip.engine.routing.Targets;
import org.tandemsip.engine.routing.Trunk;
import org.tandemsip.engine.timer.TimerLanes;
import org.tandemsip.engine.transaction.CancelReason;
import org.tandemsip.engine.transaction.ClientTransaction;
import org.tandemsip.engine.transaction.InviteServerTransaction;
import org.tandemsip.engine.transaction.MessageMemory;
import org.tandemsip.engine.transaction.ServerTransaction;
import org.tandemsip.engine.transaction.TransactionUser;
import org.tandemsip.engine.transaction.Transactions;

/**
 * The calls of one shard: the ways in, and what all calls share. A message finds its call by its transaction, or by our
 * tag in it ({@link Tags}). Shard thread only.
 */
final class B2bua implements CallMode {
    static final byte[] TAG = ascii(";tag=");
    static final byte[] SIP = ascii("sip:");

    private static final int SCRATCH_BYTES = 16_384;

    final Transactions transactions;
    final MessageMemory memory;
    final Egress egress;
    final TimerLanes timers;
    final CallTimers lanes;
    final Alarm.Lanes alarms;
    final Questions questions;
    final Credits credits;
    CutOffs cutOffs = CutOffs.NONE;
    final Counters counters;
    final ListenPoints listenPoints;
    final Draws draws;
    final Hashes hashes;
    final Tags tags;
    final CallIds callIds;
    final CallNames names;
    final Replacements replacements = new Replacements(this);
    final OtherShards others = new OtherShards(this);
    final NextHops hops;
    private final Loops loops;
    final Routes routes;
    final Writer writer;
    final Pools pools;
    final Sender sender;
    final Relay relay = new Relay(this);
    final LegAuth auth;
    final Media media;
    final Transfers transfers;
    final Redirects redirects;
    final Causes causes = new Causes();
    final HeaderField referredBy = HeaderField.of("Referred-By");
    /** Where the response that is dealt with has come from. */
    final Source responder = new Source();
    private final CallRecordWriter records = new CallRecordWriter();
    final CallStates states;
    /** Scratch: the request that a server transaction keeps. */
    final SipMessage kept;
    /** Scratch: a message that was kept and is read again. */
    final SipMessage earlier;
    final SipParser parser;
    /** Scratch: what is put into a request besides what the other leg has sent. */
    final Writer.Extra extra = new Writer.Extra();

    final int shard;
    private final Branches branches;
    private final UnsafeBuffer scratch = new UnsafeBuffer(new byte[SCRATCH_BYTES]);
    private final AsciiWriter text = new AsciiWriter();
    final CancelReason cancelReason = new CancelReason();
    private final Stateless stateless;
    /** Has no place and no other leg: for the dialogs that nobody wants. */
    private final Leg stray;
    final Strays strays;
    private RoutingPolicy policy;
    private ServerTransaction found;

    B2bua(final ShardContext context) {
        policy = (RoutingPolicy) context.policy();
        shard = context.shard();
        states = new CallStates(this, records, context);
        transactions = new Transactions(context);
        transactions.timing(policy.timing());
        memory = transactions.memory();
        egress = context.egress();
        timers = context.timers();
        lanes = new CallTimers(timers, policy.timing());
        lanes.trunks(policy.trunks());
        alarms = new Alarm.Lanes(timers);
        counters = context.counters();
        listenPoints = new ListenPoints(context.listenPoints());
        branches = new Branches(context);
        draws = new Draws(context);
        hashes = new Hashes(context);
        tags = new Tags(context.keys());
        callIds = new CallIds(context);
        names = new CallNames(listenPoints);
        hops = new NextHops(listenPoints, policy);
        routes = new Routes(context.limits().routeValues());
        writer = new Writer(context.listenPoints(), listenPoints, branches, this);
        writer.policy(policy);
        kept = new SipMessage(context.limits().headerRows());
        // One row more than may come: the media relay may have added Content-Length.
        earlier = new SipMessage(context.limits().headerRows() + 1);
        parser = new SipParser(context.limits());
        // Tags outlive the process: another one begins with other generations.
        questions = new Questions(context, (int) draws.key());
        credits = new Credits(this, shard);
        sender = new Sender(this);
        pools = new Pools(this, context.shard(), context.maxTransactions(), (int) draws.key());
        stateless = new Stateless(context);
        auth = new LegAuth(context);
        media = new Media(this, context);
        transfers = new Transfers(this, context);
        redirects = new Redirects(this, context);
        loops = new Loops(this);
        stray = new Call(this).legs[1];
        strays = new Strays(this, stray);
    }

    // Messages.

    @Override
    public boolean owns(final SipMessage request) {
        found = transactions.findServer(request);
        return found != null || tags.read(request.bytes(), request.toTag())
                || request.method() == Method.CANCEL && transactions.live() > 0
                        && transactions.findCancelled(request) != null;
    }

    @Override
    public boolean takes(final Method method) {
        return method == Method.INVITE || LoneRequest.takes(method) || refusal(method) != null;
    }

    /** Requests of some methods make no sense outside of a dialog: sent on, they only tell who has sent them. */
    @Override
    public Status refusal(final Method method) {
        return method == Method.BYE || method == Method.PRACK || method == Method.UPDATE
                ? Status.CALL_DOES_NOT_EXIST_481 : null;
    }

    @Override
    public Disposition begin(final SipMessage request, final Source source, final Trunk from, final Targets targets,
            final long nowNs) {
        final Status refusal = refusal(request.method());
        if (refusal != null) {
            return stateless.answer(request, source, refusal);
        }
        return request.method() == Method.INVITE ? beginCall(request, source, from, targets, nowNs)
                : pools.takeLoneRequest().begin(request, source, from, targets, nowNs);
    }

    @Override
    public byte[] preview(final SipMessage request, final Trunk from, final Target target) {
        return pools.takeLoneRequest().preview(request, from, target);
    }

    private Disposition beginCall(final SipMessage invite, final Source source, final Trunk from,
            final Targets targets, final long nowNs) {
        final long uri = invite.requestUri();
        final boolean emergency =
                policy.emergencies().includes(invite.bytes(), Slice.offset(uri), Slice.end(uri));
        final long request = hashes.request(invite);
        if (loops.isLoop(invite, from) || pools.hasBegun(request)) {
            return stateless.answer(invite, source, Status.LOOP_DETECTED_482);
        }
        final Call call = emergency || states.takesCalls() ? pools.takeCall() : null;
        if (call == null) {
            return null;
        }
        if (!call.begin(invite, source, from, targets, emergency, nowNs)) {
            call.undo(nowNs);
            pools.giveBack(call);
            return null;
        }
        if (call.state == Call.State.SETUP) {
            pools.begin(call, request);
            states.keep(call);
        }
        return Disposition.FORWARDED;
    }

    @Override
    public Disposition onRequest(final SipMessage request, final Source source, final long nowNs) {
        final ServerTransaction transaction = found;
        found = null;
        if (transaction != null && !transaction.onRequest(request, nowNs)) {
            return Disposition.ABSORBED;
        }
        if (transaction == null && request.method() == Method.CANCEL) {
            return onCancel(request, source, nowNs);
        }
        final Leg leg = find(request.bytes(), request.toTag(), true, request.fromTag());
        if (leg != null && !hops.mayComeFrom(leg, source)) {
            return Disposition.DROPPED_FORGED;
        }
        if (leg == null || !leg.includes(request, leg.call.subscription != null)) {
            return request.method() == Method.ACK ? Disposition.DROPPED_STRAY_ACK
                    : refuse(stray, request, source, Status.CALL_DOES_NOT_EXIST_481, -1, nowNs);
        }
        final SipMessage described = media.look(leg, request, source, nowNs);
        return described == null ? Disposition.ABSORBED : inDialog(leg, described, source, nowNs);
    }

    private Disposition inDialog(final Leg leg, final SipMessage request, final Source source, final long nowNs) {
        if (request.method() == Method.ACK) {
            final Exchange invite = leg.inviteIn;
            if (invite != null && invite.state == Exchange.State.ANSWERED
                    && invite.cseqIn == request.cseqNumber()) {
                invite.onAck(request, nowNs);
            }
            return Disposition.ABSORBED;
        }
        return leg.call.subscription == null ? relay.onRequest(leg, request, source, nowNs)
                : leg.call.subscription.onRequest(leg, request, source, nowNs);
    }

    /** The leg with this tag of ours, or {@code null}; turned to the early dialog that has {@code other} as well. */
    Leg find(final DirectBuffer bytes, final long tag) {
        return find(bytes, tag, false, Slice.NONE);
    }

    Leg find(final DirectBuffer bytes, final long tag, final boolean turns, final long other) {
        if (!tags.read(bytes, tag)) {
            return null;
        }
        final Call call = tags.isOfCall() ? pools.get(tags.place()) : pools.subscription(tags.place());
        final long mac = tags.mac();
        if (turns && call != null && call.setup != null) {
            call.setup.early.turnTo(mac, bytes, other);
        }
        return call == null ? null : call.legOf(mac);
    }

    private Disposition onCancel(final SipMessage cancel, final Source source, final long nowNs) {
        final InviteServerTransaction invite = transactions.findCancelled(cancel);
        if (invite == null || !(invite.user() instanceof Exchange) && invite.lastStatusCode() < 200
                || invite.responseDestination().addressHigh != source.addressHigh
                || invite.responseDestination().addressLow != source.addressLow) {
            return stateless.answer(cancel, source, Status.CALL_DOES_NOT_EXIST_481);
        }
        final ServerTransaction server = transactions.createServer(cancel, source, TransactionUser.NOBODY, nowNs);
        if (server == null) {
            return Disposition.DROPPED_OVERLOAD;
        }
        if (invite.user() instanceof final Exchange exchange) {
            answer(exchange.from, server, Status.OK_200, -1, null, nowNs); // its tag: RFC 3261 section 9.2
            exchange.cancel(cancelReason.set(cancel), causes.of(cancel), nowNs);
        } else {
            server.takeTag(invite);
            server.respond(Status.OK_200, nowNs);
        }
        return Disposition.ANSWERED;
    }

    @Override
    public Disposition onResponse(final SipMessage response, final Source source, final long nowNs) {
        if (!branches.read(response, response.topVia())) {
            return Disposition.DROPPED_STRAY_RESPONSE;
        }
        final ClientTransaction transaction = transactions.findClient(branches.place(), branches.key(),
                response.method() == Method.CANCEL);
        if (response.viaValues() > 1) {
            return Disposition.DROPPED_MALFORMED;
        }
        if (transaction == null) {
            return strays.onResponse(response, source, nowNs);
        }
        responder.set(source);
        final SipMessage described = media.look(transaction, response, source, nowNs);
        if (described == null) {
            return Disposition.ABSORBED;
        }
        if (transaction.user() instanceof final Requester requester) {
            return requester.onResponse(transaction, described, nowNs);
        }
        transaction.onResponse(response, nowNs);
        return Disposition.ABSORBED;
    }

    @Override
    public void onCommand(final ShardCommand command, final long nowNs) {
        switch (command) {
            case ShardCommand.Configure(final var newPolicy) -> configure((RoutingPolicy) newPolicy);
            case final ShardCommand.SendFailed failed -> {
                if (failed.queueFull()) {
                    transactions.onSendFailed(failed.correlation(), nowNs);
                } else {
                    sender.onPeerFailed(failed.correlation(), nowNs);
                    transactions.onPeerFailed(failed.correlation(), nowNs);
                }
            }
            case final ShardCommand.Unreachable report -> {
                if (branches.readQuoted(report.quoted()) && branches.mode() == Branches.B2BUA) {
                    onUnreachable(transactions.findClient(branches.key(), false), report, nowNs);
                }
            }
            case ShardCommand.PeerDown _ -> pools.forEach(call -> {
                if (call.state == Call.State.SETUP && call.setup != null) {
                    call.setup.onPeerDown(nowNs);
                }
            });
            case final ShardCommand.Replied replied -> questions.onReply(replied, nowNs);
            case final ShardCommand.FindDialog asked -> others.answer(asked);
            // The proxy's affair, or the shard's.
            case ShardCommand.Probe _,ShardCommand.Register _,ShardCommand.PingPhones _ -> {}
            case ShardCommand.Resolved _,ShardCommand.Inspect _ -> {}
        }
    }

    private static void onUnreachable(final ClientTransaction client, final ShardCommand.Unreachable report,
            final long nowNs) {
        if (client == null || !report.isAbout(client.destination())) {
            return;
        }
        if (client.user() instanceof final Exchange exchange && exchange.initial()) {
            exchange.call.setup.onUnreachable(nowNs);
        } else if (client.user() instanceof final LoneRequest request) {
            request.onUnreachable(client, nowNs);
        }
    }

    private void configure(final RoutingPolicy newPolicy) {
        policy = newPolicy;
        transactions.timing(newPolicy.timing());
        lanes.timing(newPolicy.timing());
        lanes.trunks(newPolicy.trunks());
        hops.policy(newPolicy);
        writer.policy(newPolicy);
    }

    @Override
    public int live() {
        return transactions.live() + pools.live();
    }

    @Override
    public void calls(final Consumer<CallStatus> viewer, final long nowNs) {
        pools.forEach(call -> {
            if (call.state != Call.State.OVER && call.owns == null) {
                viewer.accept(CallView.of(call, nowNs));
            }
        });
    }

    @Override
    public boolean hangUp(final String id, final String reason, final long nowNs) {
        final Call call = pools.find(id);
        if (call != null) {
            call.hangUp(Ender.ADMIN, ascii(reason), nowNs);
        }
        return call != null;
    }

    @Override
    public void router(final CallRouter router) {
        transfers.router(router);
        redirects.router(router);
    }

    @Override
    public void neighbours(final Neighbours neighbours) {
        others.reachedBy(neighbours);
    }

    /** The configuration in force. */
    RoutingPolicy policy() {
        return policy;
    }

    @Override
    public void records(final CallRecords taker, final long nowNs) {
        records.records(taker);
        states.begin(taker, policy, nowNs);
    }

    @Override
    public boolean limit(final String id, final long remainingNs, final long nowNs) {
        final Call call = pools.find(id);
        final boolean up = call != null && call.state == Call.State.UP;
        if (up) {
            call.cutOff.limit(remainingNs, nowNs);
        }
        return up;
    }

    @Override
    public void media(final MediaRelay relay, final boolean passesOn) {
        media.by(relay, passesOn);
    }

    @Override
    public void credit(final CreditService service) {
        credits.service(service);
    }

    @Override
    public void cutOffs(final CutOffs taker) {
        cutOffs = taker;
    }

    @Override
    public int hangUpSome(final String reason, final int most, final long nowNs) {
        final byte[] value = ascii(reason);
        pools.forSome(most, call -> call.hangUp(Ender.ADMIN, value, nowNs));
        return pools.live();
    }

    // Answers of our own inside a dialog.

    /** Answers a request of {@code leg} that is not passed on. */
    Disposition refuse(final Leg leg, final SipMessage request, final Source source, final Status status,
            final int retryAfter, final long nowNs) {
        final ServerTransaction server = transactions.createServer(request, source, TransactionUser.NOBODY, nowNs);
        if (server == null) {
            return Disposition.DROPPED_OVERLOAD;
        }
        answer(leg, server, status, retryAfter, null, nowNs);
        return Disposition.ANSWERED;
    }

    /** Answers the request that {@code server} keeps. @param retryAfter seconds, -1 for none */
    void answer(final Leg leg, final ServerTransaction server, final Status status, final int retryAfter,
            final byte[] reason, final long nowNs) {
        server.request(kept);
        final MutableDirectBuffer out = server.claim(writer.maxLength(kept, null));
        final int length = writer.response(leg, server, kept, status, retryAfter, reason, out);
        if (length > 0) {
            server.respond(status.code(), length, nowNs);
        }
    }

    /** Max-Forwards for a request that takes over {@code original}, which may be {@code null}. */
    int hops(final SipMessage original) {
        return hops(original, null);
    }

    int hops(final SipMessage original, final Trunk trunk) {
        if (original != null && original.maxForwards() != SipMessage.NOT_GIVEN) {
            return Math.max(0, original.maxForwards() - 1);
        }
        return trunk != null && trunk.maxForwards() > 0 ? trunk.maxForwards() : policy.maxForwards();
    }

    /** Begins scratch text. */
    AsciiWriter scratchText() {
        return text.wrap(scratch, 0);
    }

    UnsafeBuffer scratch() {
        return scratch;
    }

    /** Wall-clock time in milliseconds, as records have it; 0 when there are none. */
    long epochMs(final long nowNs) {
        return records.epochMs(nowNs);
    }

    /** A call is over: it is written down. */
    void record(final Call call, final long nowNs) {
        CallMeter.count(call, shard, nowNs);
        records.write(call, nowNs);
    }

    static byte[] ascii(final String value) {
        return value.getBytes(StandardCharsets.US_ASCII);
    }
}
