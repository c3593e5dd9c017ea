package org.tandemsip.engine.shard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.tandemsip.codec.Limits;
import org.tandemsip.codec.ParseError;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.SipParser;
import org.tandemsip.engine.handler.Disposition;
import org.tandemsip.engine.handler.Policy;
import org.tandemsip.engine.handler.ShardCommand;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.handler.Source;
import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.engine.metrics.Counters;
import org.tandemsip.engine.metrics.Stage;
import org.tandemsip.engine.metrics.StageTimers;
import org.tandemsip.engine.timer.TimerLanes;
import org.tandemsip.engine.timer.TimerNode;

@Timeout(value = 30, unit = TimeUnit.SECONDS)
class ShardTest {
    private static final int RING = 64;
    private static final ShardContext.Keys KEYS = new ShardContext.Keys(1, 2, 3, 4);

    private final Counters received = new Counters();
    private final Counters counters = new Counters();
    private final TimerLanes timers = new TimerLanes();
    private final StageTimers stages = new StageTimers();
    private final FakeEgress egress = new FakeEgress();
    private final FakeHandler handler = new FakeHandler(stages);
    private final FakeReports reports = new FakeReports();
    private final SipParser parser = new SipParser(Limits.DEFAULTS);
    private final SipMessage message = new SipMessage(Limits.DEFAULTS.headerRows());
    private final Source source = new Source();
    private final Shard shard = new Shard(context(0), handler, RING, stages, () -> handler.clockNs, reports);

    @Test
    void shouldHandMessagesToTheHandlerInOrder() {
        // given
        assertTrue(offer(request("INVITE", "one", "")));
        assertTrue(offer(response("two")));

        // when
        final int work = shard.doWork(1_000);

        // then
        assertEquals(2, work);
        assertEquals(List.of("INVITE one", "200 two"), handler.handled);
        assertEquals(1_000, handler.nowNs);
        assertIdentity();
    }

    @Test
    void shouldCopyBytesAndSourceIntoTheSlot() {
        // given
        final UnsafeBuffer bytes = wire(request("INVITE", "kept", ""));
        source.port = 4711;
        source.connection = 9;
        assertTrue(offer(bytes));

        // when
        bytes.setMemory(0, bytes.capacity(), (byte) 'x');
        source.port = 1;
        shard.doWork(0);

        // then
        assertEquals(List.of("INVITE kept"), handler.handled);
        assertEquals(4711, handler.lastSource.port);
        assertEquals(9, handler.lastSource.connection);
    }

    @Test
    void shouldHandLentMessagesToTheHandlerInOrderWithCopies() {
        // given
        final SipMessage lent = new SipMessage(Limits.DEFAULTS.headerRows());
        final UnsafeBuffer bytes = wire(request("INVITE", "lent", ""));
        final Source reader = new Source();
        reader.port = 4712;
        for (int round = 0; round < 3 * RING; round++) {
            handler.handled.clear();
            lent.wrap(bytes, 0, bytes.capacity());
            assertEquals(ParseError.NONE, parser.parse(lent, false));
            assertTrue(offer(request("INVITE", "before", "")));
            assertTrue(shard.lend(lent, reader));
            received.increment(Counter.RECEIVED);
            assertTrue(shard.borrows());

            // when
            shard.doWork(round);

            // then
            assertEquals(List.of("INVITE before", "INVITE lent"), handler.handled);
            assertEquals(4712, handler.lastSource.port);
            assertFalse(shard.borrows());
        }
        assertIdentity();
    }

    @Test
    void shouldGiveBackALentMessageWhoseHandlerFails() {
        // given
        assertTrue(shard.lend(parsed(wire(request("INVITE", "poison", ""))), source));

        // when
        shard.doWork(0);

        // then
        assertFalse(shard.borrows());
        assertFalse(shard.hasWork());
        assertEquals(1, counters.get(Counter.FAULTS));
    }

