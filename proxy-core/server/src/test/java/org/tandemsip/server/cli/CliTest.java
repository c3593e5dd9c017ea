package org.tandemsip.server.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.tandemsip.server.admin.Json;

/** The command line, in-process where that is enough, as a process where signals and exit codes are the point. */
@Timeout(value = 240, unit = TimeUnit.SECONDS)
class CliTest {
    @TempDir
    private Path directory;

    private record Outcome(int exitCode, String out, String err) {}

    private static Outcome tandem(final String... args) {
        final StringWriter out = new StringWriter();
        final StringWriter err = new StringWriter();
        final int exitCode = Main.run(args, new PrintWriter(out), new PrintWriter(err));
        return new Outcome(exitCode, out.toString(), err.toString());
    }

    private Path write(final String text) throws IOException {
        return Files.writeString(directory.resolve("tandem.yaml"), text);
    }

    @Test
    void shouldSayWhatAGoodFileHolds() throws Exception {
        // given
        final Path file = write("trunks: {a: {peers: ['127.0.0.1:5070']}, b: {peers: ['127.0.0.1:5080', 127.0.0.2]}}\n"
                + "routes: [{from: a, to: b}]\n");

        // then
        assertEquals(new Outcome(0, "ok: 2 trunks, 3 peers, 1 route\n", ""), tandem("check", "-c", file.toString()));
    }

    @Test
    void shouldExit78WithThePositionWhenTheFileIsBad() throws Exception {
        // given
        final Path file = write("mode: quick\n");
        final String report = file + ":1:7: error[C020]: 'quick' is not a mode; one of stateless, stateful, b2bua\n"
                + "  1 | mode: quick\n    |       ^^^^^\n1 error. Nothing was changed.\n";

        // then: the same for every verb that reads it
        assertEquals(new Outcome(78, "", report), tandem("check", "-c", file.toString()));
        assertEquals(new Outcome(78, "", report), tandem("run", "-c", file.toString()));
        assertEquals(new Outcome(78, "", report), tandem("config", "show", "-c", file.toString()));
    }

    @Test
    void shouldExit2WhenTheCommandLineIsWrong() {
        assertEquals(2, tandem().exitCode());
        assertTrue(tandem("statsu").err().contains("tandem status"), "suggests the verb meant");
        assertEquals(2, tandem("run", "--carrier", "127.0.0.1:5070").exitCode());
        assertEquals(2, tandem("mode", "set").exitCode());
        assertEquals(2, tandem("config", "explain", "limits.idel").exitCode());
        assertEquals(2, tandem("status", "--admin", "https://127.0.0.1:1").exitCode());
    }

    @Test
    void shouldExit3WhenNoServerAnswers() throws Exception {
        // given
        final String socket = directory.resolve("none.sock").toString();

        // then
        for (final String verb : List.of("status", "mode", "reload", "stop", "errors", "stats", "trunks")) {
            final Outcome outcome = tandem(verb, "--socket", socket);
            assertEquals(3, outcome.exitCode(), verb);
            assertTrue(outcome.err().startsWith("tandem: no server answers at " + socket), outcome.err());
        }
    }

    @Test
    void shouldExit71WhenAnAddressIsTaken() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            // given
            final String address = "tcp://127.0.0.1:" + taken.getLocalPort();
            final Path file = write("state-dir: " + directory + "\nadmin: {socket: none}\n");

            // when
            final Outcome outcome = tandem("run", "-c", file.toString(), "--listen", address);

