package org.tandemsip.engine.proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.tandemsip.codec.IpAddress;
import org.tandemsip.codec.Limits;
import org.tandemsip.codec.ParseError;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.SipParser;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.handler.Destination;
import org.tandemsip.engine.handler.Disposition;
import org.tandemsip.engine.handler.Egress;
import org.tandemsip.engine.handler.Emergencies;
import org.tandemsip.engine.handler.HostName;
import org.tandemsip.engine.handler.ListenPoint;
import org.tandemsip.engine.handler.ShardCommand;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.handler.Source;
import org.tandemsip.engine.metrics.Counters;
import org.tandemsip.engine.routing.Balance;
import org.tandemsip.engine.routing.Mode;
import org.tandemsip.engine.routing.Ping;
import org.tandemsip.engine.routing.Route;
import org.tandemsip.engine.routing.RoutingPolicy;
import org.tandemsip.engine.routing.Total;
import org.tandemsip.engine.routing.Trunk;
import org.tandemsip.engine.routing.TrunkState;
import org.tandemsip.engine.timer.TimerLanes;
import org.tandemsip.engine.timer.Timing;

/**
 * The real proxy with its transactions, a clock that is moved by hand, and an egress that writes down what is sent.
 *
 * <pre>
 *   caller 10.0.0.1 --- proxy 10.9.9.9 --- trunk a: 10.0.1.1, 10.0.1.2
 *                                      --- trunk b: 10.0.2.1
 * </pre>
 */
final class ProxyHarness {
    static final Endpoint CALLER = Endpoint.udp("10.0.0.1");
    static final Endpoint A1 = Endpoint.udp("10.0.1.1");
    static final Endpoint A2 = Endpoint.udp("10.0.1.2");
    static final Endpoint B1 = Endpoint.udp("10.0.2.1");
    /** Local addresses: 0 is UDP, 1 is TCP. */
    static final List<ListenPoint> LISTEN_POINTS = List.of(listen(0, Transport.UDP), listen(1, Transport.TCP));

    final TimerLanes timers = new TimerLanes();
    final RecordingEgress egress = new RecordingEgress();
    final Counters counters = new Counters();
    final Proxy proxy;
    long nowNs = 1_000_000_000L;

    private final SipMessage message = new SipMessage(Limits.DEFAULTS.headerRows());
    private final SipParser parser = new SipParser(Limits.DEFAULTS);
    private final UnsafeBuffer inbound = new UnsafeBuffer(new byte[65_536]);
    private final Map<Disposition, Integer> dispositions = new EnumMap<>(Disposition.class);

    /** All messages that the proxy has received, and when: to be played to another proxy with the same keys. */
    final List<Inbound> received = new ArrayList<>();

    /** Names that the proxy has asked for, and that {@link #resolve} answers. */
    final Deque<HostName> asked = new ArrayDeque<>();

    private final int maxTransactions;
    private final RoutingPolicy policy;

    /** A message that came in. */
    record Inbound(Source source, byte[] bytes, long atNs) {}

    private ProxyHarness(final int maxTransactions, final RoutingPolicy policy) {
        this.maxTransactions = maxTransactions;
        this.policy = policy;
        proxy = twin(egress, timers);
    }

    /** Another proxy with the same configuration and keys. */
    Proxy twin(final Egress out, final TimerLanes clock) {
        return new Proxy(context(out, clock));
    }

    /** What a proxy with this configuration is made with. */
    ShardContext context(final Egress out, final TimerLanes clock) {
        return new ShardContext(0, out, clock, counters, LISTEN_POINTS, Limits.DEFAULTS,
                new ShardContext.Keys(1, 2, 3, 4), maxTransactions, policy, (_, name) -> asked.add(name));
    }

    /** All calls go to trunk a, which has one peer. */
    static ProxyHarness single() {
        return of(10_000, List.of(trunk(1, "a", A1)), List.of());
    }

