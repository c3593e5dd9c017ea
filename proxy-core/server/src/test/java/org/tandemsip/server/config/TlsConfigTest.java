package org.tandemsip.server.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.pkitesting.X509Bundle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.tandemsip.codec.Transport;
import org.tandemsip.server.dns.Domain;
import org.tandemsip.server.tls.TestCa;
import org.tandemsip.server.tls.TlsSettings;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
class TlsConfigTest {
    @TempDir
    private Path folder;
    private TestCa ca;

    @BeforeEach
    void makeFiles() throws Exception {
        ca = new TestCa("Config");
        TestCa.write(folder, "one", ca.issue("one.example"));
        TestCa.write(folder, "two", ca.issue("two.example"));
        TestCa.write(folder, "rsa", ca.issue(builder -> builder.rsa2048().addSanDnsName("rsa.example")));
        Files.writeString(folder.resolve("ca.pem"), ca.pem());
    }

    @Test
    void shouldReadCertificatesAndWhatTrunksWant() throws Exception {
        final Config config = read("""
                listen: [tls://127.0.0.1]
                tls:
                  certificates: [{cert: %1$s/one.pem, key: %1$s/one.key}, {cert: %1$s/rsa.pem, key: %1$s/rsa.key}]
                  ca: %1$s/ca.pem
                limits: {tls-handshakes: 20, tls-handshake: 2s}
                trunks:
                  carrier:
                    peers: ["sips:sip.carrier.example", "sip:b.carrier.example:5071;transport=tls"]
                    tls: {require-certificate: true, cert: %1$s/two.pem, key: %1$s/two.key}
                  pbx:
                    peers: [127.0.0.2]
                    transport: tls
                    tls: {name: pbx.example, verify: full, ca: %1$s/ca.pem}
                """);
        assertEquals(5061, config.listen().getFirst().port());
        final TlsSettings tls = config.tls();
        assertEquals(List.of(folder.resolve("one.pem"), folder.resolve("rsa.pem")),
                tls.certificates().stream().map(each -> each.file()).toList());
        assertEquals(ca.anchors().certificates(), tls.trust().certificates());
        assertEquals(List.of("sip.carrier.example", "b.carrier.example"), tls.of("carrier").hosts());
        assertTrue(tls.of("carrier").certified());
        assertEquals(folder.resolve("two.pem"), tls.of("carrier").credentials().orElseThrow().file());
        assertEquals(List.of("pbx.example"), tls.of("pbx").names());
        assertFalse(tls.of("pbx").certified());
        assertEquals(20, config.tlsLimits().handshakes());
        assertEquals(2_000, config.tlsLimits().handshakeMs());
        assertEquals(new Domain("sip.carrier.example", 0, Transport.TLS, false),
                config.trunks().getFirst().peers().getFirst().domain());
        assertEquals(5061, config.trunks().getLast().peers().getFirst().port());
        assertEquals(List.of(), tls.warnings(Instant.now()));
        assertFalse(config.toString().contains("PRIVATE") || tls.toString().contains("PrivateKey"), tls::toString);
    }

    @Test
    void shouldBeEqualUntilAFileSaysSomethingElse() throws Exception {
        final String yaml = """
                listen: [tls://127.0.0.1]
                tls: {certificates: {cert: %1$s/one.pem, key: %1$s/one.key}}
                """;
        final TlsSettings before = read(yaml).tls();
        assertEquals(before, read(yaml).tls());
        TestCa.write(folder, "one", ca.issue("one.example"));
        assertFalse(before.equals(read(yaml).tls()));
    }

    @Test
    void shouldReadKeysAsOpenSslUsedToWriteThem() throws Exception {
        for (final String name : List.of("one", "rsa")) {
            final String kind = name.equals("rsa") ? "RSA" : "EC";
            final Process openssl = new ProcessBuilder("openssl", "pkey", "-traditional", "-in",
                    folder.resolve(name + ".key").toString(), "-out", folder.resolve("old.key").toString())
                    .inheritIO().start();
            assertEquals(0, openssl.waitFor());
            assertTrue(Files.readString(folder.resolve("old.key")).startsWith("-----BEGIN " + kind + " PRIVATE"));
            read("listen: [tls://127.0.0.1]\ntls: {certificates: {cert: %1$s/" + name + ".pem, key: %1$s/old.key}}\n");
        }
    }

    @Test
    void shouldWarnOfCertificatesThatEndWithTheDate() throws Exception {
        final Instant now = Instant.parse("2026-06-01T12:00:00Z");
        write("gone", now.minus(Duration.ofDays(90)), now.minus(Duration.ofDays(1)));
        write("soon", now.minus(Duration.ofDays(80)), now.plus(Duration.ofDays(10)));
        write("early", now.plus(Duration.ofDays(1)), now.plus(Duration.ofDays(90)));
        write("good", now.minus(Duration.ofDays(1)), now.plus(Duration.ofDays(90)));
        final StringBuilder yaml = new StringBuilder("listen: [tls://127.0.0.1]\ntls:\n  certificates:\n");
        for (final String name : List.of("gone", "soon", "early", "good")) {
            yaml.append("  - {cert: %1$s/").append(name).append(".pem, key: %1$s/").append(name).append(".key}\n");
        }
        assertEquals(List.of(
                "certificate '" + folder + "/gone.pem' expired on 2026-05-31 12:00 UTC; peers refuse it",
                "certificate '" + folder + "/soon.pem' expires in 10 days, on 2026-06-11 12:00 UTC",
                "certificate '" + folder + "/early.pem' is not valid before 2026-06-02 12:00 UTC"),
                read(yaml.toString()).tls().warnings(now));
    }

