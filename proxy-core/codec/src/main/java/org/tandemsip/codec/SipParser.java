package org.tandemsip.codec;

import org.agrona.concurrent.UnsafeBuffer;

/**
 * Reads a message once, front to back, and fills the index of a {@link SipMessage}. Never throws, never allocates.
 *
 * <p>Checks what RFC 3261 section 16.3 step 1 calls reasonable syntax: start line, line ends, header names, the header
 * fields a proxy must understand (Via, From, To, Call-ID, CSeq, Max-Forwards, Route, Record-Route, Content-Length) and
 * the {@link Limits}. All other values are passed through unread.
 *
 * <p>The first thing found wrong is the result; reading goes on behind it, so that a refused request can still be
 * answered.
 */
public final class SipParser {
    private final Limits limits;
    private final StartLine startLine;
    private final HeaderChecks checks;
    private ParseError error = ParseError.NONE;
    private int errorOffset;

    /** Makes a parser that holds messages to {@code limits}. */
    public SipParser(final Limits limits) {
        this.limits = limits;
        startLine = new StartLine(limits);
        checks = new HeaderChecks(limits, this);
    }

    /**
     * Parses a datagram, or one message that {@link StreamFramer} has cut from a stream.
     *
     * @param message  wrapped over the bytes; its index is overwritten. Leading CRLFs of a datagram are skipped
     *                 (section 7.5); trailing bytes beyond Content-Length are ignored and no longer counted by {@link
     *                 SipMessage#length()} (section 18.3)
     * @param stream   whether the message came over a stream transport, where Content-Length is required
     * @return {@link ParseError#NONE}, or what is wrong; {@link #errorOffset()} then says where. After an error with an
     *         {@link ParseError#answer()} the rows up to the end of the header block are indexed, so that an answer can
     *         be built
     */
    public ParseError parse(final SipMessage message, final boolean stream) {
        error = ParseError.NONE;
        errorOffset = 0;
        final int skipped = skipLineEnds(message);
        message.clear();
        parseFromStartLine(message, stream);
        errorOffset += skipped;
        return error;
    }

    /**
     * Takes all of a datagram that {@link #parse} has just read for the body, whatever Content-Length says: for senders
     * that are known to count wrongly (GB/T 28181).
     *
     * @param result what {@link #parse} has said
     * @return that, but for the length of the body
     */
    public ParseError takeRest(final SipMessage message, final ParseError result) {
        if (result != ParseError.NONE && result != ParseError.BODY_TOO_SHORT) {
            return result;
        }
        message.length = message.bytes().capacity();
        if (message.bodyLength() > limits.bodyBytes()) {
            error = ParseError.NONE;
            fail(ParseError.BODY_TOO_LARGE, message.bodyOffset);
            return error;
        }
        return ParseError.NONE;
    }

    /** Offset of the byte that the last error speaks of, counted from the start of what was wrapped. */
    public int errorOffset() {
        return errorOffset;
    }

    /** Notes what is wrong; only the first call for a message counts. */
    void fail(final ParseError kind, final int offset) {
        if (error == ParseError.NONE) {
            error = kind;
            errorOffset = offset;
        }
    }

    private static int skipLineEnds(final SipMessage message) {
        final UnsafeBuffer bytes = message.buffer();
        int p = 0;
        while (p + 1 < message.length && bytes.getByte(p) == '\r' && bytes.getByte(p + 1) == '\n') {
            p += 2;
        }
        if (p > 0) {
            message.skip(p);
        }
        return p;
    }

    private void parseFromStartLine(final SipMessage message, final boolean stream) {
        if (message.length > limits.messageBytes()) {
            fail(ParseError.MESSAGE_TOO_LARGE, limits.messageBytes());
        }
        final int eol = Scan.lineBreak(message.buffer(), 0, message.length);
        if (startLine.read(message, eol, this) == StartLine.NOT_SIP) {
            error = ParseError.NOT_SIP;
            errorOffset = 0;
            message.headersEnd = 0;
            return;
        }
        checks.reset(message);
        readRows(message, afterLineBreak(message, eol));
        if (message.headersEnd > limits.headersBytes()) {
            fail(ParseError.HEADERS_TOO_LARGE, limits.headersBytes());
        }
        if (message.firstRow(HeaderName.VIA) == SipMessage.NO_ROW) {
            error = ParseError.INCOMPLETE;
            errorOffset = message.headersEnd;
        }
        checks.requireMandatory();
        frameBody(message, stream);
    }

