package org.tandemsip.perf.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

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
        assertEquals(0, result.retransmissions(), result::summary);
        assertEquals(200, result.setup().getTotalCount());
    }

    @Test
    void shouldCompleteEveryCallByRetransmissionWhenDatagramsAreLost() throws IOException {
        final LoadResult result = run(100, 10);

        assertEquals(100, result.succeeded(), result::summary);
        assertTrue(result.retransmissions() > 0, result::summary);
    }

    @Test
    void shouldCountCallsThatNobodyAnswersAsFailed() throws IOException {
        final LoadPlan plan = plan(20);
        try (LoadRun run = new LoadRun(plan);
                DatagramSocket silent = new DatagramSocket(new InetSocketAddress("127.0.0.1", 0))) {
            final LoadResult result =
                    run.run((InetSocketAddress) silent.getLocalSocketAddress(), 0, LoadRun.Progress.NONE);

            assertEquals(20, result.begun());
            assertEquals(20, result.failed());
            assertEquals(20, result.failuresByCode().get(0));
        }
    }

    private static LoadResult run(final int calls, final int loseEvery) throws IOException {
        try (LoadRun run = new LoadRun(plan(calls));
                Relay relay = new Relay(run.callerAddress(), run.answererAddress(), loseEvery)) {
            return run.run(relay.address(), ProcessHandle.current().pid(), LoadRun.Progress.NONE);
        }
    }

    private static LoadPlan plan(final int calls) {
        final InetSocketAddress any = new InetSocketAddress("127.0.0.1", 0);
        return new LoadPlan(any, any, null, calls, 1_000_000_000L, 0, 0);
    }
}
