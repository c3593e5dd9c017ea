package org.tandemsip.b2bua;

import org.agrona.DirectBuffer;
import org.tandemsip.codec.AsciiWriter;
import org.tandemsip.codec.Slice;

/** Words in lists of words: option tags, methods, parameters. */
final class OptionTags {
    private OptionTags() {}

    /**
     * Where a word stands in {@code slice}, in whatever case, -1 when it does not.
     *
     * @param word lower case
     * @param list whether words are parted by commas, else by semicolons
     */
    static int indexOf(final DirectBuffer bytes, final long slice, final byte[] word, final boolean list) {
        final char comma = list ? ',' : ';';
        final int end = Slice.end(slice);
        int at = Slice.offset(slice);
        while (at < end) {
            while (at < end && (bytes.getByte(at) <= ' ' || bytes.getByte(at) == comma)) {
                at++;
            }
            int next = at;
            while (next < end && bytes.getByte(next) != comma) {
                next++;
            }
            int last = next;
            while (last > at && bytes.getByte(last - 1) <= ' ') {
                last--;
            }
            if (last - at == word.length && is(bytes, at, word)) {
                return at;
            }
            at = next;
        }
        return -1;
    }

    private static boolean is(final DirectBuffer bytes, final int at, final byte[] word) {
        for (int i = 0; i < word.length; i++) {
            final int c = bytes.getByte(at + i);
            if ((c >= 'A' && c <= 'Z' ? c | 0x20 : c) != word[i]) {
                return false;
            }
        }
        return true;
    }

    /** Writes a row but for the word at {@code at} and one comma beside it; nothing when no other word is left. */
    static void putWithout(final AsciiWriter out, final DirectBuffer bytes, final int rowStart, final long value,
            final int at, final int length) {
        int before = at;
        while (before > Slice.offset(value) && isGap(bytes.getByte(before - 1))) {
            before--;
        }
        int after = at + length;
        while (after < Slice.end(value) && isGap(bytes.getByte(after))) {
            after++;
        }
        final boolean first = before == Slice.offset(value);
        final boolean last = after == Slice.end(value);
        if (first && last) {
            return;
        }
        out.put(bytes, rowStart, before - rowStart);
        if (!first && !last) {
            out.put(',').put(' ');
        }
        out.put(bytes, after, Slice.end(value) - after).crlf();
    }

    private static boolean isGap(final byte b) {
        return b <= ' ' || b == ',';
    }
}
