package org.tandemsip.server;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.ringbuffer.OneToOneRingBuffer;
import org.agrona.concurrent.ringbuffer.RingBufferDescriptor;
import org.tandemsip.engine.routing.CallRecords;
import org.tandemsip.server.config.Config;

/**
 * Writes the records of calls to a file, one JSON object per line, on a thread of its own: shards put them into rings,
 * and what has come together is written and forced to the disk at once. A file that has become large is moved aside.
 * While the disk does not take anything the rings fill, and what does not fit is counted as lost.
 */
final class CallRecordFile implements AutoCloseable {
    private static final int RING_BYTES = 1 << 20;
    private static final int BATCH_BYTES = 256 * 1024;
    private static final int RECORD_TYPE = 1;
    private static final long LOOK_NS = TimeUnit.MILLISECONDS.toNanos(20);
    private static final long ALARM_NS = TimeUnit.SECONDS.toNanos(60);
    private static final DateTimeFormatter STAMP =
            DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss").withZone(ZoneOffset.UTC);

    private final Path file;
    private final long rollBytes;
    private final byte[] end;
    private final List<Ring> rings = new CopyOnWriteArrayList<>();
    private final ByteBuffer batch = ByteBuffer.allocate(BATCH_BYTES);
    private final AtomicLong lost = new AtomicLong();
    private final Thread writer;
    private FileChannel channel;
    private long size;
    private long lostTold;
    private long alarmNs;
    private boolean alarmed;
    private volatile boolean closed;

    /**
     * Opens the file.
     *
     * @param node name of this server, for the records
     * @throws IOException it cannot be written
     */
    CallRecordFile(final Config.Cdr config, final String node) throws IOException {
        file = config.file().toAbsolutePath();
        rollBytes = config.rollBytes();
        end = (",\"node\":\"" + node.replaceAll("[^ -~]|[\"\\\\]", "") + "\"}\n").getBytes(StandardCharsets.US_ASCII);
        open();
        writer = new Thread(this::run, "tandem-cdr");
        writer.setDaemon(true);
        writer.start();
    }

    /** What one more shard gives its records to. */
    CallRecords taker() {
        final Ring ring = new Ring();
        rings.add(ring);
        return ring;
    }

    /** Records that were lost, since the disk did not take them in time. */
    long lost() {
        return lost.get();
    }

    private void open() throws IOException {
        Files.createDirectories(file.getParent());
        channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        size = channel.size();
        channel.position(size);
    }

    private void run() {
        while (!closed) {
            if (!turn()) {
                LockSupport.parkNanos(LOOK_NS);
            }
        }
        turn();
    }

    /** Writes what has come together; returns whether there may be more. */
    private boolean turn() {
        boolean more = false;
        if (batch.position() == 0) {
            for (final Ring ring : rings) {
                more |= ring.drain() > 0;
            }
        }
        if (batch.position() > 0) {
            try {
                commit();
                alarmed = false;
            } catch (final IOException e) {
                alarm(e);
                more = false;
            }
        }
        if (lost.get() > lostTold) {
            EventLog.error("cdr", "msg", "records were lost", "lost", lost.get() - lostTold);
            lostTold = lost.get();
        }
        return more;
    }

    private void commit() throws IOException {
        // Whatever an attempt before has left half written goes.
        channel.truncate(size);
        channel.position(size);
        final ByteBuffer bytes = batch.duplicate().flip();
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
        channel.force(false);
        size += batch.position();
        batch.clear();
        if (size >= rollBytes) {
            roll();
        }
    }

    private void roll() throws IOException {
        channel.close();
        final String stamp = file.getFileName() + "." + STAMP.format(Instant.now());
        Path aside = file.resolveSibling(stamp);
        for (int i = 1; Files.exists(aside); i++) {
            aside = file.resolveSibling(stamp + "-" + i);
        }
        Files.move(file, aside);
        open();
    }

    private void alarm(final IOException cause) {
        final long nowNs = System.nanoTime();
        if (!alarmed || alarmNs - nowNs <= 0) {
            alarmed = true;
            alarmNs = nowNs + ALARM_NS;
            EventLog.error("cdr", "msg", "records cannot be written: " + cause.getMessage(), "file", file);
        }
        if (!channel.isOpen()) {
            try {
                open();
            } catch (final IOException e) {
                // Told already; the next turn tries again.
            }
        }
    }

    /** Writes what is left and ends. */
    @Override
    public void close() {
        closed = true;
        LockSupport.unpark(writer);
        try {
            writer.join(TimeUnit.SECONDS.toMillis(2));
            channel.close();
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (final IOException e) {
            EventLog.error("cdr", "msg", "closing failed: " + e.getMessage(), "file", file);
        }
    }

    /** The way from one shard to the writer. */
    private final class Ring implements CallRecords {
        private final OneToOneRingBuffer ring =
                new OneToOneRingBuffer(new UnsafeBuffer(new byte[RING_BYTES + RingBufferDescriptor.TRAILER_LENGTH]));
        /** Wall-clock time at 0 of the shards' clock. */
        private final long offsetMs =
                System.currentTimeMillis() - TimeUnit.NANOSECONDS.toMillis(System.nanoTime());

        @Override
        public boolean write(final DirectBuffer bytes, final int length) {
            final boolean taken = ring.write(RECORD_TYPE, bytes, 0, length);
            if (!taken) {
                lost.incrementAndGet();
            }
            return taken;
        }

        @Override
        public long epochMs(final long nowNs) {
            return offsetMs + TimeUnit.NANOSECONDS.toMillis(nowNs);
        }

        private int drain() {
            int taken = 0;
            // One by one: there must be room for the largest that may come.
            while (batch.remaining() >= ring.maxMsgLength() + end.length + 1
                    && ring.read((_, buffer, index, length) -> {
                        batch.put((byte) '{');
                        buffer.getBytes(index, batch, length);
                        batch.put(end);
                    }, 1) > 0) {
                taken++;
            }
            return taken;
        }
    }
}
