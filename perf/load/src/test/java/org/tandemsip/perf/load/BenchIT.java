package org.tandemsip.perf.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.BindException;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
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
import org.tandemsip.server.tls.Credentials;

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
        assertTrue(out.toString().contains("maximum     at least 40 calls/s"), out::toString);
        final Recorded report = Recorded.read(json);
        assertEquals(40, report.number("max_rate_per_s"));
        assertTrue(report.text("problem").contains("the target's maximum may be higher"), () -> report.text("problem"));
        assertTrue(report.text("problem").contains("shorter than the 32 s"), () -> report.text("problem"));
        assertEquals(2, report.list("steps").size());

        assertEquals(ExitCode.OK, tandem("bench", "compare", json.toString(), json.toString(),
                json.toString(), "--html", directory.resolve("all.html").toString()), () -> out.toString() + err);
        assertTrue(Files.readString(directory.resolve("all.html")).contains("3 results side by side"));
        assertTrue(out.toString().contains("same conditions"), out::toString);
    }

    @ParameterizedTest
    @CsvSource({"udp,1", "tcp,2"})
    void shouldSendByTwoLoopsThatShareOneSchedule(final String transport, final int connections) throws Exception {
        final int port = freePort();
        final Path json = directory.resolve("loops.json");
        try (Tandem _ = start("stateful", port)) {
            assertEquals(ExitCode.OK, bench("bench", "--target", "127.0.0.1:" + port, "--rate", "60", "--for", "2s",
                    "--loops", "2", "--transport", transport, "--connections", Integer.toString(connections),
                    "--scenario", "mixed", "--threshold", "failed=0", "--json", json.toString()),
                    () -> out.toString() + err);
        }
        final Recorded report = Recorded.read(json);
        assertEquals(2, report.number("plan", "loops"));
        assertEquals(120, report.number("result", "begun"));
        assertEquals(120, report.number("result", "succeeded"));
        assertEquals(90, report.number("latency_us", "to_200", "count"));
    }

    /** A carrier that spreads calls over all its peers: an answerer gets those of the other loop's caller, too. */
    @Test
    void shouldAnswerCallsOfAnyLoopAtAnyAnswerer() throws Exception {
        final int port = freePort();
        final int answerers = freeNeighbours();
        final String config = """
                listen: [udp://127.0.0.1:%1$d]
                trunks:
                  callers: {allow: [127.0.0.2]}
                  carrier: {peers: ["127.0.0.1:%2$d", "127.0.0.1:%3$d"], balance: round-robin}
                routes: [{from: callers, to: carrier}]
                state-dir: %4$s
                admin: {socket: none}
                """.formatted(port, answerers, answerers + 2, directory.resolve("state"));
        try (Tandem _ = Tandem.start(new ConfigReader(Map.of()).read("test", config))) {
            assertEquals(ExitCode.OK, bench("bench", "--target", "127.0.0.1:" + port, "--caller", "127.0.0.2:0",
                    "--answerer", "127.0.0.1:" + answerers, "--request-uri-host", "127.0.0.3", "--rate", "60",
                    "--for", "1s", "--loops", "2", "--scenario", "mixed", "--threshold", "failed=0"),
                    () -> out.toString() + err);
        }
    }

    @ParameterizedTest
    @CsvSource({"stateless,call,1", "stateful,mixed,2"})
    void shouldSendCallsOverTlsBothWays(final String mode, final String scenario, final int loops) throws Exception {
        // given
        writeCertificate();
        final int port = freePort();
        final Path json = directory.resolve("tls.json");
        final String pem = directory.resolve("own.pem").toString();
        try (Tandem _ = startTls(mode, port, "ca: " + pem + ", name: [tandem-load]")) {
            // when
            final int code = bench("bench", "--target", "127.0.0.1:" + port, "--rate", "40", "--for", "1s",
                    "--transport", "tls", "--tls-ca", pem, "--tls-cert", pem, "--tls-key",
                    directory.resolve("own.key").toString(), "--loops", Integer.toString(loops), "--scenario",
                    scenario, "--await", "2m", "--threshold", "failed=0", "--json", json.toString());

            // then
            assertEquals(ExitCode.OK, code, () -> out.toString() + err);
        }
        final Recorded report = Recorded.read(json);
        assertEquals("tls", report.text("plan", "transport"));
        assertEquals(40, report.number("result", "succeeded"));
    }

    @Test
    void shouldBelieveNoTargetThatNobodyVouchesForUnlessToldTo() throws Exception {
        writeCertificate();
        final int port = freePort();
        try (Tandem _ = startTls("stateless", port, "verify: none")) {
            assertEquals(ExitCode.UNREACHABLE, bench("bench", "--target", "127.0.0.1:" + port, "--transport", "tls",
                    "--for", "1s"));
            assertTrue(err.toString().contains("no TLS with the target"), err::toString);
            assertEquals(ExitCode.UNREACHABLE, bench("bench", "--target", "localhost:" + port, "--transport", "tls",
                    "--for", "1s", "--tls-ca", directory.resolve("own.pem").toString()));
            assertTrue(err.toString().contains("not for localhost"), err::toString);

            assertEquals(ExitCode.OK, bench("bench", "--target", "127.0.0.1:" + port, "--transport", "tls", "--rate",
                    "20", "--for", "1s", "--tls-insecure", "--threshold", "failed=0"), () -> out.toString() + err);
        }
    }

    @Test
    void shouldSayWhyTheTargetDoesNotTakeTheAnswerersCertificate() throws Exception {
        writeCertificate();
        final int port = freePort();
        try (Tandem _ = startTls("stateful", port, "name: [carrier.example]")) {
            assertEquals(ExitCode.FAILED, bench("bench", "--target", "127.0.0.1:" + port, "--transport", "tls",
                    "--rate", "5", "--for", "1s", "--tls-insecure"), () -> out.toString() + err);
        }
        assertTrue(out.toString().contains("a connection broke, of the answerer"), out::toString);
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

    @ParameterizedTest
    @CsvSource({"udp", "tcp"})
    void shouldBeginOnceTheTargetAnswersWhenToldToAwaitIt(final String transport) throws Exception {
        // given
        final int port = freePort();
        final CompletableFuture<Integer> exit = CompletableFuture.supplyAsync(() -> bench("bench", "--target",
                "127.0.0.1:" + port, "--transport", transport, "--rate", "20", "--for", "1s", "--await", "2m",
                "--threshold",
                "failed=0"));
        while (!exit.isDone() && !out.toString().contains("generator")) {
            Thread.onSpinWait();
        }

        // when
        try (Tandem _ = start("stateful", port)) {
            // then
            assertEquals(ExitCode.OK, exit.get(), () -> out.toString() + err);
        }
    }

    @Test
    void shouldSayThatTheTargetDiedDuringASearch() throws Exception {
        // given
        final int port = freePort();
        final CompletableFuture<Integer> exit;
        try (Tandem _ = start("stateful", port)) {
            exit = CompletableFuture.supplyAsync(() -> bench("bench", "find-max", "--target", "127.0.0.1:" + port,
                    "--from", "20", "--step", "1s", "--warm-up", "0s", "--patience", "1s", "--threshold", "failed=0"));

            // when
            while (!exit.isDone() && !out.toString().contains("passed ")) {
                Thread.onSpinWait();
            }
        }

        // then
        assertEquals(ExitCode.UNREACHABLE, exit.get(), () -> out.toString() + err);
        assertTrue(out.toString().contains("maximum     at least"), out::toString);
    }

    @ParameterizedTest
    @CsvSource({"udp", "tcp"})
    void shouldSayThatTheTargetItAwaitedDoesNotAnswer(final String transport) {
        assertEquals(ExitCode.UNREACHABLE, bench("bench", "--target", "127.0.0.1:9", "--transport", transport,
                "--await", "100ms"));
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
        assertEquals(ExitCode.USAGE, tandem("bench", "--target", "127.0.0.1:9", "--loops", "0"));
        assertEquals(ExitCode.USAGE, tandem("bench", "--target", "127.0.0.1:9", "--threshold", "drops=0"));
        assertEquals(ExitCode.USAGE, tandem("bench", "--target", "127.0.0.1:9", "--json", "no-such-folder/a.json"));
        assertEquals(ExitCode.USAGE, tandem("bench", "find-max", "--target", "127.0.0.1:9", "--beyond", "0"));
        assertEquals(ExitCode.USAGE, tandem("bench", "--target", "127.0.0.1:9", "--transport", "wss"));
        assertEquals(ExitCode.USAGE, tandem("bench", "--target", "127.0.0.1:9", "--tls-insecure"));
        assertEquals(ExitCode.USAGE, tandem("bench", "--target", "127.0.0.1:9", "--transport", "tls", "--tls-ca",
                "no-such-file", "--tls-cert", "no-such-file", "--tls-key", "no-such-file"));
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

    /** A server whose only trunk is known to TLS by {@code tls}, the rest of its configuration of that name. */
    private Tandem startTls(final String mode, final int port, final String tls) throws Exception {
        return Tandem.start(new ConfigReader(Map.of()).read("test", """
                listen: [tls://127.0.0.1:%1$d]
                mode: %2$s
                tls: {certificates: {cert: %3$s/own.pem, key: %3$s/own.key}}
                trunks: {agents: {allow: [127.0.0.0/8], tls: {%4$s}}}
                routes: [{from: agents, to: request-uri, within: [127.0.0.0/8]}]
                state-dir: %3$s/state
                admin: {socket: none}
                """.formatted(port, mode, directory, tls)));
    }

    /** One certificate does for both: its own authority. */
    private void writeCertificate() throws Exception {
        final Credentials own = TestCertificates.own();
        Files.writeString(directory.resolve("own.pem"), pem("CERTIFICATE", own.certificate().getEncoded()));
        Files.writeString(directory.resolve("own.key"), pem("PRIVATE KEY", own.key().getEncoded()));
    }

    private static String pem(final String kind, final byte[] der) {
        return "-----BEGIN " + kind + "-----\n" + Base64.getMimeEncoder().encodeToString(der) + "\n-----END " + kind
                + "-----\n";
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket()) {
            socket.bind(new InetSocketAddress("127.0.0.1", 0));
            return socket.getLocalPort();
        }
    }

    /** A UDP port that is free together with the one two above it. */
    private static int freeNeighbours() throws IOException {
        while (true) {
            try (DatagramSocket first = new DatagramSocket(new InetSocketAddress("127.0.0.1", 0));
                    DatagramSocket _ = new DatagramSocket(
                            new InetSocketAddress("127.0.0.1", first.getLocalPort() + 2))) {
                return first.getLocalPort();
            } catch (final BindException | IllegalArgumentException taken) {
                // Another pair.
            }
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
