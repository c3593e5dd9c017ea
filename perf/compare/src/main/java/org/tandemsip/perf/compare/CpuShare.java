package org.tandemsip.perf.compare;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.LongStream;

/**
 * Holds a server to a share of one core by a control group of Linux (version 1 or 2), so that a generator which has a
 * whole core can offer several times what the server can do. Needs root.
 */
final class CpuShare implements AutoCloseable {
    /** The share is given anew so often: what has to wait for it waits less than any overload control looks for. */
    private static final long PERIOD_MICROS = 5_000;
    private static final Path ROOT = Path.of("/sys/fs/cgroup");
    private static final Path VERSION_1 = ROOT.resolve("cpu");

    private final Path group;
    private final Path everybody;

    /**
     * Holds processes, and what they start, to a share.
     *
     * @param share     of one core, more than 0 and at most 1
     * @param processes their ids
     * @throws IOException the kernel does not let us; says what is needed
     */
    CpuShare(final double share, final LongStream processes) throws IOException {
        final boolean first = Files.isDirectory(VERSION_1);
        everybody = first ? VERSION_1 : ROOT;
        group = everybody.resolve("tandem-compare-" + ProcessHandle.current().pid());
        final long quotaMicros = Math.round(share * PERIOD_MICROS);
        try {
            if (!first) {
                Files.writeString(everybody.resolve("cgroup.subtree_control"), "+cpu");
            }
            Files.createDirectory(group);
            if (first) {
                Files.writeString(group.resolve("cpu.cfs_period_us"), Long.toString(PERIOD_MICROS));
                Files.writeString(group.resolve("cpu.cfs_quota_us"), Long.toString(quotaMicros));
            } else {
                Files.writeString(group.resolve("cpu.max"), quotaMicros + " " + PERIOD_MICROS);
            }
            for (final long process : processes.toArray()) {
                Files.writeString(group.resolve("cgroup.procs"), Long.toString(process));
            }
        } catch (final IOException e) {
            throw new IOException("cannot hold a server to a share of a core; --share needs root and the kernel's"
                    + " control groups with the cpu controller in " + everybody + ": " + e, e);
        }
    }

    /** Lets go of the processes that are left. */
    @Override
    public void close() throws IOException {
        for (final String process : Files.readAllLines(group.resolve("cgroup.procs"))) {
            Files.writeString(everybody.resolve("cgroup.procs"), process);
        }
        Files.delete(group);
    }
}
