package org.tandemsip.codec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.function.IntFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Each bound of {@link Limits} at one below, at, and one above: what fits is taken, what does not gets its own answer.
 */
@Timeout(30)
class LimitsTest {
    private static final Limits LIMITS = Limits.DEFAULTS;

    /** {@code message} makes a message whose measure is exactly the number it is given. */
    private static void check(final int limit, final ParseError over, final IntFunction<String> message) {
        assertEquals(ParseError.NONE, Wire.parse(message.apply(limit - 1)), "one below");
        assertEquals(ParseError.NONE, Wire.parse(message.apply(limit)), "at the limit");
        assertEquals(over, Wire.parse(message.apply(limit + 1)), "one above");
    }

    private static String with(final String from, final String to) {
        return Wire.INVITE.replace(from, to);
    }

    private static String row(final String row) {
        return with("Contact:", row + "\r\nContact:");
    }

    /** An INVITE whose header block, empty line not counted, has {@code size} bytes, in rows below their own limit. */
    private static String headers(final int size) {
        final StringBuilder rows = new StringBuilder();
        int missing = size - (Wire.INVITE.length() - 2);
        while (missing > 0) {
            final int row = missing > 2_010 ? 2_000 : missing;
            rows.append("X: ").append("x".repeat(row - 5)).append("\r\n");
            missing -= row;
        }
        return with("Contact:", rows + "Contact:");
    }

    @Test
    void shouldAnswer513WhenMessageIsTooLarge() {
        final Limits small = new Limits(2_000, 1_900, 1_900, 128, 2_000, 1_024, 64, 256, 70, 20);
        for (int size = 1_999; size <= 2_001; size++) {
            final String text = Wire.INVITE + "b".repeat(size - Wire.INVITE.length());
            final SipMessage message = Wire.message(text.replace("Content-Length: 0\r\n", "X-Length: 12345\r\n"));
            assertEquals(text.length() - 2, message.length());
            final ParseError error = new SipParser(small).parse(message, false);
            assertEquals(size - 2 <= 2_000 ? ParseError.NONE : ParseError.MESSAGE_TOO_LARGE, error);
        }
        final SipMessage over = Wire.message(Wire.INVITE + "b".repeat(2_001 - Wire.INVITE.length()));
        assertEquals(ParseError.MESSAGE_TOO_LARGE, new SipParser(small).parse(over, false));
        assertEquals(8, over.rows(), "indexed, so that it can be answered");
    }

    @Test
    void shouldAnswer413WhenBodyIsTooLarge() {
        check(LIMITS.bodyBytes(), ParseError.BODY_TOO_LARGE,
                n -> with("Content-Length: 0", "Content-Length: " + n) + "b".repeat(n));
        check(LIMITS.bodyBytes(), ParseError.BODY_TOO_LARGE,
                n -> with("Content-Length: 0\r\n", "") + "b".repeat(n));
    }

    @Test
    void shouldAnswer414WhenRequestUriIsTooLong() {
        check(LIMITS.uriBytes(), ParseError.URI_TOO_LONG,
                n -> with("sip:bob@biloxi.example.com SIP", "sip:" + "u".repeat(n - 6) + "@h SIP"));
        assertEquals(Status.REQUEST_URI_TOO_LONG_414, ParseError.URI_TOO_LONG.answer());
    }

    @Test
    void shouldAnswer400WhenAnotherUriIsTooLong() {
        check(LIMITS.uriBytes(), ParseError.BAD_ROUTE, n -> row("Route: <sip:" + "u".repeat(n - 6) + "@h>"));
        check(LIMITS.uriBytes(), ParseError.BAD_ROUTE, n -> row("Record-Route: <sip:" + "u".repeat(n - 6) + "@h>"));
        check(LIMITS.uriBytes(), ParseError.BAD_TO,
                n -> with("<sip:bob@biloxi.example.com>", "<sip:" + "u".repeat(n - 6) + "@h>"));
        check(LIMITS.uriBytes(), ParseError.BAD_FROM,
                n -> with("<sip:alice@atlanta.example.com>;", "<sip:" + "u".repeat(n - 6) + "@h>;"));
    }

