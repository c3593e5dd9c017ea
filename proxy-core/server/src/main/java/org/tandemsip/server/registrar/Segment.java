package org.tandemsip.server.registrar;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.zip.CRC32C;
import org.agrona.BitUtil;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.tandemsip.engine.registrar.AddressOfRecord;
import org.tandemsip.engine.registrar.Bindings;

/**
 * One file of the journal: records that any thread appends without waiting, in memory that outlives the process.
 *
 * <pre>
 *   length (4)  CRC-32C of the payload (4)  payload, filled up to a multiple of 8
 *      |
 *      +-- 0: nothing there; negative: begun, never finished; written last
 * </pre>
 *
 * Who dies while it writes leaves a record without a length or a good sum: it is passed over, and what others have
 * written behind it counts.
 */
final class Segment {
    private static final int HEADER = 8;
    private static final int LARGEST = 1 << 16;

    private final Path file;
    private final long number;
    private final MappedByteBuffer mapped;
    private final UnsafeBuffer buffer;
    private final AtomicLong tail = new AtomicLong();

    private Segment(final Path file, final long number, final MappedByteBuffer mapped) {
        this.file = file;
        this.number = number;
        this.mapped = mapped;
        buffer = new UnsafeBuffer(mapped);
    }

    /** Makes an empty one; its blocks are taken on the disk now, since mapped memory that has none is fatal. */
    static Segment create(final Path file, final long number, final int bytes) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ,
                StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING)) {
            final ByteBuffer zeros = ByteBuffer.allocateDirect(1 << 16);
            for (int written = 0; written < bytes; written += zeros.capacity()) {
                zeros.clear().limit(Math.min(zeros.capacity(), bytes - written));
                while (zeros.hasRemaining()) {
                    channel.write(zeros);
                }
            }
            channel.force(true);
            return new Segment(file, number, channel.map(FileChannel.MapMode.READ_WRITE, 0, bytes));
        }
    }

    Path file() {
        return file;
    }

    long number() {
        return number;
    }

    /** Bytes used, or more when somebody has found no room. */
    long used() {
        return tail.get();
    }

    int capacity() {
        return buffer.capacity();
    }

    /** Appends a record; {@code false} when there is no room. Any thread. */
    boolean append(final AddressOfRecord user, final Bindings bindings) {
        final int length = UserRecord.length(user, bindings);
        final int aligned = BitUtil.align(HEADER + length, HEADER);
        final long claimed = tail.getAndAdd(aligned);
        if (claimed + aligned > buffer.capacity()) {
            return false;
        }
        final int index = (int) claimed;
        buffer.putIntRelease(index, -length);
        UserRecord.write(user, bindings, buffer, index + HEADER);
        buffer.putInt(index + 4, checksum(mapped, index + HEADER, length));
        buffer.putIntRelease(index, length);
        return true;
    }

    /** Has the disk take what was written. */
    void force() {
        mapped.force();
    }

    /**
     * Reads the records of a file that another process has left.
     *
     * @param visitor given the payload of each, valid during the call
     * @return how many were begun but not finished, or damaged
     */
    static int read(final Path file, final Consumer<DirectBuffer> visitor) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            final MappedByteBuffer mapped = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size());
            return read(mapped, 0, visitor);
        }
    }

    /** As above, from {@code start} on in memory. */
    static int read(final ByteBuffer bytes, final int start, final Consumer<DirectBuffer> visitor) {
        final UnsafeBuffer buffer = new UnsafeBuffer(bytes);
        final UnsafeBuffer payload = new UnsafeBuffer(0, 0);
        int damaged = 0;
        int p = start;
        while (p + HEADER <= buffer.capacity()) {
            final int length = buffer.getInt(p);
            final int size = Math.abs(length);
            final boolean possible = length != 0 && size <= LARGEST && p + HEADER + size <= buffer.capacity();
            if (possible && length > 0 && checksum(bytes, p + HEADER, length) == buffer.getInt(p + 4)) {
                payload.wrap(buffer, p + HEADER, length);
                visitor.accept(payload);
                p += BitUtil.align(HEADER + length, HEADER);
            } else {
                damaged += length != 0 && possible ? 1 : 0;
                p += HEADER;
            }
        }
        return damaged;
    }

    /** Sum over a record's payload. */
    static int checksum(final ByteBuffer bytes, final int index, final int length) {
        final CRC32C crc = new CRC32C();
        crc.update(bytes.slice(index, length));
        return (int) crc.getValue();
    }
}
