package org.tandemsip.server.records;

import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32C;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.ControlledMessageHandler;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.ringbuffer.OneToOneRingBuffer;
import org.agrona.concurrent.ringbuffer.RingBufferDescriptor;
import org.tandemsip.engine.routing.CallRecords;
import org.tandemsip.server.journal.Segment;

/** The way of one shard into the journal: a copy into mapped memory, no system call, nothing allocated. */
final class CallTaker implements CallRecords {
    /** Room for 4,096 of them: what is lost beyond that is as if it had not been over. */
    private static final int LOST_BYTES = 64 * 1024;

    private final CallStore store;
    private final CallJournal journal;
    private final UnsafeBuffer record = new UnsafeBuffer(new byte[CallJournal.PREFIX + CallJournal.LARGEST]);
    private final CRC32C sum = new CRC32C();
    /** Calls that are over and whose record was lost: their last state must not bring them back. */
    private final OneToOneRingBuffer lost = new OneToOneRingBuffer(new UnsafeBuffer(
            ByteBuffer.allocateDirect(LOST_BYTES + RingBufferDescriptor.TRAILER_LENGTH)));
    /** Segment that is written to now: it must not be taken away meanwhile. */
    private volatile Segment held;

    CallTaker(final CallStore store, final CallJournal journal) {
        this.store = store;
        this.journal = journal;
    }

    /** Whether a segment is written to. */
    boolean holds(final Segment segment) {
        return held == segment;
    }

    @Override
    public boolean takesCalls() {
        return store.takesCalls();
    }

    @Override
    public void keep(final long place, final DirectBuffer state, final int length) {
        if (!append(CallJournal.STATE, place, state, length)) {
            store.onUnkept();
        }
    }

    @Override
    public boolean write(final long place, final DirectBuffer bytes, final int length) {
        if (!append(CallJournal.OVER, place, bytes, length)) {
            store.onLost();
            // As append has left it.
            lost.write(CallJournal.OVER, record, Long.BYTES, Long.BYTES);
            return false;
        }
        return true;
    }

    /** Says by {@code writer} that calls are over whose record was lost, as far as there is room again. Its thread. */
    void forgetLost(final CallTaker writer) {
        lost.controlledRead((type, place, index, length) -> writer.append(type, place.getLong(index), place, 0)
                ? ControlledMessageHandler.Action.CONTINUE
                : ControlledMessageHandler.Action.ABORT);
    }

    private boolean append(final int type, final long place, final DirectBuffer bytes, final int length) {
        record.putLong(0, type);
        record.putLong(8, place);
        if (length > CallJournal.LARGEST) {
            return false;
        }
        record.putBytes(CallJournal.PREFIX, bytes, 0, length);
        sum.reset();
        sum.update(record.byteArray(), 0, CallJournal.PREFIX + length);
        final int total = CallJournal.PREFIX + length;
        Segment segment = hold();
        int index = segment.claim(total);
        while (index == Segment.FULL) {
            if (!journal.advance(segment)) {
                held = null;
                return false;
            }
            segment = hold();
            index = segment.claim(total);
        }
        segment.buffer().putBytes(index, record, 0, total);
        segment.commit(index, total, (int) sum.getValue());
        held = null;
        return true;
    }

    private Segment hold() {
        Segment segment;
        do {
            segment = journal.current();
            held = segment;
        } while (segment != journal.current());
        return segment;
    }

    @Override
    public long epochMs(final long nowNs) {
        // Both clocks anew each time: the wall clock may have been set.
        return System.currentTimeMillis() + TimeUnit.NANOSECONDS.toMillis(nowNs - System.nanoTime());
    }

    @Override
    public long lastSeenMs() {
        return journal.lastSeenMs();
    }

    @Override
    public void recover(final Visitor visitor) {
        journal.recover(visitor);
    }
}