    /** All calls go to trunks a and b at the same time, one peer each. */
    static ProxyHarness parallel() {
        return of(10_000, List.of(trunk(1, "a", A1), trunk(2, "b", B1)), List.of());
    }

    /** All calls go to trunk a with two peers that stand for each other. */
    static ProxyHarness failover() {
        return of(10_000, List.of(trunk(1, "a", A1, A2)), List.of());
    }

    /** All calls go to trunk a, and to trunk b when that fails; one peer each. */
    static ProxyHarness backup() {
        return of(10_000, List.of(trunk(1, "a", A1)), List.of(trunk(2, "b", B1)));
    }

    /** As {@link #single} but with room for so many transactions only. */
    static ProxyHarness small(final int maxTransactions) {
        return of(maxTransactions, List.of(trunk(1, "a", A1)), List.of());
    }

    /** Calls of {@code callers} go to the trunks {@code to}, and when those fail to {@code then}. */
    static ProxyHarness of(final Trunk callers, final List<Trunk> to, final List<Trunk> then) {
        return of(10_000, callers, to, then);
    }

    private static ProxyHarness of(final int maxTransactions, final List<Trunk> to, final List<Trunk> then) {
        return of(maxTransactions, trunk(0, "callers", CALLER), to, then);
    }

    /** Everything goes by {@code policy}. */
    static ProxyHarness of(final RoutingPolicy policy) {
        return new ProxyHarness(10_000, policy);
    }

    /** Calls of {@code callers} go to {@code to} in one mode. */
    static ProxyHarness of(final Mode mode, final Trunk callers, final Trunk to) {
        final Route route = new Route("out", callers, Route.Match.ANY, List.of(to), List.of(), List.of(), mode);
        return new ProxyHarness(10_000,
                new RoutingPolicy(mode, List.of(callers, to), List.of(route), Timing.DEFAULTS, 70, true));
    }

    /** As {@link #of(Trunk, List, List)}, but what has no route goes on without state. */
    static ProxyHarness statelessButForRoutes(final Trunk callers, final Trunk to) {
        final Route route =
                new Route("out", callers, Route.Match.ANY, List.of(to), List.of(), List.of(), Mode.STATEFUL);
        return new ProxyHarness(10_000, new RoutingPolicy(Mode.STATELESS, List.of(callers, to), List.of(route),
                Timing.DEFAULTS, 70, true));
    }

    private static ProxyHarness of(final int maxTransactions, final Trunk callers, final List<Trunk> to,
            final List<Trunk> then) {
        final List<Trunk> trunks = new ArrayList<>(List.of(callers));
        trunks.addAll(to);
        trunks.addAll(then);
        final Route route = new Route("out", callers, Route.Match.ANY, to, then, List.of(), null);
        return new ProxyHarness(maxTransactions,
                new RoutingPolicy(Mode.STATEFUL, trunks, List.of(route), Timing.DEFAULTS, 70, true));
    }

    static Trunk trunk(final int index, final String name, final Endpoint... peers) {
        return new Trunk(index, name, Endpoint.peers(null, peers), List.of(), new int[] {503});
    }

    /** A trunk of one peer that takes {@code maxCalls} at a time. */
    static Trunk limited(final int index, final String name, final Endpoint peer, final int maxCalls) {
        return new Trunk(index, name, Endpoint.peers(null, peer), List.of(), new int[] {503}, 0, Balance.CALL_ID,
                maxCalls, 0, Ping.OFF, new TrunkState());
    }

    private static ListenPoint listen(final int index, final Transport transport) {
        final IpAddress address = new IpAddress();
        address.parse("10.9.9.9");
        return new ListenPoint(index, transport, address.high(), address.low(), 5060,
                "10.9.9.9:5060".getBytes(StandardCharsets.US_ASCII));
    }

