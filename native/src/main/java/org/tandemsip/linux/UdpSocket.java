package org.tandemsip.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * A UDP socket that receives and sends in batches ({@code recvmmsg}, {@code sendmmsg}) and whose addresses are
 * numbers. All its memory is made once: no call allocates. Only {@link #await} blocks; one thread, but for {@link #fd}.
 *
 * <pre>
 *   struct mmsghdr, 64 bytes                                    struct iovec, 16 bytes
 *    0 msg_name --------> sockaddr_in or sockaddr_in6            0 iov_base ---> the datagram
 *    8 msg_namelen                                               8 iov_len
 *   16 msg_iov ---------> iovec
 *   24 msg_iovlen (1)
 *   32 msg_control, 40 msg_controllen, 48 msg_flags
 *   56 msg_len: bytes received or sent
 * </pre>
 * Addresses are pairs of longs in network byte order, IPv4 in its mapped form ({@code ::ffff:a.b.c.d}).
 */
public final class UdpSocket implements AutoCloseable {
    /** Result of {@link #send}: the kernel takes no more for now. */
    public static final int WOULD_BLOCK = -11;
    /** The largest datagram. */
    public static final int DATAGRAM_BYTES = 65_536;

    private static final int AF_INET = 2;
    private static final int AF_INET6 = 10;
    private static final int SOCK_DGRAM_CLOEXEC = 2 | 0x80000;
    private static final int SOL_IP = 0;
    private static final int SOL_SOCKET = 1;
    private static final int SOL_IPV6 = 41;
    private static final int IP_RECVERR = 11;
    private static final int IPV6_RECVERR = 25;
    private static final int SO_SNDBUF = 7;
    private static final int SO_RCVBUF = 8;
    private static final int SO_REUSEPORT = 15;
    private static final int SO_TIMESTAMPNS = 35;
    private static final int SO_SNDBUFFORCE = 32;
    private static final int SO_RCVBUFFORCE = 33;
    private static final int SO_RCVTIMEO = 20;
    private static final int MSG_DONTWAIT = 0x40;
    private static final int MSG_WAITFORONE = 0x10000;
    private static final int EINTR = 4;

    private static final long HEADER_BYTES = 64;
    private static final long NAME = 0;
    private static final long NAME_LENGTH = 8;
    private static final long IOV = 16;
    private static final long IOV_LENGTH = 24;
    private static final long CONTROL = 32;
    private static final long CONTROL_LENGTH = 40;
    private static final long RECEIVED_LENGTH = 56;
    private static final long IOVEC_BYTES = 16;
    private static final long ADDRESS_BYTES = 32;
    /** struct cmsghdr (length, level, type) and the struct timespec in it, and room to spare. */
    private static final long CONTROL_BYTES = 64;
    private static final long STAMP_SECONDS = 16;
    private static final long STAMP_NANOS = 24;
    private static final long STAMP_END = 32;
    private static final int SOCKADDR_IN_BYTES = 16;
    private static final int SOCKADDR_IN6_BYTES = 28;
    private static final long IPV4_PREFIX = 0x0000_FFFF_0000_0000L;

    private static final ValueLayout.OfShort NET_SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfInt NET_INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfLong NET_LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    private final int fd;
    private final NewInviteFilter newInvites;
    private final boolean ipv6;
    private final int receiveSlots;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment received;
    private final MemorySegment receivedAddresses;
    /** Memory apart: of its pages those are provided that datagrams have reached, which are few of each 64 KiB. */
    private final long datagrams;
    private final MemorySegment sent;
    private final MemorySegment sentVectors;
    private final MemorySegment sentAddresses;
    private final MemorySegment controls;
    private final MemorySegment scratch;
    private boolean stamping;
    private int lastReceived;

    /** Whether this machine has what the class needs: 64-bit Linux and a C library with these calls. */
    public static boolean isAvailable() {
        if (!System.getProperty("os.name").equals("Linux") || ValueLayout.ADDRESS.byteSize() != 8) {
            return false;
        }
        try {
            return LibC.isAvailable();
        } catch (final LinkageError missing) {
            return false;
        }
    }

    /**
     * Opens a socket, not yet bound.
     *
     * @param ipv6         family; an IPv6 socket bound to the wildcard takes IPv4 as well
     * @param receiveSlots most datagrams per {@link #receive}
     * @param sendSlots    most datagrams per {@link #send}
     * @throws IOException the system gives no socket
     */
    public UdpSocket(final boolean ipv6, final int receiveSlots, final int sendSlots) throws IOException {
        this.ipv6 = ipv6;
        this.receiveSlots = receiveSlots;
        received = arena.allocate(HEADER_BYTES * receiveSlots, 8);
        receivedAddresses = arena.allocate(ADDRESS_BYTES * receiveSlots, 8);
        final MemorySegment receivedVectors = arena.allocate(IOVEC_BYTES * receiveSlots, 8);
        controls = arena.allocate(CONTROL_BYTES * receiveSlots, 8);
        scratch = arena.allocate(16, 8);
        sent = arena.allocate(HEADER_BYTES * sendSlots, 8);
        sentAddresses = arena.allocate(ADDRESS_BYTES * sendSlots, 8);
        sentVectors = arena.allocate(IOVEC_BYTES * sendSlots, 8);
        prepare(received, receivedAddresses, receivedVectors, receiveSlots);
        prepare(sent, sentAddresses, sentVectors, sendSlots);
        lastReceived = receiveSlots;
        long mapped = 0;
        int opened = -1;
        NewInviteFilter filter = null;
        boolean ready = false;
        try {
            mapped = LibC.map((long) DATAGRAM_BYTES * receiveSlots);
            opened = check("socket", LibC.socket(ipv6 ? AF_INET6 : AF_INET, SOCK_DGRAM_CLOEXEC));
            filter = limitWaits(opened);
            ready = true;
        } finally {
            if (!ready) {
                release(opened, mapped);
            }
        }
        datagrams = mapped;
        fd = opened;
        newInvites = filter;
        for (int i = 0; i < receiveSlots; i++) {
            received.set(JAVA_LONG, i * HEADER_BYTES + CONTROL, controls.address() + i * CONTROL_BYTES);
            receivedVectors.set(JAVA_LONG, i * IOVEC_BYTES, datagram(i));
            receivedVectors.set(JAVA_LONG, i * IOVEC_BYTES + 8, DATAGRAM_BYTES);
        }
    }

    /**
     * Has {@link #await} end after the shortest time that there is: the kernel counts it in ticks, and rounds up. It
     * begins to count anew with each datagram whose checksum it finds wrong only there, so somebody who sends such ones
     * could keep us waiting for ever. It verifies before that where a socket has a filter; this one lets all pass.
     */
    private NewInviteFilter limitWaits(final int opened) throws IOException {
        scratch.set(JAVA_LONG, 0, 0);
        scratch.set(JAVA_LONG, 8, 1);
        check("setsockopt", LibC.setsockopt(opened, SOL_SOCKET, SO_RCVTIMEO, scratch.address(), 16));
        final NewInviteFilter filter = new NewInviteFilter(arena, opened);
        if (!filter.attach()) {
            throw new IOException("setsockopt: the kernel takes no socket filter");
        }
        return filter;
    }

    private void release(final int opened, final long mapped) {
        if (opened >= 0) {
            LibC.close(opened);
        }
        if (mapped != 0) {
            LibC.unmap(mapped, (long) DATAGRAM_BYTES * receiveSlots);
        }
        arena.close();
    }

    private static void prepare(final MemorySegment headers, final MemorySegment addresses, final MemorySegment vectors,
            final int slots) {
        for (int i = 0; i < slots; i++) {
            headers.set(JAVA_LONG, i * HEADER_BYTES + NAME, addresses.address() + i * ADDRESS_BYTES);
            headers.set(JAVA_LONG, i * HEADER_BYTES + IOV, vectors.address() + i * IOVEC_BYTES);
            headers.set(JAVA_LONG, i * HEADER_BYTES + IOV_LENGTH, 1L);
        }
    }

    /** The file descriptor, for an event loop to watch. */
    public int fd() {
        return fd;
    }

    /** What the kernel drops of what arrives; nothing at first. */
    public NewInviteFilter newInvites() {
        return newInvites;
    }

    /** Lets other sockets of this user listen on the same address (SO_REUSEPORT). Before {@link #bind}. */
    public void shareAddress() throws IOException {
        set(SO_REUSEPORT, 1);
    }

    /**
     * Asks for {@code bytes} of kernel buffer each way; gets less where the system's limits say so and we may not
     * exceed them.
     */
    public void bufferBytes(final int bytes) throws IOException {
        set(SO_RCVBUF, bytes);
        set(SO_SNDBUF, bytes);
        option(SOL_SOCKET, SO_RCVBUFFORCE, bytes);
        option(SOL_SOCKET, SO_SNDBUFFORCE, bytes);
    }

    /**
     * Has the kernel keep what ICMP reports about datagrams sent, for {@link SocketErrors} to read. From then on a
     * report makes one {@link #receive} end without anything that has nothing to do with it.
     */
    public void keepErrors() {
        option(SOL_IP, IP_RECVERR, 1);
        if (ipv6) {
            option(SOL_IPV6, IPV6_RECVERR, 1);
        }
    }

    /**
     * Binds the socket.
     *
     * @return the port, which is a free one when {@code port} is 0
     * @throws IOException the address is taken, or not ours; the message says why
     */
    public int bind(final long addressHigh, final long addressLow, final int port) throws IOException {
        final int length = putAddress(sentAddresses, 0, addressHigh, addressLow, port);
        check("bind", LibC.bind(fd, sentAddresses.address(), length));
        sentVectors.set(JAVA_INT, 0, (int) ADDRESS_BYTES);
        check("getsockname", LibC.getsockname(fd, sentAddresses.address(), sentVectors.address()));
        return Short.toUnsignedInt(sentAddresses.get(NET_SHORT, 2));
    }

    /**
     * Lets the kernel note when each datagram arrives, or no longer (SO_TIMESTAMPNS). It costs 0.1 µs per datagram and
     * side, so it is for those who look at {@link #waitedNs}.
     */
    public void stamp(final boolean on) {
        option(SOL_SOCKET, SO_TIMESTAMPNS, on ? 1 : 0);
        stamping = on;
        for (int i = 0; i < receiveSlots; i++) {
            received.set(JAVA_LONG, i * HEADER_BYTES + CONTROL_LENGTH, on ? CONTROL_BYTES : 0);
        }
    }

    /**
     * How long ago datagram {@code slot} of the last {@link #receive} arrived; 0 when the kernel did not note it. The
     * kernel stamps by the wall clock: whoever sets that sees it in what waits meanwhile.
     */
    public long waitedNs(final int slot) {
        if (!stamping || received.get(JAVA_LONG, slot * HEADER_BYTES + CONTROL_LENGTH) < STAMP_END) {
            return 0;
        }
        LibC.clockGettime(0, scratch.address());
        final long at = slot * CONTROL_BYTES;
        return Math.max(0, (scratch.get(JAVA_LONG, 0) - controls.get(JAVA_LONG, at + STAMP_SECONDS)) * 1_000_000_000L
                + scratch.get(JAVA_LONG, 8) - controls.get(JAVA_LONG, at + STAMP_NANOS));
    }

    /** Receives what is there, at most as many datagrams as there are slots; returns how many, 0 for none. */
    public int receive() {
        return receive(MSG_DONTWAIT);
    }

    /**
     * Like {@link #receive}, but while nothing is there waits for a datagram; not for long, a tick or two of the kernel
     * (2 to 20 ms).
     */
    public int await() {
        return receive(MSG_WAITFORONE);
    }

    private int receive(final int flags) {
        for (int i = 0; i < lastReceived; i++) {
            received.set(JAVA_INT, i * HEADER_BYTES + NAME_LENGTH, (int) ADDRESS_BYTES);
        }
        if (stamping) {
            for (int i = 0; i < lastReceived; i++) {
                received.set(JAVA_LONG, i * HEADER_BYTES + CONTROL_LENGTH, CONTROL_BYTES);
            }
        }
        lastReceived = Math.max(0, LibC.recvmmsg(fd, received.address(), receiveSlots, flags));
        return lastReceived;
    }

    /** Memory address of datagram {@code slot} of the last {@link #receive}. */
    public long datagram(final int slot) {
        return datagrams + (long) slot * DATAGRAM_BYTES;
    }

    /** Its size in bytes. */
    public int length(final int slot) {
        return received.get(JAVA_INT, slot * HEADER_BYTES + RECEIVED_LENGTH);
    }

    /** Upper half of the address it came from. */
    public long sourceHigh(final int slot) {
        return ipv6 ? receivedAddresses.get(NET_LONG, slot * ADDRESS_BYTES + 8) : 0;
    }

    /** Lower half of the address it came from. */
    public long sourceLow(final int slot) {
        final long at = slot * ADDRESS_BYTES;
        return ipv6 ? receivedAddresses.get(NET_LONG, at + 16)
                : IPV4_PREFIX | Integer.toUnsignedLong(receivedAddresses.get(NET_INT, at + 4));
    }

    /** The port it came from. */
    public int sourcePort(final int slot) {
        return Short.toUnsignedInt(receivedAddresses.get(NET_SHORT, slot * ADDRESS_BYTES + 2));
    }

    /** Makes {@code length} bytes at memory {@code address} the datagram that {@link #send} sends from {@code slot}. */
    public void prepare(final int slot, final long address, final int length, final long addressHigh,
            final long addressLow, final int port) {
        sentVectors.set(JAVA_LONG, slot * IOVEC_BYTES, address);
        sentVectors.set(JAVA_LONG, slot * IOVEC_BYTES + 8, length);
        sent.set(JAVA_INT, slot * HEADER_BYTES + NAME_LENGTH,
                putAddress(sentAddresses, slot * ADDRESS_BYTES, addressHigh, addressLow, port));
    }

    /** Says that the bytes prepared in {@code slot} are at memory {@code address} now. */
    public void moved(final int slot, final long address) {
        sentVectors.set(JAVA_LONG, slot * IOVEC_BYTES, address);
    }

    /**
     * Sends the datagrams of {@code count} slots from {@code slot} on.
     *
     * @return how many the kernel took, at least 1; {@link #WOULD_BLOCK}; or the negative {@code errno} that the first
     *         of them met
     */
    public int send(final int slot, final int count) {
        while (true) {
            final int result =
                    LibC.sendmmsg(fd, sent.address() + slot * HEADER_BYTES, count, MSG_DONTWAIT);
            if (result != -EINTR) {
                return result;
            }
        }
    }

    @Override
    public void close() {
        release(fd, datagrams);
    }

    private int putAddress(final MemorySegment into, final long at, final long addressHigh, final long addressLow,
            final int port) {
        into.set(NET_SHORT, at + 2, (short) port);
        if (ipv6) {
            into.set(JAVA_SHORT, at, (short) AF_INET6);
            into.set(JAVA_INT, at + 4, 0);
            into.set(NET_LONG, at + 8, addressHigh);
            into.set(NET_LONG, at + 16, addressLow);
            into.set(JAVA_INT, at + 24, 0);
            return SOCKADDR_IN6_BYTES;
        }
        into.set(JAVA_SHORT, at, (short) AF_INET);
        into.set(NET_INT, at + 4, (int) addressLow);
        into.set(JAVA_LONG, at + 8, 0);
        return SOCKADDR_IN_BYTES;
    }

    private void set(final int name, final int value) throws IOException {
        check("setsockopt", option(SOL_SOCKET, name, value));
    }

    private int option(final int level, final int name, final int value) {
        // Not among the vectors: there may be datagrams that wait to be sent.
        scratch.set(JAVA_INT, 0, value);
        return LibC.setsockopt(fd, level, name, scratch.address(), 4);
    }

    private int check(final String call, final int result) throws IOException {
        if (result < 0) {
            throw new IOException(call + "(): " + LibC.describe(-result));
        }
        return result;
    }
}
