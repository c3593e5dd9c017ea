package org.tandemsip.server.transport;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import org.tandemsip.codec.IpAddress;

/**
 * Turns addresses of the engine (two longs) into those of the JDK and back. Keeps the socket addresses it has made,
 * because a proxy sends to few places again and again. Loop thread only; the static methods anywhere.
 */
final class Addresses {
    /** Direct-mapped: a collision costs one allocation, never more memory. */
    private static final int CACHED = 1_024;

    private final InetSocketAddress[] cache = new InetSocketAddress[CACHED];
    private final long[] cachedHigh = new long[CACHED];
    private final long[] cachedLow = new long[CACHED];

    /** The socket address of {@code port} (1 to 65535) at an address. */
    InetSocketAddress of(final long high, final long low, final int port) {
        final int slot = (int) ((high * 31 + low * 0x9E37_79B9_7F4A_7C15L + port * 0xC2B2_AE3D_27D4_EB4FL) >>> 54);
        final InetSocketAddress cached = cache[slot];
        if (cached != null && cachedHigh[slot] == high && cachedLow[slot] == low && cached.getPort() == port) {
            return cached;
        }
        final InetSocketAddress made = new InetSocketAddress(inetAddress(high, low), port);
        cache[slot] = made;
        cachedHigh[slot] = high;
        cachedLow[slot] = low;
        return made;
    }

    /** Upper half of {@code address}; 0 for IPv4. */
    static long high(final InetAddress address) {
        return address instanceof Inet4Address ? 0 : ByteBuffer.wrap(address.getAddress()).getLong(0);
    }

    /** Lower half of {@code address}; IPv4 in mapped form. */
    static long low(final InetAddress address) {
        final byte[] bytes = address.getAddress();
        if (bytes.length == 4) {
            return IpAddress.IPV4_PREFIX | (bytes[0] & 0xFFL) << 24 | (bytes[1] & 0xFF) << 16 | (bytes[2] & 0xFF) << 8
                    | bytes[3] & 0xFF;
        }
        return ByteBuffer.wrap(bytes).getLong(8);
    }

    /** The JDK's form of an address: {@link Inet4Address} when it is a mapped one. */
    static InetAddress inetAddress(final long high, final long low) {
        final byte[] bytes;
        if (IpAddress.isIpv4(high, low)) {
            bytes = ByteBuffer.allocate(4).putInt((int) low).array();
        } else {
            bytes = ByteBuffer.allocate(16).putLong(high).putLong(low).array();
        }
        try {
            return InetAddress.getByAddress(bytes);
        } catch (final UnknownHostException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
