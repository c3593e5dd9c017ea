package org.tandemsip.server.records;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.agrona.DirectBuffer;
import org.tandemsip.engine.routing.CallRecords;

/**
 * Keeps calls that are not over in a journal, and writes the records of those that are to a file. While the disk takes
 * no records they wait in the journal, {@value CallJournal#MOST_SEGMENTS} segments at most; what does not fit then is
 * counted as lost.
 */
public final class CallStore implements AutoCloseable {
    private static final int BATCH_BYTES = 256 * 1024;
    private static final long LOOK_NS = TimeUnit.MILLISECONDS.toNanos(20);
    private static final long RETRY_NS = TimeUnit.MILLISECONDS.toNanos(500);
    private static final long TELL_NS = TimeUnit.SECONDS.toNanos(60);

    /**
     * What to keep, and where.
     *
     * @param folder  of the journal
     * @param file    of the records; empty: none are written
     * @param refuses whether new calls are refused while records cannot be written
     * @param node    name of this server, for the records
     */
    public record Settings(Path folder, Optional<Path> file, long rollBytes, boolean refuses, String node,
            int segmentBytes) {}

    private final Settings settings;
    private final RecordReports reports;
    private final CallJournal journal;
    private final RecordFile file;
    private final byte[] lineEnd;
    private final List<CallTaker> takers = new CopyOnWriteArrayList<>();
    /** What the thread of the store itself writes into the journal by. */
    private final CallTaker own;
    private final ByteBuffer batch = ByteBuffer.allocate(BATCH_BYTES);
    /** Records that the process before this one had taken and, as far as is known, not written. */
    private final ArrayDeque<byte[]> owed = new ArrayDeque<>();
    private final AtomicLong lost = new AtomicLong();
    private final AtomicLong unkept = new AtomicLong();
    private final AtomicLong refused = new AtomicLong();
    private final Thread thread = new Thread(this::run, "tandem-cdr");
    private volatile long written;
    private volatile String failure;
    private volatile boolean refusing;
    private volatile boolean closed;
    private long lostTold;
    private long toldNs;

    private CallStore(final Settings settings, final RecordReports reports) throws IOException {
        this.settings = settings;
        this.reports = reports;
        lineEnd = (",\"node\":\"" + settings.node.replaceAll("[^ -~]|[\"\\\\]", "") + "\"}\n")
                .getBytes(StandardCharsets.US_ASCII);
        journal = CallJournal.open(settings.folder, settings.segmentBytes, this::owe, takers);
        own = new CallTaker(this, journal);
        try {
            file = settings.file.isPresent() ? new RecordFile(settings.file.get(), settings.rollBytes) : null;
            dropWritten();
        } catch (final IOException e) {
            journal.close();
            throw e;
        }
    }

    /**
     * Opens file and journal, and writes from now on what was left to be written.
     *
     * @throws IOException one of them cannot be used, or another process uses the journal
     */
    public static CallStore open(final Settings settings, final RecordReports reports) throws IOException {
        final CallStore store = new CallStore(settings, reports);
        store.thread.setDaemon(true);
        store.thread.start();
        return store;
    }

    private void owe(final DirectBuffer bytes, final int index, final int length) {
        final byte[] line = new byte[1 + length + lineEnd.length];
        line[0] = '{';
        bytes.getBytes(index, line, 1, length);
        System.arraycopy(lineEnd, 0, line, 1 + length, lineEnd.length);
        owed.add(line);
    }

    /** What was written after the position was written last is not owed. */
    private void dropWritten() throws IOException {
        if (file == null) {
            owed.clear();
        } else if (!owed.isEmpty()) {
            final Set<String> ids = new HashSet<>();
            file.lastIds(ids);
            owed.removeIf(line -> ids.contains(RecordFile.id(new String(line, StandardCharsets.UTF_8))));
        }
    }

    /** What one more shard gives its calls to. */
    public CallRecords taker() {
        final CallTaker taker = new CallTaker(this, journal);
        takers.add(taker);
        return taker;
    }

    /** All shards have begun: what an earlier process has left is theirs now. */
    public void started() {
        journal.recoveredByAll();
    }

    /** Whether a process has left something in {@code folder}. */
    public static boolean isIn(final Path folder) {
        return CallJournal.isIn(folder);
    }

    // Counted on shard threads.

    boolean takesCalls() {
        if (refusing) {
            refused.incrementAndGet();
            return false;
        }
        return true;
    }

