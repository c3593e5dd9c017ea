package org.tandemsip.server.records;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/**
 * The file of records, one JSON object per line. Lines are appended in groups, each group whole or not at all; a file
 * that has become large is moved aside, with the time in its name; one that somebody else has moved is begun anew. One
 * thread.
 */
final class RecordFile implements AutoCloseable {
    /** What each line begins with, before the value of its id. */
    static final String LINE_START = "{\"id\":\"";

    /** Longer than any line. */
    private static final int TAIL_BYTES = 1 << 20;
    private static final DateTimeFormatter STAMP =
            DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'").withZone(ZoneOffset.UTC);

    private final Path file;
    private final long rollBytes;
    private FileChannel channel;
    /** What the system knows the open file by, whatever its name is by now. */
    private Object key;
    private long size;
    private int torn;

    /**
     * Opens it. A last line without an end, left by a process that was stopped as it wrote, is taken away.
     *
     * @throws IOException it cannot be written
     */
    RecordFile(final Path file, final long rollBytes) throws IOException {
        this.file = file.toAbsolutePath();
        this.rollBytes = rollBytes;
        open();
    }

    Path path() {
        return file;
    }

    /** Lines that were found unfinished. */
    int torn() {
        return torn;
    }

    private void open() throws IOException {
        Files.createDirectories(file.getParent());
        channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
        size = channel.size();
        key = key();
        if (Files.isRegularFile(file)) {
            mend();
        }
    }

    private Object key() throws IOException {
        return Files.readAttributes(file, BasicFileAttributes.class).fileKey();
    }

    /** Looks whether somebody has moved the file, deleted or emptied it: lines must not go where nobody finds them. */
    private void look() throws IOException {
        if (channel.isOpen() && (!Files.exists(file) || !Objects.equals(key(), key))) {
            channel.close();
        }
        if (!channel.isOpen()) {
            open();
        }
        size = Math.min(size, channel.size());
    }

    private void mend() throws IOException {
        final ByteBuffer tail = tail(channel, size);
        int end = tail.limit();
        while (end > 0 && tail.get(end - 1) != '\n') {
            end--;
        }
        if (end == tail.limit()) {
            return;
        }
        torn++;
        if (end > 0 || size <= TAIL_BYTES) {
            size -= tail.limit() - end;
            channel.truncate(size);
        } else {
            // Nothing of ours: it stays, and what follows begins on a line of its own.
            channel.write(ByteBuffer.wrap(new byte[] {'\n'}), size);
            size++;
        }
    }

    private static ByteBuffer tail(final FileChannel channel, final long size) throws IOException {
        final ByteBuffer tail = ByteBuffer.allocate((int) Math.min(size, TAIL_BYTES));
        long at = size - tail.capacity();
        while (tail.hasRemaining()) {
            final int read = channel.read(tail, at);
            if (read <= 0) {
                break;
            }
            at += read;
        }
        return tail.flip();
    }

    /** Adds the ids of the last lines to {@code ids}, some thousand of this file and of the one moved aside last. */
    void lastIds(final Set<String> ids) throws IOException {
        ids(channel, ids);
        final List<Path> aside = aside(file);
        if (!aside.isEmpty()) {
            try (FileChannel before = FileChannel.open(aside.getLast(), StandardOpenOption.READ)) {
                ids(before, ids);
            }
        }
    }

    private static void ids(final FileChannel channel, final Set<String> ids) throws IOException {
        StandardCharsets.UTF_8.decode(tail(channel, channel.size())).toString().lines()
                .filter(line -> line.startsWith(LINE_START)).map(RecordFile::id).forEach(ids::add);
    }

    /** Id of a line. */
    static String id(final String line) {
        final int end = line.indexOf('"', LINE_START.length());
        return end < 0 ? line : line.substring(LINE_START.length(), end);
    }

    /** Files that were moved aside, oldest first. */
    static List<Path> aside(final Path file) throws IOException {
        final List<Path> files = new ArrayList<>();
        try (DirectoryStream<Path> found =
                Files.newDirectoryStream(file.toAbsolutePath().getParent(), file.getFileName() + ".2*")) {
            found.forEach(files::add);
        }
        files.sort(null);
        return files;
    }

    /**
     * Appends lines and forces them to the disk.
     *
     * @throws IOException the disk does not take them; nothing of them is there then, or goes with the next attempt
     */
    void append(final ByteBuffer lines) throws IOException {
        look();
        final long before = size;
        try {
            channel.position(before);
            final ByteBuffer bytes = lines.duplicate();
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            channel.force(false);
        } catch (final IOException e) {
            channel.truncate(before);
            // To be opened anew: by then it may be another file on another disk.
            channel.close();
            throw e;
        }
        size = before + lines.remaining();
        if (size >= rollBytes) {
            roll();
        }
    }

    private void roll() {
        final String stamp = file.getFileName() + "." + STAMP.format(Instant.now());
        Path aside = file.resolveSibling(stamp);
        for (int i = 1; Files.exists(aside); i++) {
            aside = file.resolveSibling(stamp + "-%04d".formatted(i));
        }
        try {
            Files.move(file, aside);
            channel.close();
            open();
        } catch (final IOException e) {
            // The lines are there. The next group tries again, and says so when it cannot.
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
