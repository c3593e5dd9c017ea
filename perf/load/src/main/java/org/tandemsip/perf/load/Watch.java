package org.tandemsip.perf.load;

import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * A process under load with those that it started, as they are when the watch begins: of many servers the work is done
 * by children, and what the parent alone uses would be a number about nothing.
 */
final class Watch {
    private final long pid;
    private final List<Path> processes;

    Watch(final long pid) {
        this.pid = pid;
        final Stream<ProcessHandle> children =
                ProcessHandle.of(pid).map(ProcessHandle::descendants).orElse(Stream.empty());
        processes = Stream.concat(Stream.of(pid), children.map(ProcessHandle::pid))
                .map(each -> Path.of("/proc/" + each)).toList();
    }

    /** What they have used so far; fails when one of them has ended. */
    ProcessUsage usage() throws IOException {
        try {
            return ProcessUsage.of(processes);
        } catch (final NoSuchFileException e) {
            throw new IOException("process " + pid + " or one of its children has ended", e);
        }
    }
}
