package org.tandemsip.server.records;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads the file of records behind the one that writes it, and those that were moved aside, and remembers how far it
 * has come beside them: which file, by what the system knows it by whatever its name is, and how many bytes of it.
 * Where that file is gone it begins with the oldest there is. One thread.
 */
final class RecordReader {
    private static final int PIECE_BYTES = 1 << 20;

    private final Path file;
    private final Path position;
    private String key = "";
    private long offset;
    private long nextOffset;

    /** @param name of who reads, for the file that says how far it has come */
    RecordReader(final Path file, final String name) throws IOException {
        this.file = file.toAbsolutePath();
        position = this.file.resolveSibling(this.file.getFileName() + "." + name + ".position");
        if (Files.exists(position)) {
            final String[] words = Files.readString(position).strip().split(" ");
            if (words.length == 2 && words[1].matches("\\d{1,18}")) {
                key = words[0];
                offset = Long.parseLong(words[1]);
            }
        }
    }

    private static String key(final Path path) throws IOException {
        return String.valueOf(Files.readAttributes(path, BasicFileAttributes.class).fileKey()).replace(' ', '_');
    }

    /** Reads the next lines, whole ones only, {@code most} at most; empty when there are none yet. */
    List<String> read(final int most) throws IOException {
        final List<Path> files = files();
        int at = indexOf(files, key);
        if (at < 0) {
            at = 0;
            offset = 0;
        }
        for (; at < files.size(); at++, offset = 0) {
            key = key(files.get(at));
            final List<String> lines = lines(files.get(at), most);
            if (!lines.isEmpty()) {
                return lines;
            }
        }
        offset = nextOffset;
        return List.of();
    }

    private List<Path> files() throws IOException {
        final List<Path> files = RecordFile.aside(file);
        if (Files.exists(file)) {
            files.add(file);
        }
        return files;
    }

    private static int indexOf(final List<Path> files, final String key) throws IOException {
        for (int i = 0; i < files.size(); i++) {
            if (key(files.get(i)).equals(key)) {
                return i;
            }
        }
        return -1;
    }

    private List<String> lines(final Path path, final int most) throws IOException {
        final List<String> lines = new ArrayList<>();
        final ByteBuffer piece = ByteBuffer.allocate(PIECE_BYTES);
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            // It was emptied, or is another one that the system knows by the same number.
            offset = offset > channel.size() ? 0 : offset;
            nextOffset = offset;
            while (piece.hasRemaining() && channel.read(piece, offset + piece.position()) > 0) {
                // More of it.
            }
        } catch (final NoSuchFileException e) {
            nextOffset = offset;
            return lines;
        }
        int start = 0;
        for (int i = 0; i < piece.position() && lines.size() < most; i++) {
            if (piece.get(i) == '\n') {
                lines.add(new String(piece.array(), start, i - start, StandardCharsets.UTF_8));
                start = i + 1;
            }
        }
        if (lines.isEmpty() && !piece.hasRemaining()) {
            // No line is as long as that: it is none of ours.
            start = piece.position();
        }
        nextOffset = offset + start;
        return lines;
    }

    /** What was read last needs not be read again, by the next process either. */
    void passed() throws IOException {
        offset = nextOffset;
        final Path temporary = position.resolveSibling(position.getFileName() + ".new");
        Files.writeString(temporary, key + " " + offset + "\n");
        Files.move(temporary, position, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    /** Bytes that were not read yet. Any thread. */
    static long behind(final Path file, final RecordReader reader) {
        try {
            final List<Path> files = reader.files();
            final int at = Math.max(0, indexOf(files, reader.key));
            long behind = -reader.offset;
            for (final Path each : files.subList(at, files.size())) {
                behind += Files.size(each);
            }
            return Math.max(0, behind);
        } catch (final IOException e) {
            return 0;
        }
    }

    /** The last whole lines of {@code file}, newest first, as far as they stand in its last megabyte. */
    static List<String> last(final Path file) throws IOException {
        final List<String> lines = new ArrayList<>();
        if (!Files.exists(file)) {
            return lines;
        }
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            final long size = channel.size();
            final ByteBuffer tail = ByteBuffer.allocate((int) Math.min(size, PIECE_BYTES));
            while (tail.hasRemaining() && channel.read(tail, size - tail.capacity() + tail.position()) > 0) {
                // More of it.
            }
            final String text = new String(tail.array(), 0, tail.position(), StandardCharsets.UTF_8);
            final String whole = text.substring(0, text.lastIndexOf('\n') + 1);
            whole.lines().filter(line -> line.startsWith(RecordFile.LINE_START)).forEach(lines::addFirst);
        }
        return lines;
    }
}
