package org.tandemsip.engine.proxy;

import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.tandemsip.codec.AsciiWriter;
import org.tandemsip.codec.Edits;
import org.tandemsip.codec.HeaderName;
import org.tandemsip.codec.Limits;
import org.tandemsip.codec.Method;
import org.tandemsip.codec.NameAddr;
import org.tandemsip.codec.ParseError;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.SipParser;
import org.tandemsip.codec.SipUri;
import org.tandemsip.codec.Slice;
import org.tandemsip.codec.ValueCursor;
import org.tandemsip.codec.Via;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.engine.metrics.Counters;
import org.tandemsip.engine.routing.ListenPoints;
import org.tandemsip.engine.routing.RoutingPolicy;
import org.tandemsip.engine.routing.TopologyTokens;
import org.tandemsip.engine.routing.TopologyTokens.Kind;

/**
 * Hides what lies behind us from trunks with {@code hide-topology}, and what asks for that by {@code Privacy: header}
 * from all that are not trusted, without remembering anything: whatever they need not know stands in our own Via,
 * Record-Route and Contact as a token, and is put back when it returns.
 *
 * <pre>
 *   as written                                     as sent to the trunk
 *   Via: us;branch=1                               Via: us;branch=1;th=v...
 *   Via: 10.0.0.1;branch=2
 *   Record-Route: &lt;us;lr;tk=3&gt;, &lt;10.9.9.9;lr&gt;      Record-Route: &lt;us;lr;tk=3;th=r...&gt;
 *   Contact: &lt;sip:alice@10.0.0.1&gt;                  Contact: &lt;sip:alice@us;th=c...&gt;
 * </pre>
 *
 * It is the last thing done to a message that goes out, and the first to one that comes in: all else works on messages
 * as they are inside. A copy is written once more for that, and read once more when it comes back; trunks without
 * hiding pay nothing. What is not hidden: Call-ID, To, From and other identities, by which both ends know the call and
 * the caller, and bodies. Shard thread only.
 */
final class TopologyHider {
    /** Name of the parameter that holds a token. */
    private static final byte[] TOKEN = {'t', 'h'};
    private static final byte[] PARAMETER = {';', 't', 'h', '='};
    private static final byte[] ROUTE = {'R', 'o', 'u', 't', 'e', ':', ' '};
    private static final byte[] COMMA = {',', ' '};
    private static final byte[] NOTHING = {};
    private static final int MAX_MESSAGE = 65_535;
    private static final int BUFFER_BYTES = MAX_MESSAGE + 2 * TopologyTokens.MAX_PLAIN;
    /** What was let in within narrower limits grows by what is put back. */
    private static final Limits WIDE = new Limits(MAX_MESSAGE, MAX_MESSAGE, MAX_MESSAGE, 512, MAX_MESSAGE, MAX_MESSAGE,
            MAX_MESSAGE, MAX_MESSAGE, 512, 512);
    private static final int MOST_EDITS = 1_024;
    private static final int MOST_VALUES = 128;

    private final Counters counters;
    private final ListenPoints listenPoints;
    private final TopologyTokens tokens;
    private final Limits limits;
    private final OwnUris ownUris;
    private final SipParser parser = new SipParser(WIDE);
    private final SipMessage written = new SipMessage(WIDE.headerRows());
    private final SipMessage restored = new SipMessage(WIDE.headerRows());
    private final UnsafeBuffer restoredBytes = new UnsafeBuffer(0, 0);
    private final UnsafeBuffer plain = new UnsafeBuffer(0, 0);
    /** What is about to become a token: the Call-ID that it is bound to, and behind that the piece itself. */
    private final UnsafeBuffer piece = new UnsafeBuffer(0, 0);
    private final UnsafeBuffer opened = new UnsafeBuffer(0, 0);
    private final AsciiWriter pieceWriter = new AsciiWriter();
    private Edits edits;
    private final ValueCursor cursor = new ValueCursor();
    private final NameAddr nameAddr = new NameAddr();
    private final SipUri uri = new SipUri();
    private final int[] starts = new int[MOST_VALUES];
    private final int[] ends = new int[MOST_VALUES];
    private boolean on;
    private boolean forged;

    TopologyHider(final ShardContext context, final ListenPoints listenPoints) {
        this.listenPoints = listenPoints;
        counters = context.counters();
        tokens = new TopologyTokens(context.keys());
        limits = context.limits();
        ownUris = new OwnUris(context.listenPoints());
    }

