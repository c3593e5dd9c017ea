package org.tandemsip.b2bua;

import java.util.ArrayDeque;
import java.util.Arrays;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.tandemsip.codec.Method;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Status;
import org.tandemsip.engine.handler.MediaRelay.Answer;
import org.tandemsip.engine.handler.MediaRelay.Command;
import org.tandemsip.engine.handler.MediaRelay.Outcome;
import org.tandemsip.engine.handler.MediaRelay.Request;
import org.tandemsip.engine.handler.MediaRelay.Side;
import org.tandemsip.engine.handler.Reply;
import org.tandemsip.engine.handler.Source;
import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.engine.routing.MediaRules;
import org.tandemsip.engine.routing.Trunk;

/**
 * The media of one call: what each side is told of the other's (RFC 3264), by the rules of both trunks and, where they
 * ask for it, through a relay that is told of every offer and answer.
 *
 * <pre>
 *   leg 0                       relay                      leg 1
 *   INVITE, offer  ----------->  offer  ------------------> INVITE, offer of the relay
 *   183 or 200     <-----------  answer <------------------ 183 or 200, answer
 *   INVITE         ---------------------------------------> INVITE
 *   200, offer     <-----------  offer  <------------------ 200, offer
 *   ACK, answer    ----------->  answer ------------------> ACK
 *   re-INVITE, UPDATE, PRACK: likewise, from either side
 * </pre>
 *
 * While the relay is asked, what else comes for the call waits behind, so that nothing overtakes; but for BYE and
 * CANCEL, which end it. The relay is told of the end once, whatever has gone wrong before. Lives as long as the call,
 * or until the relay has said its last. Shard thread only.
 */
final class MediaSession implements Asker {
    static final byte[] LOST = B2bua.ascii("SIP;cause=503;text=\"Media relay lost\"");
    static final byte[] NOT_ACCEPTABLE = B2bua.ascii("SIP;cause=488;text=\"Not acceptable here\"");
    /** More are lost as on the network, and come again. */
    private static final int MOST_WAITING = 8;
    private static final String CALLER = "a";
    private static final byte[] NOTHING = {};

    /** A message that waits. @param command what the relay is asked about it, {@code null} while it waits for that */
    private record Held(byte[] bytes, Source source, Leg leg, Exchange exchange, Command command) {}

    private final B2bua owner;
    private final Media media;
    private final Call call;
    /** How the relay knows it. */
    private final RelayedCall relayed;
    /** Seldom anything. */
    private final ArrayDeque<Held> waiting = new ArrayDeque<>(1);
    /** The offer of the INVITE as it goes to {@link #offerTo}. */
    private byte[] offer;
    private Trunk offerTo;
    private boolean refused;
    private Trunk refusedTo;
    /** The request whose descriptions pass by the relay, since that was not there for the offer. */
    private int passedLeg = -1;
    private long passedCseq;
    private Question question;
    /** What the question is about; {@code null} for the INVITE that is kept by its transaction. */
    private Held held;
    private Leg receiver;
    private byte[] lines = NOTHING;
    private int[] lineSections = {};
    private boolean replaying;
    private boolean ended;

    /** @param relayed how the relay knows it, or will */
    MediaSession(final B2bua owner, final Call call, final RelayedCall relayed) {
        this.owner = owner;
        this.call = call;
        this.relayed = relayed;
        media = owner.media;
    }

    /** Whether the relay is asked now. */
    boolean waits() {
        return question != null;
    }

    /** Whether the offer could not be sent on. */
    boolean refused() {
        return refused;
    }

    // The INVITE that it begins with.

