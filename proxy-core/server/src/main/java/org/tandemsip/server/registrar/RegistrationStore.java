package org.tandemsip.server.registrar;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.agrona.BitUtil;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.tandemsip.engine.registrar.AddressOfRecord;
import org.tandemsip.engine.registrar.AddressReader;
import org.tandemsip.engine.registrar.Bindings;
import org.tandemsip.engine.registrar.Journal;
import org.tandemsip.engine.registrar.LocationTable;
import org.tandemsip.server.journal.Segment;

/**
 * Keeps the users of a {@link LocationTable} in a folder.
 *
 * <p>A shard that finds the segment full goes on with the next, which is there already; a thread of its own sees to it
 * that it is. Where the disk is so slow that it is not, the REGISTER fails with 500. What a snapshot does not hold
 * stands in a segment that it names: a shard changes the table first and looks for the segment then, and the snapshot
 * is made of the table after the segment was changed.
 */
public final class RegistrationStore implements Journal, AutoCloseable {
    /** Room of a segment: some 50,000 changes. */
    public static final int SEGMENT_BYTES = 16 << 20;

    private static final long MAGIC = 0x5461_6e64_656d_5231L;
    private static final int SNAPSHOT_HEADER = 16;
    private static final String SNAPSHOT = "registrations.snapshot";
    private static final String PREFIX = "registrations-";
    private static final String SUFFIX = ".journal";
    private static final long TURN_MS = 100;
    private static final long FORCE_MS = 1_000;

    private final Path folder;
    private final LocationTable table;
    private final int segmentBytes;
    private final FileChannel lockFile;
    private final Thread thread = new Thread(this::run, "registrations");
    private final CountDownLatch closing = new CountDownLatch(1);
    private final AtomicReference<Segment> current = new AtomicReference<>();
    private final AtomicReference<Segment> next = new AtomicReference<>();
    private long lastNumber;
    private long oldest;
    private int recovered;
    private int damaged;
    private volatile IOException failure;

    private RegistrationStore(final Path folder, final LocationTable table, final int segmentBytes,
            final FileChannel lockFile) {
        this.folder = folder;
        this.table = table;
        this.segmentBytes = segmentBytes;
        this.lockFile = lockFile;
    }

