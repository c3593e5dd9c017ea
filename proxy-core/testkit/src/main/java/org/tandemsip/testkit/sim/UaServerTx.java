package org.tandemsip.testkit.sim;

import org.tandemsip.testkit.wire.SimAddress;
import org.tandemsip.testkit.wire.WireMessage;
import org.tandemsip.testkit.wire.WireVia;

/**
 * A server transaction of a scripted agent: RFC 3261 figures 7 and 8 with Accepted of RFC 6026. A 2xx to INVITE is
 * repeated by the agent's core ({@link UaAnswer}), not here.
 */
final class UaServerTx {
    private enum State {
        PROCEEDING, COMPLETED, CONFIRMED, ACCEPTED, TERMINATED
    }

    private final SimUa ua;
    private final String key;
    private final WireMessage request;
    private final SimAddress source;
    private final boolean stream;
    private final boolean invite;
    private SimStream.End end;
    private State state = State.PROCEEDING;
    private byte[] last;
    private long intervalNs = UaTimers.T1;
    private SimLoop.Task repeat;
    private SimLoop.Task linger;
    private UasScript script;

    UaServerTx(final SimUa ua, final String key, final WireMessage request, final SimAddress source,
            final SimStream.End end) {
        this.ua = ua;
        this.key = key;
        this.request = request;
        this.source = source;
        this.end = end;
        this.stream = end != null;
        this.invite = request.method().equals("INVITE");
    }

    String key() {
        return key;
    }

    WireMessage request() {
        return request;
    }

    /** What the agent does about an INVITE outside a dialog; {@code null} for anything else. */
    UasScript script() {
        return script;
    }

    void script(final UasScript played) {
        script = played;
    }

    boolean pending() {
        return state == State.PROCEEDING;
    }

    /** Where the request came from. */
    SimAddress source() {
        return source;
    }

    void onRetransmission() {
        if (last != null && (state == State.PROCEEDING || state == State.COMPLETED)) {
            send(last);
        }
    }

    void onAck() {
        if (state == State.COMPLETED && invite) {
            cancel(repeat);
            cancel(linger);
            state = State.CONFIRMED;
            linger = ua.loop().after(stream ? 0 : UaTimers.T4, this::terminate);
        }
    }

    void respond(final int status, final byte[] response) {
        if (state == State.ACCEPTED && status / 100 == 2) {
            send(response);
            return;
        }
        if (state != State.PROCEEDING) {
            return;
        }
        last = response;
        send(response);
        if (status < 200) {
            return;
        }
        if (invite && status < 300) {
            state = State.ACCEPTED;
            linger = ua.loop().after(UaTimers.T1_64, this::terminate);
        } else {
            state = State.COMPLETED;
            linger = ua.loop().after(invite || !stream ? UaTimers.T1_64 : 0, this::terminate);
            if (invite && !stream) {
                repeat = ua.loop().after(intervalNs, this::again);
            }
        }
    }

    private void again() {
        send(last);
        intervalNs = Math.min(intervalNs * 2, UaTimers.T2);
        repeat = ua.loop().after(intervalNs, this::again);
    }

    /** Sections 18.2.2 and RFC 3581 section 4. */
    private void send(final byte[] response) {
        final WireVia via = request.topVia();
        if (stream) {
            final SimAddress fallback = new SimAddress(source.host(), via.port());
            end = end.stream().open() ? ua.writeStream(end, end.remote(), response)
                    : ua.writeStream(end, fallback, response);
        } else {
            final int port = via.params().containsKey("rport") ? source.port() : via.port();
            ua.writeDatagram(new SimAddress(source.host(), port), response);
        }
    }

    private void terminate() {
        cancel(repeat);
        cancel(linger);
        state = State.TERMINATED;
        ua.forget(this);
    }

    private static void cancel(final SimLoop.Task task) {
        if (task != null) {
            task.cancel();
        }
    }
}
