package org.tandemsip.codec;

import org.agrona.DirectBuffer;

/**
 * Checks the header values that a proxy must understand while their rows are being indexed (RFC 3261 section 16.3 step
 * 1), and keeps what is asked for most: tags, CSeq, Call-ID, topmost Via.
 */
final class HeaderChecks {
    private static final HeaderName[] NAMES = HeaderName.values();
    /** RFC 3261 section 8.1.1.5 asks for less than 2^31; relayed up to what fits its 32 bits. */
    private static final long MAX_CSEQ = 0xFFFF_FFFFL;
    private static final int MAX_MAX_FORWARDS = 255;

    private final Limits limits;
    private final SipParser parser;
    private final Via via = new Via();
    private final NameAddr nameAddr = new NameAddr();
    private final SipUri uri = new SipUri();
    private SipMessage message;
    private DirectBuffer bytes;
    private int routeValues;
    private int recordRouteValues;

    HeaderChecks(final Limits limits, final SipParser parser) {
        this.limits = limits;
        this.parser = parser;
    }

    void reset(final SipMessage newMessage) {
        message = newMessage;
        bytes = newMessage.bytes();
        routeValues = 0;
        recordRouteValues = 0;
    }

    /** Checks the value {@code [start, end)} of a row that is not yet in the index. */
    void check(final int name, final int rowStart, final int start, final int end) {
        switch (NAMES[name]) {
            case VIA -> via(start, end);
            case FROM -> {
                if (single(HeaderName.FROM, rowStart)) {
                    message.fromTag = address(start, end, ParseError.BAD_FROM);
                }
            }
            case TO -> {
                if (single(HeaderName.TO, rowStart)) {
                    message.toTag = address(start, end, ParseError.BAD_TO);
                }
            }
            case CALL_ID -> {
                if (single(HeaderName.CALL_ID, rowStart)) {
                    callId(start, end);
                }
            }
            case CSEQ -> {
                if (single(HeaderName.CSEQ, rowStart)) {
                    cseq(start, end);
                }
            }
            case MAX_FORWARDS -> maxForwards(rowStart, start, end);
            case CONTENT_LENGTH -> {
                if (single(HeaderName.CONTENT_LENGTH, rowStart)) {
                    message.contentLength = number(start, end, Integer.MAX_VALUE, ParseError.BAD_CONTENT_LENGTH);
                }
            }
            case MAX_BREADTH -> maxBreadth(rowStart, start, end);
            case ROUTE -> {
                if (message.request) {
                    routeValues = routes(start, end, routeValues, true);
                }
            }
            case RECORD_ROUTE -> recordRouteValues = routes(start, end, recordRouteValues, false);
            default -> {
                // Not for a proxy to judge (section 16.3): relayed as it came.
            }
        }
    }

    /**
     * RFC 3261 section 8.1.1: what every message carries. Max-Forwards is not asked of a request (section 16.3 step 3).
     */
    void requireMandatory() {
        if (message.firstRow(HeaderName.FROM) == SipMessage.NO_ROW
                || message.firstRow(HeaderName.TO) == SipMessage.NO_ROW
                || message.firstRow(HeaderName.CALL_ID) == SipMessage.NO_ROW
                || message.firstRow(HeaderName.CSEQ) == SipMessage.NO_ROW) {
            parser.fail(ParseError.MISSING_HEADER, message.headersEnd);
        }
    }

    private boolean single(final HeaderName name, final int rowStart) {
        if (message.firstRow(name) == SipMessage.NO_ROW) {
            return true;
        }
        parser.fail(ParseError.DUPLICATE_HEADER, rowStart);
        return false;
    }

    private void via(final int start, final int end) {
        int p = start;
        while (true) {
            message.viaValues++;
            final Via value =
                    message.viaValues == 1 ? message.topVia() : message.viaValues == 2 ? message.nextVia() : via;
            final int stop = value.read(bytes, p, end);
            if (stop < 0) {
                parser.fail(ParseError.BAD_VIA, value.failedAt());
                return;
            }
            if (Slice.exists(value.branch()) && Slice.length(value.branch()) > limits.tokenBytes()) {
                parser.fail(ParseError.TOKEN_TOO_LONG, Slice.offset(value.branch()) + limits.tokenBytes());
            }
            if (message.viaValues > limits.viaValues()) {
                parser.fail(ParseError.TOO_MANY_HEADERS, p);
                return;
            }
            if (stop == end) {
                return;
            }
            p = Scan.skipLws(bytes, stop + 1, end);
        }
    }

