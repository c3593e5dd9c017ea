package org.tandemsip.perf.load;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What a process has used so far, read from Linux' {@code /proc}.
 *
 * @param userNs        time in user mode, nanoseconds, in steps of 10 ms
 * @param systemNs      time in the kernel, nanoseconds, in steps of 10 ms
 * @param residentBytes memory resident now
 */
public record ProcessUsage(long userNs, long systemNs, long residentBytes) {
    private static final long TICK_NS = 10_000_000L;
    private static final long PAGE_BYTES = 4_096L;

    /** Reads the usage of {@code pid} and its threads; fails when there is no such process or no {@code /proc}. */
    public static ProcessUsage of(final long pid) throws IOException {
        final String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
        // The second field is the command in parentheses and may hold blanks: count from behind it (proc(5)).
        final String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
        return new ProcessUsage(Long.parseLong(fields[11]) * TICK_NS, Long.parseLong(fields[12]) * TICK_NS,
                Long.parseLong(fields[21]) * PAGE_BYTES);
    }

    /** What was used between {@code earlier} and this; memory as it is in this. */
    public ProcessUsage since(final ProcessUsage earlier) {
        return new ProcessUsage(userNs - earlier.userNs, systemNs - earlier.systemNs, residentBytes);
    }
}