            // then
            assertEquals(71, outcome.exitCode(), outcome.err());
            assertTrue(outcome.err().contains("127.0.0.1:" + taken.getLocalPort()), outcome.err());
        }
    }

    @Test
    void shouldExit77WhenAFolderCannotBeUsed() throws Exception {
        // given
        final Path notAFolder = Files.writeString(directory.resolve("file"), "");
        final Path file = write("listen: udp://127.0.0.1:0\nadmin: {socket: none}\nstate-dir: " + notAFolder + "\n");

        // then
        assertEquals(77, tandem("run", "-c", file.toString()).exitCode());
    }

    @Test
    void shouldWriteAFileThatPassesItsOwnCheck() {
        // given
        final String file = directory.resolve("new.yaml").toString();

        // then
        assertEquals(0, tandem("config", "init", file, "--carrier", "198.51.100.10").exitCode());
        assertEquals(new Outcome(0, "ok: 2 trunks, 2 peers, 2 routes\n", ""), tandem("check", "-c", file));
        assertEquals(1, tandem("config", "init", file).exitCode());
        assertTrue(tandem("config", "init", "--all", "-").out().contains("max-forwards: 70"));
    }

    @Test
    void shouldExplainKeys() {
        assertEquals("""
                limits.idle
                  Time any other TCP connection may carry nothing before it is closed.
                  Values:      a duration from 1s to 24h, such as 500ms or 30s
                  Default:     2m
                  Environment: TANDEM_LIMITS_IDLE
                """, tandem("config", "explain", "limits.idle").out());
        assertTrue(tandem("config", "explain", "trunks.carrier.peers").out().startsWith("trunks.*.peers\n"));
        assertTrue(tandem("config", "explain").out().contains("routes.*.match.method\n"));
        assertTrue(tandem("config", "schema").out().contains("2020-12"));
        assertTrue(tandem("version").out().startsWith("tandem "));
        assertTrue(Json.parse(tandem("version", "-o", "json").out()) instanceof Map);
    }

    private static Process start(final String... args) throws IOException {
        // A JVM that was started with HUP ignored, as under nohup, never sees one: give it the default back.
        final List<String> command = new ArrayList<>(List.of("env", "--default-signal=HUP"));
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(arg -> arg.startsWith("--add-exports") || arg.startsWith("--enable-native")
                        || arg.startsWith("--sun-misc"))
                .forEach(command::add);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
        command.addAll(List.of(args));
        return new ProcessBuilder(command).redirectErrorStream(true).start();
    }

    /** Reads lines until one holds all of {@code words}. */
    private static String await(final BufferedReader lines, final String... words) throws IOException {
        final StringBuilder seen = new StringBuilder();
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            seen.append(line).append('\n');
            if (List.of(words).stream().allMatch(line::contains)) {
                return line;
            }
        }
        throw new AssertionError("the process ended; it wrote:\n" + seen);
    }

    private static void awaitText(final Path file, final String text) throws IOException, InterruptedException {
        while (!Files.exists(file) || !Files.readString(file).contains(text)) {
            Thread.sleep(20);
        }
    }

    private static void signal(final Process process, final String name) throws IOException, InterruptedException {
        assertEquals(0, new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start().waitFor());
    }

    @Test
    void shouldRunSteerAndStopARealServer() throws Exception {
        // given
        final String socket = directory.resolve("admin.sock").toString();
        final Path log = directory.resolve("tandem.log");
        final String head = "listen: ['udp://127.0.0.1:0', 'tcp://127.0.0.1:0']\nadmin: {socket: " + socket
                + "}\nstate-dir: " + directory + "\n";
        final Path file = write(head);
        final Process process = start("run", "-c", file.toString());
        try (BufferedReader lines = process.inputReader()) {
            final String started = await(lines, "event=start");
            assertTrue(started.contains("pid=" + process.pid()) && started.contains("config=" + file), started);

            // the verbs
            final Outcome status = tandem("status", "--socket", socket);
            assertEquals(0, status.exitCode(), status.err());
            assertTrue(status.out().contains("running, pid " + process.pid()), status.out());
            assertEquals(0, tandem("mode", "set", "stateless", "--socket", socket).exitCode());
            await(lines, "event=mode", "from=stateful", "to=stateless");
            assertEquals("stateless\n", tandem("mode", "--socket", socket).out());
            assertEquals("mode: stateless\n", tandem("mode", "--socket", socket, "set", "stateless").out());
            assertEquals(1, tandem("mode", "set", "b2bua", "--socket", socket).exitCode());
            assertEquals(1, tandem("mode", "set", "stateful", "--route", "x", "--socket", socket).exitCode());
            assertTrue(tandem("stats", "*received*", "--socket", socket).out()
                    .contains("tandem_messages_received_total"));
            assertTrue(Json.parse(tandem("stats", "-o", "json", "--socket", socket).out()) instanceof Map);
            assertEquals("no malformed messages\n", tandem("errors", "--socket", socket).out());
            assertTrue(tandem("config", "show", "--effective", "--socket", socket).out().contains("max-forwards: 70"));

            // reload: by verb, refused by verb, by signal
            write(head + "max-forwards: 20\n");
            final String differences = "mode, max-forwards\n  mode: stateless -> stateful\n  max-forwards: 70 -> 20\n";
            assertEquals(new Outcome(0, "would reload: " + differences, ""),
                    tandem("reload", "--dry-run", "--socket", socket));
            assertEquals(new Outcome(0, "reloaded: " + differences, ""), tandem("reload", "--socket", socket));
            assertEquals(new Outcome(0, "nothing would change\n", ""),
                    tandem("reload", "--dry-run", "--socket", socket));
            write(head + "max-forward: 20\n");
            final Outcome bad = tandem("reload", "--socket", socket);
            assertEquals(78, bad.exitCode());
            assertTrue(
                    bad.err().contains("did you mean 'max-forwards'?") && bad.err().endsWith("Nothing was changed.\n"),
                    bad.err());
            write(head + "loops: 3\n");
            assertEquals(
                    new Outcome(1,
                            "would reload: max-forwards\nneeds restart: loops, so that nothing would be changed\n"
                                    + "  loops: auto -> 3 (needs a restart)\n  max-forwards: 20 -> 70\n",
                            ""),
                    tandem("reload", "--dry-run", "--socket", socket));
            final Outcome restart = tandem("reload", "--socket", socket);
            assertEquals(1, restart.exitCode());
            assertEquals("tandem: needs restart: loops. Nothing was changed.\n", restart.err());
            write(head + "log: {file: " + log + "}\n");
            signal(process, "HUP");
            awaitText(log, "event=reload result=applied");

            // the log file, moved away and opened again
            Files.move(log, directory.resolve("old.log"));
            signal(process, "USR1");
            while (!Files.exists(log)) {
                Thread.sleep(20);
            }

            // a second server cannot take the socket
            final Outcome second = tandem("run", "-c", write(head).toString());
            assertEquals(71, second.exitCode());
            assertTrue(second.err().contains("in use by another server"), second.err());

            // stop
            signal(process, "TERM");
            assertTrue(process.waitFor(60, TimeUnit.SECONDS));
            assertEquals(0, process.exitValue());
            assertTrue(Files.readString(log).contains("event=stop"));
            assertFalse(Files.exists(Path.of(socket)));
        } finally {
            process.destroyForcibly();
        }
    }

    @Test
    void shouldRunWithoutAFileAndStopByVerb() throws Exception {
        // given
        final String socket = directory.resolve("admin.sock").toString();
        final Process process = start("run", "--listen", "udp://127.0.0.1:0", "--carrier", "127.0.0.1:5070", "--pbx",
                "127.0.0.1:5080", "--mode", "stateless", "--socket", socket);
        try (BufferedReader lines = process.inputReader()) {
            assertTrue(await(lines, "event=start").contains("mode=stateless trunks=2 routes=2"));

            // then
            assertEquals(new Outcome(0, "stopping\n", ""), tandem("stop", "--socket", socket));
            assertTrue(process.waitFor(60, TimeUnit.SECONDS));
            assertEquals(0, process.exitValue());
        } finally {
            process.destroyForcibly();
        }
    }
}
