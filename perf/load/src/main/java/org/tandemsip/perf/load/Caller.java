package org.tandemsip.perf.load;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.HdrHistogram.Histogram;
import org.agrona.concurrent.UnsafeBuffer;
import org.tandemsip.codec.Method;
import org.tandemsip.codec.SipMessage;

/**
 * The calling side: begins calls when they are due, whatever became of earlier ones, and takes each through INVITE,
 * 180, 200, ACK, BYE, 200. Latency counts from the time a call was due, not from when it was sent, so that a stall of
 * the system under test cannot hide in the schedule (coordinated omission). Load thread only.
 *
 * <pre>
 *   free --INVITE--> calling --180--> ringing --200, ACK--> talking --BYE--> ending --200--> free (succeeded)
 *                       |                |                                     |
 *                       +--3xx..6xx, 32 s without an answer -------------------+-----------> free (failed)
 * </pre>
 */
final class Caller {
    private enum State {
        FREE, CALLING, RINGING, TALKING, ENDING
    }

    private static final long T1_NS = 500_000_000L;
    private static final long T2_NS = 4_000_000_000L;
    private static final int REQUEST_BYTES = 1_024;
    private static final long HIGHEST_NS = 60_000_000_000L;

    private final Datagrams socket;
    private final Text text;
    private final long holdNs;
    private final int mask;
    private final State[] states;
    private final int[] numbers;
    private final long[] dueNs;
    private final long[] intervalNs;
    private final long[] nextNs;
    private final long[] giveUpNs;
    private final int[] ackLength;
    private final int[] byeLength;
    private final UnsafeBuffer requests;
    private final int[] failuresByCode = new int[700];
    private final Histogram setup = new Histogram(HIGHEST_NS, 3);
    private final Histogram ringing = new Histogram(HIGHEST_NS, 3);
    private final Histogram sinceLastLook = new Histogram(HIGHEST_NS, 3);
    private boolean recording;
    private long begun;
    private long answered;
    private long succeeded;
    private long failed;
    private long timedOut;
    private long noRoom;
    private long retransmissions;
    private int active;

    Caller(final Datagrams socket, final Text text, final int slots, final long holdNs) {
        this.socket = socket;
        this.text = text;
        this.holdNs = holdNs;
        mask = slots - 1;
        states = new State[slots];
        Arrays.fill(states, State.FREE);
        numbers = new int[slots];
        dueNs = new long[slots];
        intervalNs = new long[slots];
        nextNs = new long[slots];
        giveUpNs = new long[slots];
        ackLength = new int[slots];
        byeLength = new int[slots];
        requests = new UnsafeBuffer(ByteBuffer.allocateDirect(slots * 2 * REQUEST_BYTES));
    }

    /**
     * Begins call {@code number}, which was due at {@code intendedNs}. A call that finds no room has failed: it is
     * never left out.
     */
    void begin(final int number, final long intendedNs, final long nowNs) throws IOException {
        begun++;
        final int slot = number & mask;
        if (states[slot] != State.FREE) {
            noRoom++;
            failed++;
            return;
        }
        active++;
        states[slot] = State.CALLING;
        numbers[slot] = number;
        dueNs[slot] = intendedNs;
        intervalNs[slot] = T1_NS;
        nextNs[slot] = nowNs + T1_NS;
        giveUpNs[slot] = nowNs + 64 * T1_NS;
        socket.send(text.invite(number, socket.outgoing()));
    }

    /** Handles what has arrived, at most {@code limit} messages; returns how many. */
    int poll(final long nowNs, final int limit) throws IOException {
        int count = 0;
        while (count < limit) {
            final SipMessage message = socket.receive();
            if (message == null) {
                break;
            }
            count++;
            final int number = text.callNumber(message);
            if (!message.isRequest() && number >= 0 && numbers[number & mask] == number) {
                onResponse(message, number, number & mask, nowNs);
            }
        }
        return count;
    }

    private void onResponse(final SipMessage response, final int number, final int slot, final long nowNs)
            throws IOException {
        final int code = response.statusCode();
        final State state = states[slot];
        if (response.method() == Method.INVITE) {
            if (state == State.CALLING || state == State.RINGING) {
                onInviteResponse(response, code, number, slot, nowNs);
            } else if (code >= 200 && code < 300 && state != State.FREE) {
                // The 200 came again, so the ACK was lost: send it again (section 13.2.2.4).
                resend(slot, 0, ackLength[slot]);
            }
        } else if (response.method() == Method.BYE && state == State.ENDING && code >= 200) {
            end(slot, code < 300, code);
        }
    }

