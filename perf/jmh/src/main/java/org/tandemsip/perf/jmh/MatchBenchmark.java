package org.tandemsip.perf.jmh;

import java.nio.ByteBuffer;
import java.util.List;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.tandemsip.codec.AsciiWriter;
import org.tandemsip.codec.IpAddress;
import org.tandemsip.codec.Limits;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.engine.handler.Destination;
import org.tandemsip.engine.handler.Egress;
import org.tandemsip.engine.handler.Places;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.handler.Source;
import org.tandemsip.engine.metrics.Counters;
import org.tandemsip.engine.routing.Branches;
import org.tandemsip.engine.timer.TimerLanes;
import org.tandemsip.engine.transaction.ClientTransaction;
import org.tandemsip.engine.transaction.ServerTransaction;
import org.tandemsip.engine.transaction.TransactionUser;
import org.tandemsip.engine.transaction.Transactions;

/**
 * Finding the transaction of a message among many (RFC 3261 sections 17.1.3 and 17.2.3), as the shard does with every
 * message after it is parsed.
 *
 * <pre>
 *   64 parsed INVITEs,  round robin --> key over branch, sent-by, method --> table of server transactions
 *   64 parsed responses, round robin --> slot beside our branch           --> the client transaction, if the key fits
 *   the same without that            --> hexadecimal key in our branch    --> table of client transactions
 * </pre>
 */
public class MatchBenchmark extends PathBenchmark {
    /** Transactions held, server and client together. */
    @Param({"1000", "100000"})
    private int held;

    private final SipMessage[] requests = new SipMessage[SampleMessages.COUNT];
    private final SipMessage[] responses = new SipMessage[SampleMessages.COUNT];
    private final SipMessage[] bareResponses = new SipMessage[SampleMessages.COUNT];
    private Transactions transactions;
    private Branches branches;
    private int next;

    /** Fills the tables and refuses to measure a search that does not find. */
    @Setup
    public void fill() {
        final ShardContext context = new ShardContext(0, new Nowhere(), new TimerLanes(), new Counters(), List.of(),
                Limits.DEFAULTS, new ShardContext.Keys(1, 2, 3, 4), 2 * held + 2, null);
        transactions = new Transactions(context);
        branches = new Branches(context);
        final Source source = source();
        final UnsafeBuffer[] samples = SampleMessages.invites();
        for (int i = 0; i < held / 2; i++) {
            if (i < SampleMessages.COUNT) {
                requests[i] = SampleMessages.parse(samples[i]);
            }
            // All but the first 64 have branches that nobody asks for.
            final SipMessage request = i < SampleMessages.COUNT ? requests[i] : SampleMessages.parse(other(i));
            final ServerTransaction server = transactions.createServer(request, source, TransactionUser.NOBODY, 0);
            final ClientTransaction client =
                    transactions.createClient(key(i), true, new Destination().set(source), TransactionUser.NOBODY, 0);
            if (server == null || client == null) {
                throw new IllegalStateException("no room for transaction " + i);
            }
            if (i < SampleMessages.COUNT) {
                responses[i] = SampleMessages.parse(response(i, client.place()));
                bareResponses[i] = SampleMessages.parse(response(i, Places.NONE));
            }
        }
        for (int i = 0; i < SampleMessages.COUNT; i++) {
            if (request() == null || response() == null || responseByKey() == null) {
                throw new IllegalStateException("transaction " + i + " is not found");
            }
        }
    }

    /** A request and its server transaction. */
    @Benchmark
    public ServerTransaction request() {
        return transactions.findServer(requests[next++ & SampleMessages.COUNT - 1]);
    }

    /** A response and its client transaction, by the branch that we wrote and the slot beside it. */
    @Benchmark
    public ClientTransaction response() {
        return match(responses[next++ & SampleMessages.COUNT - 1]);
    }

    /** The same where somebody has cut off the slot. */
    @Benchmark
    public ClientTransaction responseByKey() {
        return match(bareResponses[next++ & SampleMessages.COUNT - 1]);
    }

    private ClientTransaction match(final SipMessage response) {
        return branches.read(response, response.topVia())
                ? transactions.findClient(branches.place(), branches.key(), false)
                : null;
    }

    private static long key(final int i) {
        return 0x9E3779B97F4A7C15L * (i + 1);
    }

    private UnsafeBuffer response(final int i, final long place) {
        final UnsafeBuffer branch = new UnsafeBuffer(new byte[Branches.LENGTH + Branches.PLACE_LENGTH]);
        final AsciiWriter writer = new AsciiWriter().wrap(branch, 0);
        branches.write(writer, Branches.STATEFUL, key(i), i);
        Branches.writePlace(writer, place);
        return SampleMessages.offHeap("""
                SIP/2.0 180 Ringing
                Via: SIP/2.0/UDP 192.0.2.1:5060;branch=%s
                Via: SIP/2.0/UDP 198.51.100.%d:5060;branch=z9hG4bK%d;rport=5060;received=198.51.100.%d
                From: "Extension %d" <sip:+4989456%d@pbx.example.com>;tag=%d
                To: <sip:+4930123%04d@carrier.example.com>;tag=carrier%d
                Call-ID: %d@198.51.100.%d
                CSeq: %d INVITE
                Contact: <sip:+4930123%04d@203.0.113.9:5060>
                Content-Length: 0

                """.formatted(branch.getStringWithoutLengthAscii(0, writer.position()), i, i, i, i, i, i, i, i, i, i,
                i + 1, i));
    }

    private static UnsafeBuffer other(final int i) {
        return SampleMessages.offHeap("""
                OPTIONS sip:carrier.example.com SIP/2.0
                Via: SIP/2.0/UDP 198.51.100.1:5060;branch=z9hG4bKother%d
                Max-Forwards: 70
                From: <sip:pbx.example.com>;tag=%d
                To: <sip:carrier.example.com>
                Call-ID: %d
                CSeq: 1 OPTIONS
                Content-Length: 0

                """.formatted(i, i, i));
    }

    private static Source source() {
        final Source source = new Source();
        source.addressLow = IpAddress.IPV4_PREFIX | 0xC6336415L;
        source.port = 5060;
        return source;
    }

    /** Nothing is sent here. */
    private static final class Nowhere implements Egress {
        private final UnsafeBuffer out = new UnsafeBuffer(ByteBuffer.allocateDirect(65_536));

        @Override
        public MutableDirectBuffer claim(final int length) {
            return out;
        }

        @Override
        public void send(final int length, final Destination destination, final long correlation) {}

        @Override
        public int flush() {
            return 0;
        }
    }
}