    @Test
    void shouldAnswer400WhenTokenIsTooLong() {
        check(LIMITS.methodBytes(), ParseError.TOKEN_TOO_LONG, n -> Wire.INVITE.replace("INVITE", "M".repeat(n)));
        check(LIMITS.tokenBytes(), ParseError.TOKEN_TOO_LONG, n -> with("z9hG4bK776asdhds", "z".repeat(n)));
        check(LIMITS.tokenBytes(), ParseError.TOKEN_TOO_LONG, n -> with("1928301774", "t".repeat(n)));
        check(LIMITS.tokenBytes(), ParseError.TOKEN_TOO_LONG,
                n -> with("biloxi.example.com>\r\n", "biloxi.example.com>;tag=" + "t".repeat(n) + "\r\n"));
        check(LIMITS.tokenBytes(), ParseError.TOKEN_TOO_LONG,
                n -> with("a84b4c76e66710@pc33.atlanta.example.com", "c".repeat(n)));
    }

    @Test
    void shouldAnswer400WhenHeadersAreTooManyOrTooLarge() {
        check(LIMITS.headerRows(), ParseError.TOO_MANY_HEADERS, n -> row("X: y\r\n".repeat(n - 9) + "X: y"));
        check(LIMITS.headerBytes(), ParseError.HEADER_TOO_LARGE, n -> row("X: " + "x".repeat(n - 5)));
        check(LIMITS.headerBytes(), ParseError.HEADER_TOO_LARGE,
                n -> row("X: " + "x".repeat(n - 1_008) + "\r\n " + "x".repeat(1_000)));
        check(LIMITS.headersBytes(), ParseError.HEADERS_TOO_LARGE, LimitsTest::headers);
    }

    @Test
    void shouldAnswer400WhenViaOrRouteValuesAreTooMany() {
        check(LIMITS.viaValues(), ParseError.TOO_MANY_HEADERS,
                n -> row("Via: SIP/2.0/UDP h" + ", SIP/2.0/UDP h".repeat(n - 2)));
        check(LIMITS.viaValues(), ParseError.TOO_MANY_HEADERS, n -> row("v: SIP/2.0/UDP h\r\n".repeat(n - 2)
                + "Via: SIP/2.0/UDP h"));
        check(LIMITS.routeValues(), ParseError.TOO_MANY_HEADERS,
                n -> row("Route: <sip:h>" + ", <sip:h>".repeat(n - 1)));
        check(LIMITS.routeValues(), ParseError.TOO_MANY_HEADERS,
                n -> row("Record-Route: <sip:h>\r\n".repeat(n - 1) + "Record-Route: <sip:h>"));
    }

    @Test
    void shouldBreakTheStreamWhenItsMessageIsTooLarge() {
        final Limits small = new Limits(2_000, 1_500, 1_500, 128, 1_800, 1_024, 64, 256, 70, 20);
        assertEquals(null, breaks(small, with("Content-Length: 0", "l: 1600")));
        assertEquals(ParseError.MESSAGE_TOO_LARGE, breaks(small, with("Content-Length: 0", "l: 1800")));
        assertEquals(ParseError.BODY_TOO_LARGE, breaks(small, with("Content-Length: 0", "l: 1801")));
        assertEquals(null, breaks(small, headers(1_500)));
        assertEquals(ParseError.HEADERS_TOO_LARGE, breaks(small, headers(1_501)));
        assertEquals(ParseError.HEADERS_TOO_LARGE, breaks(small, "INVITE sip:" + "u".repeat(1_600)));
    }

    private static ParseError breaks(final Limits limits, final String text) {
        final StreamFramer framer = new StreamFramer(limits);
        final StreamFramer.Result result = framer.poll(Wire.bytes(text), 0, text.length());
        return result == StreamFramer.Result.BROKEN ? framer.error() : null;
    }

    @Test
    void shouldRefuseLimitsThatDoNotFitTogether() {
        assertThrows(IllegalArgumentException.class,
                () -> new Limits(70_000, 16_384, 4_096, 128, 49_152, 1_024, 64, 256, 70, 20));
        assertThrows(IllegalArgumentException.class,
                () -> new Limits(2_000, 2_001, 1_000, 128, 1_000, 1_024, 64, 256, 70, 20));
    }
}
