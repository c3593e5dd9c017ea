package org.tandemsip.server.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tandemsip.server.admin.Json;

/** What a running server says, on its sockets, in its log and by its command line, to messages it does not take. */
@ExtendWith(Folders.class)
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class RefusalIT {
    private static final InetSocketAddress SERVER = new InetSocketAddress("127.0.6.1", 5160);
    private static final String CALLER = "127.0.6.2";
    private static final String CALLEE = "127.0.6.3";
    private static final String STRANGER = "127.0.6.66";
    private static final String CONFIG = """
            listen: [udp://127.0.6.1:5160, tcp://127.0.6.1:5160]
            mode: %s
            limits: {message: 3000, headers: 2000, header: 1000, body: 1500, uri: 200}
            trunks:
              caller: {allow: [127.0.6.2]}
              callee: {peers: ["sip:127.0.6.3:5080;transport=udp"]}
            routes: [{from: caller, to: callee}, {from: callee, to: callee}]
            """;

    private static ServerProcess start(final String mode) throws IOException, InterruptedException {
        return ServerProcess.start(SERVER, CALLER, CONFIG.formatted(mode));
    }

    private static String message(final String transport, final int port, final String user, final String body) {
        return "MESSAGE sip:" + user + "@127.0.6.1 SIP/2.0\r\nVia: SIP/2.0/" + transport + ' ' + CALLER + ':' + port
                + ";branch=z9hG4bK" + Long.toHexString(System.nanoTime()) + "\r\nMax-Forwards: 70\r\n"
                + "From: <sip:a@127.0.6.2>;tag=1\r\nTo: <sip:b@127.0.6.1>\r\nCall-ID: " + System.nanoTime()
                + "\r\nCSeq: 1 MESSAGE\r\nContent-Length: " + body.length() + "\r\n\r\n" + body;
    }

    @ParameterizedTest
    @ValueSource(strings = {"stateless", "stateful"})
    void shouldSayWhichSizeIsTooLarge(final String mode) throws IOException, InterruptedException {
        try (ServerProcess _ = start(mode)) {
            for (final String transport : List.of("UDP", "TCP")) {
                // a Request-URI; a stream lives on, since its message was read whole
                try (Agent agent = open(transport)) {
                    agent.send(message(transport, agent.port(), "b".repeat(200), ""));
                    assertEquals("SIP/2.0 414 Request-URI Too Long", startLine(agent.receive()));
                    agent.send(message(transport, agent.port(), "b".repeat(200), ""));
                    assertEquals("SIP/2.0 414 Request-URI Too Long", startLine(agent.receive()));
                }
                // a body, a whole message: nobody reads so much, and a stream ends with the answer
                assertTooLarge(transport, 1_501, "", "SIP/2.0 413 Request Entity Too Large");
                assertTooLarge(transport, 1_400, ("X: " + "x".repeat(800) + "\r\n").repeat(2),
                        "SIP/2.0 513 Message Too Large");
            }
        }
    }

    private static void assertTooLarge(final String transport, final int bodyBytes, final String rows,
            final String answer) throws IOException {
        try (Agent agent = open(transport)) {
            agent.send(message(transport, agent.port(), "b", "x".repeat(bodyBytes))
                    .replaceFirst("(?=Content-Length:)", rows));
            assertEquals(answer, startLine(agent.receive()));
            if (agent instanceof Agent.Stream stream) {
                stream.awaitClose();
            }
        }
    }

    private static Agent open(final String transport) throws IOException {
        return transport.equals("UDP") ? Agent.udp(CALLER, 0, SERVER) : Agent.tcp(CALLER, SERVER);
    }

    @ParameterizedTest
    @ValueSource(strings = {"stateless", "stateful"})
    void shouldStopALoop(final String mode) throws IOException, InterruptedException {
        try (ServerProcess _ = start(mode);
                Agent caller = Agent.udp(CALLER, 0, SERVER);
                Agent callee = Agent.udp(CALLEE, 5080, SERVER)) {
            // when: whatever the callee is sent it sends back
            caller.send(message("UDP", caller.port(), "b", ""));
            String got = callee.receive("MESSAGE");
            while (!got.startsWith("SIP/2.0 4")) {
                if (got.startsWith("MESSAGE")) {
                    final String branch = "z9hG4bK" + Integer.toHexString(via(got).hashCode());
                    callee.send(got.replaceFirst("\r\nVia: ",
                            "\r\nVia: SIP/2.0/UDP 127.0.6.3:5080;branch=" + branch + "\r\nVia: "));
                }
                got = callee.receive();
            }

            // then: it is not Max-Forwards that ends this
            assertEquals("SIP/2.0 482 Loop Detected", startLine(got));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"stateless", "stateful"})
    void shouldLogStrangersAtMostTenTimesASecondAndAnswerNone(final String mode)
            throws IOException, InterruptedException {
        try (ServerProcess server = start(mode); Agent stranger = Agent.udp(STRANGER, 0, SERVER)) {
            // given
            final String good = message("UDP", stranger.port(), "b", "");
            final String malformed = good.replace("Max-Forwards: 70", "Max-Forwards: x");
            final Pattern line = Pattern.compile("(?m)^ts=\\S+ level=warn event=refused src=" + STRANGER + ':'
                    + stranger.port() + " transport=UDP reason=unknown_source suppressed=(\\d+)$");

            // when
            for (int i = 0; i < 100; i++) {
                stranger.send(good);
                stranger.send(malformed);
            }

            // then: a line for each second in which somebody is kept back says of how many
            long suppressed = 0;
            long lines = 0;
            while (lines + suppressed < 200) {
                Thread.sleep(100);
                stranger.send(good);
                stranger.send(malformed);
                lines = 0;
                suppressed = 0;
                for (final Matcher found = line.matcher(server.log()); found.find(); lines++) {
                    suppressed += Long.parseLong(found.group(1));
                }
            }
            assertTrue(suppressed > 0 && lines < 200, server::toString);
            final String sent = server.verb("stats", "tandem_dropped_total");
            assertTrue(sent.contains("unknown_source"), sent);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"stateless", "stateful"})
    void shouldShowTheByteThatIsWrong(final String mode) throws IOException, InterruptedException {
        try (ServerProcess server = start(mode); Agent caller = Agent.udp(CALLER, 0, SERVER)) {
            // given
            final String malformed = message("UDP", caller.port(), "b", "").replace("Max-Forwards: 70",
                    "Max-Forwards: 7\u00e90");

            // when
            caller.send(malformed);

            // then
            assertEquals("SIP/2.0 400 Bad Max-Forwards", startLine(caller.receive()));
            final int offset = malformed.indexOf("7\u00e90");
            final String errors = server.verb("errors");
            final String[] lines = errors.split("\n");
            assertEquals(3, lines.length, errors);
            assertTrue(lines[0].endsWith(" UDP from " + CALLER + ':' + caller.port() + ": bad_max_forwards at offset "
                    + offset + " of " + malformed.length()), errors);
            assertTrue(lines[1].contains("Max-Forwards: 7\\xe90\\r\\nFrom: <sip:a@"), errors);
            assertEquals(lines[1].indexOf("7\\xe90"), lines[2].indexOf('^'), errors);
            final Map<?, ?> view = (Map<?, ?>) Json.parse(server.verb("errors", "-o", "json"));
            final Map<?, ?> error = (Map<?, ?>) ((List<?>) view.get("errors")).getFirst();
            assertEquals("bad_max_forwards", error.get("error"));
            assertEquals((long) offset, error.get("offset"));
            assertEquals(malformed, error.get("message"));
        }
    }

    private static String via(final String message) {
        return message.lines().filter(line -> line.startsWith("Via: ")).findFirst().orElseThrow();
    }

    private static String startLine(final String message) {
        return message.lines().findFirst().orElse("");
    }
}
