package org.tandemsip.server.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tandemsip.server.tls.TestCa;

/**
 * TLS with other people's programs: Kamailio as the hop on one side of Tandem, where each verifies the other's
 * certificate, and {@code openssl s_client}. Debian's SIPp has no TLS, so SIPp stands behind Kamailio. Every flow has a
 * pair of addresses of its own, so that several run at the same time.
 *
 * <pre>
 *   SIPp --udp--> Kamailio --tls--> Tandem --udp--> SIPp
 *   SIPp --udp--> Tandem --tls--> Kamailio --udp--> SIPp
 * </pre>
 */
@ExtendWith(Sipp.class)
@Timeout(value = 240, unit = TimeUnit.SECONDS)
class TlsIT {
    private static final String TANDEM = "127.0.21.1";
    private static final String KAMAILIO = "127.0.21.2";
    private static final String CALLERS = "127.0.22.";
    private static final String CALLEES = "127.0.23.";
    /** The SIPp whose number the user of the Request-URI ends with, as Kamailio writes it. */
    static final String BY_USER = "sip:" + CALLEES + "\" + $(rU{s.substr,6,0}) + \":5080";

    private static final int AT_A_TIME = 5;

    @TempDir
    private Path folder;
    private TestCa ca;

    private record Pair(CallFlows flow, Sipp.Agent caller, Sipp.Agent callee) {}

    @BeforeAll
    static void requirePrograms() {
        Kamailio.require();
    }

    @BeforeEach
    void makeCertificates() throws Exception {
        ca = makeCertificates(folder);
    }

    /** Certificates of Tandem and Kamailio, and who vouches for both. */
    static TestCa makeCertificates(final Path folder) throws Exception {
        final TestCa ca = new TestCa("Interop");
        TestCa.write(folder, "tandem", ca.issue("tandem.test"));
        TestCa.write(folder, "kamailio", ca.issue("kamailio.test"));
        Files.writeString(folder.resolve("ca.pem"), ca.pem());
        return ca;
    }

    /** Tandem with Kamailio as a trunk that must show its certificate, and SIPp behind either. */
    private static ServerProcess startTandem(final Path folder, final String mode)
            throws IOException, InterruptedException {
        return ServerProcess.start(new InetSocketAddress(TANDEM, 5060), CALLERS + 1, """
                listen: [udp://%1$s:5060, tls://%1$s:5061]
                mode: %2$s
                tls:
                  certificates: {cert: %3$s/tandem.pem, key: %3$s/tandem.key}
                  ca: %3$s/ca.pem
                trunks:
                  callers: {allow: [%4$s0/24]}
                  callees: {allow: [%5$s0/24]}
                  kamailio:
                    peers: ["sip:%6$s:5061;transport=tls"]
                    tls: {name: kamailio.test, require-certificate: true}
                routes:
                  - {from: callers, to: kamailio}
                  - {from: kamailio, to: request-uri, within: [%4$s0/24, %5$s0/24]}
                """.formatted(TANDEM, mode, folder, CALLERS, CALLEES, KAMAILIO));
    }

    @ParameterizedTest
    @ValueSource(strings = {"stateless", "stateful"})
    void shouldTakeCallsFromKamailioOverMutualTls(final String mode) throws Exception {
        takeCalls(folder, mode, CallFlows.ALL, 2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"stateless", "stateful"})
    void shouldGiveCallsToKamailioOverMutualTls(final String mode) throws Exception {
        giveCalls(folder, mode, CallFlows.ALL, 2, "");
    }

    /** SIPp calls through Kamailio and then Tandem. @param vias rows of Via that the callee sees above the caller's */
    static void takeCalls(final Path folder, final String mode, final List<CallFlows> flows, final int vias)
            throws Exception {
        try (Kamailio kamailio = Kamailio.start(folder, KAMAILIO, "sip:" + TANDEM + ":5061;transport=tls");
                ServerProcess server = startTandem(folder, mode)) {
            assertEveryFlow(KAMAILIO + ':' + Kamailio.PORT, flows, vias, server, kamailio);
            assertGoodHandshakes(server);
        }
    }

    /** SIPp calls through Tandem and then Kamailio. @param vias as above @param next as Kamailio takes it */
    static void giveCalls(final Path folder, final String mode, final List<CallFlows> flows, final int vias,
            final String next) throws Exception {
        try (Kamailio kamailio = Kamailio.start(folder, KAMAILIO, next);
                ServerProcess server = startTandem(folder, mode)) {
            assertEveryFlow(TANDEM + ":5060", flows, vias, server, kamailio);
            assertGoodHandshakes(server);
        }
    }

