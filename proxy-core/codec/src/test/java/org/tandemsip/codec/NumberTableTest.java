package org.tandemsip.codec;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every number that is read from the wire, given values at and around all borders of 8, 16, 31, 32, 63 and 64 bits, and
 * texts that sloppy parsers take for numbers. What is right is told by {@link BigInteger}, which overflows nowhere.
 */
@Timeout(30)
class NumberTableTest {
    /** A place where a number stands. */
    private enum Field {
        CONTENT_LENGTH(0, Integer.MAX_VALUE, ParseError.BAD_CONTENT_LENGTH),
        CSEQ(0, 0xFFFF_FFFFL, ParseError.BAD_CSEQ), MAX_FORWARDS(0, 255, ParseError.BAD_MAX_FORWARDS),
        MAX_BREADTH(0, Integer.MAX_VALUE, ParseError.BAD_HEADER_VALUE), VIA_PORT(1, 65_535, ParseError.BAD_VIA),
        VIA_RPORT(1, 65_535, ParseError.BAD_VIA), REQUEST_URI_PORT(1, 65_535, ParseError.BAD_REQUEST_URI),
        ROUTE_PORT(1, 65_535, ParseError.BAD_ROUTE), STATUS_CODE(100, 699, ParseError.BAD_START_LINE);

        private final BigInteger min;
        private final BigInteger max;
        private final ParseError error;

        Field(final long min, final long max, final ParseError error) {
            this.min = BigInteger.valueOf(min);
            this.max = BigInteger.valueOf(max);
            this.error = error;
        }

        String message(final String number) {
            return switch (this) {
                case CONTENT_LENGTH -> Wire.INVITE.replace("Content-Length: 0", "Content-Length: " + number);
                case CSEQ -> Wire.INVITE.replace("314159", number);
                case MAX_FORWARDS -> Wire.INVITE.replace("Max-Forwards: 70", "Max-Forwards: " + number);
                case MAX_BREADTH -> Wire.INVITE.replace("Contact:", "Max-Breadth: " + number + "\r\nContact:");
                case VIA_PORT -> Wire.INVITE.replace(":5066;", ":" + number + ";");
                case VIA_RPORT -> Wire.INVITE.replace(";rport", ";rport=" + number);
                case REQUEST_URI_PORT -> Wire.INVITE.replace("com SIP/2.0", "com:" + number + " SIP/2.0");
                case ROUTE_PORT -> Wire.INVITE.replace("Contact:", "Route: <sip:a:" + number + ";lr>\r\nContact:");
                case STATUS_CODE -> Wire.INVITE.replace("INVITE sip:bob@biloxi.example.com SIP/2.0",
                        "SIP/2.0 " + number + " OK");
            };
        }

        /** White space around a whole header value, or between host and port of a Via, is allowed. */
        boolean allowsSpaceAround() {
            return this == CONTENT_LENGTH || this == CSEQ || this == MAX_FORWARDS || this == MAX_BREADTH
                    || this == VIA_PORT || this == VIA_RPORT;
        }
    }

    record Case(Field field, String number) {
        @Override
        public String toString() {
            return field + " " + (number.length() > 40 ? number.length() + " digits" : number);
        }
    }

