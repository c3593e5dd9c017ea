package org.tandemsip.server.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetSocketAddress;
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
    private static final int PORT = 5160;
    private static final String PROXY = "127.0.1.1";

    private record Pair(CallFlows flow, Sipp.Agent caller, Sipp.Agent callee) {}

    @ParameterizedTest(name = "{0}, caller {1}, callee {2}")
    @CsvSource({"stateless,udp,udp", "stateful,udp,udp", "stateless,tcp,tcp", "stateful,tcp,tcp", "stateless,udp,tcp",
        "stateful,udp,tcp", "stateless,tcp,udp", "stateful,tcp,udp"})
    void shouldCarryEveryFlow(final String mode, final String callerTransport, final String calleeTransport)
            throws IOException, InterruptedException {
        // given
        final List<CallFlows> flows = new ArrayList<>(CallFlows.ALL);
        // SIPp takes an INVITE that comes again over TCP, as it does from UDP without state, for a mistake.
        final boolean silence =
                mode.equals("stateless") && (callerTransport.equals("tcp") || calleeTransport.equals("udp"));
        if (silence) {
            flows.add(CallFlows.SILENCE);
        }
        carry(mode, callerTransport, calleeTransport, flows, silence, "500ms");
    }

    @ParameterizedTest(name = "caller {0}, callee {1}")
    @CsvSource({"udp,tcp", "tcp,udp"})
    void shouldEndACallThatNobodyAnswers(final String callerTransport, final String calleeTransport)
            throws IOException, InterruptedException {
        carry("stateful", callerTransport, calleeTransport, List.of(CallFlows.TIMEOUT), false, "100ms");
    }

    /**
     * Runs flows through a server of its own, and fails with what is wrong.
     *
     * @param silence whether the last is SILENCE
     * @param t1      timer T1 of the server, as its configuration has it
     */
    static void carry(final String mode, final String callerTransport, final String calleeTransport,
            final List<CallFlows> flows, final boolean silence, final String t1)
            throws IOException, InterruptedException {
        final int proxies = mode.equals("b2bua") ? 0 : 1;
        try (ServerProcess _ = ServerProcess.start(new InetSocketAddress(PROXY, PORT), caller(0),
                config(mode, callerTransport, calleeTransport, flows.size(), t1))) {
            // when
            final List<Pair> pairs = new ArrayList<>();
            for (int i = 0; i < flows.size(); i++) {
                final CallFlows flow = flows.get(i);
                pairs.add(new Pair(flow, null, Sipp.start(flow.name() + "-callee",
                        SippScript.render(false, flow.name(), flow.callee(), proxies), callee(i), 5080,
                        calleeTransport.equals("tcp"), 1)));
            }
            Thread.sleep(500); // SIPp does not say when it has bound its port
            for (int i = 0; i < flows.size(); i++) {
                final CallFlows flow = flows.get(i);
                pairs.set(i, new Pair(flow,
                        Sipp.start(flow.name() + "-caller",
                                SippScript.render(true, flow.name(), flow.caller(), proxies),
                                caller(i), 5070, callerTransport.equals("tcp"), 1, "-s", "callee", PROXY + ':' + PORT),
                        pairs.get(i).callee()));
            }
            // then
            final List<String> broken = new ArrayList<>();
            for (final Pair pair : pairs) {
                final int caller = pair.caller().await(40);
                // SIPp takes a call that is given up for failed, and that is what silence is for.
                final int wanted = pair.flow() == CallFlows.SILENCE ? 1 : 0;
                final int callee = pair.callee().await(caller == wanted ? 20 : 1);
                if (caller != wanted || callee != 0) {
                    broken.add("%s: caller %d, callee %d%n%s%n%s".formatted(pair.flow().name(), caller, callee,
                            pair.caller().complaint(), pair.callee().complaint()));
                }
            }
            assertEquals(List.of(), broken);
            if (silence) {
                assertPassedOnInSilence(pairs.getLast(), callerTransport.equals("udp"));
            }
        }
    }

    /** Each INVITE of the caller has arrived, the retransmissions too; the caller has heard nothing. */
    private static void assertPassedOnInSilence(final Pair pair, final boolean retransmits) throws IOException {
        final long sent = pair.caller().count("INVITE sip:");
        assertTrue(retransmits ? sent >= 3 : sent == 1, () -> sent + " INVITEs sent");
        assertEquals(sent, pair.callee().count("INVITE sip:"));
        assertEquals(0, pair.caller().count("SIP/2.0 "));
    }

    private static String caller(final int flow) {
        return "127.0.2." + (10 + flow);
    }

    private static String callee(final int flow) {
        return "127.0.3." + (10 + flow);
    }

    private static String config(final String mode, final String callerTransport, final String calleeTransport,
            final int flows, final String t1) {
        final StringBuilder yaml = new StringBuilder("""
                listen: [udp://%1$s:%2$d, tcp://%1$s:%2$d]
                mode: %3$s
                timers: {t1: %4$s}
                trunks:
                """.formatted(PROXY, PORT, mode, t1));
        final StringBuilder routes = new StringBuilder("routes:\n");
        for (int i = 0; i < flows; i++) {
            yaml.append(
                    "  caller%d: {peers: [\"sip:%s:5070;transport=%s\"]}%n".formatted(i, caller(i), callerTransport));
            yaml.append(
                    "  callee%d: {peers: [\"sip:%s:5080;transport=%s\"]}%n".formatted(i, callee(i), calleeTransport));
            routes.append(
                    "  - {from: caller%1$d, to: callee%1$d}%n  - {from: callee%1$d, to: caller%1$d}%n".formatted(i));
        }
        return yaml.append(routes).toString();
    }
}
