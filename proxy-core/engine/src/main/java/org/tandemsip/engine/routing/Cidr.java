package org.tandemsip.engine.routing;

import java.util.List;
import org.tandemsip.codec.IpAddress;

/**
 * An address range. IPv4 ranges are held in mapped form, their prefix counted from bit 96.
 *
 * @param high       upper half of the network address
 * @param low        lower half of the network address
 * @param prefixBits leading bits that count, 0 to 128
 */
public record Cidr(long high, long low, int prefixBits) {
    /** Clears the bits behind the prefix, so that equal ranges are equal records. */
    public Cidr {
        if (prefixBits < 0 || prefixBits > 128) {
            throw new IllegalArgumentException("prefix must be 0 to 128 bits, not " + prefixBits);
        }
        high &= highMask(prefixBits);
        low &= lowMask(prefixBits);
    }

    /**
     * Reads {@code 10.0.0.0/8}, {@code 2001:db8::/32}, or a single address. For configuration.
     *
     * @return the range
     * @throws IllegalArgumentException when {@code text} is neither; the message says why, for people
     */
    public static Cidr parse(final String text) {
        final int slash = text.indexOf('/');
        final IpAddress address = new IpAddress();
        if (!address.parse(slash < 0 ? text : text.substring(0, slash))) {
            throw new IllegalArgumentException("'" + text + "' is not an address or ADDRESS/BITS");
        }
        final boolean ipv4 = text.indexOf(':') < 0;
        final int most = ipv4 ? 32 : 128;
        final int bits = slash < 0 ? most : prefix(text, slash + 1, most);
        return new Cidr(address.high(), address.low(), ipv4 ? 96 + bits : bits);
    }

    private static int prefix(final String text, final int start, final int most) {
        final String digits = text.substring(start);
        if (digits.isEmpty() || digits.length() > 3 || !digits.chars().allMatch(c -> c >= '0' && c <= '9')
                || Integer.parseInt(digits) > most) {
            throw new IllegalArgumentException("'" + text + "': the prefix must be 0 to " + most + " bits");
        }
        return Integer.parseInt(digits);
    }

    /** Whether the range holds the address. */
    public boolean contains(final long addressHigh, final long addressLow) {
        return ((addressHigh ^ high) & highMask(prefixBits)) == 0 && ((addressLow ^ low) & lowMask(prefixBits)) == 0;
    }

    /** Whether one of {@code ranges} holds the address. Allocates nothing. */
    public static boolean anyContains(final List<Cidr> ranges, final long addressHigh, final long addressLow) {
        for (int i = 0; i < ranges.size(); i++) {
            if (ranges.get(i).contains(addressHigh, addressLow)) {
                return true;
            }
        }
        return false;
    }

    /** The range as text, as {@link #parse} reads it. */
    @Override
    public String toString() {
        final boolean ipv4 = IpAddress.isIpv4(high, low) && prefixBits >= 96;
        return IpAddress.toString(high, low) + '/' + (ipv4 ? prefixBits - 96 : prefixBits);
    }

    /** Mask over the upper half of an address for a prefix of so many bits. */
    static long highMask(final int prefixBits) {
        return prefixBits == 0 ? 0 : prefixBits >= 64 ? -1L : -1L << 64 - prefixBits;
    }

    /** Mask over the lower half of an address for a prefix of so many bits. */
    static long lowMask(final int prefixBits) {
        return prefixBits <= 64 ? 0 : prefixBits == 128 ? -1L : -1L << 128 - prefixBits;
    }
}
