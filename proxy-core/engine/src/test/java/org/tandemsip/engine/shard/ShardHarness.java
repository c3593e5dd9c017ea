package org.tandemsip.engine.shard;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;
import org.tandemsip.codec.Limits;
import org.tandemsip.codec.ParseError;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.SipParser;
import org.tandemsip.engine.handler.Policy;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.handler.Source;
import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.engine.metrics.Counters;
import org.tandemsip.engine.metrics.StageTimers;
import org.tandemsip.engine.timer.TimerLanes;

/** A shard between a handler, an egress and reports that write down what they are given. */
final class ShardHarness {
    static final int RING = 64;
    static final ShardContext.Keys KEYS = new ShardContext.Keys(1, 2, 3, 4);

    final Counters received = new Counters();
    final Counters counters = new Counters();
    final TimerLanes timers = new TimerLanes();
    final StageTimers stages = new StageTimers();
    final FakeEgress egress = new FakeEgress();
    final FakeHandler handler = new FakeHandler(stages);
    final FakeReports reports = new FakeReports();
    private final SipParser parser = new SipParser(Limits.DEFAULTS);
    private final SipMessage message = new SipMessage(Limits.DEFAULTS.headerRows());
    final Source source = new Source();
    final Shard shard = new Shard(context(0), handler, RING, stages, () -> handler.clockNs, reports);

    ShardContext context(final int number) {
        return new ShardContext(number, egress, timers, counters, List.of(), Limits.DEFAULTS, KEYS, 100,
                new Policy() {});
    }

    boolean offer(final String text) {
        return offer(wire(text));
    }

    boolean offer(final UnsafeBuffer bytes) {
        final boolean taken = shard.offer(parsed(bytes), source);
        if (taken) {
            received.increment(Counter.RECEIVED);
        }
        return taken;
    }

    SipMessage parsed(final UnsafeBuffer bytes) {
        message.wrap(bytes, 0, bytes.capacity());
        assertEquals(ParseError.NONE, parser.parse(message, false));
        return message;
    }

    void assertIdentity() {
        assertEquals(0, Counters.unaccounted(List.of(received, counters)));
    }

    static UnsafeBuffer wire(final String text) {
        final byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        final UnsafeBuffer buffer = new UnsafeBuffer(ByteBuffer.allocateDirect(bytes.length));
        buffer.putBytes(0, bytes);
        return buffer;
    }

    static String request(final String method, final String callId, final String body) {
        return message(method + " sip:bob@127.0.0.1 SIP/2.0", method, callId, "", body);
    }

    static String inDialog(final String method, final String callId) {
        return message(method + " sip:bob@127.0.0.1 SIP/2.0", method, callId, ";tag=2", "");
    }

    static String response(final String callId) {
        return message("SIP/2.0 200 OK", "INVITE", callId, ";tag=2", "");
    }

    private static String message(final String startLine, final String method, final String callId, final String toTag,
            final String body) {
        return startLine + "\r\nVia: SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bK1\r\nMax-Forwards: 70\r\n"
                + "From: <sip:alice@127.0.0.1>;tag=1\r\nTo: <sip:bob@127.0.0.1>" + toTag + "\r\nCall-ID: " + callId
                + "\r\nCSeq: 1 " + method + "\r\nContent-Length: " + body.length() + "\r\n\r\n" + body;
    }
}
