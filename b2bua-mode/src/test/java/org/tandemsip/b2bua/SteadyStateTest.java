package org.tandemsip.b2bua;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tandemsip.codec.Limits;
import org.tandemsip.codec.ParseError;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.SipParser;
import org.tandemsip.codec.Transport;
import org.tandemsip.codec.sdp.CodecList;
import org.tandemsip.engine.handler.Destination;
import org.tandemsip.engine.handler.Egress;
import org.tandemsip.engine.handler.ListenPoint;
import org.tandemsip.engine.handler.MediaRelay;
import org.tandemsip.engine.handler.NameService;
import org.tandemsip.engine.handler.Reply;
import org.tandemsip.engine.handler.ShardCommand;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.handler.Source;
import org.tandemsip.engine.metrics.Counters;
import org.tandemsip.engine.proxy.Proxy;
import org.tandemsip.engine.routing.CallRules;
import org.tandemsip.engine.routing.CreditPolicy;
import org.tandemsip.engine.routing.CreditReply;
import org.tandemsip.engine.routing.CreditService;
import org.tandemsip.engine.routing.HeaderRules;
import org.tandemsip.engine.routing.MediaRules;
import org.tandemsip.engine.routing.Mode;
import org.tandemsip.engine.routing.NumberRules;
import org.tandemsip.engine.routing.Route;
import org.tandemsip.engine.routing.RoutingPolicy;
import org.tandemsip.engine.routing.Trunk;
import org.tandemsip.engine.routing.TrunkRules;
import org.tandemsip.engine.timer.TimerLanes;
import org.tandemsip.engine.timer.Timing;
import org.tandemsip.testkit.wire.SimAddress;

/** What calls cost when all pools are filled: next to no garbage, and little memory for a call that stands. */
@Timeout(value = 300, unit = TimeUnit.SECONDS)
class SteadyStateTest {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final long CALL_EVERY_NS = 10_000_000L;

    private Net net = new Net(false, false, CallFixture.NO_TIMERS);

    @Test
    void shouldAllocateNextToNothingWhenCallsComeAndGo() {
        final long least = allocatedBy500();
        assertTrue(least <= 500 * 64, least + " bytes for 500 calls");
    }

    /**
     * What a service is asked outlives the call on the shard, and is copied: the SDP on its way to the relay and back,
     * the messages that wait for it and are made again, names for the credit service.
     */
    @ParameterizedTest
    @CsvSource({"true, false, 3_500", "false, true, 1_100"})
    void shouldAllocateWhatServicesAreAskedAndNoMore(final boolean media, final boolean credit, final int most) {
        net = new Net(media, credit, CallFixture.NO_TIMERS);
        final long perCall = allocatedBy500() / 500;
        assertTrue(perCall <= most, perCall + " bytes per call");
        assertEquals(0, net.b2bua.questions.waiting());
    }

    @Test
    void shouldAllocateNextToNothingWhenCallersAreShownEachBranchOfAFork() {
        net = new Net(false, false, CallFixture.NO_TIMERS.with(CallRules.EarlyDialogs.EACH));
        net.forks = true;
        final long least = allocatedBy500();
        assertTrue(least <= 500 * 64, least + " bytes for 500 calls");
    }

    private long allocatedBy500() {
        for (int i = 0; i < 5_000; i++) {
            net.call(i);
        }
        // The least of some rounds: the compiler and class loading allocate as well.
        long least = Long.MAX_VALUE;
        for (int round = 0; round < 6; round++) {
            final long before = net.allocated;
            for (int i = 0; i < 500; i++) {
                net.call(10_000 + 500 * round + i);
            }
            least = Math.min(least, net.allocated - before);
        }
        return least;
    }

    @Test
    void shouldHoldACallThatStandsInThreeKilobytes() {
        // given: all that lingers at this rate is in the pools already
        for (int i = 0; i < 4_000; i++) {
            net.call(i);
        }
        net.pass(40_000_000_000L);
        final int calls = 20_000;
        final long before = heap() + net.b2bua.memory.bytesInUse();

        // when
        for (int i = 0; i < calls; i++) {
            net.setUp("standing-" + i);
        }
        net.pass(40_000_000_000L);

        // then
        assertEquals(calls, net.b2bua.pools.live());
        final long perCall = (heap() + net.b2bua.memory.bytesInUse() - before) / calls;
        assertTrue(perCall <= 3_072, perCall + " bytes per call");
    }