    static Stream<Case> cases() {
        final List<String> numbers = new ArrayList<>(List.of("", "-1", "+1", "-0", " 1", "1 ", "1 2", "1,2", "0x10",
                "1e3", "1.0", "\u0661", "\u00b2", "1;", "five", "00", "0009", "0".repeat(30) + "100", "9".repeat(900)));
        for (final String middle : List.of("0", "1", "10", "70", "99", "100", "128", "255", "256", "699", "700",
                "32768", "65535", "65536", "2147483609", "2147483647", "2147483648", "4294967295", "4294967296",
                "4294967328", "4294967264", "9223372036854775807", "9223372036854775808", "18446744073709551615",
                "18446744073709551616", "18446744073709551617", "36893488147419103232", "42949672960")) {
            for (int offset = -1; offset <= 1; offset++) {
                numbers.add(new BigInteger(middle).add(BigInteger.valueOf(offset)).toString());
            }
        }
        return Stream.of(Field.values()).flatMap(field -> numbers.stream().map(number -> new Case(field, number)));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void shouldTakeDigitsInRangeOnlyWhenNumberIsRead(final Case test) {
        // given
        final Field field = test.field;
        final String text = field.message(test.number);
        final String core = field.allowsSpaceAround() ? test.number.strip() : test.number;
        final boolean digits = core.matches("[0-9]+");
        final BigInteger value = digits ? new BigInteger(core) : BigInteger.ONE.negate();
        boolean valid = digits && value.compareTo(field.min) >= 0 && value.compareTo(field.max) <= 0;
        if (field == Field.STATUS_CODE) {
            valid &= core.length() == 3;
        }

        // when
        final SipMessage message = Wire.message(text);
        final ParseError error = new SipParser(Limits.DEFAULTS).parse(message, false);

        // then
        if (valid && field == Field.CONTENT_LENGTH) {
            final long length = value.longValueExact();
            final boolean large = length > Limits.DEFAULTS.bodyBytes();
            assertEquals(length == 0 ? ParseError.NONE
                    : large ? ParseError.BODY_TOO_LARGE : ParseError.BODY_TOO_SHORT, error);
        } else if (field == Field.VIA_PORT && core.equals("1;")) {
            assertEquals(ParseError.BAD_VIA, error, "an empty parameter");
        } else {
            assertEquals(valid ? ParseError.NONE : field.error, error);
        }
        if (valid) {
            assertEquals(value.longValueExact(), read(field, message));
        }
    }

    private static long read(final Field field, final SipMessage message) {
        return switch (field) {
            case CONTENT_LENGTH -> message.contentLength();
            case CSEQ -> message.cseqNumber();
            case MAX_FORWARDS -> message.maxForwards();
            case MAX_BREADTH -> {
                final long value = message.value(HeaderName.MAX_BREADTH);
                yield Scan.number(message.bytes(), Slice.offset(value), Slice.end(value), Integer.MAX_VALUE);
            }
            case VIA_PORT -> message.topVia().port();
            case VIA_RPORT -> message.topVia().rport();
            case REQUEST_URI_PORT -> port(message, message.requestUri());
            case ROUTE_PORT -> {
                final NameAddr route = new NameAddr();
                final long value = message.value(HeaderName.ROUTE);
                route.wrap(message.bytes(), Slice.offset(value), Slice.end(value));
                yield port(message, route.uri());
            }
            case STATUS_CODE -> message.statusCode();
        };
    }

    private static int port(final SipMessage message, final long uri) {
        final SipUri flyweight = new SipUri();
        flyweight.wrap(message.bytes(), Slice.offset(uri), Slice.end(uri));
        return flyweight.port();
    }

    @ParameterizedTest
    @MethodSource("cases")
    void shouldAgreeWithTheParserWhenFramerReadsContentLength(final Case test) {
        if (test.field != Field.CONTENT_LENGTH) {
            return;
        }
        // given
        final UnsafeBuffer bytes = Wire.bytes(Field.CONTENT_LENGTH.message(test.number));
        final StreamFramer framer = new StreamFramer(Limits.DEFAULTS);
        final ParseError datagram = Wire.parse(Field.CONTENT_LENGTH.message(test.number));

        // when
        final StreamFramer.Result result = framer.poll(bytes, 0, bytes.capacity());

        // then
        switch (datagram) {
            case NONE -> assertEquals(StreamFramer.Result.MESSAGE, result);
            case BODY_TOO_SHORT -> assertEquals(StreamFramer.Result.NEED_MORE, result);
            default -> {
                assertEquals(StreamFramer.Result.BROKEN, result);
                assertEquals(datagram, framer.error());
                assertEquals(bytes.capacity(), framer.messageLength());
            }
        }
    }
}
