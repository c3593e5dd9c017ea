package org.tandemsip.perf.load;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What a process has used so far, read from Linux' {@code /proc}.
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
    private static final long PAGE_BYTES = 4_096L;
    private static final int INODE = 9;

    /** Reads the usage of {@code pid} and its threads; fails when there is no such process or no {@code /proc}. */
    public static ProcessUsage of(final long pid) throws IOException {
        return of(Path.of("/proc/" + pid));
    }

    static ProcessUsage of(final Path proc) throws IOException {
        final String stat = Files.readString(proc.resolve("stat"));
        // The second field is the command in parentheses and may hold blanks: count from behind it (proc(5)).
        final String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
        return new ProcessUsage(Long.parseLong(fields[11]) * TICK_NS, Long.parseLong(fields[12]) * TICK_NS,
                Long.parseLong(fields[21]) * PAGE_BYTES, drops(proc));
    }

    /** The process' descriptors name its sockets by inode, and the tables of UDP sockets tell drops by inode. */
    private static long drops(final Path proc) {
        try {
            final Set<String> sockets = new HashSet<>();
            try (Stream<Path> descriptors = Files.list(proc.resolve("fd"))) {
                for (final Path descriptor : descriptors.toList()) {
                    if (Files.isSymbolicLink(descriptor)) {
                        final String link = Files.readSymbolicLink(descriptor).toString();
                        if (link.startsWith("socket:[")) {
                            sockets.add(link.substring(8, link.length() - 1));
                        }
                    }
                }
            }
            return drops(proc.resolve("net/udp"), sockets) + drops(proc.resolve("net/udp6"), sockets);
        } catch (final IOException e) {
            return UNKNOWN;
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
