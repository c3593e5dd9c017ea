package org.tandemsip.perf.compare;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/** A process that was started here, pinned to a core, and that ends with this one. */
final class Child implements AutoCloseable {
    private static final long STOP_SECONDS = 10;

    private final Process process;
    private final Thread reaper;
    private final Path log;

    /**
     * Starts {@code command}.
     *
     * @param core to pin it to, or -1 for none
     * @param log  where its output goes
     */
    Child(final List<String> command, final int core, final Path log) throws IOException {
        this.log = log;
        final List<String> pinned = new ArrayList<>();
        if (core >= 0) {
            pinned.addAll(List.of("taskset", "-c", Integer.toString(core)));
        }
        pinned.addAll(command);
        process = new ProcessBuilder(pinned).redirectErrorStream(true).redirectOutput(log.toFile()).start();
        reaper = new Thread(process::destroyForcibly);
        Runtime.getRuntime().addShutdownHook(reaper);
    }

    /**
     * The command line of Tandem under the JVM and the flags of this very process.
     *
     * @param keep      which of those flags to keep
     * @param flags     more flags of the JVM
     * @param arguments verb and options
     */
    static List<String> tandem(final Predicate<String> keep, final List<String> flags, final List<String> arguments) {
        final List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream().filter(keep).forEach(command::add);
        command.addAll(flags);
        command.addAll(List.of("-jar", System.getProperty("java.class.path")));
        command.addAll(arguments);
        return command;
    }

    long pid() {
        return process.pid();
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** Waits for its end and returns its exit code; kills it when that takes longer than {@code seconds}. */
    int await(final long seconds) throws InterruptedException {
        if (!process.waitFor(seconds, TimeUnit.SECONDS)) {
            process.destroyForcibly();
        }
        return process.waitFor();
    }

    /** What it has written. */
    String output() throws IOException {
        return Files.readString(log);
    }

    /** Resident memory of a process, bytes. */
    static long residentBytes(final long pid) throws IOException {
        for (final String line : Files.readAllLines(Path.of("/proc/" + pid + "/status"))) {
            if (line.startsWith("VmRSS:")) {
                return Long.parseLong(line.replaceAll("\\D", "")) << 10;
            }
        }
        return 0;
    }

    /** User and system time of a process so far, in ticks of the kernel. */
    static long[] cpuTicks(final long pid) throws IOException {
        final String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
        // The second field may hold blanks (proc(5)): count from behind it.
        final String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
        return new long[] {Long.parseLong(fields[11]), Long.parseLong(fields[12])};
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
        } catch (final InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
        try {
            Runtime.getRuntime().removeShutdownHook(reaper);
        } catch (final IllegalStateException ending) {
            // The hook does its work already.
        }
    }
}
