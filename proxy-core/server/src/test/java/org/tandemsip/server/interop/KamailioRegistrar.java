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
 * Kamailio (Debian packages kamailio and kamailio-tls-modules) as the carrier: a registrar that wants to see the password
 * {@code secret} in the realm {@code carrier.example}, sends calls to where their user has registered, and those that
 * come from one address outside. It remembers who is registered for as long as it runs.
 */
final class KamailioRegistrar implements AutoCloseable {
    /** UDP and TCP; TLS has the next one. */
    static final int PORT = 5060;

    private static final long DEADLINE_NS = TimeUnit.SECONDS.toNanos(60);
    private static final String CONFIG = """
            debug=1
            log_stderror=yes
            # One, since of two the one with the BYE may be faster than the one with the ACK before it.
            children=1
            tcp_children=1
            tcp_source_ipv4=%1$s
            %2$s
            loadmodule "tm.so"
            loadmodule "sl.so"
            loadmodule "rr.so"
            loadmodule "pv.so"
            loadmodule "textops.so"
            loadmodule "siputils.so"
            loadmodule "usrloc.so"
            loadmodule "registrar.so"
            loadmodule "auth.so"
            modparam("registrar", "max_expires", 300)
            modparam("auth", "algorithm", "%5$s")

            request_route {
                if (is_method("REGISTER")) {
                    if (!pv_www_authenticate("carrier.example", "secret", "0")) {
                        www_challenge("carrier.example", "1");
                        exit;
                    }
                    save("location");
                    exit;
                }
                if (has_totag() || is_method("CANCEL")) {
                    loose_route();
                    t_relay();
                    exit;
                }
                if (is_method("OPTIONS")) {
                    if (lookup("location")) {
                        sl_send_reply("200", "Registered");
                    } else {
                        sl_send_reply("404", "Not Registered");
                    }
                    exit;
                }
                if (src_ip == %3$s) {
                    %6$s
                    $du = "%4$s";
                } else if (!lookup("location")) {
                    sl_send_reply("404", "Not Registered");
                    exit;
                }
                record_route();
                t_relay();
            }
            """;
    private static final String CHALLENGE = """
            if (!pv_proxy_authenticate("carrier.example", "secret", "0")) {
                proxy_challenge("carrier.example", "1");
                exit;
            }
            consume_credentials();
            """;

    private final Path folder;
    private final String address;
    private final String outside;
    private final Process process;

    private KamailioRegistrar(final Path folder, final String address, final String outside, final Process process) {
        this.folder = folder;
        this.address = address;
        this.outside = outside;
        this.process = process;
    }

    /**
     * Starts one and waits until it answers.
     *
     * @param customer     address whose calls go outside, to {@code outside} port 5080
     * @param certificates folder with {@code kamailio.pem}, {@code kamailio.key} and {@code ca.pem} for TLS, or
     *                     {@code null}
     */
    static KamailioRegistrar start(final String address, final String customer, final String outside,
            final Path certificates) throws IOException {
        return start(address, customer, outside, certificates, "MD5", "");
    }

    /** As {@link #start}, but that calls of the customer have to show the password too. @param algorithm of Digest */
    static KamailioRegistrar challenging(final String address, final String customer, final String outside,
            final String algorithm) throws IOException {
        return start(address, customer, outside, null, algorithm, CHALLENGE);
    }

    private static KamailioRegistrar start(final String address, final String customer, final String outside,
            final Path certificates, final String algorithm, final String challenge) throws IOException {
        Kamailio.require();
        final Path folder = Folders.make("kamailio-registrar");
        String tls = "";
        if (certificates != null) {
            final String side = """
                    method = TLSv1.2+
                    verify_certificate = yes
                    require_certificate = yes
                    private_key = %1$s/kamailio.key
                    certificate = %1$s/kamailio.pem
                    ca_list = %1$s/ca.pem
                    """.formatted(certificates);
            Files.writeString(folder.resolve("tls.cfg"), "[server:default]\n" + side + "[client:default]\n" + side);
            tls = "enable_tls=yes\nlisten=tls:" + address + ':' + (PORT + 1)
                    + "\nloadmodule \"tls.so\"\nmodparam(\"tls\", \"config\", \"" + folder + "/tls.cfg\")";
        }
        Files.writeString(folder.resolve("kamailio.cfg"),
                CONFIG.formatted(address, tls, customer, "sip:" + outside + ":5080", algorithm, challenge));
        final Process process = new ProcessBuilder("kamailio", "-f", folder.resolve("kamailio.cfg").toString(), "-m",
                "64", "-M", "8", "-l", "udp:" + address + ':' + PORT, "-l", "tcp:" + address + ':' + PORT, "-DD", "-E",
                "-Y", folder.toString(), "-P", folder.resolve("pid").toString()).redirectErrorStream(true)
                .redirectOutput(folder.resolve("log").toFile()).start();
        final KamailioRegistrar registrar = new KamailioRegistrar(folder, address, outside, process);
        final long startNs = System.nanoTime();
        while (registrar.ask("nobody") == 0) {
            if (!process.isAlive() || System.nanoTime() - startNs > DEADLINE_NS) {
                throw new IllegalStateException("Kamailio did not start:\n" + registrar);
            }
        }
        return registrar;
    }

    /** Whether a user is registered: 200, 404, or 0 without an answer. */
    int ask(final String user) throws IOException {
        try (DatagramSocket socket = new DatagramSocket(new InetSocketAddress(outside, 0))) {
            socket.setSoTimeout(500);
            final byte[] options = ("OPTIONS sip:" + user + "@carrier.example SIP/2.0\r\nVia: SIP/2.0/UDP " + outside
                    + ':' + socket.getLocalPort() + ";branch=z9hG4bK" + System.nanoTime()
                    + "\r\nMax-Forwards: 70\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:" + user
                    + "@carrier.example>\r\nCall-ID: " + System.nanoTime()
                    + "\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n").getBytes(StandardCharsets.US_ASCII);
            socket.send(new DatagramPacket(options, options.length, new InetSocketAddress(address, PORT)));
            final DatagramPacket answer = new DatagramPacket(new byte[4_096], 4_096);
            socket.receive(answer);
            return Integer.parseInt(new String(answer.getData(), 8, 3, StandardCharsets.US_ASCII));
        } catch (final SocketTimeoutException | PortUnreachableException e) {
            return 0;
        }
    }

    /** Waits until {@link #ask} says {@code wanted}. */
    void await(final String user, final int wanted) throws IOException {
        final long startNs = System.nanoTime();
        while (ask(user) != wanted) {
            if (System.nanoTime() - startNs > DEADLINE_NS) {
                throw new AssertionError(user + " does not get to " + wanted + ":\n" + this);
            }
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

    /** Ends it at once, and all that it knows. */
    void kill() {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly().onExit().orTimeout(60, TimeUnit.SECONDS).join();
    }

    @Override
    public void close() {
        kill();
    }
}
