package org.tandemsip.engine.routing;

import org.agrona.DirectBuffer;
import org.tandemsip.codec.Slice;

/**
 * An id of GB/T 28181: up to 20 digits (8 of the place, 2 of the trade, 3 of the kind, 7 of the number), shorter ones
 * for places and groups. Never a telephone number. Mutable flyweight; two {@code long}s hold it whole, so that nothing
 * has to be compared digit by digit.
 */
public final class DeviceId {
    /** Digits of a device. */
    public static final int DIGITS = 20;

    private static final int LOW_DIGITS = 10;
    private static final int LENGTH_SHIFT = 40;

    private long high;
    private long low;

    /** Reads a slice of digits only, 1 to 20 of them; {@code false} for anything else, and then this is no id. */
    public boolean read(final DirectBuffer bytes, final long slice) {
        return Slice.exists(slice) && read(bytes, Slice.offset(slice), Slice.end(slice));
    }

    /** As {@link #read(DirectBuffer, long)}, for {@code [start, end)}. */
    public boolean read(final DirectBuffer bytes, final int start, final int end) {
        high = 0;
        low = 0;
        final int length = end - start;
        if (length < 1 || length > DIGITS) {
            return false;
        }
        long upper = 0;
        long lower = 0;
        for (int i = 0; i < length; i++) {
            final int digit = bytes.getByte(start + i) - '0';
            if (digit < 0 || digit > 9) {
                return false;
            }
            if (length - i > LOW_DIGITS) {
                upper = upper * 10 + digit;
            } else {
                lower = lower * 10 + digit;
            }
        }
        high = (long) length << LENGTH_SHIFT | upper;
        low = lower;
        return true;
    }

    /** Whether an id was read last. */
    public boolean exists() {
        return high != 0;
    }

    /** Whether it is as long as the id of a device, so that it must not be taken for a telephone number. */
    public boolean isDevice() {
        return high >>> LENGTH_SHIFT == DIGITS;
    }

    /** First half; never 0 of an id. */
    public long high() {
        return high;
    }

    /** Second half. */
    public long low() {
        return low;
    }

    /** Takes over the halves of another. */
    public DeviceId set(final long otherHigh, final long otherLow) {
        high = otherHigh;
        low = otherLow;
        return this;
    }

    /** Takes over another. */
    public DeviceId set(final DeviceId other) {
        return set(other.high, other.low);
    }

    /** The digits, zeros in front included; empty when there is none. */
    @Override
    public String toString() {
        final int length = (int) (high >>> LENGTH_SHIFT);
        final StringBuilder digits = new StringBuilder(DIGITS);
        if (length > LOW_DIGITS) {
            append(digits, high & (1L << LENGTH_SHIFT) - 1, length - LOW_DIGITS);
        }
        if (exists()) {
            append(digits, low, Math.min(length, LOW_DIGITS));
        }
        return digits.toString();
    }

    private static void append(final StringBuilder out, final long number, final int width) {
        final String text = Long.toString(number);
        out.append("0".repeat(Math.max(0, width - text.length()))).append(text);
    }

    /** Whether both are the same. */
    public boolean same(final DeviceId other) {
        return high == other.high && low == other.low;
    }
}