    /** Hands a message to the proxy as if it had just come from {@code from}. */
    Disposition receive(final Endpoint from, final String text) {
        final byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        inbound.putBytes(0, bytes);
        assertEquals(ParseError.NONE, parser.parse(message.wrap(inbound, 0, bytes.length), from.transport().stream()),
                text);
        final Source source = from.source(from.transport() == Transport.TCP ? 1 : 0);
        received.add(new Inbound(source, bytes, nowNs));
        final Disposition disposition = message.isRequest() ? proxy.onRequest(message, source, nowNs)
                : proxy.onResponse(message, source, nowNs);
        // The ring slot is used again as soon as the handler returns.
        inbound.setMemory(0, bytes.length, (byte) '#');
        dispositions.merge(disposition, 1, Integer::sum);
        return disposition;
    }

    /** A callee's answer to a request that the proxy has sent. */
    Disposition answer(final SentMessage request, final int status, final String toTag, final String... headers) {
        return receive(new Endpoint(request.transport(), request.to().split(":")[0], 5060),
                SipText.response(request, status, toTag, headers));
    }

    /** Answers what was asked for first: the name leads to {@code hops}, the first of which is the best. */
    void resolve(final Endpoint... hops) {
        final List<HostName.Hop> found = new ArrayList<>();
        for (final Endpoint hop : hops) {
            final Source source = hop.source(0);
            found.add(new HostName.Hop(hop.transport(), source.addressHigh, source.addressLow, source.port,
                    found.size(), 1, 0));
        }
        proxy.onCommand(new ShardCommand.Resolved(
                new HostName.Answer(asked.remove(), found, found.isEmpty(), 60_000_000_000L)), nowNs);
    }

    /** Tells the proxy that a message could not be sent. */
    void fail(final SentMessage message) {
        proxy.onCommand(new ShardCommand.SendFailed(message.correlation()), nowNs);
    }

    /** Tells the proxy that a message could not be sent for want of room in a queue of this node. */
    void queueFull(final SentMessage message) {
        proxy.onCommand(new ShardCommand.SendFailed(message.correlation(), true), nowNs);
    }

    /** Has ICMP report that a message did not get there, quoting its beginning (RFC 3261 section 18.4). */
    void unreachable(final SentMessage message) {
        final IpAddress address = new IpAddress();
        address.parse(message.to().split(":")[0]);
        final byte[] bytes = message.text().getBytes(StandardCharsets.ISO_8859_1);
        proxy.onCommand(new ShardCommand.Unreachable(Arrays.copyOf(bytes, Math.min(bytes.length, 548)), address.high(),
                address.low(), Integer.parseInt(message.to().split(":")[1])), nowNs);
    }

    /** Limits over all trunks. */
    TrunkState total() {
        return policy.total().state();
    }

    /** Has the proxy take {@code most} calls at a time over all trunks. */
    void mostCalls(final int most) {
        proxy.onCommand(new ShardCommand.Configure(policy.withTotal(new Total(total(), most))), nowNs);
    }

    /** Has the proxy take these numbers for emergencies. */
    void emergencies(final String... numbers) {
        proxy.onCommand(new ShardCommand.Configure(policy.withEmergencies(new Emergencies(List.of(numbers)))), nowNs);
    }

    /** Has the proxy take nothing new. */
    void drain(final int seconds) {
        proxy.onCommand(new ShardCommand.Configure(policy.withDrain(seconds)), nowNs);
    }

    /** Lets time pass, timer by timer. */
    void advanceMs(final long ms) {
        final long untilNs = nowNs + ms * 1_000_000L;
        while (timers.nextDeadlineNs() <= untilNs) {
            nowNs = Math.max(nowNs, timers.nextDeadlineNs());
            timers.poll(nowNs, 1_000);
        }
        nowNs = untilNs;
    }

    /** What has been sent since this was last asked. */
    List<SentMessage> sent() {
        final List<SentMessage> sent = List.copyOf(egress.sent);
        egress.sent.clear();
        return sent;
    }

    /** What has been sent to {@code to} since anything was last asked; forgets the rest. */
    List<SentMessage> sentTo(final Endpoint to) {
        return sent().stream().filter(message -> message.to().equals(to.hostPort())).toList();
    }

