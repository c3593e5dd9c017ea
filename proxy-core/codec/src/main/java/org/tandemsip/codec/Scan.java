package org.tandemsip.codec;

import java.nio.ByteOrder;
import org.agrona.DirectBuffer;

/**
 * Byte classes of RFC 3261 section 25.1, and searches that look at eight bytes at a time (SWAR: SIMD within a
 * register).
 *
 * <p>The searches never read past {@code limit}; the eight-byte reads near the end fall back to single bytes.
 */
final class Scan {
    /** {@code token}: method, header name, parameter name. */
    static final int TOKEN = 1;
    /** A letter, digit, dot or hyphen of a host name; the underscore as well, which many private names carry. */
    static final int HOST = 2;
    /** Anything visible that does not end a URI: no control, space, {@code <}, {@code >} or {@code "}. */
    static final int URI = 4;
    /** An unquoted parameter value: anything visible but {@code ; , " < >}. Wider than token, as real branches are. */
    static final int VALUE = 8;
    /** Linear white space inside a row, whose line breaks are known to be folds: SP, HTAB, CR, LF. */
    static final int LWS = 16;
    /** A token character, a byte of another alphabet or white space: a display name without quotes. */
    static final int DISPLAY = 32;
    /** A scheme character after the first. */
    static final int SCHEME = 64;
    static final int DIGIT = 128;
    /** Of a URI, but no {@code @}. */
    static final int NO_AT = 256;
    /** Of a URI, but no {@code :} and no {@code @}. */
    static final int USER = 512;
    /** Of a URI, but no {@code ;} and no {@code ?}: one URI parameter. */
    static final int PARAMETER = 1024;
    /** Of a URI, but no {@code ;}, {@code ?} or {@code =}: the name of a URI parameter. */
    static final int PARAMETER_NAME = 2048;
    /** Of a URI that stands without angle brackets: no {@code , ; ?}. */
    static final int BARE_URI = 4096;
    /** No control and no white space. */
    static final int VISIBLE = 8192;

    private static final int[] CLASSES = new int[256];

    private static final long ONES = 0x0101010101010101L;
    private static final long HIGHS = 0x8080808080808080L;
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
        final boolean digit = c >= '0' && c <= '9';
        final boolean alphanumeric = digit || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z';
        final boolean token = alphanumeric || "-.!%*_+`'~".indexOf(c) >= 0;
        int classes = VISIBLE;
        classes |= digit ? DIGIT : 0;
        classes |= token ? TOKEN : 0;
        classes |= token || c >= 0x80 ? DISPLAY : 0;
        classes |= alphanumeric || "-._".indexOf(c) >= 0 ? HOST : 0;
        classes |= alphanumeric || "+-.".indexOf(c) >= 0 ? SCHEME : 0;
        if ("<>\"".indexOf(c) < 0) {
            classes |= URI;
            classes |= ";,".indexOf(c) < 0 ? VALUE : 0;
            classes |= ";,?".indexOf(c) < 0 ? BARE_URI : 0;
            classes |= c != '@' ? NO_AT : 0;
            classes |= ":@".indexOf(c) < 0 ? USER : 0;
            classes |= ";?".indexOf(c) < 0 ? PARAMETER : 0;
            classes |= ";?=".indexOf(c) < 0 ? PARAMETER_NAME : 0;
        }
        return classes;
    }

    /** Whether {@code value} belongs to one of {@code classes}. */
    static boolean is(final byte value, final int classes) {
        return (CLASSES[value & 0xFF] & classes) != 0;
    }

    private static boolean isNot(final long word, final int shift, final int classes) {
        return (CLASSES[(int) (word >>> shift) & 0xFF] & classes) == 0;
    }

    /** First offset from {@code from} on whose byte is not in {@code classes}, or {@code limit}. */
    static int skip(final DirectBuffer bytes, final int from, final int limit, final int classes) {
        int p = from;
        // One load and one bounds check for eight table lookups; bytes behind the limit are read but do not count.
        final int lastWord = bytes.capacity() - 8;
        while (p < limit && p <= lastWord) {
            final long word = bytes.getLong(p, ByteOrder.LITTLE_ENDIAN);
            final int run = run(word, classes);
            if (run < 8) {
                return Math.min(p + run, limit);
            }
            p += 8;
        }
        while (p < limit && is(bytes.getByte(p), classes)) {
            p++;
        }
        return Math.min(p, limit);
    }

    /** Number of leading bytes of {@code word} that are in {@code classes}. */
    private static int run(final long word, final int classes) {
        if (isNot(word, 0, classes)) {
            return 0;
        }
        if (isNot(word, 8, classes)) {
            return 1;
        }
        if (isNot(word, 16, classes)) {
            return 2;
        }
        if (isNot(word, 24, classes)) {
            return 3;
        }
        if (isNot(word, 32, classes)) {
            return 4;
        }
        if (isNot(word, 40, classes)) {
            return 5;
        }
        if (isNot(word, 48, classes)) {
            return 6;
        }
        return isNot(word, 56, classes) ? 7 : 8;
    }

    /** First offset from {@code from} on that holds no white space, or {@code limit}. */
    static int skipLws(final DirectBuffer bytes, final int from, final int limit) {
        int p = from;
        while (p < limit && is(bytes.getByte(p), LWS)) {
            p++;
        }
        return p;
    }

    /** Offset one past the last byte of {@code [start, end)} that is not white space. */
    static int trimEnd(final DirectBuffer bytes, final int start, final int end) {
        int p = end;
        while (p > start && is(bytes.getByte(p - 1), LWS)) {
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
        if (from + 8 <= bytes.capacity()) {
            final long word = bytes.getLong(from, ByteOrder.LITTLE_ENDIAN);
            return length >= 8 ? word : word & (1L << (length << 3)) - 1;
        }
        long word = 0;
        for (int i = Math.min(length, 8) - 1; i >= 0; i--) {
            word = word << 8 | bytes.getByte(from + i) & 0xFF;
        }
        return word;
    }

    /** As {@link #word}, ASCII letters folded to lower case: compare with {@link #lowerWord(String)}. */
    static long lowerWord(final DirectBuffer bytes, final int from, final int length) {
        return word(bytes, from, length) | (length >= 8 ? LOWER : LOWER & (1L << (length << 3)) - 1);
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
        if (start >= end) {
            return -1;
        }
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
        int p = open + 1;
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
            p++;
        }
        return secondReading;
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
