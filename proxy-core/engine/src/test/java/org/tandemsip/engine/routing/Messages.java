package org.tandemsip.engine.routing;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.tandemsip.codec.IpAddress;
import org.tandemsip.codec.KeyedHash;
import org.tandemsip.codec.Limits;
import org.tandemsip.codec.ParseError;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.SipParser;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.handler.Destination;
import org.tandemsip.engine.handler.Egress;
import org.tandemsip.engine.handler.ListenPoint;
import org.tandemsip.engine.handler.NameService;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.handler.Source;
import org.tandemsip.engine.metrics.Counters;
import org.tandemsip.engine.timer.TimerLanes;
import org.tandemsip.engine.timer.Timing;

/** Messages, addresses and contexts for tests of routing and proxies, from text. */
public final class Messages {
    /** Secrets of the node under test. */
    public static final ShardContext.Keys KEYS = new ShardContext.Keys(1, 2, 3, 4);

    private Messages() {}

    /** Parses lines separated by LF; a body stands behind the empty line. */
    public static SipMessage parse(final String lines) {
        return parse(lines.replace("\n", "\r\n").getBytes(StandardCharsets.UTF_8));
    }

    /** Parses bytes as they are. */
    public static SipMessage parse(final byte[] bytes) {
        final SipMessage message = new SipMessage(Limits.DEFAULTS.headerRows());
        message.wrap(new UnsafeBuffer(bytes), 0, bytes.length);
        final SipParser parser = new SipParser(Limits.DEFAULTS);
        final ParseError error = parser.parse(message, false);
        if (error != ParseError.NONE) {
            throw new IllegalArgumentException(error + " at " + parser.errorOffset() + " of\n"
                    + new String(bytes, StandardCharsets.UTF_8));
        }
        return message;
    }

    /** Text of a message, CRLF as LF. */
    public static String text(final byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8).replace("\r\n", "\n");
    }

    /** Address from text. */
    public static IpAddress address(final String host) {
        final IpAddress address = new IpAddress();
        if (!address.parse(host)) {
            throw new IllegalArgumentException(host);
        }
        return address;
    }

    /** Source from {@code HOST:PORT} or {@code [IPv6]:PORT}. */
    public static Source source(final Transport transport, final int listenPoint, final String hostPort) {
        final IpAddress address = address(host(hostPort));
        final Source source = new Source();
        source.transport = transport;
        source.listenPoint = listenPoint;
        source.addressHigh = address.high();
        source.addressLow = address.low();
        source.port = port(hostPort);
        source.connection = transport == Transport.UDP ? 0 : 0x1f;
        return source;
    }

    /** Source over UDP on the first listen point. */
    public static Source source(final String hostPort) {
        return source(Transport.UDP, 0, hostPort);
    }

    /** Peer from {@code HOST:PORT}. */
    public static Peer peer(final Transport transport, final String hostPort) {
        return peer(hostPort, transport, hostPort);
    }

    /** Peer with a name of its own. */
    public static Peer peer(final String name, final Transport transport, final String hostPort) {
        final IpAddress address = address(host(hostPort));
        final int port = port(hostPort);
        return new Peer(name, transport, address.high(), address.low(), port,
                new KeyedHash(1, 2).begin().add(address.high()).add(address.low()).add(port).end());
    }

    /** Trunk with UDP peers. */
    public static Trunk trunk(final int index, final String name, final List<String> peers, final List<String> allow) {
        final List<Peer> all = new ArrayList<>();
        peers.forEach(peer -> all.add(peer(null, peer)));
        return new Trunk(index, name, all, allow.stream().map(Cidr::parse).toList(), new int[] {503});
    }

    /** Listen point whose sent-by is its address. */
    public static ListenPoint listenPoint(final int index, final Transport transport, final String hostPort) {
        final IpAddress address = address(host(hostPort));
        return new ListenPoint(index, transport, address.high(), address.low(), port(hostPort),
                hostPort.getBytes(StandardCharsets.US_ASCII));
    }

    /** Policy with the usual values. */
    public static RoutingPolicy policy(final Mode mode, final List<Trunk> trunks, final List<Route> routes) {
        return new RoutingPolicy(mode, trunks, routes, Timing.DEFAULTS, 70, true);
    }

    /** Context of a shard that sends to {@code egress}. */
    public static ShardContext context(final List<ListenPoint> listenPoints, final Egress egress,
            final RoutingPolicy policy, final ShardContext.Keys keys) {
        return context(listenPoints, egress, policy, keys, NameService.NONE);
    }

    /** As above, with someone who looks names up. */
    public static ShardContext context(final List<ListenPoint> listenPoints, final Egress egress,
            final RoutingPolicy policy, final ShardContext.Keys keys, final NameService names) {
        return new ShardContext(0, egress, new TimerLanes(), new Counters(), listenPoints, Limits.DEFAULTS, keys, 4_000,
                policy, names);
    }

    /** Context for things that send nothing. */
    public static ShardContext context(final ListenPoint... listenPoints) {
        return context(List.of(listenPoints), new Silence(), policy(Mode.STATELESS, List.of(), List.of()), KEYS);
    }

    private static String host(final String hostPort) {
        return hostPort.substring(0, hostPort.lastIndexOf(':')).replace("[", "").replace("]", "");
    }

    private static int port(final String hostPort) {
        return Integer.parseInt(hostPort.substring(hostPort.lastIndexOf(':') + 1));
    }

    /** An egress that keeps nothing. */
    public static final class Silence implements Egress {
        private final UnsafeBuffer buffer = new UnsafeBuffer(new byte[65_536]);

        @Override
        public MutableDirectBuffer claim(final int length) {
            return buffer;
        }

        @Override
        public void send(final int length, final Destination destination, final long correlation) {}

        @Override
        public int flush() {
            return 0;
        }
    }
}
