package org.tandemsip.codec;

import org.agrona.concurrent.UnsafeBuffer;

/**
 * Reads the first line of a message (RFC 3261 sections 7.1 and 7.2).
 *
 * <pre>
 *   INVITE sip:bob@example.com SIP/2.0\r\n           SIP/2.0 180 Ringing\r\n
 *         |                   |       |                      |  |      |
 *         methodEnd           uriEnd  startLineEnd           statusCode startLineEnd
 * </pre>
 */
final class StartLine {
    /** What stands there is not SIP. */
    static final int NOT_SIP = -1;

    private static final long VERSION_SPACE = Scan.word("SIP/2.0 ");
    private static final long SPACE_VERSION = Scan.word(" SIP/2.0");
    private static final long SIP_SLASH = Scan.lowerWord("SIP/");
    private static final long TWO_ZERO = Scan.word("2.0");
    private static final long SIP_COLON = Scan.lowerWord("sip:");
    private static final long SIPS = Scan.lowerWord("sips");
    private static final long TEL_COLON = Scan.lowerWord("tel:");

    private final Limits limits;

    StartLine(final Limits limits) {
        this.limits = limits;
    }

    /**
     * Reads the line that begins at offset 0 and ends, without its line break, at {@code eol}.
     *
     * @return {@code eol}, or {@link #NOT_SIP}; what else is wrong is noted in {@code parser}
     */
    int read(final SipMessage message, final int eol, final SipParser parser) {
        final UnsafeBuffer bytes = message.buffer();
        message.startLineEnd = eol;
        if (eol >= 4 && Scan.lowerWord(bytes, 0, 4) == SIP_SLASH) {
            statusLine(message, bytes, eol, parser);
            return eol;
        }
        message.request = true;
        return requestLine(message, bytes, eol, parser);
    }

    private static void statusLine(final SipMessage message, final UnsafeBuffer bytes, final int eol,
            final SipParser parser) {
        if (eol < 8 || Scan.word(bytes, 0, 8) != VERSION_SPACE) {
            final int space = Scan.uri(bytes, 0, eol);
            if (space + 4 > eol || !isVersion(bytes, 4, space)) {
                parser.fail(ParseError.BAD_START_LINE, Math.min(space, eol));
                return;
            }
            if (Scan.word(bytes, 4, Math.min(space - 4, 8)) != TWO_ZERO) {
                parser.fail(ParseError.BAD_VERSION, 4);
            }
        }
        final int digits = Scan.uri(bytes, 0, eol) + 1;
        // Exactly three digits; the SP behind them may be missing where there is no reason (RFC 4475 section 3.1.1.13).
        final long code = digits + 3 <= eol ? Scan.number(bytes, digits, digits + 3, 699) : -1;
        if (code < 100 || digits + 3 < eol && bytes.getByte(digits + 3) != ' ') {
            parser.fail(ParseError.BAD_START_LINE, Math.min(digits, eol));
            return;
        }
        message.statusCode = (int) code;
    }

    private int requestLine(final SipMessage message, final UnsafeBuffer bytes, final int eol, final SipParser parser) {
        final int methodEnd = Scan.token(bytes, 0, eol);
        if (methodEnd == 0 || methodEnd == eol || bytes.getByte(methodEnd) != ' ') {
            return NOT_SIP;
        }
        int uriEnd = eol - 8;
        if (uriEnd <= methodEnd || Scan.word(bytes, uriEnd, 8) != SPACE_VERSION) {
            uriEnd = oddVersion(bytes, methodEnd, eol, parser);
            if (uriEnd < 0) {
                return NOT_SIP;
            }
        }
        message.methodEnd = methodEnd;
        message.method = Method.of(bytes, 0, methodEnd);
        message.uriStart = methodEnd + 1;
        message.uriEnd = uriEnd;
        if (methodEnd > limits.methodBytes()) {
            parser.fail(ParseError.TOKEN_TOO_LONG, limits.methodBytes());
        }
        final SipUri uri = message.parsedUri();
        if (uriEnd - message.uriStart > limits.uriBytes()) {
            parser.fail(ParseError.URI_TOO_LONG, message.uriStart + limits.uriBytes());
        } else if (!uri.wrap(bytes, message.uriStart, uriEnd)) {
            parser.fail(ParseError.BAD_REQUEST_URI, uri.failedAt());
        } else if (uri.headers() != Slice.NONE) {
            // Section 19.1.1 forbids them here; RFC 4475 section 3.1.2.11: they must not reach the forwarded request.
            parser.fail(ParseError.BAD_REQUEST_URI, Slice.offset(uri.headers()) - 1);
        }
        return eol;
    }

