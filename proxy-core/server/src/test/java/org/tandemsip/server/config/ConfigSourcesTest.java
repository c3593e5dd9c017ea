package org.tandemsip.server.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.tandemsip.server.config.ConfigTest.reader;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.tandemsip.engine.routing.Mode;
import org.tandemsip.engine.routing.Route;

/** Where a configuration comes from: flags, variables, files that it includes, secrets that it names. */
@Timeout(value = 30, unit = TimeUnit.SECONDS)
class ConfigSourcesTest {
    @Test
    void shouldPreferFlagOverVariableOverFileOverDefault() throws Exception {
        // given
        final String text = "mode: stateless\nmax-forwards: 20\nrecord-route: false\n";
        final Map<String, String> environment = Map.of("TANDEM_MAX_FORWARDS", "30", "TANDEM_RECORD_ROUTE", "true",
                "TANDEM_TIMERS_T1", "200ms", "TANDEM_LISTEN", "udp://127.0.0.1:1,udp://[::1]:2");

        // when
        final Config config = reader(Map.of("max-forwards", "40"), environment).read("t.yaml", text);

        // then
        assertEquals(Mode.STATELESS, config.mode());
        assertEquals(40, config.maxForwards());
        assertTrue(config.recordRoute());
        assertEquals(200_000_000L, config.timing().t1Ns());
        assertEquals(List.of("udp://127.0.0.1:1", "udp://[::1]:2"),
                config.listen().stream().map(Config.Listen::toString).toList());
        assertEquals(Map.of("max-forwards", "--max-forwards", "record-route", "TANDEM_RECORD_ROUTE", "mode", "t.yaml:1",
                "timers.t2", "default"), origins(config, "max-forwards", "record-route", "mode", "timers.t2"));
    }

    private static Map<String, String> origins(final Config config, final String... paths) {
        final Map<String, String> origins = new java.util.HashMap<>();
        for (final Effective.Entry entry : config.effective().entries()) {
            if (List.of(paths).contains(entry.path())) {
                origins.put(entry.path(), entry.origin());
            }
        }
        return origins;
    }

    @Test
    void shouldPointIntoTheVariableWhenItsValueIsWrong() {
        // when
        final ConfigException e = assertThrows(ConfigException.class,
                () -> reader(Map.of("mode", "quick"), Map.of("TANDEM_LISTEN", "udp://127.0.0.1:5060,udp://x"))
                        .read("t.yaml", ""));

        // then
        assertEquals("""
                TANDEM_LISTEN:1:22: error[C024]: 'udp://x' is not an address to listen on; write udp://IPV4:PORT, tcp://[IPV6]:PORT
                  1 | udp://127.0.0.1:5060,udp://x
                    |                      ^^^^^^^
                --mode:1:1: error[C020]: 'quick' is not a mode; one of stateless, stateful, b2bua
                  1 | quick
                    | ^^^^^
                2 errors. Nothing was changed.
                """, e.report());
    }

    @Test
    void shouldJoinIncludedFiles(@TempDir final Path directory) throws Exception {
        // given
        final Path main = directory.resolve("tandem.yaml");
        Files.createDirectory(directory.resolve("conf.d"));
        Files.writeString(main,
                "include: conf.d/*.yaml\ntrunks:\n  a: {peers: [10.0.0.1]}\nroutes: [{from: a, to: b}]\n");
        Files.writeString(directory.resolve("conf.d/10-b.yaml"), "trunks:\n  b: {peers: [10.0.0.2]}\n");
        Files.writeString(directory.resolve("conf.d/20-back.yaml"), "routes: [{from: b, to: a}]\nmode: stateless\n");
        Files.writeString(directory.resolve("conf.d/ignored.txt"), "nonsense");

        // when
        final Config config = reader(Map.of(), Map.of()).read(main);

        // then
        assertEquals(List.of("a", "b"), config.trunks().stream().map(Config.Trunk::name).toList());
        assertEquals(List.of("a-to-b", "b-to-a"), config.routes().stream().map(Config.Route::name).toList());
        assertEquals(Mode.STATELESS, config.mode());
    }

    @Test
    void shouldNameTheIncludedFileWhenTheMistakeIsThere(@TempDir final Path directory) throws Exception {
        // given
        final Path main = directory.resolve("tandem.yaml");
        final Path extra = directory.resolve("extra.yaml");
        Files.writeString(main, "include: extra.yaml\nmode: stateful\n");
        Files.writeString(extra, "\nmode: stateless\n");

        // when
        final ConfigException e = assertThrows(ConfigException.class, () -> reader(Map.of(), Map.of()).read(main));

        // then
        assertEquals(extra + ":2:1: error[C011]: key 'mode' is given twice, first at " + main + ":2",
                e.report().lines().findFirst().orElseThrow());
    }

    @Test
    void shouldNameAnIncludedFileThatIsMissing(@TempDir final Path directory) throws Exception {
        // given
        final Path main = Files.writeString(directory.resolve("tandem.yaml"), "include: [none.yaml, 'no.d/*.yaml']\n");

        // when
        final ConfigException e = assertThrows(ConfigException.class, () -> reader(Map.of(), Map.of()).read(main));

        // then: a pattern may match nothing, a name must be there
        assertEquals(main + ":1:11: error[C003]: file 'none.yaml' cannot be read",
                e.report().lines().findFirst().orElseThrow());
        assertEquals(1, e.problems().size());
    }

    @Test
    void shouldRefuseNestedIncludes(@TempDir final Path directory) throws Exception {
        // given
        Files.writeString(directory.resolve("a.yaml"), "include: b.yaml\n");
        Files.writeString(directory.resolve("b.yaml"), "include: a.yaml\n");

        // when
        final ConfigException e = assertThrows(ConfigException.class,
                () -> reader(Map.of(), Map.of()).read(directory.resolve("a.yaml")));

        // then
        assertEquals(ErrorCode.INCLUDE, e.problems().getFirst().code());
        assertEquals(1, e.problems().size(), e::report);
    }

    @Test
    void shouldTakeSecretsFromFilesBesideTheConfiguration(@TempDir final Path directory) throws Exception {
        // given
        Files.writeString(directory.resolve("secret"), "s3cret-s3cret-s3cret\n");
        final Path main = Files.writeString(directory.resolve("t.yaml"),
                "admin: {listen: \"http://203.0.113.1:8060\", token: \"${file:secret}\"}\n");

        // when
        final Config config = reader(Map.of(), Map.of()).read(main);

        // then: in force, and nowhere to be seen
        assertEquals(Optional.of("s3cret-s3cret-s3cret"), config.admin().token());
        assertFalse(config.effective().toYaml(true).contains("s3cret"));
        assertFalse(config.toString().contains("s3cret"));
    }

    @Test
    void shouldMaskATokenGivenByVariable() throws Exception {
        // when
        final Config config = reader(Map.of(), Map.of("TANDEM_ADMIN_TOKEN", "s3cret-s3cret-s3cret")).read("t.yaml", "");

        // then
        assertEquals(Optional.of("s3cret-s3cret-s3cret"), config.admin().token());
        assertFalse(config.effective().toYaml(true).contains("s3cret"));
    }
}
