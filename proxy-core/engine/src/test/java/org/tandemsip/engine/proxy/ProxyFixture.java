package org.tandemsip.engine.proxy;

import java.util.ArrayDeque;
import java.util.List;
import java.util.function.Predicate;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.tandemsip.codec.IpAddress;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.handler.Destination;
import org.tandemsip.engine.handler.Disposition;
import org.tandemsip.engine.handler.Egress;
import org.tandemsip.engine.handler.ListenPoint;
import org.tandemsip.engine.handler.NameService;
import org.tandemsip.engine.handler.ShardCommand;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.handler.Source;
import org.tandemsip.engine.routing.Cidr;
import org.tandemsip.engine.routing.Messages;
import org.tandemsip.engine.routing.Mode;
import org.tandemsip.engine.routing.Route;
import org.tandemsip.engine.routing.RoutingPolicy;
import org.tandemsip.engine.routing.Trunk;

/**
 * A proxy between a carrier (198.51.100.1) and a PBX of two nodes (10.0.0.11 and .12), and some agents (192.0.2.0/24)
 * that it relays for by Request-URI.
 */
final class ProxyFixture implements Egress {
    static final int UDP = 0;
    static final int TCP = 1;
    static final int INSIDE = 2;
    static final int IPV6 = 3;
    static final List<ListenPoint> POINTS = List.of(Messages.listenPoint(UDP, Transport.UDP, "203.0.113.10:5060"),
            Messages.listenPoint(TCP, Transport.TCP, "203.0.113.10:5060"),
            Messages.listenPoint(INSIDE, Transport.UDP, "10.0.0.1:5060"),
            Messages.listenPoint(IPV6, Transport.UDP, "[2001:db8::10]:5060"));
    static final Trunk CARRIER = Messages.trunk(0, "carrier", List.of("198.51.100.1:5060"), List.of("198.51.100.0/24"));
    static final Trunk PBX = Messages.trunk(1, "pbx", List.of("10.0.0.11:5060", "10.0.0.12:5060"), List.of());
    static final Trunk AGENTS = Messages.trunk(2, "agents", List.of(), List.of("192.0.2.0/24", "2001:db8::/64"));
    static final List<Trunk> TRUNKS = List.of(CARRIER, PBX, AGENTS);
    static final List<Route> ROUTES = List.of(route(CARRIER, PBX), route(PBX, CARRIER),
            new Route("relay", AGENTS, Route.Match.ANY, List.of(), List.of(),
                    List.of(Cidr.parse("192.0.2.0/24"), Cidr.parse("2001:db8::/64")), null));

    /** A message as it left. */
    record Sent(String text, String to, int listenPoint, long connection, long correlation) {
        String header(final String name) {
            return text.lines().filter(line -> line.startsWith(name + ": "))
                    .map(line -> line.substring(name.length() + 2))
                    .findFirst().orElse(null);
        }

        List<String> headers(final String name) {
            return text.lines().filter(line -> line.startsWith(name + ": "))
                    .map(line -> line.substring(name.length() + 2))
                    .toList();
        }

        String startLine() {
            return text.lines().findFirst().orElseThrow();
        }

        String topBranch() {
            return header("Via").replaceFirst(".*;branch=([^;]*).*", "$1");
        }
    }

    final ArrayDeque<Sent> sent = new ArrayDeque<>();
    /** Messages at which sending throws. */
    Predicate<Sent> faulty = _ -> false;
    private final UnsafeBuffer buffer = new UnsafeBuffer(new byte[65_536]);
    private int claimed;
    private NameService names = NameService.NONE;
    private List<ListenPoint> points = POINTS;
    private Proxy proxy;
    private RoutingPolicy policy;
    private long nowNs;

    ProxyFixture(final Mode mode) {
        this(policy(mode, ROUTES));
    }

    ProxyFixture(final Mode mode, final NameService names) {
        this.names = names;
        restart(policy(mode, ROUTES));
    }

    ProxyFixture(final RoutingPolicy policy, final NameService names) {
        this.names = names;
        restart(policy);
    }

    ProxyFixture(final RoutingPolicy policy) {
        restart(policy);
    }

