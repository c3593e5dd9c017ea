package org.tandemsip.codec;

import java.util.ArrayList;
import java.util.List;
import org.agrona.DirectBuffer;

/**
 * From the bytes of a header field name to its {@link HeaderName}: a perfect hash over the length and the first eight
 * bytes, then a compare of whole words. Case-blind; compact and long forms give the same constant (RFC 3261 section
 * 7.3.3).
 *
 * <pre>
 *   P r o x y - A u t h o r i z a t i o n        three overlapping words cover every name of up to 24 bytes
 *   |--- first ---| |--- second --|
 *                         |--- last ----|
 * </pre>
 */
final class HeaderNames {
    private static final HeaderName[] NAMES = HeaderName.values();
    private static final int OTHER = HeaderName.OTHER.ordinal();
    private static final int MAX_LENGTH = 24;
    private static final int SLOT_BITS = 8;

    /** Per slot first, second and last word, then length and ordinal: half a cache line. */
    private static final long[] TABLE = new long[4 << SLOT_BITS];
    private static final long MULTIPLIER = fill();

    private HeaderNames() {}

    /**
     * Ordinal of the {@link HeaderName} written in {@code length} bytes at {@code start}, which hold no byte up to SP.
     */
    static int ordinal(final DirectBuffer bytes, final int start, final int length) {
        final long first = Scan.lowerWord(bytes, start, length);
        final int at = slot(first, length, MULTIPLIER) << 2;
        final long lengthAndOrdinal = TABLE[at + 3];
        if (TABLE[at] != first || (int) (lengthAndOrdinal >>> 32) != length
                || length > 8 && TABLE[at + 2] != Scan.lowerWord(bytes, start + length - 8, 8)
                || length > 16 && TABLE[at + 1] != Scan.lowerWord(bytes, start + 8, 8)) {
            return OTHER;
        }
        return (int) lengthAndOrdinal;
    }

    private static int slot(final long first, final int length, final long multiplier) {
        return (int) ((first + length * 0x9E3779B97F4A7C15L) * multiplier >>> 64 - SLOT_BITS);
    }

    /** Looks for a multiplier that gives each name a slot of its own, then fills the table. */
    private static long fill() {
        final List<String> spellings = new ArrayList<>();
        final List<Integer> ordinals = new ArrayList<>();
        for (final HeaderName name : NAMES) {
            if (name == HeaderName.OTHER) {
                continue;
            }
            if (name.canonical().length() > MAX_LENGTH) {
                throw new IllegalStateException("name longer than three words: " + name);
            }
            spellings.add(name.canonical());
            ordinals.add(name.ordinal());
            if (name.compact() != '\0') {
                spellings.add(String.valueOf(name.compact()));
                ordinals.add(name.ordinal());
            }
        }
        long multiplier = 0x9E3779B97F4A7C15L;
        while (!fits(spellings, multiplier)) {
            multiplier = multiplier * 6364136223846793005L + 1442695040888963407L | 1;
        }
        for (int i = 0; i < spellings.size(); i++) {
            final String text = spellings.get(i);
            final int length = text.length();
            final int slot = slot(firstWord(text), length, multiplier);
            TABLE[slot << 2] = firstWord(text);
            TABLE[(slot << 2) + 1] = length > 16 ? Scan.lowerWord(text.substring(8, 16)) : 0;
            TABLE[(slot << 2) + 2] = length > 8 ? Scan.lowerWord(text.substring(length - 8)) : 0;
            TABLE[(slot << 2) + 3] = (long) length << 32 | ordinals.get(i);
        }
        return multiplier;
    }

    private static boolean fits(final List<String> spellings, final long multiplier) {
        final boolean[] taken = new boolean[1 << SLOT_BITS];
        for (final String text : spellings) {
            final int slot = slot(firstWord(text), text.length(), multiplier);
            if (taken[slot]) {
                return false;
            }
            taken[slot] = true;
        }
        return true;
    }

    private static long firstWord(final String text) {
        return Scan.lowerWord(text.substring(0, Math.min(8, text.length())));
    }
}
