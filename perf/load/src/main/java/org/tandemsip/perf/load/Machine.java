package org.tandemsip.perf.load;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * Where a figure was measured; without it none says anything.
 *
 * @param system kernel and its version
 * @param cpu    name of the processor
 * @param cores  processors that this process may use
 * @param java   version of the generator's Java
 */
record Machine(String system, String cpu, int cores, String java) {
    /** The machine this runs on. */
    static Machine here() {
        return new Machine(System.getProperty("os.name") + ' ' + System.getProperty("os.version"), cpuName(),
                Runtime.getRuntime().availableProcessors(), Runtime.version().toString());
    }

    private static String cpuName() {
        try (Stream<String> lines = Files.lines(Path.of("/proc/cpuinfo"))) {
            return lines.filter(line -> line.startsWith("model name"))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .findFirst().orElse(System.getProperty("os.arch"));
        } catch (final IOException e) {
            return System.getProperty("os.arch");
        }
    }
}
