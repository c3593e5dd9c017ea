package org.tandemsip.server.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.tandemsip.server.EventLog;
import org.tandemsip.server.LogSetup;
import org.tandemsip.server.admin.Json;
import org.tandemsip.server.config.Config;
import org.tandemsip.server.tls.TestCa;

/**
 * Floods of every kind at a running server, each dropped or refused for its own reason and counted by it, while SIPp
 * makes calls that must not notice.
 *
 * <pre>
 *   SIPp --- Tandem --- SIPp      the good calls, on trunks of their own
 *            ^^^^^^
 *   unknown users, REGISTERs and INVITEs with wrong passwords, replays, more users than there is room for, one source
 *   that sends too much, strangers, expired certificates, names that nobody looks up
 * </pre>
 */
@ExtendWith(Sipp.class)
@Timeout(value = 480, unit = TimeUnit.SECONDS)
class FloodIT {
    private static final String TANDEM = "127.0.25.1";
    private static final String CALLER = "127.0.25.2";
    private static final String CALLEE = "127.0.25.3";
    private static final String BLACK_HOLE = "127.0.25.4";
    private static final String TLS_CLIENT = "127.0.25.5";
    private static final InetSocketAddress ADDRESS = new InetSocketAddress(TANDEM, 5060);
    private static final InetSocketAddress DEAD_DNS = new InetSocketAddress("127.0.25.6", 5353);
    private static final int USERS = 100;
    /** Good calls beside each flood, and messages a second of that. */
    private static final int CALLS = 100;
    private static final int PER_SECOND = 1_500;
    private static final long MOST_MIB = 256;
    private static final int TRANSACTIONS = 4_000;
    /** Transactions that the good calls leave behind fit in, and much of a flood would not. */
    private static final int ROOM = 20_000;
    private static final String CALLER_FLOW = "> INVITE sdp\n< 100 ?\n< 180 ?\n< 200 keep\n> ACK\nwait %d\n> BYE\n"
            + "< 200\n";
    private static final String CALLEE_FLOW = "< INVITE keep\n> 180\n> 200 sdp\n< ACK\n< BYE\n> 200\n";

    @TempDir
    private Path directory;
    /** Of a client whose certificate has expired. */
    private SSLContext expired;

    /** What the floods have done is written to the log. */
    @BeforeAll
    static void log() throws IOException {
        LogSetup.apply(new Config.Log(Config.LogFormat.LOGFMT, Config.LogLevel.INFO, Optional.empty()));
    }

