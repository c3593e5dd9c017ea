package org.tandemsip.server.interop;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Tandem as its users run it: a process of its own, started by {@code run -c FILE} with the class path of the tests,
 * spoken to over SIP and its command line, killed without mercy where a test asks for it.
 */
final class ServerProcess implements AutoCloseable {
    private static final long START_DEADLINE_NS = TimeUnit.SECONDS.toNanos(60);

    private final Path directory;
    private final Path config;
    private final InetSocketAddress address;
    private Process process;

    private ServerProcess(final Path directory, final Path config, final InetSocketAddress address) {
        this.directory = directory;
        this.config = config;
        this.address = address;
    }

    /**
     * Starts a server and waits until it answers OPTIONS.
     *
     * @param address where it listens for UDP, for the wait
     * @param probe   local address that some trunk allows, for the wait
     * @param yaml    configuration; {@code state-dir} and the admin socket are added
     */
    static ServerProcess start(final InetSocketAddress address, final String probe, final String yaml)
            throws IOException, InterruptedException {
        final Path directory = Folders.make("tandem-it");
        final Path config = directory.resolve("tandem.yaml");
        Files.writeString(config, yaml + "\nstate-dir: " + directory.resolve("state") + "\nadmin: {socket: "
                + directory.resolve("admin.sock") + "}\n");
        final ServerProcess server = new ServerProcess(directory, config, address);
        server.restart(probe);
        return server;
    }

    /** Starts the process (again) and waits until it answers OPTIONS. */
    void restart(final String probe) throws IOException, InterruptedException {
        process = new ProcessBuilder(command("run", "-c", config.toString())).redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(directory.resolve("log").toFile())).start();
        final long startNs = System.nanoTime();
        while (!answersOptions(probe)) {
            if (!process.isAlive() || System.nanoTime() - startNs > START_DEADLINE_NS) {
                throw new IllegalStateException("the server did not start:\n" + log());
            }
        }
    }

    /** The command line that runs a verb with the class path of the tests. */
    static List<String> command(final String... arguments) {
        return java("org.tandemsip.server.cli.Main", arguments);
    }

    /** The command line that runs a main class with the class path and the switches of the tests. */
    static List<String> java(final String main, final String... arguments) {
        final List<String> command =
                new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--add-exports=java.base/jdk.internal.misc=ALL-UNNAMED", "--enable-native-access=ALL-UNNAMED",
                        "--sun-misc-unsafe-memory-access=allow", "-XX:+UseSerialGC",
                        // Lives for seconds, beside all others on few cores: the second compiler would take more than it gives.
                        "-XX:TieredStopAtLevel=1",
                        "-Dio.netty.leakDetection.level=paranoid", "-cp",
                        System.getProperty("java.class.path"), main));
        command.addAll(List.of(arguments));
        return command;
    }

    /** Whether the server answers an OPTIONS sent from {@code probe} within a quarter of a second. */
    boolean answersOptions(final String probe) throws IOException {
        try (DatagramSocket socket = new DatagramSocket(new InetSocketAddress(probe, 0))) {
            socket.setSoTimeout(250);
            final String host = address.getAddress().getHostAddress() + ':' + address.getPort();
            final byte[] options = ("OPTIONS sip:" + host + " SIP/2.0\r\nVia: SIP/2.0/UDP " + probe + ':'
                    + socket.getLocalPort()
                    + ";rport;branch=z9hG4bK" + Long.toHexString(System.nanoTime())
                    + "\r\nMax-Forwards: 70\r\nFrom: <sip:probe@"
                    + probe + ">;tag=1\r\nTo: <sip:" + host + ">\r\nCall-ID: " + System.nanoTime()
                    + "\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n").getBytes(StandardCharsets.US_ASCII);
            socket.send(new DatagramPacket(options, options.length, address));
            final DatagramPacket answer = new DatagramPacket(new byte[4_096], 4_096);
            socket.receive(answer);
            return new String(answer.getData(), 0, answer.getLength(), StandardCharsets.US_ASCII)
                    .startsWith("SIP/2.0 200");
        } catch (final SocketTimeoutException e) {
            return false;
        }
    }

    /** Runs a verb against this server; returns what it printed, fails when its exit code is not 0. */
    String verb(final String... arguments) throws IOException, InterruptedException {
        final List<String> command = command(arguments);
        command.addAll(List.of("--socket", directory.resolve("admin.sock").toString()));
        final Process verb = new ProcessBuilder(command).redirectErrorStream(true).start();
        final String output = new String(verb.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (verb.waitFor() != 0) {
            throw new IllegalStateException(String.join(" ", arguments) + " failed: " + output);
        }
        return output;
    }

    /** Ends the process as {@code kill -9} does. */
    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    /** Process id. */
    long pid() {
        return process.pid();
    }

    /** What it has logged so far. */
    String log() throws IOException {
        return Files.readString(directory.resolve("log"));
    }

    /** Its log, for messages of failed tests. */
    @Override
    public String toString() {
        try {
            return log();
        } catch (final IOException e) {
            return "no log: " + e.getMessage();
        }
    }

    @Override
    public void close() throws IOException {
        process.destroy();
        if (!process.onExit().orTimeout(60, TimeUnit.SECONDS).handle((ended, failure) -> failure == null).join()) {
            process.destroyForcibly().onExit().join();
            throw new IllegalStateException("the server did not stop on TERM:\n" + log());
        }
        final String log = log();
        if (log.contains("LEAK:")) {
            throw new IllegalStateException("a buffer leaked:\n" + log);
        }
    }
}
