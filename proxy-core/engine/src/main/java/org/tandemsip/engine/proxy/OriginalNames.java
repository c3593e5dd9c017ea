package org.tandemsip.engine.proxy;

import java.nio.charset.StandardCharsets;
import org.agrona.concurrent.UnsafeBuffer;
import org.tandemsip.codec.AsciiWriter;
import org.tandemsip.codec.Edits;
import org.tandemsip.codec.HeaderName;
import org.tandemsip.codec.NameAddr;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.SipUri;
import org.tandemsip.codec.Slice;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.routing.RoutingPolicy;
import org.tandemsip.engine.routing.TopologyTokens;
import org.tandemsip.engine.routing.TopologyTokens.Kind;

/**
 * Whom From and To named before numbers in them were rewritten. A response has to carry both as the request did (RFC
 * 3261 section 8.2.6.2), so the user parts go along in our Via, as a token that tells nobody else, and are put back in
 * whatever comes back with it: nothing is kept in memory, and repeated and late responses are right too.
 *
 * <pre>
 *   piece behind the token:  | length of From's user | From's user | To's user |     an empty one was not changed
 * </pre>
 *
 * Shard thread only.
 */
final class OriginalNames {
    /** Name of the parameter of our Via. */
    private static final byte[] NAME = {'o', 'n'};
    private static final byte[] PARAMETER = ";on=".getBytes(StandardCharsets.US_ASCII);
    /**
     * Longest user parts, both together, that go along: a number with what may stand around it. Their token is shorter
     * than {@link RoutingPolicy#MOST_ORIGINALS}.
     */
    static final int MOST_BYTES = 160;
    private static final int MOST_CALL_ID = 256;

    private final ShardContext.Keys keys;
    private final NameAddr nameAddr = new NameAddr();
    private final SipUri uri = new SipUri();
    private final AsciiWriter writer = new AsciiWriter();
    private TopologyTokens tokens;
    private UnsafeBuffer piece;

    OriginalNames(final ShardContext.Keys keys) {
        this.keys = keys;
    }

    private void turnOn() {
        if (tokens == null) {
            tokens = new TopologyTokens(keys);
            piece = new UnsafeBuffer(new byte[TopologyTokens.MAX_PLAIN]);
        }
    }

    /**
     * Writes the parameter of our Via.
     *
     * @param from user part of From as it came, {@link Slice#NONE} when it is not rewritten
     * @param to   likewise of To
     */
    void write(final AsciiWriter via, final SipMessage request, final long from, final long to) {
        final int fromLength = Slice.exists(from) ? Slice.length(from) : 0;
        final int toLength = Slice.exists(to) ? Slice.length(to) : 0;
        final long callId = request.callId();
        if (fromLength + toLength == 0 || fromLength + toLength > MOST_BYTES || fromLength > 127
                || Slice.length(callId) > MOST_CALL_ID) {
            return;
        }
        turnOn();
        final int start = Slice.length(callId);
        writer.wrap(piece, 0).putSlice(request.bytes(), callId).put((char) fromLength);
        if (fromLength > 0) {
            writer.putSlice(request.bytes(), from);
        }
        if (toLength > 0) {
            writer.putSlice(request.bytes(), to);
        }
        tokens.write(via.put(PARAMETER), Kind.NAMES, piece, start, writer.position() - start, 0, start);
    }

    /** Adds to {@code edits} what puts them back in a response whose topmost Via is ours. */
    void restore(final SipMessage response, final Edits edits) {
        final long token = response.topVia().parameter(NAME);
        if (!Slice.exists(token) || Slice.length(token) == 0) {
            return;
        }
        turnOn();
        final long callId = response.callId();
        final int length = Slice.length(callId) > MOST_CALL_ID ? -1
                : tokens.read(Kind.NAMES, response.bytes(), Slice.offset(token), Slice.end(token),
                        Slice.offset(callId), Slice.length(callId), piece);
        if (length < 1) {
            return;
        }
        final int fromLength = piece.getByte(0);
        if (fromLength < 0 || 1 + fromLength > length) {
            return;
        }
        restore(response, HeaderName.FROM, 1, fromLength, edits);
        restore(response, HeaderName.TO, 1 + fromLength, length - 1 - fromLength, edits);
    }

    private void restore(final SipMessage response, final HeaderName name, final int offset, final int length,
            final Edits edits) {
        final long value = response.value(name);
        if (length == 0 || !Slice.exists(value)
                || !nameAddr.wrap(response.bytes(), Slice.offset(value), Slice.end(value))) {
            return;
        }
        final long address = nameAddr.uri();
        if (uri.wrap(response.bytes(), Slice.offset(address), Slice.end(address))
                && uri.scheme() != SipUri.Scheme.OPAQUE && Slice.exists(uri.user())) {
            edits.begin(Slice.offset(uri.user()), Slice.length(uri.user())).put(piece, offset, length);
            edits.end();
        }
    }
}
