package org.tandemsip.server.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tandemsip.server.tls.TestCa;

/**
 * A carrier that is a registrar of somebody else's making: a real phone registers there through the running server,
 * which learns where it is; the server itself registers there over TLS. Calls from outside come back the same way.
 *
 * <pre>
 *   SIPp, outside --- Kamailio, registrar --- Tandem --- baresip, registered through to Kamailio
 *                                         TLS        \-- SIPp, the PBX, for which Tandem has registered
 * </pre>
 */
@ExtendWith(Sipp.class)
@Timeout(value = 240, unit = TimeUnit.SECONDS)
class CarrierRegistrarIT {
    private static final String TANDEM = "127.0.24.1";
    private static final String CARRIER = "127.0.24.20";
    private static final String PHONE = "127.0.24.30";
    private static final String OUTSIDE = "127.0.24.40";
    private static final String PBX = "127.0.24.50";
    private static final String CALLER = "> INVITE sdp\n< 100 ?\n< 180 ?\n< 183 ?\n< 200 keep\n> ACK\nwait 200\n> BYE\n"
            + "< 200\n";
    private static final String CALLEE = "< INVITE keep\n> 180\n> 200 sdp\n< ACK\n< BYE\n> 200\n";

    @TempDir
    private Path directory;

    @BeforeAll
    static void requirePrograms() {
        Kamailio.require();
        Baresip.require();
    }

    private ServerProcess tandem(final String mode) throws IOException, InterruptedException {
        return ServerProcess.start(new InetSocketAddress(TANDEM, 5060), PHONE, """
                listen: ["udp://%1$s:5060", "tcp://%1$s:5060"]
                mode: %2$s
                registrar: {domains: [carrier.example]}
                trunks:
                  carrier: {peers: ["%3$s:5060"]}
                  phones: {allow: [%4$s/32, 127.0.0.1/32], zone: core}
                routes:
                  - {from: phones, to: registrar, then: carrier}
                  - {from: carrier, to: location}
                  - {from: phones, to: carrier}
                """.formatted(TANDEM, mode, CARRIER, PHONE));
    }

    private Baresip phone(final String password, final String transport) throws IOException {
        return new Baresip(directory.resolve("alice"), PHONE, "<sip:alice@carrier.example;transport=" + transport
                + ">;auth_pass=" + password + ";outbound=\"sip:" + TANDEM + ":5060;transport=" + transport
                + "\";answermode=auto");
    }

    @ParameterizedTest
    @ValueSource(strings = {"udp", "tcp"})
    void shouldLearnWhereAPhoneIsThatTheCarrierHasRegistered(final String transport) throws Exception {
        try (KamailioRegistrar carrier = KamailioRegistrar.start(CARRIER, TANDEM, OUTSIDE, null);
                ServerProcess server = tandem("stateful")) {
            try (Baresip phone = phone("secret", transport)) {
                // given
                phone.await("SIP/2.0 200 OK");
                assertEquals(200, carrier.ask("alice"), carrier::toString);
                assertTrue(server.verb("registrations").startsWith("1 users, 1 contacts"), server::toString);

                // when
                final Sipp.Agent caller = Sipp.start("outside", SippScript.render(true, "in", CALLER), OUTSIDE, 5070,
                        false, 1, "-s", "alice", CARRIER + ":5060");

                // then
                assertEquals(0, caller.await(60), () -> complaint(caller, server) + carrier);
                phone.await("Call established");
                final String seen = new String(caller.messages(), StandardCharsets.ISO_8859_1);
                assertTrue(seen.contains("SIP/2.0 200"), seen);
            }
            // A phone that leaves says so, to the carrier too.
            carrier.await("alice", 404);
            while (!server.verb("registrations").startsWith("0 users")) {
                Thread.sleep(100); // another process
            }
        }
    }

    @Test
    void shouldKeepNothingOfAPhoneThatTheCarrierRefuses() throws Exception {
        try (KamailioRegistrar carrier = KamailioRegistrar.start(CARRIER, TANDEM, OUTSIDE, null);
                ServerProcess server = tandem("stateful"); Baresip phone = phone("wrong", "udp")) {
            phone.await("SIP/2.0 401");
            phone.await("reg: sip:alice@carrier.example");
            assertEquals(404, carrier.ask("alice"));
            assertTrue(server.verb("registrations").startsWith("0 users"), server::toString);
        }
    }

    @Test
    void shouldRegisterOverTlsAndBeCalledOverIt() throws Exception {
        // given
        final TestCa ca = new TestCa("Interop");
        TestCa.write(directory, "tandem", ca.issue("tandem.test"));
        TestCa.write(directory, "kamailio", ca.issue("kamailio.test"));
        Files.writeString(directory.resolve("ca.pem"), ca.pem());
        final Path password = Files.writeString(directory.resolve("password"), "secret\n");
        try (KamailioRegistrar carrier = KamailioRegistrar.start(CARRIER, TANDEM, OUTSIDE, directory)) {
            try (ServerProcess server = ServerProcess.start(new InetSocketAddress(TANDEM, 5060), PBX, """
                    listen: [udp://%1$s:5060, tls://%1$s:5061]
                    tls:
                      certificates: {cert: %2$s/tandem.pem, key: %2$s/tandem.key}
                      ca: %2$s/ca.pem
                    trunks:
                      carrier:
                        peers: ["sip:%3$s:5061;transport=tls"]
                        tls: {name: kamailio.test, require-certificate: true}
                        register: {user: "4711", password: "${file:%4$s}", domain: carrier.example, expires: 1h}
                      pbx: {peers: ["%5$s:5080"]}
                    routes:
                      - {from: carrier, to: pbx}
                      - {from: pbx, to: carrier}
                    """.formatted(TANDEM, directory, CARRIER, password, PBX))) {
                carrier.await("4711", 200);

                // when
                final Sipp.Agent pbx =
                        Sipp.start("pbx", SippScript.render(false, "pbx", CALLEE, 2), PBX, 5080, false, 1)
                                .awaitBound(PBX, 5080);
                final Sipp.Agent caller = Sipp.start("outside", SippScript.render(true, "in", CALLER), OUTSIDE, 5070,
                        false, 1, "-s", "4711", CARRIER + ":5060");

                // then
                assertEquals(0, caller.await(60), () -> complaint(caller, server) + carrier);
                assertEquals(0, pbx.await(30), () -> complaint(pbx, server));
                assertTrue(server.verb("stats", "tandem_tls_handshakes_total*").contains("ok"), server::toString);
            }
            carrier.await("4711", 404);
        }
    }

    private static String complaint(final Sipp.Agent agent, final ServerProcess server) {
        try {
            return agent.name() + '\n' + agent.complaint() + server.log();
        } catch (final IOException e) {
            return e.toString();
        }
    }
}
