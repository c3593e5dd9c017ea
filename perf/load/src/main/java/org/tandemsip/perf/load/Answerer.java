package org.tandemsip.perf.load;

import java.io.IOException;
import java.util.Arrays;
import org.agrona.concurrent.UnsafeBuffer;
import org.tandemsip.codec.Method;
import org.tandemsip.codec.SipMessage;

/**
 * The answering carrier: to an INVITE 180 and at once what its {@link Kind} wants, 200 to everything else. Retransmits
 * final responses to INVITE until the ACK comes, as a user agent must (RFC 3261 sections 13.3.1.4 and 17.2.1). Load
 * thread only.
 */
final class Answerer {
    private enum State {
        NONE, RINGING, SENT, ACKED, ENDED
    }

    private static final long T1_NS = 500_000_000L;
    private static final long T2_NS = 4_000_000_000L;
    private static final int ANSWER_BYTES = 2_048;
    private static final int TICK_SLOTS = 256;

    private final Wire wire;
    private final Text text;
    private final Scenario scenario;
    private final boolean retransmit;
    private final boolean stream;
    private final int mask;
    private final State[] states;
    private final int[] numbers;
    private final int[] peers;
    private final long[] nextNs;
    private final long[] intervalNs;
    private final long[] givenUpNs;
    private final int[] answerLength;
    private final UnsafeBuffer answers;
    private long answered;
    private long accepted;
    private long ended;
    private long retransmissions;
    private long neverAcked;
    private int tickSlot;

    Answerer(final Wire wire, final Text text, final LoadPlan plan, final int slots) {
        this.wire = wire;
        this.text = text;
        scenario = plan.scenario();
        retransmit = plan.retransmit();
        stream = plan.transport().stream();
        mask = slots - 1;
        states = new State[slots];
        Arrays.fill(states, State.NONE);
        numbers = new int[slots];
        peers = new int[slots];
        nextNs = new long[slots];
        Arrays.fill(nextNs, Long.MAX_VALUE);
        intervalNs = new long[slots];
        givenUpNs = new long[slots];
        answerLength = new int[slots];
        answers = new UnsafeBuffer(java.nio.ByteBuffer.allocateDirect(slots * ANSWER_BYTES));
    }

    /** Handles what has arrived, at most {@code limit} messages; returns how many. */
    int poll(final long nowNs, final int limit) throws IOException {
        int count = 0;
        while (count < limit) {
            final SipMessage message = wire.receive();
            if (message == null) {
                break;
            }
            count++;
            if (message.isRequest()) {
                onRequest(message, nowNs);
            }
        }
        return count;
    }

    private void onRequest(final SipMessage request, final long nowNs) throws IOException {
        final int number = text.calledNumber(request);
        final int slot = number & mask;
        final boolean known = states[slot] != State.NONE && numbers[slot] == number;
        switch (request.method()) {
            case INVITE -> {
                if (known) {
                    answerAgain(request, number, slot);
                } else {
                    answer(request, number, slot, nowNs);
                }
            }
            case ACK -> {
                if (known && states[slot] != State.ENDED) {
                    states[slot] = State.ACKED;
                    nextNs[slot] = Long.MAX_VALUE;
                }
            }
            default -> {
                ok(request, number);
                if (known && request.method() == Method.CANCEL && states[slot] == State.RINGING) {
                    // What waits for it in the slot is the 487 (section 9.2).
                    sendFinal(slot, nowNs);
                } else if (known && request.method() == Method.BYE) {
                    ended += states[slot] == State.ENDED ? 0 : 1;
                    states[slot] = State.ENDED;
                    nextNs[slot] = Long.MAX_VALUE;
                }
            }
        }
    }

    private void ok(final SipMessage request, final int number) throws IOException {
        wire.send(text.response(request, "SIP/2.0 200 OK\r\n", number, false, wire.outgoing()), wire.peer());
    }

    private void ringing(final SipMessage request, final int number) throws IOException {
        wire.send(text.response(request, "SIP/2.0 180 Ringing\r\n", number, false, wire.outgoing()), wire.peer());
    }

    private void answer(final SipMessage invite, final int number, final int slot, final long nowNs)
            throws IOException {
        ringing(invite, number);
        final Kind kind = scenario.kind(number);
        final String statusLine = switch (kind) {
            case BUSY -> "SIP/2.0 486 Busy Here\r\n";
            case CANCELLED -> "SIP/2.0 487 Request Terminated\r\n";
            case ANSWERED, OPTIONS, MESSAGE, REGISTER -> "SIP/2.0 200 OK\r\n";
        };
        final int length = Math.min(ANSWER_BYTES,
                text.response(invite, statusLine, number, kind == Kind.ANSWERED, wire.outgoing()));
        answered++;
        accepted += kind == Kind.ANSWERED ? 1 : 0;
        numbers[slot] = number;
        peers[slot] = wire.peer();
        answers.putBytes(slot * ANSWER_BYTES, wire.outgoing(), 0, length);
        answerLength[slot] = length;
        states[slot] = State.RINGING;
        nextNs[slot] = Long.MAX_VALUE;
        if (kind != Kind.CANCELLED) {
            sendFinal(slot, nowNs);
        }
    }

    private void answerAgain(final SipMessage invite, final int number, final int slot) throws IOException {
        if (states[slot] == State.RINGING) {
            ringing(invite, number);
        } else {
            send(slot);
        }
        retransmissions++;
    }

    private void sendFinal(final int slot, final long nowNs) throws IOException {
        states[slot] = State.SENT;
        intervalNs[slot] = T1_NS;
        // Over a stream only a 2xx is sent again (sections 13.3.1.4 and 17.2.1).
        final boolean again = retransmit && (!stream || scenario.kind(numbers[slot]) == Kind.ANSWERED);
        nextNs[slot] = again ? nowNs + T1_NS : Long.MAX_VALUE;
        givenUpNs[slot] = nowNs + 64 * T1_NS;
        send(slot);
    }

    private void send(final int slot) throws IOException {
        wire.outgoing().putBytes(0, answers, slot * ANSWER_BYTES, answerLength[slot]);
        wire.send(answerLength[slot], peers[slot]);
    }

    /** Sends unacknowledged final responses of the next {@value #TICK_SLOTS} slots again where their time has come. */
    void onTick(final long nowNs) throws IOException {
        final int end = Math.min(tickSlot + TICK_SLOTS, mask + 1);
        for (int slot = tickSlot; slot < end; slot++) {
            if (nextNs[slot] > nowNs) {
                continue;
            }
            if (givenUpNs[slot] - nowNs <= 0) {
                neverAcked++;
                nextNs[slot] = Long.MAX_VALUE;
                continue;
            }
            send(slot);
            retransmissions++;
            intervalNs[slot] = Math.min(2 * intervalNs[slot], T2_NS);
            nextNs[slot] = nowNs + intervalNs[slot];
        }
        tickSlot = end > mask ? 0 : end;
    }

    /** INVITEs answered. */
    long answered() {
        return answered;
    }

    /** Calls that were answered by a 200 and have had no BYE. */
    long open() {
        return accepted - ended;
    }

    /** Calls that were ended by a BYE. */
    long ended() {
        return ended;
    }

    long retransmissions() {
        return retransmissions;
    }

    /** Final responses that no ACK ever came for. */
    long neverAcked() {
        return neverAcked;
    }
}
