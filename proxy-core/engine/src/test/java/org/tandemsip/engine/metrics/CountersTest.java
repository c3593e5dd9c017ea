package org.tandemsip.engine.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.tandemsip.codec.ParseError;

@Timeout(value = 10, unit = TimeUnit.SECONDS)
class CountersTest {
    private final Counters loop = new Counters();
    private final Counters shard = new Counters();

    @Test
    void shouldSumOverThreads() {
        // given
        loop.add(Counter.SENT, 3);
        shard.increment(Counter.SENT);

        // then
        assertEquals(3, loop.get(Counter.SENT));
        assertEquals(4, Counters.sum(List.of(loop, shard), Counter.SENT));
    }

    @Test
    void shouldAccountForEveryMessageWhenEachHasAFate() {
        // given
        loop.add(Counter.RECEIVED, 5);
        loop.increment(Counter.DROPPED_MALFORMED);
        shard.increment(Counter.FORWARDED);
        shard.increment(Counter.ANSWERED);
        shard.increment(Counter.ABSORBED);

        // then
        assertEquals(1, Counters.unaccounted(List.of(loop, shard)));

        // when
        shard.increment(Counter.DROPPED_FAULT);

        // then
        assertEquals(0, Counters.unaccounted(List.of(loop, shard)));
        assertEquals(2, Counters.dropped(List.of(loop, shard)));
    }

    @Test
    void shouldCountEveryParseErrorByItself() {
        final Set<Counter> seen = new HashSet<>();
        for (final ParseError error : ParseError.values()) {
            if (error != ParseError.NONE) {
                final Counter counter = Counter.of(error);
                assertEquals("tandem_parse_errors_total", counter.metric(), error.name());
                assertTrue(seen.add(counter), error.name());
                assertFalse(counter.isDrop(), error.name());
            }
        }
    }

    @Test
    void shouldTellSeriesOfOneMetricApart() {
        final Set<String> gauges = Set.of("tandem_transactions", "tandem_dialogs");
        final Set<String> series = new HashSet<>();
        final Map<String, String> helps = new HashMap<>();
        for (final Counter counter : Counter.values()) {
            assertTrue(series.add(counter.metric() + '{' + counter.labels() + '}'), counter.name());
            assertEquals(counter.help(), helps.computeIfAbsent(counter.metric(), metric -> counter.help()),
                    "one help text per metric: " + counter.name());
            assertTrue(counter.metric().startsWith("tandem_"), counter.name());
            assertEquals(gauges.contains(counter.metric()), !counter.metric().endsWith("_total"), counter.name());
            assertEquals(gauges.contains(counter.metric()), counter.isGauge(), counter.name());
        }
    }
}
