package org.tandemsip.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The question that is asked before there are calls. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class CreditRehearsalTest {
    private final List<URI> asked = new ArrayList<>();
    private final List<CompletableFuture<HttpResponse<String>>> replies = new ArrayList<>();

    @Test
    void shouldAnswerItself() {
        try (HttpClient client = HttpClient.newHttpClient()) {
            CreditRehearsal.of("http", at -> ask(client, at));
            assertEquals("{\"granted_ms\": 60}", replies.getFirst().join().body());
            assertEquals(1, asked.size());
        }
    }

    @Test
    void shouldGoAsFarAsTlsGoesWithoutACertificate() {
        try (HttpClient client = HttpClient.newHttpClient()) {
            CreditRehearsal.of("https", at -> ask(client, at));
            assertEquals(List.of("http", "https"), asked.stream().map(URI::getScheme).toList());
            assertTrue(asked.stream().allMatch(at -> at.getHost().equals("127.0.0.1")), asked.toString());
            assertEquals(200, replies.getFirst().join().statusCode());
            assertTrue(replies.getLast().isCompletedExceptionally());
        }
    }

    @Test
    void shouldNotMindThatNobodyAsks() {
        CreditRehearsal.of("http", _ -> new CompletableFuture<>());
        assertEquals(0, asked.size());
    }

    private CompletableFuture<?> ask(final HttpClient client, final URI at) {
        asked.add(at);
        replies.add(client.sendAsync(
                HttpRequest.newBuilder(at).POST(HttpRequest.BodyPublishers.ofString("{\"number\": 0}")).build(),
                BodyHandlers.ofString()));
        return replies.getLast();
    }
}
