package org.tandemsip.server.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.tandemsip.server.Tandem;
import org.tandemsip.server.admin.Json;
import org.tandemsip.server.config.Config;
import org.tandemsip.server.config.ConfigException;
import org.tandemsip.server.config.ConfigReader;

/** {@code routes} and {@code routes test} against a real server, and tables of prefixes that are loaded anew. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class RoutesVerbTest {
    @TempDir
    private Path directory;
    private Tandem tandem;
    private String output;

    private void start() throws Exception {
        Files.writeString(directory.resolve("rates.csv"), "prefix,trunk,cost\n49,a,2\n49,b,1\n4930,a,3\n");
        Files.writeString(directory.resolve("t.yaml"), """
                listen: ["udp://127.0.0.1:0"]
                loops: 1
                trunks:
                  pbx:
                    peers: ["127.0.0.1:5070"]
                    number-in: {rules: {"00": "+", "0": "+49"}}
                  a: {peers: ["127.0.0.1:5080"], number: {rules: {"+": "00"}}, headers: {set: {X-Trunk: a}}}
                  b: {peers: ["127.0.0.1:5090"]}
                routes:
                  - {name: back, from: a, to: pbx}
                  - {name: mobile, from: pbx, to: b, match: {to: '/^\\+491[567]/'}}
                  - {name: night, from: pbx, to: b, when: {hours: "22:00-06:00", zone: UTC}, match: {to: "+44*"}}
                  - {name: sale, from: pbx, to: b, match: {header: {X-Desk: 'sale*'}}}
                  - {name: lcr, from: pbx, to: prefixes, prefixes: rates.csv}
                state-dir: %s
                admin: {socket: %s}
                """.formatted(directory, directory.resolve("s")));
        final ConfigReader reader = new ConfigReader(Map.of());
        final Path file = directory.resolve("t.yaml");
        tandem = Tandem.start(reader.read(file), Optional.of(new Tandem.Source() {
            @Override
            public Config read() throws ConfigException {
                return reader.read(file);
            }

            @Override
            public Config read(final String text) throws ConfigException {
                return reader.read(file.toString(), text);
            }
        }));
    }

    @AfterEach
    void stop() {
        if (tandem != null) {
            tandem.close();
        }
    }

    private int run(final String... args) {
        final StringWriter out = new StringWriter();
        final List<String> all = new ArrayList<>(List.of(args));
        all.addAll(List.of("--socket", directory.resolve("s").toString()));
        final int exit = TandemCommand.run(all.toArray(String[]::new), new PrintWriter(out), new PrintWriter(out));
        output = out.toString();
        return exit;
    }

    private List<String> lines() {
        return output.lines().toList();
    }

    @Test
    void shouldTellRouteAndReasonAndMessage() throws Exception {
        // given
        start();

        // when
        assertEquals(ExitCode.OK, run("routes", "test", "--from", "pbx", "--to", "030-1234", "--header", "X-Trunk: me"),
                () -> output);

        // then
        assertEquals(List.of("trunk    pbx: zone trunk, which asserts no identities", "number   +49301234",
                "route    back: is for requests from trunk 'a'",
                "route    mobile: the called party does not fit /^\\+491[567]/",
                "route    night: the called party does not fit +44*",
                "route    sale: a header field does not fit X-Desk: sale*", "route    lcr: matches by prefix 4930",
                "mode     stateful"), lines().subList(0, 8));
        assertTrue(output.contains("1    a                127.0.0.1:5080"), output);
        assertTrue(lines().contains("INVITE sip:0049301234@127.0.0.1:5070 SIP/2.0"), output);
        assertTrue(lines().contains("X-Trunk: a"), output);
        assertTrue(!lines().contains("X-Trunk: me"), output);
    }

    private Path phones(final String then) throws Exception {
        Files.writeString(directory.resolve("secret"), "wonderland-0123456789");
        return Files.writeString(directory.resolve("phones.yaml"), """
                listen: [udp://127.0.0.1:5060]
                registrar: {domains: [pbx.example.com]}
                trunks:
                  phones: {allow: [192.0.2.0/24], zone: public, require-auth: {realm: house, users: {alice: "${file:secret}"}}}
                  carrier: {peers: ["127.0.0.1:5080"]}
                routes:
                  - {name: keep, from: phones, to: registrar%s}
                  - {name: ring, from: any, to: location}
                  - {name: out, from: phones, to: carrier}
                """.formatted(then));
    }

    @Test
    void shouldExplainARegisterFromAFileAlone() throws Exception {
        // given: no server
        final String file = phones("").toString();

        // when
        assertEquals(ExitCode.OK, run("routes", "test", "-c", file, "--from", "phones", "--method", "REGISTER", "--to",
                "sip:alice@pbx.example.com"), () -> output);

        // then
        assertEquals(List.of("trunk    phones: zone public, which asserts no identities",
                "password asked for first, realm house; the rest once it is right", "route    keep: matches",
                "mode     stateful", "target   the registrar here"), lines());

        // and what is refused, or is for nobody here
        assertEquals(ExitCode.FAILED, run("routes", "test", "-c", file, "--from", "phones", "--method", "REGISTER",
                "--to", "sip:alice@pbx.example.com", "--header", "Path: <sip:evil.example;lr>"));
        assertTrue(output.contains("answer   403 Forbidden"), output);
        assertEquals(ExitCode.OK, run("routes", "test", "-c", file, "--from", "phones", "--to", "+1555"), () -> output);
        assertTrue(lines().contains("route    ring: is for calls to users of the registrar"), output);
        assertTrue(output.contains("1    carrier          127.0.0.1:5080"), output);
        assertEquals(ExitCode.FAILED, run("routes", "test", "-c", file, "--from", "carrier", "--to",
                "sip:alice@pbx.example.com"), () -> output);
        assertTrue(output.contains("route    ring: matches") && output.contains("answer   480"), output);
    }

    @Test
    void shouldShowARegisterThatGoesOnToTheCarrier() throws Exception {
        assertEquals(ExitCode.OK, run("routes", "test", "-c", phones(", then: carrier").toString(), "--from", "phones",
                "--method", "REGISTER", "--to", "sip:alice@pbx.example.com"), () -> output);
        assertTrue(output.contains("target   the trunk below; what it confirms is kept by the registrar here"), output);
        assertTrue(lines().contains("REGISTER sip:pbx.example.com SIP/2.0"), output);
        assertTrue(output.contains("Contact: <sip:alice@127.0.0.1:5060>;expires="), output);
    }

    @Test
    void shouldExplainRoutesOfTrunksWhoseNamesHaveNoAddress() throws Exception {
        // given: no DNS
        final String file = Files.writeString(directory.resolve("names.yaml"), """
                listen: [udp://127.0.0.1:5060]
                dns: {servers: ["127.0.0.1:1"], timeout: 100ms}
                trunks:
                  carrier: {peers: [sip.carrier.invalid]}
                  pbx: {peers: ["127.0.0.1:5070"]}
                routes: [{from: carrier, to: pbx}, {from: pbx, to: carrier}]
                """).toString();

        // then
        assertEquals(ExitCode.OK, run("routes", "test", "-c", file, "--from", "carrier", "--to", "+1555"),
                () -> output);
        assertTrue(output.contains("1    pbx              127.0.0.1:5070"), output);
        assertEquals(ExitCode.FAILED, run("routes", "test", "-c", file, "--from", "pbx", "--to", "+1555"));
        assertTrue(output.contains("route    pbx-to-carrier: matches") && output.contains("answer   503"), output);
    }

    @Test
    void shouldSayWhatIsWrongWithTheFile() throws Exception {
        final Path bad = Files.writeString(directory.resolve("bad.yaml"), "trunk: {}\n");
        assertEquals(ExitCode.BAD_CONFIG, run("routes", "test", "-c", bad.toString(), "--from", "a", "--to", "1"));
        assertTrue(output.contains("bad.yaml:1:1: error[C012]: unknown key 'trunk'"), output);
        assertEquals(ExitCode.FAILED, run("routes", "test", "-c", phones("").toString(), "--from", "a", "--to", "1"));
        assertTrue(output.contains("there is no trunk 'a'"), output);
    }

    @Test
    void shouldGoByAHeaderFieldHoweverItIsWritten() throws Exception {
        start();
        assertEquals(ExitCode.OK, run("routes", "test", "--from", "pbx", "--to", "030", "--header", "X-DESK : sales"));
        assertTrue(output.contains("route    sale: matches"), output);
        assertTrue(output.contains("1    b "), output);
        assertEquals(ExitCode.OK, run("routes", "-o", "json"));
        assertTrue(output.replace(" ", "").contains("\"header\":{\"X-Desk\":\"sale*\"}"), output);
    }

    @Test
    void shouldOrderByCostAndGoByTheTime() throws Exception {
        start();
        assertEquals(ExitCode.OK, run("routes", "test", "--from", "pbx", "--to", "sip:0401234@h"));
        assertTrue(output.contains("1    b ") && output.contains("2    a "), output);

        assertEquals(ExitCode.FAILED, run("routes", "test", "--from", "pbx", "--to", "+441", "--at",
                "2026-01-05T12:00:00Z"));
        assertTrue(output.contains("route    night: it is not the time of 'when'"), output);
        assertTrue(output.contains("answer   404 Not Found"), output);
        assertEquals(ExitCode.OK, run("routes", "test", "--from", "pbx", "--to", "+441", "--at",
                "2026-01-05T23:00:00Z", "-o", "json"));
        assertEquals("night", ((Map<?, ?>) ((List<?>) ((Map<?, ?>) Json.parse(output)).get("routes")).getLast())
                .get("name"));
    }

    @Test
    void shouldRefuseQuestionsThatMakeNoSense() throws Exception {
        start();
        assertEquals(ExitCode.FAILED, run("routes", "test", "--from", "nobody", "--to", "1"));
        assertTrue(output.contains("there is no trunk 'nobody'"), output);
        assertEquals(ExitCode.FAILED, run("routes", "test", "--from", "pbx", "--to", "sip:a b@h"));
        assertTrue(output.contains("that makes no request"), output);
        assertEquals(ExitCode.FAILED, run("routes", "test", "--from", "pbx", "--to", "1", "--at", "noon"));
        assertTrue(output.contains("'noon' is not a time"), output);
        assertEquals(ExitCode.FAILED, run("routes", "test", "--from", "pbx", "--to", "1\r\nVia: x"));
        assertTrue(output.contains("control characters"), output);
        assertEquals(ExitCode.USAGE, run("routes", "test", "--from", "pbx"));
        assertEquals(ExitCode.OK, run("routes", "-o", "json"));
        assertTrue(output.replace(" ", "").contains("\"prefixes\":2") && output.contains("491[567]/"), output);
        assertEquals(ExitCode.OK, run("routes"));
        assertTrue(output.contains("lcr"), output);
    }

    @Test
    void shouldTakeOverTableWholeOrNotAtAllWhenReloaded() throws Exception {
        // given
        start();

        // when: one row of the new table is bad
        Files.writeString(directory.resolve("rates.csv"), "49,b,1\n48,nobody,1\n");
        final ConfigException refused = assertThrows(ConfigException.class, tandem::reload);

        // then: the old one stays
        assertEquals(2, refused.problems().getFirst().line());
        assertEquals(ExitCode.OK, run("routes", "test", "--from", "pbx", "--to", "0301"));
        assertTrue(output.contains("lcr: matches by prefix 4930"), output);

        // and when it is put right
        Files.writeString(directory.resolve("rates.csv"), "493,b,1\n");
        assertEquals(List.of("routes"), tandem.reload().changed());
        assertEquals(ExitCode.OK, run("routes", "test", "--from", "pbx", "--to", "0301"));
        assertTrue(output.contains("lcr: matches by prefix 493"), output);
        assertTrue(output.contains("1    b "), output);
    }
}
