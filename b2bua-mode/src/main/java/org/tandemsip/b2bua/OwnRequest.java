package org.tandemsip.b2bua;

import org.tandemsip.codec.Method;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Status;
import org.tandemsip.engine.handler.Disposition;
import org.tandemsip.engine.timer.TimerNode;
import org.tandemsip.engine.transaction.CancelReason;
import org.tandemsip.engine.transaction.ClientTransaction;
import org.tandemsip.engine.transaction.InviteClientTransaction;
import org.tandemsip.engine.transaction.TransactionUser;

/**
 * A request inside a dialog that we send by ourselves: the other leg knows nothing of it. The 2xx to an INVITE is
 * acknowledged here. Pooled; shard thread only.
 */
final class OwnRequest implements Requester {
    /** Whoever wants to know what came of it. */
    interface Outcome {
        /**
         * Told once.
         *
         * @param code     status code; 408 when nothing came, 503 when it could not be sent
         * @param response the final response, or {@code null}
         */
        void onOutcome(Method method, int code, SipMessage response, long nowNs);
    }

    /** Next one of the leg, or of the pool. */
    OwnRequest next;

    private final B2bua owner;
    private final KeptBytes body;
    private Leg leg;
    private Method method;
    private Outcome outcome;
    private byte[] rows;
    private ClientTransaction client;
    private long cseq;
    private int answers;
    private boolean raised;
    /** An INVITE that the other side only works on must not keep others waiting for ever: timer C bounds it. */
    private final TimerNode timerC = new TimerNode() {
        @Override
        protected void expired(final long nowNs) {
            cancel(nowNs);
        }
    };

    OwnRequest(final B2bua owner) {
        this.owner = owner;
        body = new KeptBytes(owner.memory);
    }

    /**
     * Sends it.
     *
     * @param header rows that it carries besides those of its dialog, or {@code null}
     * @param text   its body, or {@code null}; copied
     * @return {@code false} when there is no room for it: then nobody is told anything
     */
    boolean begin(final Leg inside, final Method which, final byte[] header, final KeptBytes text,
            final Outcome taker, final long nowNs) {
        leg = inside;
        method = which;
        rows = header;
        outcome = taker;
        answers = 0;
        raised = false;
        body.forget();
        if (text != null && !body.keep(text)) {
            owner.pools.giveBack(this);
            return false;
        }
        owner.extra.clear();
        if (!send(nowNs)) {
            body.forget();
            owner.pools.giveBack(this);
            return false;
        }
        next = leg.own;
        leg.own = this;
        if (method == Method.INVITE) {
            leg.inviteOut = this;
            owner.timers.arm(timerC, owner.lanes.timerC(), nowNs);
        }
        return true;
    }

    private boolean send(final long nowNs) {
        owner.extra.rows = rows;
        owner.extra.body = body;
        final int length =
                owner.sender.write(leg, method, leg.localCseq + 1, null, owner.hops(null), this, nowNs);
        if (length == 0) {
            return false;
        }
        client = owner.sender.transaction();
        cseq = ++leg.localCseq;
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
        if (again(response, nowNs)) {
            return Disposition.ABSORBED;
        }
        if (code < 300 && (method == Method.INVITE || method == Method.UPDATE)) {
            leg.refresh(response);
        }
        if (code < 300 && method == Method.INVITE) {
            acknowledge(response, nowNs);
        }
        finish(code, response, nowNs);
        return Disposition.ABSORBED;
    }

    private boolean again(final SipMessage response, final long nowNs) {
        final ClientTransaction before = client;
        owner.extra.clear();
        if (owner.auth.takes(leg, response, answers, before.destination(), owner.responder)) {
            answers++;
            owner.extra.auth = owner.auth;
        } else if (!raised && response.statusCode() == Status.SESSION_INTERVAL_TOO_SMALL_422.code()
                && leg.session.raise(response)) {
            raised = true;
        } else {
            return false;
        }
        if (send(nowNs)) {
            before.detach();
            return true;
        }
        return false;
    }

    private void acknowledge(final SipMessage success, final long nowNs) {
        final Keeper keeper = owner.pools.takeKeeper().begin(false);
        owner.extra.clear();
        if (owner.sender.once(leg, Method.ACK, cseq, null, keeper, owner.hashes.dialog(success), nowNs)) {
            client.handOver(keeper);
            client = null;
        } else {
            owner.pools.giveBack(keeper);
        }
    }

    private void finish(final int code, final SipMessage response, final long nowNs) {
        final Outcome taker = outcome;
        abandon();
        taker.onOutcome(method, code, response, nowNs);
    }

    /** Its answer is of no use any more: an INVITE must not wait for one for ever. */
    void cancel(final long nowNs) {
        if (client instanceof final InviteClientTransaction invite) {
            invite.cancel(CancelReason.NONE, nowNs);
        }
    }

    /** Nobody wants to know any more: it goes on by itself, and what it needs is still done. */
    void abandon() {
        outcome = null;
        owner.timers.cancel(timerC);
        if (client != null) {
            if (client instanceof InviteClientTransaction) {
                client.handOver(owner.pools.takeKeeper().begin(false));
            } else {
                client.handOver(TransactionUser.NOBODY);
            }
            client = null;
        }
        leg.inviteOut = leg.inviteOut == this ? null : leg.inviteOut;
        OwnRequest before = null;
        for (OwnRequest each = leg.own; each != null; each = each.next) {
            if (each == this) {
                if (before == null) {
                    leg.own = next;
                } else {
                    before.next = next;
                }
                break;
            }
            before = each;
        }
        body.forget();
        owner.pools.giveBack(this);
    }

    @Override
    public void onRetransmission() {
        leg.call.retransmits++;
    }

    @Override
    public void onTimeout(final ClientTransaction transaction, final long nowNs) {
        client = null;
        finish(Status.REQUEST_TIMEOUT_408.code(), null, nowNs);
    }

    @Override
    public void onTransportError(final ClientTransaction transaction, final long nowNs) {
        if (transaction != client) {
            return;
        }
        client = owner.sender.overUdp(transaction, leg, this, nowNs);
        if (client == null) {
            finish(Status.SERVICE_UNAVAILABLE_503.code(), null, nowNs);
        }
    }
}
