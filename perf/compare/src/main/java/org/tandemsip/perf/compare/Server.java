package org.tandemsip.perf.compare;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/**
 * A server under test that runs.
 *
 * @param target where it listens, UDP
 * @param pid    its process; those that it started count as its own
 * @param child  it, if it was started here, else {@code null}
 */
record Server(InetSocketAddress target, long pid, Child child) implements AutoCloseable {
    /** CPU time and memory of all processes of a server; CPU in kernel ticks of 10 ms. */
    record Usage(long userTicks, long systemTicks, long residentBytes, int processes) {}

    /** What it has used so far. */
    Usage usage() throws IOException {
        long user = 0;
        long system = 0;
        long resident = 0;
        final long[] processes = processes().toArray();
        for (final long each : processes) {
            final long[] ticks = Child.cpuTicks(each);
            user += ticks[0];
            system += ticks[1];
            resident += Child.residentBytes(each);
        }
        return new Usage(user, system, resident, processes.length);
    }

    /** Their ids. */
    LongStream processes() {
        final Stream<ProcessHandle> started =
                ProcessHandle.of(pid).map(ProcessHandle::descendants).orElse(Stream.empty());
        return LongStream.concat(LongStream.of(pid),
                started.mapToLong(ProcessHandle::pid));
    }

    @Override
    public void close() {
        if (child != null) {
            child.close();
        }
    }
}
