package org.tandemsip.b2bua;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
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
import org.tandemsip.engine.handler.ListenPoint;
import org.tandemsip.engine.handler.NameService;
import org.tandemsip.engine.handler.ShardCommand;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.handler.Source;
import org.tandemsip.engine.metrics.Counters;
import org.tandemsip.engine.proxy.Proxy;
import org.tandemsip.engine.routing.Balance;
import org.tandemsip.engine.routing.CallRules;
import org.tandemsip.engine.routing.Cidr;
import org.tandemsip.engine.routing.HeaderRules;
import org.tandemsip.engine.routing.MediaRules;
import org.tandemsip.engine.routing.Mode;
import org.tandemsip.engine.routing.NumberRules;
import org.tandemsip.engine.routing.Peer;
import org.tandemsip.engine.routing.Ping;
import org.tandemsip.engine.routing.Route;
import org.tandemsip.engine.routing.RoutingPolicy;
import org.tandemsip.engine.routing.Trunk;
import org.tandemsip.engine.routing.TrunkRules;
import org.tandemsip.engine.routing.TrunkState;
import org.tandemsip.engine.timer.TimerLanes;
import org.tandemsip.engine.timer.Timing;
import org.tandemsip.testkit.MessageText;
import org.tandemsip.testkit.wire.SimAddress;
import org.tandemsip.testkit.wire.WireMessage;

/**
 * Alice at 192.0.2.1 calls through us (203.0.113.10) to Bob at 10.0.0.11, or at 10.0.0.12 when he is not there. Both
 * sides are played by hand: what we send is taken from the wire, and answered as the test says.
 */
final class CallFixture implements Egress {
    static final String ALICE = "192.0.2.1:5060";
    static final String BOB = "10.0.0.11:5060";
    static final String SECOND_BOB = "10.0.0.12:5060";
    static final String OFFER = "v=0\r\no=alice 1 1 IN IP4 192.0.2.77\r\nm=audio 4000 RTP/AVP 0\r\n";
    static final String ANSWER = "v=0\r\no=bob 1 1 IN IP4 10.0.0.77\r\nm=audio 5000 RTP/AVP 0\r\n";

    /** Without session timers: time may pass without anybody asking for anything. */
    static final CallRules NO_TIMERS =
            new CallRules(0, 90, CallRules.Refer.PASS, false, List.of());

    /** A message as it left. */
    record Sent(WireMessage message, String to, Transport by, long correlation, byte[] bytes) {
        String text() {
            return new String(bytes, StandardCharsets.ISO_8859_1);
        }

        boolean is(final String start) {
            return message.startLine().startsWith(start);
        }

        @Override
        public String toString() {
            return message + " -> " + to;
        }
    }

    final List<Sent> sent = new ArrayList<>();
    final TimerLanes timers = new TimerLanes();
    final Counters counters = new Counters();
    final Trunk alice;
    final Trunk bob;
    final B2bua b2bua;
    final Proxy proxy;
    RoutingPolicy policy;
    long nowNs = 5_000_000_000L;
    private final UnsafeBuffer memory = new UnsafeBuffer(new byte[65_536]);
    private int claimed;
    private int branches;

    CallFixture() {
        this(trunk(1, "bob", BOB, SECOND_BOB));
    }

    CallFixture(final Trunk bob) {
        this(trunk(0, "alice", ALICE), bob);
    }

    /** Calls that are treated so on both sides. */
    CallFixture(final CallRules rules) {
        this(trunk(0, "alice", rules, ALICE), trunk(1, "bob", rules, BOB, SECOND_BOB));
    }

    /** With rules for the media of both sides. */
    CallFixture(final MediaRules ofAlice, final MediaRules ofBob) {
        this(trunk(0, "alice", ofAlice, ALICE), trunk(1, "bob", ofBob, BOB, SECOND_BOB));
    }

    CallFixture(final Trunk alice, final Trunk bob) {
        this(0, alice, bob);
    }

    /** As a shard among four. */
    CallFixture(final int shard, final CallRules rules) {
        this(shard, trunk(0, "alice", rules, ALICE), trunk(1, "bob", rules, BOB, SECOND_BOB));
    }

    private CallFixture(final int shard, final Trunk alice, final Trunk bob) {
        this.alice = alice;
        this.bob = bob;
        policy = new RoutingPolicy(Mode.B2BUA, List.of(alice, bob), List.of(route(alice, bob), route(bob, alice)),
                Timing.DEFAULTS, 70, true);
        final List<ListenPoint> points = List.of(point(0, Transport.UDP), point(1, Transport.TCP),
                point(2, Transport.TLS));
        final ShardContext context = new ShardContext(shard, this, timers, counters, points, Limits.DEFAULTS,
                new ShardContext.Keys(1, 2, 3, 4), 1_000, policy, NameService.NONE, 4);
        b2bua = new B2bua(context);
        proxy = new Proxy(context, b2bua);
    }

    static Trunk trunk(final int index, final String name, final String... peers) {
        return trunk(index, name, NO_TIMERS, peers);
    }

