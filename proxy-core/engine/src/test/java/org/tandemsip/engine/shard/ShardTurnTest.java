package org.tandemsip.engine.shard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.tandemsip.engine.shard.ShardHarness.request;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.tandemsip.engine.handler.ShardCommand;
import org.tandemsip.engine.metrics.Stage;
import org.tandemsip.engine.metrics.StageTimers;
import org.tandemsip.engine.timer.TimerLanes;
import org.tandemsip.engine.timer.TimerNode;

/** What a turn of a shard does beside its messages: timers, commands, the flush, and what it tells of itself. */
@Timeout(value = 30, unit = TimeUnit.SECONDS)
class ShardTurnTest {
    private final ShardHarness harness = new ShardHarness();
    private final Shard shard = harness.shard;
    private final FakeHandler handler = harness.handler;
    private final FakeReports reports = harness.reports;

    @Test
    void shouldRunTimersThatAreDueAndSurviveOneThatThrows() {
        // given
        final List<Long> expired = new ArrayList<>();
        final TimerLanes.Lane lane = harness.timers.lane(500);
        harness.timers.arm(timer(nowNs -> {
            throw new IllegalStateException("poison timer");
        }), lane, 0);
        harness.timers.arm(timer(expired::add), lane, 0);

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
        harness.offer(request("OPTIONS", "a", ""));
        harness.offer(request("OPTIONS", "b", ""));
        shard.doWork(0);

        // then
        assertEquals(1, harness.egress.flushes);

        // when
        harness.egress.broken = true;
        shard.doWork(0);

        // then
        assertEquals(List.of("FLUSH"), reports.faults);
    }

    @Test
    void shouldRecordHowLongMessagesWaitedAndWereHandled() {
        // given
        harness.source.receivedNs = 1_000_000;
        harness.offer(request("OPTIONS", "a", ""));
        handler.clockNs = 3_000_000;
        handler.takesNs = 500_000;

        // when
        shard.doWork(3_000_000);

        // then
        final var histogram = StageTimers.emptyHistogram();
        harness.stages.takeInterval(Stage.RING, histogram);
        assertEquals(2_000_000, histogram.getMaxValue(), 20_000);
        harness.stages.takeInterval(Stage.HANDLER, histogram);
        assertEquals(500_000, histogram.getMaxValue(), 5_000);
        assertEquals(1_000_000, handler.receivedNsSeen);
        assertEquals(0, harness.stages.receivedNs());
    }

    @Test
    void shouldBeIdleOnlyWhenNothingIsLeft() {
        assertTrue(shard.idle());
        harness.offer(request("OPTIONS", "a", ""));
        assertFalse(shard.idle());
        handler.live = 1;
        shard.doWork(0);
        assertFalse(shard.idle());
        assertEquals(1, shard.live());
        handler.live = 0;
        harness.offer(request("OPTIONS", "b", ""));
        shard.doWork(0);
        assertTrue(shard.idle());
        assertEquals(0, shard.live());
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
