package org.tandemsip.engine.transaction;

import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Status;

/**
 * Non-INVITE server transaction: RFC 3261 section 17.2.2, figure 8, with transport errors as in RFC 6026 section 8.8.
 *
 * <pre>
 *                                | Request received
 *                                V pass to TU
 *                   Request +----------+
 *                   -    +--|  Trying  |---------------+
 *                        +->|          |               |
 *                           +----------+               |
 *                                | 1xx from TU         | 200-699 from TU
 *                                V send response       | send response
 *             Request       +------------+             |
 *             send response |            |---+ 1xx     |
 *                  +--------| Proceeding |   | from TU |
 *                  +------->|            |&lt;--+ send    |
 *                           +------------+             |
 *                                | 200-699 from TU     |
 *             Request            V send response       |
 *             send response +-----------+              |
 *                  +--------| Completed |&lt;-------------+
 *                  +------->|           |
 *                           +-----------+
 *                                | Timer J
 *                                V
 *                          +------------+
 *                          | Terminated |
 *                          +------------+
 * </pre>
 *
 * The request is kept until the final response, then that response alone. Pooled; shard thread only.
 */
public final class NonInviteServerTransaction extends ServerTransaction {
    /** States of the figure. */
    enum State {
        TRYING, PROCEEDING, COMPLETED, TERMINATED
    }

    private State state = State.TERMINATED;

    NonInviteServerTransaction(final Transactions owner) {
        super(owner);
    }

    /** Begins a new transaction. */
    void begin(final long nowNs) {
        state(State.TRYING);
        armState(lanes.unansweredNonInvite, nowNs);
    }

    @Override
    public boolean onRequest(final SipMessage request, final long nowNs) {
        switch (state) {
            case PROCEEDING, COMPLETED -> sendLastAgain(0);
            case TRYING, TERMINATED -> {}
        }
        return false;
    }

    /**
     * {@inheritDoc} Nor is one that RFC 4320 forbids: a provisional response but 100 (section 4.1), and 408 (section
     * 4.2), in whose place comes nothing at all: see {@link #terminate}.
     */
    @Override
    public boolean respond(final int statusCode, final int length, final long nowNs) {
        if (statusCode > Status.TRYING_100.code() && statusCode < 200
                || statusCode == Status.REQUEST_TIMEOUT_408.code()) {
            return false;
        }
        return switch (state) {
            case TRYING, PROCEEDING -> {
                if (statusCode < 200) {
                    sendAndKeepResponse(statusCode, length);
                    state(State.PROCEEDING);
                } else {
                    complete(statusCode, length, nowNs);
                }
                yield true;
            }
            case COMPLETED, TERMINATED -> false;
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
        // Responses to non-INVITE are repeated only when the request is.
    }

    @Override
    void onStateTimer(final long nowNs) {
        switch (state) {
            case TRYING, PROCEEDING, COMPLETED -> {
                state(State.TERMINATED);
                end(nowNs);
            }
            case TERMINATED -> {}
        }
    }

    private void complete(final int statusCode, final int length, final long nowNs) {
        releaseRequest();
        sendAndKeepResponse(statusCode, length);
        state(State.COMPLETED);
        armState(stream() ? lanes.zero : lanes.t1Times64, nowNs);
    }

    private void state(final State next) {
        state = next;
    }
}