    /**
     * Whether the line that ends at {@code eol} is the start line of SIP, well-formed or not, and not of another
     * protocol.
     */
    static boolean isSip(final UnsafeBuffer bytes, final int eol) {
        if (eol >= 4 && Scan.lowerWord(bytes, 0, 4) == SIP_SLASH) {
            return true;
        }
        final int methodEnd = Scan.token(bytes, 0, eol);
        if (methodEnd == 0 || methodEnd == eol || bytes.getByte(methodEnd) != ' ') {
            return false;
        }
        final int lineEnd = Scan.trimEnd(bytes, methodEnd, eol);
        return isSipVersion(bytes, lastToken(bytes, methodEnd, lineEnd), lineEnd)
                || hasSipScheme(bytes, methodEnd + 1, lineEnd);
    }

    /**
     * Looks closer at a Request-Line that does not end in {@code SIP/2.0}: another version, white space behind it, or a
     * protocol that only looks like SIP.
     *
     * @return offset of the end of the Request-URI, or {@link #NOT_SIP}
     */
    private static int oddVersion(final UnsafeBuffer bytes, final int methodEnd, final int eol,
            final SipParser parser) {
        final int lineEnd = Scan.trimEnd(bytes, methodEnd, eol);
        final int version = lastToken(bytes, methodEnd, lineEnd);
        if (!isSipVersion(bytes, version, lineEnd)) {
            if (!hasSipScheme(bytes, methodEnd + 1, lineEnd)) {
                return NOT_SIP;
            }
            parser.fail(ParseError.BAD_START_LINE, version);
            return lineEnd;
        }
        if (!isVersion(bytes, version + 4, lineEnd)) {
            parser.fail(ParseError.BAD_START_LINE, version);
        } else if (lineEnd - version != 7 || Scan.word(bytes, version + 4, 3) != TWO_ZERO) {
            parser.fail(ParseError.BAD_VERSION, version);
        } else if (lineEnd < eol) {
            parser.fail(ParseError.BAD_START_LINE, lineEnd);
        }
        // An empty Request-URI leaves the version right behind the method's space.
        return Math.max(methodEnd + 1, version - 1);
    }

    private static int lastToken(final UnsafeBuffer bytes, final int methodEnd, final int lineEnd) {
        int p = lineEnd;
        while (p > methodEnd && bytes.getByte(p - 1) != ' ') {
            p--;
        }
        return p;
    }

    private static boolean isSipVersion(final UnsafeBuffer bytes, final int from, final int lineEnd) {
        return lineEnd - from >= 4 && Scan.lowerWord(bytes, from, 4) == SIP_SLASH;
    }

    /** Whether {@code [from, to)} is {@code 1*DIGIT "." 1*DIGIT}. */
    private static boolean isVersion(final UnsafeBuffer bytes, final int from, final int to) {
        int dot = from;
        while (dot < to && bytes.getByte(dot) != '.') {
            dot++;
        }
        return dot < to && Scan.number(bytes, from, dot, Integer.MAX_VALUE) >= 0
                && Scan.number(bytes, dot + 1, to, Integer.MAX_VALUE) >= 0;
    }

    private static boolean hasSipScheme(final UnsafeBuffer bytes, final int from, final int eol) {
        if (from + 4 > eol) {
            return false;
        }
        final long word = Scan.lowerWord(bytes, from, 4);
        return word == SIP_COLON || word == SIPS || word == TEL_COLON;
    }
}
