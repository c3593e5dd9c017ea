package org.tandemsip.codec;

import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Finds where messages begin and end in a byte stream (RFC 3261 section 18.3, RFC 5626 section 3.5.1). Sans-I/O, one
 * per connection, keeps a position so that no byte is scanned twice, and never scans to find a new start after an
 * error.
 *
 * <pre>
 *   CRLF CRLF | INVITE ... CRLF Via: ... CRLF Content-Length: 3 CRLF CRLF abc | INV
 *   PING      | START           HEADERS                                 BODY  | START
 * </pre>
 *
 * <p>Two line ends in a row between messages are a ping even when other polls saw them one by one: a peer that answers
 * each of our pings with one line end may get one back for every second of them, which RFC 5626 section 4.4.1 lets it
 * ignore.
 */
public final class StreamFramer {
    /** What {@link #poll} found. */
    public enum Result {
        /** Not yet a whole message: feed more bytes behind those already there. */
        NEED_MORE,
        /** A message of {@link #messageLength()} bytes stands at {@link #messageOffset()}. */
        MESSAGE,
        /** A double CRLF (RFC 5626 keep-alive ping) was consumed: answer a single CRLF. */
        PING,
        /**
         * The stream cannot be framed any further: answer {@link #error()} to the message whose header block stands at
         * {@link #messageOffset()} when it can be answered, then close.
         */
        BROKEN
    }

    private enum State {
        BETWEEN, START, HEADERS, BODY, BROKEN
    }

    private static final int NOT_GIVEN = -1;
    private static final int CONTENT_LENGTH = HeaderName.CONTENT_LENGTH.ordinal();

    private final Limits limits;
    /** The bytes from the start of the message under way, so that offsets hold when the caller moves its buffer. */
    private final UnsafeBuffer view = new UnsafeBuffer(0, 0);
    private State state = State.BETWEEN;
    private boolean lineEndSeen;
    private ParseError error = ParseError.NONE;
    private int messageOffset;
    private int messageLength;
    private int consumed;

    // Of the message under way, offsets from its first byte.
    private int scanned;
    private int methodEnd;
    private int lineStart;
    private int rowStart;
    private int headersLength;
    private int contentLength;
    private ParseError pending;

    /** Makes a framer that holds messages to {@code limits}. */
    public StreamFramer(final Limits limits) {
        this.limits = limits;
    }

    /**
     * Looks for the next message in {@code buffer[offset, offset + length)}, the bytes not yet consumed.
     *
     * <p>After {@code MESSAGE}, {@code PING} or {@code NEED_MORE} the caller drops {@link #consumed()} bytes from the
     * front before the next call, which then starts at the first byte not consumed.
     */
    public Result poll(final DirectBuffer buffer, final int offset, final int length) {
        consumed = 0;
        messageOffset = offset;
        messageLength = 0;
        if (state == State.BROKEN) {
            return Result.BROKEN;
        }
        if (state == State.BETWEEN) {
            final Result ping = skipLineEnds(buffer, offset, length);
            if (ping != null) {
                return ping;
            }
        }
        messageOffset = offset + consumed;
        final int available = length - consumed;
        view.wrap(buffer, messageOffset, available);
        if (state != State.BODY) {
            final Result early = scanHeaders(available);
            if (early != null) {
                return early;
            }
        }
        return finishBody(available);
    }

    /** Offset of the message found, in the buffer passed to {@link #poll}. */
    public int messageOffset() {
        return messageOffset;
    }

    /** Size of the message found; after {@code BROKEN} of the header block that can be parsed to answer it, or 0. */
    public int messageLength() {
        return messageLength;
    }

    /** Bytes from the front that are done with, the message itself included. */
    public int consumed() {
        return consumed;
    }

    /** Why the stream is broken, after {@code BROKEN}. */
    public ParseError error() {
        return error;
    }

    /** Whether a message has begun but not ended: the slow-message deadline runs. */
    public boolean midMessage() {
        return state == State.START || state == State.HEADERS || state == State.BODY;
    }

    /** Consumes line ends before a message; {@code null} when one begins. */
    private Result skipLineEnds(final DirectBuffer buffer, final int offset, final int length) {
        while (consumed < length) {
            if (buffer.getByte(offset + consumed) != '\r') {
                begin();
                return null;
            }
            if (consumed + 1 == length) {
                return Result.NEED_MORE;
            }
            if (buffer.getByte(offset + consumed + 1) != '\n') {
                return broken(ParseError.NOT_SIP, 0);
            }
            consumed += 2;
            if (lineEndSeen) {
                lineEndSeen = false;
                return Result.PING;
            }
            lineEndSeen = true;
        }
        return Result.NEED_MORE;
    }

