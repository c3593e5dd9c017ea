package org.tandemsip.perf.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Reads a process from a directory that looks like Linux' {@code /proc}. */
class ProcessUsageTest {
    private static final String HEAD =
            "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer"
                    + " drops\n";

    @TempDir
    private Path proc;

    @Test
    void shouldReadTimesMemoryAndTheDropsOfItsOwnSockets() throws IOException {
        stat();
        final Path descriptors = Files.createDirectories(proc.resolve("fd"));
        Files.createSymbolicLink(descriptors.resolve("0"), Path.of("pipe:[7]"));
        Files.createSymbolicLink(descriptors.resolve("5"), Path.of("socket:[1001]"));
        Files.createSymbolicLink(descriptors.resolve("6"), Path.of("socket:[1003]"));
        Files.createDirectories(proc.resolve("net"));
        Files.writeString(proc.resolve("net/udp"), HEAD + socket(1001, 7) + socket(1002, 500));
        Files.writeString(proc.resolve("net/udp6"), HEAD + socket(1003, 4));

        assertEquals(new ProcessUsage(1_230_000_000L, 450_000_000L, 100 << 10, 11), ProcessUsage.of(List.of(proc)));
    }

    @Test
    void shouldAddUpProcessesAndCountTheSocketThatTheyShareOnce() throws IOException {
        stat();
        Files.createSymbolicLink(Files.createDirectories(proc.resolve("fd")).resolve("5"), Path.of("socket:[1001]"));
        Files.createDirectories(proc.resolve("net"));
        Files.writeString(proc.resolve("net/udp"), HEAD + socket(1001, 7));

        assertEquals(new ProcessUsage(2_460_000_000L, 900_000_000L, 200 << 10, 7),
                ProcessUsage.of(List.of(proc, proc)));
    }

    @Test
    void shouldNotKnowTheDropsWhenTheDescriptorsAreNotToBeRead() throws IOException {
        stat();

        final ProcessUsage usage = ProcessUsage.of(List.of(proc));

        assertEquals(ProcessUsage.UNKNOWN, usage.drops());
        assertEquals(ProcessUsage.UNKNOWN, usage.since(new ProcessUsage(0, 0, 0, 3)).drops());
    }

    @Test
    void shouldTellWhatWasUsedSince() {
        assertEquals(new ProcessUsage(20, 10, 7, 2),
                new ProcessUsage(120, 60, 7, 5).since(new ProcessUsage(100, 50, 9, 3)));
    }

    @Test
    void shouldFailWhenThereIsNoSuchProcess() {
        assertThrows(IOException.class, () -> ProcessUsage.of(List.of(proc.resolve("none"))));
    }

    private void stat() throws IOException {
        Files.writeString(proc.resolve("stat"),
                "42 (a (strange) name) S 1 42 42 0 -1 4194560 9 9 9 9 123 45 0 0 20 0 1 0"
                        + " 12345 99999999 100 18446744073709551615 0 0\n");
        Files.writeString(proc.resolve("status"), "Name:\ta\nVmHWM:\t     200 kB\nVmRSS:\t     100 kB\n");
    }

    private static String socket(final int inode, final int drops) {
        return "  123: 0100007F:13C4 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 " + inode
                + " 2 0000000000000000 " + drops + "\n";
    }
}
