package org.tandemsip.engine.shard;

import com.lmax.disruptor.EventPoller;
import com.lmax.disruptor.InsufficientCapacityException;
import com.lmax.disruptor.RingBuffer;
import com.lmax.disruptor.YieldingWaitStrategy;
import java.lang.ref.Cleaner;
import org.agrona.MutableDirectBuffer;
import org.agrona.UnsafeApi;
import org.agrona.concurrent.ManyToManyConcurrentArrayQueue;
import org.agrona.concurrent.UnsafeBuffer;
import org.tandemsip.codec.Limits;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.engine.handler.Source;

/**
 * The inbound ring of a shard: many producers, one consumer. A slot holds a copy of a message, or, when reader and
 * shard are one thread, refers to the message where it was read.
 *
 * <pre>
 *   slot    0        1        2              n-1
 *         +--------+--------+--------+-- --+--------+
 *   slab  | 4 KiB  | 4 KiB  | 4 KiB  | ... | 4 KiB  |   one piece of memory
 *         +--------+--------+--------+-- --+--------+
 *   pool  [ 64 KiB ] [ 64 KiB ] ...                     lent to the slots of larger messages
 * </pre>
 */
final class InboundRing {
    /** Almost every SIP message fits; one page, so that slots do not share one. */
    static final int SLOT_BYTES = 4_096;
    /** Large messages that may be in the ring at once. They are rare; at 64 KiB each they take 2 MiB. */
    static final int LARGE_BUFFERS = 32;
    /**
     * One slot in so many is kept for responses and requests of calls under way: finishing work goes before taking on
     * more.
     */
    private static final int RESERVE_FRACTION = 8;
    private static final long FULL = -1;
    private static final Cleaner CLEANER = Cleaner.create();

    private final RingBuffer<InboundSlot> ring;
    private final EventPoller<InboundSlot> poller;
    private final UnsafeBuffer slab;
    private final ManyToManyConcurrentArrayQueue<MutableDirectBuffer> largeBuffers;
    private final int maxHeaderRows;
    private final int reserve;
    private final int mask;
    /** Slots that refer to lent messages. Shard thread only. */
    private int lent;

    InboundRing(final int slots, final Limits limits) {
        // The wait strategy is never asked: producers do not wait, and the consumer polls.
        ring = RingBuffer.createMultiProducer(InboundSlot::new, slots, new YieldingWaitStrategy());
        poller = ring.newPoller();
        ring.addGatingSequences(poller.getSequence());
        // Not cleared: a ring that is never filled never has the system provide its pages.
        final long slabBytes = (long) slots * SLOT_BYTES;
        final long address = UnsafeApi.allocateMemory(slabBytes + (long) LARGE_BUFFERS * limits.messageBytes());
        CLEANER.register(this, () -> UnsafeApi.freeMemory(address));
        slab = new UnsafeBuffer(address, Math.toIntExact(slabBytes));
        largeBuffers = new ManyToManyConcurrentArrayQueue<>(LARGE_BUFFERS);
        for (int i = 0; i < LARGE_BUFFERS; i++) {
            largeBuffers.offer(new UnsafeBuffer(address + slabBytes + (long) i * limits.messageBytes(),
                    limits.messageBytes()));
        }
        maxHeaderRows = limits.headerRows();
        reserve = slots / RESERVE_FRACTION;
        mask = slots - 1;
    }

    /** Copies {@code message} and its index into the next slot; {@code false} when there is none for it. Any thread. */
    boolean offer(final SipMessage message, final Source source) {
        final int length = message.length();
        MutableDirectBuffer large = null;
        if (length > SLOT_BYTES) {
            large = largeBuffers.poll();
            if (large == null) {
                return false;
            }
        }
        final long sequence = claim(message);
        if (sequence == FULL) {
            giveBack(large);
            return false;
        }
        try {
            final InboundSlot slot = ring.get(sequence);
            slot.large = large;
            slot.source = slot.copySource.set(source);
            final MutableDirectBuffer buffer = large != null ? large : slab;
            final int offset = large != null ? 0 : ((int) sequence & mask) * SLOT_BYTES;
            buffer.putBytes(offset, message.bytes(), 0, length);
            slot.message = slot.copy(maxHeaderRows).copyIndexFrom(message, buffer, offset);
        } finally {
            ring.publish(sequence);
        }
        return true;
    }

    /** Puts {@code message} itself into the next slot; {@code false} when there is none for it. Shard thread only. */
    boolean lend(final SipMessage message, final Source source) {
        final long sequence = claim(message);
        if (sequence == FULL) {
            return false;
        }
        final InboundSlot slot = ring.get(sequence);
        slot.message = message;
        slot.source = source;
        lent++;
        ring.publish(sequence);
        return true;
    }

    private long claim(final SipMessage message) {
        if (!ring.hasAvailableCapacity(Shard.beginsSomething(message) ? reserve + 1 : 1)) {
            return FULL;
        }
        try {
            return ring.tryNext();
        } catch (final InsufficientCapacityException full) {
            return FULL;
        }
    }

    /** Whether there are slots whose message was lent. Shard thread only. */
    boolean hasLent() {
        return lent > 0;
    }

    /**
     * Hands published slots to {@code handler} until it returns {@code false} or there are no more. Shard thread only.
     */
    void poll(final EventPoller.Handler<InboundSlot> handler) {
        try {
            poller.poll(handler);
        } catch (final Exception impossible) {
            // The handler catches per message: a poller whose handler throws delivers the same slot again for ever.
            throw new IllegalStateException(impossible);
        }
    }

    /** Takes back what the slot holds. Shard thread only. */
    void release(final InboundSlot slot) {
        if (slot.isLent()) {
            lent--;
            return;
        }
        giveBack(slot.large);
        slot.large = null;
    }

    /** Whether nothing is waiting. Shard thread only. */
    boolean isEmpty() {
        return ring.getCursor() == poller.getSequence().get();
    }

    /**
     * Age of the oldest slot that was not handled, as of the consumer's last batch. Any thread: a slot that is being
     * filled may for that moment show the age of the message before.
     */
    long waitedNs(final long clockNs) {
        final long next = poller.getSequence().get() + 1;
        return next > ring.getCursor() ? 0 : Math.max(0, clockNs - ring.get(next).source.receivedNs);
    }

    private void giveBack(final MutableDirectBuffer large) {
        if (large != null) {
            largeBuffers.offer(large);
        }
    }
}
