package org.tandemsip.server.transport;

import org.agrona.BitUtil;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.MessageHandler;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.ringbuffer.ManyToOneRingBuffer;
import org.agrona.concurrent.ringbuffer.RingBufferDescriptor;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.handler.Destination;

/**
 * Messages on their way from other threads to the loop that will send them. Many producers, one consumer, off-heap.
 *
 * <pre>
 *   0          8         16           24            32           40       48     52            56          60
 *   +----------+---------+------------+-------------+------------+--------+------+-------------+-----------+-------+
 *   | addrHigh | addrLow | connection | correlation | receivedNs | sentNs | port | listenPoint | transport | shard |
 *   +----------+---------+------------+-------------+------------+--------+------+-------------+-----------+-------+
 *   64         68        72
 *   +----------+---------+----------
 *   | identity |         | bytes
 *   +----------+---------+----------
 * </pre>
 */
final class OutboundQueue {
    private static final int ADDRESS_HIGH = 0;
    private static final int ADDRESS_LOW = 8;
    private static final int CONNECTION = 16;
    private static final int CORRELATION = 24;
    private static final int RECEIVED_NS = 32;
    private static final int SENT_NS = 40;
    private static final int PORT = 48;
    private static final int LISTEN_POINT = 52;
    private static final int TRANSPORT = 56;
    private static final int SHARD = 60;
    private static final int IDENTITY = 64;
    private static final int HEADER_BYTES = 72;
    private static final int MESSAGE = 1;
    private static final Transport[] TRANSPORTS = Transport.values();

    /** Takes what leaves the queue. */
    interface Consumer {
        /** Sends {@code bytes[offset, offset + length)}, valid until this returns. */
        void send(DirectBuffer bytes, int offset, int length, Destination destination, Origin origin);
    }

    private final ManyToOneRingBuffer ring;
    private final Destination destination = new Destination();
    private final Origin origin = new Origin();
    private final MessageHandler onRecord = this::onRecord;
    private Consumer consumer;

    /** Makes a queue of {@code bytes}, a power of two; the largest message it takes is an eighth of that. */
    OutboundQueue(final int bytes) {
        ring = new ManyToOneRingBuffer(new UnsafeBuffer(java.nio.ByteBuffer.allocateDirect(
                BitUtil.findNextPositivePowerOfTwo(bytes) + RingBufferDescriptor.TRAILER_LENGTH)));
    }

    /** Copies a message in; {@code false} when there is no room. Any thread. */
    boolean offer(final DirectBuffer bytes, final int offset, final int length, final Destination to,
            final Origin from) {
        final int record = ring.tryClaim(MESSAGE, HEADER_BYTES + length);
        if (record <= 0) {
            return false;
        }
        final MutableDirectBuffer buffer = ring.buffer();
        buffer.putLong(record + ADDRESS_HIGH, to.addressHigh);
        buffer.putLong(record + ADDRESS_LOW, to.addressLow);
        buffer.putLong(record + CONNECTION, to.connection);
        buffer.putLong(record + CORRELATION, from.correlation);
        buffer.putLong(record + RECEIVED_NS, from.receivedNs);
        buffer.putLong(record + SENT_NS, from.sentNs);
        buffer.putInt(record + PORT, to.port);
        buffer.putInt(record + LISTEN_POINT, to.listenPoint);
        buffer.putInt(record + TRANSPORT, to.transport.ordinal());
        buffer.putInt(record + SHARD, from.shard);
        buffer.putInt(record + IDENTITY, to.identity);
        buffer.putBytes(record + HEADER_BYTES, bytes, offset, length);
        ring.commit(record);
        return true;
    }

    /** Hands at most {@code limit} messages to {@code to}; returns how many. Loop thread only. */
    int drain(final Consumer to, final int limit) {
        consumer = to;
        return ring.read(onRecord, limit);
    }

    /** Whether nothing is waiting. */
    boolean isEmpty() {
        return ring.size() == 0;
    }

    private void onRecord(final int type, final MutableDirectBuffer buffer, final int record, final int length) {
        destination.addressHigh = buffer.getLong(record + ADDRESS_HIGH);
        destination.addressLow = buffer.getLong(record + ADDRESS_LOW);
        destination.connection = buffer.getLong(record + CONNECTION);
        destination.port = buffer.getInt(record + PORT);
        destination.listenPoint = buffer.getInt(record + LISTEN_POINT);
        destination.identity = buffer.getInt(record + IDENTITY);
        destination.transport = TRANSPORTS[buffer.getInt(record + TRANSPORT)];
        origin.correlation = buffer.getLong(record + CORRELATION);
        origin.receivedNs = buffer.getLong(record + RECEIVED_NS);
        origin.sentNs = buffer.getLong(record + SENT_NS);
        origin.shard = buffer.getInt(record + SHARD);
        consumer.send(buffer, record + HEADER_BYTES, length - HEADER_BYTES, destination, origin);
    }
}
