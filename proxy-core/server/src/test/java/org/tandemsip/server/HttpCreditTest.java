package org.tandemsip.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.engine.routing.CreditReply;
import org.tandemsip.engine.routing.CreditService.Request;
import org.tandemsip.engine.routing.CreditService.Settlement;
import org.tandemsip.server.admin.Json;
import org.tandemsip.server.config.Config;

/** A credit service over HTTP: what it is told, and what becomes of everything that it may say. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class HttpCreditTest {
    private static final Request FIRST =
            new Request("c1", 0, "id@alice", "sip:alice@192.0.2.1", "sip:bob@example.org", "sip:bob@10.0.0.1",
                    "pbx", "out", 60_000, 0);

    /** What came: Idempotency-Key, credentials and the object in the body. */
    private record Got(String key, String authorization, Map<?, ?> body) {}

    /** How to answer. */
    private interface Answer {
        void to(HttpExchange exchange) throws IOException;
    }

    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final List<Got> got = new CopyOnWriteArrayList<>();
    private final BlockingQueue<CreditReply> replies = new LinkedBlockingQueue<>();
    private final HttpServer server;
    private final HttpCredit credit;
    private volatile Answer answer = exchange -> say(exchange, 200, "{\"granted_ms\": 60000}");

    HttpCreditTest() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 100);
        server.createContext("/credit", this::serve);
        server.setExecutor(threads);
        server.start();
        credit = credit("http://127.0.0.1:" + server.getAddress().getPort() + "/credit", 3);
    }

    private HttpCredit credit(final String url, final int inFlight) {
        return new HttpCredit(new Config.Credit(URI.create(url), Optional.of("secret"), 60_000_000_000L,
                10_000_000_000L, 20_000_000_000L, inFlight), (_, _, reply) -> replies.add((CreditReply) reply));
    }

    @AfterEach
    void stop() {
        server.stop(0);
        threads.shutdownNow();
        credit.close();
    }

    private void serve(final HttpExchange exchange) throws IOException {
        try (exchange) {
            got.add(new Got(exchange.getRequestHeaders().getFirst("Idempotency-Key"),
                    exchange.getRequestHeaders().getFirst("Authorization"), (Map<?, ?>) Json.parse(
                            new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8))));
            answer.to(exchange);
        }
    }

    private static void say(final HttpExchange exchange, final int status, final String body) throws IOException {
        final byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
        if (bytes.length > 0) {
            exchange.getResponseBody().write(bytes);
        }
    }

    @Test
    void shouldTellTheServiceNothingBeforeThereIsACall() throws InterruptedException {
        assertEquals(List.of(), got);
        assertTrue(credit.ask(1, 17, FIRST));
        assertEquals(CreditReply.of(60_000, false), reply());
        assertEquals(List.of("c1/0"), got.stream().map(Got::key).toList());
    }

    @Test
    void shouldTellWhoCallsWhom() throws InterruptedException {
        assertTrue(credit.ask(1, 17, FIRST));
        assertEquals(CreditReply.of(60_000, false), reply());
        final Got request = got.getFirst();
        assertEquals("c1/0", request.key);
        assertEquals("Bearer secret", request.authorization);
        assertEquals("{action=reserve, call=c1, number=0, call_id=id@alice, from=sip:alice@192.0.2.1,"
                + " to=sip:bob@example.org, ruri=sip:bob@10.0.0.1, trunk_in=pbx, route=out, reserve_ms=60000,"
                + " used_ms=0}", request.body.toString());
        assertEquals(0, credit.inFlight());
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', value = {"200;{\"granted_ms\": 1};CREDIT_GRANTED",
        "201;{\"granted_ms\": 1, \"last\": true, \"more\": [1, {}]};CREDIT_GRANTED",
        "200;{\"granted_ms\": 0};CREDIT_DENIED", "402;no money;CREDIT_DENIED", "403;{};CREDIT_DENIED",
        "200;{\"granted_ms\": -5};CREDIT_NEGATIVE", "200;{\"granted_ms\": 9223372036854775807};CREDIT_HUGE",
        "200;{\"granted_ms\": 92233720368547758079};CREDIT_NONSENSE", "200;{\"granted_ms\": 1e9};CREDIT_NONSENSE",
        "200;{\"granted_ms\": \"60000\"};CREDIT_NONSENSE", "200;{\"granted_ms\": null};CREDIT_NONSENSE",
        "200;{};CREDIT_NONSENSE", "200;[];CREDIT_NONSENSE", "200;<html>;CREDIT_NONSENSE", "200;;CREDIT_NONSENSE",
        "200;{\"granted_ms\": 1} {};CREDIT_NONSENSE", "500;{\"granted_ms\": 1};CREDIT_ERROR",
        "302;{\"granted_ms\": 1};CREDIT_ERROR", "404;;CREDIT_ERROR", "401;;CREDIT_ERROR"})
    void shouldTellAnswersApart(final int status, final String body, final Counter counter)
            throws InterruptedException {
        answer = exchange -> say(exchange, status, body == null ? "" : body);
        assertTrue(credit.ask(0, 1, FIRST));
        assertEquals(counter, reply().result());
    }

    @Test
    void shouldNotReadAnswersWithoutEnd() throws InterruptedException {
        answer = exchange -> {
            exchange.sendResponseHeaders(200, 0);
            try {
                for (int i = 0; i < 100_000; i++) {
                    exchange.getResponseBody().write(" ".repeat(1_000).getBytes(StandardCharsets.US_ASCII));
                }
            } catch (final IOException e) {
                // It has heard enough.
            }
        };
        assertTrue(credit.ask(0, 1, FIRST));
        assertEquals(Counter.CREDIT_NONSENSE, reply().result());
    }

    @Test
    void shouldAskOnceMoreByTheSameKeyWhereAConnectionEndsWithoutAnAnswer() throws InterruptedException {
        // given
        answer = exchange -> {
            if (got.size() % 2 == 0) {
                say(exchange, 200, "{\"granted_ms\": 7}");
            }
            // Else it is closed without a word.
        };
        // when
        assertTrue(credit.ask(0, 1, FIRST));
        // then
        assertEquals(CreditReply.of(7, false), reply());
        assertEquals(List.of("c1/0", "c1/0"), got.stream().map(Got::key).toList());
        // given
        answer = _ -> {};
        // when
        assertTrue(credit.ask(0, 2, FIRST));
        // then
        assertEquals(Counter.CREDIT_UNREACHABLE, reply().result());
        assertEquals(4, got.size(), "twice and no more");
    }

    @Test
    void shouldSayWhenNobodyIsThere() throws InterruptedException {
        try (HttpCredit nobody = credit("http://127.0.0.1:1/credit", 3)) {
            assertTrue(nobody.ask(0, 1, FIRST));
            assertEquals(Counter.CREDIT_UNREACHABLE, reply().result());
        }
    }

    @Test
    void shouldRefuseWhenTooManyAreAskedAtATime() throws InterruptedException {
        final CountDownLatch open = new CountDownLatch(1);
        answer = exchange -> {
            try {
                open.await();
            } catch (final InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            say(exchange, 200, "{\"granted_ms\": 7}");
        };
        for (int i = 0; i < 3; i++) {
            assertTrue(credit.ask(0, i, request("many-" + i)));
        }
        assertFalse(credit.ask(0, 3, request("many-3")));
        open.countDown();
        for (int i = 0; i < 3; i++) {
            assertEquals(CreditReply.of(7, false), reply());
        }
        await(() -> credit.inFlight() == 0);
        assertTrue(credit.ask(0, 4, request("many-4")));
        reply();
    }

    @Test
    void shouldSettleUntilItArrivesAlwaysWithTheSameKey() {
        answer = exchange -> say(exchange, got.size() < 3 ? 503 : 200, "");
        credit.settle(new Settlement("c1", "pbx", 61_234));
        await(() -> credit.settled() == 1);
        assertEquals(3, got.size());
        assertTrue(got.stream().allMatch(each -> each.key.equals("c1/end")), got.toString());
        assertEquals("{action=settle, call=c1, trunk_in=pbx, used_ms=61234}", got.getFirst().body.toString());
        assertEquals(2, credit.retries());
        assertEquals(0, credit.unsettled());
    }

    @Test
    void shouldSettleOnceThoughTheConnectionBreaksBeforeTheAnswer() {
        answer = exchange -> {
            if (got.size() > 1) {
                say(exchange, 200, "{}");
            }
            // Else it is closed without a word.
        };
        credit.settle(new Settlement("c1", "pbx", 1));
        await(() -> credit.settled() == 1);
        assertEquals(0, credit.unsettled());
    }

    @Test
    void shouldGiveUpASettlementThatIsRefused() {
        answer = exchange -> say(exchange, 404, "");
        credit.settle(new Settlement("c1", "pbx", 1));
        await(() -> credit.refused() == 1);
        assertEquals(0, credit.unsettled());
        assertEquals(1, got.size());
    }

    @Test
    void shouldSettleAfterTheRequestThatIsStillUnderWay() throws InterruptedException {
        final CountDownLatch open = new CountDownLatch(1);
        answer = exchange -> {
            if (got.size() == 1) {
                try {
                    open.await();
                } catch (final InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }
            say(exchange, 200, "{\"granted_ms\": 7}");
        };
        assertTrue(credit.ask(0, 1, FIRST));
        await(() -> got.size() == 1);
        credit.settle(new Settlement("c1", "pbx", 0));
        credit.settle(new Settlement("other", "pbx", 0));
        await(() -> credit.settled() == 1);
        assertEquals("other/end", got.get(1).key);
        open.countDown();
        await(() -> credit.settled() == 2);
        assertEquals(List.of("c1/0", "other/end", "c1/end"), got.stream().map(Got::key).toList());
    }

    @Test
    void shouldWriteDownWhatCannotBeSettledWhenItStops() {
        answer = exchange -> say(exchange, 503, "");
        credit.settle(new Settlement("c1", "pbx", 1));
        await(() -> credit.retries() > 0);
        credit.close();
        assertEquals(1, credit.lost());
        assertEquals(0, credit.unsettled());
        credit.settle(new Settlement("c2", "pbx", 1));
        assertEquals(2, credit.lost());
    }

    private static Request request(final String call) {
        return new Request(call, 0, "id", "a", "b", "c", "pbx", "out", 60_000, 0);
    }

    private CreditReply reply() throws InterruptedException {
        return replies.poll(60, TimeUnit.SECONDS);
    }

    private static void await(final BooleanSupplier condition) {
        final long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (!condition.getAsBoolean()) {
            assertTrue(deadlineNs - System.nanoTime() > 0, "never");
            java.util.concurrent.locks.LockSupport.parkNanos(1_000_000);
        }
    }
}