    private void write(final String name, final Instant from, final Instant to) throws Exception {
        final X509Bundle bundle =
                ca.issue(builder -> builder.addSanDnsName(name + ".example").notBefore(from).notAfter(to));
        TestCa.write(folder, name, bundle);
    }

    @Test
    void shouldSayWhatIsWrongWithAFileAndWhere() throws Exception {
        Files.writeString(folder.resolve("empty.pem"), "nothing\n");
        Files.writeString(folder.resolve("broken.pem"), "-----BEGIN CERTIFICATE-----\n"
                + Base64.getEncoder().encodeToString(new byte[80]) + "\n-----END CERTIFICATE-----\n");
        Files.writeString(folder.resolve("broken.key"), "-----BEGIN PRIVATE KEY-----\n"
                + Base64.getEncoder().encodeToString(new byte[80]) + "\n-----END PRIVATE KEY-----\n");
        Files.writeString(folder.resolve("secret.key"), "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
                + Base64.getEncoder().encodeToString(new byte[80]) + "\n-----END ENCRYPTED PRIVATE KEY-----\n");
        assertCertificate("nowhere.pem", "one.key", "3:24", "file '%s/nowhere.pem' cannot be read: no such file");
        assertCertificate("empty.pem", "one.key", "3:24", "file '%s/empty.pem' holds no certificate in PEM form");
        assertCertificate("broken.pem", "one.key", "3:24", "file '%s/broken.pem' holds a broken certificate, number 1");
        assertCertificate("one.pem", "nowhere.key", "4:24", "file '%s/nowhere.key' cannot be read: no such file");
        assertCertificate("one.pem", "one.pem", "4:24", "file '%s/one.pem' holds no private key in PEM form");
        assertCertificate("one.pem", "two.key", "4:24", "file '%s/two.key' holds a key that does not fit the"
                + " certificate");
        assertCertificate("one.pem", "rsa.key", "4:24", "file '%s/rsa.key' holds a key that does not fit the"
                + " certificate, which has one of kind EC");
        assertCertificate("one.pem", "secret.key", "4:24", "file '%s/secret.key' holds a key under a pass phrase;"
                + " write it without one, readable by the server alone");
    }

    private void assertCertificate(final String cert, final String key, final String position, final String message) {
        final ConfigException e = assertThrows(ConfigException.class, () -> read("""
                listen: [tls://127.0.0.1]
                tls:
                  certificates: {cert: %1$s/""" + cert + """
                ,
                    key:               %1$s/""" + key + "}\n"));
        assertEquals(1, e.problems().size(), e::report);
        final Problem problem = e.problems().getFirst();
        assertEquals(ErrorCode.TLS_FILE, problem.code());
        assertEquals(message.formatted(folder), problem.message());
        assertEquals(position, problem.line() + ":" + problem.column());
    }

    @Test
    void shouldSayWhereTlsIsAskedForWithoutWhatItNeeds() {
        assertNeeded("listen: [tls://127.0.0.1:5061]\n",
                "t.yaml:1:10: error[C051]: 'tls://127.0.0.1:5061' needs a certificate; name one in 'tls.certificates'");
        assertNeeded("trunks: {a: {peers: ['sips:x.example']}}\n", "t.yaml:1:22: error[C051]: 'sips:x.example' is"
                + " reached by TLS, and 'listen' has no tls://ADDRESS to send from");
        final String tls = "listen: [tls://127.0.0.1]\ntls: {certificates: {cert: %1$s/one.pem, key: %1$s/one.key}}\n";
        assertNeeded(tls + "trunks: {a: {peers: [127.0.0.2], transport: tls}}\n", "t.yaml:3:22: error[C051]:"
                + " '127.0.0.2' is an address, and certificates show names; give 'tls.name' in trunk 'a', or"
                + " 'tls.verify: none'");
        assertNeeded(tls + "trunks: {a: {allow: [127.0.0.2], tls: {require-certificate: true}}}\n",
                "t.yaml:3:61: error[C051]: the certificate that trunk 'a' must show has no name to show; give"
                        + " 'tls.name'");
        assertNeeded(tls + "trunks: {a: {peers: [x.example], tls: {require-certificate: true, verify: none}}}\n",
                "t.yaml:3:75: error[C037]: a certificate that is required must be verified");
        assertNeeded(tls + "trunks: {a: {peers: [x.example], tls: {cert: %1$s/one.pem}}}\n",
                "t.yaml:3:39: error[C013]: 'cert' and 'key' belong together in 'tls' of trunk 'a'");
        assertNeeded("trunks: {a: {peers: ['sips:x.example;transport=udp']}}\n",
                "t.yaml:1:22: error[C025]: 'sips:x.example;transport=udp' wants TLS over UDP, which there is not");
    }

    private void assertNeeded(final String yaml, final String message) {
        final ConfigException e = assertThrows(ConfigException.class, () -> read(yaml));
        assertEquals(message, e.report().lines().findFirst().orElse(""));
    }

    private Config read(final String yaml) throws ConfigException {
        return new ConfigReader(Map.of()).read("t.yaml", yaml.replace("%1$s", folder.toString()));
    }
}