    /** From and To: one name-addr or addr-spec; gives its tag. */
    private long address(final int start, final int end, final ParseError kind) {
        if (!nameAddr.wrap(bytes, start, end)) {
            parser.fail(kind, nameAddr.failedAt());
            return nameAddr.tag();
        }
        if (Slice.length(nameAddr.uri()) > limits.uriBytes()) {
            parser.fail(kind, Slice.offset(nameAddr.uri()) + limits.uriBytes());
        }
        final long tag = nameAddr.tag();
        if (Slice.exists(tag) && Slice.length(tag) > limits.tokenBytes()) {
            parser.fail(ParseError.TOKEN_TOO_LONG, Slice.offset(tag) + limits.tokenBytes());
        }
        return tag;
    }

    private void callId(final int start, final int end) {
        message.callId = Slice.between(start, end);
        final int p = Scan.visible(bytes, start, end);
        if (p < end || start == end) {
            parser.fail(ParseError.BAD_CALL_ID, p);
        } else if (end - start > limits.tokenBytes()) {
            parser.fail(ParseError.TOKEN_TOO_LONG, start + limits.tokenBytes());
        }
    }

    /** 1*DIGIT LWS Method. */
    private void cseq(final int start, final int end) {
        final int p = Scan.digits(bytes, start, end);
        final long number = Scan.number(bytes, start, p, MAX_CSEQ);
        final int methodStart = Scan.skipLws(bytes, p, end);
        final int methodEnd = Scan.token(bytes, methodStart, end);
        if (number < 0 || methodStart == p || methodEnd == methodStart || methodEnd < end) {
            parser.fail(ParseError.BAD_CSEQ, number < 0 ? start : methodEnd);
            return;
        }
        message.cseqNumber = number;
        if (!message.request) {
            message.methodStart = methodStart;
            message.methodEnd = methodEnd;
            message.method = Method.of(bytes, methodStart, methodEnd);
        } else if (!sameBytes(methodStart, methodEnd, message.methodEnd)) {
            parser.fail(ParseError.CSEQ_METHOD_MISMATCH, methodStart);
        }
        if (methodEnd - methodStart > limits.methodBytes()) {
            parser.fail(ParseError.TOKEN_TOO_LONG, methodStart + limits.methodBytes());
        }
    }

    /** Whether {@code [start, end)} repeats the method that stands in {@code [0, methodEnd)}. */
    private boolean sameBytes(final int start, final int end, final int methodEnd) {
        if (end - start != methodEnd) {
            return false;
        }
        for (int i = 0; i < methodEnd; i += 8) {
            if (Scan.word(bytes, start + i, methodEnd - i) != Scan.word(bytes, i, methodEnd - i)) {
                return false;
            }
        }
        return true;
    }

    private void maxForwards(final int rowStart, final int start, final int end) {
        if (message.request && single(HeaderName.MAX_FORWARDS, rowStart)) {
            message.maxForwards = number(start, end, MAX_MAX_FORWARDS, ParseError.BAD_MAX_FORWARDS);
        }
    }

    private void maxBreadth(final int rowStart, final int start, final int end) {
        if (message.request && single(HeaderName.MAX_BREADTH, rowStart)) {
            number(start, end, Integer.MAX_VALUE, ParseError.BAD_HEADER_VALUE);
        }
    }

    private int number(final int start, final int end, final int max, final ParseError kind) {
        final int number = (int) Scan.number(bytes, start, end, max);
        if (number < 0) {
            parser.fail(kind, start);
            return SipMessage.NOT_GIVEN;
        }
        return number;
    }

    /** Route and Record-Route: name-addr values only, a Route with a URI that can be followed. */
    private int routes(final int start, final int end, final int before, final boolean followed) {
        int values = before;
        int p = start;
        while (true) {
            final int stop = nameAddr.read(bytes, p, end);
            if (stop < 0 || !nameAddr.bracketed()) {
                parser.fail(ParseError.BAD_ROUTE, stop < 0 ? nameAddr.failedAt() : p);
                return values;
            }
            final long target = nameAddr.uri();
            if (Slice.length(target) > limits.uriBytes()) {
                parser.fail(ParseError.BAD_ROUTE, Slice.offset(target) + limits.uriBytes());
            } else if (followed && !uri.wrap(bytes, Slice.offset(target), Slice.end(target))) {
                parser.fail(ParseError.BAD_ROUTE, uri.failedAt());
            }
            if (++values > limits.routeValues()) {
                parser.fail(ParseError.TOO_MANY_HEADERS, p);
                return values;
            }
            if (stop == end) {
                return values;
            }
            p = Scan.skipLws(bytes, stop + 1, end);
        }
    }
}