    /** The INVITE with the offer for the callee; {@code null}: see {@link Media#offer}. */
    byte[] offer(final SipMessage invite, final long nowNs) {
        final Leg callee = call.legs[1];
        final MediaRules from = MediaRules.of(call.trunkIn);
        final MediaRules to = MediaRules.of(callee.trunk);
        if (refused && refusedTo == callee.trunk) {
            return null;
        }
        refused = false;
        if (offer != null && offerTo == callee.trunk) {
            return media.descriptions.replace(invite, offer);
        }
        offer = null;
        relayed.anchored = from.anchored() || to.anchored();
        switch (media.descriptions.find(invite, from, to, true,
                relayed.anchored && !isPassed(0, invite.cseqNumber()))) {
            case NONE -> {
                // The callee offers.
            }
            case AS_IT_IS, CHANGED -> {
                if (relayed.anchored && !isPassed(0, invite.cseqNumber())) {
                    if (!ask(null, Command.OFFER, CALLER, null, callee, nowNs)) {
                        return withoutRelay(invite);
                    }
                } else {
                    return asRulesSay(invite, from, to);
                }
            }
            case UNREADABLE -> refuseOffer(relayed.anchored, Counter.MEDIA_REFUSED_SDP);
            case NOTHING_LEFT -> refuseOffer(true, Counter.MEDIA_REFUSED_CODECS);
        }
        return null;
    }

    /** The offer that the callee was sent in the place of the one that has come; {@code null} when it got that. */
    byte[] offerSent() {
        return offerTo == call.legs[1].trunk ? offer : null;
    }

    private void refuseOffer(final boolean refuse, final Counter why) {
        if (refuse) {
            refused = true;
            refusedTo = call.legs[1].trunk;
            owner.counters.increment(why);
            call.setup.failure = Status.NOT_ACCEPTABLE_HERE_488;
        }
    }

    /** The relay takes no question now. */
    private byte[] withoutRelay(final SipMessage invite) {
        if (media.passesOn) {
            pass(0, invite.cseqNumber());
            return asRulesSay(invite, MediaRules.of(call.trunkIn), MediaRules.of(call.legs[1].trunk));
        }
        refused = true;
        refusedTo = call.legs[1].trunk;
        owner.counters.increment(Counter.MEDIA_REFUSED_RELAY);
        call.setup.failure = Status.SERVICE_UNAVAILABLE_503;
        return null;
    }

    private byte[] asRulesSay(final SipMessage invite, final MediaRules from, final MediaRules to) {
        if (media.descriptions.find(invite, from, to, true, false) != Descriptions.Found.CHANGED) {
            return null;
        }
        offer = media.descriptions.changed();
        offerTo = call.legs[1].trunk;
        return media.descriptions.replace(invite, offer);
    }

    // What comes inside the dialogs.

    /** Takes a request; returns what to go on with, {@code null} when it waits or has been answered. */
    SipMessage onRequest(final Leg leg, final SipMessage request, final Source source, final long nowNs) {
        if (replaying) {
            return request;
        }
        if (request.method() == Method.BYE) {
            return relayed.anchored ? media.strip(request) : request;
        }
        if (question != null) {
            wait(request, source, leg, null);
            return null;
        }
        final Command command = commandOf(leg, request, nowNs);
        if (command == null) {
            return relayed.anchored && !negotiates(request.method()) ? media.refuse(leg, request, source, nowNs)
                    : request;
        }
        final boolean passed = isPassed(leg.number, request.cseqNumber());
        return look(request, source, leg, null, command, passed, nowNs);
    }

    /** What a request of {@code leg} brings, {@code null} when it will not be passed on or brings nothing. */
    private Command commandOf(final Leg leg, final SipMessage request, final long nowNs) {
        final Method method = request.method();
        if (request.bodyLength() == 0) {
            return null;
        }
        if (method == Method.ACK) {
            final Exchange invite = leg.inviteIn;
            return invite != null && invite.state == Exchange.State.ANSWERED && invite.ackOwed
                    && invite.cseqIn == request.cseqNumber() ? Command.ANSWER : null;
        }
        if (!negotiates(method) || request.cseqNumber() <= leg.remoteCseq || request.maxForwards() == 0
                || call.state == Call.State.ENDING || !leg.other().established() || call.exchanges.full()
                || call.exchanges.conflict(leg, request, nowNs) != null) {
            return null;
        }
        // The callee's offer came in a reliable response: the PRACK answers it (RFC 3262 section 5).
        return method == Method.PRACK && answersOffer(leg.inviteIn) ? Command.ANSWER : Command.OFFER;
    }

