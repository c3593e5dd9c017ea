package org.tandemsip.server.transport;

import java.util.function.Supplier;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.tandemsip.codec.Edits;
import org.tandemsip.codec.Method;
import org.tandemsip.codec.ParseError;
import org.tandemsip.codec.ResponseWriter;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Status;
import org.tandemsip.engine.handler.AnswerTag;
import org.tandemsip.engine.handler.Destination;
import org.tandemsip.engine.handler.ReceivedVia;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.handler.Source;
import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.engine.metrics.Counters;
import org.tandemsip.engine.shard.RateLimitedReports;
import org.tandemsip.engine.shard.Shard;

/**
 * Says no on the loop itself, without a shard and without keeping anything (RFC 3261 section 8.2.7): to malformed
 * requests (section 16.3 step 1), and to new requests when the ring of their shard is full. Responses and ACKs are
 * never answered, and nobody is whom no trunk knows: such a source is reported. Loop thread only.
 */
final class Refusals {
    /** What an answer may be longer than its request: status line, received, rport, To tag, Content-Length. */
    private static final int ANSWER_EXTRA_BYTES = 512;

    private final Outbound outbound;
    private final Counters counters;
    private final Supplier<SourceFilter> filters;
    private final BadMessages badMessages;
    private final RateLimitedReports reports;
    private final AnswerTag answerTag;
    private final ResponseWriter writer = new ResponseWriter();
    private final ReceivedVia receivedVia = new ReceivedVia();
    private final Edits viaEdits = new Edits(4, 256);
    private final Destination destination = new Destination();
    private final Origin origin = new Origin();

    Refusals(final Outbound outbound, final Counters counters, final Supplier<SourceFilter> filters,
            final BadMessages badMessages,
            final RateLimitedReports reports, final ShardContext.Keys keys) {
        this.outbound = outbound;
        this.counters = counters;
        this.filters = filters;
        this.badMessages = badMessages;
        this.reports = reports;
        this.answerTag = new AnswerTag(keys);
    }

    /**
     * Counts, keeps and, where it may be, answers a malformed message.
     *
     * @param message     as indexed as the parser got
     * @param error       what is wrong
     * @param errorOffset where, from the first byte
     * @param bytes       its bytes are {@code bytes[offset, offset + length)}
     * @return whether it was answered
     */
    boolean refuse(final SipMessage message, final ParseError error, final int errorOffset, final Source source,
            final DirectBuffer bytes, final int offset, final int length) {
        counters.increment(Counter.of(error));
        badMessages.record(source, error, errorOffset, bytes, offset, length);
        return refuse(message, error.statusLine(), source, Counter.DROPPED_MALFORMED);
    }

    /**
     * Answers a request that begins something, and drops all else. No Retry-After (RFC 7339 section 5.10.2).
     */
    void overload(final SipMessage message, final Source source) {
        refuse(message, Shard.beginsSomething(message) ? Status.SERVICE_UNAVAILABLE_503 : null, source,
                Counter.DROPPED_OVERLOAD);
    }

    /** Answers a request that begins something from a source that sends too much, and drops all else. */
    void limited(final SipMessage message, final Source source) {
        refuse(message, Shard.beginsSomething(message) ? Status.SERVICE_UNAVAILABLE_503 : null, source,
                Counter.DROPPED_SOURCE_RATE);
    }

    /** Counts a message whose shard has no room, and goes on as {@link #overload}. */
    void noRoom(final SipMessage message, final Source source) {
        counters.increment(Counter.RING_FULL);
        overload(message, source);
    }

    private boolean refuse(final SipMessage message, final Status status, final Source source, final Counter dropped) {
        return refuse(message, status == null ? null : status.startLine(), source, dropped);
    }

    private boolean refuse(final SipMessage message, final byte[] statusLine, final Source source,
            final Counter dropped) {
        final boolean known = filters.get().known(source);
        if (!known) {
            reports.refused(source, source.receivedNs);
        }
        if (statusLine == null || !message.isRequest() || message.method() == Method.ACK) {
            counters.increment(dropped);
            return false;
        }
        if (!known) {
            counters.increment(Counter.DROPPED_UNKNOWN_SOURCE);
            return false;
        }
        final boolean answered = answer(message, statusLine, source);
        counters.increment(answered ? Counter.ANSWERED : dropped);
        return answered;
    }

    private boolean answer(final SipMessage request, final byte[] statusLine, final Source source) {
        final int length;
        try {
            receivedVia.edit(viaEdits.reset(), request, request.topVia(), source);
            ReceivedVia.responseDestination(request.topVia(), source, destination);
            final MutableDirectBuffer out = outbound.claim(request.length() + ANSWER_EXTRA_BYTES);
            writer.begin(request, statusLine, answerTag.of(request), viaEdits, out, 0);
            length = writer.finish();
        } catch (final RuntimeException unanswerable) {
            // The parser promises that what it lets us answer can be answered. Should it err, a drop is all that
            // happens.
            counters.increment(Counter.FAULTS);
            return false;
        }
        if (length == 0) {
            return false;
        }
        outbound.send(length, destination, origin.set(Origin.NO_SHARD, 0, source.receivedNs, source.receivedNs));
        return true;
    }
}
