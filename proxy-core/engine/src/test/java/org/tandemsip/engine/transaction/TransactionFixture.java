package org.tandemsip.engine.transaction;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;
import org.tandemsip.codec.IpAddress;
import org.tandemsip.codec.Limits;
import org.tandemsip.codec.ParseError;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.SipParser;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.handler.Destination;
import org.tandemsip.engine.handler.Egress;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.handler.Source;
import org.tandemsip.engine.metrics.Counters;
import org.tandemsip.engine.timer.TimerLanes;

/** Transactions with a recording egress, a recording user and a clock that is moved by hand. */
final class TransactionFixture {
    static final long MS = 1_000_000L;
    static final long SECOND = 1_000 * MS;
    static final long T1_TIMES_64 = 32 * SECOND;
    static final long BRANCH_KEY = 0x0123_4567_89AB_CDEFL;
    /** Not zero, so that a deadline that forgets the present shows. */
    static final long START_NS = 1_000 * SECOND;

    final RecordingEgress egress = new RecordingEgress();
    final TimerLanes timers = new TimerLanes();
    final Transactions transactions;
    /** What the user was told, with the time since the start in milliseconds: {@code timeout@32000}. */
    final List<String> told = new ArrayList<>();
    final TransactionUser user = new RecordingUser();
    long nowNs = START_NS;

    TransactionFixture() {
        this(1_000);
    }

    TransactionFixture(final int maxTransactions) {
        transactions = new Transactions(context(egress, timers, maxTransactions, 3));
    }

    /** A context whose token key is always the same and whose table key is {@code tableKey}. */
    static ShardContext context(final Egress egress, final TimerLanes timers, final int maxTransactions,
            final long tableKey) {
        final ShardContext.Keys keys = new ShardContext.Keys(1, 2, tableKey, tableKey + 1);
        return new ShardContext(0, egress, timers, new Counters(), List.of(), Limits.DEFAULTS, keys, maxTransactions,
                null);
    }

    static Source source(final Transport transport) {
        final Source source = new Source();
        final IpAddress address = new IpAddress();
        address.parse("192.0.2.1");
        source.transport = transport;
        source.addressHigh = address.high();
        source.addressLow = address.low();
        source.port = 40_000;
        source.connection = transport.stream() ? 77 : 0;
        return source;
    }

    static Destination destination(final Transport transport) {
        return new Destination().set(source(transport));
    }

    static SipMessage parse(final String text) {
        final byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        final SipMessage message = new SipMessage(128).wrap(new UnsafeBuffer(bytes), 0, bytes.length);
        assertEquals(ParseError.NONE, new SipParser(Limits.DEFAULTS).parse(message, false), text);
        return message;
    }

    /** A request as it comes from a client. */
    static String request(final String method, final String viaParameters) {
        return method + " sip:bob@example.com SIP/2.0\r\n"
                + "Via: SIP/2.0/UDP client.example.com:5062;" + viaParameters + "\r\n"
                + "Max-Forwards: 70\r\n"
                + "Route: <sip:one.example.com;lr>\r\n"
                + "Route: <sip:two.example.com;lr>, <sip:three.example.com;lr>\r\n"
                + "From: Alice <sip:alice@example.com>;tag=a1\r\n"
                + "To: Bob <sip:bob@example.com>" + (method.equals("ACK") ? ";tag=b1" : "") + "\r\n"
                + "Call-ID: 1@client\r\n"
                + "CSeq: 7 " + method + "\r\n"
                + "Contact: <sip:alice@client.example.com:5062>\r\n"
                + "Require: 100rel\r\n"
                + "Content-Type: text/plain\r\n"
                + "Content-Length: 4\r\n\r\nbody";
    }

    static String invite() {
        return request("INVITE", "branch=z9hG4bK1");
    }

    static String ack() {
        return request("ACK", "branch=z9hG4bK1");
    }

    /** A response with a To tag, as it comes from a server. */
    static String response(final int statusCode, final String method) {
        return "SIP/2.0 " + statusCode + " Reason\r\n"
                + "Via: SIP/2.0/UDP client.example.com:5062;branch=z9hG4bK1\r\n"
                + "From: Alice <sip:alice@example.com>;tag=a1\r\n"
                + "To: Bob <sip:bob@example.com>;tag=b1\r\n"
                + "Call-ID: 1@client\r\n"
                + "CSeq: 7 " + method + "\r\n"
                + "Content-Length: 0\r\n\r\n";
    }

