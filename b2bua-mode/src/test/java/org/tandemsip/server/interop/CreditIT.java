package org.tandemsip.server.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.tandemsip.server.admin.Json;

/** Real SIPp agents call each other on credit: a server in mode b2bua asks a credit service that is slow, and fails. */
@ExtendWith(Sipp.class)
@Timeout(value = 180, unit = TimeUnit.SECONDS)
class CreditIT {
    private static final String PROXY = "127.0.1.71";
    private static final String CALLER = "127.0.2.71";
    private static final String CALLEE = "127.0.3.71";
    private static final String UP_CALLER = "> INVITE sdp\n< 100 ?\n< 180\n< 200 keep\n> ACK\n";
    private static final String UP_CALLEE = "< INVITE keep\n> 180\n> 200 sdp\n< ACK\n";
    private static final String ENDED = "< BYE has:Reason\n> 200\n";

    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final HttpServer http;
    private final List<String> asked = new CopyOnWriteArrayList<>();
    private final Map<String, Long> settled = new ConcurrentHashMap<>();
    /** The first try of each to settle gets nothing. */
    private final Set<String> tried = ConcurrentHashMap.newKeySet();
    private final List<String> twice = new CopyOnWriteArrayList<>();

    CreditIT() throws IOException {
        http = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 100);
        http.createContext("/credit", this::serve);
        http.setExecutor(threads);
        http.start();
    }

    @AfterEach
    void stop() {
        http.stop(0);
        threads.shutdownNow();
    }

    /** Callees are called what their callers get. */
    private void serve(final HttpExchange exchange) throws IOException {
        try (exchange) {
            final Map<?, ?> order = (Map<?, ?>) Json
                    .parse(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
            if (order.get("action").equals("settle")) {
                final String call = (String) order.get("call");
                final boolean fails = tried.add(call);
                if (!fails && settled.put(call, (Long) order.get("used_ms")) != null) {
                    twice.add(call);
                }
                exchange.sendResponseHeaders(fails ? 503 : 204, -1);
                return;
            }
            final String user = ((String) order.get("ruri")).replaceFirst("sip:(.*)@.*", "$1");
            asked.add(user + order.get("number"));
            switch (user) {
                case "poor" -> exchange.sendResponseHeaders(402, -1);
                case "broken" -> say(exchange, "{\"granted_ms\": -1}");
                case "silent" -> pause(60_000);
                case "rich" -> say(exchange, "{\"granted_ms\": 3000, \"last\": "
                        + ((Long) order.get("number") == 1) + "}");
                case "kept" -> say(exchange, "{\"granted_ms\": 600000, \"last\": true}");
                default -> {
                    pause(300);
                    say(exchange, "{\"granted_ms\": 800, \"last\": true}");
                }
            }
        }
    }

    private static void say(final HttpExchange exchange, final String body) throws IOException {
        final byte[] bytes = body.getBytes(StandardCharsets.US_ASCII);
        exchange.sendResponseHeaders(200, bytes.length);
        exchange.getResponseBody().write(bytes);
    }

    private static void pause(final long ms) {
        try {
            Thread.sleep(ms);
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void shouldCutOffWhatIsUsedUpAndSettleEachCallOnce() throws IOException, InterruptedException {
        // given
        final String yaml = """
                listen: [udp://127.0.1.71:5160]
                mode: b2bua
                trunks:
                  caller: {peers: ["127.0.2.71:5070"], credit: closed}
                  callee: {peers: ["127.0.3.71:5080"]}
                routes:
                  - {from: caller, to: callee}
                credit: {url: "http://127.0.0.1:%d/credit", reserve: 3s, timeout: 3s}
                """.formatted(http.getAddress().getPort());
        try (ServerProcess server =
                ServerProcess.start(new InetSocketAddress(PROXY, 5160), "127.0.2.71", yaml)) {
            // when
            refused("poor", "402");
            refused("broken", "503");
            refused("silent", "503");
            call("short", UP_CALLER + ENDED, UP_CALLEE + ENDED);
            call("rich", UP_CALLER + ENDED, UP_CALLEE + ENDED);

            // then: two calls that were answered, and two of which the service may hold something all the same
            while (settled.size() < 4) {
                Thread.sleep(20);
            }
            final String status = server.verb("status");
            assertTrue(status.contains("2 calls ended when their time or credit was used up"), status);
            assertTrue(status.contains("one-sided 0"), status);
            while (!server.verb("stats", "tandem_credit_unsettled")
                    .matches("(?s).*tandem_credit_unsettled\\s+0\\b.*")) {
                Thread.sleep(50);
            }
        }
        assertEquals(List.of("poor0", "broken0", "silent0", "short0", "rich0", "rich1"), asked);
        assertEquals(List.of(), twice);
        final List<Long> used = settled.values().stream().sorted().toList();
        assertEquals(List.of(0L, 0L), used.subList(0, 2));
        assertTrue(used.get(2) >= 800 && used.get(3) >= 6_000, used.toString());
    }

    @Test
    void shouldSettleACallThatHasOutlivedTheServer(@TempDir final Path folder)
            throws IOException, InterruptedException {
        // given
        final String yaml = """
                listen: [udp://127.0.1.71:5160]
                mode: b2bua
                trunks:
                  caller: {peers: ["127.0.2.71:5070"], credit: closed}
                  callee: {peers: ["127.0.3.71:5080"]}
                routes:
                  - {from: caller, to: callee}
                credit: {url: "http://127.0.0.1:%d/credit", reserve: 3s, timeout: 3s}
                cdr: {file: %s}
                """.formatted(http.getAddress().getPort(), folder.resolve("cdr.jsonl"));
        try (ServerProcess server =
                ServerProcess.start(new InetSocketAddress(PROXY, 5160), "127.0.2.71", yaml)) {
            final Sipp.Agent answers = Sipp.start("kept-credit-callee",
                    SippScript.render(false, "kept-credit", UP_CALLEE + "< OPTIONS\n> 200\n< BYE\n> 200\n"), CALLEE,
                    5080, false, 1).awaitBound(CALLEE, 5080);
            final Sipp.Agent calls = Sipp.start("kept-credit-caller",
                    SippScript.render(true, "kept-credit", UP_CALLER + "< OPTIONS\n> 200\nwait 1000\n> BYE\n< 200\n"),
                    CALLER, 5070, false, 1, "-s", "kept", PROXY + ":5160");
            while (calls.calls("ACK sip:") < 1 && answers.process().isAlive()) {
                Thread.sleep(20);
            }
            assertTrue(server.verb("calls").contains("answered"), server::toString);

            // when
            server.kill();
            server.restart("127.0.2.71");

            // then
            assertEquals(0, calls.await(60), calls.complaint());
            assertEquals(0, answers.await(60), answers.complaint());
            while (settled.isEmpty()) {
                Thread.sleep(20);
            }
        }
        assertEquals(List.of("kept0"), asked);
        assertEquals(1, settled.size());
        final Map<?, ?> line = (Map<?, ?>) Json.parse(Files.readString(folder.resolve("cdr.jsonl")).strip());
        assertEquals(Map.of(line.get("id"), line.get("duration_ms")), settled);
    }

    private static void refused(final String user, final String code) throws IOException, InterruptedException {
        final Sipp.Agent calls = Sipp.start("refused-" + user,
                SippScript.render(true, "refused-" + user, "> INVITE sdp\n< 100 ?\n< " + code + "\n> ACK\n"), CALLER,
                5070, false, 1, "-s", user, PROXY + ":5160");
        assertEquals(0, calls.await(60), calls.complaint());
    }

    private static void call(final String user, final String caller, final String callee)
            throws IOException, InterruptedException {
        final Sipp.Agent answers = Sipp.start("credit-callee-" + user,
                SippScript.render(false, "credit-callee-" + user, callee), CALLEE, 5080, false, 1);
        Thread.sleep(500); // SIPp does not say when it has bound its port
        final Sipp.Agent calls = Sipp.start("credit-caller-" + user,
                SippScript.render(true, "credit-caller-" + user, caller), CALLER, 5070, false, 1, "-s", user,
                PROXY + ":5160");
        assertEquals(0, calls.await(60), calls.complaint());
        assertEquals(0, answers.await(60), answers.complaint());
    }
}
