package org.tandemsip.codec;

import java.nio.ByteOrder;
import org.agrona.DirectBuffer;

/**
 * Byte classes of RFC 3261 section 25.1, and searches that look at eight bytes at a time (SWAR: SIMD within a
 * register).
 *
 * <p>Bytes behind {@code limit} may be read along and do not count; none is read behind the buffer's capacity.
 */
final class Scan {
    /** {@code token}: method, header name, parameter name. */
    static final int TOKEN = 1;
    /** Linear white space inside a row, whose line breaks are known to be folds: SP, HTAB, CR, LF. */
    static final int LWS = 2;
    /** A token character, a byte of another alphabet or white space: a display name without quotes. */
    static final int DISPLAY = 4;
    /** A scheme character after the first. */
    static final int SCHEME = 8;
    /** Of a URI, but no {@code :} and no {@code @}. */
    static final int USER = 16;
    /** Of a URI, but no {@code ;}, {@code ?} or {@code =}: the name of a URI parameter. */
    static final int PARAMETER_NAME = 32;
    /** Of a URI that stands without angle brackets: no {@code , ; ?}. */
    static final int BARE_URI = 64;
    /** No control and no white space. */
    static final int VISIBLE = 128;

    private static final int[] CLASSES = new int[256];

    private static final long ONES = 0x0101010101010101L;
    private static final long HIGHS = 0x8080808080808080L;
    private static final long SEVENS = 0x7F7F7F7F7F7F7F7FL;
    private static final long ZEROS = '0' * ONES;
    private static final long BACKSLASHES = '\\' * ONES;
    private static final long QUOTES = '"' * ONES;
    private static final long COMMAS = ',' * ONES;
    /** Every fourth byte: where eight digits, joined two by two, have two of their four pairs. */
    private static final long PAIRS = 0x000000FF000000FFL;
    private static final long SIP = word("sip:");
    static final long SEMICOLONS = ';' * ONES;
    static final long COLONS = ':' * ONES;
    static final long QUESTION_MARKS = '?' * ONES;
    static final long AT_SIGNS = '@' * ONES;
    /** The bit that tells lower from upper case in each of eight ASCII letters. */
    static final long LOWER = 0x2020202020202020L;

    static {
        for (int i = 0x21; i < 256; i++) {
            if (i != 0x7F) {
                CLASSES[i] = classesOf((char) i);
            }
        }
        for (final char c : new char[] {' ', '\t', '\r', '\n'}) {
            CLASSES[c] = LWS | DISPLAY;
        }
    }

    private Scan() {}

    private static int classesOf(final char c) {
        final boolean alphanumeric = c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z';
        final boolean token = alphanumeric || "-.!%*_+`'~".indexOf(c) >= 0;
        int classes = VISIBLE;
        classes |= token ? TOKEN : 0;
        classes |= token || c >= 0x80 ? DISPLAY : 0;
        classes |= alphanumeric || "+-.".indexOf(c) >= 0 ? SCHEME : 0;
        if ("<>\"".indexOf(c) < 0) {
            classes |= ";,?".indexOf(c) < 0 ? BARE_URI : 0;
            classes |= ":@".indexOf(c) < 0 ? USER : 0;
            classes |= ";?=".indexOf(c) < 0 ? PARAMETER_NAME : 0;
        }
        return classes;
    }

    /** Whether {@code value} belongs to one of {@code classes}. */
    static boolean is(final byte value, final int classes) {
        return (CLASSES[value & 0xFF] & classes) != 0;
    }

    /** First offset from {@code from} on whose byte is not in {@code classes}, or {@code limit}. */
    static int skip(final DirectBuffer bytes, final int from, final int limit, final int classes) {
        int p = from;
        while (p < limit && is(bytes.getByte(p), classes)) {
            p++;
        }
        return Math.min(p, limit);
    }

    /**
     * First offset from {@code from} on that holds no letter, digit, dot or hyphen of a host name, nor the underscore
     * that many private names carry; or {@code limit}.
     */
    static int host(final DirectBuffer bytes, final int from, final int limit) {
        for (int p = from; p < limit; p += 8) {
            final long hits = notHost(load(bytes, p));
            if (hits != 0) {
                return Math.min(p + firstByte(hits), limit);
            }
        }
        return limit;
    }