    /** Whether what a request of a method and its answers bring is an offer or an answer. */
    private static boolean negotiates(final Method method) {
        return method == Method.INVITE || method == Method.ACK || method == Method.UPDATE || method == Method.PRACK;
    }

    private boolean answersOffer(final Exchange invite) {
        return invite != null && !invite.offered && (invite.initial() ? !relayed.callerKnown : !invite.answered);
    }

    /** Takes a response to what we have sent; as {@link #onRequest}. */
    SipMessage onResponse(final Exchange exchange, final SipMessage response, final Source source,
            final long nowNs) {
        if (replaying) {
            return response;
        }
        if (question != null) {
            wait(response, source, exchange.to, exchange);
            return null;
        }
        final int code = response.statusCode();
        if (code <= Status.TRYING_100.code() || response.bodyLength() == 0
                || exchange.state != Exchange.State.PENDING) {
            return response;
        }
        if (code >= 300 || !negotiates(exchange.method)) {
            return relayed.anchored ? media.strip(response) : response;
        }
        final Command command = exchange.offered ? Command.ANSWER : Command.OFFER;
        return look(response, source, exchange.to, exchange, command,
                isPassed(exchange.from.number, exchange.cseqIn), nowNs);
    }

    private SipMessage look(final SipMessage message, final Source source, final Leg leg, final Exchange exchange,
            final Command command, final boolean passed, final long nowNs) {
        final MediaRules from = MediaRules.of(leg.trunk);
        final MediaRules to = MediaRules.of(leg.other().trunk);
        final boolean relays = relayed.anchored && !passed;
        switch (media.descriptions.find(message, from, to, command == Command.OFFER, relays)) {
            case NONE -> {
                return message;
            }
            case UNREADABLE -> {
                if (!relays) {
                    return message;
                }
                owner.counters.increment(Counter.MEDIA_REFUSED_SDP);
                refuse(message, source, leg, exchange, command, Status.NOT_ACCEPTABLE_HERE_488, nowNs);
                return null;
            }
            case NOTHING_LEFT -> {
                owner.counters.increment(Counter.MEDIA_REFUSED_CODECS);
                refuse(message, source, leg, exchange, command, Status.NOT_ACCEPTABLE_HERE_488, nowNs);
                return null;
            }
            case AS_IT_IS -> {
                if (!relays) {
                    return message;
                }
            }
            case CHANGED -> {
                if (!relays) {
                    return media.edited(media.descriptions.replace(message, media.descriptions.changed()), message);
                }
            }
        }
        final Leg other = leg.other();
        final String sender = tagOf(leg, message);
        final String receiverTag = other.number == 0 && !relayed.callerKnown ? command == Command.OFFER ? null : CALLER
                : tagOf(other, null);
        final Held asked = new Held(Descriptions.bytesOf(message), new Source().set(source), leg, exchange, command);
        final boolean offers = command == Command.OFFER;
        if (!ask(asked, command, offers ? sender : receiverTag, offers ? receiverTag : sender, other, nowNs)) {
            onUnreachable(asked, message, nowNs);
        }
        return null;
    }

    /** Name of a side at the relay; each dialog of the callee has its own. */
    private String tagOf(final Leg leg, final SipMessage message) {
        if (leg.number == 0) {
            return CALLER;
        }
        if (relayed.calleeDialog != 0) {
            return "b-" + Long.toHexString(relayed.calleeDialog);
        }
        return "b-" + Long.toHexString(message == null || message.isRequest() ? owner.hashes.dialog(leg)
                : owner.hashes.dialog(message));
    }

