package org.tandemsip.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Reads what ICMP has reported about datagrams that a socket sent: the error queue of a {@link UdpSocket} ({@code
 * MSG_ERRQUEUE}, ip(7) on {@code IP_RECVERR}). Each report names the address that the datagram went to and quotes its
 * beginning: all but 28 of 576 bytes on Linux, perhaps nothing from an old router. One thread; allocates only what
 * {@link #quoted} returns.
 */
public final class SocketErrors {
    private static final int SOL_IP = 0;
    private static final int SOL_IPV6 = 41;
    private static final int IP_RECVERR = 11;
    private static final int IPV6_RECVERR = 25;
    private static final int MSG_ERRQUEUE_DONTWAIT = 0x2000 | 0x40;
    private static final int ORIGIN_ICMP = 2;
    private static final int ORIGIN_ICMP6 = 3;
    private static final int EPROTO = 71;
    private static final int ENOPROTOOPT = 92;
    private static final int ENETUNREACH = 101;
    private static final int ECONNREFUSED = 111;
    private static final int EHOSTUNREACH = 113;

    private static final int QUOTED_BYTES = 1_280;
    private static final int NAME_BYTES = 32;
    private static final int CONTROL_BYTES = 512;
    private static final int AF_INET6 = 10;
    private static final long IPV4_PREFIX = 0x0000_FFFF_0000_0000L;
    private static final ValueLayout.OfShort NET_SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfInt NET_INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfLong NET_LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    /** One struct mmsghdr; see {@link UdpSocket}. */
    private final MemorySegment header;
    private final MemorySegment name;
    private final MemorySegment control;
    private final MemorySegment quoted;

    /** Makes the memory for reports. */
    public SocketErrors() {
        final Arena arena = Arena.ofAuto();
        header = arena.allocate(64, 8);
        name = arena.allocate(NAME_BYTES, 8);
        control = arena.allocate(CONTROL_BYTES, 8);
        quoted = arena.allocate(QUOTED_BYTES, 8);
        final MemorySegment vector = arena.allocate(16, 8);
        vector.set(JAVA_LONG, 0, quoted.address());
        vector.set(JAVA_LONG, 8, QUOTED_BYTES);
        header.set(JAVA_LONG, 0, name.address());
        header.set(JAVA_LONG, 16, vector.address());
        header.set(JAVA_LONG, 24, 1L);
        header.set(JAVA_LONG, 32, control.address());
    }

    /** Takes the next report of socket {@code fd}; {@code false} when there is none. */
    public boolean next(final int fd) {
        header.set(JAVA_INT, 8, NAME_BYTES);
        header.set(JAVA_LONG, 40, CONTROL_BYTES);
        name.fill((byte) 0);
        return LibC.recvmmsg(fd, header.address(), 1, MSG_ERRQUEUE_DONTWAIT) == 1;
    }

    /**
     * Whether the report taken last says that host, network, port or protocol cannot be reached (RFC 3261 section
     * 18.4). Others are about routers on the way (time exceeded, fragmentation needed) and say nothing certain.
     */
    public boolean unreachable() {
        final long end = Math.min(CONTROL_BYTES, header.get(JAVA_LONG, 40));
        long at = 0;
        while (at + 16 + 16 <= end) {
            final long length = control.get(JAVA_LONG, at);
            final int level = control.get(JAVA_INT, at + 8);
            final int type = control.get(JAVA_INT, at + 12);
            if (level == SOL_IP && type == IP_RECVERR || level == SOL_IPV6 && type == IPV6_RECVERR) {
                final int origin = control.get(JAVA_BYTE, at + 20);
                return (origin == ORIGIN_ICMP || origin == ORIGIN_ICMP6) && switch (control.get(JAVA_INT, at + 16)) {
                    case ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, ENOPROTOOPT, EPROTO -> true;
                    default -> false;
                };
            }
            at += Math.max(16, length + 7 & -8L);
        }
        return false;
    }

    /** Upper half of the address that the datagram went to. */
    public long addressHigh() {
        return isIpv6() ? name.get(NET_LONG, 8) : 0;
    }

    /** Lower half of the address that the datagram went to. */
    public long addressLow() {
        return isIpv6() ? name.get(NET_LONG, 16) : IPV4_PREFIX | Integer.toUnsignedLong(name.get(NET_INT, 4));
    }

    /** The port that the datagram went to. */
    public int port() {
        return Short.toUnsignedInt(name.get(NET_SHORT, 2));
    }

    /** The beginning of the datagram, as far as it was quoted. */
    public byte[] quoted() {
        return quoted.asSlice(0, header.get(JAVA_INT, 56)).toArray(JAVA_BYTE);
    }

    private boolean isIpv6() {
        return name.get(ValueLayout.JAVA_SHORT, 0) == AF_INET6;
    }
}