    /** First offset from {@code from} on whose byte is not a {@link #TOKEN}'s, or {@code limit}. */
    static int token(final DirectBuffer bytes, final int from, final int limit) {
        int p = host(bytes, from, limit);
        while (p < limit && is(bytes.getByte(p), TOKEN)) {
            p = host(bytes, p + 1, limit);
        }
        return p;
    }

    /** First offset from {@code from} on whose byte is not a digit, or {@code limit}. */
    static int digits(final DirectBuffer bytes, final int from, final int limit) {
        for (int p = from; p < limit; p += 8) {
            final long hits = notDigits(load(bytes, p) ^ ZEROS);
            if (hits != 0) {
                return Math.min(p + firstByte(hits), limit);
            }
        }
        return limit;
    }

    /** First offset from {@code from} on whose byte is a control or white space, or {@code limit}. */
    static int visible(final DirectBuffer bytes, final int from, final int limit) {
        int p = uri(bytes, from, limit);
        while (p < limit && is(bytes.getByte(p), VISIBLE)) {
            p = uri(bytes, p + 1, limit);
        }
        return p;
    }

    /**
     * First offset from {@code from} on that holds no byte of an unquoted parameter value: anything visible but
     * {@code ; , " < >}, which is wider than token, as real branches are; or {@code limit}.
     */
    static int value(final DirectBuffer bytes, final int from, final int limit) {
        return uri(bytes, from, limit, SEMICOLONS, COMMAS);
    }

    /**
     * First offset from {@code from} on that holds a control, space, {@code <}, {@code >} or {@code "}, which end a
     * URI; or {@code limit}.
     */
    static int uri(final DirectBuffer bytes, final int from, final int limit) {
        return uri(bytes, from, limit, QUOTES, QUOTES);
    }

    /** As {@link #uri}, but ends at two more characters as well, each given as a word full of it. */
    static int uri(final DirectBuffer bytes, final int from, final int limit, final long stop, final long otherStop) {
        for (int p = from; p < limit; p += 8) {
            final long hits = notUri(load(bytes, p), stop, otherStop);
            if (hits != 0) {
                return Math.min(p + firstByte(hits), limit);
            }
        }
        return limit;
    }

    /** Index of the lowest byte of {@code hits} whose top bit is set. */
    private static int firstByte(final long hits) {
        return Long.numberOfTrailingZeros(hits) >>> 3;
    }

    /** Sets the top bit of exactly those bytes of {@code word} that {@link #host} ends at. */
    private static long notHost(final long word) {
        // With the top bits out of the way no sum carries into the next byte.
        final long ascii = word & SEVENS;
        final long lower = ascii | LOWER;
        final long letter = lower + (0x80 - 'a') * ONES & ~(lower + (0x7F - 'z') * ONES);
        final long digit = ascii + (0x80 - '-') * ONES & ~(ascii + (0x7F - '9') * ONES) & differs(ascii, '/' * ONES);
        return (~(letter | digit) & differs(ascii, '_' * ONES) | word) & HIGHS;
    }

    /** Sets the top bit of exactly those bytes of {@code word} that {@link #uri} ends at. */
    private static long notUri(final long word, final long stop, final long otherStop) {
        final long ascii = word & SEVENS;
        final long visible = ascii + (0x80 - '!') * ONES & ~(ascii + ONES);
        // '<' is '>' without 0x02.
        final long allowed = visible & differs(ascii | 0x02 * ONES, '>' * ONES) & differs(ascii, QUOTES);
        return ~(allowed & differs(ascii, stop) & differs(ascii, otherStop) | word) & HIGHS;
    }

    /** Sets the top bit of the bytes that are more than 9. */
    private static long notDigits(final long values) {
        return ((values & SEVENS) + (0x7F - 9) * ONES | values) & HIGHS;
    }

    /** Sets the top bit of the bytes that differ, in words whose own top bits are clear. */
    private static long differs(final long ascii, final long other) {
        return (ascii ^ other) + SEVENS;
    }

    /** The eight bytes from {@code from} on, little-endian, zero where the buffer has ended; at least one is there. */
    private static long load(final DirectBuffer bytes, final int from) {
        final int past = from + 8 - bytes.capacity();
        return past <= 0 ? bytes.getLong(from, ByteOrder.LITTLE_ENDIAN) : loadLast(bytes, from, past);
    }