    static Trunk trunk(final int index, final String name, final CallRules rules, final String... peers) {
        return trunk(index, name, rules, MediaRules.NONE, peers);
    }

    private static Trunk trunk(final int index, final String name, final MediaRules media, final String... peers) {
        return trunk(index, name, NO_TIMERS, media, peers);
    }

    /** A trunk that is called, and fails over for these codes. */
    static Trunk trunk(final String name, final int[] failover, final String... peers) {
        return trunk(1, name, NO_TIMERS, MediaRules.NONE, failover, peers);
    }

    static Trunk trunk(final int index, final String name, final CallRules rules, final MediaRules media,
            final String... peers) {
        return trunk(index, name, rules, media, new int[] {503}, peers);
    }

    private static Trunk trunk(final int index, final String name, final CallRules rules, final MediaRules media,
            final int[] failover, final String... peers) {
        return trunk(index, name, new TrunkRules(HeaderRules.NONE, HeaderRules.NONE, NumberRules.NONE,
                NumberRules.NONE, rules).with(media), failover, peers);
    }

    /** A trunk with rules for what is sent there and comes from there. */
    static Trunk trunk(final int index, final String name, final TrunkRules rules, final String... peers) {
        return trunk(index, name, rules, new int[] {503}, peers);
    }

    private static Trunk trunk(final int index, final String name, final TrunkRules rules, final int[] failover,
            final String... peers) {
        final List<Peer> all = new ArrayList<>();
        for (final String peer : peers) {
            final SimAddress address = SimAddress.of(peer);
            all.add(new Peer(peer, null, 0, address.low(), address.port(), all.size()));
        }
        return new Trunk(index, name, all, List.of(Cidr.parse(SimAddress.of(peers[0]).host() + "/32")),
                failover, 0, Balance.PRIORITY, 0, 0, Ping.OFF, new TrunkState(), rules);
    }

    static Route route(final Trunk from, final Trunk to) {
        return new Route(from.name() + "-" + to.name(), from, Route.Match.ANY, List.of(to), List.of(), List.of(), null);
    }

    private static ListenPoint point(final int index, final Transport transport) {
        final String sentBy = "203.0.113.10:5060";
        return new ListenPoint(index, transport, 0, SimAddress.of(sentBy).low(), 5060,
                sentBy.getBytes(StandardCharsets.US_ASCII));
    }

    void configure(final RoutingPolicy next) {
        policy = next;
        proxy.onCommand(new ShardCommand.Configure(next), nowNs);
    }

    // What arrives.

    Disposition deliver(final String from, final MessageText text) {
        return deliver(from, text.bytes());
    }

    Disposition deliver(final String from, final byte[] bytes) {
        final SipMessage message = new SipMessage(Limits.DEFAULTS.headerRows());
        message.wrap(new UnsafeBuffer(bytes.clone()), 0, bytes.length);
        final ParseError error = new SipParser(Limits.DEFAULTS).parse(message, false);
        if (error != ParseError.NONE) {
            throw new AssertionError(error + ": " + new String(bytes, StandardCharsets.ISO_8859_1));
        }
        final SimAddress address = SimAddress.of(from);
        final Source source = new Source();
        source.addressLow = address.low();
        source.port = address.port();
        return message.isRequest() ? proxy.onRequest(message, source, nowNs)
                : proxy.onResponse(message, source, nowNs);
    }

    /** Reports by ICMP that a datagram did not get there. */
    void unreachable(final Sent datagram) {
        final SimAddress address = SimAddress.of(datagram.to());
        proxy.onCommand(new ShardCommand.Unreachable(Arrays.copyOf(datagram.bytes(),
                Math.min(datagram.bytes().length, 548)), 0, address.low(), address.port()), nowNs);
    }

    /** Reports that a connection was refused. */
    void refused(final Sent overTcp) {
        proxy.onCommand(new ShardCommand.SendFailed(overTcp.correlation()), nowNs);
    }

    /** Lets time pass, timers running out when they are due. */
    void pass(final long ms) {
        final long endNs = nowNs + ms * 1_000_000;
        while (timers.nextDeadlineNs() - endNs <= 0) {
            nowNs = Math.max(nowNs, timers.nextDeadlineNs());
            timers.poll(nowNs, 1_000);
        }
        nowNs = endNs;
    }

    // What was sent.

    /** Takes the first message sent whose start line begins so. */
    Sent take(final String start) {
        for (int i = 0; i < sent.size(); i++) {
            if (sent.get(i).is(start)) {
                return sent.remove(i);
            }
        }
        throw new AssertionError("no " + start + " in " + sent);
    }

    /** Takes the first message that begins so and went to a certain place. */
    Sent take(final String start, final String to) {
        for (int i = 0; i < sent.size(); i++) {
            if (sent.get(i).is(start) && sent.get(i).to.equals(to)) {
                return sent.remove(i);
            }
        }
        throw new AssertionError("no " + start + " to " + to + " in " + sent);
    }

    int count(final String start) {
        return (int) sent.stream().filter(message -> message.is(start)).count();
    }

    int live() {
        return proxy.live();
    }

