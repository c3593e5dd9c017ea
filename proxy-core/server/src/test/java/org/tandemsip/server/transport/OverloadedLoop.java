package org.tandemsip.server.transport;

import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import org.agrona.concurrent.UnsafeBuffer;
import org.tandemsip.codec.Limits;
import org.tandemsip.codec.ParseError;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.SipParser;
import org.tandemsip.engine.handler.AnswerTag;
import org.tandemsip.engine.handler.Source;

/**
 * A loop in virtual time that takes a fixed time per message: callers and a callee on one side of a socket buffer, the
 * real {@link Admission} and {@link Overload} on the other. Callers do not look at answers before they call again.
 *
 * <pre>
 *   caller  INVITE ------> [ socket buffer ] ---> judge ---> TAKE: INVITE goes on, 1 ms later come 180 and 200;
 *           ACK, BYE ----> [ socket buffer ]                 1 ms after the 200 the ACK, a second later BYE and its 200
 * </pre>
 */
final class OverloadedLoop {
    /** To take on one message and send it on. */
    static final long SERVE_NS = 20_000;
    /** A call is six messages. */
    static final double CAPACITY = 1e9 / (6 * SERVE_NS);
    /** In parts of {@link #SERVE_NS}, estimated: the refusal of a request, the drop of one, the ACK for a refusal. */
    private static final double REFUSE = 0.5;
    private static final double DROP = 0.15;
    private static final long DELAY_NS = 1_000_000;
    private static final long HOLD_NS = 1_000_000_000;
    private static final long T1_NS = 500_000_000;
    private static final int READS = 64;
    private static final int BUFFER = 3_600;
    private static final String ACK_TAG = "0000000000000000";

    enum Kind {
        INVITE, RINGING, OK, ACK, BYE, OK_TO_BYE, ACK_FOR_REFUSAL
    }

    private static final class Call {
        final int number;
        final int trunk;
        boolean answered;
        int sent;

        Call(final int number, final int trunk) {
            this.number = number;
            this.trunk = trunk;
        }
    }

    private record Arrival(long atNs, long order, Kind kind, Call call) implements Comparable<Arrival> {
        @Override
        public int compareTo(final Arrival other) {
            return atNs != other.atNs ? Long.compare(atNs, other.atNs) : Long.compare(order, other.order);
        }
    }

    final Overload overload = new Overload();
    final Map<Admission.Verdict, Integer> verdicts = new EnumMap<>(Admission.Verdict.class);
    final List<Long> waitsNs = new ArrayList<>();
    final int[] completed = new int[8];
    final int[] offered = new int[8];
    int lostInKernel;
    /** By the share that the loop has it let through. */
    int droppedByKernel;
    int received;
    int inDialogTurnedAway;
    /** Whether callers send again what is not answered. */
    boolean retransmit;
    long nowNs = 1_000_000_000_000L;
    /** To take on one message; longer while code is not compiled yet. */
    long serveNs = SERVE_NS;

    private final Admission admission = new Admission(overload, () -> source -> (int) source.addressLow, TestNet.KEYS,
            new Fingerprints(), new Fingerprints());
    private final AnswerTag tags = new AnswerTag(TestNet.KEYS);
    private final PriorityQueue<Arrival> coming = new PriorityQueue<>();
    private final ArrayDeque<Arrival> buffer = new ArrayDeque<>();
    private final SipParser parser = new SipParser(Limits.DEFAULTS);
    private final SipMessage message = new SipMessage(Limits.DEFAULTS.headerRows());
    private final Source source = new Source();
    private final SplittableRandom lots = new SplittableRandom(7);
    private final UnsafeBuffer[] texts = new UnsafeBuffer[Kind.values().length];
    private final int ackTagOffset;
    private final double[] nextCallNs = new double[8];
    private int calls;
    private long order;

