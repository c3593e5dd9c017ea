package org.tandemsip.server.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * One of two peers dies under load, without a word to anybody. Calls that it was setting up are set up at the other,
 * calls of the other do not notice; only what the dead one had answered is lost with it.
 *
 * <pre>
 *   SIPp, 100 calls/s --- Tandem, stateful --+-- SIPp, killed after 4 s
 *                                            +-- SIPp
 * </pre>
 */
@ExtendWith(Sipp.class)
@Timeout(value = 600, unit = TimeUnit.SECONDS)
class PeerDeathIT {
    private static final String PROXY = "127.0.14.1";
    private static final int PORT = 5160;
    private static final String DEAD = "127.0.14.3";
    private static final String LIVE = "127.0.14.4";
    private static final int CALLS = 800;
    /** Whoever rings twice was moved: SIPp has to expect both. */
    private static final String CALLER = """
            > INVITE sdp
            < 100 ?
            < 180 ?
            < 180 ?
            < 180 ?
            < 200 keep
            > ACK
            wait 4000
            > BYE
            < 100 ?
            < 200
            """;
    private static final String CALLEE = """
            < INVITE keep
            > 180
            wait 500
            > 200 sdp
            < ACK
            < BYE
            > 200
            """;
    private static final Pattern CALL_ID = Pattern.compile("(?m)^Call-ID: (\\S+)");
    private static final Pattern CONTACT = Pattern.compile("(?m)^Contact:.*@(127\\.0\\.14\\.\\d)");

    /** SIPp answers no OPTIONS: that a peer is up the server knows by its calls, even where they pause for a moment. */
    @Test
    void shouldLoseNoCallThatTheDeadPeerHadNotAnswered() throws IOException, InterruptedException {
        // given
        final String config = """
                listen: [udp://%1$s:%2$d]
                trunks:
                  caller: {peers: ["127.0.14.2:5070"]}
                  callee:
                    peers: ["%3$s:5080", "%4$s:5080"]
                    balance: round-robin
                    ping: {every: 5s, timeout: 4s}
                routes: [{from: caller, to: callee}, {from: callee, to: caller}]
                """.formatted(PROXY, PORT, DEAD, LIVE);
        try (ServerProcess server = ServerProcess.start(new InetSocketAddress(PROXY, PORT), "127.0.14.2", config)) {
            final Sipp.Agent dying = callee("dying", DEAD);
            final Sipp.Agent living = callee("living", LIVE);
            Thread.sleep(1_000); // SIPp does not say when it has bound its port
            final Sipp.Agent caller = Sipp.start("orphan-caller", SippScript.render(true, "orphan", CALLER),
                    "127.0.14.2", 5070, false, CALLS, "-timeout", "120s", "-max_non_invite_retrans", "3", "-r", "100",
                    "-s", "callee", PROXY + ':' + PORT);
            Thread.sleep(4_000); // calls are set up and held by both

            // when
            dying.process().destroyForcibly().waitFor();
            caller.await(150);
            living.process().destroy();
            assertTrue(living.process().waitFor(60, TimeUnit.SECONDS));

            // then
            final Ladder ladder = Ladder.of(caller);
            final Set<String> lost = new HashSet<>(ladder.asked);
            lost.removeAll(ladder.answeredBy.keySet());
            assertEquals(CALLS, ladder.asked.size());
            assertEquals(Set.of(), lost, "calls without an answer\n" + server);
            final Set<String> torn = new HashSet<>(ladder.answeredBy.keySet());
            torn.removeIf(call -> ladder.answeredBy.get(call).equals(DEAD) || ladder.ended.contains(call));
            assertEquals(Set.of(), torn, "calls of the living peer whose BYE has no answer\n" + server);
            // It did die in the middle of all that: of calls that it had answered, and of calls that rang there.
            assertFalse(ladder.ended.containsAll(ladder.asked));
            assertTrue(ladder.rangAt.stream().anyMatch(call -> ladder.answeredBy.get(call).equals(LIVE)));
        }
    }

    private static Sipp.Agent callee(final String name, final String ip) throws IOException {
        return Sipp.start(name, SippScript.render(false, "orphan", CALLEE), ip, 5080, false, 100_000, "-timeout",
                "200s");
    }

    /** What the caller has seen, by its own log; {@code rangAt} the peer that dies. */
    private record Ladder(Set<String> asked, Set<String> rangAt, Map<String, String> answeredBy, Set<String> ended) {
        static Ladder of(final Sipp.Agent caller) throws IOException {
            final Ladder ladder = new Ladder(new HashSet<>(), new HashSet<>(), new HashMap<>(), new HashSet<>());
            final List<String> messages = Arrays.asList(
                    new String(caller.messages(), StandardCharsets.ISO_8859_1).split("(?m)^-{10,}.*$"));
            for (final String logged : messages) {
                final Matcher callId = CALL_ID.matcher(logged);
                if (!callId.find()) {
                    continue;
                }
                if (logged.contains("INVITE sip:")) {
                    ladder.asked.add(callId.group(1));
                } else if (logged.contains("SIP/2.0 180") && logged.contains('@' + DEAD)) {
                    ladder.rangAt.add(callId.group(1));
                } else if (logged.contains("SIP/2.0 200") && logged.contains(" INVITE")) {
                    final Matcher contact = CONTACT.matcher(logged);
                    ladder.answeredBy.put(callId.group(1), contact.find() ? contact.group(1) : "?");
                } else if (logged.contains("SIP/2.0 200") && logged.contains("CSeq: 2 BYE")) {
                    ladder.ended.add(callId.group(1));
                }
            }
            return ladder;
        }
    }
}
