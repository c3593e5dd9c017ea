package org.tandemsip.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

@EnabledOnOs(OS.LINUX)
@Timeout(value = 30, unit = TimeUnit.SECONDS)
class UdpSocketTest {
    private static final long LOOPBACK_4 = 0x0000_FFFF_7F00_0001L;
    private static final int SLOTS = 8;

    private final Arena arena = Arena.ofAuto();

    @Test
    void shouldCarryDatagramsAndTheirAddresses() throws Exception {
        try (UdpSocket left = new UdpSocket(false, SLOTS, SLOTS);
                UdpSocket right = new UdpSocket(false, SLOTS, SLOTS)) {
            // given
            final int leftPort = left.bind(0, LOOPBACK_4, 0);
            final int rightPort = right.bind(0, LOOPBACK_4, 0);

            // when
            prepare(left, 0, "first", 0, LOOPBACK_4, rightPort);
            prepare(left, 1, "", 0, LOOPBACK_4, rightPort);
            prepare(left, 2, "third", 0, LOOPBACK_4, rightPort);

            // then
            assertEquals(3, left.send(0, 3));
            assertEquals(3, right.receive());
            assertEquals("first", text(right, 0));
            assertEquals("", text(right, 1));
            assertEquals("third", text(right, 2));
            assertEquals(0, right.sourceHigh(0));
            assertEquals(LOOPBACK_4, right.sourceLow(0));
            assertEquals(leftPort, right.sourcePort(2));
            assertEquals(0, right.receive());
        }
    }

    @Test
    void shouldWaitForADatagramButNotForever() throws Exception {
        try (UdpSocket left = new UdpSocket(false, SLOTS, SLOTS);
                UdpSocket right = new UdpSocket(false, SLOTS, SLOTS)) {
            // given
            left.bind(0, LOOPBACK_4, 0);
            final int rightPort = right.bind(0, LOOPBACK_4, 0);

            // then
            assertEquals(0, right.await());

            // when
            prepare(left, 0, "one", 0, LOOPBACK_4, rightPort);
            prepare(left, 1, "two", 0, LOOPBACK_4, rightPort);
            assertEquals(2, left.send(0, 2));

            // then: it does not wait for more than are there
            assertEquals(2, right.await());
            assertEquals("two", text(right, 1));
            assertEquals(0, right.receive());
        }
    }

