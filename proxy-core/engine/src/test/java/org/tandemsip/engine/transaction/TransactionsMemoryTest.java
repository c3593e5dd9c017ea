package org.tandemsip.engine.transaction;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.tandemsip.codec.Limits;
import org.tandemsip.codec.ParseError;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.SipParser;
import org.tandemsip.codec.Status;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.handler.Destination;
import org.tandemsip.engine.handler.Egress;
import org.tandemsip.engine.handler.Source;
import org.tandemsip.engine.timer.TimerLanes;

/** What transactions cost: heap per message in steady state, and bytes held while active and while lingering. */
@Timeout(60)
class TransactionsMemoryTest {
    private static final long MS = 1_000_000L;
    private static final int CALLS = 2_000;

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private final TimerLanes timers = new TimerLanes();
    private final Transactions transactions =
            new Transactions(TransactionFixture.context(new NullEgress(), timers, 4 * CALLS, 3));
    private final SipParser parser = new SipParser(Limits.DEFAULTS);
    private final Source source = TransactionFixture.source(Transport.UDP);
    private final Destination destination = TransactionFixture.destination(Transport.UDP);
    private final Wire invite = new Wire(typicalRequest("INVITE"));
    private final Wire bye = new Wire(typicalRequest("BYE"));
    private final Wire ringing = new Wire(typicalResponse("180 Ringing", "INVITE"));
    private final Wire busy = new Wire(typicalResponse("486 Busy Here", "INVITE"));
    private final Wire inviteOk = new Wire(typicalResponse("200 OK", "INVITE"));
    private final Wire byeOk = new Wire(typicalResponse("200 OK", "BYE"));
    private final Wire ack = new Wire(typicalRequest("ACK"));
    private long nowNs;

    @Test
    void shouldAllocateNothingWhenTransactionsComeAndGo() {
        final long thread = Thread.currentThread().threadId();
        calls(CALLS);

        final long before = threads.getThreadAllocatedBytes(thread);
        calls(CALLS);
        final long allocated = threads.getThreadAllocatedBytes(thread) - before;

        // The readings themselves cost a few bytes; one small object per call would be 32,000 bytes and more.
        assertTrue(allocated < 4_096, "allocated " + allocated + " bytes in " + CALLS + " calls");
        assertEquals(0, transactions.live());
        assertEquals(0, transactions.memory.bytesInUse());
    }

    @Test
    void shouldHoldFewBytesWhileActiveAndWhileLingering() {
        final long heap = allocatedBy(() -> {
            for (int i = 0; i < CALLS; i++) {
                inviteUntilRinging(i);
            }
        });
        final long active = (heap + transactions.memory.bytesInUse()) / CALLS;
        for (int i = 0; i < CALLS; i++) {
            answer(i, inviteOk, 200);
        }
        final long lingering = (heap + transactions.memory.bytesInUse()) / CALLS / 2;

        final long heldBefore = transactions.memory.bytesInUse();
        final long byeHeap = allocatedBy(() -> {
            for (int i = 0; i < CALLS; i++) {
                bye(i);
            }
        });
        final long lingeringBye = (byeHeap + transactions.memory.bytesInUse() - heldBefore) / CALLS / 2;

        final String measured = "INVITE server + client active " + active + " B, lingering " + lingering
                + " B each, BYE lingering " + lingeringBye + " B each";
        assertTrue(active <= 4_096, measured);
        assertTrue(lingering <= 768, measured);
        assertTrue(lingeringBye <= 768, measured);
    }

    private long allocatedBy(final Runnable task) {
        final long thread = Thread.currentThread().threadId();
        final long before = threads.getThreadAllocatedBytes(thread);
        task.run();
        return threads.getThreadAllocatedBytes(thread) - before;
    }

    /** Half of the calls are answered, half busy; some messages are lost and come again. */
    private void calls(final int count) {
        for (int i = 0; i < count; i++) {
            inviteUntilRinging(i);
            advance(600 * MS);
            transactions.findServer(invite.parse(i)).onRequest(invite.message, nowNs);
            if (i % 2 == 0) {
                answer(i, inviteOk, 200);
                bye(i);
            } else {
                answer(i, busy, 486);
                transactions.findServer(ack.parse(i)).onRequest(ack.message, nowNs);
            }
        }
        advance(200_000 * MS);
    }

