package org.tandemsip.server.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A request of more than 1300 bytes goes to a peer over TCP where the peer takes it, and over UDP where it refuses (RFC
 * 3261 section 18.1.1). The Via says which it was, and the answer finds its way back from either.
 */
@ExtendWith(Folders.class)
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class LargeRequestIT {
    private static final InetSocketAddress SERVER = new InetSocketAddress("127.0.7.1", 5160);
    private static final String CALLER = "127.0.7.2";
    private static final String CALLEE = "127.0.7.3";
    private static final int CALLEE_PORT = 5080;
    private static final String CONFIG = """
            listen: [udp://127.0.7.1:5160, tcp://127.0.7.1:5160]
            mode: %s
            trunks:
              caller: {peers: ["127.0.7.2:5070"]}
              callee: {peers: ["127.0.7.3:5080"]}
            routes: [{from: caller, to: callee}, {from: callee, to: caller}]
            """;

    private static String invite(final String callId, final String body) {
        return "INVITE sip:b@127.0.7.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.7.2:5070;branch=z9hG4bK" + callId
                + "\r\nMax-Forwards: 70\r\nFrom: <sip:a@127.0.7.2>;tag=1\r\nTo: <sip:b@127.0.7.1>\r\nCall-ID: " + callId
                + "\r\nCSeq: 1 INVITE\r\nContact: <sip:a@127.0.7.2:5070>\r\nContent-Type: text/plain\r\n"
                + "Content-Length: "
                + body.length() + "\r\n\r\n" + body;
    }

    /** The answer that a callee gives to {@code request}. */
    private static String busy(final String request) {
        final StringBuilder answer = new StringBuilder("SIP/2.0 486 Busy Here\r\n");
        request.lines().filter(line -> line.matches("(?:Via|From|To|Call-ID|CSeq):.*"))
                .forEach(line -> answer.append(line).append(line.startsWith("To:") ? ";tag=2\r\n" : "\r\n"));
        return answer.append("Content-Length: 0\r\n\r\n").toString();
    }

    private static String viaOf(final String request) {
        return request.lines().filter(line -> line.startsWith("Via: ")).findFirst().orElseThrow();
    }

    @ParameterizedTest
    @ValueSource(strings = {"stateless", "stateful"})
    void shouldGoOverTcpWhenThePeerTakesIt(final String mode) throws IOException, InterruptedException {
        try (ServerProcess _ = ServerProcess.start(SERVER, CALLER, CONFIG.formatted(mode));
                Agent caller = Agent.udp(CALLER, 5070, SERVER);
                Agent datagrams = Agent.udp(CALLEE, CALLEE_PORT, SERVER);
                ServerSocket listener = new ServerSocket(CALLEE_PORT, 8, InetAddress.ofLiteral(CALLEE))) {
            // when a small one is sent, it goes over UDP
            assertCall(caller, datagrams, invite("small" + mode, ""), "SIP/2.0/UDP");

            // when a large one is sent
            final String large = invite("large" + mode, "x".repeat(1_400));
            caller.send(large);
            try (Agent stream = Agent.accept(listener)) {
                final String got = stream.receive("INVITE");
                assertTrue(viaOf(got).startsWith("Via: SIP/2.0/TCP 127.0.7.1:5160"), got);
                assertTrue(got.endsWith("\r\n\r\n" + "x".repeat(1_400)), got);
                stream.send(busy(got));
                assertEquals("SIP/2.0 486 Busy Here", caller.receive("SIP/2.0 4").lines().findFirst().orElse(""));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"stateless", "stateful"})
    void shouldGoOverUdpWhenThePeerRefusesTcp(final String mode) throws IOException, InterruptedException {
        try (ServerProcess server = ServerProcess.start(SERVER, CALLER, CONFIG.formatted(mode));
                Agent caller = Agent.udp(CALLER, 5070, SERVER);
                Agent datagrams = Agent.udp(CALLEE, CALLEE_PORT, SERVER)) {
            // the first finds out that nobody listens, the second knows
            assertCall(caller, datagrams, invite("first" + mode, "x".repeat(1_400)), "SIP/2.0/UDP");
            assertCall(caller, datagrams, invite("second" + mode, "y".repeat(20_000)), "SIP/2.0/UDP");
            final String connections = server.verb("stats", "tandem_connections_total");
            assertTrue(connections.contains("failed"), connections);
        }
    }

    private static void assertCall(final Agent caller, final Agent callee, final String invite, final String via)
            throws IOException {
        // when: a stateless proxy that finds out that nobody listens needs the retransmission
        final String callId = invite.lines().filter(line -> line.startsWith("Call-ID:")).findFirst().orElseThrow();
        final Thread retransmitting = Thread.ofVirtual().start(() -> retransmit(caller, invite));
        final String got;
        try {
            got = receive(callee, "INVITE", callId);
        } finally {
            retransmitting.interrupt();
        }

        // then
        assertTrue(viaOf(got).startsWith("Via: " + via + " 127.0.7.1:5160"), got);
        assertEquals(invite.substring(invite.indexOf("\r\n\r\n")), got.substring(got.indexOf("\r\n\r\n")));
        callee.send(busy(got));
        receive(caller, "SIP/2.0 486 Busy Here", callId);
    }

    private static String receive(final Agent agent, final String start, final String callId) throws IOException {
        String message = agent.receive(start);
        while (!message.contains(callId)) {
            message = agent.receive(start);
        }
        return message;
    }

    /** Timer A, at a steady pace. */
    private static void retransmit(final Agent agent, final String message) {
        try {
            while (true) {
                agent.send(message);
                Thread.sleep(500);
            }
        } catch (final IOException | InterruptedException ended) {
            // Nobody needs it any more.
        }
    }
}