    @Test
    void shouldTakeMessagesTooLargeForASlotWhileThereAreLargeBuffers() {
        // given
        final String large = request("MESSAGE", "large", "x".repeat(40_000));
        for (int i = 0; i < InboundRing.LARGE_BUFFERS; i++) {
            assertTrue(offer(large), "buffer " + i);
        }

        // then
        assertFalse(offer(large));
        assertTrue(offer(request("MESSAGE", "small", "")));

        // when
        shard.doWork(0);

        // then
        assertEquals(InboundRing.LARGE_BUFFERS + 1, handler.handled.size());
        assertEquals(40_000, handler.largestBody);
        assertTrue(offer(large), "buffers come back");
    }

    @Test
    void shouldRefuseNewRequestsFirstWhenTheRingFillsUp() {
        // given
        int accepted = 0;
        while (offer(request("INVITE", "new" + accepted, ""))) {
            accepted++;
        }

        // then
        assertEquals(RING - RING / 8, accepted);
        assertTrue(offer(response("answer")));
        assertTrue(offer(request("ACK", "ack", "")));
        assertTrue(offer(request("CANCEL", "cancel", "")));
        assertTrue(offer(inDialog("BYE", "bye")));

        // when
        int reserved = 4;
        while (offer(response("answer"))) {
            reserved++;
        }

        // then
        assertEquals(RING / 8, reserved);
        shard.doWork(0);
        assertEquals(RING, handler.handled.size());
        assertTrue(offer(request("INVITE", "again", "")));
    }

    @Test
    void shouldGoOnAndNeverDeliverAgainWhenAMessageIsPoison() {
        // given
        offer(request("INVITE", "before", ""));
        offer(request("INVITE", "poison", ""));
        offer(response("poison"));
        offer(request("INVITE", "after", ""));

        // when
        shard.doWork(0);
        shard.doWork(1);

        // then
        assertEquals(List.of("INVITE before", "INVITE poison", "200 poison", "INVITE after"), handler.handled);
        assertEquals(2, counters.get(Counter.DROPPED_FAULT));
        assertEquals(2, counters.get(Counter.FAULTS));
        assertEquals(List.of("REQUEST poison", "RESPONSE poison"), reports.faults);
        assertIdentity();
    }

    @Test
    void shouldSurviveAnErrorAsWellAsAnException() {
        // given
        handler.poison = new StackOverflowError();
        offer(request("INVITE", "poison", ""));

        // when
        shard.doWork(0);
        offer(request("INVITE", "after", ""));
        shard.doWork(0);

        // then
        assertEquals(2, handler.handled.size());
        assertIdentity();
    }

    @Test
    void shouldSurviveReportsThatThrow() {
        // given
        reports.broken = true;
        offer(request("INVITE", "poison", ""));
        offer(request("INVITE", "after", ""));

        // when
        shard.doWork(0);
        shard.doWork(1);

        // then
        assertEquals(List.of("INVITE poison", "INVITE after"), handler.handled);
        assertIdentity();
    }

    @Test
    void shouldReportFewFaultsASecondAndSayHowManyItKeptBack() {
        // when
        for (int i = 0; i < 25; i++) {
            offer(request("INVITE", "poison", ""));
            shard.doWork(0);
        }

        // then
        assertEquals(RateLimitedReports.PER_SECOND, reports.faults.size());

        // when
        offer(request("INVITE", "poison", ""));
        shard.doWork(1_000_000_000L);

        // then
        assertEquals(RateLimitedReports.PER_SECOND + 1, reports.faults.size());
        assertEquals(15, reports.lastSuppressed);
        assertEquals(26, counters.get(Counter.DROPPED_FAULT));
    }

    @Test
    void shouldReportFewRefusedSourcesASecondAndSayHowManyItKeptBack() {
        // given
        handler.disposition = Disposition.DROPPED_UNKNOWN_SOURCE;

        // when
        for (int i = 0; i < 25; i++) {
            offer(request("INVITE", "stranger", ""));
            shard.doWork(0);
        }

        // then
        assertEquals(RateLimitedReports.PER_SECOND, reports.refused.size());

        // when
        offer(request("INVITE", "stranger", ""));
        shard.doWork(1_000_000_000L);

        // then
        assertEquals(RateLimitedReports.PER_SECOND + 1, reports.refused.size());
        assertEquals(15, reports.lastSuppressed);
        assertEquals(26, counters.get(Counter.DROPPED_UNKNOWN_SOURCE));
    }

