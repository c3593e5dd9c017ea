package org.tandemsip.server.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Real SIPp agents call each other through a real server, in both modes and every mix of transports. Each flow has a
 * pair of trunks of its own, so that all run at the same time.
 */
@ExtendWith(Sipp.class)
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class CallFlowsIT {
    @ParameterizedTest(name = "{0}, caller {1}, callee {2}")
    @CsvSource({"stateless,udp,udp", "stateful,udp,udp", "stateless,tcp,tcp", "stateful,tcp,tcp", "stateless,udp,tcp",
        "stateful,udp,tcp", "stateless,tcp,udp", "stateful,tcp,udp"})
    void shouldCarryEveryFlow(final String mode, final String callerTransport, final String calleeTransport)
            throws Exception {
        // given
        final List<CallFlows> flows = new ArrayList<>(CallFlows.ALL);
        // SIPp takes an INVITE that comes again over TCP, as it does from UDP without state, for a mistake.
        if (mode.equals("stateless") && (callerTransport.equals("tcp") || calleeTransport.equals("udp"))) {
            flows.add(CallFlows.SILENCE);
        }
        carry(mode, callerTransport, calleeTransport, flows, "500ms");
    }

    @ParameterizedTest(name = "caller {0}, callee {1}")
    @CsvSource({"udp,tcp", "tcp,udp"})
    void shouldEndACallThatNobodyAnswers(final String callerTransport, final String calleeTransport)
            throws Exception {
        carry("stateful", callerTransport, calleeTransport, List.of(CallFlows.TIMEOUT), "100ms");
    }

    /** Runs flows through a server of its own. @param t1 timer T1 of the server, as its configuration has it */
    static void carry(final String mode, final String callerTransport, final String calleeTransport,
            final List<CallFlows> flows, final String t1) throws Exception {
        final FlowServer.Mix mix = new FlowServer.Mix(callerTransport, calleeTransport);
        final List<FlowServer.Pair> pairs = new ArrayList<>();
        try (FlowServer server = FlowServer.start(mode, mix, flows, t1, "")) {
            assertEquals(List.of(), server.carry(pairs), server::toString);
        }
        for (final FlowServer.Pair pair : pairs) {
            if (pair.flow() == CallFlows.SILENCE) {
                assertPassedOnInSilence(pair, callerTransport.equals("udp"));
            }
        }
    }

    /** Each INVITE of the caller has arrived, the retransmissions too; the caller has heard nothing. */
    private static void assertPassedOnInSilence(final FlowServer.Pair pair, final boolean retransmits)
            throws IOException {
        final long sent = pair.caller().count("INVITE sip:");
        assertTrue(retransmits ? sent >= 3 : sent == 1, () -> sent + " INVITEs sent");
        assertEquals(sent, pair.callee().count("INVITE sip:"));
        assertEquals(0, pair.caller().count("SIP/2.0 "));
    }
}
