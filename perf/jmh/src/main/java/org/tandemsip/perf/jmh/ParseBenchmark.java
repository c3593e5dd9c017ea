package org.tandemsip.perf.jmh;

import org.agrona.concurrent.UnsafeBuffer;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Setup;
import org.tandemsip.codec.Limits;
import org.tandemsip.codec.ParseError;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.SipParser;
import org.tandemsip.engine.handler.OwnerHash;
import org.tandemsip.engine.handler.ShardContext;

/**
 * What an I/O loop does with every datagram: index and check a 700-byte INVITE, hash its Call-ID for the shard.
 *
 * <pre>
 *   64 INVITEs off-heap, round robin --> SipMessage.wrap --> SipParser.parse --> OwnerHash of the Call-ID
 * </pre>
 */
public class ParseBenchmark extends PathBenchmark {
    private final UnsafeBuffer[] messages = SampleMessages.invites();
    private final SipMessage message = new SipMessage(Limits.DEFAULTS.headerRows());
    private final SipParser parser = new SipParser(Limits.DEFAULTS);
    private final OwnerHash hash = new ShardContext.Keys(1, 2, 3, 4).ownerHash();
    private int next;

    /** Refuses to measure a parser that gives the wrong answer. */
    @Setup
    public void check() {
        for (final UnsafeBuffer bytes : messages) {
            if (parser.parse(message.wrap(bytes, 0, bytes.capacity()), false) != ParseError.NONE
                    || message.rows() != 11 || message.bodyLength() == 0) {
                throw new IllegalStateException("the sample is not parsed as it should");
            }
        }
    }

    /** Index, checks and Call-ID hash. */
    @Benchmark
    public int parse() {
        final UnsafeBuffer bytes = messages[next++ & SampleMessages.COUNT - 1];
        parser.parse(message.wrap(bytes, 0, bytes.capacity()), false);
        return hash.of(message.bytes(), message.callId());
    }
}
