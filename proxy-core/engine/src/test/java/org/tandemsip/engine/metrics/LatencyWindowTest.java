package org.tandemsip.engine.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 10, unit = TimeUnit.SECONDS)
class LatencyWindowTest {
    private final StageTimers loop = new StageTimers();
    private final StageTimers shard = new StageTimers();
    private final LatencyWindow window = new LatencyWindow(List.of(loop, shard));

    @Test
    void shouldAddUpThreadsAndSeconds() {
        // given
        loop.record(Stage.TOTAL, 10_000);
        shard.record(Stage.TOTAL, 20_000);
        window.tick();
        shard.record(Stage.TOTAL, 30_000);
        window.tick();

        // then
        assertEquals(3, window.read(Stage.TOTAL, 10).getTotalCount());
        assertEquals(1, window.read(Stage.TOTAL, 1).getTotalCount());
        assertEquals(0, window.read(Stage.RING, 10).getTotalCount());
        assertEquals(30_000, window.read(Stage.TOTAL, 1).getMaxValue(), 300);
    }

    @Test
    void shouldForgetWhatIsOlderThanTheWindow() {
        // given
        loop.record(Stage.HANDLER, 5_000);
        window.tick();

        // when
        for (int second = 0; second < LatencyWindow.SECONDS; second++) {
            window.tick();
        }

        // then
        assertEquals(0, window.read(Stage.HANDLER, LatencyWindow.SECONDS).getTotalCount());
    }

    @Test
    void shouldKeepOutOfRangeDurationsWithinRange() {
        // when
        loop.record(Stage.EGRESS, -1);
        loop.record(Stage.EGRESS, Long.MAX_VALUE);
        window.tick();

        // then
        assertEquals(2, window.read(Stage.EGRESS, 1).getTotalCount());
    }

    @Test
    void shouldPutDurationsIntoTheCellsOfTheHistogram() {
        final Histogram interval = StageTimers.emptyHistogram();
        for (long ns = 1; ns <= StageTimers.HIGHEST_NS; ns += 1 + ns / 100) {
            // when
            loop.record(Stage.TOTAL, ns);
            loop.takeInterval(Stage.TOTAL, interval);

            // then
            assertEquals(1, interval.getTotalCount());
            assertEquals(1, interval.getCountAtValue(ns), "at " + ns);
        }
    }
}