    @Test
    @SuppressWarnings("restricted") // Java has no raw sockets.
    void shouldNotBeKeptWaitingByDatagramsWithAWrongChecksum() throws Throwable {
        final Linker linker = Linker.nativeLinker();
        final MethodHandle open = linker.downcallHandle(linker.defaultLookup().findOrThrow("socket"),
                FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT));
        final MethodHandle sendTo = linker.downcallHandle(linker.defaultLookup().findOrThrow("sendto"),
                FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT));
        final int raw = (int) open.invokeExact(2, 3, 255);
        assumeTrue(raw >= 0 || "true".equals(System.getenv("CI")), "needs the right to open raw sockets");
        assertTrue(raw >= 0);
        try (UdpSocket socket = new UdpSocket(false, SLOTS, SLOTS)) {
            // given: more of them than there are ticks, so large that the kernel verifies them late
            final int port = socket.bind(0, LOOPBACK_4, 0);
            final MemorySegment packet = arena.allocate(228);
            final ByteBuffer bytes = packet.asByteBuffer();
            bytes.putInt(0x4500_0000 | 228).putInt(0).putInt(0x4011_0000).putInt((int) LOOPBACK_4);
            bytes.putInt((int) LOOPBACK_4).putShort((short) 9).putShort((short) port).putShort((short) 208);
            bytes.putShort((short) 0xBAD);
            final MemorySegment to = arena.allocate(16);
            to.asByteBuffer().order(ByteOrder.nativeOrder()).putShort((short) 2).order(ByteOrder.BIG_ENDIAN)
                    .putShort((short) 0).putInt((int) LOOPBACK_4);
            final AtomicInteger left = new AtomicInteger(500_000);
            final FutureTask<Long> sending = new FutureTask<>(() -> {
                long sent = 0;
                while (left.getAndDecrement() > 0) {
                    try {
                        sent += (long) sendTo.invokeExact(raw, packet, 228L, 0, to, 16);
                    } catch (final Throwable failed) {
                        throw new IllegalStateException(failed);
                    }
                }
                return sent;
            });
            Thread.ofPlatform().start(sending);
            while (left.get() > 490_000 && !sending.isDone()) {
                Thread.onSpinWait();
            }

            // when
            final int received = socket.await();

            // then: it has ended while they still come
            final int unsent = left.getAndSet(0);
            assertTrue(sending.get() > 0);
            assertEquals(0, received);
            assertTrue(unsent > 0, "it has ended only when no more came");
        } finally {
            LibC.close(raw);
        }
    }

    @Test
    void shouldTellWhichDatagramNobodyWaitedFor() throws Exception {
        for (final boolean ipv6 : new boolean[] {false, true}) {
            final long high = 0;
            final long low = ipv6 ? 1 : LOOPBACK_4;
            final int closedPort;
            try (UdpSocket closed = new UdpSocket(ipv6, SLOTS, SLOTS)) {
                closedPort = closed.bind(high, low, 0);
            }
            try (UdpSocket left = new UdpSocket(ipv6, SLOTS, SLOTS);
                    UdpSocket right = new UdpSocket(ipv6, SLOTS, SLOTS)) {
                // given
                final SocketErrors errors = new SocketErrors();
                left.keepErrors();
                left.bind(high, low, 0);
                final int rightPort = right.bind(high, low, 0);
                assertFalse(errors.next(left.fd()));

                // when
                prepare(left, 0, "for nobody", high, low, closedPort);
                prepare(left, 1, "for right", high, low, rightPort);
                assertEquals(1, left.send(0, 1));

                // then: the report fails nothing that has nothing to do with it
                assertEquals(1, left.send(1, 1));
                assertTrue(errors.next(left.fd()));
                assertTrue(errors.unreachable());
                assertEquals(high, errors.addressHigh());
                assertEquals(low, errors.addressLow());
                assertEquals(closedPort, errors.port());
                assertEquals("for nobody", new String(errors.quoted(), StandardCharsets.US_ASCII));
                assertFalse(errors.next(left.fd()));
                assertEquals(1, right.receive());
                assertEquals("for right", text(right, 0));
            }
        }
    }

    @Test
    void shouldTellHowLongADatagramHasWaitedWhenAskedToStampThem() throws Exception {
        try (UdpSocket left = new UdpSocket(false, SLOTS, SLOTS);
                UdpSocket right = new UdpSocket(false, SLOTS, SLOTS)) {
            // given
            left.bind(0, LOOPBACK_4, 0);
            final int rightPort = right.bind(0, LOOPBACK_4, 0);
            prepare(left, 0, "one", 0, LOOPBACK_4, rightPort);
            prepare(left, 1, "two", 0, LOOPBACK_4, rightPort);

            // when
            right.stamp(true);
            left.stamp(true);
            left.send(0, 2);

            // then
            assertEquals(2, right.receive());
            assertEquals("one", text(right, 0));
            assertTrue(right.waitedNs(0) > 0);
            assertTrue(right.waitedNs(0) < 30_000_000_000L);
            assertTrue(right.waitedNs(1) > 0);

            // when: once more, since the kernel overwrites what it is told about room
            left.send(0, 1);
            assertEquals(1, right.receive());
            assertTrue(right.waitedNs(0) > 0);

            // when
            right.stamp(false);
            left.send(0, 2);

            // then
            assertEquals(2, right.receive());
            assertEquals("two", text(right, 1));
            assertEquals(0, right.waitedNs(0));
        }
    }

    @Test
    void shouldTellHowFullAReceiveBufferIs() throws Exception {
        final SocketMemory memory = new SocketMemory();
        try (UdpSocket left = new UdpSocket(false, SLOTS, SLOTS);
                UdpSocket right = new UdpSocket(false, SLOTS, SLOTS)) {
            // given
            right.bufferBytes(1 << 20);
            left.bind(0, LOOPBACK_4, 0);
            prepare(left, 0, "one", 0, LOOPBACK_4, right.bind(0, LOOPBACK_4, 0));
            assertTrue(memory.look(right.fd()));
            assertEquals(0, memory.taken());

            // when
            left.send(0, 1);

            // then
            assertTrue(memory.look(right.fd()));
            assertTrue(memory.taken() >= 3 && memory.taken() < memory.buffer());
            assertTrue(memory.buffer() >= 64 * 1024);

            // when
            right.receive();

            // then
            assertTrue(memory.look(right.fd()));
            assertEquals(0, memory.taken());
        }
        assertFalse(memory.look(-1));
        assertEquals(0, memory.taken());
    }

    @Test
    void shouldCarryDatagramsOverIpv6AndTakeIpv4OnTheWildcard() throws Exception {
        try (UdpSocket six = new UdpSocket(true, SLOTS, SLOTS); UdpSocket other = new UdpSocket(true, SLOTS, SLOTS);
                UdpSocket four = new UdpSocket(false, SLOTS, SLOTS)) {
            // given
            final int sixPort = six.bind(0, 0, 0);
            final int otherPort = other.bind(0, 1, 0);
            final int fourPort = four.bind(0, LOOPBACK_4, 0);

            // when
            prepare(other, 0, "over six", 0, 1, sixPort);
            assertEquals(1, other.send(0, 1));
            prepare(four, 0, "over four", 0, LOOPBACK_4, sixPort);
            assertEquals(1, four.send(0, 1));

            // then
            assertEquals(2, six.receive());
            assertEquals("over six", text(six, 0));
            assertEquals(1, six.sourceLow(0));
            assertEquals(otherPort, six.sourcePort(0));
            assertEquals("over four", text(six, 1));
            assertEquals(LOOPBACK_4, six.sourceLow(1));
            assertEquals(fourPort, six.sourcePort(1));
        }
    }

    @Test
    void shouldReceiveNoMoreThanItHasSlotsForAtATime() throws Exception {
        try (UdpSocket left = new UdpSocket(false, SLOTS, SLOTS); UdpSocket right = new UdpSocket(false, 3, 1)) {
            final int rightPort = right.bind(0, LOOPBACK_4, 0);
            for (int i = 0; i < 5; i++) {
                prepare(left, i, "number " + i, 0, LOOPBACK_4, rightPort);
            }
            assertEquals(5, left.send(0, 5));
            assertEquals(3, right.receive());
            assertEquals(2, right.receive());
            assertEquals("number 4", text(right, 1));
        }
    }

    @Test
    void shouldSayWhyADatagramCannotBeSent() throws Exception {
        try (UdpSocket socket = new UdpSocket(false, 1, 2)) {
            final int port = socket.bind(0, LOOPBACK_4, 0);
            prepare(socket, 0, "x".repeat(UdpSocket.DATAGRAM_BYTES), 0, LOOPBACK_4, port);
            prepare(socket, 1, "fits", 0, LOOPBACK_4, port);
            final int messageTooLong = -90;
            assertEquals(messageTooLong, socket.send(0, 2));
            assertEquals(1, socket.send(1, 1));
            assertEquals(1, socket.receive());
            assertEquals("fits", text(socket, 0));
        }
    }

    @Test
    void shouldSayWhyItCannotBeBound() throws Exception {
        try (UdpSocket first = new UdpSocket(false, 1, 1); UdpSocket second = new UdpSocket(false, 1, 1)) {
            final int port = first.bind(0, LOOPBACK_4, 0);
            final IOException taken = assertThrows(IOException.class, () -> second.bind(0, LOOPBACK_4, port));
            assertEquals("bind(): Address already in use", taken.getMessage());
            final long documentation = 0x0000_FFFF_C000_0201L;
            final IOException foreign = assertThrows(IOException.class, () -> second.bind(0, documentation, 0));
            assertEquals("bind(): Cannot assign requested address", foreign.getMessage());
        }
    }

    @Test
    void shouldShareAnAddressWhenBothWantTo() throws Exception {
        try (UdpSocket first = new UdpSocket(false, 1, 1); UdpSocket second = new UdpSocket(false, 1, 1)) {
            first.shareAddress();
            second.shareAddress();
            first.bufferBytes(1 << 16);
            final int port = first.bind(0, LOOPBACK_4, 0);
            assertEquals(port, second.bind(0, LOOPBACK_4, port));
        }
    }

    @Test
    void shouldAllocateNothingPerDatagram() throws Exception {
        try (UdpSocket socket = new UdpSocket(false, SLOTS, SLOTS)) {
            // given
            final int port = socket.bind(0, LOOPBACK_4, 0);
            final MemorySegment bytes = arena.allocate(700);
            final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
            assertEquals(20_000, echo(socket, bytes, port, 20_000));

            // when: the compiler may take its time on a busy machine
            long least = Long.MAX_VALUE;
            final long deadlineNs = System.nanoTime() + 20_000_000_000L;
            while (least > 0 && System.nanoTime() - deadlineNs < 0) {
                final long before = threads.getCurrentThreadAllocatedBytes();
                echo(socket, bytes, port, 1_000);
                least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
            }

            // then
            assertEquals(0, least);
        }
    }

    private static int echo(final UdpSocket socket, final MemorySegment bytes, final int port, final int count) {
        int received = 0;
        for (int i = 0; i < count; i++) {
            socket.prepare(0, bytes.address(), (int) bytes.byteSize(), 0, LOOPBACK_4, port);
            socket.send(0, 1);
            received += socket.receive();
        }
        return received;
    }

    private void prepare(final UdpSocket socket, final int slot, final String text, final long high, final long low,
            final int port) {
        final MemorySegment bytes = arena.allocateFrom(text);
        socket.prepare(slot, bytes.address(), text.length(), high, low, port);
    }

    @SuppressWarnings("restricted") // The memory belongs to the socket; its address is all it tells.
    private static String text(final UdpSocket socket, final int slot) {
        final int length = socket.length(slot);
        assertTrue(length <= UdpSocket.DATAGRAM_BYTES);
        final byte[] bytes = MemorySegment.ofAddress(socket.datagram(slot)).reinterpret(length)
                .toArray(ValueLayout.JAVA_BYTE);
        return new String(bytes, java.nio.charset.StandardCharsets.US_ASCII);
    }
}