    /** Takes over a configuration. Once there was a trunk to hide from, what was sent to it may still come back. */
    void policy(final RoutingPolicy policy) {
        if (policy.hidesTopology()) {
            turnOn();
        }
    }

    /** From now on there may be something to be hidden. */
    void turnOn() {
        if (!on) {
            on = true;
            restoredBytes.wrap(new byte[BUFFER_BYTES]);
            plain.wrap(new byte[BUFFER_BYTES]);
            piece.wrap(new byte[BUFFER_BYTES]);
            opened.wrap(new byte[TopologyTokens.MAX_PLAIN]);
            edits = new Edits(MOST_EDITS, BUFFER_BYTES);
        }
    }

    /** Whether something in a request may have to be put back: it is on, or has been before a restart. */
    boolean concerns(final SipMessage request) {
        if (!on && isSip(request.parsedUri()) && Slice.exists(request.parsedUri().parameter(TOKEN))) {
            turnOn();
        }
        return on;
    }

    /** As {@link #concerns}, of a response. */
    boolean concernsResponse(final SipMessage response) {
        if (!on && Slice.exists(response.topVia().parameter(TOKEN))) {
            turnOn();
        }
        return on;
    }

    /** Memory to write a message into that is to be hidden. */
    MutableDirectBuffer plain() {
        return plain;
    }

    /** How much longer a message can become by hiding. */
    int maxAdded(final SipMessage message) {
        return on ? message.headersEnd() + 4_096 : 0;
    }

    /**
     * Hides the first {@code length} bytes of {@link #plain}.
     *
     * @param listenPoint listen point that the trunk knows us by
     * @param nameless    whether a Contact is not to tell its user either (RFC 3323 section 5.1)
     * @return size in bytes, written from index 0; 0 when there is more to hide than a message can carry
     */
    int hide(final int length, final int listenPoint, final boolean nameless, final MutableDirectBuffer out) {
        if (parser.takeRest(written, parser.parse(written.wrap(plain, 0, length), false)) != ParseError.NONE) {
            return 0;
        }
        edits.reset();
        if (written.isRequest() && !hideVias()) {
            counters.increment(Counter.TOPOLOGY_TOO_LONG);
            return 0;
        }
        hideRecordRoutes();
        if (written.isRequest() || written.method() != Method.REGISTER) {
            hideContacts(listenPoint, nameless);
        }
        return edits.overflown() || edits.resultLength(written) > out.capacity() ? 0 : edits.apply(written, out, 0);
    }

    private boolean hideVias() {
        final int first = written.firstRow(HeaderName.VIA);
        int row = written.nextRow(first);
        if (row == SipMessage.NO_ROW) {
            return true;
        }
        beginPiece();
        final Via own = written.topVia();
        while (row != SipMessage.NO_ROW) {
            final int start = written.rowStart(row);
            final int length = written.rowEnd(row) - start;
            pieceWriter.put(written.bytes(), start, length);
            edits.delete(start, length);
            row = written.nextRow(row);
        }
        final int rowLength = written.rowEnd(first) - written.rowStart(first);
        return fits(rowLength, limits.headerBytes()) && putToken(own.end(), Kind.VIA, true);
    }

    /**
     * Of what we have written into a request ours comes first, then what is behind us. In a response it is the other
     * way round: what is behind us, ours, and then what the trunk has put there itself, which it needs.
     */
    private void hideRecordRoutes() {
        final int count = values(HeaderName.RECORD_ROUTE);
        int own = -1;
        for (int i = 0; i < count && !(written.isRequest() && own >= 0); i++) {
            own = isOurs(written.bytes(), starts[i], ends[i]) ? i : own;
        }
        if (own < 0 || (written.isRequest() ? own == count - 1 : own == 0)) {
            return;
        }
        beginPiece();
        // In the order in which they will be in the Route of a request from there.
        for (int i = written.isRequest() ? own + 1 : own - 1; i >= 0 && i < count; i += written.isRequest() ? 1 : -1) {
            pieceWriter.put(pieceWriter.position() == pieceStart() ? NOTHING : COMMA);
            pieceWriter.put(written.bytes(), starts[i], ends[i] - starts[i]);
        }
        cursor.reset(written, HeaderName.RECORD_ROUTE);
        for (int i = 0; cursor.next(); i++) {
            if (i == own) {
                final int close = bracketEnd(starts[i], ends[i]);
                if (!fits(close - starts[i], limits.uriBytes()) || !putToken(close, Kind.ROUTE, true)) {
                    counters.increment(Counter.TOPOLOGY_TOO_LONG);
                }
            } else if (written.isRequest() ? i > own : i < own) {
                cursor.delete(edits);
            }
        }
    }

