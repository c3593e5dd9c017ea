package org.tandemsip.server.journal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.zip.CRC32C;
import org.agrona.BitUtil;
import org.agrona.DirectBuffer;
import org.agrona.IoUtil;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * One file of a journal: records that any thread appends without waiting, in memory that outlives the process.
 *
 * <pre>
 *   length (4)  CRC-32C of the payload (4)  payload, filled up to a multiple of 8
 *      |
 *      +-- 0: nothing there; negative: begun, never finished; {@link #END}: no more follows; written last
 * </pre>
 *
 * Who dies while it writes leaves a record without a length or a good sum: it is passed over, and what others have
 * written behind it counts. One thread may read behind those that append, by {@link #lengthAt}.
 */
public final class Segment {
    /** Bytes before each payload. */
    public static final int HEADER = 8;
    /** Length of the record behind the last one, where there is room for it. */
    public static final int END = Integer.MIN_VALUE;
    /** {@link #claim} has found no room. */
    public static final int FULL = -1;

    private static final int LARGEST = 1 << 16;
    private static final int PAGE_BYTES = 4_096;

    private Path file;
    private final long number;
    private final MappedByteBuffer mapped;
    private final UnsafeBuffer buffer;
    private final AtomicLong tail = new AtomicLong();
    private volatile Segment following;

    private Segment(final Path file, final long number, final MappedByteBuffer mapped) {
        this.file = file;
        this.number = number;
        this.mapped = mapped;
        buffer = new UnsafeBuffer(mapped);
    }

    /** Makes an empty one; its blocks are taken on the disk now, since mapped memory that has none is fatal. */
    public static Segment create(final Path file, final long number, final int bytes) throws IOException {
        try (FileChannel channel = FileChannel.open(file, Set.of(StandardOpenOption.CREATE, StandardOpenOption.READ,
                StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
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

    /** Opens one that another process has left, to be read. */
    public static Segment open(final Path file, final long number) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            return new Segment(file, number, channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size()));
        }
    }

    /** Where it is. The thread that reads. */
    public Path file() {
        return file;
    }

    /** The file has another name now. */
    public void moved(final Path to) {
        file = to;
    }

    /** Takes it out of memory: whoever touches it from now on ends the process. */
    public void unmap() {
        IoUtil.unmap(mapped);
    }

    /** Its number in the journal. */
    public long number() {
        return number;
    }

    /** The one to go on with when this one is full; {@code null} while there is none. Any thread. */
    public Segment following() {
        return following;
    }

    /** Sets that. */
    public void following(final Segment next) {
        following = next;
    }

    /** Bytes used, or more when somebody has found no room. */
    public long used() {
        return tail.get();
    }

    public int capacity() {
        return buffer.capacity();
    }

    /** Where payloads are written to, at what {@link #claim} says, and read from. */
    public UnsafeBuffer buffer() {
        return buffer;
    }

    /** Bytes that a record with such a payload takes. */
    public static int size(final int length) {
        return BitUtil.align(HEADER + length, HEADER);
    }

    /**
     * Takes room for a record, to be written and then given to {@link #commit}. Any thread.
     *
     * @param length bytes of the payload, 1 to 65,536
     * @return index of the payload, or {@link #FULL}
     */
    public int claim(final int length) {
        final int aligned = size(length);
        final long claimed = tail.getAndAdd(aligned);
        if (claimed + aligned > buffer.capacity()) {
            end(claimed);
            return FULL;
        }
        final int index = (int) claimed;
        buffer.putIntRelease(index, -length);
        return index + HEADER;
    }

    /** Lets nobody append any more. */
    public void end() {
        end(tail.getAndAdd(buffer.capacity()));
    }

    private void end(final long claimed) {
        // Of all that find no room only the first can stand within the segment.
        if (claimed + HEADER <= buffer.capacity()) {
            buffer.putIntRelease((int) claimed, END);
        }
    }

    /** Ends a record whose payload is written. */
    public void commit(final int index, final int length) {
        commit(index, length, checksum(mapped, index, length));
    }

    /** Likewise. @param sum CRC-32C of the payload */
    public void commit(final int index, final int length, final int sum) {
        buffer.putInt(index - 4, sum);
        buffer.putIntRelease(index - HEADER, length);
    }

    /** Length of the payload at {@code position}: 0 or less while there is none, {@link #END} behind the last one. */
    public int lengthAt(final int position) {
        return position + HEADER > buffer.capacity() ? END : buffer.getIntAcquire(position);
    }

    /**
     * Makes pages writable that will be written to soon, without changing them: the first write to a page waits for the
     * file system, tens of milliseconds where that is busy, and shards must not. Any thread.
     */
    public void touch(final long from, final long to) {
        for (long page = from & -PAGE_BYTES; page < to && page + PAGE_BYTES <= buffer.capacity(); page += PAGE_BYTES) {
            buffer.getAndAddInt((int) page, 0);
        }
    }

    /** Has the disk take what was written. */
    public void force() {
        mapped.force();
    }

    /**
     * Reads the records of a file that another process has left.
     *
     * @param visitor given the payload of each, valid during the call
     * @return how many were begun but not finished, or damaged
     */
    public static int read(final Path file, final Consumer<DirectBuffer> visitor) throws IOException {
        return read(open(file, 0).mapped, 0, visitor);
    }

    /** Likewise, of this one; {@code visitor} is also given the index of each payload. */
    public int read(final Visitor visitor) {
        return read(mapped, 0, visitor);
    }

    /** As above, from {@code start} on in memory. */
    public static int read(final ByteBuffer bytes, final int start, final Consumer<DirectBuffer> visitor) {
        return read(bytes, start, (payload, _) -> visitor.accept(payload));
    }

    /** Is shown the records of a segment. */
    public interface Visitor {
        /** Looks at one. */
        void onRecord(DirectBuffer payload, int index);
    }

    private static int read(final ByteBuffer bytes, final int start, final Visitor visitor) {
        final UnsafeBuffer buffer = new UnsafeBuffer(bytes);
        final UnsafeBuffer payload = new UnsafeBuffer(0, 0);
        int damaged = 0;
        int p = start;
        while (p + HEADER <= buffer.capacity()) {
            final int length = buffer.getInt(p);
            final int size = Math.abs(length);
            final boolean possible = length != 0 && length != END && size <= LARGEST
                    && p + HEADER + size <= buffer.capacity();
            if (possible && length > 0 && checksum(bytes, p + HEADER, length) == buffer.getInt(p + 4)) {
                payload.wrap(buffer, p + HEADER, length);
                visitor.onRecord(payload, p + HEADER);
                p += size(length);
            } else {
                damaged += length != 0 && possible ? 1 : 0;
                p += length > 0 && possible && isRecord(bytes, buffer, p + size(length)) ? size(length) : HEADER;
            }
        }
        return damaged;
    }

    /** Whether a whole record, or the end of all, stands at {@code p}: what lies before it has its length right. */
    private static boolean isRecord(final ByteBuffer bytes, final UnsafeBuffer buffer, final int p) {
        if (p + HEADER > buffer.capacity()) {
            return true;
        }
        final int length = buffer.getInt(p);
        return length == 0 || length == END || length > 0 && length <= LARGEST
                && p + HEADER + length <= buffer.capacity()
                && checksum(bytes, p + HEADER, length) == buffer.getInt(p + 4);
    }

    /** Sum over a record's payload. */
    public static int checksum(final ByteBuffer bytes, final int index, final int length) {
        final CRC32C crc = new CRC32C();
        crc.update(bytes.slice(index, length));
        return (int) crc.getValue();
    }
}
