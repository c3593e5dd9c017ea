package org.tandemsip.server;

import java.io.IOException;
import java.net.ConnectException;
import java.net.ProtocolException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.tandemsip.engine.handler.Reply;
import org.tandemsip.engine.routing.CreditReply;
import org.tandemsip.engine.routing.CreditReply.Outcome;
import org.tandemsip.engine.routing.CreditService;
import org.tandemsip.server.admin.CreditBooks;
import org.tandemsip.server.admin.Json;
import org.tandemsip.server.config.Config;
import tools.jackson.core.JsonGenerator;

/**
 * Asks a credit service over HTTP:
 *
 * <pre>
 *   POST url   Idempotency-Key: CALL/0     {"action":"reserve", "call":CALL, "number":0, "reserve_ms":60000, ...}
 *                                          200 {"granted_ms":60000, "last":false}, or 402
 *   POST url   Idempotency-Key: CALL/1     {"action":"reserve", "call":CALL, "number":1, "used_ms":50000, ...}
 *   POST url   Idempotency-Key: CALL/end   {"action":"settle",  "call":CALL, "used_ms":61234, ...}
 * </pre>
 *
 * <p>A settlement never overtakes a request of its call from here, is sent until it arrives ({@link Settlements}), and
 * is the same one however often it is sent. It may be the first that the service hears of a call: then it was the
 * request that got lost. Shards call {@link #ask} and {@link #settle}; all else happens on threads of its own.
 */
final class HttpCredit implements CreditService, CreditBooks, AutoCloseable {
    /** What is longer is no answer to this. */
    private static final int MOST_ANSWER_BYTES = 16_384;
    private static final int THREADS = 2;
    private static final Request REHEARSAL = new Request("rehearsal", 0, "", "", "", "", "", "", 0, 0);

    private final URI url;
    private final String token;
    private final Terms terms;
    private final int mostInFlight;
    private final Replies replies;
    private final ExecutorService threads =
            Executors.newFixedThreadPool(THREADS, Thread.ofPlatform().daemon().name("tandem-credit-", 0).factory());
    private final HttpClient client;
    private final AtomicInteger inFlight = new AtomicInteger();
    private final Map<String, Asking> asking = new ConcurrentHashMap<>();
    private final Settlements settlements = new Settlements(this::send);
    /** Wall-clock time at 0 of the shards' clock. */
    private final long offsetMs = System.currentTimeMillis() - TimeUnit.NANOSECONDS.toMillis(System.nanoTime());

    /** Requests of one call that are under way: one, and those that the call waits for no longer. */
    private static final class Asking {
        private int count;
        /** What comes after them. */
        private Settlement last;
    }

    /** Who brings a reply to the shard that has asked. */
    @FunctionalInterface
    interface Replies {
        /** Gives the reply to the question of this ticket. */
        void give(int shard, long ticket, Reply reply);
    }

