package org.tandemsip.testkit.wire;

/**
 * An IPv4 address and port of the simulated network.
 *
 * @param host dotted quad
 * @param port 1 to 65535
 */
public record SimAddress(String host, int port) {
    private static final long MAPPED = 0x0000_FFFF_0000_0000L;

    /** Reads {@code a.b.c.d:port}; without a port it is 5060. */
    public static SimAddress of(final String hostPort) {
        final int colon = hostPort.indexOf(':');
        return colon < 0 ? new SimAddress(hostPort, 5060)
                : new SimAddress(hostPort.substring(0, colon), Integer.parseInt(hostPort.substring(colon + 1)));
    }

    /** The address that an engine's low long (mapped IPv4, see {@code codec.IpAddress}) and a port stand for. */
    public static SimAddress of(final long addressLow, final int port) {
        final int v4 = (int) addressLow;
        return new SimAddress(
                (v4 >>> 24) + "." + (v4 >>> 16 & 255) + "." + (v4 >>> 8 & 255) + "." + (v4 & 255), port);
    }

    /** Lower half of the IPv4-mapped address; the upper half is 0. */
    public long low() {
        long v4 = 0;
        for (final String part : host.split("\\.")) {
            v4 = v4 << 8 | Integer.parseInt(part);
        }
        return MAPPED | v4;
    }

    @Override
    public String toString() {
        return host + ':' + port;
    }
}
