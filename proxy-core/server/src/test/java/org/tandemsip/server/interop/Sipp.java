package org.tandemsip.server.interop;

import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Runs SIPp agents (Debian package sip-tester) as child processes. As an extension of a test class it fails the class
 * where SIPp is not installed, and ends what a test has left running, so that the next one finds its ports free;
 * with {@link Folders}.
 */
final class Sipp implements BeforeAllCallback, AfterEachCallback {
    private static final Queue<Process> STARTED = new ConcurrentLinkedQueue<>();

    private final Folders folders = new Folders();

    /** One running agent. */
    record Agent(String name, Process process, Path directory) {
        /** Waits for the end; the exit code, or -1 when it did not end in time and was killed. */
        int await(final long seconds) throws InterruptedException {
            if (process.waitFor(seconds, TimeUnit.SECONDS)) {
                return process.exitValue();
            }
            process.destroyForcibly().waitFor();
            return -1;
        }

        /** Waits until the agent has bound its UDP port, or has ended. */
        Agent awaitBound(final String ip, final int port) throws IOException, InterruptedException {
            final byte[] address = InetAddress.ofLiteral(ip).getAddress();
            // The kernel writes an IPv4 address as the number that its bytes are on this machine.
            final String wanted =
                    "%02X%02X%02X%02X:%04X".formatted(address[3], address[2], address[1], address[0], port);
            while (process.isAlive() && Files.readAllLines(Path.of("/proc/net/udp")).stream()
                    .noneMatch(line -> line.contains(wanted))) {
                Thread.sleep(20);
            }
            return this;
        }

        /** What it complained about, and its last words. */
        String complaint() throws IOException {
            final StringBuilder text = new StringBuilder();
            for (final String file : List.of("errors", "messages")) {
                final Path path = directory.resolve(file);
                if (Files.exists(path)) {
                    final String content = Files.readString(path, StandardCharsets.ISO_8859_1);
                    text.append(file).append(":\n").append(content, 0, Math.min(content.length(), 6_000)).append('\n');
                }
            }
            return text.toString();
        }

        /** Every message sent and received, as SIPp logged them, byte for byte. */
        byte[] messages() throws IOException {
            return Files.readAllBytes(directory.resolve("messages"));
        }

        /** Messages so far, sent or received, whose first line begins with {@code start}. */
        long count(final String start) throws IOException {
            return log().lines().filter(line -> line.startsWith(start)).count();
        }

        /** Calls so far of which a message was sent or received whose first line begins with {@code start}. */
        long calls(final String start) throws IOException {
            return Pattern.compile("^" + Pattern.quote(start) + "[^\\v]*(?:\\R[^\\v]+)*?\\RCall-ID: *(\\S+)",
                    Pattern.MULTILINE | Pattern.CASE_INSENSITIVE).matcher(log()).results().map(found -> found.group(1))
                    .distinct().count();
        }

        /** Messages that it has received so far, each text once: repetitions of one are the same. */
        Set<String> received() throws IOException {
            return Pattern.compile("^-{20}.*\\R\\w+ message received.*\\R\\R", Pattern.MULTILINE).splitAsStream(log())
                    .skip(1).map(text -> text.replaceFirst("(?s)\\R-{20}.*", "").strip()).collect(Collectors.toSet());
        }

        private String log() throws IOException {
            final Path log = directory.resolve("messages");
            return Files.exists(log) ? Files.readString(log, StandardCharsets.ISO_8859_1) : "";
        }
    }

    @Override
    public void beforeAll(final ExtensionContext context) {
        require();
    }

    @Override
    public void afterEach(final ExtensionContext context) throws InterruptedException {
        for (Process left = STARTED.poll(); left != null; left = STARTED.poll()) {
            left.destroyForcibly().waitFor();
        }
        folders.afterEach(context);
    }

    /** Fails the test when SIPp is not installed: these tests do not pass by not running. */
    private static void require() {
        for (final String folder : System.getenv("PATH").split(":")) {
            if (Files.isExecutable(Path.of(folder, "sipp"))) {
                return;
            }
        }
        fail("sipp is not on the PATH; install it: apt-get install sip-tester");
    }

    /**
     * Starts an agent.
     *
     * @param name     for messages
     * @param scenario XML of the scenario, as bytes of ISO-8859-1
     * @param ip       local address
     * @param port     local port
     * @param tcp      whether it speaks TCP
     * @param calls    calls to make or take
     * @param rest     further arguments, the remote host last
     */
    static Agent start(final String name, final String scenario, final String ip, final int port, final boolean tcp,
            final int calls, final String... rest) throws IOException {
        return startRaw(name, scenario.getBytes(StandardCharsets.ISO_8859_1), ip, port, tcp, calls, rest);
    }

    /** As {@link #start}, the scenario given as the bytes of its file. */
    static Agent startRaw(final String name, final byte[] scenario, final String ip, final int port, final boolean tcp,
            final int calls, final String... rest) throws IOException {
        final Path directory = Folders.make("sipp-" + name);
        final Path file = directory.resolve("scenario.xml");
        Files.write(file, scenario);
        final List<String> command = new ArrayList<>(
                List.of("sipp", "-nostdin", "-sf", file.toString(), "-m", Integer.toString(calls), "-i", ip,
                        "-p", Integer.toString(port), "-t", tcp ? "t1" : "u1", "-timeout", "35s", "-timeout_error",
                        "-trace_err",
                        "-error_file", directory.resolve("errors").toString(), "-trace_msg", "-message_file",
                        directory.resolve("messages").toString()));
        command.addAll(List.of(rest));
        final ProcessBuilder builder = new ProcessBuilder(command).directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("screen").toFile());
        builder.environment().put("TERM", "dumb");
        final Process process = builder.start();
        STARTED.add(process);
        return new Agent(name, process, directory);
    }
}
