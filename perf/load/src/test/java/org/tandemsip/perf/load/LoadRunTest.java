package org.tandemsip.perf.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tandemsip.codec.Transport;

/** Calls through a plain datagram relay, which forwards bytes between caller and answerer and may lose some. */
@Timeout(value = 90, unit = TimeUnit.SECONDS)
class LoadRunTest {
    /** Relays between two addresses; every {@code loseEvery}-th datagram is lost. */
    private static final class Relay implements AutoCloseable {
        private final DatagramSocket socket = new DatagramSocket(new InetSocketAddress("127.0.0.1", 0));
        private final Thread thread;

        Relay(final InetSocketAddress one, final InetSocketAddress other, final int loseEvery) throws SocketException {
            thread = Thread.ofPlatform().start(() -> relay(one, other, loseEvery));
        }

        private void relay(final InetSocketAddress one, final InetSocketAddress other, final int loseEvery) {
            final DatagramPacket packet = new DatagramPacket(new byte[4_096], 4_096);
            int count = 0;
            try {
                while (true) {
                    packet.setLength(4_096);
                    socket.receive(packet);
                    if (++count % loseEvery != 0) {
                        packet.setSocketAddress(packet.getSocketAddress().equals(one) ? other : one);
                        socket.send(packet);
                    }
                }
            } catch (final IOException closed) {
                // The test is over.
            }
        }

        InetSocketAddress address() {
            return (InetSocketAddress) socket.getLocalSocketAddress();
        }

        @Override
        public void close() {
            socket.close();
        }
    }

    @Test
    void shouldCompleteEveryCallWhenNothingIsLost() throws IOException {
        final LoadResult result = run(200, Integer.MAX_VALUE);

        assertEquals(200, result.begun());
        assertTrue(result.clean(), result::summary);
        assertEquals(200, result.setup().getTotalCount());
    }

    @Test
    void shouldCompleteEveryCallByRetransmissionWhenDatagramsAreLost() throws IOException {
        final LoadResult result = run(100, 10);

        assertEquals(100, result.succeeded(), result::summary);
        assertTrue(result.retransmissions() > 0, result::summary);
    }

    @Test
    void shouldAnswerTheByesThatComeAfterTheLastCallHasEnded() throws IOException {
        try (LoadRun run = new LoadRun(plan(20)); TwoDialogs server = new TwoDialogs(run, 100)) {
            final LoadResult result = run.run(server.address(), 0, LoadRun.Progress.NONE);

            assertTrue(result.clean(), result::summary);
            assertEquals(0, result.open());
            assertFalse(result.summary().contains("left open"), result::summary);
            assertEquals(20, result.latencies().teardown().getTotalCount());
        }
    }

    @Test
    void shouldSayThatCallsAreLeftOpen() throws IOException {
        try (LoadRun run = new LoadRun(plan(20)); TwoDialogs server = new TwoDialogs(run, -1)) {
            final LoadResult result = run.run(server.address(), 0, LoadRun.Progress.NONE);

            assertTrue(result.clean(), result::summary);
            assertEquals(20, result.open());
            assertTrue(result.summary().contains("left open   20 calls"), result::summary);
        }
    }

    @ParameterizedTest
    @EnumSource(Scenario.class)
    void shouldBringEveryAttemptOfAScenarioToItsEnd(final Scenario scenario) throws IOException {
        final LoadPlan plan = plan(scenario, Transport.UDP, 1);
        try (LoadRun run = new LoadRun(plan);
                Relay relay = new Relay(run.callerAddress(), run.answererAddress(), Integer.MAX_VALUE)) {
            final LoadResult result = run.run(relay.address(), 0, LoadRun.Progress.NONE);

            assertTrue(result.clean(), result::summary);
            assertEquals(40, result.begun());
            assertEquals(Map.of(), result.failuresByCode());
        }
    }

