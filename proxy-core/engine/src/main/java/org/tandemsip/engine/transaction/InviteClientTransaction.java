package org.tandemsip.engine.transaction;

import org.agrona.MutableDirectBuffer;
import org.tandemsip.codec.Method;
import org.tandemsip.codec.SipMessage;

/**
 * INVITE client transaction: RFC 3261 section 17.1.1, figure 5 as replaced by RFC 6026 section 8.4.
 *
 * <pre>
 *                              | INVITE from TU
 *            Timer A           | INVITE sent
 *            INVITE sent       V                      Timer B or transport error
 *                 +-------+---------+                 inform TU
 *                 |       | Calling |--------------------------------------+
 *                 +------>|         |-------------+                        |
 *                         +---------+ 2xx         |                        |
 *             300-699 |        | 1xx  2xx to TU   |                        |
 *   ACK sent, to TU   |        | 1xx to TU        |                        |
 *                     |        V                  |                        |
 *                     |   +------------+--+ 1xx   |                        |
 *                     |   | Proceeding |  | to TU |                        |
 *                     |   |            |&lt;-+       |                        |
 *                     |   |            |--------->+                        |
 *                     |   |            | 2xx      |                        |
 *                     |   +------------+ to TU    |                        |
 *                     |        | 300-699     (64*T1 after CANCEL: inform TU, section 9.1)
 *                     |        | ACK sent, to TU  |                        |
 *                     V        V                  V                        |
 *     300-699     +-----------+              +----------+  2xx to TU       |
 *     ACK sent +--| Completed |              | Accepted |--+               |
 *              +->|           |              |          |&lt;-+               |
 *                 +-----------+              +----------+                  |
 *                   |      | transport error     | Timer M                 |
 *           Timer D |      | inform TU           |                         |
 *                   V      V                     V                         |
 *                 +----------------------------------+                     |
 *                 |            Terminated            |&lt;--------------------+
 *                 +----------------------------------+
 * </pre>
 *
 * The request is kept until a final response comes; after a non-2xx over UDP only its ACK, after a 2xx nothing.
 * Pooled; shard thread only.
 */
public final class InviteClientTransaction extends ClientTransaction {
    /** States of the figure. */
    enum State {
        /** Made, but not yet started: before the figure. */
        IDLE, CALLING, PROCEEDING, COMPLETED, ACCEPTED, TERMINATED
    }

    /** Section 9.1: a CANCEL must wait for a provisional response. */
    private enum Cancel {
        NONE, WANTED, SENT
    }

    private State state = State.IDLE;
    private Cancel cancel = Cancel.NONE;

    InviteClientTransaction(final Transactions owner) {
        super(owner);
    }

    /** Begins a new transaction; one that is never started ends with timer B. */
    void begin(final long nowNs) {
        state(State.IDLE);
        cancel = Cancel.NONE;
        armState(lanes.timeout, nowNs);
    }

    @Override
    public void start(final int length, final long nowNs) {
        state(State.CALLING);
        if (!sendRequest(length)) {
            // Without a copy there is no retransmission, ACK or CANCEL. Told as a transport error, after this call.
            armState(lanes.zero, nowNs);
            return;
        }
        armState(lanes.timeout, nowNs);
        if (!stream()) {
            armRetransmit(lanes.a(0), nowNs);
        }
    }

    @Override
    public Event onResponse(final SipMessage response, final long nowNs) {
        final int statusCode = response.statusCode();
        return switch (state) {
            case CALLING, PROCEEDING -> {
                if (statusCode < 200) {
                    yield provisional(nowNs);
                }
                yield statusCode < 300 ? accepted(nowNs) : rejected(response, nowNs);
            }
            case COMPLETED -> {
                if (statusCode >= 300) {
                    sendLastAgain(key);
                }
                yield Event.ABSORBED;
            }
            // RFC 6026 section 7.2: retransmissions and 2xx of other branches of a downstream fork alike.
            case ACCEPTED -> statusCode >= 200 && statusCode < 300 ? Event.FINAL : Event.ABSORBED;
            case IDLE, TERMINATED -> Event.ABSORBED;
        };
    }

