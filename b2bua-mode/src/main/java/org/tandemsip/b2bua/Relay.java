package org.tandemsip.b2bua;

import org.tandemsip.codec.HeaderName;
import org.tandemsip.codec.Method;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Slice;
import org.tandemsip.codec.Status;
import org.tandemsip.engine.handler.Disposition;
import org.tandemsip.engine.handler.Source;

/** Takes the requests inside the dialogs of calls from one leg to the other. Shard thread only. */
final class Relay {
    private final B2bua owner;

    Relay(final B2bua owner) {
        this.owner = owner;
    }

    /** Takes a request inside the dialog of {@code leg}, which is neither an ACK nor a CANCEL. */
    Disposition onRequest(final Leg leg, final SipMessage request, final Source source, final long nowNs) {
        final Call call = leg.call;
        final boolean bye = request.method() == Method.BYE;
        if (bye ? request.cseqNumber() < leg.remoteCseq : request.cseqNumber() <= leg.remoteCseq) {
            // RFC 3261 section 12.2.2. There are peers that forget to raise the number for a BYE.
            return owner.refuse(leg, request, source, Status.SERVER_INTERNAL_ERROR_500, -1, nowNs);
        }
        leg.remoteCseq = Math.max(leg.remoteCseq, request.cseqNumber());
        if (bye) {
            return call.onBye(leg, request, source, nowNs);
        }
        if (call.state == Call.State.ENDING || leg.state == Leg.State.ENDED) {
            return owner.refuse(leg, request, source, Status.CALL_DOES_NOT_EXIST_481, -1, nowNs);
        }
        if (request.method() == Method.PRACK && call.setup == null && !isPending(leg.inviteIn)) {
            // It has been overtaken by the answer, and nobody waits for it any more.
            return owner.refuse(leg, request, source, Status.OK_200, -1, nowNs);
        }
        final Disposition done = request.method() == Method.REFER && owner.transfers.concerns(leg)
                ? owner.transfers.onRefer(leg, request, source, nowNs) : null;
        if (done != null) {
            return done;
        }
        final Leg other = leg.other();
        if (request.maxForwards() == 0) {
            return owner.refuse(leg, request, source, Status.TOO_MANY_HOPS_483, -1, nowNs);
        }
        if (!other.established() || call.exchanges.full()) {
            return owner.refuse(leg, request, source, Status.SERVER_INTERNAL_ERROR_500, owner.draws.retryAfter(),
                    nowNs);
        }
        if (SessionTimer.concerns(request.method())) {
            leg.learn(request);
            if (!leg.session.onRequest(request)) {
                return owner.refuse(leg, request, source, Status.SESSION_INTERVAL_TOO_SMALL_422, -1, nowNs);
            }
        }
        final Status named =
                request.method() == Method.REFER ? owner.replacements.refusal(request, other, null) : null;
        final boolean elsewhere = named != null && owner.replacements.isElsewhere();
        if (named != null && !elsewhere) {
            owner.replacements.countRefused(null);
            return owner.refuse(leg, request, source, named, -1, nowNs);
        }
        final Status conflict = call.exchanges.conflict(leg, request, nowNs);
        if (conflict != null) {
            return owner.refuse(leg, request, source, conflict,
                    conflict == Status.SERVER_INTERNAL_ERROR_500 ? owner.draws.retryAfter() : -1, nowNs);
        }
        return relay(leg, request, source, elsewhere, nowNs);
    }

    private Disposition relay(final Leg leg, final SipMessage request, final Source source, final boolean elsewhere,
            final long nowNs) {
        final Leg other = leg.other();
        owner.extra.clear();
        if (request.method() == Method.PRACK && !readRack(leg, request)) {
            return owner.refuse(leg, request, source, Status.CALL_DOES_NOT_EXIST_481, -1, nowNs);
        }
        final Exchange exchange = owner.pools.takeExchange(leg, request);
        exchange.server = owner.transactions.createServer(request, source, exchange, nowNs);
        if (exchange.server == null) {
            owner.pools.giveBack(exchange);
            return Disposition.DROPPED_OVERLOAD;
        }
        leg.call.exchanges.add(exchange);
        if (elsewhere) {
            exchange.lookUp = owner.others.ask((dialog, atNs) -> onDialog(exchange, dialog, atNs), nowNs);
            if (exchange.lookUp == null) {
                onDialog(exchange, NamedDialog.UNANSWERED, nowNs);
            }
            return Disposition.FORWARDED;
        }
        final boolean invite = exchange.invite();
        if (!resend(exchange, request, nowNs)) {
            exchange.answer(Status.SERVICE_UNAVAILABLE_503, -1, null, nowNs);
            exchange.release(nowNs);
            return Disposition.ANSWERED;
        }
        if (invite) {
            leg.inviteIn = exchange;
            other.inviteOut = exchange;
            exchange.server.respond(Status.TRYING_100, nowNs);
        }
        if (invite || request.method() == Method.UPDATE) {
            leg.refresh(request);
        }
        return Disposition.FORWARDED;
    }