    /** SIPp calls {@code CALLEES} in its Request-URIs and sends all to {@code first}; some flows at a time. */
    private static void assertEveryFlow(final String first, final List<CallFlows> flows, final int vias,
            final ServerProcess server, final Kamailio kamailio) throws Exception {
        final List<String> broken = new ArrayList<>();
        for (int begin = 0; begin < flows.size(); begin += AT_A_TIME) {
            final List<Pair> pairs = new ArrayList<>();
            for (int i = begin; i < Math.min(begin + AT_A_TIME, flows.size()); i++) {
                pairs.add(start(flows.get(i), 10 + i, first, vias));
            }
            for (final Pair pair : pairs) {
                final int caller = pair.caller().await(60);
                final int callee = pair.callee().await(caller == 0 ? 20 : 1);
                if (caller != 0 || callee != 0) {
                    broken.add("%s: caller %d, callee %d%n%s%n%s".formatted(pair.flow().name(), caller, callee,
                            pair.caller().complaint(), pair.callee().complaint()));
                }
            }
        }
        assertEquals(List.of(), broken, () -> server + "\n" + kamailio);
    }

    private static Pair start(final CallFlows flow, final int host, final String first, final int vias)
            throws Exception {
        final Sipp.Agent callee = Sipp.start(flow.name() + "-callee",
                SippScript.render(false, flow.name(), flow.callee(), vias), CALLEES + host, 5080, false, 1)
                .awaitBound(CALLEES + host, 5080);
        return new Pair(flow, Sipp.start(flow.name() + "-caller",
                SippScript.render(true, flow.name(), flow.caller(), vias), CALLERS + host, 5070, false, 1, "-s",
                "callee" + host, "-rsa", first, CALLEES + host + ":5080"), callee);
    }

    private static void assertGoodHandshakes(final ServerProcess server) throws Exception {
        final String handshakes = server.verb("stats", "tandem_tls_handshakes_total*");
        for (final String line : handshakes.lines().filter(line -> line.contains("result=")).toList()) {
            assertEquals(line.contains("\"ok\""), !line.endsWith(" 0"), () -> handshakes + server);
        }
    }

    @Test
    void shouldSpeakOnlyGoodVersionsAndRenewItsCertificate() throws Exception {
        // given
        TestCa.write(folder, "other", ca.issue("other.test"));
        try (ServerProcess server = startTandem(folder, "stateful")) {
            // when, then
            assertTrue(openssl("-tls1_3").contains("New, TLSv1.3"));
            assertTrue(openssl("-tls1_2").contains("New, TLSv1.2"));
            assertTrue(openssl("-tls1_1", "-cipher", "ALL:@SECLEVEL=0").contains("alert protocol version"));

            // when
            final String before = openssl("-tls1_3");
            TestCa.write(folder, "tandem", ca.issue("tandem.test"));
            server.verb("reload");

            // then
            final String after = openssl("-tls1_3");
            assertTrue(before.contains("Verification: OK") && after.contains("Verification: OK"), after);
            assertNotEquals(certificate(before), certificate(after));

            // a file that cannot be used leaves the one in force
            Files.copy(folder.resolve("other.key"), folder.resolve("tandem.key"),
                    java.nio.file.StandardCopyOption.REPLACE_EXISTING);
            final String refusal =
                    assertThrows(IllegalStateException.class, () -> server.verb("reload")).getMessage();
            assertTrue(refusal.contains("does not fit the certificate"), refusal);
            assertEquals(certificate(after), certificate(openssl("-tls1_3")));
        }
    }

    private static String certificate(final String session) {
        assertTrue(session.contains("-----END CERTIFICATE"), session);
        return session.substring(session.indexOf("-----BEGIN"), session.indexOf("-----END"));
    }

    private String openssl(final String... options) throws IOException, InterruptedException {
        final List<String> command = new ArrayList<>(List.of("openssl", "s_client", "-connect", TANDEM + ":5061",
                "-bind", CALLERS + "1:0", "-CAfile", folder.resolve("ca.pem").toString()));
        command.addAll(List.of(options));
        final Process client = new ProcessBuilder(command).redirectErrorStream(true).start();
        client.getOutputStream().close();
        final String said = new String(client.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
        assertTrue(client.waitFor(30, TimeUnit.SECONDS));
        return said;
    }
}
