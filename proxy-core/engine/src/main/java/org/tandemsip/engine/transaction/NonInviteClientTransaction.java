package org.tandemsip.engine.transaction;

import org.tandemsip.codec.SipMessage;

/**
 * Non-INVITE client transaction: RFC 3261 section 17.1.2, figure 6.
 *
 * <pre>
 *                            | Request from TU
 *             Timer E        | send request
 *             send request   V
 *               +------+----------+  Timer F or transport error
 *               |      |  Trying  |  inform TU
 *               +----->|          |------------------------+
 *                      +----------+                        |
 *            200-699      |    | 1xx                       |
 *            resp. to TU  |    | resp. to TU               |
 *               +---------+    V                           |
 *               |      +------------+  Timer F or          |
 *               |  +---| Proceeding |  transport error     |
 *               |  |   |            |  inform TU           |
 *               |  +-->|            |--------------------->+
 *               |      +------------+                      |
 *               |   Timer E: send request, 1xx: to TU      |
 *               |              | 200-699                   |
 *               |              | resp. to TU               |
 *               |              V                           |
 *               |      +-----------+                       |
 *               +----->| Completed |                       |
 *                      +-----------+                       |
 *                              | Timer K                   |
 *                              V                           |
 *                      +------------+                      |
 *                      | Terminated |&lt;---------------------+
 *                      +------------+
 * </pre>
 *
 * The request is kept until a final response comes, then nothing. Also serves a CANCEL that an
 * {@link InviteClientTransaction} sends; then nobody above is interested in responses. Pooled; shard thread only.
 */
public final class NonInviteClientTransaction extends ClientTransaction {
    /** States of the figure. */
    enum State {
        /** Made, but not yet started: before the figure. */
        IDLE, TRYING, PROCEEDING, COMPLETED, TERMINATED
    }

    private State state = State.IDLE;
    private boolean cancel;

    NonInviteClientTransaction(final Transactions owner) {
        super(owner);
    }

    /** Begins a new transaction; one that is never started ends with timer F. */
    void begin(final boolean forCancel, final long nowNs) {
        state(State.IDLE);
        cancel = forCancel;
        armState(lanes.timeout, nowNs);
    }

    @Override
    public void start(final int length, final long nowNs) {
        state(State.TRYING);
        if (!sendRequest(length)) {
            // Without a copy there is no retransmission. Told as a transport error, after this call.
            armState(lanes.zero, nowNs);
            return;
        }
        armState(lanes.timeout, nowNs);
        if (!stream()) {
            armRetransmit(lanes.eOrG(0), nowNs);
        }
    }

    @Override
    public Event onResponse(final SipMessage response, final long nowNs) {
        final Event event = switch (state) {
            case TRYING, PROCEEDING -> response.statusCode() < 200 ? provisional() : completed(nowNs);
            case IDLE, COMPLETED, TERMINATED -> Event.ABSORBED;
        };
        return cancel ? Event.ABSORBED : event;
    }

    @Override
    public boolean completed() {
        return switch (state) {
            case IDLE, TRYING, PROCEEDING -> false;
            case COMPLETED, TERMINATED -> true;
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
            case TRYING -> {
                sendRequestAgain(key);
                armRetransmit(lanes.eOrG(countRetransmission()), nowNs);
            }
            case PROCEEDING -> {
                sendRequestAgain(key);
                armRetransmit(lanes.t2, nowNs);
            }
            case IDLE, COMPLETED, TERMINATED -> {}
        }
    }

    @Override
    void onStateTimer(final long nowNs) {
        switch (state) {
            case TRYING, PROCEEDING -> {
                final boolean sent = hasRequest();
                state(State.TERMINATED);
                if (sent) {
                    endByTimeout(nowNs);
                } else {
                    endByTransportError(nowNs);
                }
            }
            case IDLE, COMPLETED -> {
                state(State.TERMINATED);
                end(nowNs);
            }
            case TERMINATED -> {}
        }
    }

    @Override
    void onTransportError(final long nowNs) {
        switch (state) {
            case TRYING, PROCEEDING -> {
                state(State.TERMINATED);
                endByTransportError(nowNs);
            }
            case IDLE, COMPLETED, TERMINATED -> {}
        }
    }

    /** Timer E runs on (section 17.1.2.2): the server repeats its response only when the request is repeated. */
    private Event provisional() {
        state(State.PROCEEDING);
        return Event.PROVISIONAL;
    }

    private Event completed(final long nowNs) {
        cancelTimers();
        releaseRequest();
        state(State.COMPLETED);
        armState(stream() ? lanes.zero : lanes.t4, nowNs);
        return Event.FINAL;
    }

    private void state(final State next) {
        state = next;
    }
}