    OverloadedLoop() {
        texts[Kind.INVITE.ordinal()] = text("INVITE sip:b@example.com SIP/2.0", "", "INVITE");
        texts[Kind.RINGING.ordinal()] = text("SIP/2.0 180 Ringing", ";tag=b", "INVITE");
        texts[Kind.OK.ordinal()] = text("SIP/2.0 200 OK", ";tag=b", "INVITE");
        texts[Kind.ACK.ordinal()] = text("ACK sip:b@example.com SIP/2.0", ";tag=b", "ACK");
        texts[Kind.BYE.ordinal()] = text("BYE sip:b@example.com SIP/2.0", ";tag=b", "BYE");
        texts[Kind.OK_TO_BYE.ordinal()] = text("SIP/2.0 200 OK", ";tag=b", "BYE");
        texts[Kind.ACK_FOR_REFUSAL.ordinal()] = text("ACK sip:b@example.com SIP/2.0", ";tag=" + ACK_TAG, "ACK");
        final UnsafeBuffer ack = texts[Kind.ACK_FOR_REFUSAL.ordinal()];
        ackTagOffset = ack.getStringWithoutLengthAscii(0, ack.capacity()).indexOf(ACK_TAG);
    }

    private static UnsafeBuffer text(final String startLine, final String toTag, final String method) {
        return new UnsafeBuffer((startLine + "\r\nCall-ID: 00000000\r\nVia: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK1\r\n"
                + "Max-Forwards: 70\r\nFrom: <sip:a@example.com>;tag=a\r\nTo: <sip:b@example.com>" + toTag
                + "\r\nCSeq: 1 " + method + "\r\nX-Long: " + "x".repeat(150) + "\r\nContent-Length: 0\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII));
    }

    /** Lets time pass while each trunk offers so many calls a second. */
    void run(final long durationNs, final double... callsPerSecond) {
        final long endNs = nowNs + durationNs;
        for (int trunk = 0; trunk < callsPerSecond.length; trunk++) {
            nextCallNs[trunk] = nowNs + trunk * 1_000;
        }
        while (nowNs < endNs) {
            call(callsPerSecond);
            deliver();
            if (buffer.isEmpty()) {
                nowNs = Math.min(endNs, nextNs(callsPerSecond));
            }
            final int handled = cycle();
            if (handled > 0 || buffer.isEmpty()) {
                overload.endCycle(nowNs, 0);
                admission.endCycle(nowNs);
            }
        }
    }

    private void call(final double[] callsPerSecond) {
        for (int trunk = 0; trunk < callsPerSecond.length; trunk++) {
            while (callsPerSecond[trunk] > 0 && nextCallNs[trunk] <= nowNs) {
                offered[trunk]++;
                invite((long) nextCallNs[trunk], new Call(calls++, trunk));
                nextCallNs[trunk] += 1e9 / callsPerSecond[trunk];
            }
        }
    }

    private void invite(final long atNs, final Call call) {
        call.sent++;
        come(atNs, Kind.INVITE, call);
    }

    private void come(final long atNs, final Kind kind, final Call call) {
        coming.add(new Arrival(atNs, order++, kind, call));
    }

    private void deliver() {
        while (!coming.isEmpty() && coming.peek().atNs <= nowNs) {
            final Arrival arrival = coming.poll();
            if (arrival.kind == Kind.INVITE) {
                if (arrival.call.answered) {
                    continue;
                }
                if (retransmit && arrival.call.sent < 7) {
                    invite(arrival.atNs + (T1_NS << arrival.call.sent - 1), arrival.call);
                }
            }
            if (arrival.kind == Kind.INVITE
                    && lots.nextDouble() >= admission.inviteShares().of(0, arrival.call.trunk)) {
                droppedByKernel++;
            } else if (buffer.size() == BUFFER) {
                lostInKernel++;
            } else {
                buffer.add(arrival);
            }
        }
    }

    private long nextNs(final double[] callsPerSecond) {
        double next = coming.isEmpty() ? Double.MAX_VALUE : coming.peek().atNs;
        for (int trunk = 0; trunk < callsPerSecond.length; trunk++) {
            next = callsPerSecond[trunk] > 0 ? Math.min(next, nextCallNs[trunk]) : next;
        }
        return (long) Math.ceil(next);
    }

    private int cycle() {
        if (buffer.isEmpty()) {
            return 0;
        }
        overload.waited(nowNs - buffer.peek().atNs);
        final long beganNs = nowNs;
        int handled = 0;
        for (; handled < READS && !buffer.isEmpty(); handled++) {
            handle(buffer.poll(), beganNs);
        }
        if (handled == READS) {
            overload.unread((double) buffer.size() / BUFFER);
        }
        return handled;
    }

    private void handle(final Arrival arrival, final long beganNs) {
        received++;
        final SipMessage parsed = parse(arrival.kind, arrival.call);
        final Admission.Verdict verdict = admission.dropsAtFirstLook(parsed.bytes(), parsed.length(), source)
                ? Admission.Verdict.DROP
                : admission.judge(parsed, source);
        verdicts.merge(verdict, 1, Integer::sum);
        nowNs += (long) (serveNs * switch (verdict) {
            case TAKE -> 1;
            case REFUSE -> REFUSE;
            case DROP, ABSORB -> DROP;
        });
        if (arrival.kind != Kind.INVITE && verdict != Admission.Verdict.TAKE
                && !(arrival.kind == Kind.ACK_FOR_REFUSAL && verdict == Admission.Verdict.ABSORB)) {
            inDialogTurnedAway++;
        }
        if (verdict == Admission.Verdict.TAKE) {
            waitsNs.add(beganNs - arrival.atNs);
            serve(arrival);
        } else if (verdict == Admission.Verdict.REFUSE) {
            arrival.call.answered = true;
            come(nowNs + DELAY_NS, Kind.ACK_FOR_REFUSAL, arrival.call);
        }
    }

    private void serve(final Arrival arrival) {
        final Call call = arrival.call;
        final long atNs = nowNs + DELAY_NS;
        switch (arrival.kind) {
            case INVITE -> {
                if (!call.answered) {
                    call.answered = true;
                    come(atNs, Kind.RINGING, call);
                    come(atNs, Kind.OK, call);
                }
            }
            case OK -> {
                come(atNs, Kind.ACK, call);
                come(atNs + HOLD_NS, Kind.BYE, call);
            }
            case BYE -> come(atNs, Kind.OK_TO_BYE, call);
            case OK_TO_BYE -> completed[call.trunk]++;
            default -> {
                // Nobody answers these.
            }
        }
    }

    private SipMessage parse(final Kind kind, final Call call) {
        final UnsafeBuffer bytes = texts[kind.ordinal()];
        number(bytes, call.number);
        source.addressLow = call.trunk;
        if (kind == Kind.ACK_FOR_REFUSAL) {
            final UnsafeBuffer invite = texts[Kind.INVITE.ordinal()];
            number(invite, call.number);
            parser.parse(message.wrap(invite, 0, invite.capacity()), false);
            final byte[] digits = String.format("%016x", tags.of(message)).getBytes(StandardCharsets.US_ASCII);
            bytes.putBytes(ackTagOffset, digits);
        }
        final ParseError error = parser.parse(message.wrap(bytes, 0, bytes.capacity()), false);
        if (error != ParseError.NONE) {
            throw new AssertionError(error + " at " + parser.errorOffset());
        }
        return message;
    }

    private static void number(final UnsafeBuffer bytes, final int number) {
        int at = 0;
        while (bytes.getByte(at) != '\n') {
            at++;
        }
        bytes.putNaturalPaddedIntAscii(at + 1 + "Call-ID: ".length(), 8, number);
    }

    int completed() {
        int sum = 0;
        for (final int each : completed) {
            sum += each;
        }
        return sum;
    }
}
