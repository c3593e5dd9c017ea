package org.tandemsip.server.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is left of a test in the folder for what lasts a while. */
@Timeout(value = 20, unit = TimeUnit.SECONDS)
class FoldersTest {
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void shouldRemoveThemAfterATestThatHasPassed(final boolean passed) throws IOException {
        final Path folder = Folders.make("folders-test");
        final Path file = Files.writeString(Files.createDirectory(folder.resolve("state")).resolve("log"), "x");

        Folders.afterTest(passed);

        assertEquals(!passed, Files.exists(folder));
        if (!passed) {
            Files.delete(file);
            Files.delete(file.getParent());
            Files.delete(folder);
        }
    }
}
