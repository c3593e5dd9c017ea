package org.tandemsip.perf.compare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.tandemsip.server.admin.Json;

@Timeout(value = 30, unit = TimeUnit.SECONDS)
class SampleTest {
    @Test
    @SuppressWarnings("unchecked")
    void shouldShareTheCpuTimeOfTheRunAmongTheCallsThatSucceeded() {
        // given: 5 s of CPU time between before and after
        final Map<String, Object> report = (Map<String, Object>) Json.parse("""
                {"result": {"succeeded": 100000, "failed": 3, "retransmissions": 7},
                 "latency_us": {"to_200": {"p50": 90.5, "p99": 200, "p99.9": 400}}}""");
        final Server.Usage before = new Server.Usage(100, 50, 0, 2);
        final Server.Usage after = new Server.Usage(300, 350, 1 << 20, 2);

        // when
        final Sample sample = Sample.of(report, before, after);

        // then
        assertEquals(new Sample(20, 30, 90.5, 200, 400, 1 << 20, 3, 7), sample);
        assertEquals(50, sample.cpuMicros());
    }

    @Test
    void shouldHaveNoFigureForWhatTheReportDoesNotHold() {
        final Sample sample = Sample.of(Map.of("result", Map.of("succeeded", 1), "latency_us", Map.of()),
                new Server.Usage(0, 0, 0, 1), new Server.Usage(1, 0, 0, 1));

        assertTrue(Double.isNaN(sample.p50()));
        assertEquals("-", Table.figure(sample.p50()));
    }

    @Test
    void shouldTakeTheMedianOfOddAndEvenCounts() {
        assertEquals(2, Sample.median(3, 1, 2));
        assertEquals(2.5, Sample.median(4, 1, 2, 3));
        assertTrue(Double.isNaN(Sample.median(List.of(), Sample::cpuMicros)));
    }

    @Test
    void shouldWriteTablesAsMarkdown() {
        final Table table = new Table("T", "How.");
        table.head("", "A", "B");
        table.row("1", Table.figure(12.345));

        assertTrue(table.markdown().endsWith("| A | B |\n| --- | --- |\n| 1 | 12.3 |\n"), table.markdown());
    }

    @Test
    void shouldSeeItsOwnProcessUseMemoryAndTime() throws Exception {
        final Server self = new Server(new InetSocketAddress("127.0.0.1", 5_460), ProcessHandle.current().pid(), null);

        final Server.Usage usage = self.usage();

        assertTrue(usage.residentBytes() > 1 << 20 && usage.userTicks() > 0, usage.toString());
    }
}