    private void hideContacts(final int listenPoint, final boolean nameless) {
        cursor.reset(written, HeaderName.CONTACT);
        while (cursor.next()) {
            if (!nameAddr.wrap(written.bytes(), cursor.start(), cursor.end())) {
                continue;
            }
            final int start = Slice.offset(nameAddr.uri());
            final int end = Slice.end(nameAddr.uri());
            if (!wrapSip(written.bytes(), start, end)
                    || listenPoints.find(written.bytes(), uri) != ListenPoints.NONE) {
                continue;
            }
            beginPiece();
            pieceWriter.put(written.bytes(), start, end - start);
            final boolean secure = uri.scheme() == SipUri.Scheme.SIPS;
            if (nameless && Slice.exists(nameAddr.displayName())) {
                edits.delete(Slice.offset(nameAddr.displayName()), Slice.length(nameAddr.displayName()));
            }
            final AsciiWriter out = edits.begin(start, end - start);
            if (!nameAddr.bracketed()) {
                out.put('<');
            }
            final int before = out.position();
            ownUris.write(out, listenPoint, secure, written.bytes(),
                    nameless ? Slice.NONE : uri.user());
            if (fits(out.position() - before, limits.uriBytes())) {
                writeToken(out.put(PARAMETER), Kind.CONTACT, false);
            } else {
                // Requests to it are for the route table, as those to any user of ours.
                counters.increment(Counter.TOPOLOGY_TOO_LONG);
            }
            if (!nameAddr.bracketed()) {
                out.put('>');
            }
            edits.end();
        }
    }

    /**
     * Puts back what was hidden in a response.
     *
     * @return the response itself when nothing was; {@code null} when a token is not one of ours
     */
    SipMessage restoreResponse(final SipMessage response) {
        edits.reset();
        forged = false;
        boolean changed = false;
        final long via = response.topVia().parameter(TOKEN);
        if (Slice.exists(via) && listenPoints.isOurs(response.bytes(), response.topVia())) {
            final int length = open(response, Kind.VIA, via, true);
            edits.begin(response.rowEnd(response.firstRow(HeaderName.VIA)), 0).put(opened, 0, Math.max(0, length));
            edits.end();
            changed = true;
        }
        changed |= restoreAddresses(response, HeaderName.RECORD_ROUTE);
        changed |= restoreAddresses(response, HeaderName.CONTACT);
        return restored(response, changed);
    }

    /** As {@link #restoreResponse}, of a request: in its Request-URI and Routes. */
    SipMessage restoreRequest(final SipMessage request) {
        edits.reset();
        forged = false;
        boolean changed = false;
        final long target = request.requestUri();
        final SipUri parsed = request.parsedUri();
        final long token = isSip(parsed) ? parsed.parameter(TOKEN) : Slice.NONE;
        if (Slice.exists(token) && Slice.length(token) > 0
                && listenPoints.find(request.bytes(), parsed) != ListenPoints.NONE) {
            changed = true;
            if (request.bytes().getByte(Slice.offset(token)) == Kind.ROUTE.letter()) {
                // A strict router has put our Record-Route here (RFC 3261 section 16.6 step 6).
                final int length = open(request, Kind.ROUTE, token, true);
                final int row = request.firstRow(HeaderName.ROUTE);
                edits.begin(request.rowStart(row == SipMessage.NO_ROW ? request.firstRow(HeaderName.VIA) : row), 0)
                        .put(ROUTE).put(opened, 0, Math.max(0, length)).crlf();
            } else {
                final int length = open(request, Kind.CONTACT, token, false);
                edits.begin(Slice.offset(target), Slice.length(target)).put(opened, 0, Math.max(0, length));
            }
            edits.end();
        }
        changed |= restoreAddresses(request, HeaderName.ROUTE);
        return restored(request, changed);
    }