    /** Goes on with a REFER that names a dialog of another shard, which was asked for it. */
    private void onDialog(final Exchange exchange, final NamedDialog dialog, final long nowNs) {
        exchange.lookUp = null;
        exchange.named = dialog;
        exchange.server.request(owner.kept);
        Status refusal = owner.replacements.refusal(owner.kept, exchange.to, dialog);
        if (refusal != null) {
            owner.replacements.countRefused(dialog);
        } else if (!EarlyDialogs.turn(exchange) || !exchange.to.established()) {
            // Somebody else is called by now, with whom there is no dialog yet.
            refusal = Status.SERVER_INTERNAL_ERROR_500;
        } else {
            owner.extra.clear();
            refusal = resend(exchange, owner.kept, nowNs) ? null : Status.SERVICE_UNAVAILABLE_503;
        }
        if (refusal != null) {
            exchange.answer(refusal, -1, null, nowNs);
            exchange.release(nowNs);
        }
    }

    /** Sends the request of {@code exchange} on the other leg; {@code false} when there is no room for it. */
    boolean resend(final Exchange exchange, final SipMessage request, final long nowNs) {
        final Leg to = exchange.to;
        if (exchange.rseqs != null) {
            exchange.rseqs.leave();
        }
        owner.extra.named = exchange.named;
        final int length = owner.sender.write(to, request.method(), to.localCseq + 1, request, owner.hops(request),
                exchange, nowNs);
        if (length == 0) {
            return false;
        }
        exchange.client = owner.sender.transaction();
        exchange.cseqOut = ++to.localCseq;
        exchange.client.start(length, nowNs);
        if (to.unsaved() && to.call.subscription == null) {
            owner.states.keep(to.call);
        }
        return true;
    }

    private static boolean isPending(final Exchange invite) {
        return invite != null && invite.state == Exchange.State.PENDING;
    }

    /** Our RSeq for a provisional response to an INVITE, 0 for none; -1 when it is not to be passed. */
    long rseq(final Exchange invite, final SipMessage response) {
        if (invite.initial()) {
            return invite.call.setup.early.onProvisional(response);
        }
        if (!Slice.exists(response.value(HeaderName.RSEQ))) {
            return 0;
        }
        if (owner.hashes.dialog(response) != owner.hashes.dialog(invite.to)) {
            // It is of another dialog, in which nobody is to be found.
            return -1;
        }
        invite.rseqs = invite.rseqs == null ? owner.pools.takeRseqs() : invite.rseqs;
        return invite.rseqs.ours(response);
    }

    /** Finds out which provisional response of the other side a PRACK is for (RFC 3262 section 7.2). */
    boolean readRack(final Leg leg, final SipMessage prack) {
        final long rack = prack.value(HeaderName.RACK);
        final Exchange invite = leg.inviteIn;
        if (!isPending(invite) || !Slice.exists(rack)) {
            return false;
        }
        final long ours = Numbers.parseLong(prack.bytes(), rack);
        final long cseq = Numbers.parseLong(prack.bytes(), Numbers.rest(prack.bytes(), rack));
        final Rseqs rseqs = invite.initial() ? leg.call.setup.early.rseqs() : invite.rseqs;
        if (cseq != invite.cseqIn || rseqs == null || !isIn(rseqs.dialog(ours), leg.other(), rseqs)) {
            return false;
        }
        rseqs.acknowledge(ours);
        invite.answered |= !invite.offered && prack.bodyLength() > 0;
        owner.extra.rackRseq = rseqs.theirs(ours);
        owner.extra.rackCseq = invite.cseqOut;
        return true;
    }

    /** Whether a leg is in an early dialog, or can go back to it: another one of a fork came last. */
    private boolean isIn(final long dialog, final Leg leg, final Rseqs rseqs) {
        return dialog != 0 && (dialog == owner.hashes.dialog(leg)
                || rseqs.read(dialog, owner.earlier) && leg.ofResponse(owner.earlier));
    }
}
