package org.tandemsip.server.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.StandardProtocolFamily;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.tandemsip.server.StartException;
import org.tandemsip.server.Tandem;
import org.tandemsip.server.admin.Json;
import org.tandemsip.server.config.ConfigReader;

/** The admin API of a real server, over its unix socket and over TCP. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class AdminApiTest {
    private static final String TOKEN = "0123456789abcdef";
    private static final List<String> VIEWS =
            List.of("status", "version", "config", "routes", "mode", "trunks", "errors",
                    "loops", "latency", "latency?window=10s");

    @TempDir
    private Path directory;
    private Tandem tandem;

    private Tandem start(final String admin) throws Exception {
        Files.writeString(directory.resolve("token"), TOKEN);
        return Tandem.start(new ConfigReader(Map.of()).read(directory.resolve("t.yaml").toString(), """
                listen: ["udp://127.0.0.1:0"]
                loops: 1
                trunks: {a: {peers: ["127.0.0.1:5070"]}, b: {peers: ["127.0.0.1:5080"]}}
                routes: [{name: there, from: a, to: b}, {from: b, to: request-uri, within: [127.0.0.0/8]}]
                state-dir: %s
                admin: {socket: %s, listen: "http://127.0.0.1:0"%s}
                """.formatted(directory, directory.resolve("s"), admin)));
    }

    @AfterEach
    void stop() {
        if (tandem != null) {
            tandem.close();
        }
    }

    private AdminClient overTcp(final String token) {
        final InetSocketAddress address = tandem.adminAddress().orElseThrow();
        return AdminClient.ofAddress(URI.create("http://127.0.0.1:" + address.getPort()), token);
    }

    private AdminClient overSocket() {
        return AdminClient.ofSocket(directory.resolve("s"));
    }

    private static Map<?, ?> json(final AdminClient.Answer answer) {
        return (Map<?, ?>) Json.parse(answer.body());
    }

    @Test
    void shouldShowEveryViewOverBothWays() throws Exception {
        tandem = start("");
        for (final AdminClient client : List.of(overSocket(), overTcp(null))) {
            for (final String view : VIEWS) {
                // when
                final AdminClient.Answer answer = client.get("/api/v1/" + view);

                // then
                assertEquals(200, answer.status(), view + " " + answer.body());
                assertFalse(json(answer).isEmpty(), view);
            }
            assertEquals(new AdminClient.Answer(200, "ok\n"), client.get("/live"));
            assertEquals(new AdminClient.Answer(200, "ok\n"), client.get("/ready"));
        }
        assertEquals("stateful", json(overSocket().get("/api/v1/status")).get("mode"));
        assertEquals(tandem.addresses(), json(overSocket().get("/api/v1/status")).get("listen"));
    }

    @Test
    void shouldShowPingAndOrderOneTrunkOrOnePeer() throws Exception {
        tandem = start("");
        final AdminClient client = overSocket();
        assertEquals("a", json(client.get("/api/v1/trunks/a")).get("name"));
        assertProblem(404, client.get("/api/v1/trunks/c"));
        for (final String resource : List.of("trunks/a", "trunks/a/peers/127.0.0.1:5070",
                "trunks/a/peers/127.0.0.1%3A5070")) {
            final String path = "/api/v1/" + resource;
            assertEquals(200, client.send("POST", path + ":ping", "").status(), path);
            assertProblem(405, client.get(path + ":ping"));
            assertEquals(200, client.send("PATCH", path, "{\"state\":\"drain\"}").status(), path);
            assertTrue(client.get("/api/v1/trunks/a").body().contains("draining"), path);
            assertEquals(200, client.send("PATCH", path, "{\"state\":\"ready\"}").status(), path);
            assertFalse(client.get("/api/v1/trunks/a").body().contains("draining"), path);
        }
        assertProblem(409, client.send("POST", "/api/v1/trunks/a/peers/127.0.0.1:5071:ping", ""));
    }

    @Test
    void shouldAnswerProblemsInOneForm() throws Exception {
        tandem = start("");
        final AdminClient client = overTcp(null);
        assertProblem(404, client.get("/api/v1/nothing"));
        assertProblem(405, client.send("POST", "/api/v1/status", ""));
        assertProblem(405, client.get("/api/v1/config:reload"));
        assertProblem(405, client.get("/api/v1/shutdown"));
        assertProblem(400, client.send("PUT", "/api/v1/mode", "stateless"));
        assertProblem(400, client.send("PUT", "/api/v1/mode", "{\"mode\":\"quick\"}"));
        assertProblem(400, client.send("PUT", "/api/v1/mode", "{\"mode\":"));
        assertProblem(400, client.get("/api/v1/latency?window=soon"));
        assertProblem(409, client.send("PUT", "/api/v1/mode", "{\"mode\":\"b2bua\"}"));
        assertProblem(409, client.send("PUT", "/api/v1/mode", "{\"mode\":\"stateless\",\"route\":\"x\"}"));
        // Started without a file to read again.
        assertProblem(409, client.send("POST", "/api/v1/config:reload", ""));
        assertTrue(tandem.ready(), "none of this stopped the server");
    }

    private static void assertProblem(final int status, final AdminClient.Answer answer) {
        assertEquals(status, answer.status(), answer.body());
        assertEquals((long) status, json(answer).get("status"));
        assertTrue(json(answer).get("detail") instanceof String);
    }

    @Test
    void shouldSwitchTheMode() throws Exception {
        // given
        tandem = start("");

        // when
        final AdminClient.Answer answer = overSocket().send("PUT", "/api/v1/mode", "{\"mode\":\"stateless\"}");
        overSocket().send("PUT", "/api/v1/mode", "{\"mode\":\"stateful\",\"route\":\"there\"}");

        // then
        assertEquals("stateless", json(answer).get("mode"));
        final List<?> routes = (List<?>) json(overSocket().get("/api/v1/mode")).get("routes");
        assertEquals(Map.of("name", "there", "mode", "stateful", "own", true), routes.getFirst());
        assertEquals("stateless", ((Map<?, ?>) routes.getLast()).get("mode"));
        assertEquals("STATELESS", tandem.mode().name());
    }

    @Test
    void shouldStopWhenTold() throws Exception {
        // given
        tandem = start("");

        // when
        assertEquals(202, overSocket().send("POST", "/api/v1/shutdown", "").status());

        // then
        tandem.awaitStop();
    }

    @Test
    void shouldWriteMetricsThatPrometheusReads() throws Exception {
        // given
        tandem = start("");

        // when
        final String text = overTcp(null).get("/metrics").body();

        // then: every sample is declared above it, series are unique, values are numbers
        final Set<String> declared = new HashSet<>();
        final Set<String> series = new HashSet<>();
        for (final String line : text.lines().toList()) {
            if (line.startsWith("# TYPE ")) {
                assertTrue(declared.add(line.split(" ")[2]), line);
                assertTrue(line.split(" ")[2].startsWith("tandem_"), line);
            } else if (!line.startsWith("#")) {
                assertTrue(line.matches("[a-z_]+(\\{[a-z_]+=\"[^\"]*\"(,[a-z_]+=\"[^\"]*\")*\\})? \\S+"), line);
                final String name = line.replaceFirst("[{ ].*", "");
                assertTrue(declared.contains(name) || declared.contains(name.replaceFirst("_(bucket|sum|count)$", "")),
                        line);
                assertTrue(series.add(line.substring(0, line.lastIndexOf(' '))), line);
                Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1));
            }
        }
        // and nothing of the contract is missing
        final String contract = """
                build_info start_time_seconds mode_info config_last_reload_successful
                config_last_reload_success_timestamp_seconds config_reloads_total messages_received_total
                messages_sent_total responses_total response_codes_total bytes_received_total bytes_sent_total
                dropped_total parse_errors_total retransmissions_total overload_state transactions
                transaction_timeouts_total calls calls_limit calls_total registrations dialogs trunk_up trunk_state
                trunk_ping_seconds trunk_asr_ratio trunk_ner_ratio forward_duration_seconds post_dial_delay_seconds
                call_setup_seconds call_duration_seconds dns_duration_seconds loop_busy_ratio
                loop_stall_seconds_max loop_batch_size udp_kernel_drops_total buffer_bytes gc_pause_seconds
                tls_handshakes_total tls_certificate_not_after_timestamp_seconds""";
        for (final String name : contract.split("\\s+")) {
            assertTrue(declared.contains("tandem_" + name), name);
        }
        assertTrue(text.contains("tandem_trunk_state{trunk=\"a\",peer=\"127.0.0.1:5070\",state=\"up\"} 1\n"));
        assertTrue(text.contains("tandem_dns_duration_seconds_bucket{type=\"srv\",le=\"+Inf\"} 0\n"));
        assertTrue(text.contains("tandem_mode_info{mode=\"stateful\"} 1\n"));
        assertTrue(text.contains("tandem_dropped_total{reason=\"parse\"} 0\n"));
        assertTrue(text.contains("\ntandem_total_calls 0\n"), text);
    }

    @Test
    void shouldWantTheTokenOverTcpWhenThereIsOne() throws Exception {
        tandem = start(", token: \"${file:token}\"");
        assertEquals(401, overTcp(null).get("/api/v1/status").status());
        assertEquals(401, overTcp(TOKEN + "x").get("/api/v1/status").status());
        assertEquals(401, overTcp(null).get("/metrics").status());
        assertEquals(401, overTcp(null).send("POST", "/api/v1/shutdown", "").status());
        assertEquals(200, overTcp(TOKEN).get("/api/v1/status").status());
        assertEquals(200, overTcp(null).get("/live").status());
        // The socket is guarded by its file mode.
        assertEquals(200, overSocket().get("/api/v1/status").status());
        assertFalse(overSocket().get("/api/v1/config").body().contains(TOKEN));
    }

    @Test
    void shouldNotServePagesOfOthers() throws Exception {
        tandem = start("");
        final int port = tandem.adminAddress().orElseThrow().getPort();
        assertEquals(200, raw(port, "GET /live HTTP/1.1\r\nHost: localhost:" + port + "\r\n\r\n"));
        assertEquals(200, raw(port, "GET /live HTTP/1.1\r\nHost: [::1]:" + port + "\r\n\r\n"));
        assertEquals(403, raw(port, "GET /live HTTP/1.1\r\nHost: evil.example:" + port + "\r\n\r\n"));
        assertEquals(403, raw(port, "PUT /api/v1/mode HTTP/1.1\r\nHost: 127.0.0.1:" + port
                + "\r\nOrigin: http://evil.example\r\nContent-Length: 0\r\n\r\n"));
        assertEquals(400, raw(port, "nonsense\r\n\r\n"));
        assertEquals(413, raw(port, "POST /api/v1/config:validate HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length:"
                + " 99999999\r\n\r\n"));
    }

    private static int raw(final int port, final String request) throws IOException {
        try (Socket socket = new Socket("127.0.0.1", port); InputStream in = socket.getInputStream()) {
            socket.setSoTimeout(20_000);
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            return Integer.parseInt(new String(in.readNBytes(12), StandardCharsets.US_ASCII).substring(9));
        }
    }

    @Test
    void shouldServeOnWhenManyClientsHang() throws Exception {
        // given: more silent connections than there is room for
        tandem = start("");
        final int port = tandem.adminAddress().orElseThrow().getPort();
        final Socket[] hanging = new Socket[100];
        for (int i = 0; i < hanging.length; i++) {
            hanging[i] = new Socket("127.0.0.1", port);
        }

        // when
        for (final Socket socket : hanging) {
            socket.close();
        }

        // then
        int status = 0;
        while (status != 200) {
            try {
                status = overSocket().get("/live").status();
            } catch (final IOException e) {
                Thread.sleep(20);
            }
        }
        assertTrue(tandem.ready());
    }

    @Test
    void shouldReplaceAStaleSocketButNotALiveOne() throws Exception {
        // given: a socket whose server is gone
        final Path socket = directory.resolve("s");
        ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(UnixDomainSocketAddress.of(socket)).close();
        assertTrue(Files.exists(socket));
        tandem = start("");
        assertEquals(200, overSocket().get("/live").status());
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)));

        // when
        final StartException e = assertThrows(StartException.class, () -> start(""));

        // then
        assertTrue(e.getMessage().contains("in use by another server"), e.getMessage());
        assertEquals(200, overSocket().get("/live").status());
    }

    @Test
    void shouldNotTouchAFileThatIsNoSocket() throws Exception {
        // given
        Files.writeString(directory.resolve("s"), "precious");

        // then
        assertThrows(StartException.class, () -> start(""));
        assertEquals("precious", Files.readString(directory.resolve("s")));
    }
}