    /** Moves the clock and runs every timer at the very time it is due. */
    void advance(final long durationNs) {
        final long untilNs = nowNs + durationNs;
        while (timers.nextDeadlineNs() <= untilNs) {
            nowNs = Math.max(nowNs, timers.nextDeadlineNs());
            timers.poll(nowNs, 1);
        }
        nowNs = untilNs;
    }

    /** Advances until {@code untilNs} after the start; returns when, in milliseconds, something was sent. */
    List<Long> sendTimesMs(final long untilNs) {
        final List<Long> times = new ArrayList<>();
        egress.take();
        while (timers.nextDeadlineNs() - START_NS <= untilNs) {
            nowNs = timers.nextDeadlineNs();
            timers.poll(nowNs, 1);
            egress.take().forEach(sent -> times.add(elapsedMs()));
        }
        nowNs = START_NS + untilNs;
        return times;
    }

    long elapsedMs() {
        return (nowNs - START_NS) / MS;
    }

    ServerTransaction server(final String request, final Transport transport) {
        final SipMessage message = parse(request);
        final ServerTransaction transaction = transactions.createServer(message, source(transport), user, nowNs);
        assertNotNull(transaction);
        return transaction;
    }

    /** What becomes of a request that belongs to a transaction: whether it is passed on. */
    boolean receive(final String request) {
        final SipMessage message = parse(request);
        final ServerTransaction transaction = transactions.findServer(message);
        assertNotNull(transaction, "no transaction for " + request);
        return transaction.onRequest(message, nowNs);
    }

    boolean respond(final ServerTransaction transaction, final int statusCode, final String method) {
        final byte[] bytes = response(statusCode, method).getBytes(StandardCharsets.US_ASCII);
        transaction.claim(bytes.length).putBytes(0, bytes);
        return transaction.respond(statusCode, bytes.length, nowNs);
    }

    ClientTransaction client(final String request, final Transport transport) {
        final ClientTransaction transaction = transactions.createClient(BRANCH_KEY, request.startsWith("INVITE"),
                destination(transport), user, nowNs);
        assertNotNull(transaction);
        final byte[] bytes = request.getBytes(StandardCharsets.US_ASCII);
        transaction.claim(bytes.length).putBytes(0, bytes);
        transaction.start(bytes.length, nowNs);
        return transaction;
    }

    /** An INVITE transaction that has sent its request; what was sent is forgotten. */
    InviteClientTransaction calling(final Transport transport) {
        final var transaction = (InviteClientTransaction) client(invite(), transport);
        egress.take();
        return transaction;
    }

    InviteClientTransaction proceeding(final Transport transport) {
        final InviteClientTransaction transaction = calling(transport);
        receive(transaction, 180, "INVITE");
        return transaction;
    }

    InviteClientTransaction accepted(final Transport transport) {
        final InviteClientTransaction transaction = proceeding(transport);
        receive(transaction, 200, "INVITE");
        return transaction;
    }

    ClientTransaction.Event receive(final ClientTransaction transaction, final int statusCode, final String method) {
        return transaction.onResponse(parse(response(statusCode, method)), nowNs);
    }

    /** The transport reports that the one message which was sent did not get out. */
    void failSent() {
        transactions.onSendFailed(egress.takeOne().correlation(), nowNs);
    }

    /** The user was told this and no more, and nothing is left. */
    void assertEnded(final String... whatWasTold) {
        assertEquals(List.of(whatWasTold), told);
        assertNothingIsLeft();
    }

    /** Everything has gone: tables, timers and kept messages (I-20). */
    void assertNothingIsLeft() {
        assertEquals(0, transactions.live());
        assertEquals(0, timers.armed());
        assertEquals(0, transactions.memory.bytesInUse());
    }

    private final class RecordingUser implements TransactionUser {
        @Override
        public void onTimeout(final ClientTransaction transaction, final long atNs) {
            told.add("timeout@" + elapsedMs());
        }

        @Override
        public void onTransportError(final ClientTransaction transaction, final long atNs) {
            told.add("transport-error@" + elapsedMs());
        }

        @Override
        public void onTerminated(final ClientTransaction transaction, final long atNs) {
            told.add("terminated@" + elapsedMs());
        }

        @Override
        public void onTerminated(final ServerTransaction transaction, final long atNs) {
            told.add("terminated@" + elapsedMs());
        }
    }
}