    /** Reads header rows until the empty line, the end of the bytes or the limit of rows. */
    private void readRows(final SipMessage message, final int from) {
        final UnsafeBuffer bytes = message.buffer();
        final int end = message.length;
        final int maxRows = Math.min(limits.headerRows(), message.maxRows());
        int p = from;
        while (p < end) {
            final byte value = bytes.getByte(p);
            if (value == '\r' || value == '\n') {
                message.headersEnd = p;
                message.bodyOffset = afterLineBreak(message, p);
                return;
            }
            if (message.rows() == maxRows) {
                fail(ParseError.TOO_MANY_HEADERS, p);
                break;
            }
            p = readRow(message, bytes, p, end);
        }
        message.headersEnd = Math.min(p, end);
        message.bodyOffset = end;
        fail(ParseError.BAD_LINE_END, message.headersEnd);
    }

    /** Reads one row with its folds; returns the offset behind its line break. */
    private int readRow(final SipMessage message, final UnsafeBuffer bytes, final int start, final int end) {
        int nameEnd = Scan.nameEnd(bytes, start, end);
        int colon = nameEnd;
        while (colon < end && (bytes.getByte(colon) == ' ' || bytes.getByte(colon) == '\t')) {
            colon++;
        }
        int name = HeaderName.OTHER.ordinal();
        int valueStart = colon + 1;
        if (colon == end || bytes.getByte(colon) != ':' || nameEnd == start) {
            fail(ParseError.BAD_HEADER_NAME, colon);
            nameEnd = start;
            valueStart = start;
        } else {
            name = HeaderNames.ordinal(bytes, start, nameEnd - start);
            if (name == HeaderName.OTHER.ordinal()) {
                final int bad = Scan.token(bytes, start, nameEnd);
                if (bad < nameEnd) {
                    fail(ParseError.BAD_HEADER_NAME, bad);
                }
            }
        }
        int lineEnd = Scan.lineBreak(bytes, valueStart, end);
        int next = afterLineBreak(message, lineEnd);
        while (next < end && (bytes.getByte(next) == ' ' || bytes.getByte(next) == '\t')) {
            lineEnd = Scan.lineBreak(bytes, next, end);
            next = afterLineBreak(message, lineEnd);
        }
        valueStart = Scan.skipLws(bytes, valueStart, lineEnd);
        final int valueEnd = Scan.trimEnd(bytes, valueStart, lineEnd);
        if (next - start > limits.headerBytes()) {
            fail(ParseError.HEADER_TOO_LARGE, start + limits.headerBytes());
        }
        if (name != HeaderName.OTHER.ordinal()) {
            checks.check(name, start, valueStart, valueEnd);
        }
        message.addRow(name, start, nameEnd, valueStart, valueEnd);
        return next;
    }

    /** Offset behind the line break at {@code at}; anything but CR LF is noted as an error. */
    private int afterLineBreak(final SipMessage message, final int at) {
        final UnsafeBuffer bytes = message.buffer();
        if (at + 1 < message.length && bytes.getByte(at) == '\r' && bytes.getByte(at + 1) == '\n') {
            return at + 2;
        }
        fail(ParseError.BAD_LINE_END, at);
        message.badLineEnds = true;
        return Math.min(at + 1, message.length);
    }

    /**
     * RFC 3261 section 18.3: Content-Length cuts a datagram, must match on a stream, and may be absent over UDP only.
     */
    private void frameBody(final SipMessage message, final boolean stream) {
        final int rest = message.length - message.bodyOffset;
        final int declared = message.contentLength;
        if (declared == SipMessage.NOT_GIVEN) {
            if (stream && message.firstRow(HeaderName.CONTENT_LENGTH) == SipMessage.NO_ROW) {
                fail(ParseError.MISSING_HEADER, message.headersEnd);
            }
        } else if (declared <= rest) {
            message.length = message.bodyOffset + declared;
        }
        if (Math.max(declared, message.length - message.bodyOffset) > limits.bodyBytes()) {
            fail(ParseError.BODY_TOO_LARGE, message.bodyOffset);
        } else if (declared > rest) {
            fail(ParseError.BODY_TOO_SHORT, message.length);
        }
    }
}
