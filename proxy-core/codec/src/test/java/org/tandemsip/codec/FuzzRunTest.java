package org.tandemsip.codec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Sets the coverage-guided fuzzer on each target, each in a process of its own, since one process can fuzz one target
 * only.
 *
 * <p>A few seconds per target with every build. For longer, one target or all:
 * <pre>
 *   ./mvnw -pl proxy-core/codec test -Dtest=FuzzRunTest -Dfuzz.seconds=3600 -Dfuzz.target=Message
 * </pre>
 * What it finds and the corpus it grows stay in {@code proxy-core/codec/target/fuzz/<target>}, where the next run goes
 * on; {@code log} holds the input that broke a property. A finding becomes a seed in {@link FuzzSeeds} when it is
 * repaired.
 */
@Timeout(90_000)
class FuzzRunTest {
    private static final int SECONDS = Integer.getInteger("fuzz.seconds", 3);
    private static final String TARGET = System.getProperty("fuzz.target", "");

    static Stream<Arguments> targets() {
        return Stream.of(Arguments.of(FuzzTargets.Message.class, FuzzSeeds.messages()),
                Arguments.of(FuzzTargets.Uri.class, FuzzSeeds.uris()),
                Arguments.of(FuzzTargets.Via.class, FuzzSeeds.vias()),
                Arguments.of(FuzzTargets.NameAddr.class, FuzzSeeds.nameAddrs()),
                Arguments.of(FuzzTargets.Framer.class, FuzzSeeds.streams()))
                .filter(target -> ((Class<?>) target.get()[0]).getSimpleName().startsWith(TARGET));
    }

    @ParameterizedTest
    @MethodSource("targets")
    void shouldFindNothingWhenFuzzed(final Class<?> target, final List<byte[]> seeds)
            throws IOException, InterruptedException {
        // given
        final Path folder = Path.of("target", "fuzz", target.getSimpleName()).toAbsolutePath();
        final Path corpus = Files.createDirectories(folder.resolve("corpus"));
        for (int i = 0; i < seeds.size(); i++) {
            Files.write(corpus.resolve("seed-" + i), seeds.get(i));
        }
        final Path log = folder.resolve("log");

        // when
        final Process fuzzer = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-exports=java.base/jdk.internal.misc=ALL-UNNAMED", "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow", "-XX:+EnableDynamicAgentLoading", "-Xmx512m",
                "-cp", System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                "com.code_intelligence.jazzer.Jazzer", "--target_class=" + target.getName(),
                "--instrumentation_includes=org.tandemsip.codec.**", "--custom_hook_includes=org.tandemsip.none.**",
                "-max_total_time=" + SECONDS, "-timeout=5", "-max_len=4096", corpus.toString())
                .directory(folder.toFile()).redirectErrorStream(true).redirectOutput(log.toFile()).start();
        final int exit = fuzzer.waitFor();

        // then
        final String output = Files.readString(log, java.nio.charset.StandardCharsets.ISO_8859_1);
        assertEquals(0, exit, output);
        assertTrue(output.contains("DONE"), output);
    }
}
