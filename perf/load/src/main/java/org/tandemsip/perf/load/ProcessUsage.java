package org.tandemsip.perf.load;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What a process, or several together, have used so far, read from Linux' {@code /proc}.
 *
 * @param userNs        time in user mode, nanoseconds, in steps of 10 ms
 * @param systemNs      time in the kernel, nanoseconds, in steps of 10 ms
 * @param residentBytes memory resident now
 * @param drops         datagrams that its UDP sockets had no room for, or {@link #UNKNOWN}
 */
public record ProcessUsage(long userNs, long systemNs, long residentBytes, long drops) {
    /** Number of drops of a process whose files we may not look into. */
    public static final long UNKNOWN = -1;

    private static final long TICK_NS = 10_000_000L;
    private static final int INODE = 9;

    /**
     * Adds up processes, each a folder of {@code /proc}, with their threads; fails when one of them is not there. What
     * they share of memory counts for each of them, a socket that they share counts once.
     */
    static ProcessUsage of(final List<Path> processes) throws IOException {
        long userNs = 0;
        long systemNs = 0;
        long residentBytes = 0;
        for (final Path process : processes) {
            final String stat = Files.readString(process.resolve("stat"));
            // The second field is the command in parentheses and may hold blanks: count from behind it (proc(5)).
            final String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
            userNs += Long.parseLong(fields[11]) * TICK_NS;
            systemNs += Long.parseLong(fields[12]) * TICK_NS;
            residentBytes += residentBytes(process);
        }
        return new ProcessUsage(userNs, systemNs, residentBytes, drops(processes));
    }

    private static long residentBytes(final Path process) throws IOException {
        for (final String line : Files.readAllLines(process.resolve("status"))) {
            if (line.startsWith("VmRSS:")) {
                return Long.parseLong(line.replaceAll("\\D", "")) << 10;
            }
        }
        return 0;
    }

    /** The processes' descriptors name their sockets by inode, and the tables of UDP sockets tell drops by inode. */
    private static long drops(final List<Path> processes) {
        try {
            final Set<String> sockets = new HashSet<>();
            for (final Path process : processes) {
                addSockets(process, sockets);
            }
            final Path tables = processes.getFirst().resolve("net");
            return drops(tables.resolve("udp"), sockets) + drops(tables.resolve("udp6"), sockets);
        } catch (final IOException e) {
            return UNKNOWN;
        }
    }

    private static void addSockets(final Path process, final Set<String> sockets) throws IOException {
        try (Stream<Path> descriptors = Files.list(process.resolve("fd"))) {
            for (final Path descriptor : descriptors.toList()) {
                try {
                    final String link = Files.readSymbolicLink(descriptor).toString();
                    if (link.startsWith("socket:[")) {
                        sockets.add(link.substring(8, link.length() - 1));
                    }
                } catch (final NoSuchFileException closed) {
                    // A connection that has ended meanwhile.
                }
            }
        }
    }

    private static long drops(final Path table, final Set<String> sockets) throws IOException {
        if (!Files.exists(table)) {
            return 0;
        }
        long drops = 0;
        final List<String> lines = Files.readAllLines(table);
        for (final String line : lines.subList(Math.min(1, lines.size()), lines.size())) {
            final String[] columns = line.strip().split("\\s+");
            if (columns.length > INODE && sockets.contains(columns[INODE])) {
                drops += Long.parseLong(columns[columns.length - 1]);
            }
        }
        return drops;
    }

    /** What was used between {@code earlier} and this; memory as it is in this. */
    public ProcessUsage since(final ProcessUsage earlier) {
        final boolean known = drops != UNKNOWN && earlier.drops != UNKNOWN;
        return new ProcessUsage(userNs - earlier.userNs, systemNs - earlier.systemNs, residentBytes,
                known ? drops - earlier.drops : UNKNOWN);
    }
}