    /** With listen points of its own. */
    ProxyFixture(final RoutingPolicy policy, final List<ListenPoint> points) {
        this.points = points;
        restart(policy);
    }

    /** The same node after kill -9: nothing is left but the token key. */
    void restart(final RoutingPolicy next) {
        policy = next;
        proxy = new Proxy(Messages.context(points, this, next, Messages.KEYS, names));
    }

    /** What it was started with. */
    RoutingPolicy policy() {
        return policy;
    }

    void configure(final RoutingPolicy policy) {
        proxy.onCommand(new ShardCommand.Configure(policy), nowNs);
    }

    void command(final ShardCommand command) {
        proxy.onCommand(command, nowNs);
    }

    void sleep(final long seconds) {
        nowNs += seconds * 1_000_000_000L;
    }

    static RoutingPolicy policy(final Mode mode, final List<Route> routes) {
        return Messages.policy(mode, TRUNKS, routes);
    }

    static Route route(final Trunk from, final Trunk to) {
        return route(from, Route.Match.ANY, to);
    }

    static Route route(final Trunk from, final Route.Match match, final Trunk to) {
        return new Route(from.name() + '-' + to.name(), from, match, List.of(to), List.of(), List.of(), null);
    }

    Disposition request(final String from, final String text) {
        return request(Messages.source(from), text);
    }

    Disposition request(final Source source, final String text) {
        return proxy.onRequest(Messages.parse(text), source, nowNs);
    }

    Disposition response(final String from, final String text) {
        return response(Messages.source(from), text);
    }

    Disposition response(final Source from, final String text) {
        return proxy.onResponse(Messages.parse(text), from, nowNs);
    }

    /** The one message sent since the last call. */
    Sent one() {
        if (sent.size() != 1) {
            throw new AssertionError("expected one message, not " + sent);
        }
        return sent.poll();
    }

    /** A request with the usual headers; {@code extra} lines, each ended by LF, stand between Via and From. */
    static String message(final String method, final String uri, final String via, final String extra,
            final String toTag) {
        return method + ' ' + uri + " SIP/2.0\nVia: " + via + '\n' + extra
                + "From: \"Alice\" <sip:alice@carrier.example>;tag=caller\nTo: <sip:bob@b.example>"
                + (toTag == null ? "" : ";tag=" + toTag) + "\nCall-ID: call-1@carrier\nCSeq: 7 " + method
                + "\nMax-Forwards: 70\nX-Unknown:  kept as it is \nContent-Length: 0\n\n";
    }

    /** An answer as the next hop would build it from what it was sent. */
    static String answer(final Sent request, final int status, final String toTag) {
        final StringBuilder out = new StringBuilder("SIP/2.0 " + status + " Whatever\n");
        request.text.lines().skip(1).filter(line -> line.matches("(Via|From|Call-ID|CSeq|Record-Route): .*"))
                .forEach(line -> out.append(line).append('\n'));
        final String to = request.header("To");
        return out.append("To: ").append(to).append(to.contains(";tag=") ? "" : ";tag=" + toTag)
                .append("\nContent-Length: 0\n\n").toString();
    }

    @Override
    public MutableDirectBuffer claim(final int length) {
        claimed = length;
        return buffer;
    }

    @Override
    public void send(final int length, final Destination destination, final long correlation) {
        if (length > claimed) {
            throw new AssertionError("wrote " + length + " of " + claimed);
        }
        final byte[] bytes = new byte[length];
        buffer.getBytes(0, bytes);
        final Sent message = new Sent(Messages.text(bytes),
                destination.transport + " " + IpAddress.toString(destination.addressHigh, destination.addressLow) + ' '
                        + destination.port,
                destination.listenPoint, destination.connection, correlation);
        if (faulty.test(message)) {
            throw new IllegalStateException("a fault in between");
        }
        sent.add(message);
    }

    @Override
    public int flush() {
        return 0;
    }

    static ShardContext context(final Egress egress, final RoutingPolicy policy) {
        return Messages.context(POINTS, egress, policy, Messages.KEYS);
    }
}
