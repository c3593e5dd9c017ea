package org.tandemsip.server.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.tandemsip.server.admin.Json;
import org.tandemsip.server.tls.TestCa;

/**
 * Floods of every kind at a running server, each dropped or refused for its own reason and counted by it, while SIPp
 * makes calls that must not notice.
 *
 * <pre>
 *   SIPp --- Tandem --- SIPp      the good calls, on trunks of their own
 *            ^^^^^^
 *   unknown users, REGISTERs and INVITEs with wrong passwords, replays, more users than there is room for, one source
 *   that sends too much, strangers, expired certificates
 * </pre>
 */
@ExtendWith(Sipp.class)
@Timeout(value = 240, unit = TimeUnit.SECONDS)
class FloodIT {
    private static final String TANDEM = "127.0.25.1";
    private static final String CALLER = "127.0.25.2";
    private static final String CALLEE = "127.0.25.3";
    private static final String BLACK_HOLE = "127.0.25.4";
    private static final String TLS_CLIENT = "127.0.25.5";
    private static final InetSocketAddress ADDRESS = new InetSocketAddress(TANDEM, 5060);
    private static final int USERS = 100;
    private static final int TRANSACTIONS = 4_000;
    private static final String CALLER_FLOW = "> INVITE sdp\n< 100 ?\n< 180 ?\n< 200 keep\n> ACK\nwait %d\n> BYE\n"
            + "< 200\n";
    private static final String CALLEE_FLOW = "< INVITE keep\n> 180\n> 200 sdp\n< ACK\n< BYE\n> 200\n";

    @TempDir
    private Path directory;
    private TestCa ca;

    private ServerProcess start() throws Exception {
        final Path password = Files.writeString(directory.resolve("password"), "secret\n");
        ca = new TestCa("Flood");
        TestCa.write(directory, "tandem", ca.issue("tandem.test"));
        Files.writeString(directory.resolve("ca.pem"), ca.pem());
        return ServerProcess.start(ADDRESS, CALLER, """
                listen: [udp://%1$s:5060, tls://%1$s:5061]
                loops: 1
                limits: {transactions: %2$d}
                registrar: {users: %3$d}
                tls:
                  certificates: {cert: %4$s/tandem.pem, key: %4$s/tandem.key}
                  ca: %4$s/ca.pem
                trunks:
                  callers: {allow: [%5$s/32]}
                  callees: {peers: ["%6$s:5080"]}
                  hole: {peers: ["%7$s:5080"]}
                  secured: {allow: [%8$s/32], tls: {name: client.test, require-certificate: true}}
                  phones:
                    allow: [127.0.25.64/26]
                    zone: public
                    source-rate: 100000/s
                    require-auth: {realm: pbx.test, users: {alice: "${file:%9$s}"}, algorithms: [md5]}
                  internet:
                    allow: [127.0.25.128/26]
                    zone: public
                    require-auth: {realm: net.test, users: {alice: "${file:%9$s}"}, algorithms: [md5]}
                  office: {allow: [127.0.25.192/27], zone: core}
                routes:
                  - {from: callers, to: callees, match: {to: callee*}}
                  - {from: phones, to: registrar}
                  - {from: phones, to: callees}
                  - {from: internet, to: registrar}
                  - {from: office, to: registrar, match: {method: REGISTER}}
                  - {from: office, to: hole}
                """.formatted(TANDEM, TRANSACTIONS, USERS, directory, CALLER, CALLEE, BLACK_HOLE, TLS_CLIENT,
                password));
    }

    private static Sipp.Agent callee(final int calls) throws Exception {
        return Sipp.start("callee", SippScript.render(false, "good", CALLEE_FLOW), CALLEE, 5080, false, calls,
                "-timeout", "100s").awaitBound(CALLEE, 5080);
    }

    private static Sipp.Agent caller(final int calls, final int perSecond, final int waitMs, final int port)
            throws IOException {
        return Sipp.start("caller", SippScript.render(true, "good", CALLER_FLOW.formatted(waitMs)), CALLER, port, false,
                calls, "-timeout", "100s", "-r", Integer.toString(perSecond), "-s", "callee", TANDEM + ":5060");
    }

