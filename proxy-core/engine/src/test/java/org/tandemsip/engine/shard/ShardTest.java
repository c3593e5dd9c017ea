package org.tandemsip.engine.shard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.tandemsip.engine.shard.ShardHarness.KEYS;
import static org.tandemsip.engine.shard.ShardHarness.RING;
import static org.tandemsip.engine.shard.ShardHarness.inDialog;
import static org.tandemsip.engine.shard.ShardHarness.request;
import static org.tandemsip.engine.shard.ShardHarness.response;
import static org.tandemsip.engine.shard.ShardHarness.wire;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
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
import org.tandemsip.engine.handler.Source;
import org.tandemsip.engine.metrics.Counter;

/** How a message comes to the handler of its shard: through the ring, lent, or not at all when there is no room. */
@Timeout(value = 30, unit = TimeUnit.SECONDS)
class ShardTest {
    private final ShardHarness harness = new ShardHarness();
    private final Shard shard = harness.shard;
    private final FakeHandler handler = harness.handler;

    @Test
    void shouldHandMessagesToTheHandlerInOrder() {
        // given
        assertTrue(harness.offer(request("INVITE", "one", "")));
        assertTrue(harness.offer(response("two")));

        // when
        final int work = shard.doWork(1_000);

        // then
        assertEquals(2, work);
        assertEquals(List.of("INVITE one", "200 two"), handler.handled);
        assertEquals(1_000, handler.nowNs);
        harness.assertIdentity();
    }

    @Test
    void shouldCopyBytesAndSourceIntoTheSlot() {
        // given
        final UnsafeBuffer bytes = wire(request("INVITE", "kept", ""));
        harness.source.port = 4711;
        harness.source.connection = 9;
        assertTrue(harness.offer(bytes));

        // when
        bytes.setMemory(0, bytes.capacity(), (byte) 'x');
        harness.source.port = 1;
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
            assertEquals(ParseError.NONE, new SipParser(Limits.DEFAULTS).parse(lent, false));
            assertTrue(harness.offer(request("INVITE", "before", "")));
            assertTrue(shard.lend(lent, reader));
            harness.received.increment(Counter.RECEIVED);
            assertTrue(shard.borrows());

            // when
            shard.doWork(round);

            // then
            assertEquals(List.of("INVITE before", "INVITE lent"), handler.handled);
            assertEquals(4712, handler.lastSource.port);
            assertFalse(shard.borrows());
        }
        harness.assertIdentity();
    }

    @Test
    void shouldTakeMessagesTooLargeForASlotWhileThereAreLargeBuffers() {
        // given
        final String large = request("MESSAGE", "large", "x".repeat(40_000));
        for (int i = 0; i < InboundRing.LARGE_BUFFERS; i++) {
            assertTrue(harness.offer(large), "buffer " + i);
        }

        // then
        assertFalse(harness.offer(large));
        assertTrue(harness.offer(request("MESSAGE", "small", "")));

        // when
        shard.doWork(0);

        // then
        assertEquals(InboundRing.LARGE_BUFFERS + 1, handler.handled.size());
        assertEquals(40_000, handler.largestBody);
        assertTrue(harness.offer(large), "buffers come back");
    }

    @Test
    void shouldRefuseNewRequestsFirstWhenTheRingFillsUp() {
        // given
        int accepted = 0;
        while (harness.offer(request("INVITE", "new" + accepted, ""))) {
            accepted++;
        }

        // then
        assertEquals(RING - RING / 8, accepted);
        assertTrue(harness.offer(response("answer")));
        assertTrue(harness.offer(request("ACK", "ack", "")));
        assertTrue(harness.offer(request("CANCEL", "cancel", "")));
        assertTrue(harness.offer(inDialog("BYE", "bye")));

        // when
        int reserved = 4;
        while (harness.offer(response("answer"))) {
            reserved++;
        }

        // then
        assertEquals(RING / 8, reserved);
        shard.doWork(0);
        assertEquals(RING, handler.handled.size());
        assertTrue(harness.offer(request("INVITE", "again", "")));
    }

    @Test
    void shouldCountEveryDisposition() {
        for (final Disposition disposition : Disposition.values()) {
            handler.disposition = disposition;
            harness.offer(request("OPTIONS", disposition.name(), ""));
            shard.doWork(0);
            assertEquals(1, harness.counters.get(disposition.counter()), disposition.name());
        }
        harness.assertIdentity();
    }

    @Test
    void shouldSendAllMessagesOfACallToTheSameShardAndSpreadCalls() {
        // given
        final Shard[] shards = new Shard[4];
        for (int i = 0; i < shards.length; i++) {
            shards[i] = new Shard(harness.context(i), handler, RING);
        }
        final Shards chooser = new Shards(shards, KEYS);
        final Shards other = new Shards(shards, KEYS);
        final Set<Shard> used = new HashSet<>();

        // then
        for (int call = 0; call < 100; call++) {
            final Shard owner = chooser.ownerOf(harness.parsed(wire(request("INVITE", "call" + call, ""))));
            assertSame(owner, other.ownerOf(harness.parsed(wire(inDialog("BYE", "call" + call)))));
            used.add(owner);
        }
        assertEquals(4, used.size());
    }

    @Test
    void shouldAllocateNothingPerMessage() {
        // given
        handler.recording = false;
        final SipMessage parsed = harness.parsed(wire(request("INVITE", "steady", "")));
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
            shard.offer(parsed, harness.source);
            shard.offer(parsed, harness.source);
            shard.doWork(i);
        }
    }
}
