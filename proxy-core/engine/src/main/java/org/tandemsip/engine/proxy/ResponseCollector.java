package org.tandemsip.engine.proxy;

import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Status;
import org.tandemsip.engine.handler.Disposition;
import org.tandemsip.engine.timer.TimerNode;
import org.tandemsip.engine.transaction.ServerTransaction;

/**
 * What goes up to the caller of one request: responses as they come, or the best final one when all branches have ended
 * (RFC 3261 section 16.7 steps 4 to 9). The part of a {@link ResponseContext} that looks upstream; shard thread only.
 */
abstract class ResponseCollector extends TimerNode {
    final StatefulProxy proxy;
    /** What the request does to a call. */
    final CallPart callPart;
    ServerTransaction server;
    boolean invite;
    long startedNs;
    /** Best final response so far that had to wait for other branches. */
    BestResponse best;
    /** Answer of our own for the case that no branch gives one. */
    Status local;
    boolean cancelled;
    /** Whether a final response has gone up; or, for a non-INVITE out of time, never will (RFC 4320 section 4.2). */
    boolean finalSent;

    ResponseCollector(final StatefulProxy proxy) {
        this.proxy = proxy;
        this.callPart = new CallPart(proxy);
    }

    /** Tells the caller that its request is being worked on: at once of an INVITE, else when it takes long. */
    final void sayTrying(final long nowNs) {
        if (invite) {
            server.respond(Status.TRYING_100, nowNs);
        } else {
            proxy.armTrying(this, nowNs);
        }
    }

    /** Whether the caller has not given up yet: until its timer F, or for an INVITE as long as timer C. */
    final boolean callerWaits(final long nowNs) {
        return proxy.callerWaits(invite, startedNs, nowNs);
    }

    /**
     * Adds a final response to the context (section 16.7 step 4): as the best one, or its challenges to the best one.
     */
    final void keep(final SipMessage response) {
        if (best == null) {
            best = proxy.takeBest();
            if (best == null || !best.keep(response, proxy.responses, proxy.memory)) {
                best = proxy.giveBack(best);
                local = Status.SERVER_INTERNAL_ERROR_500;
            }
        } else if (best.worseThan(response.statusCode(), cancelled)) {
            best.keep(response, proxy.responses, proxy.memory);
        } else {
            best.merge(response, proxy.maxMessageBytes, proxy.memory);
        }
    }

    /**
     * Sends the best final response (section 16.7 step 6).
     *
     * @param last response that has just come and is not kept; or {@code null}
     */
    final Disposition sendBest(final SipMessage last, final long nowNs) {
        if (last != null && (best == null || best.worseThan(last.statusCode(), cancelled))) {
            if (last.statusCode() != 503) {
                final boolean sent = sendUp(last, nowNs);
                finalSent(last.statusCode());
                return sent ? Disposition.FORWARDED : Disposition.ABSORBED;
            }
            answer(Status.SERVER_INTERNAL_ERROR_500, nowNs);
        } else if (best != null) {
            if (last != null) {
                best.merge(last, proxy.maxMessageBytes, proxy.memory);
            }
            sendKept(nowNs);
        } else if (cancelled) {
            answer(Status.REQUEST_TERMINATED_487, nowNs);
        } else if (invite || local != Status.REQUEST_TIMEOUT_408) {
            answer(local, nowNs);
        } else {
            // The server transaction absorbs late retransmissions and ends by itself (RFC 4320 section 4.2).
            finalSent(Status.REQUEST_TIMEOUT_408.code());
        }
        return Disposition.ABSORBED;
    }

    final void sendKept(final long nowNs) {
        if (best.statusCode() == 503) {
            answer(Status.SERVER_INTERNAL_ERROR_500, nowNs);
        } else {
            server.claim(best.length()).putBytes(0, best.bytes(), 0, best.length());
            server.respond(best.statusCode(), best.length(), nowNs);
            finalSent(best.statusCode());
        }
    }

    /**
     * Sends a response upstream without our Via; {@code false} when the server transaction is gone (RFC 6026 section
     * 8.3).
     */
    final boolean sendUp(final SipMessage response, final long nowNs) {
        if (server == null) {
            return false;
        }
        final int length = proxy.responses.write(response, server.claim(proxy.responses.maxLength(response)));
        if (server.respond(response.statusCode(), length, nowNs)) {
            return true;
        }
        if (!invite || response.statusCode() < 200 || response.statusCode() > 299) {
            return false;
        }
        // The 2xx of a try that was given up, though the caller has a failure by now: section 16.7 step 5 wants it sent
        // on all the same. The server transaction takes none in Completed, so it goes past it.
        proxy.egress.send(length, server.responseDestination(), 0);
        return true;
    }

    final void answer(final Status status, final long nowNs) {
        server.respond(status, nowNs);
        finalSent(status.code());
    }

    final void finalSent(final int statusCode) {
        finalSent = true;
        callPart.meter.onFinal(statusCode);
        proxy.timers.cancel(this);
    }
}
