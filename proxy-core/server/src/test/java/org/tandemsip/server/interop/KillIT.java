package org.tandemsip.server.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Established calls outlive the process: all that routes their BYE stands in the Record-Route. */
@ExtendWith(Sipp.class)
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class KillIT {
    private static final String PROXY = "127.0.4.1";
    private static final int PORT = 5160;
    private static final int CALLS = 100;
    private static final String CALLER = """
            > INVITE sdp
            < 100 ?
            < 180
            < 200 keep
            > ACK
            wait 25000
            > BYE
            < 200
            """;
    private static final String CALLEE = """
            < INVITE keep
            > 180
            > 200 sdp
            < ACK
            < BYE
            > 200
            """;

    @ParameterizedTest
    @ValueSource(strings = {"stateless", "stateful"})
    void shouldPassEveryByeWhenKilledAndRestartedInTheMiddleOf100Calls(final String mode)
            throws IOException, InterruptedException {
        // given
        final String config = """
                listen: [udp://%1$s:%2$d]
                mode: %3$s
                trunks:
                  caller: {peers: ["127.0.4.2:5070"]}
                  callee: {peers: ["127.0.4.3:5080"]}
                routes: [{from: caller, to: callee}, {from: callee, to: caller}]
                """.formatted(PROXY, PORT, mode);
        try (ServerProcess server = ServerProcess.start(new InetSocketAddress(PROXY, PORT), "127.0.4.2", config)) {
            final Sipp.Agent callee = Sipp.start("killed-callee", SippScript.render(false, "killed", CALLEE),
                    "127.0.4.3", 5080,
                    false, CALLS, "-timeout", "100s");
            Thread.sleep(500); // SIPp does not say when it has bound its port
            final Sipp.Agent caller = Sipp.start("killed-caller", SippScript.render(true, "killed", CALLER),
                    "127.0.4.2", 5070,
                    false, CALLS, "-timeout", "100s", "-r", "50", "-s", "callee", PROXY + ':' + PORT);
            while (callee.calls("ACK sip:") < CALLS && caller.process().isAlive()) {
                Thread.sleep(50); // each call takes a moment and is then held for 25 s
            }

            // when
            final long begun = caller.count("INVITE sip:");
            server.kill();
            final long ended = caller.count("BYE sip:");
            server.restart("127.0.4.2");

            // then: all of them stood, and none began or ended before the server was gone
            assertEquals(CALLS, callee.calls("ACK sip:"), caller::toString);
            assertEquals(0, ended);
            assertEquals(0, caller.await(90), caller::toString);
            assertEquals(0, callee.await(10), callee::toString);
            assertEquals(begun, caller.count("INVITE sip:"));
            assertEquals(CALLS, callee.calls("INVITE sip:"));
        }
    }
}