    private boolean restoreAddresses(final SipMessage message, final HeaderName name) {
        if (message.firstRow(name) == SipMessage.NO_ROW) {
            return false;
        }
        boolean changed = false;
        cursor.reset(message, name);
        while (cursor.next()) {
            if (!nameAddr.wrap(message.bytes(), cursor.start(), cursor.end())) {
                continue;
            }
            final int start = Slice.offset(nameAddr.uri());
            final int end = Slice.end(nameAddr.uri());
            final long token = wrapSip(message.bytes(), start, end) ? uri.parameter(TOKEN) : Slice.NONE;
            if (!Slice.exists(token) || Slice.length(token) == 0
                    || listenPoints.find(message.bytes(), uri) == ListenPoints.NONE) {
                continue;
            }
            changed = true;
            if (message.bytes().getByte(Slice.offset(token)) == Kind.CONTACT.letter()) {
                final int length = open(message, Kind.CONTACT, token, false);
                edits.begin(start, end - start).put(opened, 0, Math.max(0, length));
                edits.end();
            } else {
                final int length = open(message, Kind.ROUTE, token, true);
                edits.delete(Slice.offset(token) - PARAMETER.length, PARAMETER.length + Slice.length(token));
                edits.begin(cursor.end(), 0).put(COMMA).put(opened, 0, Math.max(0, length));
                edits.end();
            }
        }
        return changed;
    }

    private SipMessage restored(final SipMessage message, final boolean changed) {
        if (!changed) {
            return message;
        }
        if (forged || edits.overflown() || edits.resultLength(message) > restoredBytes.capacity()) {
            counters.increment(Counter.TOPOLOGY_FORGED);
            return null;
        }
        final int length = edits.apply(message, restoredBytes, 0);
        if (parser.takeRest(restored, parser.parse(restored.wrap(restoredBytes, 0, length), false))
                != ParseError.NONE) {
            counters.increment(Counter.TOPOLOGY_FORGED);
            return null;
        }
        return restored;
    }

    /** Opens a token into {@link #opened}; returns the length of what was hidden. */
    private int open(final SipMessage message, final Kind kind, final long token, final boolean bound) {
        final long callId = message.callId();
        final int length = tokens.read(kind, message.bytes(), Slice.offset(token), Slice.end(token),
                Slice.offset(callId), bound ? Slice.length(callId) : 0, opened);
        forged |= length < 0;
        return length;
    }

    private void beginPiece() {
        final long callId = written.callId();
        pieceWriter.wrap(piece, 0).put(written.bytes(), Slice.offset(callId), Slice.length(callId));
    }

    private int pieceStart() {
        return Slice.length(written.callId());
    }

    /** Whether something of {@code length} bytes may have the token of the piece as well. */
    private boolean fits(final int length, final int most) {
        final int plainLength = pieceWriter.position() - pieceStart();
        return !pieceWriter.overflown() && plainLength <= TopologyTokens.MAX_PLAIN
                && length + PARAMETER.length + TopologyTokens.length(plainLength) <= most;
    }

    private boolean putToken(final int at, final Kind kind, final boolean bound) {
        final boolean good = writeToken(edits.begin(at, 0).put(PARAMETER), kind, bound);
        edits.end();
        return good;
    }

    private boolean writeToken(final AsciiWriter out, final Kind kind, final boolean bound) {
        return tokens.write(out, kind, piece, pieceStart(), pieceWriter.position() - pieceStart(), 0,
                bound ? pieceStart() : 0);
    }

    private int values(final HeaderName name) {
        int count = 0;
        if (written.firstRow(name) != SipMessage.NO_ROW) {
            cursor.reset(written, name);
            while (count < MOST_VALUES && cursor.next()) {
                starts[count] = cursor.start();
                ends[count++] = cursor.end();
            }
        }
        return count;
    }

    private boolean isOurs(final DirectBuffer bytes, final int start, final int end) {
        return nameAddr.wrap(bytes, start, end)
                && wrapSip(bytes, Slice.offset(nameAddr.uri()), Slice.end(nameAddr.uri()))
                && listenPoints.find(bytes, uri) != ListenPoints.NONE;
    }

    /** Offset behind the URI of a value. */
    private int bracketEnd(final int start, final int end) {
        return nameAddr.wrap(written.bytes(), start, end) ? Slice.end(nameAddr.uri()) : end;
    }

    private boolean wrapSip(final DirectBuffer bytes, final int start, final int end) {
        return uri.wrap(bytes, start, end) && isSip(uri);
    }

    private static boolean isSip(final SipUri uri) {
        return uri.scheme() == SipUri.Scheme.SIP || uri.scheme() == SipUri.Scheme.SIPS;
    }
}
