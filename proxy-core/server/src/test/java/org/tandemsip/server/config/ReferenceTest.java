package org.tandemsip.server.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.tandemsip.server.admin.Json;
import org.tandemsip.server.tls.TestCa;

/** What is written about the keys agrees with what reads them. */
@Timeout(value = 30, unit = TimeUnit.SECONDS)
class ReferenceTest {
    private static Path config(final String name) {
        Path directory = Path.of("").toAbsolutePath();
        while (!Files.exists(directory.resolve("config/jvm.options"))) {
            directory = directory.getParent();
        }
        return directory.resolve("config").resolve(name);
    }

    @Test
    void shouldDocumentExactlyTheKeysOfTheTable() throws Exception {
        assertEquals(Reference.annotatedFile(), Files.readString(config("tandem.yaml")),
                "after a change of keys: tandem config init --all - > config/tandem.yaml");
        assertEquals(Reference.schema(), Files.readString(config("tandem.schema.json")),
                "after a change of keys: tandem config schema > config/tandem.schema.json");
    }

    @Test
    void shouldShowTheDefaultsInTheAnnotatedFile() throws Exception {
        // when
        final Config annotated = ConfigTest.reader(Map.of(), Map.of()).read(config("tandem.yaml"));
        final Config empty = ConfigTest.reader(Map.of(), Map.of()).read("t.yaml", "");

        // then
        assertEquals(empty.listen(), annotated.listen());
        assertEquals(empty.limits(), annotated.limits());
        assertEquals(empty.streams(), annotated.streams());
        assertEquals(empty.timing(), annotated.timing());
        assertEquals(empty.log(), annotated.log());
        assertEquals(empty.admin(), annotated.admin());
        assertEquals(2, annotated.trunks().size());
        assertEquals(2, annotated.routes().size());
    }

    @Test
    void shouldAcceptEveryExampleOfAnOptionalKey(@TempDir final Path folder) throws Exception {
        // given: the annotated file with the keys that it only mentions, and the files that these name
        final TestCa ca = new TestCa("Examples");
        TestCa.write(folder, "carrier", ca.issue("sip.carrier.example"));
        Files.writeString(folder.resolve("carrier-ca.pem"), ca.pem());
        final String text = Files.readString(config("tandem.yaml")).replaceAll("(?m)^( *)# ([a-z-]+: \\S+)$", "$1$2")
                .replaceAll("(?m)^ *(Default|Values|yaml-language-server):.*$", "")
                .replace("include: conf.d/*.yaml", "").replace("prefixes: prefixes.csv", "")
                .replace("/etc/tandem/tls/", folder + "/")
                .replaceAll("\\$\\{(file:/etc/tandem/token|env:[A-Z_]+)}", "\\${env:TOKEN}");

        // when
        final Config config = ConfigTest.reader(Map.of(), Map.of("TOKEN", "0123456789abcdef")).read("t.yaml", text);

        // then
        assertEquals("inbound", config.routes().getFirst().name());
        assertEquals("+1*", config.routes().getFirst().matchTo());
        assertTrue(config.admin().token().isPresent());
        assertTrue(config.stateDir().isPresent());
    }

    @Test
    void shouldExplainEveryKey() {
        for (final String path : Reference.paths()) {
            // when
            final String text = Reference.explain(path);

            // then
            assertNotNull(text, path);
            assertTrue(text.startsWith(path + "\n"), path);
        }
        assertNull(Reference.explain("no.such.key"));
        assertEquals("; did you mean 'limits.idle'?", Reference.hint("limits.idl"));
    }

    @Test
    void shouldGiveEveryKeyAMeaningAndAName() {
        for (final String path : Reference.paths()) {
            assertTrue(path.matches("[a-z0-9.*-]+"), path);
            assertTrue(Reference.explain(path).lines().skip(1).findFirst().orElseThrow().strip().endsWith("."), path);
        }
    }

    @Test
    void shouldListTheSameKeysInTheSchema() {
        // given
        final Object schema = Json.parse(Reference.schema());

        // when
        final List<String> paths = new java.util.ArrayList<>();
        collect((Map<?, ?>) schema, "", paths);

        // then
        assertEquals(Reference.paths(), paths);
    }

    /** Paths of all properties of a schema, in its order. */
    private static void collect(final Map<?, ?> schema, final String prefix, final List<String> paths) {
        if (schema.get("properties") instanceof final Map<?, ?> properties) {
            properties.forEach((name, property) -> {
                paths.add(prefix + name);
                collect((Map<?, ?>) property, prefix + name + '.', paths);
            });
        }
        if (schema.get("additionalProperties") instanceof final Map<?, ?> named) {
            collect(named, prefix + "*.", paths);
        }
        if (schema.get("items") instanceof final Map<?, ?> item) {
            collect(item, prefix + "*.", paths);
        }
        if (schema.get("allOf") instanceof final List<?> parts) {
            parts.forEach(part -> collect((Map<?, ?>) part, prefix, paths));
        }
        // Of the alternatives "one" and "a list of it", the list says it all.
        if (schema.get("anyOf") instanceof final List<?> parts) {
            collect((Map<?, ?>) parts.getLast(), prefix, paths);
        }
    }

    @Test
    void shouldAgreeWithTheSchemaOnGoodAndBadFiles() throws Exception {
        // given
        final SchemaCheck check = new SchemaCheck(Json.parse(Reference.schema()));
        final String trunks = "trunks: {a: {peers: [10.0.0.1]}, b: {peers: 10.0.0.2}}\n";

        // then: what the reader takes, the schema takes
        for (final String good : List.of("", trunks, trunks + "routes: [{from: a, to: b}]\n", "mode: stateless\n",
                "timers: {t1: 100ms}\n", "limits: {message: 60000, body: 4KiB}\n", "loops: auto\n", "loops: 4\n",
                "record-route: true\n", "listen: udp://127.0.0.1:5060\n", Files.readString(config("tandem.yaml")))) {
            ConfigTest.reader(Map.of(), Map.of()).read("t.yaml", good);
            assertNull(check.firstError(good), good);
        }
        // and what is wrong by itself, without looking at other keys, both refuse
        for (final ConfigErrorTest.Row row : ConfigErrorTest.rows()) {
            switch (row.code()) {
                case UNKNOWN_KEY, MISSING_KEY, WRONG_SHAPE -> assertNotNull(check.firstError(row.text()), row.text());
                default -> {
                    // The schema cannot know.
                }
            }
        }
        for (final String bad : List.of("mode: fast\n", "loops: 100\n", "loops: many\n", "max-forwards: 0\n",
                "timers: {t1: 5}\n", "record-route: maybe\n", "listen: http://x\n", "trunks: {a: {allow: [x]}}\n")) {
            assertNotNull(check.firstError(bad), bad);
        }
    }
}