    /**
     * Cancels the request (RFC 3261 section 9.1): sends a CANCEL in a transaction of its own once a provisional
     * response has come, at once when one is there already; does nothing after a final response or a second time. When
     * 64*T1 after the CANCEL there is still no final response, the transaction times out ({@code onTimeout}).
     *
     * @param reason what the CANCEL gives as its reason
     */
    public void cancel(final CancelReason reason, final long nowNs) {
        switch (state) {
            case IDLE, CALLING -> {
                if (cancel == Cancel.NONE) {
                    cancel = Cancel.WANTED;
                    if (reason.length() > 0) {
                        keepLast(reason.rows(), reason.length());
                    }
                }
            }
            case PROCEEDING -> sendCancel(reason, nowNs);
            case COMPLETED, ACCEPTED, TERMINATED -> {}
        }
    }

    /** Whether a provisional response has come, and no final one. */
    public boolean proceeding() {
        return state == State.PROCEEDING;
    }

    @Override
    public boolean completed() {
        return switch (state) {
            case IDLE, CALLING, PROCEEDING -> false;
            case COMPLETED, ACCEPTED, TERMINATED -> true;
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
            case CALLING -> {
                sendRequestAgain(key);
                final var next = lanes.a(countRetransmission());
                if (next != null) {
                    armRetransmit(next, nowNs);
                }
            }
            case IDLE, PROCEEDING, COMPLETED, ACCEPTED, TERMINATED -> {}
        }
    }

    @Override
    void onStateTimer(final long nowNs) {
        switch (state) {
            case CALLING, PROCEEDING -> {
                final boolean sent = hasRequest();
                state(State.TERMINATED);
                if (sent) {
                    endByTimeout(nowNs);
                } else {
                    endByTransportError(nowNs);
                }
            }
            case IDLE, COMPLETED, ACCEPTED -> {
                state(State.TERMINATED);
                end(nowNs);
            }
            case TERMINATED -> {}
        }
    }

    @Override
    void onTransportError(final long nowNs) {
        switch (state) {
            case CALLING, COMPLETED -> {
                state(State.TERMINATED);
                endByTransportError(nowNs);
            }
            // The request has arrived, whatever a late report says: the figure has no such edge.
            case IDLE, PROCEEDING, ACCEPTED, TERMINATED -> {}
        }
    }

    private Event provisional(final long nowNs) {
        if (state == State.CALLING) {
            cancelTimers();
            state(State.PROCEEDING);
        }
        if (cancel == Cancel.WANTED) {
            sendCancel(readLast(owner.cancelReason), nowNs);
            releaseLast();
        }
        return Event.PROVISIONAL;
    }

    private Event accepted(final long nowNs) {
        cancelTimers();
        releaseRequest();
        releaseLast();
        state(State.ACCEPTED);
        armState(lanes.t1Times64, nowNs);
        return Event.FINAL;
    }

    private Event rejected(final SipMessage response, final long nowNs) {
        cancelTimers();
        sendAck(response);
        releaseRequest();
        state(State.COMPLETED);
        armState(stream() ? lanes.zero : lanes.d, nowNs);
        return Event.FINAL;
    }

    private void sendAck(final SipMessage response) {
        final SipMessage request = owner.requestOf(this);
        final MutableDirectBuffer out = owner.claim(owner.hopByHop.maxLength(request, response, CancelReason.NONE));
        final int length = owner.hopByHop.write(Method.ACK, request, response, CancelReason.NONE, out);
        if (!stream()) {
            keepLast(out, length);
        }
        owner.egress.send(length, destination, key);
    }

    private void sendCancel(final CancelReason reason, final long nowNs) {
        if (cancel == Cancel.SENT) {
            return;
        }
        cancel = Cancel.SENT;
        final SipMessage request = owner.requestOf(this);
        final MutableDirectBuffer out = owner.claim(owner.hopByHop.maxLength(request, request, reason));
        final int length = owner.hopByHop.write(Method.CANCEL, request, request, reason, out);
        final ClientTransaction transaction = owner.createCancel(this, nowNs);
        if (transaction == null) {
            // No room: sent once, not again. If it is lost, the timer below ends this transaction all the same.
            owner.egress.send(length, destination, 0);
        } else {
            transaction.start(length, nowNs);
        }
        armState(lanes.t1Times64, nowNs);
    }

    private void state(final State next) {
        state = next;
    }
}
