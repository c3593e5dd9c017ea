package org.tandemsip.server.interop;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/**
 * Gives TLS to clients that have none (Debian package stunnel4): what connects to it by TCP goes on over TLS, a
 * connection each, to a server whose certificate it verifies.
 */
final class Stunnel implements AutoCloseable {
    private static final long DEADLINE_NS = TimeUnit.SECONDS.toNanos(60);

    private final Process process;
    private final Path log;

    private Stunnel(final Process process, final Path log) {
        this.process = process;
        this.log = log;
    }

    /** Sees that stunnel is installed. */
    static void require() {
        Programs.require("stunnel4", "/usr/bin/stunnel");
    }

    /**
     * Starts it, and waits until it listens.
     *
     * @param ca   file with who vouches for the server
     * @param name what the certificate of the server must be for
     */
    static Stunnel start(final InetSocketAddress listen, final InetSocketAddress server, final Path ca,
            final String name) throws IOException, InterruptedException {
        final Path folder = Files.createTempDirectory("stunnel");
        final Path log = folder.resolve("log");
        final Path config = Files.writeString(folder.resolve("stunnel.conf"), """
                foreground = yes
                pid =
                [sip]
                client = yes
                accept = %s:%d
                connect = %s:%d
                verifyChain = yes
                checkHost = %s
                CAfile = %s
                """.formatted(listen.getHostString(), listen.getPort(), server.getHostString(), server.getPort(), name,
                ca));
        final Stunnel stunnel = new Stunnel(new ProcessBuilder("stunnel", config.toString())
                .redirectErrorStream(true).redirectOutput(log.toFile()).start(), log);
        final long startNs = System.nanoTime();
        while (!listens(listen)) {
            if (!stunnel.process.isAlive() || System.nanoTime() - startNs > DEADLINE_NS) {
                throw new IllegalStateException("stunnel did not start:\n" + stunnel);
            }
            Thread.sleep(50); // another process
        }
        return stunnel;
    }

    private static boolean listens(final InetSocketAddress address) {
        try (Socket socket = new Socket()) {
            socket.connect(address, 1_000);
            return true;
        } catch (final IOException notYet) {
            return false;
        }
    }

    @Override
    public String toString() {
        try {
            return Files.readString(log);
        } catch (final IOException e) {
            return "no log: " + e.getMessage();
        }
    }

    @Override
    public void close() {
        process.destroy();
        process.onExit().join();
    }
}
