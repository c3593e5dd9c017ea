package org.tandemsip.perf.load;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.HdrHistogram.Histogram;
import org.agrona.concurrent.UnsafeBuffer;
import org.tandemsip.codec.Method;
import org.tandemsip.codec.SipMessage;

/**
 * The calling side: begins attempts when they are due, whatever became of earlier ones, and takes each to its end.
 * Latency counts from the time an attempt was due, not from when it was sent, so that a stall of the system under test
 * cannot hide in the schedule (coordinated omission). Load thread only.
 *
 * <pre>
 *   free --INVITE--> calling --180--> ringing --200, ACK--> talking --BYE--> ending --200--> free (succeeded)
 *                       |                |--CANCEL--> cancelling --487, ACK----------------> free (succeeded)
 *                       +----------------+--486, ACK where that is expected----------------> free (succeeded)
 *   free --request----> asking --200-------------------------------------------------------> free (succeeded)
 *   talking --BYE of the other side, where that is expected--------------------------------> free (succeeded)
 *   any: another final response, no answer for too long (64*T1) --------------------------> free (failed)
 * </pre>
 */
final class Caller {
    private enum State {
        FREE, CALLING, RINGING, CANCELLING, TALKING, ENDING, ASKING
    }

    private static final long T1_NS = 500_000_000L;
    private static final long T2_NS = 4_000_000_000L;
    private static final int REQUEST_BYTES = 1_024;
    private static final int TICK_SLOTS = 256;

    private final Wire wire;
    private final Text text;
    private final Scenario scenario;
    private final long holdNs;
    private final long patienceNs;
    private final boolean retransmit;
    private final boolean stream;
    private final int mask;
    private final State[] states;
    private final int[] numbers;
    private final long[] dueNs;
    private final long[] intervalNs;
    /** When something is to be done for the slot; never after {@link #giveUpNs}, but for calls that talk. */
    private final long[] nextNs;
    private final long[] giveUpNs;
    private final int[] ackLength;
    private final int[] byeLength;
    private final long[] answeredNs;
    private final UnsafeBuffer requests;
    private final int[] failuresByCode = new int[700];
    private final Latencies latencies = new Latencies();
    private Histogram lastSecond = Latencies.histogram();
    private boolean recording;
    private boolean mayBeEnded;
    /** How long calls lasted that the other side has ended, from 200 to BYE. */
    private final Histogram talked = Latencies.histogram();
    private long begun;
    private long answered;
    private long succeeded;
    private long failed;
    private long noRoom;
    private long retransmissions;
    private int active;
    private int tickSlot;

    Caller(final Wire wire, final Text text, final LoadPlan plan, final int slots) {
        this.wire = wire;
        this.text = text;
        scenario = plan.scenario();
        holdNs = plan.holdNs();
        patienceNs = plan.patienceNs();
        retransmit = plan.retransmit();
        stream = plan.transport().stream();
        mask = slots - 1;
        states = new State[slots];
        Arrays.fill(states, State.FREE);
        numbers = new int[slots];
        dueNs = new long[slots];
        intervalNs = new long[slots];
        nextNs = new long[slots];
        Arrays.fill(nextNs, Long.MAX_VALUE);
        giveUpNs = new long[slots];
        ackLength = new int[slots];
        byeLength = new int[slots];
        answeredNs = new long[slots];
        requests = new UnsafeBuffer(ByteBuffer.allocateDirect(slots * 2 * REQUEST_BYTES));
    }

    /**
     * Begins attempt {@code number}, which was due at {@code intendedNs}. One that finds no room has failed: it is
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
        final Kind kind = scenario.kind(number);
        active++;
        states[slot] = kind.invite() ? State.CALLING : State.ASKING;
        numbers[slot] = number;
        dueNs[slot] = intendedNs;
        intervalNs[slot] = T1_NS;
        giveUpNs[slot] = nowNs + patienceNs;
        sendAgainIn(slot, T1_NS, nowNs);
        if (recording) {
            Latencies.record(latencies.late(), nowNs - intendedNs);
        }
        wire.send(text.first(kind, number, wire.outgoing()), number);
    }

    /** Handles what has arrived, at most {@code limit} messages; returns how many. */
    int poll(final int limit) throws IOException {
        int count = 0;
        while (count < limit) {
            final SipMessage message = wire.receive();
            if (message == null) {
                break;
            }
            count++;
            final int number = text.callNumber(message);
            if (message.isRequest() && message.method() == Method.BYE && number >= 0) {
                onBye(message, number, number & mask, System.nanoTime());
            } else if (!message.isRequest() && number >= 0 && numbers[number & mask] == number) {
                // The clock is read for each: a time taken before the batch would make the last ones look early.
                onResponse(message, number, number & mask, System.nanoTime());
            }
        }
        return count;
    }

