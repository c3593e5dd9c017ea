package org.tandemsip.server.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.function.UnaryOperator;
import org.tandemsip.codec.Edits;
import org.tandemsip.codec.ResponseWriter;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Slice;
import org.tandemsip.codec.Status;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.handler.Destination;
import org.tandemsip.engine.handler.Disposition;
import org.tandemsip.engine.handler.HandlerFactory;
import org.tandemsip.engine.handler.MessageHandler;
import org.tandemsip.engine.handler.NameService;
import org.tandemsip.engine.handler.Policy;
import org.tandemsip.engine.handler.ReceivedVia;
import org.tandemsip.engine.handler.ShardCommand;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.handler.Source;
import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.engine.metrics.Counters;
import org.tandemsip.engine.shard.ShardReports;
import org.tandemsip.engine.timer.TimerNode;

/**
 * A running network on loopback whose handler answers what it is asked for. The method says what happens: OPTIONS is
 * answered 200, MESSAGE is sent on as it is to {@link #forwardTo}, INFO poisons, PUBLISH is answered by a timer 50 ms
 * later, REFER keeps the shard busy until {@link #released}; responses and ACKs are absorbed.
 */
final class TestNet implements AutoCloseable, HandlerFactory {
    static final ShardContext.Keys KEYS = new ShardContext.Keys(11, 12, 13, 14);
    static final long CORRELATION = 77;
    private static final Queue<String> LEAKS = new ConcurrentLinkedQueue<>();
    private static final InetAddress IPV4 = InetAddress.ofLiteral("127.0.0.1");

    final Queue<String> absorbed = new ConcurrentLinkedQueue<>();
    final Queue<Long> failed = new ConcurrentLinkedQueue<>();
    final Queue<ShardCommand.Unreachable> unreachable = new ConcurrentLinkedQueue<>();
    final Queue<String> threads = new ConcurrentLinkedQueue<>();
    /** Ends the wait of every shard that a REFER keeps busy. */
    final CountDownLatch released = new CountDownLatch(1);
    volatile InetSocketAddress forwardTo;
    volatile Transport forwardOver = Transport.TCP;
    volatile int forwardCopies = 1;
    volatile boolean known = true;
    /** Whether connections begin with a PROXY protocol header. */
    volatile boolean balanced;
    volatile String trunk;
    volatile int forwardIdentity;
    /** Ports of the sources that were reported as unknown. */
    final Queue<Integer> refusedPorts = new ConcurrentLinkedQueue<>();
    /** Of how many more the reports have said that they were kept back. */
    final AtomicLong refusedSuppressed = new AtomicLong();
    final Network network;

    TestNet() throws Exception {
        this(shape -> shape);
    }

    TestNet(final UnaryOperator<Shape> shaping) throws Exception {
        final Shape shape = shaping.apply(new Shape());
        final NetworkConfig defaults = NetworkConfig.of(shape.listen, KEYS);
        network = Network.start(
                new NetworkConfig(shape.listen, shape.threading, shape.loops, shape.shards, NetworkConfig.Idle.BACKOFF,
                        shape.ringSize, 1_000, 1 << 20, defaults.limits(), shape.streams, KEYS),
                this, new Policy() {}, new SourceFilter() {
                    @Override
                    public int trunkOf(final Source source) {
                        return known ? 0 : SourceFilter.UNKNOWN;
                    }

                    @Override
                    public boolean balancer(final Source source) {
                        return balanced;
                    }

                    @Override
                    public String nameOf(final Source source) {
                        return known ? trunk : null;
                    }
                }, new Reports(), NameService.NONE, shape.tls);
    }

    static {
        ByteBufUtil.setLeakListener((resource, records) -> LEAKS.add(records));
    }

    /** No buffer has become garbage without being released. */
    static void assertNoLeaks() throws InterruptedException {
        for (int i = 0; i < 5; i++) {
            System.gc();
            Thread.sleep(20);
            // Leaks are found when the next buffer is made.
            ByteBufAllocator.DEFAULT.directBuffer(16).release();
        }
        assertEquals(List.of(), List.copyOf(LEAKS));
    }

