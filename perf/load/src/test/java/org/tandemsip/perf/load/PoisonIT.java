package org.tandemsip.perf.load;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Slice;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.handler.Disposition;
import org.tandemsip.engine.handler.HandlerFactory;
import org.tandemsip.engine.handler.MessageHandler;
import org.tandemsip.engine.handler.ShardCommand;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.handler.Source;
import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.engine.proxy.Proxy;
import org.tandemsip.engine.routing.Cidr;
import org.tandemsip.engine.routing.Mode;
import org.tandemsip.engine.routing.Route;
import org.tandemsip.engine.routing.RoutingPolicy;
import org.tandemsip.engine.routing.Trunk;
import org.tandemsip.engine.shard.ShardReports;
import org.tandemsip.engine.timer.Timing;
import org.tandemsip.server.transport.Network;
import org.tandemsip.server.transport.NetworkConfig;

/** Messages that make the handler throw must not hurt any other. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class PoisonIT {
    private static final int POISONOUS = 100;
    private static final byte[] MARK = "X-Poison".getBytes(US_ASCII);

    /** The real proxy, but for messages with the mark: those find a bug. */
    private record Poisoned(Proxy proxy) implements MessageHandler {
        @Override
        public Disposition onRequest(final SipMessage request, final Source source, final long nowNs) {
            throwIfMarked(request);
            return proxy.onRequest(request, source, nowNs);
        }

        private static void throwIfMarked(final SipMessage message) {
            for (int row = 0; row < message.rows(); row++) {
                final long name = message.rowNameToken(row);
                boolean marked = Slice.length(name) == MARK.length;
                for (int i = 0; marked && i < MARK.length; i++) {
                    marked = message.bytes().getByte(Slice.offset(name) + i) == MARK[i];
                }
                if (marked) {
                    throw new IllegalStateException("poison");
                }
            }
        }

        @Override
        public Disposition onResponse(final SipMessage response, final Source source, final long nowNs) {
            throwIfMarked(response);
            return proxy.onResponse(response, source, nowNs);
        }

        @Override
        public void onCommand(final ShardCommand command, final long nowNs) {
            proxy.onCommand(command, nowNs);
        }

        @Override
        public int live() {
            return proxy.live();
        }
    }

    private static final class Factory implements HandlerFactory {
        @Override
        public String mode() {
            return "poisoned";
        }

        @Override
        public MessageHandler create(final ShardContext context) {
            return new Poisoned(new Proxy(context));
        }
    }

    @ParameterizedTest
    @EnumSource(value = Mode.class, names = {"STATELESS", "STATEFUL"})
    void shouldCompleteEveryOtherCallWhen100RequestsAndAsManyResponsesMakeTheHandlerThrow(final Mode mode)
            throws Exception {
        // given
        final InetAddress loopback = InetAddress.getByName("127.0.0.1");
        final InetSocketAddress any = new InetSocketAddress(loopback, 0);
        final InetSocketAddress proxy;
        try (DatagramSocket free = new DatagramSocket(any)) {
            proxy = (InetSocketAddress) free.getLocalSocketAddress();
        }
        final Cidr local = Cidr.parse("127.0.0.0/8");
        final Trunk agents = new Trunk(0, "agents", List.of(), List.of(local), new int[0]);
        final RoutingPolicy policy = new RoutingPolicy(mode, List.of(agents),
                List.of(new Route("all", agents, Route.Match.ANY, List.of(), List.of(), List.of(local), null)),
                Timing.DEFAULTS,
                70, true);
        final NetworkConfig config = NetworkConfig.of(
                List.of(new NetworkConfig.Listen(Transport.UDP, loopback, proxy.getPort(), null)),
                new ShardContext.Keys(1, 2, 3, 4));
        try (LoadRun run = new LoadRun(new LoadPlan(any, any, null, 100, 4_000_000_000L, 0, 0));
                Network network = Network.start(config, new Factory(), policy, source -> 0, ShardReports.NONE)) {
            // when
            final CompletableFuture<Void> poison = CompletableFuture.runAsync(() -> poison(proxy));
            final LoadResult result = run.run(proxy, 0, LoadRun.Progress.NONE);
            poison.get();

            // then
            assertTrue(result.clean(), result::summary);
            assertEquals(2 * POISONOUS, network.counters().stream().mapToLong(each -> each.get(Counter.FAULTS)).sum());
        }
    }

    private static void poison(final InetSocketAddress proxy) {
        try (DatagramSocket socket = new DatagramSocket(new InetSocketAddress("127.0.0.1", 0))) {
            for (int i = 0; i < POISONOUS; i++) {
                final byte[] options =
                        ("OPTIONS sip:127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:" + socket.getLocalPort()
                                + ";branch=z9hG4bK" + i + "\r\nMax-Forwards: 70\r\nFrom: <sip:p@127.0.0.1>;tag=" + i
                                + "\r\nTo: <sip:p@127.0.0.1>\r\nCall-ID: poison" + i
                                + "\r\nCSeq: 1 OPTIONS\r\nX-Poison: yes\r\n"
                                + "Content-Length: 0\r\n\r\n").getBytes(US_ASCII);
                final byte[] response = new String(options, US_ASCII)
                        .replaceFirst("^OPTIONS [^\r]*", "SIP/2.0 200 OK").getBytes(US_ASCII);
                socket.send(new DatagramPacket(options, options.length, proxy));
                socket.send(new DatagramPacket(response, response.length, proxy));
                Thread.sleep(20); // among the calls, all along
            }
        } catch (final IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
