package org.tandemsip.perf.load;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import org.tandemsip.server.cli.ExitCode;
import org.tandemsip.server.cli.Main;
import org.tandemsip.server.cli.Verb;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/**
 * {@code tandem train}: what the JVM watches to make the AOT cache (JEP 514, 515). Runs the server by its own command
 * line in this process, sends calls through it in all modes and requests over TCP, then more calls than it can take,
 * looks at it, and stops it.
 *
 * <p>What is done with calls that are too many must be known beforehand: it is first needed when there is no time left
 * to compile it. No call needs credit, but who would ask for it is there, and rehearses that.
 */
@Command(name = "train", hidden = true, mixinStandardHelpOptions = true,
        description = "Does once what every start does: the training run of ./tandem aot.")
public final class TrainCommand implements Callable<Integer> {
    private static final int START_TIMEOUT_MS = 60_000;
    private static final String[] MODES = {"stateful", "stateless", "b2bua"};
    private static final String[] TRANSPORTS = {"udp", "tcp"};

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException, InterruptedException {
        final Path directory = Files.createTempDirectory("tandem-train");
        try {
            return train(directory);
        } finally {
            DemoCommand.delete(directory);
        }
    }

    private int train(final Path directory) throws IOException, InterruptedException {
        final InetAddress loopback = InetAddress.getByName("127.0.0.1");
        final int port = freePort(loopback);
        final String target = loopback.getHostAddress() + ':' + port;
        final String socket = directory.resolve("admin.sock").toString();
        final Path file = Files.writeString(directory.resolve("tandem.yaml"), """
                listen: [udp://%1$s, tcp://%1$s]
                state-dir: %2$s
                trunks: {agents: {allow: [127.0.0.0/8]}}
                routes: [{from: agents, to: request-uri, within: [127.0.0.0/8]}]
                admin: {socket: %3$s}
                credit: {url: "https://127.0.0.1/credit"}
                log: {file: %2$s/log}
                limits: {socket-buffer: 64KiB}
                drain: 0s
                """.formatted(target, directory, socket));
        final CompletableFuture<Integer> server =
                CompletableFuture.supplyAsync(() -> tandem("run", "-c", file.toString()), Thread::startVirtualThread);
        boolean good = answersOverTcp(loopback, port, server);
        for (final String mode : MODES) {
            good = good && tandem("mode", "set", mode, "--socket", socket) == ExitCode.OK;
            for (final String transport : TRANSPORTS) {
                good = good && calls(target, transport) && answersOverTcp(loopback, port, server);
            }
        }
        // By now it is no longer young (Overload), and refuses what it would have dropped before.
        for (final String mode : MODES) {
            good = good && tandem("mode", "set", mode, "--socket", socket) == ExitCode.OK;
            for (final String transport : TRANSPORTS) {
                tooManyCalls(target, transport);
                good = good && answersOverTcp(loopback, port, server);
            }
        }
        tandem("status", "--socket", socket);
        tandem("stop", "--socket", socket);
        return good && server.join() == ExitCode.OK ? ExitCode.OK : ExitCode.FAILED;
    }

    /**
     * Calls of which most succeed: where the JVM has not compiled anything and writes down what it sees, the server may
     * take longer than it allows itself. How late they are is no matter here.
     */
    private boolean calls(final String target, final String transport) {
        return tandem("bench", "--target", target, "--transport", transport, "--rate", "100", "--for", "4s",
                "--no-rehearsal", "--late", "60s", "--threshold", "failed<90%") == ExitCode.OK;
    }

    /**
     * More calls than any machine takes in this state, and no matter what becomes of them. Where they come faster than
     * they are read, the small socket buffer is full at once: that is overload, without waiting for one.
     */
    private void tooManyCalls(final String target, final String transport) {
        tandem("bench", "--target", target, "--transport", transport, "--rate", "20000", "--for", "1s", "--patience",
                "1s", "--no-rehearsal", "--late", "60s");
    }

    private int tandem(final String... arguments) {
        final PrintWriter out = spec.commandLine().getOut();
        return Main.run(arguments, out, out);
    }

    private static int freePort(final InetAddress address) throws IOException {
        while (true) {
            try (ServerSocket stream = new ServerSocket(0, 1, address);
                    DatagramSocket _ = new DatagramSocket(stream.getLocalPort(), address)) {
                return stream.getLocalPort();
            } catch (final java.net.BindException taken) {
                // For UDP only: try another.
            }
        }
    }

    /** Sends OPTIONS once the server listens; whether it was answered by 200. */
    private static boolean answersOverTcp(final InetAddress address, final int port,
            final CompletableFuture<Integer> server) throws IOException, InterruptedException {
        final long startNs = System.nanoTime();
        while (!server.isDone() && (System.nanoTime() - startNs) / 1_000_000 < START_TIMEOUT_MS) {
            try (Socket socket = new Socket(address, port)) {
                socket.setSoTimeout(START_TIMEOUT_MS);
                socket.getOutputStream().write(options(address, port, socket.getLocalPort()));
                final InputStream in = socket.getInputStream();
                return new String(in.readNBytes("SIP/2.0 200".length()), StandardCharsets.US_ASCII)
                        .equals("SIP/2.0 200");
            } catch (final java.net.ConnectException notYet) {
                Thread.sleep(20);
            }
        }
        return false;
    }

    private static byte[] options(final InetAddress address, final int port, final int from) {
        return """
                OPTIONS sip:%1$s:%2$d SIP/2.0
                Via: SIP/2.0/TCP %1$s:%3$d;branch=z9hG4bK%3$d
                Max-Forwards: 70
                From: <sip:train@%1$s>;tag=%3$d
                To: <sip:%1$s:%2$d>
                Call-ID: %3$d@train
                CSeq: 1 OPTIONS
                Content-Length: 0

                """.formatted(address.getHostAddress(), port, from).replace("\n", "\r\n")
                .getBytes(StandardCharsets.US_ASCII);
    }

    /** Brings the verb to the command line. */
    public static final class Provider implements Verb {
        @Override
        public Object command() {
            return new TrainCommand();
        }
    }
}