    /** What a test may choose. */
    static final class Shape {
        List<NetworkConfig.Listen> listen = List.of(udp(IPV4), tcp(IPV4));
        NetworkConfig.Threading threading = NetworkConfig.Threading.SHARED;
        int loops = 1;
        int shards = 1;
        int ringSize = 1_024;
        Tls tls;
        NetworkConfig.Streams streams = NetworkConfig.Streams.DEFAULTS;

        Shape loops(final int count) {
            loops = count;
            return this;
        }

        Shape dedicated(final int loopCount, final int shardCount) {
            threading = NetworkConfig.Threading.DEDICATED;
            loops = loopCount;
            shards = shardCount;
            return this;
        }

        Shape listen(final NetworkConfig.Listen... points) {
            listen = List.of(points);
            return this;
        }

        Shape ringSize(final int slots) {
            ringSize = slots;
            return this;
        }

        Shape tls(final Tls shared) {
            tls = shared;
            return this;
        }

        Shape streams(final NetworkConfig.Streams bounds) {
            streams = bounds;
            return this;
        }
    }

    static NetworkConfig.Listen udp(final InetAddress address) {
        return new NetworkConfig.Listen(Transport.UDP, address, 0, null);
    }

    static NetworkConfig.Listen tcp(final InetAddress address) {
        return new NetworkConfig.Listen(Transport.TCP, address, 0, null);
    }

    static NetworkConfig.Listen tls(final InetAddress address) {
        return new NetworkConfig.Listen(Transport.TLS, address, 0, null);
    }

    InetSocketAddress udpAddress() {
        return address(0);
    }

    InetSocketAddress tcpAddress() {
        return address(1);
    }

    InetSocketAddress address(final int listenPoint) {
        final var point = network.listenPoints().get(listenPoint);
        return new InetSocketAddress(Addresses.inetAddress(point.addressHigh(), point.addressLow()), point.port());
    }

    long count(final Counter counter) {
        return Counters.sum(network.counters(), counter);
    }

    void awaitCount(final Counter counter, final long wanted) throws InterruptedException {
        await(counter + " to be " + wanted + ", last " + count(counter), () -> count(counter) == wanted);
    }

    /** Everything received has had its fate. */
    void assertIdentity() throws InterruptedException {
        await("identity", () -> Counters.unaccounted(network.counters()) == 0);
        assertEquals(0, Counters.unaccounted(network.counters()));
    }

