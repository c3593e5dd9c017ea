package org.tandemsip.engine.proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.tandemsip.codec.IpAddress;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.handler.ListenPoint;
import org.tandemsip.engine.handler.ShardCommand;
import org.tandemsip.engine.proxy.ProxyFixture.Sent;
import org.tandemsip.engine.routing.Balance;
import org.tandemsip.engine.routing.Messages;
import org.tandemsip.engine.routing.Mode;
import org.tandemsip.engine.routing.PeerState;
import org.tandemsip.engine.routing.Ping;
import org.tandemsip.engine.routing.Trunk;
import org.tandemsip.engine.routing.TrunkState;

/** A peer that is reached from several of our listen points: each of these ways has a state of its own. */
@Timeout(10)
class PeerWaysTest {
    private static final String CALLER = "192.0.2.7:5060";
    private static final String VIA = "SIP/2.0/UDP 192.0.2.7:5060;branch=z9hG4bK";
    private static final int FIRST = 0;
    private static final int SECOND = 1;
    private static final int TCP = 2;
    private static final Ping PING = new Ping(30_000_000_000L, 2_000_000_000L, 3, 2, new int[0]);

    private final Trunk callers = Messages.trunk(0, "callers", List.of(), List.of("192.0.2.0/24"));
    private final Trunk carrier = pinged(Messages.trunk(1, "carrier", List.of("198.51.100.1:5060"), List.of()));
    private final PeerState state = carrier.peers().getFirst().state();
    private final ProxyFixture proxy = new ProxyFixture(
            Messages.policy(Mode.STATEFUL, List.of(callers, carrier), List.of(ProxyFixture.route(callers, carrier))),
            List.of(point(FIRST, Transport.UDP, 5060), point(SECOND, Transport.UDP, 5080),
                    point(TCP, Transport.TCP, 5060)));
    private int messages;

    private static Trunk pinged(final Trunk given) {
        return new Trunk(given.index(), given.name(), given.peers(), given.allow(), given.failover(), 0,
                Balance.CALL_ID, 0, 0, PING, new TrunkState());
    }

    private static ListenPoint point(final int index, final Transport transport, final int port) {
        final IpAddress address = new IpAddress();
        address.parse("203.0.113.10");
        return new ListenPoint(index, transport, address.high(), address.low(), port,
                ("203.0.113.10:" + port).getBytes(StandardCharsets.US_ASCII));
    }

    private List<Sent> probes(final long among) {
        final byte[] callId = ("ping" + ++messages).getBytes(StandardCharsets.US_ASCII);
        proxy.command(new ShardCommand.Probe("carrier", 0, callId, among));
        final List<Sent> sent = List.copyOf(proxy.sent);
        proxy.sent.clear();
        assertTrue(sent.stream().allMatch(each -> each.startLine().startsWith("OPTIONS ")), sent.toString());
        return sent;
    }

    private void answer(final Sent request, final int status) {
        proxy.response("198.51.100.1:5060", ProxyFixture.answer(request, status, "t"));
        proxy.sent.clear();
    }

    /** Listen point that a message which has come by {@code listenPoint} leaves from. */
    private Sent sent(final int listenPoint, final int bodyBytes) {
        final String call = "m" + ++messages;
        proxy.request(Messages.source(Transport.UDP, listenPoint, CALLER), ProxyFixture
                .message("MESSAGE", "sip:1@h", VIA + call, "Subject: " + "x".repeat(bodyBytes) + "\n", null)
                .replace("Call-ID: ", "Call-ID: " + call));
        final Sent sent = proxy.one();
        proxy.sent.clear();
        return sent;
    }

    @Test
    void shouldUseTheOtherListenPointWhileProbesFromOneFail() {
        // given: from the second port nothing gets through
        for (int i = 0; i < 3; i++) {
            assertEquals(SECOND, sent(SECOND, 1).listenPoint());
            final List<Sent> probes = probes(-1);
            assertEquals(List.of(FIRST, SECOND), probes.stream().map(Sent::listenPoint).toList());
            answer(probes.get(FIRST), 200);
            answer(probes.get(SECOND), 503);
        }

        // then: the peer is up, by the first
        assertEquals(PeerState.State.UP, state.state());
        assertEquals(PeerState.State.DOWN, state.state(SECOND));
        assertEquals(FIRST, sent(SECOND, 1).listenPoint());
        assertEquals(FIRST, sent(FIRST, 1).listenPoint());

        // and: what is down is asked by itself, and used again when it answers
        for (int i = 0; i < 2; i++) {
            final List<Sent> again = probes(state.doubtful());
            assertEquals(List.of(SECOND), again.stream().map(Sent::listenPoint).toList());
            answer(again.getFirst(), 200);
        }
        assertEquals(SECOND, sent(SECOND, 1).listenPoint());
    }

    @Test
    void shouldNotLookLikeOneRequestThatForkedWhenItAsksByTwoWays() {
        final List<Sent> probes = probes(-1);
        assertEquals(probes.getFirst().header("Call-ID"), probes.getLast().header("Call-ID"));
        assertNotEquals(probes.getFirst().header("From").replaceFirst(".*tag=", ""),
                probes.getLast().header("From").replaceFirst(".*tag=", ""));
    }

    @Test
    void shouldTakeAPeerOutWhenNoWayIsLeft() {
        for (int i = 0; i < 3; i++) {
            probes(-1).forEach(probe -> answer(probe, 503));
        }
        assertEquals(PeerState.State.DOWN, state.state());
        assertEquals("SIP/2.0 503 Service Unavailable", sent(FIRST, 1).startLine());
        // An order forgets what was found out.
        state.on(PeerState.Order.ENABLE);
        assertEquals(SECOND, sent(SECOND, 1).listenPoint());
    }

    @Test
    void shouldSendLargeRequestsByUdpWhileTcpFailsAndProbeThatToo() {
        // given: over TCP the peer answers 503
        answer(sent(FIRST, 1), 200);
        for (int i = 0; i < 3; i++) {
            final Sent large = sent(FIRST, 1_400);
            assertEquals(TCP, large.listenPoint());
            proxy.response(Messages.source(Transport.TCP, TCP, "198.51.100.1:5060"),
                    ProxyFixture.answer(large, 503, "t"));
            proxy.sent.clear();
        }

        // then
        assertEquals(PeerState.State.DOWN, state.state(TCP));
        assertEquals(FIRST, sent(FIRST, 1_400).listenPoint());
        final List<Sent> probes = probes(-1);
        assertEquals(List.of(FIRST, SECOND, TCP), probes.stream().map(Sent::listenPoint).toList());
        assertEquals(List.of("UDP", "UDP", "TCP"), Stream.of(probes.get(0), probes.get(1), probes.get(2))
                .map(probe -> probe.header("Via").substring(8, 11)).toList());
        assertTrue(state.usable());
    }
}