    private void onBye(final SipMessage bye, final int number, final int slot, final long nowNs) throws IOException {
        wire.send(text.response(bye, "SIP/2.0 200 OK\r\n", number, false, wire.outgoing()), number);
        if (numbers[slot] == number && states[slot] == State.TALKING) {
            Latencies.record(talked, nowNs - answeredNs[slot]);
            end(slot, mayBeEnded, 0);
        }
    }

    private void onResponse(final SipMessage response, final int number, final int slot, final long nowNs)
            throws IOException {
        final int code = response.statusCode();
        final State state = states[slot];
        switch (response.method()) {
            case INVITE -> {
                if (state == State.CALLING || state == State.RINGING || state == State.CANCELLING) {
                    onInviteResponse(response, code, number, slot, nowNs);
                } else if (code >= 200 && code < 300 && state != State.FREE) {
                    // The 200 came again, so the ACK was lost: send it again (section 13.2.2.4).
                    resend(slot, 0, ackLength[slot]);
                    retransmissions++;
                } else if (code >= 300) {
                    wire.send(text.ackForFailure(number, response, wire.outgoing()), number);
                    retransmissions++;
                }
            }
            case BYE -> {
                if (state == State.ENDING && code >= 200) {
                    record(latencies.teardown(), nowNs - dueNs[slot]);
                    end(slot, code < 300, code);
                }
            }
            case CANCEL -> {
                if (state == State.CANCELLING) {
                    // Only the 487 ends the call; the CANCEL needs not be sent again.
                    nextNs[slot] = giveUpNs[slot];
                }
            }
            default -> {
                if (state == State.ASKING && code >= 200) {
                    onSuccessOf(slot, number, code, nowNs);
                    end(slot, code < 300, code);
                }
            }
        }
    }

    private void onInviteResponse(final SipMessage response, final int code, final int number, final int slot,
            final long nowNs) throws IOException {
        if (code < 200) {
            if (code > 100 && states[slot] == State.CALLING) {
                record(latencies.ringing(), nowNs - dueNs[slot]);
                states[slot] = State.RINGING;
                if (scenario.kind(number) == Kind.CANCELLED) {
                    nextNs[slot] = nowNs + holdNs;
                    giveUpNs[slot] = nextNs[slot] + patienceNs;
                    if (holdNs == 0) {
                        onTime(slot, nowNs);
                    }
                    return;
                }
            }
            if (states[slot] == State.CALLING || scenario.kind(number) != Kind.CANCELLED) {
                // Any provisional response, a 100 too, ends the retransmission of the INVITE (section 17.1.1.2).
                nextNs[slot] = giveUpNs[slot];
            }
        } else if (code < 300) {
            onSuccessOf(slot, number, code, nowNs);
            keep(slot, response, number);
            resend(slot, 0, ackLength[slot]);
            states[slot] = State.TALKING;
            answeredNs[slot] = nowNs;
            nextNs[slot] = nowNs + holdNs;
            if (holdNs == 0) {
                onTime(slot, nowNs);
            }
        } else {
            // The ACK of a failed INVITE is hop by hop (section 17.1.1.3): same Request-URI and branch as the INVITE.
            wire.send(text.ackForFailure(number, response, wire.outgoing()), number);
            end(slot, scenario.kind(number).expects(code), code);
        }
    }

    private void onSuccessOf(final int slot, final int number, final int code, final long nowNs) {
        if (scenario.kind(number).expects(code)) {
            answered++;
            record(latencies.setup(), nowNs - dueNs[slot]);
            Latencies.record(lastSecond, nowNs - dueNs[slot]);
        }
    }

    private void keep(final int slot, final SipMessage ok, final int number) {
        final int at = slot * 2 * REQUEST_BYTES;
        ackLength[slot] = Math.min(REQUEST_BYTES, text.inDialog(number, Method.ACK, 1, ok, wire.outgoing()));
        requests.putBytes(at, wire.outgoing(), 0, ackLength[slot]);
        byeLength[slot] = Math.min(REQUEST_BYTES, text.inDialog(number, Method.BYE, 2, ok, wire.outgoing()));
        requests.putBytes(at + REQUEST_BYTES, wire.outgoing(), 0, byeLength[slot]);
    }

