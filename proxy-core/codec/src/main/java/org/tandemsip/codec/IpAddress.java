package org.tandemsip.codec;

import org.agrona.DirectBuffer;

/**
 * An IP address as two longs, network byte order: the 128 bits of an IPv6 address, IPv4 in its mapped form
 * ({@code ::ffff:a.b.c.d}, RFC 4291 section 2.5.5.2). Mutable, so that parsing a host allocates nothing.
 */
public final class IpAddress {
    /** Upper 32 bits of the low long of a mapped IPv4 address. */
    public static final long IPV4_PREFIX = 0x0000_FFFF_0000_0000L;

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
     * (a GB/T 28181 realm) is a name, not an address.
     *
     * @return whether {@code [start, end)} is an address; when not, this is unchanged
     */
    public boolean parse(final DirectBuffer bytes, final int start, final int end) {
        throw new UnsupportedOperationException();
    }

    /** Reads an address from text, for configuration; {@code false} when it is none. */
    public boolean parse(final String text) {
        throw new UnsupportedOperationException();
    }

    /** The address as text, IPv6 in RFC 5952 form without brackets; allocates, for logs and people. */
    public static String toString(final long addressHigh, final long addressLow) {
        throw new UnsupportedOperationException();
    }
}