    private void inviteUntilRinging(final int call) {
        final SipMessage message = invite.parse(call);
        final ServerTransaction server = transactions.createServer(message, source, TransactionUser.NOBODY, nowNs);
        server.respond(Status.TRYING_100, nowNs);
        final ClientTransaction client =
                transactions.createClient(call, true, destination, TransactionUser.NOBODY, nowNs);
        start(client, message);
        client.onResponse(ringing.parse(call), nowNs);
        respond(server, ringing, 180);
    }

    private void answer(final int call, final Wire response, final int statusCode) {
        transactions.findClient(call, false).onResponse(response.parse(call), nowNs);
        respond(transactions.findServer(invite.parse(call)), response, statusCode);
    }

    private void bye(final int call) {
        final SipMessage message = bye.parse(call);
        final ServerTransaction server = transactions.createServer(message, source, TransactionUser.NOBODY, nowNs);
        final ClientTransaction client =
                transactions.createClient(1L << 32 | call, false, destination, TransactionUser.NOBODY, nowNs);
        start(client, message);
        client.onResponse(byeOk.parse(call), nowNs);
        respond(server, byeOk, 200);
    }

    private void start(final ClientTransaction client, final SipMessage message) {
        client.claim(message.length()).putBytes(0, message.bytes(), 0, message.length());
        client.start(message.length(), nowNs);
    }

    private void respond(final ServerTransaction server, final Wire response, final int statusCode) {
        server.claim(response.length).putBytes(0, response.buffer, 0, response.length);
        server.respond(statusCode, response.length, nowNs);
    }

    private void advance(final long durationNs) {
        final long untilNs = nowNs + durationNs;
        while (timers.nextDeadlineNs() <= untilNs) {
            nowNs = timers.nextDeadlineNs();
            timers.poll(nowNs, 1);
        }
        nowNs = untilNs;
    }

    /** About 900 bytes for an INVITE. */
    private static String typicalRequest(final String method) {
        final String body = method.equals("INVITE") ? "v=0\r\n" + "a=rtpmap:0 PCMU/8000\r\n".repeat(16) : "";
        return method + " sip:+4930123456@198.51.100.20:5060 SIP/2.0\r\n"
                + "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK-524287-0000000000;rport\r\n"
                + "Max-Forwards: 69\r\n"
                + "From: \"Alice\" <sip:+4930654321@carrier.example>;tag=0123456789\r\n"
                + "To: <sip:+4930123456@pbx.example>" + (method.equals("INVITE") ? "" : ";tag=9876543210") + "\r\n"
                + "Call-ID: 0123456789-abcdef@192.0.2.1\r\n"
                + "CSeq: 1 " + method + "\r\n"
                + "Contact: <sip:alice@192.0.2.1:5060>\r\n"
                + "User-Agent: Example 1.0\r\n"
                + "Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, INFO\r\n"
                + "Content-Type: application/sdp\r\n"
                + "Content-Length: " + body.length() + "\r\n\r\n" + body;
    }

    private static String typicalResponse(final String status, final String method) {
        return "SIP/2.0 " + status + "\r\n"
                + "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK-524287-0000000000;rport=5060;received=192.0.2.1\r\n"
                + "From: \"Alice\" <sip:+4930654321@carrier.example>;tag=0123456789\r\n"
                + "To: <sip:+4930123456@pbx.example>;tag=9876543210\r\n"
                + "Call-ID: 0123456789-abcdef@192.0.2.1\r\n"
                + "CSeq: 1 " + method + "\r\n"
                + "Contact: <sip:bob@198.51.100.20:5060>\r\n"
                + "Content-Length: 0\r\n\r\n";
    }

    /** A message whose branch takes the number of the call, parsed in place. */
    private final class Wire {
        private final UnsafeBuffer buffer;
        private final int length;
        private final int number;
        private final SipMessage message = new SipMessage(128);

        private Wire(final String text) {
            buffer = new UnsafeBuffer(text.getBytes(StandardCharsets.US_ASCII));
            length = buffer.capacity();
            number = text.indexOf("-0000000000") + 1;
        }

        private SipMessage parse(final int call) {
            buffer.putNaturalPaddedIntAscii(number, 10, call);
            if (parser.parse(message.wrap(buffer, 0, length), false) != ParseError.NONE) {
                throw new AssertionError("malformed");
            }
            return message;
        }
    }

    private static final class NullEgress implements Egress {
        private final UnsafeBuffer buffer = new UnsafeBuffer(new byte[65_535]);

        @Override
        public MutableDirectBuffer claim(final int length) {
            return buffer;
        }

        @Override
        public void send(final int length, final Destination destination, final long correlation) {
            buffer.setMemory(0, Math.min(length, 16), (byte) 0);
        }

        @Override
        public int flush() {
            return 0;
        }
    }
}
