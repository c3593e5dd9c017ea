package org.tandemsip.server.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Calls with two dialogs outlive the process: it is killed, starts again, and either side, time or order ends them. */
@ExtendWith(Sipp.class)
@Timeout(value = 240, unit = TimeUnit.SECONDS)
class KilledCallsIT {
    private static final String PROXY = "127.0.1.71";
    private static final int CALLS = 20;
    /** Up, and asked after the restart whether they are still there. */
    private static final String CALLS_UP =
            "> INVITE sdp\n< 100 ?\n< 180\n< 200 keep\n> ACK\n< OPTIONS\n> 200\n";
    private static final String TAKES_UP = "< INVITE keep\n> 180\n> 200 sdp\n< ACK\n< OPTIONS\n> 200\n";
    private static final String HANGS_UP = "wait 5000\n> BYE\n< 200\n";
    private static final String IS_HUNG_UP = "< BYE\n> 200\n";

    private final List<Sipp.Agent> agents = new ArrayList<>();

    @Test
    void shouldEndEveryCallOnBothSidesAndWriteOneRecordOfEach(@TempDir final Path folder)
            throws IOException, InterruptedException {
        // given
        final Path records = folder.resolve("cdr.jsonl");
        final String yaml = """
                listen: [udp://127.0.1.71:5160]
                mode: b2bua
                trunks:
                  caller1: {peers: ["127.0.2.71:5070"]}
                  caller2: {peers: ["127.0.2.72:5070"]}
                  caller3: {peers: ["127.0.2.73:5070"]}
                  caller4: {peers: ["127.0.2.74:5070"]}
                  callee1: {peers: ["127.0.3.71:5080"]}
                  callee2: {peers: ["127.0.3.72:5080"]}
                  callee3: {peers: ["127.0.3.73:5080"]}
                  callee4: {peers: ["127.0.3.74:5080"]}
                routes:
                  - {from: caller1, to: callee1}
                  - {from: caller2, to: callee2}
                  - {from: caller3, to: callee3}
                  - {from: caller4, to: callee4, max-duration: 40s}
                cdr: {file: %s, sqlite: %s}
                """.formatted(records, folder.resolve("calls.db"));
        try (ServerProcess server =
                ServerProcess.start(new InetSocketAddress(PROXY, 5160), "127.0.2.71", yaml)) {
            pair(1, CALLS, CALLS_UP + HANGS_UP, TAKES_UP + IS_HUNG_UP);
            pair(2, CALLS, CALLS_UP + IS_HUNG_UP, TAKES_UP + HANGS_UP);
            pair(3, 2, CALLS_UP + IS_HUNG_UP, TAKES_UP + IS_HUNG_UP);
            pair(4, CALLS, CALLS_UP + IS_HUNG_UP, TAKES_UP + IS_HUNG_UP);
            for (int i = 0; i < agents.size(); i += 2) {
                final int expected = i == 4 ? 2 : CALLS;
                while (agents.get(i).calls("ACK sip:") < expected && agents.get(i + 1).process().isAlive()) {
                    Thread.sleep(50);
                }
            }

            // What they have acknowledged has been written down when a question asked after it is answered.
            assertEquals(3 * CALLS + 2, server.verb("calls").lines().filter(line -> line.contains("answered")).count());

            // when
            server.kill();
            server.restart("127.0.2.71");

            // then
            while (agents.get(4).calls("OPTIONS sip:") + agents.get(5).calls("OPTIONS sip:") < 4
                    && agents.get(4).process().isAlive()) {
                Thread.sleep(50);
            }
            final String calls = server.verb("calls");
            final List<String> ids = calls.lines().filter(line -> line.contains("caller3"))
                    .map(line -> line.split(" ")[0]).toList();
            assertEquals(2, ids.size(), calls);
            for (final String id : ids) {
                server.verb("calls", "hangup", id);
            }
            for (final Sipp.Agent agent : agents) {
                assertEquals(0, agent.await(100), agent::toString);
            }
            final int all = 3 * CALLS + 2;
            while (Files.readAllLines(records).size() < all) {
                Thread.sleep(50);
            }
            final String history = server.verb("calls", "--history", "--last", "100");
            assertTrue(history.lines().count() > 1, history);
            assertTrue(server.verb("status").contains("records"), server::toString);
        }
        final List<String> lines = Files.readAllLines(records);
        assertEquals(3 * CALLS + 2, lines.size());
        assertEquals(lines.size(), lines.stream().map(line -> line.replaceFirst(".*\"call_id\":\"([^\"]*)\".*", "$1"))
                .distinct().count());
        assertEquals(CALLS, count(lines, "\"trunk_in\":\"caller1\"", "\"hangup_by\":\"caller\""), lines.toString());
        assertEquals(CALLS, count(lines, "\"trunk_in\":\"caller2\"", "\"hangup_by\":\"callee\""), lines.toString());
        assertEquals(2, count(lines, "\"trunk_in\":\"caller3\"", "\"hangup_by\":\"admin\""), lines.toString());
        assertEquals(CALLS, count(lines, "\"trunk_in\":\"caller4\"", "\"hangup_by\":\"limit\""), lines.toString());
        assertTrue(lines.stream().filter(line -> line.contains("\"trunk_in\":\"caller4\""))
                .mapToLong(line -> Long.parseLong(line.replaceFirst(".*\"duration_ms\":(\\d+).*", "$1")))
                .allMatch(duration -> duration >= 40_000 && duration < 60_000), lines.toString());
    }

    private static long count(final List<String> lines, final String one, final String other) {
        return lines.stream().filter(line -> line.contains(one) && line.contains(other)).count();
    }

    private void pair(final int number, final int calls, final String caller, final String callee)
            throws IOException, InterruptedException {
        agents.add(Sipp.start("kept-callee" + number, SippScript.render(false, "kept", callee), "127.0.3.7" + number,
                5080, false, calls, "-timeout", "120s").awaitBound("127.0.3.7" + number, 5080));
        agents.add(Sipp.start("kept-caller" + number, SippScript.render(true, "kept", caller), "127.0.2.7" + number,
                5070, false, calls, "-timeout", "120s", "-r", "50", "-s", "callee", PROXY + ":5160"));
    }
}
