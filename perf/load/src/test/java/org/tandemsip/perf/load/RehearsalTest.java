package org.tandemsip.perf.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tandemsip.codec.Transport;

@Timeout(value = 120, unit = TimeUnit.SECONDS)
class RehearsalTest {
    @ParameterizedTest
    @CsvSource({"UDP,1", "TCP,1", "TLS,1", "UDP,2", "TLS,2"})
    void shouldMeasureTheGeneratorAlone(final Transport transport, final int loops) throws IOException {
        final InetSocketAddress any = new InetSocketAddress("127.0.0.1", 0);

        final Rehearsal rehearsal = Rehearsal.of(new LoadPlan(any, any, "192.0.2.1:5060", 20, 1_000_000_000L,
                60_000_000_000L, 0, Scenario.CALL, transport, 2, true, false, LoadPlan.PATIENCE_NS, loops,
                TestCertificates.ends(transport)));

        assertTrue(rehearsal.warmUpCalls() > 0);
        assertTrue(rehearsal.ceiling() > 0);
        assertEquals(20, rehearsal.alone().getTotalCount(), "neither hold time nor Request-URI are the plan's");
    }

    @Test
    void shouldRefuseRatesNearTheCeiling() {
        final Rehearsal rehearsal = new Rehearsal(1, 10_000, Latencies.histogram());

        assertFalse(rehearsal.refuses(8_000));
        assertTrue(rehearsal.refuses(8_001));
    }
}