    void onUnkept() {
        unkept.incrementAndGet();
    }

    void onLost() {
        lost.incrementAndGet();
    }

    // What people may know.

    /** Why nothing can be written at present; {@code null} when all is well. */
    public String failure() {
        return failure;
    }

    /** Records written to the file by this process. */
    public long written() {
        return written;
    }

    /** Records that were lost, since neither file nor journal had room for them. */
    public long lost() {
        return lost.get();
    }

    /** States of calls that the journal had no room for: these calls would not outlive the process. */
    public long unkept() {
        return unkept.get();
    }

    /** Calls refused, since their records could not have been written. */
    public long refused() {
        return refused.get();
    }

    /** Calls that the process before this one has left. */
    public int recovered() {
        return journal.recovered();
    }

    /** Records of the journal, or last lines of the file, that were found damaged or unfinished. */
    public int damaged() {
        return journal.damaged() + (file == null ? 0 : file.torn());
    }

    /** Files of the journal that were laid aside, since another version has written them. */
    public int foreign() {
        return journal.foreign();
    }

    /** Calls kept at present. */
    public int kept() {
        return journal.kept();
    }

    /** Bytes of the journal on the disk. */
    public long journalBytes() {
        return journal.bytes();
    }

    // The thread.

    private void run() {
        while (!closed) {
            final boolean more = turn();
            if (!more) {
                LockSupport.parkNanos(failure == null ? LOOK_NS : RETRY_NS);
            }
        }
        while (turn()) {
            // What is left.
        }
    }

    /** Writes what has come together; returns whether there may be more. */
    private boolean turn() {
        boolean more = false;
        String cause = null;
        try {
            more = !closed && journal.extend();
            journal.touch();
        } catch (final IOException e) {
            cause = String.valueOf(e.getMessage());
        }
        try {
            takers.forEach(taker -> taker.forgetLost(own));
            if (batch.position() == 0) {
                more |= gather();
            }
            commit();
            if (owed.isEmpty()) {
                journal.shrink();
            }
        } catch (final IOException e) {
            cause = String.valueOf(e.getMessage());
        }
        if (cause == null) {
            onSuccess();
        } else {
            onFailure(cause);
            more = false;
        }
        final long lostNow = lost.get();
        if (lostNow > lostTold) {
            reports.lost(lostNow - lostTold);
            lostTold = lostNow;
        }
        return more;
    }

    /** Puts lines into the batch; returns whether there are more. */
    private boolean gather() {
        while (!owed.isEmpty() && batch.remaining() >= owed.peek().length) {
            batch.put(owed.poll());
        }
        return !owed.isEmpty() || journal.read((bytes, index, length) -> {
            if (file == null) {
                return true;
            }
            if (batch.remaining() < 1 + length + lineEnd.length) {
                return false;
            }
            batch.put((byte) '{');
            bytes.getBytes(index, batch, length);
            batch.put(lineEnd);
            return true;
        });
    }

    private void commit() throws IOException {
        if (batch.position() > 0) {
            final ByteBuffer lines = batch.duplicate().flip();
            file.append(lines);
            long count = 0;
            for (int i = 0; i < lines.limit(); i++) {
                count += lines.get(i) == '\n' ? 1 : 0;
            }
            written += count;
            batch.clear();
        }
        if (owed.isEmpty()) {
            journal.passed(System.currentTimeMillis());
        }
    }

    private void onSuccess() {
        if (failure != null) {
            failure = null;
            refusing = false;
            reports.recovered("records are written again", where());
        }
    }

    private void onFailure(final String cause) {
        final long nowNs = System.nanoTime();
        final boolean begins = failure == null;
        failure = cause;
        refusing = settings.refuses && file != null;
        if (begins || nowNs - toldNs >= TELL_NS) {
            toldNs = nowNs;
            reports.failed(refusing ? "records cannot be written; new calls are refused" : "records cannot be written",
                    where(), failure);
        }
    }

    private String where() {
        return settings.file.orElse(settings.folder).toString();
    }

    /** Writes what is left and ends. */
    @Override
    public void close() {
        closed = true;
        LockSupport.unpark(thread);
        try {
            thread.join(TimeUnit.SECONDS.toMillis(5));
            journal.close();
            if (file != null) {
                file.close();
            }
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (final IOException e) {
            reports.failed("closing failed", where(), e.getMessage());
        }
    }
}
