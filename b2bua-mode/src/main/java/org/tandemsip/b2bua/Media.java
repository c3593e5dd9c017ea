package org.tandemsip.b2bua;

import org.agrona.concurrent.UnsafeBuffer;
import org.tandemsip.codec.Method;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Status;
import org.tandemsip.engine.handler.MediaRelay;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.handler.Source;
import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.engine.routing.MediaRules;
import org.tandemsip.engine.transaction.ClientTransaction;

/**
 * What the calls of a shard share about their media: the relay, and the tools for session descriptions. A message that
 * has to wait for the relay is kept as it came, before anybody else has looked at it, and comes again when the relay
 * has answered, with another description in it; so nothing but this knows that it has waited. Shard thread only.
 */
final class Media {
    final Descriptions descriptions;
    MediaRelay relay = MediaRelay.NONE;
    /** Whether calls go on without a relay that is not there. */
    boolean passesOn;

    /** Scratch: the message that the relay was asked about. */
    final SipMessage asked;

    private final B2bua owner;
    private final UnsafeBuffer sdp = new UnsafeBuffer(0, 0);
    private final int shard;
    private final SipMessage invite;
    private final SipMessage edited;
    private final SipMessage replayed;

    Media(final B2bua owner, final ShardContext context) {
        this.owner = owner;
        shard = context.shard();
        descriptions = new Descriptions(context.limits());
        asked = new SipMessage(context.limits().headerRows());
        // One row more than may come: Content-Length may not have been there.
        invite = new SipMessage(context.limits().headerRows() + 1);
        edited = new SipMessage(context.limits().headerRows() + 1);
        replayed = new SipMessage(context.limits().headerRows() + 1);
    }

    int shard() {
        return shard;
    }

    /**
     * The INVITE as the callee is to get it.
     *
     * @return {@code null} when there is none: the relay is asked and {@link Setup#resume} comes later, if
     *         {@link MediaSession#waits()}; else it cannot be sent there
     */
    SipMessage offer(final Call call, final SipMessage original, final long nowNs) {
        if (call.media == null) {
            if (!MediaRules.of(call.trunkIn).apply() && !MediaRules.of(call.legs[1].trunk).apply()) {
                return original;
            }
            if (call.transfer != null) {
                // It was redirected there: see Transfers.
                call.setup.failure = Status.NOT_ACCEPTABLE_HERE_488;
                return null;
            }
            call.media = new MediaSession(owner, call, RelayedCall.begin(owner.draws));
        }
        final byte[] bytes = call.media.offer(original, nowNs);
        return bytes == null ? call.media.waits() || call.media.refused() ? null : original
                : descriptions.read(bytes, invite) ? invite : original;
    }

    // The sessions that both sides know, which they may be told once more (RFC 4028 section 7.4): as they were sent.

    /** Keeps the offer of an INVITE whose 2xx has come, if it had one and no other has followed in that dialog. */
    void keepOffer(final Exchange accepted) {
        final Call call = accepted.call;
        final long dialog = owner.hashes.dialog(call.legs[1]);
        forgetOther(accepted.to, dialog);
        if (!accepted.offered || accepted.described == dialog) {
            return;
        }
        // An INVITE inside the dialog was made anew before its transaction began.
        final byte[] offer = accepted == call.initial && call.media != null ? call.media.offerSent() : null;
        if (offer == null) {
            owner.transfers.original(accepted, owner.kept);
            accepted.to.keepSession(owner.kept);
        } else {
            sdp.wrap(offer);
            accepted.to.keepSession(sdp, 0, offer.length);
        }
    }

    /** Keeps what a provisional response of an INVITE has told, when it is reliable (RFC 3262 section 5). */
    void keepProgress(final Exchange invite, final SipMessage response, final long rseq) {
        if (rseq == 0 || response.bodyLength() == 0) {
            return;
        }
        // It answers the offer, if there was one.
        invite.answered |= invite.offered;
        if (invite.described != owner.hashes.dialog(response)) {
            invite.from.keepSession(response);
            invite.from.sdpOf = owner.hashes.dialog(response);
        }
    }

    /** A re-INVITE has failed: what was agreed upon meanwhile may be void (RFC 3261 section 14.1, RFC 6141). */
    void forgetProgress(final Exchange invite) {
        forgetOther(invite.from, 0);
    }

    /** Keeps what a 2xx to an INVITE has told, unless offers have followed the one that it answers once more. */
    void keepSuccess(final Exchange invite, final SipMessage response, final long dialog) {
        forgetOther(invite.from, dialog);
        if (invite.described != dialog) {
            invite.from.keepSession(response);
        }
    }

