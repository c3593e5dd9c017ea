package org.tandemsip.house;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The launcher as a user calls it, mostly on the distribution that this build has just assembled. */
@Timeout(60)
class LauncherIT {
    private static final Path ROOT = TidyTest.root();

    /** A build on a busy machine. */
    private static final long LONGEST_S = 500;

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

    @Test
    @Timeout(170)
    void shouldStartFromTheCacheItMadeAndWithoutItWhenAJarIsNewer() throws Exception {
        // given
        Path tandem = ROOT.resolve("tandem");
        Path file = Files.writeString(directory.resolve("tandem.yaml"), "trunks: {a: {peers: [127.0.0.1]}}\n");
        Path jar = ROOT.resolve("config/target/tandem/lib/tandem-server-0.1.0-SNAPSHOT.jar");
        FileTime built = Files.getLastModifiedTime(jar);

        // when
        Result aot = run(tandem, "aot");
        assertEquals(0, aot.exit(), aot.output());
        Result fresh = run(tandem, "check", "-c", file.toString());
        String freshFrom = sourceOf("org.tandemsip.server.config.ConfigReader ");
        Files.setLastModifiedTime(jar, FileTime.fromMillis(built.toMillis() + 2_000));
        Result stale;
        try {
            stale = run(tandem, "check", "-c", file.toString());
        } finally {
            Files.setLastModifiedTime(jar, built);
        }

        // then: no word about the cache either way, but for the note that this test has given the JVM options
        assertEquals("ok: 1 trunk, 1 peer, 0 routes", fresh.output().lines().skip(1).collect(Collectors.joining()));
        assertEquals(fresh, stale);
        assertEquals("shared objects file", freshFrom);
        assertTrue(sourceOf("org.tandemsip.server.config.ConfigReader ").endsWith(".jar"));
    }

    /** What a user does first: no artifact of this build is there, and tests are not compiled. */
    @Test
    @Timeout(600)
    void shouldBuildWhatItRunsWhenTheSourcesAreAllThereIs() throws Exception {
        // given
        Path copy = directory.resolve("copy");
        Set<String> made = Set.of("target", ".git", "node_modules");
        Files.walkFileTree(ROOT, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(final Path from, final BasicFileAttributes attributes)
                    throws IOException {
                if (made.contains(from.getFileName().toString())) {
                    return FileVisitResult.SKIP_SUBTREE;
                }
                Files.createDirectories(copy.resolve(ROOT.relativize(from)));
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(final Path from, final BasicFileAttributes attributes)
                    throws IOException {
                Files.copy(from, copy.resolve(ROOT.relativize(from)), StandardCopyOption.COPY_ATTRIBUTES);
                return FileVisitResult.CONTINUE;
            }
        });

        // when
        Result result = run(copy.resolve("tandem"), "--version");

        // then
        assertEquals(0, result.exit(), result.output());
        assertTrue(result.output().contains("building, about a minute"), result.output());
        assertTrue(result.output().lines().anyMatch(line -> line.startsWith("tandem 0.1.0")), result.output());
    }

    /** Where the last run took a class from, by the JVM's own log. */
    private String sourceOf(String name) throws IOException {
        return Files.readAllLines(directory.resolve("classes")).stream().filter(line -> line.contains("] " + name))
                .map(line -> line.substring(line.indexOf("source: ") + "source: ".length()).strip())
                .findFirst().orElse("nowhere");
    }

    private Result run(Path command, String... arguments) throws IOException, InterruptedException {
        Path log = directory.resolve("log");
        ProcessBuilder builder = new ProcessBuilder(command.toString())
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile());
        builder.command().addAll(List.of(arguments));
        if (!command.toRealPath().startsWith(ROOT.toRealPath())) {
            builder.environment().remove("TANDEM_BUILD");
        }
        builder.environment().put("JDK_JAVA_OPTIONS", "-Xlog:class+load:file=" + directory.resolve("classes"));
        Process process = builder.start();
        try {
            assertTrue(process.waitFor(LONGEST_S, TimeUnit.SECONDS), () -> read(log));
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
