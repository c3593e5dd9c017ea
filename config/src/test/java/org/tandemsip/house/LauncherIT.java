package org.tandemsip.house;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The launcher as a user calls it, on the distribution that this build has just assembled. */
@Timeout(60)
class LauncherIT {
    private static final Path ROOT = TidyTest.root();

    @TempDir
    private Path directory;

    @Test
    void shouldRunTheDistributionWhenCalledThroughALinkFromElsewhere() throws Exception {
        Path link = Files.createSymbolicLink(directory.resolve("tandem"), ROOT.resolve("tandem"));

        Result result = run(link, "--help");

        assertEquals(0, result.exit(), result.output());
        assertTrue(result.output().contains("Usage: tandem"), result.output());
    }

    @Test
    void shouldPassOnArgumentsAndExitCodeAsTheyAre() throws Exception {
        Path file = Files.writeString(directory.resolve("a file.yaml"), "lissten: []\n");

        Result result = run(ROOT.resolve("tandem"), "check", "-c", "a file.yaml");

        assertEquals(78, result.exit(), result.output());
        assertTrue(result.output().contains(file.getFileName() + ":1:1: error"), result.output());
    }

    @Test
    void shouldBecomeTheServerSoThatItsPidIsTheServers() throws Exception {
        Process process = new ProcessBuilder(ROOT.resolve("tandem").toString(), "demo", "--for", "30s")
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("log").toFile())
                .start();
        try {
            while (!process.info().command().orElse("").endsWith("/java")) {
                assertTrue(process.isAlive(), () -> read(directory.resolve("log")));
                Thread.sleep(20);
            }
        } finally {
            process.destroyForcibly().waitFor();
        }
    }

    private Result run(Path command, String... arguments) throws IOException, InterruptedException {
        Path log = directory.resolve("log");
        ProcessBuilder builder = new ProcessBuilder(command.toString())
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile());
        builder.command().addAll(List.of(arguments));
        Process process = builder.start();
        try {
            assertTrue(process.waitFor(50, TimeUnit.SECONDS), () -> read(log));
            return new Result(process.exitValue(), read(log));
        } finally {
            process.destroyForcibly();
        }
    }

    private static String read(Path log) {
        try {
            return Files.readString(log);
        } catch (IOException e) {
            return e.toString();
        }
    }

    private record Result(int exit, String output) {}
}