    private void resend(final int slot, final int which, final int length) throws IOException {
        wire.outgoing().putBytes(0, requests, slot * 2 * REQUEST_BYTES + which * REQUEST_BYTES, length);
        wire.send(length, numbers[slot]);
    }

    /**
     * Does what is due for the next {@value #TICK_SLOTS} slots: BYEs and CANCELs at the end of the hold time,
     * retransmissions, and gives up on what got no answer. A few slots at a time, since a walk over all of them would
     * show in the latencies.
     */
    void onTick(final long nowNs) throws IOException {
        final int end = Math.min(tickSlot + TICK_SLOTS, mask + 1);
        for (int slot = tickSlot; slot < end; slot++) {
            if (nextNs[slot] <= nowNs) {
                onTime(slot, nowNs);
            }
        }
        tickSlot = end > mask ? 0 : end;
    }

    /** Number of calls of {@link #onTick} that see each slot once. */
    static int ticksPerRound(final int slots) {
        return Math.max(1, slots / TICK_SLOTS);
    }

    private void onTime(final int slot, final long nowNs) throws IOException {
        final int number = numbers[slot];
        final State state = states[slot];
        if (state == State.TALKING) {
            states[slot] = State.ENDING;
            giveUpNs[slot] = nowNs + patienceNs;
            intervalNs[slot] = T1_NS;
            // From here on what is timed is the end of the call (RFC 6076 section 4.4, session disconnect delay).
            dueNs[slot] = nowNs;
            sendAgainIn(slot, T1_NS, nowNs);
            resend(slot, 1, byeLength[slot]);
        } else if (giveUpNs[slot] - nowNs <= 0) {
            end(slot, false, 0);
        } else {
            switch (state) {
                case CALLING -> {
                    retransmissions++;
                    intervalNs[slot] *= 2;
                    sendAgainIn(slot, intervalNs[slot], nowNs);
                    wire.send(text.first(Kind.ANSWERED, number, wire.outgoing()), number);
                }
                case ASKING, ENDING, CANCELLING -> {
                    retransmissions++;
                    intervalNs[slot] = Math.min(2 * intervalNs[slot], T2_NS);
                    sendAgainIn(slot, intervalNs[slot], nowNs);
                    switch (state) {
                        case ASKING -> wire.send(text.first(scenario.kind(number), number, wire.outgoing()), number);
                        case ENDING -> resend(slot, 1, byeLength[slot]);
                        default -> wire.send(text.cancel(number, wire.outgoing()), number);
                    }
                }
                case RINGING -> {
                    // Only a call that is to be cancelled has something to do before it gives up.
                    states[slot] = State.CANCELLING;
                    intervalNs[slot] = T1_NS;
                    sendAgainIn(slot, T1_NS, nowNs);
                    wire.send(text.cancel(number, wire.outgoing()), number);
                }
                case FREE, TALKING -> nextNs[slot] = Long.MAX_VALUE;
            }
        }
    }

    private void sendAgainIn(final int slot, final long delayNs, final long nowNs) {
        nextNs[slot] = retransmit && !stream ? Math.min(nowNs + delayNs, giveUpNs[slot]) : giveUpNs[slot];
    }

    private void end(final int slot, final boolean success, final int code) {
        states[slot] = State.FREE;
        nextNs[slot] = Long.MAX_VALUE;
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
            Latencies.record(histogram, elapsedNs);
        }
    }

    /** Whether latencies count from now on; off during warm-up. */
    void recording(final boolean on) {
        recording = on;
    }

    /** Counts calls that the other side has ended as succeeded from now on. */
    void mayBeEnded() {
        mayBeEnded = true;
    }

    /** How long calls lasted that the other side has ended, in nanoseconds. */
    Histogram talked() {
        return talked;
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

    Latencies latencies() {
        return latencies;
    }

    /** Due to success since the last call, nanoseconds, warm-up included; {@code next} takes what comes from now on. */
    Histogram lastSecond(final Histogram next) {
        final Histogram full = lastSecond;
        lastSecond = next;
        return full;
    }
}
