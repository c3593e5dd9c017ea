package org.tandemsip.perf.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ThresholdTest {
    @ParameterizedTest
    @CsvSource({"p50<2ms,true", "p50<1ms,false", "p99.9<=60s,true", "failed=0,false", "failed=5,true", "failed<1%,true",
        "failed<0.5%,false", "retransmissions=0,true", "cpu<51us,true", "cpu<49us,false",
        "drops=0,false", "drops<=3,true"})
    void shouldHoldAResultAgainstABound(final String text, final boolean kept) {
        assertEquals(kept, Threshold.parse(text).keptBy(result(1_000, 995, usage())), text);
    }

    @Test
    void shouldNotBeKeptWhenTheQuantityWasNotMeasured() {
        final LoadResult nothing =
                new LoadResult(plan(), 0, 0, 0, 0, Map.of(), 0, 0, 0, 1, new Latencies(), null, 0, List.of(), 0);
        assertFalse(Threshold.parse("p99<1s").keptBy(nothing));
        assertFalse(Threshold.parse("cpu<1s").keptBy(nothing));
        assertFalse(Threshold.parse("drops=0").keptBy(nothing));
        assertFalse(nothing.clean());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "p99", "p99<2", "failed<2ms", "latency<2ms", "p99>2ms", "p99<ms", "failed=0s"})
    void shouldSayWhatIsWrongWithABoundThatCannotBeRead(final String text) {
        final String message = assertThrows(IllegalArgumentException.class, () -> Threshold.parse(text)).getMessage();
        assertTrue(message.contains("'" + text + "'"), message);
    }

    @ParameterizedTest
    @CsvSource({"failed=0,0,false", "failed=0,1,true", "failed<10%,100,false", "failed<10%,101,true",
        "p99<1ms,999,false"})
    void shouldKnowWhenNothingThatComesCanKeepABound(final String text, final long failed, final boolean missed) {
        assertEquals(missed, Threshold.parse(text).surelyMissed(failed, 1_000), text);
    }

    private static LoadPlan plan() {
        return new LoadPlan(new InetSocketAddress(0), new InetSocketAddress(0), null, 100, 10_000_000_000L, 0, 0);
    }

    private static ProcessUsage usage() {
        return new ProcessUsage(30_000_000, 19_750_000, 1, 3);
    }

    private static LoadResult result(final long begun, final long succeeded, final ProcessUsage usage) {
        final Latencies latencies = new Latencies();
        latencies.setup().recordValue(1_500_000);
        return new LoadResult(plan(), begun, succeeded, succeeded, begun - succeeded, Map.of(0, 5), 0, 0, 1, 1,
                latencies, usage, succeeded, List.of(), 0);
    }
}
