package org.tandemsip.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tandemsip.server.admin.Json;
import org.tandemsip.server.admin.RouteView;
import org.tandemsip.server.config.ConfigReader;

/** {@code routes test} of routes in mode b2bua: what the leg that we begin would carry. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class PreviewTest {
    @TempDir
    private Path directory;

    private Map<?, ?> view(final Map<String, ?> question) throws Exception {
        final Path file = Files.writeString(directory.resolve("t.yaml"), """
                listen: ["udp://127.0.0.1:5060"]
                mode: stateful
                trunks:
                  pbx:
                    peers: ["127.0.0.2:5070"]
                    zone: core
                    number-in: {fields: [request-uri, to, from, p-asserted-identity, diversion], rules: {"00": "+", "0": "+49"}}
                  carrier:
                    peers: ["127.0.0.3:5080"]
                    number: {fields: [request-uri, to, from, p-asserted-identity, diversion], rules: {"+": "00"}}
                    headers: {remove: [Subject], set: {X-Trunk: a}}
                    b2bua: {session-timer: 600s}
                routes:
                  - {name: out, from: pbx, to: carrier, mode: b2bua, number: {fields: [from], prefix: "9"}}
                """);
        final Map<?, ?> view = (Map<?, ?>) Json.parse(
                RouteView.of(Trials.of(new ConfigReader(Map.of()).read(file)), question));
        assertEquals("b2bua", view.get("mode"), view::toString);
        return view;
    }

    private String message(final Map<String, ?> question) throws Exception {
        return (String) ((Map<?, ?>) ((List<?>) view(question).get("hops")).getFirst()).get("message");
    }

    @Test
    void shouldShowTheLegThatWeBegin() throws Exception {
        // when
        final String invite = message(Map.of("from", "pbx", "to", "030-11", "caller", "sip:03022@127.0.0.2", "headers",
                List.of("P-Asserted-Identity: <sip:03033@127.0.0.2>", "Diversion: <sip:03035@pbx.example>",
                        "s: secret", "X-Trunk: me", "User-Agent: pbx")));

        // then
        assertTrue(invite.startsWith("INVITE sip:00493011@127.0.0.3:5080 SIP/2.0\r\n"), invite);
        assertTrue(invite.contains("\r\nTo: <sip:00493011@127.0.0.3:5080>\r\n"), invite);
        assertTrue(invite.contains("\r\nFrom: <sip:9+493022@127.0.0.1:5060>;tag=B2B."), invite);
        assertTrue(invite.contains("\r\nP-Asserted-Identity: <sip:00493033@127.0.0.1:5060>\r\n"), invite);
        assertTrue(invite.contains("\r\nDiversion: <sip:00493035@pbx.example>\r\n"), invite);
        assertTrue(invite.contains("\r\nX-Trunk: a\r\n"), invite);
        assertTrue(invite.contains("\r\nSession-Expires: 600"), invite);
        assertTrue(invite.contains("\r\nMax-Forwards: 69\r\n"), invite);
        for (final String hidden : List.of("secret", "routes-test", "127.0.0.2", "User-Agent", "X-Trunk: me",
                "Record-Route")) {
            assertFalse(invite.contains(hidden), invite);
        }
    }

    @Test
    void shouldShowARequestThatMakesNoCallToo() throws Exception {
        final String message = message(Map.of("from", "pbx", "to", "030-11", "method", "MESSAGE"));
        assertTrue(message.startsWith("MESSAGE sip:00493011@127.0.0.3:5080 SIP/2.0\r\n"), message);
        assertFalse(message.contains("Contact") || message.contains("routes-test"), message);
    }

    @ParameterizedTest
    @ValueSource(strings = {"BYE", "PRACK", "UPDATE"})
    void shouldSayThatWhatBelongsIntoADialogIsRefused(final String method) throws Exception {
        // when
        final Map<?, ?> view = view(Map.of("from", "pbx", "to", "030-11", "method", method));

        // then
        assertEquals("481 Call/Transaction Does Not Exist", view.get("answer"), view::toString);
        assertEquals(List.of(), view.get("hops"), view::toString);
    }
}
