package org.tandemsip.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

@EnabledOnOs(OS.LINUX)
class CompilerThreadsTest {
    /** proc(5): place of nice in stat, counted from what follows the name. */
    private static final int NICE = 16;

    @Test
    void shouldGiveWayWithTheOptimizingCompilerAndNothingElse() throws IOException {
        // given
        final List<Integer> others = niceOf(false);

        // when
        final int changed = CompilerThreads.giveWay(7);

        // then
        assertTrue(changed > 0, "threads of C2");
        assertTrue(niceOf(true).stream().allMatch(nice -> nice == 7), "their priority: " + niceOf(true));
        assertEquals(others.stream().distinct().toList(), niceOf(false).stream().distinct().toList());
    }

    private static List<Integer> niceOf(final boolean compiler) throws IOException {
        final List<Integer> all = new ArrayList<>();
        try (Stream<Path> threads = Files.list(Path.of("/proc/self/task"))) {
            for (final Path thread : threads.toList()) {
                final String stat = Files.readString(thread.resolve("stat"));
                if (stat.contains("(C2 CompilerThre") == compiler) {
                    all.add(Integer.parseInt(stat.substring(stat.lastIndexOf(')') + 2).split(" ")[NICE]));
                }
            }
        }
        return all;
    }
}
