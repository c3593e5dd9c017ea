package org.tandemsip.b2bua;

import org.tandemsip.codec.Method;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Status;

/** The requests that are under way on both legs of a call. Part of a {@link Call}; shard thread only. */
final class Exchanges {
    /** Most of them together: nobody needs more, and each takes memory. */
    private static final int MOST = 16;

    private Exchange first;
    private int count;

    /** Whether there are as many as there may be. */
    boolean full() {
        return count >= MOST;
    }

    void add(final Exchange exchange) {
        exchange.next = first;
        first = exchange;
        count++;
    }

    void remove(final Exchange exchange) {
        Exchange before = null;
        for (Exchange each = first; each != null; each = each.next) {
            if (each == exchange) {
                if (before == null) {
                    first = each.next;
                } else {
                    before.next = each.next;
                }
                count--;
                return;
            }
            before = each;
        }
    }

    /** The call ends: each is answered that has no answer yet. */
    void abort(final long nowNs) {
        for (Exchange exchange = first; exchange != null;) {
            final Exchange following = exchange.next;
            exchange.abort(nowNs);
            exchange = following;
        }
    }

    /** Whoever is in them changes: what has no answer is answered, what has no ACK is taken to have it. */
    void settle(final long nowNs) {
        for (Exchange exchange = first; exchange != null;) {
            final Exchange following = exchange.next;
            if (exchange.state == Exchange.State.ANSWERED) {
                exchange.onAck(null, nowNs);
            } else {
                exchange.abort(nowNs);
            }
            exchange = following;
        }
    }

    /** Gives all of them back. What has no answer gets one, but for the INVITE that the call began with: it has one. */
    void release(final long nowNs) {
        while (first != null) {
            if (!first.initial()) {
                first.answer(Status.REQUEST_TERMINATED_487, -1, null, nowNs);
            }
            first.release(nowNs);
        }
    }

    /**
     * Whether a request has to wait for another one that is under way (RFC 3261 section 14.2, RFC 3311 section 5.2), of
     * whose two offers only one may stand (RFC 5407 section 3.3.2): 491 where both sides ask at once, 500 where one
     * side asks again too early. {@code null} when it may pass.
     */
    Status conflict(final Leg leg, final SipMessage request, final long nowNs) {
        if (request.method() == Method.INVITE) {
            final Exchange own = leg.inviteIn;
            if (own != null && own.state == Exchange.State.ANSWERED && !own.ackOwed) {
                // Who sends another one has got our 2xx: its ACK was lost, or has been overtaken (RFC 5407 section
                // 3.1.4). Where the ACK has to bring an answer it is waited for (section 3.1.5).
                own.onAck(null, nowNs);
            }
            if (leg.inviteIn != null) {
                return leg.inviteIn.state == Exchange.State.PENDING ? Status.SERVER_INTERNAL_ERROR_500
                        : Status.REQUEST_PENDING_491;
            }
            if (leg.inviteOut != null || leg.other().inviteIn != null || leg.other().inviteOut != null) {
                return Status.REQUEST_PENDING_491;
            }
        } else if (request.method() != Method.UPDATE) {
            return null;
        }
        if (request.bodyLength() > 0) {
            if (leg.inviteOut instanceof OwnRequest || leg.other().inviteOut instanceof OwnRequest) {
                return Status.REQUEST_PENDING_491;
            }
            for (Exchange each = first; each != null; each = each.next) {
                if (each.offerPending() && (EarlyDialogs.isInTheOnly(each) || each.early == leg.call.legs[0].mac)) {
                    return each.to == leg ? Status.REQUEST_PENDING_491 : Status.SERVER_INTERNAL_ERROR_500;
                }
            }
        }
        return null;
    }
}