    @Test
    void shouldReportRefusedSources() {
        // given
        handler.disposition = Disposition.DROPPED_UNKNOWN_SOURCE;
        source.port = 5099;
        offer(request("INVITE", "stranger", ""));

        // when
        shard.doWork(0);

        // then
        assertEquals(List.of(5099), reports.refused);
        assertEquals(1, counters.get(Counter.DROPPED_UNKNOWN_SOURCE));
        assertIdentity();
    }

    @Test
    void shouldCountEveryDisposition() {
        for (final Disposition disposition : Disposition.values()) {
            handler.disposition = disposition;
            offer(request("OPTIONS", disposition.name(), ""));
            shard.doWork(0);
            assertEquals(1, counters.get(disposition.counter()), disposition.name());
        }
        assertIdentity();
    }

    @Test
    void shouldRunTimersThatAreDueAndSurviveOneThatThrows() {
        // given
        final List<Long> expired = new ArrayList<>();
        final TimerLanes.Lane lane = timers.lane(500);
        timers.arm(timer(nowNs -> {
            throw new IllegalStateException("poison timer");
        }), lane, 0);
        timers.arm(timer(expired::add), lane, 0);

        // then
        assertEquals(500, shard.nextDeadlineNs());

        // when
        shard.doWork(499);

        // then
        assertTrue(expired.isEmpty());

        // when
        shard.doWork(500);
        shard.doWork(501);

        // then
        assertEquals(1, expired.size());
        assertEquals(List.of("TIMER"), reports.faults);
        assertEquals(Long.MAX_VALUE, shard.nextDeadlineNs());
    }

    @Test
    void shouldRunCommandsAndSurviveOneThatThrows() {
        // given
        final List<String> inspected = new ArrayList<>();
        shard.command(new ShardCommand.SendFailed(-1));
        shard.command(new ShardCommand.SendFailed(5));
        shard.command(new ShardCommand.Inspect(() -> inspected.add("looked")));

        // when
        assertTrue(shard.hasWork());
        shard.doWork(0);

        // then
        assertEquals(List.of(5L), handler.failed);
        assertEquals(List.of("looked"), inspected);
        assertEquals(List.of("COMMAND"), reports.faults);
        assertFalse(shard.hasWork());
    }

    @Test
    void shouldRefuseCommandsWhenTheirQueueIsFull() {
        // given
        int queued = 0;
        while (shard.command(new ShardCommand.SendFailed(5))) {
            queued++;
        }

        // when
        while (shard.hasWork()) {
            shard.doWork(0);
        }

        // then
        assertEquals(queued, handler.failed.size());
        assertTrue(shard.command(new ShardCommand.SendFailed(5)));
    }

    @Test
    void shouldFlushOnceATurnAndSurviveAFlushThatThrows() {
        // when
        offer(request("OPTIONS", "a", ""));
        offer(request("OPTIONS", "b", ""));
        shard.doWork(0);

        // then
        assertEquals(1, egress.flushes);

        // when
        egress.broken = true;
        shard.doWork(0);

        // then
        assertEquals(List.of("FLUSH"), reports.faults);
    }

    @Test
    void shouldRecordHowLongMessagesWaitedAndWereHandled() {
        // given
        source.receivedNs = 1_000_000;
        offer(request("OPTIONS", "a", ""));
        handler.clockNs = 3_000_000;
        handler.takesNs = 500_000;

        // when
        shard.doWork(3_000_000);

        // then
        final var histogram = StageTimers.emptyHistogram();
        stages.takeInterval(Stage.RING, histogram);
        assertEquals(2_000_000, histogram.getMaxValue(), 20_000);
        stages.takeInterval(Stage.HANDLER, histogram);
        assertEquals(500_000, histogram.getMaxValue(), 5_000);
        assertEquals(1_000_000, handler.receivedNsSeen);
        assertEquals(0, stages.receivedNs());
    }

    @Test
    void shouldBeIdleOnlyWhenNothingIsLeft() {
        assertTrue(shard.idle());
        offer(request("OPTIONS", "a", ""));
        assertFalse(shard.idle());
        handler.live = 1;
        shard.doWork(0);
        assertFalse(shard.idle());
        assertEquals(1, shard.live());
        handler.live = 0;
        offer(request("OPTIONS", "b", ""));
        shard.doWork(0);
        assertTrue(shard.idle());
        assertEquals(0, shard.live());
    }