    /**
     * Fills {@code table} with what is in {@code folder} and is still good, and keeps what changes from now on.
     *
     * @throws IOException the folder cannot be used, or another process uses it
     */
    public static RegistrationStore open(final Path folder, final LocationTable table, final int segmentBytes,
            final long nowMs) throws IOException {
        Files.createDirectories(folder);
        final FileChannel lockFile = FileChannel.open(folder.resolve("registrations.lock"),
                StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        boolean opened = false;
        try {
            final FileLock lock = lock(lockFile);
            if (lock == null) {
                throw new IOException(folder + " is in use by another process");
            }
            final RegistrationStore store = new RegistrationStore(folder, table, segmentBytes, lockFile);
            store.recover(nowMs);
            store.begin();
            opened = true;
            return store;
        } finally {
            if (!opened) {
                lockFile.close();
            }
        }
    }

    private static FileLock lock(final FileChannel channel) throws IOException {
        try {
            return channel.tryLock();
        } catch (final OverlappingFileLockException e) {
            return null;
        }
    }

    private void begin() throws IOException {
        current.set(create());
        next.set(create());
        compact();
        table.journal(this);
        thread.setDaemon(true);
        thread.start();
    }

    private Segment create() throws IOException {
        lastNumber++;
        return Segment.create(file(lastNumber), lastNumber, segmentBytes);
    }

    private Path file(final long number) {
        return folder.resolve(PREFIX + number + SUFFIX);
    }

    /** Users that were found in the folder. */
    public int recovered() {
        return recovered;
    }

    /** Records that were found damaged or unfinished. */
    public int damaged() {
        return damaged;
    }

    /** What went wrong with the disk last; {@code null} when all is well. */
    public IOException failure() {
        return failure;
    }

    @Override
    public boolean append(final AddressOfRecord user, final Bindings bindings) {
        Segment segment = current.get();
        while (!append(segment, user, bindings)) {
            final Segment following = next.get();
            if (following != segment) {
                current.compareAndSet(segment, following);
            } else if (current.get() == segment) {
                return false;
            }
            segment = current.get();
        }
        return true;
    }

    private static boolean append(final Segment segment, final AddressOfRecord user, final Bindings bindings) {
        final int length = UserRecord.length(user, bindings);
        final int index = segment.claim(length);
        if (index == Segment.FULL) {
            return false;
        }
        UserRecord.write(user, bindings, segment.buffer(), index);
        segment.commit(index, length);
        return true;
    }

    // --- The thread ---

    private void run() {
        long turns = 0;
        boolean more = true;
        while (more) {
            try {
                more = !closing.await(TURN_MS, TimeUnit.MILLISECONDS);
                turns++;
                turn(turns % (FORCE_MS / TURN_MS) == 0);
                failure = null;
            } catch (final IOException e) {
                failure = e;
            } catch (final InterruptedException e) {
                more = false;
            }
        }
    }

    private void turn(final boolean force) throws IOException {
        final Segment segment = current.get();
        if (next.get() == segment) {
            // A shard was faster: it has gone on with the next one already.
            next.set(create());
            compact();
        } else if (segment.used() > segment.capacity() / 2 && current.compareAndSet(segment, next.get())) {
            segment.force();
            next.set(create());
            compact();
        }
        if (force) {
            current.get().force();
        }
    }

    /** Writes a snapshot, and deletes the segments that it makes needless. */
    private void compact() throws IOException {
        final long needed = snapshot();
        while (oldest < needed) {
            Files.deleteIfExists(file(oldest));
            oldest++;
        }
    }

    /** Writes all users down beside the last snapshot and puts that in its place; returns the first segment needed. */
    private long snapshot() throws IOException {
        final long needed = current.get().number();
        final Path temporary = folder.resolve(SNAPSHOT + ".new");
        try (FileChannel channel = FileChannel.open(temporary, StandardOpenOption.CREATE, StandardOpenOption.WRITE,
                StandardOpenOption.TRUNCATE_EXISTING)) {
            final SnapshotWriter writer = new SnapshotWriter(channel);
            writer.header(needed);
            table.forEach(writer::add);
            writer.finish();
        }
        Files.move(temporary, folder.resolve(SNAPSHOT), StandardCopyOption.ATOMIC_MOVE,
                StandardCopyOption.REPLACE_EXISTING);
        return needed;
    }

    /** Gathers records into large writes. */
    private static final class SnapshotWriter {
        private final FileChannel channel;
        private final ByteBuffer bytes = ByteBuffer.allocateDirect(1 << 18);
        private final UnsafeBuffer buffer = new UnsafeBuffer(bytes);
        private IOException failure;
        private int used;

        SnapshotWriter(final FileChannel channel) {
            this.channel = channel;
        }

        void header(final long needed) {
            buffer.putLong(0, MAGIC);
            buffer.putLong(8, needed);
            used = SNAPSHOT_HEADER;
        }

        void add(final AddressOfRecord user, final Bindings bindings) {
            final int length = UserRecord.length(user, bindings);
            final int aligned = BitUtil.align(8 + length, 8);
            if (used + aligned > buffer.capacity()) {
                write();
            }
            buffer.putInt(used, length);
            UserRecord.write(user, bindings, buffer, used + 8);
            buffer.putInt(used + 4, Segment.checksum(bytes, used + 8, length));
            used += aligned;
        }

        private void write() {
            try {
                final ByteBuffer filled = bytes.slice(0, used);
                while (failure == null && filled.hasRemaining()) {
                    channel.write(filled);
                }
            } catch (final IOException e) {
                failure = e;
            }
            used = 0;
        }

        void finish() throws IOException {
            write();
            if (failure != null) {
                throw failure;
            }
            channel.force(true);
        }
    }

    // --- After a restart ---

    private void recover(final long nowMs) throws IOException {
        final AddressReader reader = new AddressReader(table);
        final Map<String, UnsafeBuffer> latest = new HashMap<>();
        long needed = 0;
        final Path snapshot = folder.resolve(SNAPSHOT);
        if (Files.exists(snapshot)) {
            try (FileChannel channel = FileChannel.open(snapshot, StandardOpenOption.READ)) {
                final ByteBuffer bytes = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size());
                final UnsafeBuffer header = new UnsafeBuffer(bytes);
                if (header.capacity() >= SNAPSHOT_HEADER && header.getLong(0) == MAGIC) {
                    needed = header.getLong(8);
                    damaged += Segment.read(bytes, SNAPSHOT_HEADER, payload -> keep(payload, reader, latest));
                } else {
                    damaged++;
                }
            }
        }
        for (final Map.Entry<Long, Path> segment : segments().entrySet()) {
            lastNumber = segment.getKey();
            if (segment.getKey() >= needed) {
                damaged += Segment.read(segment.getValue(), payload -> keep(payload, reader, latest));
            }
        }
        lastNumber = Math.max(lastNumber, needed);
        oldest = segments().keySet().stream().findFirst().orElse(lastNumber + 1);
        for (final UnsafeBuffer record : latest.values()) {
            table.versionsAbove(UserRecord.version(record));
            final Bindings bindings = UserRecord.bindings(record).live(nowMs);
            if (bindings.size() > 0 && UserRecord.readUser(record, reader)) {
                table.restore(reader.user(), bindings);
                recovered++;
            }
        }
    }

    private static void keep(final DirectBuffer payload, final AddressReader reader,
            final Map<String, UnsafeBuffer> latest) {
        if (UserRecord.readUser(payload, reader)) {
            final UnsafeBuffer before = latest.get(reader.user().toString());
            if (before == null || UserRecord.version(before) <= UserRecord.version(payload)) {
                final byte[] copy = new byte[payload.capacity()];
                payload.getBytes(0, copy);
                latest.put(reader.user().toString(), new UnsafeBuffer(copy));
            }
        }
    }

    /** Flushes what was written, stops sweeping, and lets another process have the folder. */
    @Override
    public void close() {
        closing.countDown();
        try {
            thread.join(TimeUnit.SECONDS.toMillis(10));
            snapshot();
            lockFile.close();
        } catch (final IOException e) {
            // Everything stands in the journal too.
            failure = e;
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private Map<Long, Path> segments() throws IOException {
        final Map<Long, Path> segments = new TreeMap<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, PREFIX + "*" + SUFFIX)) {
            for (final Path file : files) {
                final String name = file.getFileName().toString();
                final String number = name.substring(PREFIX.length(), name.length() - SUFFIX.length());
                if (number.matches("\\d{1,18}")) {
                    segments.put(Long.parseLong(number), file);
                }
            }
        }
        return segments;
    }
}
