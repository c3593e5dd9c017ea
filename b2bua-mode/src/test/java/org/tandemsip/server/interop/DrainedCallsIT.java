package org.tandemsip.server.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A server that drains lets calls with two dialogs live until its deadline, and ends them on both sides then. */
@ExtendWith(Sipp.class)
@Timeout(value = 180, unit = TimeUnit.SECONDS)
class DrainedCallsIT {
    private static final String PROXY = "127.0.1.75";
    private static final String CALLER = "127.0.2.75";
    private static final String CALLEE = "127.0.3.75";
    private static final int CALLS = 20;
    /** The caller asks across while the server drains: its call is as alive as before. */
    private static final String CALLS_UP = "> INVITE sdp\n< 100 ?\n< 180\n< 200 keep\n> ACK\n";
    private static final String TAKES_UP = "< INVITE keep\n> 180\n> 200 sdp\n< ACK\n";
    private static final String ASKS = "wait 6000\n> OPTIONS\n< 200\n";
    private static final String IS_ASKED = "< OPTIONS\n> 200\n";
    private static final String IS_HUNG_UP = "< BYE\n> 200\n";

    @Test
    void shouldRefuseNewCallsAndEndTheOthersOnBothSidesAtTheDeadline(@TempDir final Path folder)
            throws IOException, InterruptedException {
        // given
        final Path records = folder.resolve("cdr.jsonl");
        final String yaml = """
                listen: [udp://127.0.1.75:5160]
                mode: b2bua
                trunks:
                  caller: {peers: ["127.0.2.75:5070"]}
                  callee: {peers: ["127.0.3.75:5080"]}
                routes:
                  - {from: caller, to: callee}
                cdr: {file: %s}
                """.formatted(records);
        final Sipp.Agent callee = Sipp.start("drained-callee", SippScript.render(false, "drained",
                TAKES_UP + IS_ASKED + IS_HUNG_UP), CALLEE, 5080, false, CALLS, "-timeout", "120s")
                .awaitBound(CALLEE, 5080);
        try (ServerProcess server = ServerProcess.start(new InetSocketAddress(PROXY, 5160), CALLER, yaml)) {
            final Sipp.Agent caller = call("drained-caller", 5070, CALLS, CALLS_UP + ASKS + IS_HUNG_UP);
            while (caller.calls("ACK sip:") < CALLS && caller.process().isAlive()) {
                Thread.sleep(50);
            }

            // when
            server.verb("drain", "--deadline", "20s");

            // then
            final Sipp.Agent late = call("late-caller", 5072, 1, "> INVITE sdp\n< 100 ?\n< 503\n> ACK fail\n");
            assertEquals(0, late.await(30), late::toString);
            final Sipp.Agent asks = call("late-question", 5074, 1, "> OPTIONS\n< 503\n");
            assertEquals(0, asks.await(30), asks::toString);
            assertEquals(0, caller.await(60), () -> caller + "\n" + server);
            assertEquals(0, callee.await(60), () -> callee + "\n" + server);
            assertEquals(CALLS, callee.calls("OPTIONS sip:"));
        }
        final List<String> lines = Files.readAllLines(records);
        assertEquals(CALLS, lines.stream().filter(line -> line.contains("\"hangup_by\":\"admin\"")
                && line.contains("Server stops")).count(), lines.toString());
    }

    private static Sipp.Agent call(final String name, final int port, final int calls, final String flow)
            throws IOException {
        return Sipp.start(name, SippScript.render(true, "drained", flow), CALLER, port, false, calls, "-timeout",
                "120s", "-r", "50", "-s", "callee", PROXY + ":5160");
    }
}
