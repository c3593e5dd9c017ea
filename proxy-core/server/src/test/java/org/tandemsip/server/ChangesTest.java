package org.tandemsip.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.tandemsip.engine.routing.Mode;
import org.tandemsip.server.admin.Control;
import org.tandemsip.server.config.Config;
import org.tandemsip.server.config.ConfigReader;
import org.tandemsip.server.config.Reference;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
class ChangesTest {
    private static final String TRUNKS = """
            trunks:
              carrier: {peers: [198.51.100.1]}
              pbx: {peers: [192.0.2.1]}
            """;

    @TempDir
    private Path folder;

    private static Config config(final String text) throws Exception {
        return new ConfigReader(Map.of("WORD", "first")).read("test", text);
    }

    private static List<String> differences(final String before, final String after) throws Exception {
        return Changes.between(config(before), config(after), Mode.STATEFUL).differences().stream()
                .map(Control.Difference::toString).toList();
    }

    @Test
    void shouldSayOfEveryKeyWhetherItIsLive() {
        final Set<String> keys = new HashSet<>(Reference.paths().stream().map(path -> path.split("\\.")[0]).toList());
        keys.remove("include");
        assertEquals(keys, Changes.keys());
    }

    @Test
    void shouldNameWhatIsDifferentAndWhatOfItNeedsARestart() throws Exception {
        assertEquals(List.of("loops: auto -> 2 (needs a restart)",
                "limits.body: 60KiB -> 1KiB (needs a restart)",
                "trunks.carrier.peers: + 198.51.100.2",
                "trunks.carrier.max-calls: + 30",
                "trunks.spare.peers: + [198.51.100.3]",
                "routes: - {from: carrier, to: pbx}",
                "routes: + {from: carrier, to: [pbx, spare]}",
                "max-forwards: 70 -> 20"),
                differences(TRUNKS + "routes: [{from: carrier, to: pbx}, {from: pbx, to: carrier}]",
                        """
                                loops: 2
                                limits: {body: 1KiB}
                                max-forwards: 20
                                trunks:
                                  carrier: {peers: [198.51.100.1, 198.51.100.2], max-calls: 30}
                                  pbx: {peers: [192.0.2.1]}
                                  spare: {peers: [198.51.100.3]}
                                routes: [{from: carrier, to: [pbx, spare]}, {from: pbx, to: carrier}]
                                """));
    }

    @Test
    void shouldSayNothingWhenOnlyTheWritingIsAnother() throws Exception {
        assertEquals(List.of(), differences(TRUNKS + "drain: 60s", TRUNKS + "drain: 1m"));
        assertEquals(List.of(), differences(TRUNKS, TRUNKS + "max-forwards: 70"));
    }

    @Test
    void shouldSayThatRoutesHaveChangedPlaces() throws Exception {
        final List<String> found = differences(TRUNKS + "routes: [{from: carrier, to: pbx}, {from: pbx, to: carrier}]",
                TRUNKS + "routes: [{from: pbx, to: carrier}, {from: carrier, to: pbx}]");
        assertEquals(1, found.size());
        assertTrue(found.getFirst().startsWith("routes, order: "), found.getFirst());
    }

    @Test
    void shouldSayThatAPrefixFileHoldsOtherRows() throws Exception {
        // given
        final Path file = folder.resolve("rates.csv");
        final String text = TRUNKS + "routes: [{name: out, from: pbx, to: prefixes, prefixes: " + file + "}]";
        Files.writeString(file, "49,carrier\n");
        final Config before = config(text);

        // when
        Files.writeString(file, "49,carrier\n44,carrier\n");
        final Control.ReloadResult result = Changes.between(before, config(text), Mode.STATEFUL);

        // then
        assertEquals(List.of("routes"), result.changed());
        assertEquals("routes.out, prefixes: 1 prefixes -> 2 prefixes, not the same",
                result.differences().getFirst().toString());
    }

    @Test
    void shouldTellOfASecretThatItIsAnotherAndNotWhich() throws Exception {
        // given
        final Path file = folder.resolve("password");
        final String text = """
                trunks:
                  pbx: {peers: [192.0.2.1], require-auth: {realm: example.org, users: {a: '${file:%s}'}}}
                """.formatted(file);
        Files.writeString(file, "secret-one\n");
        final Config before = config(text);

        // when
        Files.writeString(file, "secret-two\n");
        final List<Control.Difference> found =
                Changes.between(before, config(text), Mode.STATEFUL).differences();

        // then
        assertEquals(List.of("trunks: what its files and variables held -> what they hold now"),
                found.stream().map(Control.Difference::toString).toList());
    }

    @Test
    void shouldCompareWithTheModeInForceWhenAnOrderHasSetAnother() throws Exception {
        final Control.ReloadResult result =
                Changes.between(config(TRUNKS), config(TRUNKS), Mode.STATELESS);
        assertEquals(List.of("mode: stateless -> stateful"),
                result.differences().stream().map(Control.Difference::toString).toList());
    }
}