    private ServerProcess start(final int transactions) throws Exception {
        final Path password = Files.writeString(directory.resolve("password"), "secret\n");
        final TestCa ca = new TestCa("Flood");
        expired = ca.context(ca.issueExpired("client.test"));
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
                """.formatted(TANDEM, transactions, USERS, directory, CALLER, CALLEE, BLACK_HOLE, TLS_CLIENT,
                password));
    }

    private static Sipp.Agent callee(final int calls) throws Exception {
        return Sipp.start("callee", SippScript.render(false, "good", CALLEE_FLOW), CALLEE, 5080, false, calls,
                "-timeout", "300s").awaitBound(CALLEE, 5080);
    }

    private static Sipp.Agent caller(final int calls, final int perSecond, final int waitMs, final int port)
            throws IOException {
        return Sipp.start("caller", SippScript.render(true, "good", CALLER_FLOW.formatted(waitMs)), CALLER, port, false,
                calls, "-timeout", "100s", "-r", Integer.toString(perSecond), "-s", "callee", TANDEM + ":5060");
    }

    @Test
    void shouldCarryEveryGoodCallThroughFloods() throws Exception {
        try (ServerProcess server = start(ROOM); Flood flood = new Flood(ADDRESS)) {
            // One INVITE of these that went on would be a call too many for the callee.
            final Flood.WrongPasswords registers =
                    flood.new WrongPasswords("127.0.25.100", "REGISTER", "sip:127.0.25.1");
            final Flood.WrongPasswords invites =
                    flood.new WrongPasswords("127.0.25.102", "INVITE", "sip:callee@127.0.25.1");
            final Map<String, Flood.Kind> kinds = new LinkedHashMap<>();
            kinds.put("unknown users", flood.new UnknownUsers("127.0.25.", 64, 20));
            kinds.put("REGISTERs with wrong passwords", registers);
            kinds.put("INVITEs with wrong passwords", invites);
            kinds.put("replays", flood.new Replays("127.0.25.101"));
            kinds.put("more users than there is room for", flood.new ManyUsers("127.0.25.193"));
            kinds.put("one source that sends too much", flood.new UnknownUsers("127.0.25.", 129, 1));
            kinds.put("strangers", flood.new Strangers("127.0.25.240"));
            kinds.put("expired certificates", this::refusedByTls);
            final Sipp.Agent callee = callee((3 + kinds.size()) * CALLS);

            // when
            carry("nothing, and the server is cold", server);
            carry("nothing", server);
            final long residentMiB = residentMiB(server);
            for (final Map.Entry<String, Flood.Kind> kind : kinds.entrySet()) {
                flood.begin(PER_SECOND, List.of(kind.getValue()));
                carry(kind.getKey(), server);
                flood.end();
                EventLog.info("flood", "of", kind.getKey(), "datagrams", flood.report());
            }
            flood.begin(PER_SECOND, List.copyOf(kinds.values()));
            carry("all of them", server);
            flood.end();

            // then
            assertEquals(0, callee.await(60), () -> complaint(callee, server));
            final Map<String, Long> counted = counts(server);
            for (final String cause : List.of("tandem_auth_challenges_total{reason=\"missing\"}",
                    "tandem_auth_challenges_total{reason=\"wrong\"}",
                    "tandem_auth_challenges_total{reason=\"replayed\"}",
                    "tandem_registers_total{result=\"refused\"}", "tandem_registers_total{result=\"accepted\"}",
                    "tandem_dropped_total{reason=\"source_rate\"}", "tandem_dropped_total{reason=\"unknown_source\"}",
                    "tandem_tls_handshakes_total{result=\"expired\"}")) {
                assertTrue(counted.getOrDefault(cause, 0L) > 0, () -> cause + " in " + counted);
            }
            EventLog.info("flood", "of", "expired certificates", "handshakes",
                    counted.get("tandem_tls_handshakes_total{result=\"expired\"}"));
            assertTrue(registers.refused() > 0 && invites.refused() > 0, flood::report);
            assertTrue(counted.get("tandem_auth_challenges_total{reason=\"wrong\"}") >= registers.refused()
                    + invites.refused(), () -> counted.toString());
            assertEquals(0, counted.get("tandem_faults_total"));
            assertEquals(USERS, counted.get("tandem_registrations"), () -> counted.toString());
            assertTrue(counted.get("tandem_live") < ROOM, () -> counted.toString());
            assertBounded(residentMiB, server);
        }
    }

    @Test
    void shouldCarryEveryGoodCallWhileDnsIsDead() throws Exception {
        // given: what is sent to the name server stays in its buffer, or is lost
        try (DatagramSocket _ = new DatagramSocket(DEAD_DNS); ServerProcess server = startWithDeadDns();
                Flood flood = new Flood(ADDRESS)) {
            final Sipp.Agent callee = callee(4 * CALLS);
            carry("nothing, and the server is cold", server);
            carry("nothing", server);
            final long residentMiB = residentMiB(server);

            // when
            final Flood.NewNames names = flood.new NewNames("127.0.25.224");
            flood.begin(PER_SECOND, List.of(names));
            carry("names, and DNS is dead", server);
            carry("names, and DNS is dead, once more", server);
            flood.end();

            // then
            assertEquals(0, callee.await(60), () -> complaint(callee, server));
            assertTrue(names.refused() > 0, flood::report);
            final Map<String, Long> counted = counts(server);
            for (final String cause : List.of("tandem_dns_queries_total{type=\"srv\",result=\"failed\"}",
                    "tandem_limited_total{limit=\"names\"}")) {
                assertTrue(counted.getOrDefault(cause, 0L) > 0, () -> cause + " in " + counted);
            }
            assertEquals(0, counted.get("tandem_faults_total"));
            EventLog.info("flood", "of", "names", "datagrams", flood.report());
            assertBounded(residentMiB, server);
        }
    }

    private ServerProcess startWithDeadDns() throws Exception {
        return ServerProcess.start(ADDRESS, CALLER, """
                listen: [udp://%1$s:5060]
                loops: 1
                trunks:
                  callers: {allow: [%2$s/32]}
                  callees: {peers: ["%3$s:5080"]}
                  named: {peers: [carrier.example]}
                  travellers: {allow: [127.0.25.224/28], zone: core}
                routes:
                  - {from: callers, to: callees, match: {to: callee*}}
                  - {from: travellers, to: named, match: {to: named*}}
                  - {from: travellers, to: request-uri, within: [127.0.26.0/24]}
                dns: {servers: ["%4$s:%5$d"], timeout: 1s}
                """.formatted(TANDEM, CALLER, CALLEE, DEAD_DNS.getHostString(), DEAD_DNS.getPort()));
    }

    /** Makes good calls, all of which have to go well, and tells how long it took to set them up. */
    private static void carry(final String beside, final ServerProcess server) throws Exception {
        final Sipp.Agent caller = caller(CALLS, 50, 100, 5070);
        assertEquals(0, caller.await(110), () -> beside + '\n' + complaint(caller, server));
        EventLog.info("flood", "beside", beside, "good_calls", GoodCalls.of(caller));
    }

    /** What is held for a flood has a limit, and so has memory, beside what the collector has not taken back yet. */
    private static void assertBounded(final long beforeMiB, final ServerProcess server)
            throws IOException {
        final long afterMiB = residentMiB(server);
        EventLog.info("flood", "resident_mib_before", beforeMiB, "after", afterMiB);
        assertTrue(afterMiB - beforeMiB < MOST_MIB, () -> beforeMiB + " MiB before, " + afterMiB + " after");
    }

    @Test
    void shouldEndCallsThatStandWhenTheTableOfTransactionsIsFull() throws Exception {
        try (ServerProcess server = start(TRANSACTIONS); Flood flood = new Flood(ADDRESS);
                Agent _ = Agent.udp(BLACK_HOLE, 5080, ADDRESS)) {
            // given: calls that stand
            final Sipp.Agent callee = callee(20);
            final Sipp.Agent caller = caller(20, 20, 15_000, 5070);
            while (caller.calls("ACK ") < 20) {
                Thread.sleep(50); // another process
            }

            final long residentMiB = residentMiB(server);

            // when: requests that nobody answers take all the room there is
            final Flood.Unanswered unanswered = flood.new Unanswered("127.0.25.194");
            flood.begin(PER_SECOND, List.of(unanswered));
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
            EventLog.info("flood", "of", "requests that nobody answers", "datagrams", flood.report());
            assertBounded(residentMiB, server);
        }
    }

    /** A client whose certificate has expired. */
    private void refusedByTls() throws IOException {
        try (Socket plain = new Socket(TANDEM, 5061, InetAddress.ofLiteral(TLS_CLIENT), 0);
                SSLSocket socket = (SSLSocket) expired.getSocketFactory().createSocket(plain, TANDEM, 5061, true)) {
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

    private static long residentMiB(final ServerProcess server) throws IOException {
        return Files.readAllLines(Path.of("/proc/" + server.pid() + "/status")).stream()
                .filter(line -> line.startsWith("VmRSS")).map(line -> line.replaceAll("\\D+", ""))
                .mapToLong(kib -> Long.parseLong(kib) >> 10).findFirst().orElseThrow();
    }

    private static String complaint(final Sipp.Agent agent, final ServerProcess server) {
        try {
            return agent.name() + '\n' + agent.complaint() + server.log();
        } catch (final IOException e) {
            return e.toString();
        }
    }
}
