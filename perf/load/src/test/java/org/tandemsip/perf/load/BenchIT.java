package org.tandemsip.perf.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramLogReader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tandemsip.server.Tandem;
import org.tandemsip.server.cli.ExitCode;
import org.tandemsip.server.cli.Main;
import org.tandemsip.server.config.ConfigReader;

/** The bench verbs against a server in this process. No time is judged here, only what is counted. */
@Timeout(value = 180, unit = TimeUnit.SECONDS)
class BenchIT {
    /** A busy build machine may be late as it likes. */
    private static final List<String> PATIENT = List.of("--no-rehearsal", "--late", "10m");

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @TempDir
    private Path directory;

    @ParameterizedTest
    @CsvSource({"stateless,udp,call", "stateless,tcp,call", "stateful,udp,call", "stateful,tcp,call",
        "stateless,udp,mixed", "stateful,udp,mixed", "stateful,tcp,mixed"})
    void shouldReportEveryAttemptThroughARunningServer(final String mode, final String transport,
            final String scenario) throws Exception {
        // given
        final int port = freePort();
        final Path json = directory.resolve("result.json");
        final Path html = directory.resolve("result.html");
        final Path hlog = directory.resolve("result.hlog");
        try (Tandem _ = start(mode, port)) {
            // when
            final int code = bench("bench", "--target", "127.0.0.1:" + port, "--rate", "40", "--for", "1s",
                    "--transport", transport, "--scenario", scenario, "--pid",
                    Long.toString(ProcessHandle.current().pid()), "--threshold", "failed=0", "--threshold", "drops=0",
                    "--json", json.toString(), "--html", html.toString(), "--hlog", hlog.toString());

            // then
            assertEquals(ExitCode.OK, code, () -> out.toString() + err);
        }
        final Recorded report = Recorded.read(json);
        assertEquals(40, report.number("result", "begun"));
        assertEquals(40, report.number("result", "succeeded"));
        assertEquals(0, report.number("result", "failed"));
        assertEquals(transport, report.text("plan", "transport"));
        assertEquals(scenario, report.text("plan", "scenario"));
        assertTrue(report.number("result", "resident_bytes") > 0);
        assertEquals(scenario.equals("call") ? 40 : 30, report.number("latency_us", "to_200", "count"));
        assertTrue(Files.readString(html).endsWith("</html>\n"));
        try (HistogramLogReader reader = new HistogramLogReader(hlog.toFile())) {
            assertTrue(((Histogram) reader.nextIntervalHistogram()).getTotalCount() > 0);
        }
    }

    @Test
    void shouldFindAMaximumAndCompareItWithItself() throws Exception {
        final int port = freePort();
        final Path json = directory.resolve("max.json");
        try (Tandem _ = start("stateful", port)) {
            assertEquals(ExitCode.OK, bench("bench", "find-max", "--target", "127.0.0.1:" + port, "--from", "20",
                    "--up-to", "40", "--step", "1s", "--warm-up", "1s", "--threshold", "failed=0", "--json",
                    json.toString()),
                    () -> out.toString() + err);
        }
        assertTrue(out.toString().contains("maximum     40 calls/s"), out::toString);
        final Recorded report = Recorded.read(json);
        assertEquals(40, report.number("max_rate_per_s"));
        assertEquals(2, report.list("steps").size());

        assertEquals(ExitCode.OK, tandem("bench", "compare", json.toString(), json.toString(), "--html",
                directory.resolve("both.html").toString()), () -> out.toString() + err);
        assertTrue(out.toString().contains("same conditions"), out::toString);
    }

    @Test
    void shouldOfferSeveralRatesInTurn() throws Exception {
        final int port = freePort();
        final Path json = directory.resolve("steps.json");
        try (Tandem _ = start("stateless", port)) {
            assertEquals(ExitCode.OK, bench("bench", "--target", "127.0.0.1:" + port, "--rate", "10,20,30", "--for",
                    "1s", "--json", json.toString()), () -> out.toString() + err);
        }
        assertEquals(List.of(10.0, 20.0, 30.0),
                Recorded.read(json).list("steps").stream().map(step -> step.number("rate_per_s")).toList());
    }

    @Test
    void shouldReportTheRatesBeforeOneThatItRefuses() throws Exception {
        final int port = freePort();
        final Path json = directory.resolve("steps.json");
        try (Tandem _ = start("stateless", port)) {
            assertEquals(ExitCode.FAILED, tandem("bench", "--target", "127.0.0.1:" + port, "--rate", "10,900000",
                    "--for", "1s", "--late", "10m", "--json", json.toString()));
        }
        final Recorded report = Recorded.read(json);
        assertEquals(1, report.list("steps").size());
        assertTrue(report.text("problem").contains("within 20 %"), () -> report.text("problem"));
        assertTrue(report.number("generator", "ceiling_per_s") > 0);
    }