    HttpCredit(final Config.Credit settings, final Replies replies) {
        url = settings.url();
        token = settings.token().orElse(null);
        terms = new Terms(settings.reserveNs(), settings.timeoutNs(), settings.topUpNs());
        mostInFlight = settings.inFlight();
        this.replies = replies;
        client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).executor(threads)
                .followRedirects(HttpClient.Redirect.NEVER).connectTimeout(Duration.ofNanos(terms.timeoutNs())).build();
        CreditRehearsal.of(url.getScheme(), at -> post(HttpRequest.newBuilder(at), "rehearsal", body(REHEARSAL))
                .thenApply(HttpCredit::reply));
    }

    @Override
    public Terms terms() {
        return terms;
    }

    @Override
    public long epochMs(final long nowNs) {
        return offsetMs + TimeUnit.NANOSECONDS.toMillis(nowNs);
    }

    @Override
    public boolean ask(final int shard, final long ticket, final Request request) {
        if (inFlight.incrementAndGet() > mostInFlight) {
            inFlight.decrementAndGet();
            return false;
        }
        final CompletableFuture<CreditReply> reply = new CompletableFuture<>();
        asking.compute(request.call(), (_, before) -> {
            final Asking now = before == null ? new Asking() : before;
            now.count++;
            return now;
        });
        threads.execute(() -> {
            try {
                postSurely(request.call() + '/' + request.number(), body(request)).whenComplete(
                        (response, failure) -> reply.complete(failure == null ? reply(response) : failed(failure)));
            } catch (final RuntimeException e) {
                reply.complete(CreditReply.failed(Outcome.UNREACHABLE));
            }
        });
        reply.thenAccept(said -> {
            inFlight.decrementAndGet();
            endAsking(request.call());
            replies.give(shard, ticket, said);
        });
        return true;
    }

    @Override
    public void settle(final Settlement settlement) {
        final Asking before = asking.computeIfPresent(settlement.call(), (_, now) -> {
            now.last = settlement;
            return now;
        });
        if (before == null) {
            settlements.add(settlement);
        }
    }

    private void endAsking(final String call) {
        final Settlement[] last = new Settlement[1];
        asking.computeIfPresent(call, (_, now) -> {
            if (--now.count > 0) {
                return now;
            }
            last[0] = now.last;
            return null;
        });
        if (last[0] != null) {
            settlements.add(last[0]);
        }
    }

    private void send(final Settlement settlement, final Consumer<Settlements.Result> result) {
        threads.execute(() -> {
            try {
                post(settlement.call() + "/end", body(settlement)).whenComplete((response, failure) -> result
                        .accept(failure == null ? Settlements.Result.of(response.statusCode())
                                : Settlements.Result.AGAIN));
            } catch (final RuntimeException e) {
                result.accept(Settlements.Result.AGAIN);
            }
        });
    }

    private CompletableFuture<HttpResponse<String>> post(final String key, final String body) {
        final HttpRequest.Builder request = HttpRequest.newBuilder(url);
        if (token != null) {
            request.header("Authorization", "Bearer " + token);
        }
        return post(request, key, body);
    }

    private CompletableFuture<HttpResponse<String>> post(final HttpRequest.Builder request, final String key,
            final String body) {
        // Longer than a call waits: what comes too late is known then, and a settlement comes after it.
        request.timeout(Duration.ofNanos(2 * terms.timeoutNs())).header("Content-Type", "application/json")
                .header("Idempotency-Key", key).POST(HttpRequest.BodyPublishers.ofString(body));
        return client.sendAsync(request.build(),
                BodyHandlers.limiting(BodyHandlers.ofString(StandardCharsets.UTF_8), MOST_ANSWER_BYTES));
    }

    /**
     * Posts once more where a connection ended without an answer. A service may close one that was idle just as the
     * next request goes out on it; the client repeats no POST, and ours has a key by which the service knows it again.
     */
    private CompletableFuture<HttpResponse<String>> postSurely(final String key, final String body) {
        return post(key, body).exceptionallyCompose(
                failure -> isCutOff(failure) ? post(key, body) : CompletableFuture.failedFuture(failure));
    }

    private static boolean isCutOff(final Throwable failure) {
        final Throwable cause = causeOf(failure);
        return cause instanceof IOException && !isNonsense(cause) && !(cause instanceof HttpTimeoutException)
                && !(cause instanceof ConnectException);
    }

    /** What a response says; {@link CreditReply#result} judges the number in it. */
    private static CreditReply reply(final HttpResponse<String> response) {
        final int status = response.statusCode();
        if (status == 402 || status == 403) {
            return CreditReply.of(0, true);
        }
        if (status / 100 != 2) {
            return CreditReply.failed(Outcome.ERROR);
        }
        try {
            return Json.parse(response.body()) instanceof final Map<?, ?> answer
                    && answer.get("granted_ms") instanceof final Long grantedMs
                            ? CreditReply.of(grantedMs, Boolean.TRUE.equals(answer.get("last")))
                            : CreditReply.failed(Outcome.NONSENSE);
        } catch (final IllegalArgumentException e) {
            return CreditReply.failed(Outcome.NONSENSE);
        }
    }

    private static CreditReply failed(final Throwable failure) {
        return CreditReply.failed(isNonsense(causeOf(failure)) ? Outcome.NONSENSE : Outcome.UNREACHABLE);
    }

    /** No HTTP, or an answer that is too long, which only its message tells. */
    private static boolean isNonsense(final Throwable cause) {
        return cause instanceof ProtocolException
                || cause instanceof IOException && String.valueOf(cause.getMessage()).contains("exceed");
    }

    private static Throwable causeOf(final Throwable failure) {
        return failure.getCause() == null ? failure : failure.getCause();
    }

    private static String body(final Request request) {
        return Json.object(json -> {
            json.writeStringProperty("action", "reserve");
            json.writeStringProperty("call", request.call());
            json.writeNumberProperty("number", request.number());
            text(json, "call_id", request.callId());
            text(json, "from", request.from());
            text(json, "to", request.to());
            text(json, "ruri", request.requestUri());
            text(json, "trunk_in", request.trunk());
            text(json, "route", request.route());
            json.writeNumberProperty("reserve_ms", request.reserveMs());
            json.writeNumberProperty("used_ms", request.usedMs());
        });
    }

    private static String body(final Settlement settlement) {
        return Json.object(json -> {
            json.writeStringProperty("action", "settle");
            json.writeStringProperty("call", settlement.call());
            text(json, "trunk_in", settlement.trunk());
            json.writeNumberProperty("used_ms", settlement.usedMs());
        });
    }

    private static void text(final JsonGenerator json, final String name, final String value) {
        if (value != null) {
            json.writeStringProperty(name, value);
        }
    }

    @Override
    public int inFlight() {
        return inFlight.get();
    }

    @Override
    public int unsettled() {
        return settlements.unsettled();
    }

    @Override
    public long settled() {
        return settlements.settled();
    }

    @Override
    public long refused() {
        return settlements.refused();
    }

    @Override
    public long lost() {
        return settlements.lost();
    }

    @Override
    public long retries() {
        return settlements.retries();
    }

    /** Sends what is left to be settled, for some seconds at most. */
    @Override
    public void close() {
        asking.values().removeIf(now -> {
            if (now.last != null) {
                settlements.add(now.last);
            }
            return now.last != null;
        });
        settlements.close();
        client.shutdownNow();
        threads.shutdownNow();
    }
}
