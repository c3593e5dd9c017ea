package org.tandemsip.codec;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * What must hold of any bytes whatever. Each method takes one input and throws an {@link AssertionError} when it does
 * not; that the codec itself throws nothing is the first of the properties. One place for all: the fuzz tests feed it.
 */
final class FuzzProperties {
    /** Room for what our own edits add to a message that just fits. */
    private static final Limits WIDE = new Limits(65_535, 65_535, 65_535, 512, 65_535, 65_535, 65_535, 65_535, 512,
            512);
    private static final byte[] VIA = "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx\r\n"
            .getBytes(StandardCharsets.US_ASCII);
    private static final byte[] NAME = "lr".getBytes(StandardCharsets.US_ASCII);

    private FuzzProperties() {}

    /** {@link SipParser}, {@link SipMessage}, {@link Edits}, {@link ResponseWriter}, {@link ValueCursor}. */
    static void message(final byte[] input) {
        final UnsafeBuffer bytes = Wire.bytes(input);
        final SipMessage message = new SipMessage(Limits.DEFAULTS.headerRows()).wrap(bytes, 0, input.length);
        final SipParser parser = new SipParser(Limits.DEFAULTS);
        final ParseError error = parser.parse(message, (input.length & 1) == 1);
        check(parser.errorOffset() >= 0 && parser.errorOffset() <= input.length, "error offset inside");
        checkIndex(message, input.length);
        if (message.isRequest() && (error == ParseError.NONE || error.answer() != null)) {
            checkAnswer(message, error);
        }
        if (error == ParseError.NONE) {
            checkForward(message, (input.length & 1) == 1);
        }
    }

    private static void checkIndex(final SipMessage message, final int inputLength) {
        check(message.length() >= 0 && message.length() <= inputLength, "length inside");
        check(message.headersEnd() <= message.bodyOffset() && message.bodyOffset() <= message.length(), "body inside");
        int previous = 0;
        int vias = 0;
        for (int row = 0; row < message.rows(); row++) {
            final int start = message.rowStart(row);
            final long name = message.rowNameToken(row);
            final long value = message.rowValue(row);
            check(start >= previous && start == Slice.offset(name) && message.rowEnd(row) > start, "rows in order");
            check(Slice.end(name) <= Slice.offset(value) && Slice.length(value) >= 0, "value behind name");
            check(Slice.end(value) <= message.rowEnd(row) && message.rowEnd(row) <= message.headersEnd(), "row inside");
            check(message.nextRow(row) == SipMessage.NO_ROW || message.nextRow(row) > row
                    && message.rowName(message.nextRow(row)) == message.rowName(row), "next row of the same name");
            previous = message.rowEnd(row);
            vias += message.rowName(row) == HeaderName.VIA ? 1 : 0;
        }
        check(vias <= message.viaValues() || message.rows() == Limits.DEFAULTS.headerRows()
                || message.viaValues() > Limits.DEFAULTS.viaValues(), "a Via value per row at least");
        final int length = message.length();
        checkSlice(message.startLine(), length);
        checkSlice(message.requestUri(), length);
        checkSlice(message.methodToken(), length);
        checkSlice(message.callId(), length);
        checkSlice(message.fromTag(), length);
        checkSlice(message.toTag(), length);
        checkVia(message.topVia(), length);
        final ValueCursor cursor = new ValueCursor();
        for (final HeaderName name : HeaderName.values()) {
            if (name != HeaderName.OTHER) {
                int end = 0;
                for (cursor.reset(message, name); cursor.next(); end = cursor.end()) {
                    check(cursor.start() >= end && cursor.end() > cursor.start()
                            && cursor.end() <= message.rowEnd(cursor.row()), "values in order");
                }
            }
        }
    }

    private static void checkAnswer(final SipMessage request, final ParseError error) {
        final UnsafeBuffer out = new UnsafeBuffer(ByteBuffer.allocateDirect(request.length() + 1_024));
        final ResponseWriter writer = new ResponseWriter();
        writer.begin(request, error == ParseError.NONE ? Status.OK_200 : error.answer(), 1, null, out, 0);
        final int length = writer.finish();
        check(length > 0, "an answer fits into the request's size and a little more");
        final SipMessage answer = new SipMessage(WIDE.headerRows()).wrap(out, 0, length);
        final ParseError verdict = new SipParser(WIDE).parse(answer, false);
        check(answer.statusCode() >= 200, "the answer is a response");
        check(error != ParseError.NONE || verdict == ParseError.NONE, "a good request gets a good answer: " + verdict);
        check(verdict != ParseError.NOT_SIP && verdict != ParseError.BAD_LINE_END
                && verdict != ParseError.BAD_HEADER_NAME,
                "the frame of an answer is always good: " + verdict);
    }