    private void wait(final SipMessage message, final Source source, final Leg leg, final Exchange exchange) {
        final byte[] bytes = Descriptions.bytesOf(message);
        if (waiting.size() >= MOST_WAITING || held != null && Arrays.equals(bytes, held.bytes)) {
            return;
        }
        for (final Held each : waiting) {
            if (Arrays.equals(bytes, each.bytes)) {
                // The same again.
                return;
            }
        }
        waiting.add(new Held(bytes, new Source().set(source), leg, exchange, null));
    }

    // The relay.

    private boolean ask(final Held about, final Command command, final String fromTag, final String toTag,
            final Leg to, final long nowNs) {
        final byte[] sdp = media.descriptions.forRelay();
        question = sdp == null ? null : owner.questions.ask(this, owner.lanes.t1Times64(), nowNs);
        if (question == null) {
            return false;
        }
        held = about;
        receiver = to;
        lines = media.descriptions.leftOut();
        lineSections = media.descriptions.leftOutSections();
        final Side from = MediaRules.of(to.other().trunk).side();
        if (!media.relay.ask(
                new Request(media.shard(), question.ticket, command, relayed.node, relayed.callId, fromTag, toTag, from,
                        MediaRules.of(to.trunk).side(), sdp))) {
            owner.questions.forget(question);
            question = null;
            held = null;
            return false;
        }
        return true;
    }

    @Override
    public void onReply(final Reply reply, final long nowNs) {
        final Answer answer = (Answer) reply;
        if (answer.node() >= 0 && answer.node() != relayed.node) {
            relayed.node = answer.node();
            if (!ended) {
                owner.states.keep(call);
            }
        }
        onAnswer(answer.outcome(), answer.sdp(), nowNs);
    }

    @Override
    public void onNoReply(final long nowNs) {
        onAnswer(Outcome.UNREACHABLE, NOTHING, nowNs);
    }

    private void onAnswer(final Outcome outcome, final byte[] given, final long nowNs) {
        final Held about = held;
        question = null;
        held = null;
        if (ended) {
            delete();
            return;
        }
        final byte[] sdp = outcome != Outcome.DONE ? null
                : media.descriptions.fromRelay(given, lines, lineSections, relayed.origins[receiver.number]);
        if (about == null) {
            onOffer(sdp, outcome, nowNs);
        } else if (sdp != null) {
            relayed.callerKnown |= about.leg.number == 0;
            if (media.descriptions.read(about.bytes, media.asked)) {
                replay(media.descriptions.replace(media.asked, sdp), about.source, nowNs);
            }
        } else if (media.descriptions.read(about.bytes, media.asked)) {
            if (outcome == Outcome.REFUSED) {
                owner.counters.increment(Counter.MEDIA_REFUSED_SDP);
                refuse(media.asked, about.source, about.leg, about.exchange, about.command,
                        Status.NOT_ACCEPTABLE_HERE_488, nowNs);
            } else {
                onUnreachable(about, media.asked, nowNs);
            }
        }
        while (!ended && question == null && !waiting.isEmpty()) {
            final Held next = waiting.remove();
            media.deliver(next.bytes, next.source, nowNs);
        }
    }

    private void onOffer(final byte[] sdp, final Outcome outcome, final long nowNs) {
        if (sdp != null) {
            relayed.callerKnown = true;
            offer = sdp;
            offerTo = call.legs[1].trunk;
            call.setup.resume(nowNs);
        } else if (outcome == Outcome.REFUSED) {
            owner.counters.increment(Counter.MEDIA_REFUSED_SDP);
            call.setup.giveUp(Status.NOT_ACCEPTABLE_HERE_488, nowNs);
        } else if (media.passesOn) {
            pass(0, call.initial.cseqIn);
            call.setup.resume(nowNs);
        } else {
            owner.counters.increment(Counter.MEDIA_REFUSED_RELAY);
            call.setup.giveUp(Status.SERVICE_UNAVAILABLE_503, nowNs);
        }
    }

