package org.tandemsip.server.interop;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Gives TLS to agents that have none (Debian package stunnel4): what connects to it goes on, a connection each, from TCP
 * to TLS, whose server's certificate it verifies, or from TLS to TCP.
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

    /** A place where it listens, and what it does there. */
    record Service(InetSocketAddress accept, String section) {}

    /**
     * What comes by TCP goes on over TLS.
     *
     * @param local local address of the connections over TLS
     * @param ca    file with who vouches for the server
     * @param name  what the certificate of the server must be for
     */
    static Service toServer(final InetSocketAddress accept, final String local, final InetSocketAddress server,
            final Path ca, final String name) {
        return new Service(accept, """
                client = yes
                accept = %s
                local = %s
                connect = %s
                verifyChain = yes
                checkHost = %s
                CAfile = %s
                """.formatted(text(accept), local, text(server), name, ca));
    }

    /** What comes over TLS goes on by TCP. @param certificates folder with {@code name.pem} and {@code name.key} */
    static Service fromClient(final InetSocketAddress accept, final InetSocketAddress agent, final Path certificates,
            final String name) {
        return new Service(accept, """
                accept = %s
                connect = %s
                cert = %3$s/%4$s.pem
                key = %3$s/%4$s.key
                """.formatted(text(accept), text(agent), certificates, name));
    }

    private static String text(final InetSocketAddress address) {
        return address.getHostString() + ':' + address.getPort();
    }

    /** Starts it, and waits until it listens. */
    static Stunnel start(final List<Service> services) throws IOException, InterruptedException {
        final Path folder = Folders.make("stunnel");
        final Path log = folder.resolve("log");
        final StringBuilder config = new StringBuilder("foreground = yes\npid =\n");
        for (int i = 0; i < services.size(); i++) {
            config.append("[sip").append(i).append("]\n").append(services.get(i).section());
        }
        final Path file = Files.writeString(folder.resolve("stunnel.conf"), config);
        final Stunnel stunnel = new Stunnel(new ProcessBuilder("stunnel", file.toString())
                .redirectErrorStream(true).redirectOutput(log.toFile()).start(), log);
        final long startNs = System.nanoTime();
        // It binds them in their order.
        while (!listens(services.getLast().accept())) {
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
