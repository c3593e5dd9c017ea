package org.tandemsip.perf.load;

import java.io.IOException;
import java.util.Arrays;
import org.agrona.concurrent.UnsafeBuffer;
import org.tandemsip.codec.Method;
import org.tandemsip.codec.SipMessage;

/**
 * The answering carrier: 180 and 200 to every INVITE at once, 200 to BYE, CANCEL and OPTIONS. Retransmits its 200 until
 * the ACK comes, as a user agent must (RFC 3261 section 13.3.1.4). Load thread only.
 */
final class Answerer {
    private static final long T1_NS = 500_000_000L;
    private static final long T2_NS = 4_000_000_000L;
    private static final int ANSWER_BYTES = 2_048;

    private final Datagrams socket;
    private final Text text;
    private final int mask;
    private final int[] numbers;
    private final long[] retransmitNs;
    private final long[] intervalNs;
    private final long[] givenUpNs;
    private final int[] answerLength;
    private final UnsafeBuffer answers;
    private long answered;
    private long retransmissions;
    private long neverAcked;

    Answerer(final Datagrams socket, final Text text, final int slots) {
        this.socket = socket;
        this.text = text;
        mask = slots - 1;
        numbers = new int[slots];
        retransmitNs = new long[slots];
        intervalNs = new long[slots];
        givenUpNs = new long[slots];
        answerLength = new int[slots];
        Arrays.fill(retransmitNs, Long.MAX_VALUE);
        answers = new UnsafeBuffer(java.nio.ByteBuffer.allocateDirect(slots * ANSWER_BYTES));
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
            if (message.isRequest()) {
                onRequest(message, nowNs);
            }
        }
        return count;
    }

    private void onRequest(final SipMessage request, final long nowNs) throws IOException {
        final int number = text.callNumber(request);
        final int slot = number & mask;
        switch (request.method()) {
            case INVITE -> {
                final boolean again = retransmitNs[slot] != Long.MAX_VALUE && numbers[slot] == number;
                socket.send(text.response(request, "SIP/2.0 180 Ringing\r\n", number, false, socket.outgoing()));
                final int length = text.response(request, "SIP/2.0 200 OK\r\n", number, true, socket.outgoing());
                socket.send(length);
                if (!again && length <= ANSWER_BYTES) {
                    answered++;
                    numbers[slot] = number;
                    answers.putBytes(slot * ANSWER_BYTES, socket.outgoing(), 0, length);
                    answerLength[slot] = length;
                    intervalNs[slot] = T1_NS;
                    retransmitNs[slot] = nowNs + T1_NS;
                    givenUpNs[slot] = nowNs + 64 * T1_NS;
                }
            }
            case ACK -> retransmitNs[slot] = Long.MAX_VALUE;
            default -> {
                if (request.method() == Method.BYE && numbers[slot] == number) {
                    retransmitNs[slot] = Long.MAX_VALUE;
                }
                socket.send(text.response(request, "SIP/2.0 200 OK\r\n", number, false, socket.outgoing()));
            }
        }
    }

    /** Sends unacknowledged 200s again where their time has come. */
    void onTick(final long nowNs) throws IOException {
        for (int slot = 0; slot <= mask; slot++) {
            if (retransmitNs[slot] > nowNs) {
                continue;
            }
            if (givenUpNs[slot] - nowNs <= 0) {
                neverAcked++;
                retransmitNs[slot] = Long.MAX_VALUE;
                continue;
            }
            socket.outgoing().putBytes(0, answers, slot * ANSWER_BYTES, answerLength[slot]);
            socket.send(answerLength[slot]);
            retransmissions++;
            intervalNs[slot] = Math.min(2 * intervalNs[slot], T2_NS);
            retransmitNs[slot] = nowNs + intervalNs[slot];
        }
    }

    long answered() {
        return answered;
    }

    long retransmissions() {
        return retransmissions;
    }

    long neverAcked() {
        return neverAcked;
    }
}
