package org.tandemsip.server.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tandemsip.testkit.Corpora;

/**
 * Runs other people's SIPp agents and captured messages through the proxy. The kit is not part of this project: it is
 * looked for in {@code $TANDEM_SHARED/conformance}, or in {@code ../shared/conformance} beside the checkout; only on a
 * developer's machine are these tests left out without it.
 */
@ExtendWith(Sipp.class)
@Timeout(value = 15, unit = TimeUnit.MINUTES)
class ConformanceKitIT {
    private static final String PROXY = "127.0.0.41";
    private static final String OTHER = "127.0.0.50";
    private static final int PORT = 5060;
    /** The pairs that need a registrar are no business of a proxy without one. */
    private static final String PROXY_PAIRS = "proxy,self";

    /** Where there are several proxies there are several Record-Routes; one pair wants to see exactly one. */
    private static final String SEVERAL_PROXIES = "saghul,pbertera,sipp-builtin,sipp-docs-uac-uas";

    static Path kit;

    @BeforeAll
    static void findKit() {
        kit = Corpora.find("conformance/runner").orElseGet(() -> {
            final String missing = "no conformance kit in ../shared, nor where TANDEM_SHARED says";
            // Where it is named, and in continuous integration, these tests do not pass by not running.
            final boolean wanted = System.getenv("TANDEM_SHARED") != null || "true".equals(System.getenv("CI"));
            return wanted ? fail(missing) : abort(missing);
        });
    }

    @ParameterizedTest(name = "pairs, {0}")
    @ValueSource(strings = {"stateless", "stateful"})
    void shouldCarryEveryPair(final String mode) throws IOException, InterruptedException {
        try (ServerProcess server = start(PROXY, mode)) {
            final Process udp = pairs("udp", "127.51.");
            final Process tcp = pairs("tcp", "127.52.");
            final Process both = pairs("tcp-udp", "127.53.");
            assertEveryPair(udp, 29, server);
            assertEveryPair(tcp, 27, server);
            assertEveryPair(both, 27, server);
        }
    }

    private static Process pairs(final String transport, final String net) throws IOException {
        return startPairs(PROXY, transport, PROXY_PAIRS, "--max-pause", "1000", "--net", net);
    }

    static Process startPairs(final String proxy, final String transport, final String tags,
            final String... more) throws IOException {
        final List<String> command = new ArrayList<>(List.of("python3", "run_pairs.py", "--proxy", proxy + ':' + PORT,
                "--transport", transport, "--tags", tags));
        command.addAll(List.of(more));
        return new ProcessBuilder(command).directory(kit.toFile()).redirectErrorStream(true).start();
    }