    private static long loadLast(final DirectBuffer bytes, final int from, final int past) {
        if (bytes.capacity() >= 8) {
            return bytes.getLong(from - past, ByteOrder.LITTLE_ENDIAN) >>> (past << 3);
        }
        long word = 0;
        for (int p = bytes.capacity() - 1; p >= from; p--) {
            word = word << 8 | bytes.getByte(p) & 0xFF;
        }
        return word;
    }

    /** First offset from {@code from} on that holds no white space, or {@code limit}. */
    static int skipLws(final DirectBuffer bytes, final int from, final int limit) {
        int p = from;
        while (p < limit && (bytes.getByte(p) & 0xFF) <= ' ' && is(bytes.getByte(p), LWS)) {
            p++;
        }
        return p;
    }

    /** Offset one past the last byte of {@code [start, end)} that is not white space. */
    static int trimEnd(final DirectBuffer bytes, final int start, final int end) {
        int p = end;
        while (p > start && (bytes.getByte(p - 1) & 0xFF) <= ' ' && is(bytes.getByte(p - 1), LWS)) {
            p--;
        }
        return p;
    }

    /** Offset of the first CR or LF from {@code from} on, or {@code limit}. */
    static int lineBreak(final DirectBuffer bytes, final int from, final int limit) {
        int p = from;
        while (p + 16 <= limit && (belowShiftOut(bytes.getLong(p, ByteOrder.LITTLE_ENDIAN))
                | belowShiftOut(bytes.getLong(p + 8, ByteOrder.LITTLE_ENDIAN))) == 0) {
            p += 16;
        }
        while (p + 8 <= limit) {
            long hits = belowShiftOut(bytes.getLong(p, ByteOrder.LITTLE_ENDIAN));
            while (hits != 0) {
                final int at = p + (Long.numberOfTrailingZeros(hits) >>> 3);
                final byte value = bytes.getByte(at);
                if (value == '\r' || value == '\n') {
                    return at;
                }
                hits &= hits - 1;
            }
            p += 8;
        }
        while (p < limit && bytes.getByte(p) != '\r' && bytes.getByte(p) != '\n') {
            p++;
        }
        return p;
    }

    /**
     * Marks bytes of {@code word} that are less than 0x0E, and perhaps some above one: CR and LF, but HTAB and a few
     * more that are rare enough to look at one by one.
     */
    private static long belowShiftOut(final long word) {
        return word - 0x0E * ONES & ~word & HIGHS;
    }

    /** Offset of the first colon, white space or other byte up to SP from {@code from} on, or {@code limit}. */
    static int nameEnd(final DirectBuffer bytes, final int from, final int limit) {
        int p = from;
        while (p + 8 <= limit) {
            final long word = bytes.getLong(p, ByteOrder.LITTLE_ENDIAN);
            final long colons = word ^ ':' * ONES;
            final long hits = (word - 0x21 * ONES & ~word | colons - ONES & ~colons) & HIGHS;
            if (hits != 0) {
                return p + (Long.numberOfTrailingZeros(hits) >>> 3);
            }
            p += 8;
        }
        while (p < limit && bytes.getByte(p) != ':' && (bytes.getByte(p) & 0xFF) > ' ') {
            p++;
        }
        return p;
    }

    /** The first {@code length} (at most 8) bytes from {@code from} on as a little-endian number, the rest zero. */
    static long word(final DirectBuffer bytes, final int from, final int length) {
        return length <= 0 ? 0 : load(bytes, from) & mask(length);
    }

    /** Ones in the lowest {@code length} bytes, at least one. */
    private static long mask(final int length) {
        return -1L >>> 64 - (Math.min(length, 8) << 3);
    }

    /** As {@link #word}, ASCII letters folded to lower case: compare with {@link #lowerWord(String)}. */
    static long lowerWord(final DirectBuffer bytes, final int from, final int length) {
        return length <= 0 ? 0 : (load(bytes, from) | LOWER) & mask(length);
    }

    /** Whether {@code [start, end)} begins with {@code sip:}, in any case, and goes on behind it. */
    static boolean isSip(final DirectBuffer bytes, final int start, final int end) {
        return end - start > 4 && (load(bytes, start) & 0xFFFF_FFFFL | LOWER & 0xFF_FFFFL) == SIP;
    }

    /** What {@link #word} gives for {@code text}, of at most 8 characters. */
    static long word(final String text) {
        long word = 0;
        for (int i = text.length() - 1; i >= 0; i--) {
            word = word << 8 | text.charAt(i);
        }
        return word;
    }

