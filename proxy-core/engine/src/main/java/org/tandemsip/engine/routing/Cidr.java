package org.tandemsip.engine.routing;

/**
 * An address range. IPv4 ranges are held in mapped form, their prefix counted from bit 96.
 *
 * @param high       upper half of the network address
 * @param low        lower half of the network address
 * @param prefixBits leading bits that count, 0 to 128
 */
public record Cidr(long high, long low, int prefixBits) {
    /** Whether the range holds the address. */
    public boolean contains(final long addressHigh, final long addressLow) {
        throw new UnsupportedOperationException();
    }
}
