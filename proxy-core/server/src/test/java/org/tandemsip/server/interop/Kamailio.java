package org.tandemsip.server.interop;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/**
 * Kamailio (Debian packages kamailio and kamailio-tls-modules) as a record-routing stateful proxy that speaks UDP on one
 * side and TLS, with certificates of both ends, on the other. One process per transport, so that nothing overtakes.
 */
final class Kamailio implements AutoCloseable {
    /** UDP; TLS has the next one. */
    static final int PORT = 5060;

    private static final long DEADLINE_NS = TimeUnit.SECONDS.toNanos(60);

    private final Path folder;
    private final String address;
    private Process process;

    private Kamailio(final Path folder, final String address) {
        this.folder = folder;
        this.address = address;
    }

    /** Sees that Kamailio and its TLS are installed. */
    static void require() {
        Programs.require("kamailio kamailio-tls-modules", "/usr/lib/x86_64-linux-gnu/kamailio/modules/tls.so",
                "/usr/lib/aarch64-linux-gnu/kamailio/modules/tls.so", "/usr/lib/kamailio/modules/tls.so");
    }

    /**
     * Starts Kamailio on {@code address} and waits until it answers.
     *
     * @param certificates folder with {@code kamailio.pem}, {@code kamailio.key} and {@code ca.pem}
     * @param next         SIP URI that every request without a Route goes to; empty: where its Request-URI says
     */
    static Kamailio start(final Path certificates, final String address, final String next)
            throws IOException, InterruptedException {
        final Path folder = Folders.make("kamailio");
        final String side = """
                method = TLSv1.2+
                verify_certificate = yes
                require_certificate = yes
                private_key = %1$s/kamailio.key
                certificate = %1$s/kamailio.pem
                ca_list = %1$s/ca.pem
                """.formatted(certificates);
        Files.writeString(folder.resolve("tls.cfg"), "[server:default]\n" + side + "[client:default]\n" + side);
        Files.writeString(folder.resolve("kamailio.cfg"), """
                debug=2
                log_stderror=yes
                fork=yes
                children=1
                tcp_children=1
                enable_tls=yes
                tcp_source_ipv4=%1$s
                listen=udp:%1$s:%2$d
                listen=tls:%1$s:%3$d
                loadmodule "sl.so"
                loadmodule "tm.so"
                loadmodule "tmx.so"
                loadmodule "rr.so"
                loadmodule "pv.so"
                loadmodule "textops.so"
                loadmodule "siputils.so"
                loadmodule "tls.so"
                modparam("tls", "config", "%4$s/tls.cfg")
                request_route {
                    if (is_method("OPTIONS") && uri == myself && $rU == $null) { sl_send_reply("200", "OK"); exit; }
                    if (is_method("CANCEL")) {
                        if (t_check_trans()) { t_relay(); }
                        exit;
                    }
                    if (has_totag() && loose_route()) { t_relay(); exit; }
                    if (!has_totag()) { record_route(); }
                    %5$s
                    t_relay();
                }
                """.formatted(address, PORT, PORT + 1, folder, next.isEmpty() ? "" : "$du = \"" + next + "\";"));
        final Kamailio kamailio = new Kamailio(folder, address);
        kamailio.begin();
        return kamailio;
    }

    private void begin() throws IOException {
        process = new ProcessBuilder("kamailio", "-DD", "-E", "-m", "64", "-M", "8", "-f",
                folder.resolve("kamailio.cfg").toString(), "-Y", folder.toString(), "-P",
                folder.resolve("pid").toString()).redirectErrorStream(true)
                .redirectOutput(folder.resolve("log").toFile()).start();
        final long startNs = System.nanoTime();
        while (!answers()) {
            if (!process.isAlive() || System.nanoTime() - startNs > DEADLINE_NS) {
                throw new IllegalStateException("Kamailio did not start:\n" + this);
            }
        }
    }

    private boolean answers() throws IOException {
        try (DatagramSocket socket = new DatagramSocket(new InetSocketAddress(address, 0))) {
            socket.setSoTimeout(250);
            final byte[] options = ("OPTIONS sip:" + address + " SIP/2.0\r\nVia: SIP/2.0/UDP " + address + ':'
                    + socket.getLocalPort() + ";branch=z9hG4bK" + System.nanoTime() + "\r\nMax-Forwards: 70\r\n"
                    + "From: <sip:p@" + address + ">;tag=1\r\nTo: <sip:" + address + ">\r\nCall-ID: "
                    + System.nanoTime() + "\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n")
                    .getBytes(StandardCharsets.US_ASCII);
            socket.send(new DatagramPacket(options, options.length, new InetSocketAddress(address, PORT)));
            socket.receive(new DatagramPacket(new byte[4_096], 4_096));
            return true;
        } catch (final SocketTimeoutException | PortUnreachableException e) {
            return false;
        }
    }

    /** Its log, for messages of failed tests. */
    @Override
    public String toString() {
        try {
            return "Kamailio:\n" + Files.readString(folder.resolve("log"), StandardCharsets.ISO_8859_1);
        } catch (final IOException e) {
            return "no log: " + e.getMessage();
        }
    }

    @Override
    public void close() {
        process.destroy();
        if (!process.onExit().orTimeout(20, TimeUnit.SECONDS).handle((ended, failure) -> failure == null).join()) {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly().onExit().join();
        }
    }
}
