package org.tandemsip.server.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.BindException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.handler.ShardCommand;
import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.engine.metrics.Stage;
import org.tandemsip.engine.shard.ShardReports;

/** The network as a whole: what it binds, and what it tells of its loops. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
@ExtendWith(NoLeaks.class)
class NetworkTest {
    @Test
    void shouldNameTheAddressThatCannotBeBound() throws Exception {
        try (TestNet net = new TestNet();
                DatagramSocket taken = new DatagramSocket(0, InetAddress.ofLiteral("127.0.0.1"))) {
            for (int loops = 1; loops <= 2; loops++) {
                final NetworkConfig config = NetworkConfig.of(List.of(new NetworkConfig.Listen(Transport.UDP,
                        InetAddress.ofLiteral("127.0.0.1"), taken.getLocalPort(), null)), TestNet.KEYS)
                        .withLoops(loops);

                // when
                final BindException refused = assertThrows(BindException.class,
                        () -> Network.start(config, net, null, source -> 0, ShardReports.NONE));

                // then
                assertEquals("cannot bind udp://127.0.0.1:" + taken.getLocalPort() + ": Address already in use",
                        refused.getMessage().replace(" (Bind failed)", ""));
            }
        }
    }

    @Test
    void shouldRefuseToShareAnAddressWithAnotherTandem() throws Exception {
        try (TestNet first = new TestNet(shape -> shape.loops(2))) {
            for (final Transport transport : new Transport[] {Transport.UDP, Transport.TCP}) {
                final int port = first.address(transport == Transport.UDP ? 0 : 1).getPort();
                final NetworkConfig config = NetworkConfig.of(List.of(new NetworkConfig.Listen(transport,
                        InetAddress.ofLiteral("127.0.0.1"), port, null)), TestNet.KEYS).withLoops(2);
                assertThrows(BindException.class,
                        () -> Network.start(config, first, null, source -> 0, ShardReports.NONE));
            }
        }
    }

    @Test
    void shouldShowLatencyAndThreads() throws Exception {
        try (TestNet net = new TestNet(); UdpClient client = new UdpClient(net)) {
            // when
            client.send(TestNet.request("OPTIONS", "timed", ""));
            client.receive();

            // then
            for (final Stage stage : Stage.values()) {
                TestNet.await(stage.name(), () -> net.network.latency(stage, 60).getTotalCount() == 1);
            }
            final var status = net.network.loops().getFirst();
            assertEquals("tandem-loop-0", status.name());
            assertTrue(status.lastBeatMs() < 30_000);
        }
    }

    @Test
    void shouldNoticeALoopThatHangs() throws Exception {
        try (TestNet net = new TestNet()) {
            // when
            net.network.command(0, new ShardCommand.Inspect(
                    () -> LockSupport.parkNanos(3_500_000_000L)));

            // then
            TestNet.await("stall", () -> net.count(Counter.LOOP_STALLS) > 0);
            final LoopStatus status = net.network.loops().getFirst();
            assertTrue(status.stalls() > 0 && status.maxStallMs() > 0, status.toString());
        }
    }
}