    /**
     * The single message sent since this was last asked, checked against {@code summary} such as {@code 180 INVITE}.
     */
    SentMessage only(final String summary) {
        final List<SentMessage> sent = sent();
        assertEquals(List.of(summary), SentMessage.summaries(sent), sent::toString);
        return sent.getFirst();
    }

    /** The last message sent since this was last asked, checked against {@code summary}. */
    SentMessage last(final String summary) {
        final List<SentMessage> sent = sent();
        assertEquals(summary, sent.getLast().summary(), sent::toString);
        return sent.getLast();
    }

    /** These, such as {@code 180 INVITE}, and nothing else were sent since this was last asked. */
    void assertSent(final String... summaries) {
        assertEquals(List.of(summaries), SentMessage.summaries(sent()));
    }

    /** The same of what was sent to {@code to}; forgets the rest. */
    void assertSentTo(final Endpoint to, final String... summaries) {
        assertEquals(List.of(summaries), SentMessage.summaries(sentTo(to)));
    }

    /**
     * Starts a call and returns the copies of the INVITE that went out; the 100 for the caller is checked and left out.
     */
    List<SentMessage> call(final String invite) {
        egress.sent.clear();
        assertEquals(Disposition.FORWARDED, receive(CALLER, invite));
        final List<SentMessage> sent = sent();
        assertEquals("100 INVITE", sent.getFirst().summary());
        assertEquals(CALLER.hostPort(), sent.getFirst().to());
        return sent.subList(1, sent.size());
    }

    /** Starts a call that goes to one place at first: the INVITE that went out. */
    SentMessage invite(final String callId, final String... headers) {
        return call(SipText.invite(CALLER, callId, headers)).getFirst();
    }

    /** Starts a call that is answered at once, and acknowledges it: the 200 that the caller has. */
    SentMessage established(final String callId, final String... headers) {
        final String[] all = Arrays.copyOf(headers, headers.length + 1);
        all[headers.length] = SipText.CONTACT;
        answer(invite(callId), 200, "b1", all);
        final SentMessage success = only("200 INVITE");
        receive(CALLER, SipText.inDialog("ACK", CALLER, success, 1));
        only("ACK");
        return success;
    }

    /** The caller hangs up: the BYE that went out. */
    SentMessage bye(final SentMessage success, final int cseq) {
        receive(CALLER, SipText.inDialog("BYE", CALLER, success, cseq));
        return only("BYE");
    }

    /** There is no room for another call now. */
    void assertRefused(final String callId) {
        sent();
        receive(CALLER, SipText.invite(CALLER, callId));
        final SentMessage refusal = last("503 INVITE");
        // RFC 3261 section 21.5.4: with it the caller would have to leave all other trunks alone as well.
        assertFalse(refusal.text().contains("Retry-After"));
    }

    /** Lets all timers of the RFC run out and checks that nothing is left. */
    void assertQuiet() {
        advanceMs(400_000);
        assertEquals(0, proxy.live(), "transactions and contexts left");
        assertEquals(0, timers.armed(), "timers left");
    }

    final class RecordingEgress implements Egress {
        final List<SentMessage> sent = new ArrayList<>();
        /** Messages at which sending throws. */
        Predicate<SentMessage> faulty = _ -> false;
        private final UnsafeBuffer buffer = new UnsafeBuffer(new byte[65_536]);

        @Override
        public MutableDirectBuffer claim(final int length) {
            return buffer;
        }

        @Override
        public void send(final int length, final Destination destination, final long correlation) {
            final byte[] bytes = new byte[length];
            buffer.getBytes(0, bytes);
            final SentMessage message = new SentMessage(nowNs, destination.transport,
                    IpAddress.toString(destination.addressHigh, destination.addressLow) + ':' + destination.port,
                    destination.listenPoint, destination.connection, correlation,
                    new String(bytes, StandardCharsets.ISO_8859_1));
            if (faulty.test(message)) {
                throw new IllegalStateException("a fault in between");
            }
            sent.add(message);
        }

        @Override
        public int flush() {
            return 0;
        }
    }
}