    @ParameterizedTest
    @CsvSource({"udp", "tcp"})
    void shouldSayThatTheTargetDoesNotAnswer(final String transport) {
        assertEquals(ExitCode.UNREACHABLE, bench("bench", "--target", "127.0.0.1:9", "--rate", "5", "--for", "1s",
                "--transport", transport, "--threshold", "failed=0", "--json",
                directory.resolve("none.json").toString()));
        assertTrue(err.toString().contains("127.0.0.1:9"), err::toString);
        assertTrue(Files.notExists(directory.resolve("none.json")), "no number is better than a wrong one");
    }

    @Test
    void shouldBeginOnceTheTargetAnswersWhenToldToAwaitIt() throws Exception {
        // given
        final int port = freePort();
        final CompletableFuture<Integer> exit = CompletableFuture.supplyAsync(() -> bench("bench", "--target",
                "127.0.0.1:" + port, "--rate", "20", "--for", "1s", "--await", "2m", "--threshold", "failed=0"));
        while (!out.toString().contains("generator")) {
            Thread.onSpinWait();
        }

        // when
        try (Tandem _ = start("stateful", port)) {
            // then
            assertEquals(ExitCode.OK, exit.get(), () -> out.toString() + err);
        }
    }

    @Test
    void shouldSayThatTheTargetItAwaitedDoesNotAnswer() {
        assertEquals(ExitCode.UNREACHABLE, bench("bench", "--target", "127.0.0.1:9", "--await", "100ms"));
        assertTrue(err.toString().contains("127.0.0.1:9 did not answer OPTIONS"), err::toString);
    }

    @Test
    void shouldRefuseARateThatTheGeneratorCannotVouchFor() {
        assertEquals(ExitCode.FAILED, tandem("bench", "--target", "127.0.0.1:9", "--rate", "900000"));
        assertTrue(err.toString().contains("within 20 %"), err::toString);
    }

    @Test
    void shouldFailWhenTheScheduleIsNotKept() throws Exception {
        final int port = freePort();
        try (Tandem _ = start("stateless", port)) {
            assertEquals(ExitCode.FAILED, tandem("bench", "--target", "127.0.0.1:" + port, "--rate", "20", "--for",
                    "1s", "--no-rehearsal", "--late", "0ms"));
        }
        assertTrue(err.toString().contains("did not keep its schedule"), err::toString);
    }

    @Test
    void shouldSayWhatIsWrongWithTheCommandLine() {
        assertEquals(ExitCode.USAGE, tandem("bench"));
        assertEquals(ExitCode.USAGE, tandem("bench", "--target", "nowhere"));
        assertEquals(ExitCode.USAGE, tandem("bench", "--target", "127.0.0.1:9", "--rate", "0"));
        assertEquals(ExitCode.USAGE, tandem("bench", "--target", "127.0.0.1:9", "--threshold", "p99"));
        assertEquals(ExitCode.USAGE, tandem("bench", "--target", "127.0.0.1:9", "--pid", "999999999"));
        assertEquals(ExitCode.USAGE, tandem("bench", "--target", "127.0.0.1:9", "--scenario", "fax"));
        assertEquals(ExitCode.USAGE, tandem("bench", "compare", "no-such-file", "no-such-file"));
    }

    private Tandem start(final String mode, final int port) throws Exception {
        final Path state = directory.resolve("state");
        return Tandem.start(new ConfigReader(Map.of()).read("test", """
                listen: [udp://127.0.0.1:%d, tcp://127.0.0.1:%d]
                mode: %s
                trunks: {agents: {allow: [127.0.0.0/8]}}
                routes: [{from: agents, to: request-uri, within: [127.0.0.0/8]}]
                state-dir: %s
                admin: {socket: none}
                """.formatted(port, port, mode, state)));
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket()) {
            socket.bind(new InetSocketAddress("127.0.0.1", 0));
            return socket.getLocalPort();
        }
    }

    private int bench(final String... arguments) {
        final List<String> all = new ArrayList<>(List.of(arguments));
        all.addAll(PATIENT);
        return tandem(all.toArray(String[]::new));
    }

    private int tandem(final String... arguments) {
        return Main.run(arguments, new PrintWriter(out, true), new PrintWriter(err, true));
    }
}