    private static long heap() {
        System.gc();
        System.gc();
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }

    /** Both sides of calls, and what the handler allocates meanwhile. */
    private static final class Net implements Egress, MediaRelay, CreditService {
        private final UnsafeBuffer memory = new UnsafeBuffer(new byte[65_536]);
        private final byte[][] sent = new byte[16][];
        private final int[] lengths = new int[16];
        private final TimerLanes timers = new TimerLanes();
        private final SipParser parser = new SipParser(Limits.DEFAULTS);
        private final SipMessage message = new SipMessage(Limits.DEFAULTS.headerRows());
        private final Source source = new Source();
        private final B2bua b2bua;
        private final Proxy proxy;
        private int count;
        private int branches;
        private long nowNs = 1_000_000_000L;
        private long allocated;
        private MediaRelay.Request described;
        private long creditTicket;

        /** Bob has another phone that rings, and does not answer. */
        private boolean forks;

        private Net(final boolean media, final boolean credit, final CallRules calls) {
            for (int i = 0; i < sent.length; i++) {
                sent[i] = new byte[4_096];
            }
            final TrunkRules rules = new TrunkRules(HeaderRules.NONE, HeaderRules.NONE, NumberRules.NONE,
                    NumberRules.NONE, calls)
                    .with(media ? new MediaRules(CodecList.ANY, true, Side.PLAIN) : MediaRules.NONE);
            final Trunk alice = CallFixture.trunk(0, "alice", rules, CallFixture.ALICE);
            final Trunk bob = CallFixture.trunk(1, "bob", rules, CallFixture.BOB);
            alice.state().credit(credit ? CreditPolicy.CLOSED : CreditPolicy.NONE);
            final RoutingPolicy policy = new RoutingPolicy(Mode.B2BUA, List.of(alice, bob),
                    List.of(new Route("r", alice, Route.Match.ANY, List.of(bob), List.of(), List.of(), null)),
                    Timing.DEFAULTS, 70, true);
            final ShardContext context = new ShardContext(0, this, timers, new Counters(),
                    List.of(new ListenPoint(0, Transport.UDP, 0, SimAddress.of("203.0.113.10").low(), 5060,
                            "203.0.113.10:5060".getBytes(StandardCharsets.US_ASCII))),
                    Limits.DEFAULTS, new ShardContext.Keys(1, 2, 3, 4), 200_000, policy, NameService.NONE, 1);
            b2bua = new B2bua(context);
            b2bua.media(this, false);
            b2bua.credit(this);
            proxy = new Proxy(context, b2bua);
        }

        private void call(final int number) {
            final String[] names = setUp("call-" + number);
            deliver(CallFixture.ALICE, request("BYE", names, 2, ""));
            deliver(CallFixture.BOB, answer(text("BYE"), 200, ""));
        }

        /** Returns From, To and Call-ID of Alice's dialog. */
        private String[] setUp(final String callId) {
            pass(CALL_EVERY_NS);
            final String[] names = {"<sip:alice@192.0.2.1>;tag=a", "<sip:bob@203.0.113.10>", callId};
            deliver(CallFixture.ALICE, request("INVITE", names, 1, CallFixture.OFFER));
            grant();
            describe();
            final String invite = text("INVITE");
            deliver(CallFixture.BOB, answer(invite, 180, ""));
            if (forks) {
                deliver(CallFixture.BOB, answer(invite, 183, "").replace(";tag=b", ";tag=c"));
            }
            deliver(CallFixture.BOB, answer(invite, 200, CallFixture.ANSWER));
            describe();
            names[1] = header(text("SIP/2.0 200"), "To");
            deliver(CallFixture.ALICE, request("ACK", names, 1, ""));
            return names;
        }

        private String request(final String method, final String[] names, final int cseq, final String body) {
            return method + " sip:bob@203.0.113.10 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKs"
                    + ++branches + "\r\nMax-Forwards: 70\r\nFrom: " + names[0] + "\r\nTo: " + names[1] + "\r\nCall-ID: "
                    + names[2] + "\r\nCSeq: " + cseq + ' ' + method
                    + "\r\nContact: <sip:alice@192.0.2.1:5060>\r\nContent-Type: application/sdp\r\nContent-Length: "
                    + body.length() + "\r\n\r\n" + body;
        }

