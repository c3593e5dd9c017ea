package org.tandemsip.engine.transaction;

import org.tandemsip.codec.Method;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.engine.metrics.Counter;

/**
 * INVITE server transaction: RFC 3261 section 17.2.1, figure 7 as replaced by RFC 6026 section 8.6.
 *
 * <pre>
 *                                   | INVITE
 *                INVITE             V pass INV to TU, which sends 100 at once
 *                send response +------------+
 *                     +--------|            |--------+ 101-199 from TU
 *                     |        | Proceeding |        | send response
 *                     +------->|            |&lt;-------+
 *                              |            |--------+ transport error
 *                              |            |&lt;-------+
 *                              +------------+
 *              300-699 from TU   |        |   2xx from TU
 *              send response     |        |   send response
 *                 +--------------+        +------------+
 *    INVITE       V          Timer G                   |
 *    send      +-----------+ send response             |
 *    response  |           |------+                    |  INVITE: -
 *       +------| Completed |      |                    |  ACK: to TU
 *       +----->|           |&lt;-----+                    V  2xx from TU: send response
 *              |           |------+ transport    +----------+
 *              |           |&lt;-----+ error        |          |-----+
 *              +-----------+                     | Accepted |     |
 *       Timer H |       | ACK                    |          |&lt;----+
 *               |       V                        +----------+
 *               |   +-----------+                     | Timer L
 *               |   | Confirmed |                     |
 *               |   +-----------+                     |
 *               |       | Timer I                     |
 *               V       V                             V
 *           +--------------------------------------------+
 *           |                 Terminated                 |
 *           +--------------------------------------------+
 * </pre>
 *
 * The request is kept while Proceeding, with the last provisional response; then only a non-2xx final response until
 * its ACK; after a 2xx nothing. Pooled; shard thread only.
 */
public final class InviteServerTransaction extends ServerTransaction {
    /** States of the figure. */
    enum State {
        PROCEEDING, COMPLETED, CONFIRMED, ACCEPTED, TERMINATED
    }

    private State state = State.TERMINATED;

    InviteServerTransaction(final Transactions owner) {
        super(owner);
    }

    /** Begins a new transaction. */
    void begin(final long nowNs) {
        state(State.PROCEEDING);
        armState(lanes.unansweredInvite, nowNs);
    }

    @Override
    public boolean onRequest(final SipMessage request, final long nowNs) {
        final boolean ack = request.method() == Method.ACK;
        return switch (state) {
            case PROCEEDING -> {
                if (!ack) {
                    sendLastAgain(0);
                }
                yield false;
            }
            case COMPLETED -> {
                if (ack) {
                    confirm(nowNs);
                } else {
                    sendLastAgain(0);
                }
                yield false;
            }
            // RFC 6026 section 7.1. An ACK with a branch of its own does not get here: this one is from RFC 2543, or
            // from a client that copies the branch of its INVITE.
            case ACCEPTED -> ack;
            case CONFIRMED, TERMINATED -> false;
        };
    }

    @Override
    public boolean respond(final int statusCode, final int length, final long nowNs) {
        return switch (state) {
            case PROCEEDING -> {
                if (statusCode < 200) {
                    sendAndKeepResponse(statusCode, length);
                    armState(lanes.unansweredInvite, nowNs);
                } else if (statusCode < 300) {
                    accept(statusCode, length, nowNs);
                } else {
                    complete(statusCode, length, nowNs);
                }
                yield true;
            }
            case ACCEPTED -> {
                final boolean success = statusCode >= 200 && statusCode < 300;
                if (success) {
                    sendResponse(statusCode, length);
                }
                yield success;
            }
            case COMPLETED, CONFIRMED, TERMINATED -> false;
        };
    }

    @Override
    public void terminate(final long nowNs) {
        if (state != State.TERMINATED) {
            state(State.TERMINATED);
            end(nowNs);
        }
    }

    State state() {
        return state;
    }

    @Override
    void onRetransmitTimer(final long nowNs) {
        switch (state) {
            case COMPLETED -> {
                sendLastAgain(0);
                armRetransmit(lanes.eOrG(countRetransmission()), nowNs);
            }
            case PROCEEDING, CONFIRMED, ACCEPTED, TERMINATED -> {}
        }
    }

    @Override
    void onStateTimer(final long nowNs) {
        switch (state) {
            case PROCEEDING, COMPLETED, CONFIRMED, ACCEPTED -> {
                if (state == State.COMPLETED) {
                    owner.counters.increment(Counter.TIMEOUTS_H);
                }
                state(State.TERMINATED);
                end(nowNs);
            }
            case TERMINATED -> {}
        }
    }

    private void accept(final int statusCode, final int length, final long nowNs) {
        releaseRequest();
        releaseLast();
        sendResponse(statusCode, length);
        state(State.ACCEPTED);
        armState(lanes.t1Times64, nowNs);
    }

    private void complete(final int statusCode, final int length, final long nowNs) {
        releaseRequest();
        sendAndKeepResponse(statusCode, length);
        state(State.COMPLETED);
        armState(lanes.t1Times64, nowNs);
        if (!stream()) {
            armRetransmit(lanes.eOrG(0), nowNs);
        }
    }

    private void confirm(final long nowNs) {
        cancelTimers();
        releaseLast();
        state(State.CONFIRMED);
        armState(stream() ? lanes.zero : lanes.t4, nowNs);
    }

    private void state(final State next) {
        state = next;
    }
}
