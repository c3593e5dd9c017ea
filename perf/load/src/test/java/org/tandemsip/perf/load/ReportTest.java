package org.tandemsip.perf.load;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.StringReader;
import java.net.InetSocketAddress;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.xml.sax.InputSource;

/** A report as JSON, read back, as a page and beside another. */
class ReportTest {
    @Test
    void shouldReadBackWhatItWrote() {
        final Recorded report = recorded("a", 50);

        assertEquals(1_000, report.number("plan", "rate_per_s"));
        assertEquals("udp", report.text("plan", "transport"));
        assertEquals(2_990, report.number("result", "succeeded"));
        assertEquals(10, report.number("result", "failures", "status 503"));
        assertEquals(99.667, report.number("result", "session_establishment_percent"));
        assertEquals(0.333, report.number("result", "ineffective_attempts_percent"));
        assertEquals(50, report.number("result", "cpu_us_per_call"), 0.01);
        assertEquals(100, report.number("latency_us", "to_200", "p50"), 1);
        assertTrue(Double.isNaN(report.number("max_rate_per_s")));
        assertArrayEquals(new double[] {1, 2, 3}, report.column("seconds", "at_s"));
        assertEquals(Boolean.FALSE, report.list("thresholds").getFirst().at("kept"));
        assertEquals(2, report.list("steps").size());
        final List<double[]> curve = report.curve("to_200");
        assertTrue(curve.getLast()[0] > 99.9, "percentile " + curve.getLast()[0]);
        assertEquals(report.number("latency_us", "to_200", "max"), curve.getLast()[1], 1e-3);
    }

    @Test
    void shouldRefuseJsonThatIsNoReport() {
        for (final String text : List.of("", "{}", "[1]", "{\"tandem_bench\":99}", "no json")) {
            assertThrows(IllegalArgumentException.class, () -> Recorded.parse("file", text), text);
        }
    }

    @Test
    void shouldMakeAPageThatLoadsNothing() {
        final String page = HtmlReport.of(List.of(recorded("a", 50)));

        for (final String title : List.of("Goodput against offered load", "Latency by percentile", "Latency over time",
                "Rate over time", "CPU per call over time", "Resident memory")) {
            assertTrue(page.contains("<h2>" + title + " <small>"), title);
        }
        assertFalse(page.matches("(?s).*(<script|<link|<img|https?://|url\\(|@import).*"), page);
        assertFalse(page.contains("NaN") || page.contains("Infinity"), page);
        assertTrue(page.contains("&lt;proxy&gt;") && !page.contains("<proxy>"), page);
        assertTrue(page.contains("prefers-color-scheme: dark"), page);
    }

    @Test
    void shouldDrawWellFormedPathsOfEveryPoint() throws Exception {
        final String figure = new Plot("t", "x", "y").line("a", 0, false, new double[] {1, 2, 3, 4},
                new double[] {5, Double.NaN, 7, 8}).figure();

        final String path = figure.replaceAll("(?s).*<path class=line d=\"([^\"]*)\".*", "$1");
        assertEquals(2, path.chars().filter(c -> c == 'M').count(), path);
        assertEquals(1, path.chars().filter(c -> c == 'L').count(), path);
        // Quoted, the figure is XML too: no element is left open.
        final String xml = figure.replaceAll("=([^\"\\s>/][^\\s>]*?)(?=[\\s>/])", "=\"$1\"");
        DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(new InputSource(new StringReader(xml)));
    }

    @Test
    void shouldDrawNothingWithoutAPoint() {
        assertEquals("", new Plot("t", "x", "y").line("a", 0, false, new double[] {1}, new double[] {Double.NaN})
                .figure());
    }

    @Test
    void shouldPutRoundNumbersOnTheAxes() {
        assertArrayEquals(new double[] {0, 200, 400, 600, 800, 1_000}, Plot.ticks(0, 930), 1e-9);
        assertArrayEquals(new double[] {0, 2, 4, 6, 8}, Plot.ticks(0, 7), 1e-9);
        assertArrayEquals(new double[] {50, 100, 200, 500}, Plot.decades(60, 480), 1e-9);
        assertArrayEquals(new double[] {10, 100, 1_000, 10_000, 100_000}, Plot.decades(11, 90_000), 1e-9);
        assertEquals("0.25", Plot.label(0.25));
        assertEquals("12,345", Plot.label(12_345));
    }

    @Test
    void shouldTellWhichOfTwoIsWorse() {
        final List<Comparison.Line> lines = Comparison.of(recorded("a", 50), recorded("b", 60));

        final Comparison.Line cpu =
                lines.stream().filter(line -> line.name().equals("CPU us per call")).findFirst().orElseThrow();
        assertEquals(1.2, cpu.ratio(), 0.01);
        assertTrue(cpu.worseThan(0.1));
        assertFalse(cpu.worseThan(0.25));
        assertTrue(lines.stream().filter(line -> line != cpu).noneMatch(line -> line.worseThan(0)), lines::toString);
    }

    @Test
    void shouldJudgeByTheDirectionOfAQuantity() {
        assertTrue(new Comparison.Line("rate", 100, 80, true, true).worseThan(0.1));
        assertFalse(new Comparison.Line("rate", 100, 120, true, true).worseThan(0.1));
        assertTrue(new Comparison.Line("failed", 0, 1, false, true).worseThan(0.1));
        assertFalse(new Comparison.Line("failed", 0, 0, false, true).worseThan(0.1));
        assertTrue(new Comparison.Line("drops", 0, Double.NaN, false, true).worseThan(0.1));
        assertFalse(new Comparison.Line("p99.9", 1, 9, false, false).worseThan(0.1));
    }

    private static Recorded recorded(final String name, final int cpuMicros) {
        final LoadResult result = result(1_000, cpuMicros);
        return Recorded.parse(name, new Report(Instant.EPOCH, "<proxy>:5060", 42, null, result,
                List.of(new Report.Step(result(500, cpuMicros), true), new Report.Step(result, false)),
                List.of(new Report.Verdict("failed=0", false)), Double.NaN, null).json());
    }

    private static LoadResult result(final double rate, final int cpuMicros) {
        final InetSocketAddress any = new InetSocketAddress(0);
        final LoadPlan plan = new LoadPlan(any, any, null, rate, 3_000_000_000L, 0, 0);
        final Latencies latencies = new Latencies();
        for (int i = 1; i <= 2_990; i++) {
            latencies.setup().recordValue(100_000 + (i > 2_900 ? i * 1_000 : 0));
            latencies.late().recordValue(5_000);
        }
        final long perSecondNs = cpuMicros * 1_000_000L;
        return new LoadResult(plan, 3_000, 2_990, 2_990, 10, Map.of(503, 10), 4, 0, 9_999, 3_000_000_000L, latencies,
                new ProcessUsage(2_000L * 2_990, (cpuMicros * 1_000L - 2_000) * 2_990, 100 << 20, 2), 2_990,
                List.of(second(1, perSecondNs), second(2, 2 * perSecondNs), second(3, 3 * perSecondNs)), 0);
    }

    private static Second second(final double at, final long userNs) {
        return new Second(at, 1, 1_000, 1_000, 997, 997, 3, 1, 100_000, 200_000, 300_000, 400_000,
                new ProcessUsage(userNs, 0, 100 << 20, (long) at));
    }
}
