package org.tandemsip.server.records;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.tandemsip.engine.routing.CallRecords;
import org.tandemsip.server.journal.Segment;

/**
 * The journal of calls: a row of segments. Those behind the one that is written to are ready: their blocks are taken,
 * so that there is room when the disk is full. A payload is
 *
 * <pre>
 *   type (8)  place of the call (8)  its state, or its record when it is over
 * </pre>
 *
 * Shards append; one thread reads behind them and knows where the last state of each call stands. The oldest segment
 * goes as soon as no call needs it. When long calls hold segments of which they fill less than half, their states are
 * copied together. Where not said otherwise: that one thread.
 */
final class CallJournal implements AutoCloseable {
    static final int PREFIX = 16;
    /** Largest state or record. */
    static final int LARGEST = 32 * 1024;
    static final int STATE = 1;
    static final int OVER = 2;
    /** Segments that are ready or wait to be read: room for records while their file takes none. */
    static final int MOST_SEGMENTS = 8;

    /** First record of each segment: what wrote it, and whether it stands for all before it. */
    private static final int HEAD = 3;
    private static final int HEAD_ALONE = 4;
    private static final long VERSION = 1;
    private static final int HEAD_BYTES = Segment.size(PREFIX);
    private static final String START = "calls-";
    private static final String SUFFIX = ".journal";
    private static final int POSITION_BYTES = 4_096;
    private static final int AHEAD_BYTES = 512 * 1024;

    /** Takes the record of a call that is over. */
    interface Taker {
        void take(DirectBuffer bytes, int index, int length);
    }

    /** Likewise, unless it has no room: {@code false} then. */
    interface Reader {
        boolean take(DirectBuffer bytes, int index, int length);
    }

    /** A segment and what of it is still needed. */
    private static final class Part {
        final Segment segment;
        /** Whether this process has made it. */
        final boolean own;
        int calls;
        long bytes;
        /** That an earlier process has left. */
        int records;

        Part(final Segment segment, final boolean own) {
            this.segment = segment;
            this.own = own;
        }
    }

    private record Kept(Part part, int index, int length) {}

    private final Path folder;
    private final int segmentBytes;
    private final FileChannel lock;
    private final List<CallTaker> takers;
    private final UnsafeBuffer position;
    private final long lastSeenMs;
    private final AtomicReference<Segment> current = new AtomicReference<>();
    /** Segments that were read, by age. */
    private final ArrayDeque<Part> parts = new ArrayDeque<>();
    /** Those behind {@link #reading}, written to or ready. */
    private final ArrayDeque<Part> unread = new ArrayDeque<>();
    private final List<Segment> leaving = new ArrayList<>();
    private final Map<Long, Kept> calls = new HashMap<>();
    private volatile List<Kept> left = List.of();
    private Part reading;
    private int at;
    private long lastNumber;
    private int recovered;
    private int damaged;
    private int foreign;
    private volatile int kept;
    private volatile long bytes;

