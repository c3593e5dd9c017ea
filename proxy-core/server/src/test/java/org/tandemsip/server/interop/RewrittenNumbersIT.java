package org.tandemsip.server.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The carrier is called by the numbers that it wants, and the PBX answered with those that it has dialled; what the
 * carrier asks inside the dialog keeps its form, both ways.
 */
@ExtendWith(Sipp.class)
@Timeout(value = 240, unit = TimeUnit.SECONDS)
class RewrittenNumbersIT {
    private static final String TANDEM = "127.0.27.1";
    private static final String CARRIER = "127.0.27.20";
    private static final String PBX = "127.0.27.50";
    private static final int CALLS = 5;

    @ParameterizedTest
    @ValueSource(strings = {"stateless", "stateful"})
    void shouldAnswerWithTheNumberThatWasDialled(final String mode) throws Exception {
        carry(mode, "4930123@");
    }

    /**
     * Carries calls in a mode, with numbers wherever they may stand.
     *
     * @param toldInside the callee, as the caller sees it in what it asks inside the dialog
     */
    static void carry(final String mode, final String toldInside) throws Exception {
        try (ServerProcess server = ServerProcess.start(new InetSocketAddress(TANDEM, 5060), PBX, """
                listen: ["udp://%s:5060"]
                mode: %s
                trunks:
                  carrier:
                    peers: ["%s:5080"]
                    number: {fields: [request-uri, to, from, p-asserted-identity, diversion], rules: {"0": "+49"}}
                  pbx: {peers: ["%s:5070"], zone: core}
                routes: [{from: pbx, to: carrier}]
                """.formatted(TANDEM, mode, CARRIER, PBX))) {
            // given: each side demands to see its own form in all that it gets
            final Sipp.Agent callee = Sipp.start("numbers-callee", SippScript.render(false, "callee",
                    "< INVITE keep has:4930123@ has:4940777@ has:4940888@\n> 180\n> 200 sdp\n< ACK\n"
                            + "> INFO\n< 200 has:4930123@\n< BYE\n> 200\n"),
                    CARRIER, 5080, false,
                    CALLS);

            // when
            final Sipp.Agent caller = Sipp.start("numbers-caller", SippScript.render(true, "caller",
                    "> INVITE sdp h:P-Asserted-Identity:<sip:040777@pbx.example>"
                            + " h:Diversion:<sip:040888@pbx.example>;reason=no-answer\n< 100 ?\n"
                            + "< 180 has:sip:030123@\n< 200 keep has:sip:030123@\n> ACK\n"
                            + "< INFO has:" + toldInside + "\n> 200\n> BYE\n< 200 has:sip:030123@\n"),
                    PBX, 5070, false, CALLS, "-s", "030123", TANDEM + ":5060");

            // then
            assertEquals(0, caller.await(90), () -> complaint(caller, server));
            assertEquals(0, callee.await(60), () -> complaint(callee, server));
        }
    }

    private static String complaint(final Sipp.Agent agent, final ServerProcess server) {
        try {
            return agent.name() + '\n' + agent.complaint() + server.log();
        } catch (final IOException e) {
            return e.toString();
        }
    }
}