    static void assertEveryPair(final Process runner, final int pairs, final Object programs)
            throws IOException, InterruptedException {
        final String output = new String(runner.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        final int exitCode = runner.waitFor();
        final List<String> failed =
                output.lines().filter(line -> line.startsWith("FAIL")).map(line -> line.split(" +")[1]).toList();
        assertEquals(List.of(), failed, () -> output + "\n" + programs);
        assertEquals(0, exitCode, output);
        assertEquals(pairs, output.lines().filter(line -> line.startsWith("PASS")).count(), output);
        assertTrue(output.endsWith(pairs + " passed, 0 failed\n"), output);
    }

    /**
     * Every pair with TLS on the caller's side, in both modes at the same time. The kit's agents have no TLS: stunnel
     * takes their connections at the address of the proxy, and so they call the proxy itself, too.
     */
    @Test
    void shouldCarryEveryPairWithTlsAtTheCaller() throws Exception {
        Stunnel.require();
        final Path certificates = makeCertificates();
        try (ServerProcess stateless = startTls(PROXY, "stateless", certificates);
                ServerProcess stateful = startTls(OTHER, "stateful", certificates);
                Stunnel besideStateless = tunnel(PROXY, certificates);
                Stunnel besideStateful = tunnel(OTHER, certificates)) {
            final Process one = startPairs(PROXY, "tcp-udp", PROXY_PAIRS, "--net", "127.211.", "--max-pause", "1000");
            final Process other = startPairs(OTHER, "tcp-udp", PROXY_PAIRS, "--net", "127.212.", "--max-pause", "1000");
            assertEveryPair(one, 27, List.of(stateless, besideStateless));
            assertEveryPair(other, 27, List.of(stateful, besideStateful));
            assertGoodHandshakes(List.of(stateless, stateful));
        }
    }

    /** Every pair with TLS on the callee's side, likewise: Kamailio stands between. */
    @Test
    void shouldCarryEveryPairWithTlsAtTheCallee() throws Exception {
        Kamailio.require();
        final Path certificates = makeCertificates();
        try (ServerProcess stateless = startBeside("127.0.0.42", "stateless", "127.0.0.44", certificates);
                ServerProcess stateful = startBeside("127.0.0.43", "stateful", "127.0.0.45", certificates);
                Kamailio besideStateless = Kamailio.start(certificates, "127.0.0.44", "");
                Kamailio besideStateful = Kamailio.start(certificates, "127.0.0.45", "")) {
            final Process one = startPairs("127.0.0.42", "udp", "proxy", "--net", "127.211.", "--max-pause", "1000",
                    "--only", SEVERAL_PROXIES);
            final Process other = startPairs("127.0.0.43", "udp", "proxy", "--net", "127.212.", "--max-pause", "1000",
                    "--only", SEVERAL_PROXIES);
            assertEveryPair(one, 27, List.of(stateless, besideStateless));
            assertEveryPair(other, 27, List.of(stateful, besideStateful));
            assertGoodHandshakes(List.of(stateless, stateful));
        }
    }

    static Path makeCertificates() throws Exception {
        final Path certificates = Files.createTempDirectory("tls-pairs");
        TlsIT.makeCertificates(certificates);
        return certificates;
    }

    static void assertGoodHandshakes(final List<ServerProcess> servers) throws Exception {
        for (final ServerProcess server : servers) {
            final String handshakes = server.verb("stats", "tandem_tls_handshakes_total*");
            assertFalse(handshakes.matches("(?s).*result=\"ok\"} +0\n.*"), handshakes);
        }
    }

    static Stunnel tunnel(final String address, final Path certificates)
            throws IOException, InterruptedException {
        return Stunnel.start(List.of(Stunnel.toServer(new InetSocketAddress(address, PORT), "127.0.0.1",
                new InetSocketAddress(address, 5061), certificates.resolve("ca.pem"), "tandem.test")));
    }

    static ServerProcess startTls(final String address, final String mode, final Path certificates)
            throws IOException, InterruptedException {
        return ServerProcess.start(new InetSocketAddress(address, PORT), "127.0.0.1", """
                listen: [udp://%1$s:%2$d, tls://%1$s:5061]
                mode: %3$s
                tls: {certificates: {cert: %4$s/tandem.pem, key: %4$s/tandem.key}}
                trunks: {agents: {allow: [127.0.0.0/8]}}
                routes: [{from: agents, to: request-uri, within: [127.0.0.0/8]}]
                """.formatted(address, PORT, mode, certificates));
    }

    private static ServerProcess startBeside(final String address, final String mode, final String kamailio,
            final Path certificates) throws IOException, InterruptedException {
        return ServerProcess.start(new InetSocketAddress(address, PORT), "127.0.0.1", """
                listen: [udp://%1$s:%2$d, tls://%1$s:5061]
                mode: %3$s
                tls:
                  certificates: {cert: %4$s/tandem.pem, key: %4$s/tandem.key}
                  ca: %4$s/ca.pem
                trunks:
                  agents: {allow: [127.0.0.0/8]}
                  kamailio:
                    peers: ["sip:%5$s:5061;transport=tls"]
                    tls: {name: kamailio.test, require-certificate: true}
                routes:
                  - {from: kamailio, to: request-uri, within: [127.0.0.0/8]}
                  - {from: agents, to: kamailio}
                """.formatted(address, PORT, mode, certificates, kamailio));
    }

    @Test
    void shouldPassTheProxyRowsOfSipssert() throws IOException, InterruptedException {
        try (ServerProcess stateless = start(PROXY, "stateless"); ServerProcess stateful = start(OTHER, "stateful")) {
            assertRowsPass("record-route/01,dialog/01,dialog/05", stateless, stateful);
        }
    }

    @Test
    void shouldPassTheRegistrarRowsOfSipssert() throws Exception {
        final Path certificates = makeCertificates();
        // 09 calls whom it has registered; its caller sends to the callee itself where no proxy is named.
        try (ServerProcess stateless = registrar(PROXY, "stateless", "", "tcp://" + PROXY + ':' + PORT,
                certificates);
                ServerProcess stateful = registrar(OTHER, "stateful", "", "tcp://" + OTHER + ':' + PORT,
                        certificates)) {
            assertRowsPass("registration/", stateless, stateful);
        }
    }

    /** Runs rows through both servers at the same time. */
    private static void assertRowsPass(final String rows, final ServerProcess one, final ServerProcess other)
            throws IOException, InterruptedException {
        // The kit keeps what all sets share beside them, while its runner looks for it inside each: lay it out so.
        final Path folder = sipssertKit();
        final Process first = rows(folder, PROXY, "127.54.", rows);
        final Process second = rows(folder, OTHER, "127.55.", rows);
        assertAllPass(first, one);
        assertAllPass(second, other);
    }

    private static Process rows(final Path folder, final String proxy, final String net, final String rows)
            throws IOException {
        return new ProcessBuilder("python3", "run_sipssert.py", "--proxy", proxy + ':' + PORT, "--net", net, "--only",
                rows).directory(folder.toFile()).redirectErrorStream(true).start();
    }

    @ParameterizedTest(name = "register pairs, {0}, {1}")
    @CsvSource({"stateless,udp", "stateful,udp", "stateless,tcp", "stateful,tcp", "stateless,tls", "stateful,tls"})
    void shouldRegisterEveryPhone(final String mode, final String transport) throws Exception {
        final boolean tls = transport.equals("tls");
        final Path certificates = makeCertificates();
        final Path password = Files.writeString(Files.createTempFile("tandem", "password"), "secret\n");
        final String users = IntStream.rangeClosed(1, 9).mapToObj(i -> "auth" + i + ": \"${file:" + password + "}\"")
                .collect(Collectors.joining(", "));
        final String auth = ", require-auth: {users: {" + users + "}, algorithms: [md5]}";
        final String stream = tls ? "tls://" + PROXY + ":5061" : "tcp://" + PROXY + ':' + PORT;
        try (ServerProcess server = registrar(PROXY, mode, auth, stream, certificates);
                Stunnel _ = tls ? tunnel(PROXY, certificates) : null) {
            assertAllPass(startPairs(PROXY, tls ? "tcp" : transport, "reg", "--max-pause", "1000"), server);
        }
    }

    private static ServerProcess registrar(final String proxy, final String mode, final String auth,
            final String stream, final Path certificates) throws IOException, InterruptedException {
        return ServerProcess.start(new InetSocketAddress(proxy, PORT), "127.0.0.1", """
                listen: [udp://%1$s:%2$d, %5$s]
                tls: {certificates: {cert: %6$s/tandem.pem, key: %6$s/tandem.key}}
                mode: %3$s
                registrar: {min-expires: 5s}
                trunks: {agents: {allow: [127.0.0.0/8]%4$s}}
                routes:
                  - {from: agents, to: registrar}
                  - {from: agents, to: location, mode: stateful}
                  - {from: agents, to: request-uri, within: [127.0.0.0/8]}
                """.formatted(proxy, PORT, mode, auth, stream, certificates));
    }

    @ParameterizedTest(name = "survive, {0}, {1}")
    @CsvSource({"stateless,udp", "stateful,udp", "stateless,tcp", "stateful,tcp"})
    void shouldSurviveCapturedAndFuzzedMessages(final String mode, final String transport)
            throws IOException, InterruptedException {
        // The messages name foreign hosts: server and runner share a network namespace that has nothing but loopback.
        final Path directory = Files.createTempDirectory("tandem-survive");
        final Path config = directory.resolve("tandem.yaml");
        Files.writeString(config, """
                listen: [udp://%1$s:%2$d, tcp://%1$s:%2$d]
                mode: %3$s
                state-dir: %4$s/state
                admin: {socket: %4$s/admin.sock}
                trunks:
                  sources: {allow: [127.0.0.0/8]}
                  catchall: {peers: ["127.0.0.1:25080"]}
                routes: [{from: sources, to: catchall}]
                """.formatted(PROXY, PORT, mode, directory));
        final String script = "ip link set lo up; "
                + String.join(" ", ServerProcess.command("run", "-c", config.toString()))
                + " > " + directory
                + "/log 2>&1 & server=$!; for i in $(seq 60); do python3 -c \"from siplib import alive; exit(not alive(('"
                + PROXY + "', " + PORT + ")))\" && break; done; python3 run_survive.py --proxy " + PROXY + ':'
                + PORT
                + " --catchall 127.0.0.1:25080 --transport " + transport + " --sources aflnet,extra,kamailio-misc,"
                + "pcap-PcapPlusPlus,pcap-nDPI,php-sip-callflows --protos no --strict; result=$?; kill $server; wait"
                + " $server;"
                + " exit $result";
        final Process runner = new ProcessBuilder("unshare", "-n", "sh", "-c", script).directory(kit.toFile())
                .redirectErrorStream(true).start();
        final String output = new String(runner.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, runner.waitFor(), () -> output);
        assertTrue(
                output.strip().lines().reduce((first, last) -> last).orElse("").matches("[1-9]\\d* passed, 0 failed"),
                output);
    }

    private static ServerProcess start(final String proxy, final String mode)
            throws IOException, InterruptedException {
        return ServerProcess.start(new InetSocketAddress(proxy, PORT), "127.0.0.1", """
                listen: [udp://%1$s:%2$d, tcp://%1$s:%2$d]
                mode: %3$s
                trunks: {agents: {allow: [127.0.0.0/8]}}
                routes: [{from: agents, to: request-uri, within: [127.0.0.0/8]}]
                """.formatted(proxy, PORT, mode));
    }

    static Path sipssertKit() throws IOException {
        final Path root = Files.createTempDirectory("kit");
        final Path sets = kit.resolveSibling("sipp/opensips-sipssert");
        Files.createSymbolicLink(Files.createDirectories(root.resolve("runner")).resolve("siplib.py"),
                kit.resolve("siplib.py"));
        Files.createSymbolicLink(root.resolve("runner/run_sipssert.py"), kit.resolve("run_sipssert.py"));
        try (DirectoryStream<Path> folders = Files.newDirectoryStream(sets, Files::isDirectory)) {
            for (final Path set : folders) {
                final Path copy =
                        Files.createDirectories(root.resolve("sipp/opensips-sipssert").resolve(set.getFileName()));
                Files.createSymbolicLink(copy.resolve("defines.yml"), sets.resolve("defines.yml"));
                Files.createSymbolicLink(copy.resolve("config.yml"), sets.resolve("config.yml"));
                try (DirectoryStream<Path> cases = Files.newDirectoryStream(set)) {
                    for (final Path scenario : cases) {
                        lay(scenario, copy.resolve(scenario.getFileName()));
                    }
                }
            }
        }
        return root.resolve("runner");
    }

    /**
     * SIPp 3.6 takes the colon for a part of what follows a header name without one. Some scripts count on that, others
     * on the contrary: a colon is put in wherever it lacks.
     */
    private static void lay(final Path from, final Path to) throws IOException {
        if (Files.isDirectory(from)) {
            Files.createDirectory(to);
            try (DirectoryStream<Path> files = Files.newDirectoryStream(from)) {
                for (final Path file : files) {
                    lay(file, to.resolve(file.getFileName()));
                }
            }
        } else if (from.toString().endsWith(".xml")) {
            Files.writeString(to, Files.readString(from, StandardCharsets.ISO_8859_1)
                    .replaceAll("header=\"(From|To)\"", "header=\"$1:\"")
                    .replaceAll("(?m)^( *(?:From|To))(?=\\[\\$)", "$1:"), StandardCharsets.ISO_8859_1);
        } else {
            Files.createSymbolicLink(to, from);
        }
    }

    private static void assertAllPass(final Process runner, final ServerProcess server)
            throws IOException, InterruptedException {
        final String output = new String(runner.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, runner.waitFor(), () -> output + "\n" + server);
        assertTrue(
                output.strip().lines().reduce((first, last) -> last).orElse("").matches("[1-9]\\d* passed, 0 failed"),
                output);
    }
}
