package org.tandemsip.engine.shard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.tandemsip.engine.shard.ShardHarness.request;
import static org.tandemsip.engine.shard.ShardHarness.response;
import static org.tandemsip.engine.shard.ShardHarness.wire;

import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.tandemsip.engine.handler.Disposition;
import org.tandemsip.engine.metrics.Counter;

/** Handlers that throw and sources that are refused: the shard goes on, counts and tells, but not too often. */
@Timeout(value = 30, unit = TimeUnit.SECONDS)
class ShardFaultTest {
    private final ShardHarness harness = new ShardHarness();
    private final Shard shard = harness.shard;
    private final FakeHandler handler = harness.handler;
    private final FakeReports reports = harness.reports;

    @Test
    void shouldGiveBackALentMessageWhoseHandlerFails() {
        // given
        assertTrue(shard.lend(harness.parsed(wire(request("INVITE", "poison", ""))), harness.source));

        // when
        shard.doWork(0);

        // then
        assertFalse(shard.borrows());
        assertFalse(shard.hasWork());
        assertEquals(1, harness.counters.get(Counter.FAULTS));
    }

    @Test
    void shouldGoOnAndNeverDeliverAgainWhenAMessageIsPoison() {
        // given
        harness.offer(request("INVITE", "before", ""));
        harness.offer(request("INVITE", "poison", ""));
        harness.offer(response("poison"));
        harness.offer(request("INVITE", "after", ""));

        // when
        shard.doWork(0);
        shard.doWork(1);

        // then
        assertEquals(List.of("INVITE before", "INVITE poison", "200 poison", "INVITE after"), handler.handled);
        assertEquals(2, harness.counters.get(Counter.DROPPED_FAULT));
        assertEquals(2, harness.counters.get(Counter.FAULTS));
        assertEquals(List.of("REQUEST poison", "RESPONSE poison"), reports.faults);
        harness.assertIdentity();
    }

    @Test
    void shouldSurviveAnErrorAsWellAsAnException() {
        // given
        handler.poison = new StackOverflowError();
        harness.offer(request("INVITE", "poison", ""));

        // when
        shard.doWork(0);
        harness.offer(request("INVITE", "after", ""));
        shard.doWork(0);

        // then
        assertEquals(2, handler.handled.size());
        harness.assertIdentity();
    }

    @Test
    void shouldSurviveReportsThatThrow() {
        // given
        reports.broken = true;
        harness.offer(request("INVITE", "poison", ""));
        harness.offer(request("INVITE", "after", ""));

        // when
        shard.doWork(0);
        shard.doWork(1);

        // then
        assertEquals(List.of("INVITE poison", "INVITE after"), handler.handled);
        harness.assertIdentity();
    }

    @Test
    void shouldReportFewFaultsASecondAndSayHowManyItKeptBack() {
        assertReportsFew("poison", reports.faults, Counter.DROPPED_FAULT);
    }

    @Test
    void shouldReportFewRefusedSourcesASecondAndSayHowManyItKeptBack() {
        handler.disposition = Disposition.DROPPED_UNKNOWN_SOURCE;
        assertReportsFew("stranger", reports.refused, Counter.DROPPED_UNKNOWN_SOURCE);
    }

    private void assertReportsFew(final String callId, final List<?> reported, final Counter counter) {
        // when
        for (int i = 0; i < 25; i++) {
            harness.offer(request("INVITE", callId, ""));
            shard.doWork(0);
        }

        // then
        assertEquals(RateLimitedReports.PER_SECOND, reported.size());

        // when
        harness.offer(request("INVITE", callId, ""));
        shard.doWork(1_000_000_000L);

        // then
        assertEquals(RateLimitedReports.PER_SECOND + 1, reported.size());
        assertEquals(15, reports.lastSuppressed);
        assertEquals(26, harness.counters.get(counter));
    }

    @Test
    void shouldReportRefusedSources() {
        // given
        handler.disposition = Disposition.DROPPED_UNKNOWN_SOURCE;
        harness.source.port = 5099;
        harness.offer(request("INVITE", "stranger", ""));

        // when
        shard.doWork(0);

        // then
        assertEquals(List.of(5099), reports.refused);
        assertEquals(1, harness.counters.get(Counter.DROPPED_UNKNOWN_SOURCE));
        harness.assertIdentity();
    }
}