    @Test
    void shouldCarryEveryGoodCallThroughFloods(final TestReporter reporter) throws Exception {
        try (ServerProcess server = start(); Flood flood = new Flood(ADDRESS)) {
            final Sipp.Agent callee = callee(300);
            final String quiet = flood.roundTrips(CALLER, 40);
            // One INVITE of these that went on would be a call too many for the callee.
            final Flood.WrongPasswords registers =
                    flood.new WrongPasswords("127.0.25.100", "REGISTER", "sip:127.0.25.1");
            final Flood.WrongPasswords invites =
                    flood.new WrongPasswords("127.0.25.102", "INVITE", "sip:callee@127.0.25.1");

            // when
            flood.begin(1_500, List.of(flood.new UnknownUsers("127.0.25.", 64, 20),
                    registers, invites, flood.new Replays("127.0.25.101"),
                    flood.new ManyUsers("127.0.25.193"), flood.new UnknownUsers("127.0.25.", 129, 1),
                    flood.new Strangers("127.0.25.240")));
            final Sipp.Agent caller = caller(300, 20, 100, 5070);
            for (int i = 0; i < 5; i++) {
                refusedByTls();
            }
            final String flooded = flood.roundTrips(CALLER, 40);

            // then
            assertEquals(0, caller.await(110), () -> complaint(caller, server));
            assertEquals(0, callee.await(60), () -> complaint(callee, server));
            flood.end();
            final Map<String, Long> counted = counts(server);
            for (final String cause : List.of("tandem_auth_challenges_total{reason=\"missing\"}",
                    "tandem_auth_challenges_total{reason=\"wrong\"}",
                    "tandem_auth_challenges_total{reason=\"replayed\"}",
                    "tandem_registers_total{result=\"refused\"}", "tandem_registers_total{result=\"accepted\"}",
                    "tandem_dropped_total{reason=\"source_rate\"}", "tandem_dropped_total{reason=\"unknown_source\"}",
                    "tandem_tls_handshakes_total{result=\"expired\"}")) {
                assertTrue(counted.getOrDefault(cause, 0L) > 0, () -> cause + " in " + counted);
            }
            assertTrue(registers.refused() > 0 && invites.refused() > 0, flood::report);
            assertTrue(counted.get("tandem_auth_challenges_total{reason=\"wrong\"}") >= registers.refused()
                    + invites.refused(), () -> counted.toString());
            assertEquals(0, counted.get("tandem_faults_total"));
            assertEquals(USERS, counted.get("tandem_registrations"), () -> counted.toString());
            assertTrue(counted.get("tandem_live") < TRANSACTIONS, () -> counted.toString());
            reporter.publishEntry(Map.of("messages", flood.report(), "round trip before", quiet, "round trip during",
                    flooded, "resident MB", residentMiB(server)));
        }
    }

    @Test
    void shouldEndCallsThatStandWhenTheTableOfTransactionsIsFull(final TestReporter reporter) throws Exception {
        try (ServerProcess server = start(); Flood flood = new Flood(ADDRESS);
                Agent _ = Agent.udp(BLACK_HOLE, 5080, ADDRESS)) {
            // given: calls that stand
            final Sipp.Agent callee = callee(20);
            final Sipp.Agent caller = caller(20, 20, 15_000, 5070);
            while (caller.calls("ACK ") < 20) {
                Thread.sleep(50); // another process
            }

            // when: requests that nobody answers take all the room there is
            final Flood.Unanswered unanswered = flood.new Unanswered("127.0.25.194");
            flood.begin(1_500, List.of(unanswered));
            while (unanswered.refused() == 0) {
                Thread.sleep(50); // until the table is full
            }

            // then: each of them ends, on both sides
            assertEquals(0, caller.await(110), () -> complaint(caller, server));
            assertEquals(0, callee.await(60), () -> complaint(callee, server));
            flood.end();
            final Map<String, Long> counted = counts(server);
            assertTrue(counted.get("tandem_limited_total{limit=\"transactions\"}") >= unanswered.refused(),
                    () -> counted.toString());
            // Each request has a context beside its transactions.
            assertTrue(counted.get("tandem_live") <= 2 * TRANSACTIONS, () -> counted.toString());
            reporter.publishEntry(Map.of("messages", flood.report(), "refused",
                    Long.toString(counted.get("tandem_limited_total{limit=\"transactions\"}")), "resident MB",
                    residentMiB(server)));
        }
    }

    /** A client whose certificate has expired. */
    private void refusedByTls() throws Exception {
        final SSLContext context = ca.context(ca.issueExpired("client.test"));
        try (Socket plain = new Socket(TANDEM, 5061, InetAddress.ofLiteral(TLS_CLIENT), 0);
                SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(plain, TANDEM, 5061, true)) {
            socket.setSoTimeout(30_000);
            socket.startHandshake();
            // With TLS 1.3 the refusal comes after what the client takes for the end of the handshake.
            assertEquals(-1, socket.getInputStream().read());
        } catch (final SSLException | java.net.SocketException refused) {
            // As it should be.
        }
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Long> counts(final ServerProcess server) throws Exception {
        final Map<String, Long> counts = new HashMap<>();
        ((Map<String, Object>) Json.parse(server.verb("stats", "-o", "json"))).forEach((series, value) -> {
            if (value instanceof final Number number) {
                counts.put(series, number.longValue());
            }
        });
        return counts;
    }

    private static String residentMiB(final ServerProcess server) throws IOException {
        return Files.readAllLines(Path.of("/proc/" + server.pid() + "/status")).stream()
                .filter(line -> line.startsWith("VmRSS")).map(line -> line.replaceAll("\\D+", ""))
                .map(kib -> Long.toString(Long.parseLong(kib) >> 10)).findFirst().orElse("?");
    }

    private static String complaint(final Sipp.Agent agent, final ServerProcess server) {
        try {
            return agent.name() + '\n' + agent.complaint() + server.log();
        } catch (final IOException e) {
            return e.toString();
        }
    }
}