    static void await(final String what, final BooleanSupplier condition) throws InterruptedException {
        final long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - deadlineNs > 0) {
                fail("waited in vain for " + what);
            }
            Thread.sleep(2);
        }
    }

    static String request(final String method, final String callId, final String body) {
        return request(method, callId, "SIP/2.0/UDP 127.0.0.1:9;rport;branch=z9hG4bK-" + callId, body);
    }

    static String request(final String method, final String callId, final String via, final String body) {
        return method + " sip:bob@127.0.0.1 SIP/2.0\r\nVia: " + via + "\r\nMax-Forwards: 70\r\n"
                + "From: <sip:alice@127.0.0.1>;tag=1\r\nTo: <sip:bob@127.0.0.1>\r\nCall-ID: " + callId + "\r\nCSeq: 1 "
                + method + "\r\nContent-Length: " + body.length() + "\r\n\r\n" + body;
    }

    static String response(final String callId) {
        return "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK1\r\nFrom: <sip:alice@127.0.0.1>;tag=1\r\n"
                + "To: <sip:bob@127.0.0.1>;tag=2\r\nCall-ID: " + callId
                + "\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n";
    }

    static byte[] ascii(final String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    @Override
    public String mode() {
        return "test";
    }

    @Override
    public MessageHandler create(final ShardContext context) {
        return new Answering(context);
    }

    @Override
    public void close() {
        network.close();
    }

    private final class Reports implements ShardReports {
        @Override
        public void fault(final int shard, final Seam seam, final Throwable cause, final SipMessage message,
                final long suppressed) {
            // The counters tell.
        }

        @Override
        public void refused(final int shard, final Source source, final long suppressed) {
            refusedPorts.add(source.port);
            refusedSuppressed.addAndGet(suppressed);
        }
    }

    private final class Answering implements MessageHandler {
        private final ShardContext context;
        private final ResponseWriter writer = new ResponseWriter();
        private final ReceivedVia receivedVia = new ReceivedVia();
        private final Edits edits = new Edits(4, 256);
        private final Destination destination = new Destination();
        private int live;

        Answering(final ShardContext context) {
            this.context = context;
        }

        @Override
        public Disposition onRequest(final SipMessage request, final Source source, final long nowNs) {
            threads.add(Thread.currentThread().getName());
            return switch (request.method()) {
                case ACK -> {
                    absorbed.add("ACK " + callId(request));
                    yield Disposition.ABSORBED;
                }
                case INFO -> throw new IllegalStateException("poison");
                case MESSAGE -> forward(request);
                case PUBLISH -> later(request, source, nowNs);
                case REFER -> {
                    awaitRelease();
                    yield answer(request, source);
                }
                default -> answer(request, source);
            };
        }

        @Override
        public Disposition onResponse(final SipMessage response, final Source source, final long nowNs) {
            absorbed.add(response.statusCode() + " " + callId(response) + " on " + source.listenPoint);
            return Disposition.ABSORBED;
        }

        @Override
        public void onCommand(final ShardCommand command, final long nowNs) {
            if (command instanceof ShardCommand.SendFailed(final long correlation, _)) {
                failed.add(correlation);
            } else if (command instanceof ShardCommand.Unreachable report) {
                unreachable.add(report);
            }
        }

        @Override
        public int live() {
            return live;
        }

        private void awaitRelease() {
            try {
                assertTrue(released.await(20, TimeUnit.SECONDS));
            } catch (final InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            }
        }

        private Disposition answer(final SipMessage request, final Source source) {
            receivedVia.edit(edits.reset(), request, request.topVia(), source);
            writer.begin(request, Status.OK_200, 42, edits, context.egress().claim(request.length() + 256), 0);
            final int length = writer.finish();
            ReceivedVia.responseDestination(request.topVia(), source, destination);
            context.egress().send(length, destination, 0);
            return Disposition.ANSWERED;
        }

        private Disposition forward(final SipMessage request) {
            destination.transport = forwardOver;
            destination.listenPoint = forwardOver == Transport.UDP ? 0 : 1;
            destination.addressHigh = Addresses.high(forwardTo.getAddress());
            destination.addressLow = Addresses.low(forwardTo.getAddress());
            destination.port = forwardTo.getPort();
            destination.connection = 0;
            destination.identity = forwardIdentity;
            for (int i = 0; i < forwardCopies; i++) {
                context.egress().claim(request.length()).putBytes(0, request.bytes(), 0, request.length());
                context.egress().send(request.length(), destination, CORRELATION);
            }
            return Disposition.FORWARDED;
        }

        private Disposition later(final SipMessage request, final Source source, final long nowNs) {
            live++;
            final int length = request.length();
            final byte[] copy = new byte[length];
            request.bytes().getBytes(0, copy);
            final Destination back = new Destination().set(source);
            context.timers().arm(new TimerNode() {
                @Override
                protected void expired(final long expiredNs) {
                    live--;
                    context.egress().claim(length).putBytes(0, copy);
                    context.egress().send(length, back, 0);
                }
            }, context.timers().lane(50_000_000L), nowNs);
            return Disposition.ABSORBED;
        }

        private String callId(final SipMessage message) {
            final long callId = message.callId();
            return message.bytes().getStringWithoutLengthAscii(Slice.offset(callId), Slice.length(callId));
        }
    }
}