    /** Lets a message come again; this time it passes. */
    private void replay(final byte[] bytes, final Source source, final long nowNs) {
        replaying = true;
        try {
            media.deliver(bytes, source, nowNs);
        } finally {
            replaying = false;
        }
    }

    // Where it does not go on.

    private void onUnreachable(final Held about, final SipMessage message, final long nowNs) {
        if (about.command == Command.OFFER && media.passesOn) {
            pass(about.exchange == null ? about.leg.number : about.exchange.from.number,
                    about.exchange == null ? message.cseqNumber() : about.exchange.cseqIn);
            replay(about.bytes, about.source, nowNs);
            return;
        }
        // An answer without a relay is of no use: the other side sends its media there.
        owner.counters.increment(Counter.MEDIA_REFUSED_RELAY);
        refuse(message, about.source, about.leg, about.exchange, about.command, Status.SERVICE_UNAVAILABLE_503, nowNs);
    }

    private void pass(final int leg, final long cseq) {
        owner.counters.increment(Counter.MEDIA_UNANCHORED);
        passedLeg = leg;
        passedCseq = cseq;
    }

    private boolean isPassed(final int leg, final long cseq) {
        return passedLeg == leg && passedCseq == cseq;
    }

    /**
     * A description is not passed on. An offer in a request is refused; where it is too late for that, what it was for
     * ends: the call before its answer, or else the dialogs.
     */
    private void refuse(final SipMessage message, final Source source, final Leg leg, final Exchange exchange,
            final Command command, final Status status, final long nowNs) {
        final byte[] reason = status == Status.SERVICE_UNAVAILABLE_503 ? LOST : NOT_ACCEPTABLE;
        if (exchange == null && command == Command.OFFER) {
            leg.remoteCseq = message.cseqNumber();
            owner.refuse(leg, message, source, status, -1, nowNs);
        } else if (message.isRequest() && message.method() == Method.ACK) {
            // Who waits for it gets it, without what cannot be said.
            replay(media.descriptions.strip(message), source, nowNs);
            call.hangUp(Ender.US, reason, nowNs);
        } else {
            final byte[] bytes = Descriptions.bytesOf(message);
            if (call.state == Call.State.SETUP) {
                call.fail(status, null, nowNs);
            } else if (!message.isRequest() && message.statusCode() < 200) {
                return;
            } else {
                call.hangUp(Ender.US, reason, nowNs);
            }
            // A 2xx gets its ACK and BYE like any that is not wanted any more.
            replay(bytes, source, nowNs);
        }
    }

    /** Writes down how the relay knows the media of a call, which may be none of ours. */
    static void save(final MediaSession session, final MutableDirectBuffer out, final int index) {
        if (session == null) {
            out.putInt(index, 0);
        } else {
            session.relayed.save(session.owner, session.call.legs[1], out, index);
        }
    }

    /** Goes on with what was written down; {@code null} when there is nothing. */
    static MediaSession resume(final B2bua owner, final Call call, final DirectBuffer in, final int index) {
        final RelayedCall relayed = RelayedCall.resume(in, index);
        return relayed == null ? null : new MediaSession(owner, call, relayed);
    }

    // The end.

    /** The call is over. */
    void end() {
        ended = true;
        waiting.clear();
        if (question == null) {
            delete();
        }
        // Else when the relay has said which node has it.
    }

    private void delete() {
        if (relayed.node >= 0) {
            media.relay.ask(new Request(media.shard(), 0, Command.DELETE, relayed.node, relayed.callId, CALLER, null,
                    Side.PLAIN,
                    Side.PLAIN, NOTHING));
            relayed.node = -1;
        }
    }
}