    private static void checkForward(final SipMessage message, final boolean stream) {
        final UnsafeBuffer out = new UnsafeBuffer(ByteBuffer.allocateDirect(message.length() + 1_024));
        final Edits edits = new Edits(4, 256);
        final int same = edits.apply(message, out, 0);
        check(same == message.length() && equal(message.bytes(), 0, out, 0, same), "no edits, no change");

        edits.begin(message.rowStart(message.firstRow(HeaderName.VIA)), 0).put(VIA);
        edits.end();
        final long maxForwards = message.value(HeaderName.MAX_FORWARDS);
        if (Slice.exists(maxForwards) && message.isRequest()) {
            edits.begin(Slice.offset(maxForwards), Slice.length(maxForwards)).putDecimal(1);
            edits.end();
        }
        final int expected = edits.resultLength(message);
        final int length = edits.apply(message, out, 0);
        check(length == expected, "result length as promised");
        final SipMessage forwarded = new SipMessage(WIDE.headerRows()).wrap(out, 0, length);
        final ParseError verdict = new SipParser(WIDE).parse(forwarded, stream);
        check(verdict == ParseError.NONE, "what we forward is well-formed: " + verdict);
        check(forwarded.viaValues() == message.viaValues() + 1 && forwarded.rows() == message.rows() + 1
                && forwarded.bodyLength() == message.bodyLength() && forwarded.cseqNumber() == message.cseqNumber()
                && forwarded.method() == message.method() && forwarded.statusCode() == message.statusCode(),
                "the same");
        check(sameText(message, message.callId(), forwarded, forwarded.callId())
                && sameText(message, message.fromTag(), forwarded, forwarded.fromTag())
                && sameText(message, message.toTag(), forwarded, forwarded.toTag()), "the same dialog");
    }

    /** {@link SipUri}. */
    static void uri(final byte[] input) {
        final UnsafeBuffer bytes = Wire.bytes(input);
        final SipUri uri = new SipUri();
        if (!uri.wrap(bytes, 0, input.length)) {
            check(uri.failedAt() >= 0 && uri.failedAt() <= input.length, "error offset inside");
            return;
        }
        for (final long slice : new long[] {uri.schemeToken(), uri.user(), uri.host(), uri.maddr(), uri.headers(),
            uri.parameter(NAME)}) {
            checkSlice(slice, input.length);
        }
        check(uri.hasLr() == (uri.parameter(NAME) != Slice.NONE)
                || uri.scheme() == SipUri.Scheme.OPAQUE, "lr is a parameter");
        check(uri.port() == SipUri.NOT_GIVEN || uri.port() > 0 && uri.port() <= 65_535, "port in range");
        final boolean sip = uri.scheme() == SipUri.Scheme.SIP || uri.scheme() == SipUri.Scheme.SIPS;
        check(sip == Slice.exists(uri.host()) && (!sip || Slice.length(uri.host()) > 0), "a SIP URI has a host");
        final String text = new String(input, StandardCharsets.ISO_8859_1);
        final NameAddr nameAddr = new NameAddr();
        final UnsafeBuffer bracketed = Wire.bytes("\"x\" <" + text + ">;tag=1");
        check(nameAddr.wrap(bracketed, 0, bracketed.capacity()) && text.equals(Wire.text(bracketed, nameAddr.uri())),
                "a URI stands in brackets");
        new IpAddress().parse(bytes, 0, input.length);
    }

    /** {@link Via}. */
    static void via(final byte[] input) {
        final UnsafeBuffer bytes = Wire.bytes(input);
        final Via via = new Via();
        if (!via.wrap(bytes, 0, input.length)) {
            check(via.failedAt() >= 0 && via.failedAt() <= input.length, "error offset inside");
            return;
        }
        checkVia(via, input.length);
        check(Slice.exists(via.host()) && Slice.length(via.host()) > 0, "a Via has a host");
        checkTwoInARow("Via", input, HeaderName.VIA);
    }

    /** {@link NameAddr}. */
    static void nameAddr(final byte[] input) {
        final UnsafeBuffer bytes = Wire.bytes(input);
        final NameAddr value = new NameAddr();
        if (!value.wrap(bytes, 0, input.length)) {
            check(value.failedAt() >= 0 && value.failedAt() <= input.length, "error offset inside");
            return;
        }
        checkSlice(value.displayName(), input.length);
        checkSlice(value.uri(), input.length);
        checkSlice(value.tag(), input.length);
        checkSlice(value.parameter(NAME), input.length);
        check(Slice.length(value.uri()) > 2, "a URI has a scheme and more");
        check(!Slice.exists(value.tag()) || sameText(bytes, value.tag(), value.parameter(new byte[] {'T', 'A', 'G'})),
                "the tag is a parameter");
        checkTwoInARow("Contact", input, HeaderName.CONTACT);
    }