    /** What {@link #lowerWord(DirectBuffer, int, int)} gives for {@code text}, of at most 8 characters. */
    static long lowerWord(final String text) {
        return word(text) | (text.length() == 8 ? LOWER : LOWER & (1L << (text.length() << 3)) - 1);
    }

    /** Whether the bytes equal {@code lowerCase} when letters are folded to lower case. */
    static boolean equalsIgnoreCase(final DirectBuffer bytes, final int start, final int end, final byte[] lowerCase) {
        if (end - start != lowerCase.length) {
            return false;
        }
        for (int i = 0; i < lowerCase.length; i++) {
            if (lower(bytes.getByte(start + i)) != lower(lowerCase[i])) {
                return false;
            }
        }
        return true;
    }

    /** Lower case of an ASCII letter; any other byte as it is. */
    static int lower(final int value) {
        return value >= 'A' && value <= 'Z' ? value + 0x20 : value;
    }

    /** The number in {@code [start, end)}, or -1 when it is empty, holds anything but digits or exceeds {@code max}. */
    static long number(final DirectBuffer bytes, final int start, final int end, final long max) {
        final int length = end - start;
        if (length < 1 || length > 8) {
            return length < 1 ? -1 : longNumber(bytes, start, end, max);
        }
        // The first digit is the lowest byte; zeros in front of it fill the word up.
        final long digits = (load(bytes, start) ^ ZEROS) << 64 - (length << 3);
        if (notDigits(digits) != 0) {
            return -1;
        }
        final long pairs = digits * 10 + (digits >>> 8);
        final long number = (pairs & PAIRS) * (100 + (1_000_000L << 32))
                + (pairs >>> 16 & PAIRS) * (1 + (10_000L << 32)) >>> 32;
        return number > max ? -1 : number;
    }

    private static long longNumber(final DirectBuffer bytes, final int start, final int end, final long max) {
        long number = 0;
        for (int p = start; p < end; p++) {
            final int digit = bytes.getByte(p) - '0';
            if (digit < 0 || digit > 9) {
                return -1;
            }
            number = number * 10 + digit;
            if (number > max) {
                return -1;
            }
        }
        return number;
    }

    /** Value of a hexadecimal digit, or -1. */
    static int hexDigit(final int value) {
        if (value >= '0' && value <= '9') {
            return value - '0';
        }
        final int letter = lower(value);
        return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
    }

    /**
     * Offset one past the closing quote of the quoted-string that opens at {@code open} (RFC 3261 section 25.1), or -1.
     *
     * <p>In GBK and Big5 the second byte of a character may be a backslash, so a display name may end in 0x81 0x5C
     * 0x22. The RFC's reading (0x5C 0x22 is a quoted-pair) goes first; where it finds no quote that something legal
     * follows, the first such place is the end after all.
     */
    static int quotedEnd(final DirectBuffer bytes, final int open, final int limit) {
        int secondReading = -1;
        int p = quoteOrBackslash(bytes, open + 1, limit);
        while (p < limit) {
            final byte value = bytes.getByte(p);
            if (value == '"') {
                return secondReading < 0 || mayFollowQuote(bytes, p + 1, limit) ? p + 1 : secondReading;
            }
            if (value == '\\') {
                if (secondReading < 0 && p + 1 < limit && bytes.getByte(p + 1) == '"' && bytes.getByte(p - 1) < 0
                        && mayFollowQuote(bytes, p + 2, limit)) {
                    secondReading = p + 2;
                }
                p++;
            }
            p = quoteOrBackslash(bytes, p + 1, limit);
        }
        return secondReading;
    }

    private static int quoteOrBackslash(final DirectBuffer bytes, final int from, final int limit) {
        for (int p = from; p < limit; p += 8) {
            final long word = load(bytes, p);
            final long ascii = word & SEVENS;
            final long hits = ~(differs(ascii, QUOTES) & differs(ascii, BACKSLASHES) | word) & HIGHS;
            if (hits != 0) {
                return Math.min(p + firstByte(hits), limit);
            }
        }
        return limit;
    }

    private static boolean mayFollowQuote(final DirectBuffer bytes, final int from, final int limit) {
        final int p = skipLws(bytes, from, limit);
        if (p >= limit) {
            return true;
        }
        final byte value = bytes.getByte(p);
        return value == '<' || value == ';' || value == ',' || value == '>';
    }
}
