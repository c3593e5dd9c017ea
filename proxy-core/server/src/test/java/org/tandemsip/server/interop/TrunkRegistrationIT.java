package org.tandemsip.server.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tandemsip.server.admin.Json;

/**
 * A running server registers with a Kamailio that wants to see a password, and calls go both ways through it.
 *
 * <pre>
 *   SIPp, outside --- Kamailio, registrar --- Tandem, registered as 4711 --- SIPp, the PBX
 *                     challenges REGISTER (401) and what Tandem sends it (407)
 * </pre>
 */
@ExtendWith(Sipp.class)
@Timeout(value = 240, unit = TimeUnit.SECONDS)
class TrunkRegistrationIT {
    private static final String TANDEM = "127.0.23.1";
    private static final String CARRIER = "127.0.23.20";
    private static final String OUTSIDE = "127.0.23.40";
    private static final String PBX = "127.0.23.50";
    private static final long DEADLINE_NS = TimeUnit.SECONDS.toNanos(60);
    private static final String CALLER = "> INVITE sdp\n< 100 ?\n< 180 ?\n< 200 keep\n> ACK\n> BYE\n< 200\n";
    private static final String CALLEE = "< INVITE keep\n> 180\n> 200 sdp\n< ACK\n< BYE\n> 200\n";

    private static final String KAMAILIO = """
            debug=1
            log_stderror=yes
            # One, since of two the one with the BYE may be faster than the one with the ACK before it.
            children=1
            tcp_children=1
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
                if (src_ip == 127.0.23.1) {
                    if (!pv_proxy_authenticate("carrier.example", "secret", "0")) {
                        proxy_challenge("carrier.example", "1");
                        exit;
                    }
                    consume_credentials();
                    $du = "sip:127.0.23.40:5080";
                } else if (!lookup("location")) {
                    sl_send_reply("404", "Not Registered");
                    exit;
                }
                record_route();
                t_relay();
            }
            """;

    private static Path kamailio;

    @TempDir
    Path directory;

    @BeforeAll
    static void requirePrograms() {
        for (final String folder : (System.getenv("PATH") + ":/usr/sbin").split(":")) {
            final Path program = Path.of(folder, "kamailio");
            if (Files.isExecutable(program)) {
                kamailio = program;
            }
        }
        if (kamailio == null) {
            fail("kamailio is not on the PATH; install it: apt-get install kamailio");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"udp", "tcp"})
    void shouldRegisterAndCarryCallsBothWays(final String transport) throws Exception {
        try (Registrar registrar = new Registrar()) {
            try (ServerProcess server = tandem(transport, "secret")) {
                await(server, view -> "registered".equals(view.get("state")));
                assertEquals(200, registrar.ask());

                final Sipp.Agent pbx = Sipp.start("registered-pbx", SippScript.render(false, "pbx", CALLEE), PBX, 5080,
                        false, 1);
                final Sipp.Agent caller = Sipp.start("registered-caller", SippScript.render(true, "in", CALLER),
                        OUTSIDE, 5070, false, 1, "-s", "4711", CARRIER + ":5060");
                assertEquals(0, caller.await(60), () -> complaint(caller, server));
                assertEquals(0, pbx.await(30), () -> complaint(pbx, server));
                assertTrue(new String(pbx.messages(), StandardCharsets.ISO_8859_1).contains("INVITE sip:4711@"));

                final Sipp.Agent callee = Sipp.start("registered-callee", SippScript.render(false, "callee", CALLEE),
                        OUTSIDE, 5080, false, 1);
                final Sipp.Agent dialler = Sipp.start("registered-dialler", SippScript.render(true, "out", CALLER),
                        PBX, 5070, false, 1, "-s", "030123", TANDEM + ":5060");
                assertEquals(0, dialler.await(60), () -> complaint(dialler, server));
                assertEquals(0, callee.await(30), () -> complaint(callee, server));
                assertTrue(server.verb("stats", "tandem_challenges_total").contains("answered"), server.log());
            }
            assertEquals(404, registrar.ask(), "whoever stops takes its address back");
        }
    }

    /** Both register at the same address; Kamailio calls each by the Contact that it has registered. */
    @Test
    void shouldTellTwoAccountsWithOneCarrierApart() throws Exception {
        final Path file = Files.writeString(directory.resolve("password"), "secret\n");
        try (Registrar _ = new Registrar(); ServerProcess server = ServerProcess.start(
                new InetSocketAddress(TANDEM, 5060), PBX, """
                        listen: ["udp://%1$s:5060"]
                        trunks:
                          sales:
                            peers: ["%2$s:5060"]
                            register: {user: "4711", password: "${file:%3$s}", domain: carrier.example}
                            headers-in: {set: {X-Account: sales}}
                          help:
                            peers: ["%2$s:5060"]
                            register: {user: "4712", password: "${file:%3$s}", domain: carrier.example}
                            headers-in: {set: {X-Account: help}}
                          pbx: {peers: ["%4$s:5080"]}
                        routes:
                          - {from: sales, to: pbx}
                          - {from: help, to: pbx}
                        """.formatted(TANDEM, CARRIER, file, PBX))) {
            await(server, 0, view -> "registered".equals(view.get("state")));
            await(server, 1, view -> "registered".equals(view.get("state")));
            for (final String[] account : new String[][] {{"4712", "help"}, {"4711", "sales"}}) {
                final Sipp.Agent pbx = Sipp.start("account-pbx", SippScript.render(false, "pbx", CALLEE), PBX, 5080,
                        false, 1);
                final Sipp.Agent caller = Sipp.start("account-caller", SippScript.render(true, "in", CALLER), OUTSIDE,
                        5070, false, 1, "-s", account[0], CARRIER + ":5060");
                assertEquals(0, caller.await(60), () -> complaint(caller, server));
                assertEquals(0, pbx.await(30), () -> complaint(pbx, server));
                final String messages = new String(pbx.messages(), StandardCharsets.ISO_8859_1);
                assertTrue(messages.contains("INVITE sip:" + account[0] + "@"), messages);
                assertTrue(messages.contains("X-Account: " + account[1]), messages);
            }
        }
    }