    /** Lets everything end that ends by itself, and says what is left. */
    int rest() {
        pass(600_000);
        return proxy.live() + timers.armed() + (int) Math.min(1, b2bua.memory.bytesInUse());
    }

    // Messages.

    String branch() {
        return "z9hG4bKtest" + ++branches;
    }

    /** An INVITE of Alice; {@code body} may be empty. */
    MessageText invite(final String callId, final String body) {
        return invite("sip:bob@203.0.113.10", callId, body);
    }

    /** The same for whom {@code uri} names. */
    MessageText invite(final String uri, final String callId, final String body) {
        final MessageText text = MessageText.request("INVITE", uri)
                .header("Via", "SIP/2.0/UDP " + ALICE + ";branch=" + branch()).header("Max-Forwards", "20")
                .header("From", "\"Alice\" <sip:alice@192.0.2.1>;tag=atag").header("To", "<sip:bob@203.0.113.10>")
                .header("Call-ID", callId).header("CSeq", "7 INVITE").header("Contact", "<sip:alice@" + ALICE + ">")
                .header("User-Agent", "AlicePhone").header("Supported", "timer");
        return body.isEmpty() ? text : text.body("application/sdp", body);
    }

    /** An answer of whoever got {@code request}, with Contact and, unless it is empty, a body. */
    static MessageText answer(final Sent request, final int status, final String tag, final String contact,
            final String body) {
        final WireMessage message = request.message();
        final MessageText text = MessageText.response(status, "Status" + status)
                .headers("Via", message.all("via")).headers("Record-Route", message.all("record-route"))
                .header("From", message.one("from"))
                .header("To", message.toTag().isEmpty() && tag != null ? message.one("to") + ";tag=" + tag
                        : message.one("to"))
                .header("Call-ID", message.callId()).header("CSeq", message.cseq() + " " + message.method());
        if (contact != null) {
            text.header("Contact", "<sip:" + contact + ">");
        }
        return body.isEmpty() ? text : text.body("application/sdp", body);
    }

    /**
     * A request inside a dialog, as the side would send it that has {@code own} and {@code other} as From and To.
     */
    MessageText inside(final String method, final String host, final Sent dialog, final boolean asCallee,
            final long cseq) {
        final WireMessage message = dialog.message();
        return MessageText.request(method, WireMessage.uriOf(message.one("contact")))
                .header("Via", "SIP/2.0/UDP " + host + ";branch=" + branch()).header("Max-Forwards", "70")
                .header("From", asCallee ? message.one("to") : message.one("from"))
                .header("To", asCallee ? message.one("from") : message.one("to"))
                .header("Call-ID", message.callId()).header("CSeq", cseq + " " + method);
    }

    /** A call that is up: what Alice and Bob have seen of it last. */
    record Up(Sent inviteToBob, Sent okToAlice, String bobTag) {}

    /** Sets a call up, acknowledged on both sides. */
    Up up(final String callId) {
        deliver(ALICE, invite(callId, OFFER));
        final Sent invite = take("INVITE", BOB);
        deliver(BOB, answer(invite, 180, "btag", "bob@" + BOB, ""));
        take("SIP/2.0 100");
        take("SIP/2.0 180");
        deliver(BOB, answer(invite, 200, "btag", "bob@" + BOB, ANSWER));
        final Sent ok = take("SIP/2.0 200", ALICE);
        take("ACK", BOB);
        deliver(ALICE, inside("ACK", ALICE, ok, false, 7));
        if (!sent.isEmpty()) {
            throw new AssertionError("left: " + sent);
        }
        return new Up(invite, ok, "btag");
    }

    /** A request of Alice inside a call. */
    MessageText fromAlice(final Up up, final String method, final long cseq) {
        return inside(method, ALICE, up.okToAlice, false, cseq).header("Contact", "<sip:alice@" + ALICE + ">");
    }

    /** A request of Bob inside a call. */
    MessageText fromBob(final Up up, final String method, final long cseq) {
        final WireMessage invite = up.inviteToBob.message();
        return MessageText.request(method, WireMessage.uriOf(invite.one("contact")))
                .header("Via", "SIP/2.0/UDP " + BOB + ";branch=" + branch()).header("Max-Forwards", "70")
                .header("From", invite.one("to") + ";tag=" + up.bobTag).header("To", invite.one("from"))
                .header("Call-ID", invite.callId()).header("CSeq", cseq + " " + method)
                .header("Contact", "<sip:bob@" + BOB + ">");
    }

    @Override
    public MutableDirectBuffer claim(final int length) {
        claimed = length;
        return memory;
    }

    @Override
    public void send(final int length, final Destination destination, final long correlation) {
        if (length > claimed || length <= 0) {
            throw new AssertionError("wrote " + length + " of " + claimed);
        }
        final byte[] bytes = new byte[length];
        memory.getBytes(0, bytes);
        sent.add(new Sent(WireMessage.parse(bytes),
                IpAddress.toString(destination.addressHigh, destination.addressLow) + ':' + destination.port,
                destination.transport, correlation, bytes));
    }

    @Override
    public int flush() {
        return 0;
    }
}
