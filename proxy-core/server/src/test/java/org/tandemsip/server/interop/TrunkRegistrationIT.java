package org.tandemsip.server.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tandemsip.server.admin.Json;

/**
 * A running server registers with a Kamailio that wants to see a password, by either algorithm of Digest, and calls go
 * both ways through it.
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

    @TempDir
    Path directory;

    @ParameterizedTest
    @CsvSource({"udp, MD5", "tcp, SHA-256"})
    void shouldRegisterAndCarryCallsBothWays(final String transport, final String algorithm) throws Exception {
        try (KamailioRegistrar registrar = registrar(algorithm)) {
            try (ServerProcess server = tandem(transport, "secret")) {
                await(server, view -> "registered".equals(view.get("state")));
                assertEquals(200, registrar.ask("4711"));

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
            assertEquals(404, registrar.ask("4711"), "whoever stops takes its address back");
        }
    }

    /** Both register at the same address; Kamailio calls each by the Contact that it has registered. */
    @Test
    void shouldTellTwoAccountsWithOneCarrierApart() throws Exception {
        final Path file = Files.writeString(directory.resolve("password"), "secret\n");
        try (KamailioRegistrar _ = registrar("MD5"); ServerProcess server = ServerProcess.start(
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
        try (KamailioRegistrar registrar = registrar("MD5"); ServerProcess server = tandem("udp", "wrong")) {
            await(server, view -> "refused".equals(view.get("state"))
                    && "password not accepted".equals(view.get("reason")));
            assertEquals(404, registrar.ask("4711"));
            assertTrue(server.verb("trunks").contains("password not accepted, again in "), server.log());
        }
    }

    @Test
    void shouldRegisterAgainWithARegistrarThatHasForgotten() throws Exception {
        try (KamailioRegistrar registrar = registrar("MD5"); ServerProcess server = tandem("udp", "secret")) {
            await(server, view -> "registered".equals(view.get("state")));
            registrar.kill();
            server.verb("trunks", "ping", "carrier");
            await(server, view -> "nobody listens there".equals(view.get("reason"))
                    && "registered".equals(view.get("state")));

            try (KamailioRegistrar again = registrar("MD5")) {
                assertEquals(404, again.ask("4711"));
                server.verb("trunks", "ping", "carrier");
                await(server, view -> "".equals(view.get("reason")));
                assertEquals(200, again.ask("4711"));
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

    private static KamailioRegistrar registrar(final String algorithm) throws IOException {
        return KamailioRegistrar.challenging(CARRIER, TANDEM, OUTSIDE, algorithm);
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
}