    /** {@link StreamFramer}: cuts of the stream do not matter, and the parser agrees with it. */
    static void framer(final byte[] input) {
        final int piece = input.length == 0 ? 1 : 1 + (input[input.length - 1] & 0x1F);
        final String whole = frames(input, input.length + 1, true);
        final String cut = frames(input, piece, false);
        check(whole.equals(cut), "whole: " + whole + "\ncut into " + piece + ": " + cut);
    }

    private static String frames(final byte[] input, final int piece, final boolean parse) {
        final StringBuilder found = new StringBuilder();
        final UnsafeBuffer bytes = Wire.bytes(input);
        final StreamFramer framer = new StreamFramer(Limits.DEFAULTS);
        int done = 0;
        int end = 0;
        while (end < input.length) {
            end = Math.min(end + piece, input.length);
            StreamFramer.Result result;
            do {
                result = framer.poll(bytes, done, end - done);
                check(framer.consumed() >= 0 && done + framer.consumed() <= end, "consumed inside");
                if (result != StreamFramer.Result.NEED_MORE) {
                    found.append(result).append(' ').append(framer.messageLength()).append('\n');
                }
                if (result == StreamFramer.Result.BROKEN) {
                    return found.append(framer.error()).toString();
                }
                if (result == StreamFramer.Result.MESSAGE && parse) {
                    checkFramed(bytes, framer);
                }
                done += framer.consumed();
            } while (result != StreamFramer.Result.NEED_MORE);
        }
        return found.append(framer.midMessage()).toString();
    }

    private static void checkFramed(final UnsafeBuffer bytes, final StreamFramer framer) {
        final SipMessage message = new SipMessage(Limits.DEFAULTS.headerRows())
                .wrap(bytes, framer.messageOffset(), framer.messageLength());
        final ParseError error = new SipParser(Limits.DEFAULTS).parse(message, true);
        check(error != ParseError.NONE || message.length() == framer.messageLength(), "the parser sees the same");
        check(error != ParseError.NOT_SIP && error != ParseError.BODY_TOO_SHORT
                && error != ParseError.BAD_CONTENT_LENGTH && error != ParseError.BAD_LINE_END, "framed, but " + error);
    }

    /**
     * A value that stands alone also stands twice in a row, with a comma between. Not where a quoted-string has two
     * readings: what follows it decides, see {@link Scan#quotedEnd}.
     */
    private static void checkTwoInARow(final String name, final byte[] input, final HeaderName header) {
        final String text = new String(input, StandardCharsets.ISO_8859_1);
        if (text.indexOf('\r') >= 0 || text.indexOf('\n') >= 0 || text.isBlank()
                || text.matches("(?s).*[\u0080-\u00ff]\\\\\".*")) {
            return;
        }
        final SipMessage message = Wire
                .message("OPTIONS sip:h SIP/2.0\r\n" + name + ": " + text + ",\t" + text + "\r\n\r\n");
        new SipParser(WIDE).parse(message, false);
        final ValueCursor cursor = new ValueCursor().reset(message, header);
        for (int i = 0; i < 2; i++) {
            check(cursor.next() && text.strip().equals(
                    Wire.text(message.bytes(), cursor.start(), cursor.end() - cursor.start()).strip()), "value " + i);
        }
        check(!cursor.next(), "two values and no more");
    }

    private static void checkVia(final Via via, final int length) {
        check(via.start() >= 0 && via.start() <= via.end() && via.end() <= length, "Via inside");
        for (final long slice : new long[] {via.host(), via.branch(), via.received(), via.receivedParameter(),
            via.rportParameter(), via.maddr()}) {
            checkSlice(slice, length);
        }
        check(via.port() >= -1 && via.port() <= 65_535 && via.rport() >= -1 && via.rport() <= 65_535, "ports in range");
    }

    private static void checkSlice(final long slice, final int length) {
        check(slice == Slice.NONE || Slice.offset(slice) >= 0 && Slice.length(slice) >= 0 && Slice.end(slice) <= length,
                "slice inside");
    }

    private static boolean sameText(final SipMessage a, final long sliceA, final SipMessage b, final long sliceB) {
        return sliceA == Slice.NONE ? sliceB == Slice.NONE
                : sliceB != Slice.NONE && Wire.text(a.bytes(), sliceA).equals(Wire.text(b.bytes(), sliceB));
    }

    private static boolean sameText(final DirectBuffer bytes, final long a, final long b) {
        return b != Slice.NONE && Wire.text(bytes, a).equals(Wire.text(bytes, b));
    }

    private static boolean equal(final DirectBuffer a, final int at, final DirectBuffer b, final int from,
            final int length) {
        for (int i = 0; i < length; i++) {
            if (a.getByte(at + i) != b.getByte(from + i)) {
                return false;
            }
        }
        return true;
    }

    private static void check(final boolean holds, final String property) {
        if (!holds) {
            throw new AssertionError(property);
        }
    }
}