    private void begin() {
        state = State.START;
        lineEndSeen = false;
        scanned = 0;
        methodEnd = 0;
        lineStart = 0;
        rowStart = 0;
        headersLength = 0;
        contentLength = NOT_GIVEN;
        pending = ParseError.NONE;
    }

    /** Goes on from the last byte scanned; {@code null} when the empty line was found and the body can be counted. */
    private Result scanHeaders(final int available) {
        if (state == State.START && !mayBeSip(available)) {
            return broken(ParseError.NOT_SIP, 0);
        }
        while (true) {
            final int lineEnd = Scan.lineBreak(view, scanned, available);
            scanned = lineEnd;
            if (lineEnd > limits.headersBytes()) {
                return broken(ParseError.HEADERS_TOO_LARGE, lineStart);
            }
            if (lineEnd == available || lineEnd + 1 == available && view.getByte(lineEnd) == '\r') {
                return Result.NEED_MORE;
            }
            if (view.getByte(lineEnd) == '\r' && view.getByte(lineEnd + 1) == '\n') {
                scanned = lineEnd + 2;
            } else {
                note(ParseError.BAD_LINE_END);
                scanned = lineEnd + 1;
            }
            if (state == State.START) {
                if (!StartLine.isSip(view, lineEnd)) {
                    return broken(ParseError.NOT_SIP, 0);
                }
                state = State.HEADERS;
                rowStart = scanned;
            } else if (lineEnd == lineStart) {
                return endOfHeaders();
            } else if (view.getByte(lineStart) != ' ' && view.getByte(lineStart) != '\t') {
                readRow(lineStart);
            }
            lineStart = scanned;
        }
    }

    /** Tells other protocols from SIP by the first bytes: a method and a space, or {@code SIP/}. */
    private boolean mayBeSip(final int available) {
        methodEnd = Scan.token(view, methodEnd, available);
        if (methodEnd == available) {
            return true;
        }
        final byte value = view.getByte(methodEnd);
        return methodEnd > 0 && (value == ' ' || value == '/');
    }

    /** Looks at the row that ends where the line at {@code end} begins, folds included, for Content-Length. */
    private void readRow(final int end) {
        final int start = rowStart;
        rowStart = end;
        if (start == end) {
            return;
        }
        final int first = Scan.lower(view.getByte(start));
        if (first != 'c' && first != 'l') {
            return;
        }
        final int nameEnd = Scan.nameEnd(view, start, end);
        final int colon = Scan.skipLws(view, nameEnd, end);
        if (colon == end || view.getByte(colon) != ':'
                || HeaderNames.ordinal(view, start, nameEnd - start) != CONTENT_LENGTH) {
            return;
        }
        final int valueStart = Scan.skipLws(view, colon + 1, end);
        final int valueEnd = Scan.trimEnd(view, valueStart, end);
        if (contentLength != NOT_GIVEN) {
            note(ParseError.DUPLICATE_HEADER);
        }
        contentLength = (int) Scan.number(view, valueStart, valueEnd, Integer.MAX_VALUE);
        if (contentLength < 0) {
            note(ParseError.BAD_CONTENT_LENGTH);
        }
    }

    private Result endOfHeaders() {
        readRow(lineStart);
        headersLength = scanned;
        if (contentLength == NOT_GIVEN) {
            note(ParseError.MISSING_HEADER);
        } else if (contentLength > limits.bodyBytes()) {
            note(ParseError.BODY_TOO_LARGE);
        } else if (headersLength + contentLength > limits.messageBytes()) {
            note(ParseError.MESSAGE_TOO_LARGE);
        }
        if (pending != ParseError.NONE) {
            return broken(pending, headersLength);
        }
        state = State.BODY;
        return null;
    }

    private Result finishBody(final int available) {
        final int total = headersLength + contentLength;
        if (available < total) {
            return Result.NEED_MORE;
        }
        messageLength = total;
        consumed += total;
        state = State.BETWEEN;
        return Result.MESSAGE;
    }

    private void note(final ParseError kind) {
        if (pending == ParseError.NONE) {
            pending = kind;
        }
    }

    private Result broken(final ParseError kind, final int answerable) {
        state = State.BROKEN;
        error = kind;
        messageLength = answerable;
        return Result.BROKEN;
    }
}