    private void onInviteResponse(final SipMessage response, final int code, final int number, final int slot,
            final long nowNs) throws IOException {
        if (code < 200) {
            // Any provisional response, a 100 too, ends the retransmission of the INVITE (section 17.1.1.2).
            nextNs[slot] = Long.MAX_VALUE;
            if (code > 100 && states[slot] == State.CALLING) {
                record(ringing, nowNs - dueNs[slot]);
                states[slot] = State.RINGING;
            }
        } else if (code < 300) {
            answered++;
            record(setup, nowNs - dueNs[slot]);
            sinceLastLook.recordValue(Math.min(HIGHEST_NS, Math.max(0, nowNs - dueNs[slot])));
            keep(slot, response, number);
            resend(slot, 0, ackLength[slot]);
            retransmissions--;
            states[slot] = State.TALKING;
            nextNs[slot] = nowNs + holdNs;
            if (holdNs == 0) {
                onTime(slot, nowNs);
            }
        } else {
            // The ACK of a failed INVITE is hop by hop (section 17.1.1.3): same Request-URI and branch as the INVITE.
            socket.send(text.ackForFailure(number, response, socket.outgoing()));
            end(slot, false, code);
        }
    }

    private void keep(final int slot, final SipMessage ok, final int number) {
        final int at = slot * 2 * REQUEST_BYTES;
        ackLength[slot] = Math.min(REQUEST_BYTES, text.inDialog(number, "ACK", 1, ok, socket.outgoing()));
        requests.putBytes(at, socket.outgoing(), 0, ackLength[slot]);
        byeLength[slot] = Math.min(REQUEST_BYTES, text.inDialog(number, "BYE", 2, ok, socket.outgoing()));
        requests.putBytes(at + REQUEST_BYTES, socket.outgoing(), 0, byeLength[slot]);
    }

    private void resend(final int slot, final int which, final int length) throws IOException {
        socket.outgoing().putBytes(0, requests, slot * 2 * REQUEST_BYTES + which * REQUEST_BYTES, length);
        socket.send(length);
        retransmissions++;
    }

    /**
     * Sends what is due: BYEs at the end of the hold time, retransmissions, and gives up on calls without an answer.
     */
    void onTick(final long nowNs) throws IOException {
        if (active == 0) {
            return;
        }
        for (int slot = 0; slot <= mask; slot++) {
            if (states[slot] != State.FREE) {
                if (states[slot] != State.TALKING && giveUpNs[slot] - nowNs <= 0) {
                    timedOut++;
                    end(slot, false, 0);
                } else if (nextNs[slot] <= nowNs) {
                    onTime(slot, nowNs);
                }
            }
        }
    }

    private void onTime(final int slot, final long nowNs) throws IOException {
        switch (states[slot]) {
            case CALLING -> {
                retransmissions++;
                intervalNs[slot] *= 2;
                nextNs[slot] = nowNs + intervalNs[slot];
                socket.send(text.invite(numbers[slot], socket.outgoing()));
            }
            case TALKING -> {
                states[slot] = State.ENDING;
                giveUpNs[slot] = nowNs + 64 * T1_NS;
                intervalNs[slot] = T1_NS;
                nextNs[slot] = nowNs + T1_NS;
                resend(slot, 1, byeLength[slot]);
                retransmissions--;
            }
            case ENDING -> {
                resend(slot, 1, byeLength[slot]);
                intervalNs[slot] = Math.min(2 * intervalNs[slot], T2_NS);
                nextNs[slot] = nowNs + intervalNs[slot];
            }
            case FREE, RINGING -> nextNs[slot] = Long.MAX_VALUE;
        }
    }

    private void end(final int slot, final boolean success, final int code) {
        states[slot] = State.FREE;
        active--;
        if (success) {
            succeeded++;
        } else {
            failed++;
            failuresByCode[code]++;
        }
    }

    private void record(final Histogram histogram, final long elapsedNs) {
        if (recording) {
            histogram.recordValue(Math.min(HIGHEST_NS, Math.max(0, elapsedNs)));
        }
    }

    /** Whether latencies count from now on; off during warm-up. */
    void recording(final boolean on) {
        recording = on;
    }

    int active() {
        return active;
    }

    long begun() {
        return begun;
    }

    long answered() {
        return answered;
    }

    long succeeded() {
        return succeeded;
    }

    long failed() {
        return failed;
    }

    long timedOut() {
        return timedOut;
    }

    long noRoom() {
        return noRoom;
    }

    long retransmissions() {
        return retransmissions;
    }

    /** Failures by status code; index 0 counts those without any answer. */
    int[] failuresByCode() {
        return failuresByCode;
    }

    /** INVITE due to 200, nanoseconds. */
    Histogram setup() {
        return setup;
    }

    /** INVITE due to first provisional response over 100, nanoseconds. */
    Histogram ringing() {
        return ringing;
    }

    /** As {@link #setup()}, since the last call of {@code reset}; for the live line, warm-up included. */
    Histogram sinceLastLook() {
        return sinceLastLook;
    }
}
