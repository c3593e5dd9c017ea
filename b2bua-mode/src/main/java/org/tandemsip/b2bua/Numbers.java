package org.tandemsip.b2bua;

import org.agrona.DirectBuffer;
import org.tandemsip.codec.Slice;

/** Reads numbers out of header fields that the codec leaves alone. */
final class Numbers {
    private static final int MOST_DIGITS = 10;

    private Numbers() {}

    /** The number that {@code slice} begins with, 0 when there is none or it has too many digits. */
    static long parseLong(final DirectBuffer bytes, final long slice) {
        long number = 0;
        final int end = Slice.end(slice);
        for (int i = Slice.offset(slice); i < end; i++) {
            final int digit = bytes.getByte(i) - '0';
            if (digit < 0 || digit > 9) {
                break;
            }
            if (i - Slice.offset(slice) == MOST_DIGITS) {
                return 0;
            }
            number = number * 10 + digit;
        }
        return number;
    }

    /** As {@link #parseLong}, 0 when it does not fit. */
    static int parse(final DirectBuffer bytes, final long slice) {
        final long number = parseLong(bytes, slice);
        return number > Integer.MAX_VALUE ? 0 : (int) number;
    }

    /** The number behind {@code word}, in whatever case; {@code otherwise} when it does not stand in {@code slice}. */
    static int behind(final DirectBuffer bytes, final long slice, final byte[] word, final int otherwise) {
        for (int at = Slice.offset(slice); at + word.length < Slice.end(slice); at++) {
            if (startsWith(bytes, at, word)) {
                return parse(bytes, Slice.between(at + word.length, Slice.end(slice)));
            }
        }
        return otherwise;
    }

    /** Whether {@code slice} begins with {@code word}, in whatever case. */
    static boolean startsWith(final DirectBuffer bytes, final long slice, final byte[] word) {
        return Slice.length(slice) >= word.length && startsWith(bytes, Slice.offset(slice), word);
    }

    private static boolean startsWith(final DirectBuffer bytes, final int at, final byte[] word) {
        for (int i = 0; i < word.length; i++) {
            if ((bytes.getByte(at + i) | 0x20) != word[i] && bytes.getByte(at + i) != word[i]) {
                return false;
            }
        }
        return true;
    }

    /** A qvalue in thousandths (RFC 3261 section 25.1); {@code otherwise} for what is none. */
    static int thousandths(final DirectBuffer bytes, final long slice, final int otherwise) {
        final int start = Slice.offset(slice);
        final int length = Slice.length(slice);
        if (length < 1 || length > 5 || length > 1 && bytes.getByte(start + 1) != '.') {
            return otherwise;
        }
        int thousandths = 0;
        for (int i = 0; i < 5; i++) {
            final int digit = i == 1 ? 0 : i < length ? bytes.getByte(start + i) - '0' : 0;
            if (digit < 0 || digit > 9) {
                return otherwise;
            }
            thousandths = i == 1 ? thousandths : thousandths * 10 + digit;
        }
        return Math.min(1_000, thousandths);
    }

    /** The part of {@code slice} behind its first word. */
    static long rest(final DirectBuffer bytes, final long slice) {
        int at = Slice.offset(slice);
        final int end = Slice.end(slice);
        while (at < end && bytes.getByte(at) > ' ') {
            at++;
        }
        while (at < end && bytes.getByte(at) <= ' ') {
            at++;
        }
        return Slice.between(at, end);
    }
}
