package org.tandemsip.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Finds the message corpora and the conformance kit, which lie beside the repository and not in it: in the folder that
 * {@code TANDEM_SHARED} names, or in {@code ../shared} seen from the root of the repository.
 */
public final class Corpora {
    private Corpora() {}

    /** The folder, when it is there. */
    public static Optional<Path> shared() {
        final String named = System.getenv("TANDEM_SHARED");
        final Path folder = named != null ? Path.of(named) : root().resolveSibling("shared");
        return Files.isDirectory(folder) ? Optional.of(folder.toAbsolutePath().normalize()) : Optional.empty();
    }

    /** A folder or file inside it, for example {@code "corpora/rfc4475"}, when it is there. */
    public static Optional<Path> find(final String relative) {
        return shared().map(folder -> folder.resolve(relative)).filter(Files::exists);
    }

    /** All regular files below a folder, sorted by name, so that every run sees the same order. */
    public static List<Path> files(final Path folder) {
        try (Stream<Path> walk = Files.walk(folder)) {
            return walk.filter(Files::isRegularFile).sorted().toList();
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Root of the repository: the folder above the working directory that holds the Maven wrapper. */
    public static Path root() {
        Path folder = Path.of("").toAbsolutePath();
        while (folder != null && !Files.exists(folder.resolve("mvnw"))) {
            folder = folder.getParent();
        }
        if (folder == null) {
            throw new IllegalStateException("not inside the repository: " + Path.of("").toAbsolutePath());
        }
        return folder;
    }
}