    /** What a leg was told in another dialog, that of a branch of a fork, is not what holds. */
    private static void forgetOther(final Leg leg, final long dialog) {
        if (leg.sdpOf != 0 && leg.sdpOf != dialog) {
            leg.sdp.forget();
        }
        leg.sdpOf = 0;
    }

    /** Keeps what an UPDATE or PRACK and its 2xx tell, before that goes: its transaction may be over then. */
    void keepFollowing(final Exchange exchange, final SipMessage success) {
        final Call call = exchange.call;
        final boolean toCallee = exchange.to == call.legs[1];
        if (exchange.method == Method.PRACK && !exchange.offered && success.bodyLength() == 0
                || !EarlyDialogs.turn(exchange)
                || toCallee && owner.hashes.dialog(success) != owner.hashes.dialog(call.legs[1])) {
            return;
        }
        exchange.server.request(owner.kept);
        exchange.to.keepSession(owner.kept);
        exchange.from.keepSession(success);
        final Exchange invite = call.legs[0].inviteIn != null ? call.legs[0].inviteIn : call.legs[1].inviteIn;
        if (invite != null) {
            final long dialog = owner.hashes.dialog(call.legs[1]);
            if (invite.initial()) {
                exchange.to.sdpOf = dialog;
                exchange.from.sdpOf = dialog;
            }
            if (exchange.offered) {
                invite.described = dialog;
            }
        }
        owner.states.keep(call);
    }

    /** Keeps what the ACK has told. */
    void keepAnswer(final Exchange invite, final SipMessage ack) {
        invite.to.keepSession(ack);
        if (invite != invite.call.initial && ack.bodyLength() > 0) {
            owner.states.keep(invite.call);
        }
    }

    /** Has media relayed by {@code newRelay}. @param goesOn whether calls go on without one that is not there */
    void by(final MediaRelay newRelay, final boolean goesOn) {
        relay = newRelay;
        passesOn = goesOn;
    }

    /** A request inside the dialog of a leg, to go on with; {@code null} when it waits, or has been answered. */
    SipMessage look(final Leg leg, final SipMessage request, final Source source, final long nowNs) {
        final Call call = leg.call;
        if (call.media != null) {
            return call.media.onRequest(leg, request, source, nowNs);
        }
        return call.subscription != null && anchors(call) ? refuse(leg, request, source, nowNs) : request;
    }

    /** A response, likewise. */
    SipMessage look(final ClientTransaction transaction, final SipMessage response, final Source source,
            final long nowNs) {
        if (transaction.user() instanceof final Exchange exchange) {
            final Call call = exchange.call;
            if (call.media != null) {
                return call.media.onResponse(exchange, response, source, nowNs);
            }
            return call.subscription != null && anchors(call) ? strip(response) : response;
        }
        return transaction.user() instanceof final LoneRequest request && request.isAnchored() ? strip(response)
                : response;
    }

    // Descriptions that are neither offer nor answer, which a relay can make nothing of.

    /** Whether what goes between two legs may tell of no addresses but those of a relay. */
    static boolean anchors(final Call call) {
        return MediaRules.of(call.legs[0].trunk).anchored() || MediaRules.of(call.legs[1].trunk).anchored();
    }

    /** A message to go on with, without a body that has a description: it would only inform. */
    SipMessage strip(final SipMessage message) {
        return descriptions.mayBeIn(message) ? edited(descriptions.strip(message), message) : message;
    }

    /** Refuses a request inside a dialog that has a description; {@code null} then, else the request. */
    SipMessage refuse(final Leg leg, final SipMessage request, final Source source, final long nowNs) {
        if (request.cseqNumber() <= leg.remoteCseq || !descriptions.mayBeIn(request)) {
            return request;
        }
        leg.remoteCseq = request.cseqNumber();
        owner.counters.increment(Counter.MEDIA_REFUSED_SDP);
        owner.refuse(leg, request, source, Status.NOT_ACCEPTABLE_HERE_488, -1, nowNs);
        return null;
    }

    /** A message made anew, to go on with at once. */
    SipMessage edited(final byte[] bytes, final SipMessage original) {
        return descriptions.read(bytes, edited) ? edited : original;
    }

    /** Lets a message that was kept come again. */
    void deliver(final byte[] bytes, final Source source, final long nowNs) {
        if (descriptions.read(bytes, replayed)) {
            deliver(replayed, source, nowNs);
        }
    }

    /** Lets a message come again, whoever takes it now. */
    void deliver(final SipMessage message, final Source source, final long nowNs) {
        if (!message.isRequest()) {
            owner.onResponse(message, source, nowNs);
        } else if (owner.owns(message)) {
            owner.onRequest(message, source, nowNs);
        }
    }
}
