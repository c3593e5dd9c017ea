package org.tandemsip.server.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Other people's SIPp agents call each other through Tandem in mode b2bua; see {@link ConformanceKitIT}. Mostly they
 * wait, so what can run side by side does.
 */
@ExtendWith(Sipp.class)
@Timeout(value = 15, unit = TimeUnit.MINUTES)
class BridgedKitIT {
    private static final int PORT = 5060;
    /** All but sipp-docs-uac-builtin-uas-rrs: both of its agents want to see a Record-Route, and we are no proxy. */
    private static final String PAIRS = "saghul,pbertera,sipp-builtin,sipp-docs-uac-uas";

    @BeforeAll
    static void findKit() {
        ConformanceKitIT.findKit();
    }

    @Test
    void shouldCarryEveryPair() throws IOException, InterruptedException {
        try (ServerProcess server = start(46, "{}")) {
            final Process udp = pairs("udp", "127.47.");
            final Process tcp = pairs("tcp", "127.48.");
            final Process both = pairs("tcp-udp", "127.49.");
            ConformanceKitIT.assertEveryPair(udp, 28, server);
            ConformanceKitIT.assertEveryPair(tcp, 27, server);
            ConformanceKitIT.assertEveryPair(both, 27, server);
        }
    }

    /** Every pair with TLS at the caller: stunnel is between, as for {@link ConformanceKitIT}. */
    @Test
    void shouldCarryEveryPairWithTlsAtTheCaller() throws Exception {
        Stunnel.require();
        final Path certificates = ConformanceKitIT.makeCertificates();
        try (ServerProcess server = ConformanceKitIT.startTls(proxy(46), "b2bua", certificates);
                Stunnel beside = ConformanceKitIT.tunnel(proxy(46), certificates)) {
            final Process runner = ConformanceKitIT.startPairs(proxy(46), "tcp-udp", "proxy,self", "--max-pause",
                    "1000", "--net", "127.50.", "--only", PAIRS);
            ConformanceKitIT.assertEveryPair(runner, 27, List.of(server, beside));
            ConformanceKitIT.assertGoodHandshakes(List.of(server));
        }
    }

    private static Process pairs(final String transport, final String net) throws IOException {
        return ConformanceKitIT.startPairs(proxy(46), transport, "proxy,self", "--max-pause", "1000", "--net", net,
                "--only", PAIRS);
    }

    /** Rows of OpenSIPS' scenarios: hiding, challenges of both sides answered, and REFER done by us in three ways. */
    @Test
    void shouldPassTheRowsOfSipssert() throws IOException, InterruptedException {
        final Path kit = ConformanceKitIT.sipssertKit();
        try (ServerProcess plain = start(46, "{}");
                ServerProcess handle = start(47, "{refer: handle}");
                ServerProcess release = start(48, "{refer: release}");
                ServerProcess hold = start(49, "{refer: release, refer-hold: true}")) {
            final Process hidden =
                    rows(kit, 46, "b2b/25,b2b/27,topology-hiding/01,topology-hiding/07,uac-auth/");
            final Process handled = rows(kit, 47, "b2b/07,b2b/09,b2b/31,b2b/33");
            final Process released = rows(kit, 48, "b2b/03,b2b/05");
            final Process held = rows(kit, 49, "b2b/21");
            assertAllPass(hidden, 10, plain);
            assertAllPass(handled, 4, handle);
            assertAllPass(released, 2, release);
            assertAllPass(held, 1, hold);
        }
    }

    private static Process rows(final Path kit, final int host, final String rows) throws IOException {
        return new ProcessBuilder("python3", "run_sipssert.py", "--proxy", proxy(host) + ':' + PORT, "--neutral",
                "--net", "127.46." + host + '.', "--only", rows).directory(kit.toFile()).redirectErrorStream(true)
                .start();
    }

    private static void assertAllPass(final Process runner, final int rows, final ServerProcess server)
            throws IOException, InterruptedException {
        final String output = new String(runner.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, runner.waitFor(), () -> output + "\n" + server);
        assertTrue(output.endsWith("\n# 0 skipped\n" + rows + " passed, 0 failed\n"), output);
    }

    private static String proxy(final int host) {
        return "127.0.0." + host;
    }

    /** A server at 127.0.0.{@code host}, which tells the two agents it has credentials for by 127.46.{@code host}. */
    private static ServerProcess start(final int host, final String rules) throws IOException, InterruptedException {
        final Path password = Files.writeString(Files.createTempFile("tandem", "password"), "T3st|n6\n");
        return ServerProcess.start(new InetSocketAddress(proxy(host), PORT), "127.0.0.1", """
                listen: [udp://127.0.0.%1$d:%2$d, tcp://127.0.0.%1$d:%2$d]
                mode: b2bua
                timers: {timer-c: 3s}
                trunks:
                  agents: {allow: [127.0.0.0/8], b2bua: %4$s}
                  caller:
                    peers: ["127.46.%1$d.22:5040"]
                    auth: {user: testing, password: "${file:%3$s}", realm: 127.0.0.%1$d, callers: true}
                    b2bua: %4$s
                  callee:
                    peers: ["127.46.%1$d.23:5080"]
                    auth: {user: testing, password: "${file:%3$s}"}
                    b2bua: %4$s
                routes: [{from: any, to: request-uri, within: [127.0.0.0/8]}]
                """.formatted(host, PORT, password, rules));
    }
}
