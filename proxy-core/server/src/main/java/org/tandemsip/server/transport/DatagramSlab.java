package org.tandemsip.server.transport;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.DefaultMaxMessagesRecvByteBufAllocator;
import io.netty.util.UncheckedBooleanSupplier;

/**
 * Gives a datagram channel the same memory for every {@code recvmmsg}: each datagram is parsed and copied into a ring
 * slot before the next read, so nothing is left in it by then.
 *
 * <p>Also reads again only after a full batch. Netty would ask until the kernel says there is nothing more, which for a
 * lone datagram is one system call too many; epoll is level-triggered here and tells us again.
 */
final class DatagramSlab extends DefaultMaxMessagesRecvByteBufAllocator {
    /** The largest datagram that UDP can carry fits (RFC 3261 section 18.1.1 wants all of them taken). */
    static final int DATAGRAM_BYTES = 65_536;
    /** Datagrams per system call. */
    static final int BATCH = 16;
    /** Datagrams per readiness event: bounds how long one socket keeps the loop. */
    private static final int PER_EVENT = 64;

    private ByteBuf slab;

    DatagramSlab() {
        super(PER_EVENT);
    }

    @Override
    @SuppressWarnings("deprecation") // The type of the inherited method.
    public Handle newHandle() {
        return new SlabHandle();
    }

    /** Gives the memory back, after the last read. */
    void close() {
        if (slab != null) {
            slab.release();
            slab = null;
        }
    }

    private final class SlabHandle extends MaxMessageHandle {
        @Override
        public int guess() {
            return DATAGRAM_BYTES * BATCH;
        }

        @Override
        public ByteBuf allocate(final ByteBufAllocator allocator) {
            if (slab == null) {
                slab = allocator.directBuffer(guess(), guess());
            } else if (slab.refCnt() != 1) {
                throw new IllegalStateException("a datagram outlived its read");
            }
            return slab.clear().retain();
        }

        @Override
        public boolean continueReading(final UncheckedBooleanSupplier ignored) {
            return attemptedBytesRead() == lastBytesRead() && super.continueReading(ignored);
        }
    }
}