    private CallJournal(final Path folder, final int segmentBytes, final FileChannel lock,
            final List<CallTaker> takers) throws IOException {
        this.folder = folder;
        this.segmentBytes = segmentBytes;
        this.lock = lock;
        this.takers = takers;
        try (FileChannel channel = FileChannel.open(folder.resolve("calls.position"), StandardOpenOption.CREATE,
                StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            if (channel.size() < POSITION_BYTES) {
                channel.write(ByteBuffer.allocate(POSITION_BYTES), 0);
            }
            final MappedByteBuffer mapped = channel.map(FileChannel.MapMode.READ_WRITE, 0, POSITION_BYTES);
            position = new UnsafeBuffer(mapped);
        }
        lastSeenMs = position.getLong(8);
    }

    /**
     * Opens the journal in {@code folder}.
     *
     * @param owed takes the records of calls that were over before, and of which it is not known that they were written
     * @throws IOException the folder cannot be used, or another process uses it
     */
    static CallJournal open(final Path folder, final int segmentBytes, final Taker owed,
            final List<CallTaker> takers) throws IOException {
        Files.createDirectories(folder);
        final FileChannel lock = FileChannel.open(folder.resolve("calls.lock"), StandardOpenOption.CREATE,
                StandardOpenOption.WRITE);
        boolean opened = false;
        try {
            if (!isLocked(lock)) {
                throw new IOException(folder + " is in use by another process");
            }
            final CallJournal journal = new CallJournal(folder, segmentBytes, lock, takers);
            journal.readLeft(owed);
            journal.begin();
            opened = true;
            return journal;
        } finally {
            if (!opened) {
                lock.close();
            }
        }
    }

    private static boolean isLocked(final FileChannel channel) throws IOException {
        try {
            final FileLock taken = channel.tryLock();
            return taken != null;
        } catch (final OverlappingFileLockException e) {
            return false;
        }
    }

    // What an earlier process has left.

    /** Whether there is anything of an earlier process in {@code folder}. */
    static boolean isIn(final Path folder) {
        try {
            return Files.isDirectory(folder) && !files(folder).isEmpty();
        } catch (final IOException e) {
            return false;
        }
    }

    private static Map<Long, Path> files(final Path folder) throws IOException {
        final Map<Long, Path> files = new TreeMap<>();
        try (DirectoryStream<Path> found = Files.newDirectoryStream(folder, START + "*" + SUFFIX)) {
            for (final Path file : found) {
                final String name = file.getFileName().toString();
                final String number = name.substring(START.length(), name.length() - SUFFIX.length());
                if (number.matches("\\d{1,9}")) {
                    files.put(Long.parseLong(number), file);
                }
            }
        }
        return files;
    }

    private void readLeft(final Taker owed) throws IOException {
        for (final Map.Entry<Long, Path> each : files(folder).entrySet()) {
            lastNumber = each.getKey();
            final Part part = new Part(Segment.open(each.getValue(), each.getKey()), false);
            final boolean ours = isOurs(part.segment);
            damaged += ours ? part.segment.read((payload, index) -> replay(part, payload, index, owed)) : 0;
            if (part.records > 0) {
                parts.add(part);
            } else if (ours || part.segment.lengthAt(0) == 0) {
                // It was ready, and nobody has written to it: it makes room for those that are made now.
                part.segment.unmap();
                Files.delete(each.getValue());
            } else {
                foreign++;
                Files.move(each.getValue(), each.getValue().resolveSibling(each.getValue().getFileName() + ".foreign"),
                        StandardCopyOption.REPLACE_EXISTING);
            }
        }
        lastNumber = Math.max(lastNumber, position.getLong(0) >>> 32);
        left = List.copyOf(calls.values());
        recovered = left.size();
    }

    private static boolean isOurs(final Segment segment) {
        if (segment.capacity() < HEAD_BYTES || segment.lengthAt(0) != PREFIX) {
            return false;
        }
        final long type = segment.buffer().getLong(Segment.HEADER);
        return (type == HEAD || type == HEAD_ALONE) && segment.buffer().getLong(Segment.HEADER + 8) == VERSION;
    }

    private void replay(final Part part, final DirectBuffer payload, final int index, final Taker owed) {
        part.records += payload.getLong(0) == HEAD ? 0 : 1;
        switch ((int) payload.getLong(0)) {
            case HEAD_ALONE -> calls.clear();
            case STATE -> keep(part, payload.getLong(8), index, payload.capacity());
            case OVER -> {
                forget(payload.getLong(8));
                if (place(part.segment.number(), index) >= position.getLong(0) && payload.capacity() > PREFIX) {
                    owed.take(payload, PREFIX, payload.capacity() - PREFIX);
                }
            }
            default -> {
                // The head.
            }
        }
    }

    private static long place(final long number, final int index) {
        return number << 32 | index;
    }

    private void begin() throws IOException {
        reading = create();
        current.set(reading.segment);
        at = HEAD_BYTES;
        kept = calls.size();
    }

    private void add() throws IOException {
        final Part part = create();
        (unread.isEmpty() ? reading : unread.peekLast()).segment.following(part.segment);
        unread.add(part);
    }

    private Part create() throws IOException {
        final long number = lastNumber + 1;
        final Part part;
        try {
            part = new Part(Segment.create(file(number), number, segmentBytes), true);
        } catch (final IOException e) {
            Files.deleteIfExists(file(number));
            throw e;
        }
        lastNumber = number;
        head(part.segment, HEAD);
        bytes += segmentBytes;
        return part;
    }

    private static void head(final Segment segment, final long type) {
        final int index = segment.claim(PREFIX);
        segment.buffer().putLong(index, type);
        segment.buffer().putLong(index + 8, VERSION);
        segment.commit(index, PREFIX);
    }

    private Path file(final long number) {
        return folder.resolve(START + number + SUFFIX);
    }

    /** Shows the calls that an earlier process has left. Any thread. */
    void recover(final CallRecords.Visitor visitor) {
        final UnsafeBuffer state = new UnsafeBuffer(0, 0);
        for (final Kept each : left) {
            final UnsafeBuffer buffer = each.part.segment.buffer();
            state.wrap(buffer, each.index + PREFIX, each.length - PREFIX);
            visitor.onCall(buffer.getLong(each.index + 8), state, each.length - PREFIX);
        }
    }

    /** All shards have seen what was left. Any thread. */
    void recoveredByAll() {
        left = List.of();
    }

    int recovered() {
        return recovered;
    }

    int damaged() {
        return damaged;
    }

    int foreign() {
        return foreign;
    }

    /** When the process before this one was still there, in milliseconds since 1970; 0 when there was none. */
    long lastSeenMs() {
        return lastSeenMs;
    }

    /** Calls that are kept. Any thread. */
    int kept() {
        return kept;
    }

    /** Bytes of all segments. Any thread. */
    long bytes() {
        return bytes;
    }

    // What shards see.

    Segment current() {
        return current.get();
    }

    /** Goes on behind {@code full}; {@code false} when there is no segment to go on with. Any thread. */
    boolean advance(final Segment full) {
        final Segment following = full.following();
        if (following != null) {
            current.compareAndSet(full, following);
        }
        return current.get() != full;
    }

    // What the thread does.

    /** Reads what has come; returns whether there may be more. */
    boolean read(final Reader reader) {
        while (true) {
            final int length = reading.segment.lengthAt(at);
            if (length == Segment.END) {
                if (unread.isEmpty()) {
                    return false;
                }
                reading.segment.force();
                parts.add(reading);
                reading = unread.poll();
                at = HEAD_BYTES;
                return true;
            }
            if (length <= 0) {
                return false;
            }
            final UnsafeBuffer buffer = reading.segment.buffer();
            final int index = at + Segment.HEADER;
            final long call = buffer.getLong(index + 8);
            if (buffer.getLong(index) == STATE) {
                keep(reading, call, index, length);
            } else if (length > PREFIX && !reader.take(buffer, index + PREFIX, length - PREFIX)) {
                return true;
            } else {
                forget(call);
            }
            at += Segment.size(length);
        }
    }

    /** All that was read is written: what was written before needs not be looked at again after a restart. */
    void passed(final long nowMs) {
        position.putLongRelease(0, place(reading.segment.number(), at));
        position.putLongRelease(8, nowMs);
        kept = calls.size();
    }

    private void keep(final Part part, final long call, final int index, final int length) {
        forget(call);
        calls.put(call, new Kept(part, index, length));
        part.calls++;
        part.bytes += Segment.size(length);
    }

    private void forget(final long call) {
        final Kept before = calls.remove(call);
        if (before != null) {
            before.part.calls--;
            before.part.bytes -= Segment.size(before.length);
        }
    }

    /** Sees to it that there is room to go on, by one more segment; {@code false} when all are there. */
    boolean extend() throws IOException {
        if (unread.size() >= MOST_SEGMENTS) {
            return false;
        }
        add();
        return true;
    }

    /** Lets go of segments that nobody needs: all records in those that were read are in their file. */
    void shrink() throws IOException {
        letGo();
        leaving.removeIf(segment -> {
            final boolean free = takers.stream().noneMatch(taker -> taker.holds(segment));
            if (free) {
                segment.unmap();
            }
            return free;
        });
    }

    private void letGo() throws IOException {
        while (!parts.isEmpty() && parts.peek().calls == 0) {
            remove(parts.poll());
        }
        long used = 0;
        long needed = 0;
        for (final Part part : parts) {
            used += part.segment.capacity();
            needed += part.bytes;
        }
        if (used > 4L * segmentBytes && used > 2 * needed + segmentBytes) {
            compact(needed);
        }
    }

    private void remove(final Part part) throws IOException {
        Files.deleteIfExists(part.segment.file());
        bytes -= part.own ? part.segment.capacity() : 0;
        if (part.own) {
            leaving.add(part.segment);
        }
    }

    /** Copies what is needed of all segments that were read into one, which takes the place of the last of them. */
    private void compact(final long needed) throws IOException {
        final long number = parts.peekLast().segment.number();
        final Path temporary = folder.resolve(START + number + ".new");
        final Part together;
        try {
            together = new Part(Segment.create(temporary, number, Math.toIntExact(HEAD_BYTES + needed)), true);
        } catch (final IOException e) {
            Files.deleteIfExists(temporary);
            throw e;
        }
        head(together.segment, HEAD_ALONE);
        final Map<Long, Kept> moved = new HashMap<>();
        for (final Map.Entry<Long, Kept> each : calls.entrySet()) {
            final Kept state = each.getValue();
            if (state.part != reading) {
                final int index = together.segment.claim(state.length);
                together.segment.buffer().putBytes(index, state.part.segment.buffer(), state.index, state.length);
                together.segment.commit(index, state.length);
                moved.put(each.getKey(), new Kept(together, index, state.length));
                together.calls++;
                together.bytes += Segment.size(state.length);
            }
        }
        together.segment.force();
        Files.move(temporary, file(number), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        together.segment.moved(file(number));
        calls.putAll(moved);
        bytes += together.segment.capacity();
        final Part last = parts.pollLast();
        bytes -= last.own ? last.segment.capacity() : 0;
        if (last.own) {
            leaving.add(last.segment);
        }
        for (final Iterator<Part> old = parts.iterator(); old.hasNext();) {
            remove(old.next());
            old.remove();
        }
        parts.add(together);
    }

    /** Prepares the memory that shards will write to next. */
    void touch() {
        final Segment segment = current.get();
        final long used = segment.used();
        segment.touch(used, used + AHEAD_BYTES);
        final Segment following = segment.following();
        if (following != null && used + AHEAD_BYTES > segment.capacity()) {
            following.touch(0, AHEAD_BYTES);
        }
    }

    /** Lets another process have the folder. What is there stays there. */
    @Override
    public void close() throws IOException {
        if (calls.isEmpty() && reading.segment.lengthAt(at) == 0) {
            // Nobody has to look at it again.
            for (final Path file : files(folder).values()) {
                Files.deleteIfExists(file);
            }
        }
        lock.close();
    }
}
