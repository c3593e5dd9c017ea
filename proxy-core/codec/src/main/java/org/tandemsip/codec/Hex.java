package org.tandemsip.codec;

import java.nio.ByteOrder;
import org.agrona.DirectBuffer;

/** Reads the hexadecimal numbers that {@link AsciiWriter#putHex} writes, eight digits at a time. */
public final class Hex {
    /** What {@link #parse8} gives for anything but eight digits. */
    public static final long NONE = -1;

    private static final long LOW_NIBBLES = 0x0F0F_0F0F_0F0F_0F0FL;
    private static final long ONES = 0x0101_0101_0101_0101L;
    private static final long ZERO_DIGITS = 0x3030_3030_3030_3030L;

    private Hex() {}

    /** Value of the eight digits, 0 to 9 and lower-case a to f, at {@code index}; {@link #NONE} if they are not. */
    public static long parse8(final DirectBuffer bytes, final int index) {
        final long digits = bytes.getLong(index, ByteOrder.LITTLE_ENDIAN);
        // Of the characters that can be digits only letters have 0x40, and 'a' & 15 is 1.
        final long values = (digits & LOW_NIBBLES) + (digits >>> 6 & ONES) * 9;
        final long letters = values + ONES * 6 >>> 4 & ONES;
        // Written again it must be what was there: no other character has got through.
        if ((values & ~LOW_NIBBLES) != 0 || values + ZERO_DIGITS + letters * ('a' - '0' - 10) != digits) {
            return NONE;
        }
        // The first digit is in the lowest byte: turn round, then close the gaps.
        long number = Long.reverseBytes(values);
        number = (number | number >>> 4) & 0x00FF_00FF_00FF_00FFL;
        number = (number | number >>> 8) & 0x0000_FFFF_0000_FFFFL;
        return (number | number >>> 16) & 0xFFFF_FFFFL;
    }
}
