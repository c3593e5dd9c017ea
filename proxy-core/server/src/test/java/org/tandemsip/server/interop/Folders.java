package org.tandemsip.server.interop;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Folders of what a test starts. As an extension of a test class it removes them after a test that has passed; after one
 * that has failed they stay, for whoever asks why.
 */
final class Folders implements AfterEachCallback {
    private static final Queue<Path> MADE = new ConcurrentLinkedQueue<>();

    /** Makes a folder that lasts as long as the test. */
    static Path make(final String prefix) throws IOException {
        final Path folder = Files.createTempDirectory(prefix);
        MADE.add(folder);
        return folder;
    }

    @Override
    public void afterEach(final ExtensionContext context) {
        afterTest(context.getExecutionException().isEmpty());
    }

    static void afterTest(final boolean passed) {
        for (Path folder = MADE.poll(); folder != null; folder = MADE.poll()) {
            if (passed) {
                delete(folder);
            }
        }
    }

    private static void delete(final Path folder) {
        try (Stream<Path> within = Files.walk(folder)) {
            for (final Path path : within.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        } catch (final IOException | UncheckedIOException inUse) {
            // Somebody that was told to end still writes: that is no matter of the test.
        }
    }
}
