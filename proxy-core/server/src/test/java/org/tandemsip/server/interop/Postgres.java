package org.tandemsip.server.interop;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A PostgreSQL server of its own (Debian package postgresql), in a folder that is thrown away. */
final class Postgres implements AutoCloseable {
    private static final long DEADLINE_NS = TimeUnit.SECONDS.toNanos(60);

    private final Path programs;
    private final Path folder;
    private final int port;
    private Process process;

    private Postgres(final Path programs, final Path folder, final int port) {
        this.programs = programs;
        this.folder = folder;
        this.port = port;
    }

    /** Starts a server with a user {@code tandem}, who needs no password, and a database {@code postgres}. */
    static Postgres start(final int port) throws IOException, InterruptedException {
        final Path programs = programs();
        final Path folder = Files.createTempDirectory("tandem-postgres");
        final Postgres server = new Postgres(programs, folder, port);
        if (isRoot()) {
            run(List.of("chown", "postgres", folder.toString()));
        }
        run(server.asUser("initdb", "-D", server.data(), "-A", "trust", "-U", "tandem", "-N"));
        server.begin();
        return server;
    }

    private static Path programs() throws IOException {
        final Path versions = Programs.require("postgresql", "/usr/lib/postgresql");
        try (Stream<Path> found = Files.list(versions)) {
            return found.sorted().toList().getLast().resolve("bin");
        }
    }

    private static boolean isRoot() {
        return System.getProperty("user.name").equals("root");
    }

    private String data() {
        return folder.resolve("data").toString();
    }

    /** It refuses to run as root. */
    private List<String> asUser(final String program, final String... arguments) {
        final List<String> command = new ArrayList<>();
        if (isRoot()) {
            command.addAll(List.of("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"));
        }
        command.add(programs.resolve(program).toString());
        command.addAll(List.of(arguments));
        return command;
    }

    private static void run(final List<String> command) throws IOException, InterruptedException {
        final Process run = new ProcessBuilder(command).directory(Path.of("/").toFile()).redirectErrorStream(true)
                .start();
        final String output = new String(run.getInputStream().readAllBytes());
        if (run.waitFor() != 0) {
            throw new IllegalStateException(command + ": " + output);
        }
    }

    /** Starts it (again) and waits until it answers. */
    void begin() throws IOException, InterruptedException {
        process = new ProcessBuilder(asUser("postgres", "-D", data(), "-k", folder.toString(), "-h", "127.0.0.1", "-p",
                String.valueOf(port), "-F")).directory(Path.of("/").toFile()).redirectErrorStream(true)
                .redirectOutput(folder.resolve("log").toFile()).start();
        final long startNs = System.nanoTime();
        while (!query("SELECT 1").equals("1")) {
            if (!process.isAlive() || System.nanoTime() - startNs > DEADLINE_NS) {
                throw new IllegalStateException("postgres does not start: " + Files.readString(folder.resolve("log")));
            }
            Thread.sleep(100);
        }
    }

    /** What {@code sql} gives, without any decoration; empty when it fails. */
    String query(final String sql) throws IOException, InterruptedException {
        final Process psql = new ProcessBuilder(programs.resolve("psql").toString(), "-h", "127.0.0.1", "-p",
                String.valueOf(port), "-U", "tandem", "-tA", "-c", sql, "postgres").redirectError(
                        ProcessBuilder.Redirect.DISCARD)
                .start();
        final String output = new String(psql.getInputStream().readAllBytes()).strip();
        return psql.waitFor() == 0 ? output : "";
    }

    /** As in a configuration. */
    String address() {
        return "postgresql://tandem@127.0.0.1:" + port + "/postgres";
    }

    /** Ends it at once, in the middle of whatever it does. */
    void kill() throws InterruptedException {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly().waitFor();
    }

    @Override
    public void close() throws IOException {
        process.destroy();
        if (!process.onExit().orTimeout(30, TimeUnit.SECONDS).handle((ended, failure) -> failure == null).join()) {
            process.destroyForcibly().onExit().join();
        }
        try (Stream<Path> files = Files.walk(folder)) {
            files.sorted(java.util.Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
        }
    }
}