        private static String answer(final String request, final int status, final String body) {
            final String to = header(request, "To");
            return "SIP/2.0 " + status + " Fine\r\nVia: " + header(request, "Via") + "\r\nFrom: "
                    + header(request, "From") + "\r\nTo: " + to + (to.contains("tag=") ? "" : ";tag=b")
                    + "\r\nCall-ID: "
                    + header(request, "Call-ID") + "\r\nCSeq: " + header(request, "CSeq")
                    + "\r\nContact: <sip:bob@10.0.0.11:5060>\r\nContent-Type: application/sdp\r\nContent-Length: "
                    + body.length() + "\r\n\r\n" + body;
        }

        private static String header(final String text, final String name) {
            final int start = text.indexOf("\r\n" + name + ": ") + name.length() + 4;
            return text.substring(start, text.indexOf("\r\n", start));
        }

        /** The last message that begins so. */
        private String text(final String start) {
            for (int i = count - 1; i >= 0; i--) {
                final String text = new String(sent[i], 0, lengths[i], StandardCharsets.ISO_8859_1);
                if (text.startsWith(start)) {
                    return text;
                }
            }
            throw new AssertionError("no " + start);
        }

        /** The credit service answers, if it was asked. */
        private void grant() {
            if (creditTicket != 0) {
                final long ticket = creditTicket;
                creditTicket = 0;
                reply(ticket, CreditReply.of(60_000, true));
            }
        }

        /** The relay answers, if it was asked. */
        private void describe() {
            if (described != null) {
                final MediaRelay.Request request = described;
                described = null;
                reply(request.ticket(), new Answer(Outcome.DONE, 0, request.sdp().clone()));
            }
        }

        private void reply(final long ticket, final Reply reply) {
            final ShardCommand.Replied replied = new ShardCommand.Replied(ticket, reply);
            count = 0;
            final long before = THREADS.getCurrentThreadAllocatedBytes();
            proxy.onCommand(replied, nowNs);
            allocated += THREADS.getCurrentThreadAllocatedBytes() - before;
        }

        @Override
        public boolean ask(final MediaRelay.Request request) {
            described = request.command() == Command.DELETE ? null : request;
            return true;
        }

        @Override
        public Terms terms() {
            return CreditService.NONE.terms();
        }

        @Override
        public boolean ask(final int shard, final long ticket, final CreditService.Request request) {
            creditTicket = ticket;
            return true;
        }

        @Override
        public void settle(final Settlement settlement) {
            // Sent elsewhere.
        }

        @Override
        public long epochMs(final long ns) {
            return 1_709_251_199_995L + ns / 1_000_000;
        }

        private void deliver(final String from, final String text) {
            final byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
            message.wrap(new UnsafeBuffer(bytes), 0, bytes.length);
            assertEquals(ParseError.NONE, parser.parse(message, false));
            source.addressLow = SimAddress.of(from).low();
            source.port = 5060;
            count = 0;
            final long before = THREADS.getCurrentThreadAllocatedBytes();
            if (message.isRequest()) {
                proxy.onRequest(message, source, nowNs);
            } else {
                proxy.onResponse(message, source, nowNs);
            }
            allocated += THREADS.getCurrentThreadAllocatedBytes() - before;
        }

        private void pass(final long ns) {
            final long endNs = nowNs + ns;
            final long before = THREADS.getCurrentThreadAllocatedBytes();
            while (timers.nextDeadlineNs() - endNs <= 0) {
                nowNs = Math.max(nowNs, timers.nextDeadlineNs());
                timers.poll(nowNs, 1_000);
                count = 0;
            }
            nowNs = endNs;
            allocated += THREADS.getCurrentThreadAllocatedBytes() - before;
        }

        @Override
        public MutableDirectBuffer claim(final int length) {
            return memory;
        }

        @Override
        public void send(final int length, final Destination destination, final long correlation) {
            lengths[count] = length;
            memory.getBytes(0, sent[count++], 0, length);
        }

        @Override
        public int flush() {
            return 0;
        }
    }
}
