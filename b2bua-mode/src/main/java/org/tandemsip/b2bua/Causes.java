package org.tandemsip.b2bua;

import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.tandemsip.codec.HeaderName;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Slice;
import org.tandemsip.codec.ValueCursor;

/**
 * Why a call has ended: the cause by ITU-T Q.850 and the text, as Reason says (RFC 3326), in a response, too (RFC
 * 6432); or the cause as RFC 3398 section 8.2.6.1 makes it of a status code. The text is that beside the cause, else
 * any that there is, else a value of another protocol as it came; without its quotes and control characters, and not
 * longer than people read. Shard thread only.
 */
final class Causes {
    private static final byte[] Q850 = B2bua.ascii("q.850");
    private static final byte[] CAUSE = B2bua.ascii("cause");
    private static final byte[] TEXT = B2bua.ascii("text");
    private static final int LARGEST = 127;
    static final int MOST_TEXT = 128;

    final UnsafeBuffer text = new UnsafeBuffer(new byte[MOST_TEXT]);
    int textLength;
    /** 0 for none. */
    int cause;
    private final ValueCursor values = new ValueCursor();
    private final UnsafeBuffer own = new UnsafeBuffer(0, 0);

    /** What a side gives in {@code message}. Values of other protocols may stand beside that of Q.850. */
    Causes of(final SipMessage message) {
        cause = 0;
        textLength = 0;
        final DirectBuffer bytes = message.bytes();
        long first = Slice.NONE;
        long said = Slice.NONE;
        values.reset(message, HeaderName.REASON);
        while (values.next()) {
            final long value = Slice.between(values.start(), values.end());
            first = first == Slice.NONE ? value : first;
            final int given = cause == 0 ? q850(bytes, value) : 0;
            cause = cause == 0 ? given : cause;
            final long beside = parameter(bytes, value, TEXT);
            said = beside != Slice.NONE && (given > 0 || said == Slice.NONE) ? beside : said;
        }
        say(bytes, said == Slice.NONE && cause == 0 ? first : said);
        return this;
    }

    /** What a value of Reason of our own says, {@code null} for nothing; the cause may be what its code comes to. */
    Causes of(final byte[] reason) {
        cause = 0;
        textLength = 0;
        if (reason != null) {
            own.wrap(reason);
            final long value = Slice.of(0, reason.length);
            say(own, parameter(own, value, TEXT));
            cause = q850(own, value);
            cause = cause > 0 ? cause : ofCode(number(own, value));
        }
        return this;
    }

    private static int q850(final DirectBuffer bytes, final long value) {
        final int cause = Numbers.startsWith(bytes, value, Q850) ? number(bytes, value) : 0;
        return cause > LARGEST ? 0 : cause;
    }

    private static int number(final DirectBuffer bytes, final long value) {
        final long from = parameter(bytes, value, CAUSE);
        return from == Slice.NONE ? 0 : Numbers.parse(bytes, from);
    }

    /** From the value of a parameter to the end; nothing that stands between quotes is a parameter. */
    private static long parameter(final DirectBuffer bytes, final long value, final byte[] name) {
        final int end = Slice.end(value);
        boolean quoted = false;
        for (int p = Slice.offset(value); p < end; p++) {
            final byte c = bytes.getByte(p);
            if (quoted && c == '\\') {
                p++;
            } else if (c == '"') {
                quoted = !quoted;
            } else if (c == ';' && !quoted) {
                final int at = behindSpace(bytes, p + 1, end);
                if (Numbers.startsWith(bytes, Slice.between(at, end), name)) {
                    final int equal = behindSpace(bytes, at + name.length, end);
                    if (equal < end && bytes.getByte(equal) == '=') {
                        return Slice.between(behindSpace(bytes, equal + 1, end), end);
                    }
                }
            }
        }
        return Slice.NONE;
    }

    private static int behindSpace(final DirectBuffer bytes, final int from, final int end) {
        int p = from;
        while (p < end && isSpace(bytes, p, end)) {
            p++;
        }
        return p;
    }

    /** White space and control characters, those of UTF-8 beyond ASCII as well: the second byte is one by itself. */
    private static boolean isSpace(final DirectBuffer bytes, final int p, final int end) {
        final int c = bytes.getByte(p) & 0xFF;
        return c <= ' ' || c == 0x7F || c == 0xC2 && p + 1 < end && (bytes.getByte(p + 1) & 0xE0) == 0x80;
    }

    /** Takes over a quoted string without its quotes, or whatever else stands there; of many spaces one. */
    private void say(final DirectBuffer bytes, final long words) {
        if (words == Slice.NONE) {
            return;
        }
        final int end = Slice.end(words);
        final boolean quoted = Slice.length(words) > 0 && bytes.getByte(Slice.offset(words)) == '"';
        boolean spaced = true;
        int p = Slice.offset(words) + (quoted ? 1 : 0);
        for (; p < end && textLength < MOST_TEXT && !(quoted && bytes.getByte(p) == '"'); p++) {
            p += quoted && bytes.getByte(p) == '\\' && p + 1 < end ? 1 : 0;
            final boolean space = isSpace(bytes, p, end);
            p += space && bytes.getByte(p) < 0 ? 1 : 0;
            if (!space || !spaced) {
                text.putByte(textLength++, space ? (byte) ' ' : bytes.getByte(p));
            }
            spaced = space;
        }
        if (p < end && textLength == MOST_TEXT && isWithin(bytes, p)) {
            // It was cut: a character goes as a whole.
            while (textLength > 0 && isWithin(text, textLength - 1)) {
                textLength--;
            }
            textLength--;
        }
        while (textLength > 0 && text.getByte(textLength - 1) == ' ') {
            textLength--;
        }
    }

    private static boolean isWithin(final DirectBuffer bytes, final int p) {
        return (bytes.getByte(p) & 0xC0) == 0x80;
    }

    /** What a final response comes to. */
    static int ofCode(final int code) {
        return switch (code) {
            case 200, 487 -> 16;
            case 486, 600 -> 17;
            case 480 -> 18;
            case 401, 402, 403, 407, 603 -> 21;
            case 404, 485, 604 -> 1;
            case 410 -> 22;
            case 482, 483 -> 25;
            case 484 -> 28;
            // The RFC asks Warning; without one it is a normal end that nothing more is known of.
            case 488, 606 -> 31;
            case 502 -> 38;
            case 400, 481, 500, 503 -> 41;
            case 405 -> 63;
            case 406, 415, 501 -> 79;
            case 408, 504 -> 102;
            default -> 127;
        };
    }
}
