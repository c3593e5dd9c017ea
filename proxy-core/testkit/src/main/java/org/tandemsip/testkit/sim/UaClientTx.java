package org.tandemsip.testkit.sim;

import org.tandemsip.testkit.MessageText;
import org.tandemsip.testkit.wire.SimAddress;
import org.tandemsip.testkit.wire.WireMessage;

/**
 * A client transaction of a scripted agent: RFC 3261 figures 5 and 6 with Accepted of RFC 6026, written for reading.
 * Shares no code with the product.
 */
final class UaClientTx {
    /** What the agent does about responses. */
    interface Listener {
        /** Every provisional, the first final response, and every 2xx to INVITE. */
        void onResponse(WireMessage response);

        /** Timer B or F, or the connection was refused. */
        void onFailure();
    }

    private enum State {
        CALLING, PROCEEDING, COMPLETED, ACCEPTED, TERMINATED
    }

    private final SimUa ua;
    private final WireMessage request;
    private final byte[] bytes;
    private final SimAddress destination;
    private final Listener listener;
    private final boolean invite;
    private State state = State.CALLING;
    private boolean stream;
    private SimStream.End end;
    private long intervalNs = UaTimers.T1;
    private SimLoop.Task retransmit;
    private SimLoop.Task timeout;
    private byte[] ack;

    UaClientTx(final SimUa ua, final byte[] bytes, final SimAddress destination, final boolean stream,
            final Listener listener) {
        this.ua = ua;
        this.bytes = bytes;
        this.request = WireMessage.parse(bytes);
        this.destination = destination;
        this.stream = stream;
        this.listener = listener;
        this.invite = request.method().equals("INVITE");
    }

    void start() {
        send(bytes);
        timeout = ua.loop().after(UaTimers.T1_64, this::fail);
        if (!stream) {
            retransmit = ua.loop().after(intervalNs, this::again);
        }
    }

    WireMessage request() {
        return request;
    }

    SimAddress destination() {
        return destination;
    }

    boolean overStream() {
        return stream;
    }

    boolean proceeding() {
        return state == State.PROCEEDING;
    }

    boolean finished() {
        return state.ordinal() >= State.COMPLETED.ordinal();
    }

    void onResponse(final WireMessage response) {
        if (state == State.TERMINATED) {
            return;
        }
        if (response.status() < 200) {
            onProvisional(response);
        } else if (state == State.COMPLETED) {
            if (invite && response.status() >= 300) {
                send(ack);
            }
        } else if (state == State.ACCEPTED) {
            if (response.status() < 300) {
                listener.onResponse(response);
            }
        } else {
            onFinal(response);
        }
    }

    /** Forgets the transaction: after CANCEL and 64*T1 without a final response (RFC 3261 section 9.1). */
    void abandon() {
        terminate();
    }

    void onStreamClosed(final SimStream.End closed) {
        if (closed == end && state == State.CALLING) {
            fail();
        }
    }

    private void onProvisional(final WireMessage response) {
        if (finished()) {
            return;
        }
        if (state == State.CALLING) {
            state = State.PROCEEDING;
            if (invite) {
                cancel(retransmit);
                cancel(timeout);
            }
        }
        listener.onResponse(response);
    }

    private void onFinal(final WireMessage response) {
        cancel(retransmit);
        cancel(timeout);
        if (invite && response.status() < 300) {
            state = State.ACCEPTED;
            timeout = ua.loop().after(UaTimers.T1_64, this::terminate);
        } else {
            state = State.COMPLETED;
            if (invite) {
                ack = ackFor(response);
                send(ack);
            }
            final long lingerNs = invite ? UaTimers.T1_64 : UaTimers.T4;
            timeout = ua.loop().after(stream ? 0 : lingerNs, this::terminate);
        }
        listener.onResponse(response);
    }

    /** ACK for a non-2xx (section 17.1.1.3): same branch, Request-URI, Route, From, Call-ID; To of the response. */
    private byte[] ackFor(final WireMessage response) {
        return MessageText.request("ACK", request.uri())
                .header("Via", request.topVia().raw())
                .header("Max-Forwards", "70")
                .headers("Route", request.all("route"))
                .header("From", request.one("from"))
                .header("To", response.one("to"))
                .header("Call-ID", request.callId())
                .header("CSeq", request.cseq() + " ACK").bytes();
    }

    private void again() {
        send(bytes);
        intervalNs = invite ? intervalNs * 2 : Math.min(intervalNs * 2, UaTimers.T2);
        if (!invite && state == State.PROCEEDING) {
            intervalNs = UaTimers.T2;
        }
        retransmit = ua.loop().after(intervalNs, this::again);
    }

    private void send(final byte[] message) {
        if (stream) {
            end = ua.writeStream(end, destination, message);
        } else {
            ua.writeDatagram(destination, message);
        }
    }

    private void fail() {
        if (!finished()) {
            terminate();
            listener.onFailure();
        }
    }

    private void terminate() {
        cancel(retransmit);
        cancel(timeout);
        state = State.TERMINATED;
        ua.forget(this);
    }

    private static void cancel(final SimLoop.Task task) {
        if (task != null) {
            task.cancel();
        }
    }
}
