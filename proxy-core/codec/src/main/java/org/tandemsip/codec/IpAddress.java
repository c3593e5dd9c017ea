package org.tandemsip.codec;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * An IP address as two longs, network byte order: the 128 bits of an IPv6 address, IPv4 in its mapped form
 * ({@code ::ffff:a.b.c.d}, RFC 4291 section 2.5.5.2). Mutable, so that parsing a host allocates nothing.
 */
public final class IpAddress {
    /** Upper 32 bits of the low long of a mapped IPv4 address. */
    public static final long IPV4_PREFIX = 0x0000_FFFF_0000_0000L;

    private static final int GROUPS = 8;

    private long high;
    private long low;

    /** Upper 64 bits. */
    public long high() {
        return high;
    }

    /** Lower 64 bits. */
    public long low() {
        return low;
    }

    /** Sets both halves. */
    public IpAddress set(final long addressHigh, final long addressLow) {
        high = addressHigh;
        low = addressLow;
        return this;
    }

    /** Whether the two longs hold an IPv4 address. */
    public static boolean isIpv4(final long addressHigh, final long addressLow) {
        return addressHigh == 0 && (addressLow & 0xFFFF_FFFF_0000_0000L) == IPV4_PREFIX;
    }

    /**
     * Reads a dotted quad, or an IPv6 address with or without brackets, and nothing else: a host of digits only
     * (a GB/T 28181 realm) is a name, not an address. Octets with leading zeros are refused, since others read them as
     * octal. Three colons before a dotted quad are read as two (RFC 5118 section 4.10).
     *
     * @return whether {@code [start, end)} is an address; when not, this is unchanged
     */
    public boolean parse(final DirectBuffer bytes, final int start, final int end) {
        if (start >= end) {
            return false;
        }
        if (bytes.getByte(start) == '[') {
            return bytes.getByte(end - 1) == ']' && parseIpv6(bytes, start + 1, end - 1);
        }
        final long quad = quad(bytes, start, end);
        if (quad >= 0) {
            set(0, IPV4_PREFIX | quad);
            return true;
        }
        return parseIpv6(bytes, start, end);
    }

    /** Reads an address from text, for configuration; {@code false} when it is none. */
    public boolean parse(final String text) {
        final byte[] ascii = text.getBytes(StandardCharsets.US_ASCII);
        return parse(new UnsafeBuffer(ascii), 0, ascii.length);
    }

    /** The address as text, IPv6 in RFC 5952 form without brackets; allocates, for logs and people. */
    public static String toString(final long addressHigh, final long addressLow) {
        final UnsafeBuffer buffer = new UnsafeBuffer(ByteBuffer.allocateDirect(48));
        final AsciiWriter writer = new AsciiWriter().wrap(buffer, 0).putAddress(addressHigh, addressLow, false);
        return buffer.getStringWithoutLengthAscii(0, writer.position());
    }

    /** The 32 bits of the dotted quad in {@code [start, end)}, or -1. */
    private static long quad(final DirectBuffer bytes, final int start, final int end) {
        if (end - start < 7 || end - start > 15) {
            return -1;
        }
        long address = 0;
        int octets = 0;
        int p = start;
        while (true) {
            int value = 0;
            final int first = p;
            while (p < end && p < first + 3 && bytes.getByte(p) >= '0' && bytes.getByte(p) <= '9') {
                value = value * 10 + bytes.getByte(p++) - '0';
            }
            if (p == first || value > 255 || p > first + 1 && bytes.getByte(first) == '0') {
                return -1;
            }
            address = address << 8 | value;
            octets++;
            if (p == end) {
                return octets == 4 ? address : -1;
            }
            if (bytes.getByte(p++) != '.' || octets == 4) {
                return -1;
            }
        }
    }

    /** RFC 4291 section 2.2; no zone. Groups before and behind {@code ::} are gathered apart and joined at the end. */
    private boolean parseIpv6(final DirectBuffer bytes, final int start, final int end) {
        long newHigh = 0;
        long newLow = 0;
        int groups = 0;
        int gap = -1;
        int p = start;
        if (end - start >= 2 && bytes.getByte(p) == ':') {
            if (bytes.getByte(p + 1) != ':') {
                return false;
            }
            gap = 0;
            p += 2;
        }
        while (p < end) {
            if (gap == groups && bytes.getByte(p) == ':' && quad(bytes, p + 1, end) >= 0) {
                p++;
            }
            final long quad = groups <= 6 ? quad(bytes, p, end) : -1;
            if (quad >= 0) {
                newHigh = newHigh << 32 | newLow >>> 32;
                newLow = newLow << 32 | quad;
                groups += 2;
                p = end;
                break;
            }
            int value = 0;
            final int first = p;
            while (p < end && p < first + 4 && Scan.hexDigit(bytes.getByte(p)) >= 0) {
                value = value << 4 | Scan.hexDigit(bytes.getByte(p++));
            }
            if (p == first || groups == GROUPS) {
                return false;
            }
            newHigh = newHigh << 16 | newLow >>> 48;
            newLow = newLow << 16 | value;
            groups++;
            if (p == end) {
                break;
            }
            if (bytes.getByte(p++) != ':' || p == end) {
                return false;
            }
            if (bytes.getByte(p) == ':') {
                if (gap >= 0) {
                    return false;
                }
                gap = groups;
                p++;
            }
        }
        if (gap < 0 ? groups != GROUPS : groups >= GROUPS) {
            return false;
        }
        if (gap >= 0) {
            widen(newHigh, newLow, groups, gap);
        } else {
            set(newHigh, newLow);
        }
        return true;
    }

    /** Moves the first {@code gap} of {@code groups} right-aligned groups to the front, zeros between. */
    private void widen(final long packedHigh, final long packedLow, final int groups, final int gap) {
        long newHigh = 0;
        long newLow = 0;
        final int zeros = GROUPS - groups;
        for (int i = 0; i < GROUPS; i++) {
            int value = 0;
            if (i < gap || i >= gap + zeros) {
                final int packed = i < gap ? i + zeros : i;
                value = (int) ((packed < 4 ? packedHigh : packedLow) >>> (3 - (packed & 3) << 4)) & 0xFFFF;
            }
            newHigh = newHigh << 16 | newLow >>> 48;
            newLow = newLow << 16 | value;
        }
        set(newHigh, newLow);
    }
}