    @ParameterizedTest
    @EnumSource(Scenario.class)
    void shouldBringEveryAttemptOfAScenarioToItsEndOverTcp(final Scenario scenario) throws IOException {
        shouldEndEveryAttempt(scenario, Transport.TCP, 1);
    }

    @ParameterizedTest
    @EnumSource(Scenario.class)
    void shouldBringEveryAttemptOfAScenarioToItsEndOverTls(final Scenario scenario) throws IOException {
        shouldEndEveryAttempt(scenario, Transport.TLS, 1);
    }

    @ParameterizedTest
    @CsvSource({"UDP,2", "UDP,3", "TCP,2", "TLS,3"})
    void shouldShareTheAttemptsAmongLoops(final Transport transport, final int loops) throws IOException {
        shouldEndEveryAttempt(Scenario.MIXED, transport, loops);
    }

    private static void shouldEndEveryAttempt(final Scenario scenario, final Transport transport, final int loops)
            throws IOException {
        try (LoadRun run = new LoadRun(plan(scenario, transport, loops))) {
            final LoadResult result = run.runDirectly();

            assertTrue(result.clean(), result::summary);
            assertEquals(40, result.begun());
        }
    }

    @Test
    void shouldTellEachSecondWithItsCounts() throws IOException {
        final List<Second> seconds = new ArrayList<>();
        try (LoadRun run = new LoadRun(plan(60).at(30, 2_000_000_000L, 0));
                Relay relay = new Relay(run.callerAddress(), run.answererAddress(), Integer.MAX_VALUE)) {
            final LoadResult result = run.run(relay.address(), ProcessHandle.current().pid(), seconds::add);

            assertEquals(seconds, result.seconds());
            assertEquals(60, seconds.stream().mapToLong(Second::begun).sum());
            assertEquals(60, seconds.stream().mapToLong(Second::offered).sum());
            assertEquals(60, seconds.stream().mapToLong(Second::succeeded).sum());
            assertTrue(seconds.getFirst().usage().residentBytes() > 0);
            assertEquals(60, result.latencies().late().getTotalCount());
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void shouldCountCallsThatNobodyAnswersAsFailedAndGiveUpSoon(final boolean retransmit) throws IOException {
        final LoadPlan base = plan(20);
        final LoadPlan plan = new LoadPlan(base.caller(), base.answerer(), null, 20, base.durationNs(), 0, 0,
                Scenario.CALL, Transport.UDP, 1, retransmit, false, LoadPlan.PATIENCE_NS, 1, null);
        try (LoadRun run = new LoadRun(plan);
                DatagramSocket silent = new DatagramSocket(new InetSocketAddress("127.0.0.1", 0))) {
            final LoadResult result =
                    run.run((InetSocketAddress) silent.getLocalSocketAddress(), 0, LoadRun.Progress.NONE);

            assertEquals(20, result.begun());
            assertEquals(20, result.failed());
            assertEquals(20, result.failuresByCode().get(0));
            assertEquals(0, result.received());
            assertEquals(retransmit, result.retransmissions() > 0);
        }
    }

    private static LoadResult run(final int calls, final int loseEvery) throws IOException {
        try (LoadRun run = new LoadRun(plan(calls));
                Relay relay = new Relay(run.callerAddress(), run.answererAddress(), loseEvery)) {
            return run.run(relay.address(), ProcessHandle.current().pid(), LoadRun.Progress.NONE);
        }
    }

    private static LoadPlan plan(final Scenario scenario, final Transport transport, final int loops) {
        final InetSocketAddress any = new InetSocketAddress("127.0.0.1", 0);
        return new LoadPlan(any, any, null, 40, 1_000_000_000L, 20_000_000L, 0, scenario, transport, 3, true,
                false, LoadPlan.PATIENCE_NS, loops, TestCertificates.ends(transport));
    }

    private static LoadPlan plan(final int calls) {
        final InetSocketAddress any = new InetSocketAddress("127.0.0.1", 0);
        return new LoadPlan(any, any, null, calls, 1_000_000_000L, 0, 0);
    }
}
