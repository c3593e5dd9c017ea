package org.tandemsip.server.media;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/**
 * Bencode, as far as the {@code ng} protocol needs it: written straight into a buffer, and read by one pass over the
 * bytes that keeps nothing but the strings asked for. No recursion, and a bound for how deep things may stand in one
 * another: what is read is not trusted.
 */
final class Bencode {
    /** The report on a call that is deleted goes to ten. */
    private static final int MOST_DEPTH = 24;
    /** A length of more digits is none of a datagram. */
    private static final int MOST_DIGITS = 6;

    private Bencode() {}

    /** Writes a string. */
    static void put(final ByteBuffer out, final byte[] value) {
        out.put(Integer.toString(value.length).getBytes(StandardCharsets.US_ASCII)).put((byte) ':').put(value);
    }

    /** As {@link #put(ByteBuffer, byte[])}, of text. */
    static void put(final ByteBuffer out, final String value) {
        put(out, value.getBytes(StandardCharsets.UTF_8));
    }

    /** Writes the number {@code value}. */
    static void put(final ByteBuffer out, final int value) {
        out.put(('i' + Integer.toString(value) + 'e').getBytes(StandardCharsets.US_ASCII));
    }

    /** Writes a list of strings. */
    static void put(final ByteBuffer out, final List<String> values) {
        out.put((byte) 'l');
        values.forEach(value -> put(out, value));
        out.put((byte) 'e');
    }

    /**
     * Reads strings of the dictionary that {@code bytes} are, from {@code start} to their end.
     *
     * @param keys   what is looked for in the dictionary itself, not in others inside it
     * @param values gets the value of each key, {@code null} where there is none or it is no string
     * @return whether the bytes are one well-formed dictionary and nothing else
     */
    static boolean read(final byte[] bytes, final int start, final int end, final byte[][] keys,
            final byte[][] values) {
        Arrays.fill(values, null);
        final boolean[] dictionary = new boolean[MOST_DEPTH];
        final boolean[] keyNext = new boolean[MOST_DEPTH];
        int depth = 0;
        int wanted = -1;
        int at = start;
        if (at == end || bytes[at] != 'd') {
            return false;
        }
        do {
            final byte kind = bytes[at];
            final boolean atKey = depth > 0 && dictionary[depth - 1] && keyNext[depth - 1];
            if (kind == 'e') {
                if (depth > 0 && dictionary[depth - 1] && !keyNext[depth - 1]) {
                    return false;
                }
                depth--;
                at++;
                if (depth > 0) {
                    keyNext[depth - 1] = true;
                }
                continue;
            }
            if (atKey && !isDigit(kind)) {
                return false;
            }
            if (kind == 'd' || kind == 'l') {
                if (depth == MOST_DEPTH) {
                    return false;
                }
                dictionary[depth] = kind == 'd';
                keyNext[depth++] = true;
                wanted = -1;
                at++;
                continue;
            }
            final int valueStart = kind == 'i' ? at : stringStart(bytes, at, end);
            final int valueEnd = kind == 'i' ? numberEnd(bytes, at, end) : stringEnd(bytes, at, valueStart, end);
            if (valueEnd < 0) {
                return false;
            }
            if (atKey) {
                wanted = depth == 1 ? indexOf(keys, bytes, valueStart, valueEnd) : -1;
            } else if (wanted >= 0 && depth == 1 && kind != 'i') {
                values[wanted] = Arrays.copyOfRange(bytes, valueStart, valueEnd);
            }
            keyNext[depth - 1] = !atKey;
            at = valueEnd;
        } while (depth > 0 && at < end);
        return depth == 0 && at == end;
    }

    private static int indexOf(final byte[][] keys, final byte[] bytes, final int start, final int end) {
        for (int i = 0; i < keys.length; i++) {
            if (Arrays.equals(keys[i], 0, keys[i].length, bytes, start, end)) {
                return i;
            }
        }
        return -1;
    }

    /** Where the string begins whose length stands at {@code at}; -1 when that is none. */
    private static int stringStart(final byte[] bytes, final int at, final int end) {
        int colon = at;
        while (colon < end && colon - at <= MOST_DIGITS && isDigit(bytes[colon])) {
            colon++;
        }
        return colon == at || colon >= end || bytes[colon] != ':' ? -1 : colon + 1;
    }

    private static int stringEnd(final byte[] bytes, final int at, final int start, final int end) {
        if (start < 0) {
            return -1;
        }
        int length = 0;
        for (int i = at; i < start - 1; i++) {
            length = length * 10 + bytes[i] - '0';
        }
        return length > end - start ? -1 : start + length;
    }

    /** Behind the number that begins with the {@code i} at {@code at}; -1 when it is none. */
    private static int numberEnd(final byte[] bytes, final int at, final int end) {
        int digit = at + 1;
        if (digit < end && bytes[digit] == '-') {
            digit++;
        }
        final int first = digit;
        while (digit < end && isDigit(bytes[digit])) {
            digit++;
        }
        return digit == first || digit >= end || bytes[digit] != 'e' ? -1 : digit + 1;
    }

    private static boolean isDigit(final byte value) {
        return value >= '0' && value <= '9';
    }
}