    @Test
    void shouldSendAllMessagesOfACallToTheSameShardAndSpreadCalls() {
        // given
        final Shard[] shards = new Shard[4];
        for (int i = 0; i < shards.length; i++) {
            shards[i] = new Shard(context(i), handler, RING);
        }
        final Shards chooser = new Shards(shards, KEYS);
        final Shards other = new Shards(shards, KEYS);
        final Set<Shard> used = new HashSet<>();

        // then
        for (int call = 0; call < 100; call++) {
            final Shard owner = chooser.ownerOf(parsed(wire(request("INVITE", "call" + call, ""))));
            assertSame(owner, other.ownerOf(parsed(wire(inDialog("BYE", "call" + call)))));
            used.add(owner);
        }
        assertEquals(4, used.size());
    }

    @Test
    void shouldAllocateNothingPerMessage() {
        // given
        handler.recording = false;
        final SipMessage parsed = parsed(wire(request("INVITE", "steady", "")));
        final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        turns(parsed, 20_000);

        // when: the compiler may take its time on a busy machine
        long least = Long.MAX_VALUE;
        final long deadlineNs = System.nanoTime() + 20_000_000_000L;
        while (least > 0 && System.nanoTime() - deadlineNs < 0) {
            final long before = threads.getCurrentThreadAllocatedBytes();
            turns(parsed, 1_000);
            least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
        }

        // then
        assertEquals(0, least);
    }

    private void turns(final SipMessage parsed, final int count) {
        for (int i = 0; i < count; i++) {
            shard.offer(parsed, source);
            shard.offer(parsed, source);
            shard.doWork(i);
        }
    }

    private ShardContext context(final int number) {
        return new ShardContext(number, egress, timers, counters, List.of(), Limits.DEFAULTS, KEYS, 100,
                new Policy() {});
    }

    private boolean offer(final String text) {
        return offer(wire(text));
    }

    private boolean offer(final UnsafeBuffer bytes) {
        final boolean taken = shard.offer(parsed(bytes), source);
        if (taken) {
            received.increment(Counter.RECEIVED);
        }
        return taken;
    }

    private SipMessage parsed(final UnsafeBuffer bytes) {
        message.wrap(bytes, 0, bytes.capacity());
        assertEquals(ParseError.NONE, parser.parse(message, false));
        return message;
    }

    private void assertIdentity() {
        assertEquals(0, Counters.unaccounted(List.of(received, counters)));
    }

    private static UnsafeBuffer wire(final String text) {
        final byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        final UnsafeBuffer buffer = new UnsafeBuffer(ByteBuffer.allocateDirect(bytes.length));
        buffer.putBytes(0, bytes);
        return buffer;
    }

    private static String request(final String method, final String callId, final String body) {
        return message(method + " sip:bob@127.0.0.1 SIP/2.0", method, callId, "", body);
    }

    private static String inDialog(final String method, final String callId) {
        return message(method + " sip:bob@127.0.0.1 SIP/2.0", method, callId, ";tag=2", "");
    }

    private static String response(final String callId) {
        return message("SIP/2.0 200 OK", "INVITE", callId, ";tag=2", "");
    }

    private static String message(final String startLine, final String method, final String callId, final String toTag,
            final String body) {
        return startLine + "\r\nVia: SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bK1\r\nMax-Forwards: 70\r\n"
                + "From: <sip:alice@127.0.0.1>;tag=1\r\nTo: <sip:bob@127.0.0.1>" + toTag + "\r\nCall-ID: " + callId
                + "\r\nCSeq: 1 " + method + "\r\nContent-Length: " + body.length() + "\r\n\r\n" + body;
    }

    private interface OnExpiry {
        void run(long nowNs);
    }

    private static TimerNode timer(final OnExpiry onExpiry) {
        return new TimerNode() {
            @Override
            protected void expired(final long nowNs) {
                onExpiry.run(nowNs);
            }
        };
    }
}