    @Test
    void shouldTellThatAPasswordIsWrong() throws Exception {
        try (Registrar registrar = new Registrar(); ServerProcess server = tandem("udp", "wrong")) {
            await(server, view -> "refused".equals(view.get("state"))
                    && "password not accepted".equals(view.get("reason")));
            assertEquals(404, registrar.ask());
            assertTrue(server.verb("trunks").contains("password not accepted, again in "), server.log());
        }
    }

    @Test
    void shouldRegisterAgainWithARegistrarThatHasForgotten() throws Exception {
        try (Registrar registrar = new Registrar(); ServerProcess server = tandem("udp", "secret")) {
            await(server, view -> "registered".equals(view.get("state")));
            registrar.kill();
            server.verb("trunks", "ping", "carrier");
            await(server, view -> "nobody listens there".equals(view.get("reason"))
                    && "registered".equals(view.get("state")));

            try (Registrar again = new Registrar()) {
                assertEquals(404, again.ask());
                server.verb("trunks", "ping", "carrier");
                await(server, view -> "".equals(view.get("reason")));
                assertEquals(200, again.ask());
            }
        }
    }

    private static String complaint(final Sipp.Agent agent, final ServerProcess server) {
        try {
            return agent.name() + '\n' + agent.complaint() + server.log();
        } catch (final IOException e) {
            return e.toString();
        }
    }

    private ServerProcess tandem(final String transport, final String password) throws Exception {
        final Path file = Files.writeString(directory.resolve("password"), password + '\n');
        return ServerProcess.start(new InetSocketAddress(TANDEM, 5060), PBX, """
                listen: ["udp://%1$s:5060", "tcp://%1$s:5060"]
                trunks:
                  carrier:
                    peers: ["%2$s:5060"]
                    transport: %3$s
                    register: {user: "4711", password: "${file:%4$s}", domain: carrier.example, expires: 1h}
                  pbx: {peers: ["%5$s:5080"]}
                routes:
                  - {from: carrier, to: pbx}
                  - {from: pbx, to: carrier}
                """.formatted(TANDEM, CARRIER, transport, file, PBX));
    }

    /** Waits until what is shown of the registration is as it should be. */
    private static void await(final ServerProcess server, final Predicate<Map<?, ?>> wanted) throws Exception {
        await(server, 0, wanted);
    }

    private static void await(final ServerProcess server, final int trunk, final Predicate<Map<?, ?>> wanted)
            throws Exception {
        final long startNs = System.nanoTime();
        Map<?, ?> view = Map.of();
        while (System.nanoTime() - startNs < DEADLINE_NS) {
            final Map<?, ?> trunks = (Map<?, ?>) Json.parse(server.verb("trunks", "-o", "json"));
            view = (Map<?, ?>) ((Map<?, ?>) ((List<?>) trunks.get("trunks")).get(trunk)).get("registration");
            if (wanted.test(view)) {
                return;
            }
        }
        fail(view + "\n" + server.log());
    }

    /** Kamailio, which remembers who is registered for as long as it runs. */
    private final class Registrar implements AutoCloseable {
        private final Process process;

        Registrar() throws Exception {
            final Path config = Files.writeString(directory.resolve("kamailio.cfg"), KAMAILIO);
            final ProcessBuilder builder =
                    new ProcessBuilder(kamailio.toString(), "-f", config.toString(), "-m", "32", "-M", "4",
                            "-l", "udp:" + CARRIER + ":5060", "-l", "tcp:" + CARRIER + ":5060", "-DD", "-E")
                            .redirectErrorStream(true)
                            .redirectOutput(
                                    ProcessBuilder.Redirect.appendTo(directory.resolve("kamailio.log").toFile()));
            process = builder.start();
            final long startNs = System.nanoTime();
            while (ask() == 0) {
                if (!process.isAlive() || System.nanoTime() - startNs > DEADLINE_NS) {
                    fail("Kamailio does not answer: " + Files.readString(directory.resolve("kamailio.log")));
                }
            }
        }

        /** Whether 4711 is registered: 200, 404, or 0 without an answer. */
        int ask() throws IOException {
            try (DatagramSocket socket = new DatagramSocket(new InetSocketAddress(OUTSIDE, 0))) {
                socket.setSoTimeout(500);
                final byte[] options = ("OPTIONS sip:4711@carrier.example SIP/2.0\r\nVia: SIP/2.0/UDP " + OUTSIDE + ':'
                        + socket.getLocalPort() + ";branch=z9hG4bK" + System.nanoTime()
                        + "\r\nMax-Forwards: 70\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:4711@carrier.example>\r\nCall-ID: "
                        + System.nanoTime() + "\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n")
                        .getBytes(StandardCharsets.US_ASCII);
                socket.send(new DatagramPacket(options, options.length, new InetSocketAddress(CARRIER, 5060)));
                final DatagramPacket answer = new DatagramPacket(new byte[4_096], 4_096);
                socket.receive(answer);
                return Integer.parseInt(new String(answer.getData(), 8, 3, StandardCharsets.US_ASCII));
            } catch (final SocketTimeoutException e) {
                return 0;
            }
        }

        void kill() {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly().onExit().join();
        }

        @Override
        public void close() {
            kill();
        }
    }
}
