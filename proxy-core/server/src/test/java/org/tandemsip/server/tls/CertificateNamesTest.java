package org.tandemsip.server.tls;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The rules of RFC 5922 section 7, on certificates made by keytool. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class CertificateNamesTest {
    @TempDir
    private Path folder;
    private int made;

    @Test
    void shouldTakeDnsNamesWhole() throws Exception {
        final X509Certificate certificate = certificate("CN=ignored.example", "san=dns:sip.Example.com,ip:192.0.2.1");
        assertEquals(Set.of("sip.example.com"), CertificateNames.of(certificate));
        assertTrue(CertificateNames.match(certificate, "SIP.example.COM"));
        assertTrue(CertificateNames.match(certificate, "sip.example.com."));
        assertFalse(CertificateNames.match(certificate, "example.com"));
        assertFalse(CertificateNames.match(certificate, "a.sip.example.com"));
        assertFalse(CertificateNames.match(certificate, "ignored.example"));
        assertFalse(CertificateNames.match(certificate, "192.0.2.1"));
    }

    @Test
    void shouldTakeAWildcardForNothingButItself() throws Exception {
        final X509Certificate certificate = certificate("CN=x", "san=dns:*.example.com");
        assertFalse(CertificateNames.match(certificate, "sip.example.com"));
        assertFalse(CertificateNames.match(certificate, "example.com"));
    }

    @Test
    void shouldPreferSipUrisToNames() throws Exception {
        final X509Certificate certificate =
                certificate("CN=x", "san=uri:sip:Example.com,uri:SIP:other.example:5061,dns:name.example");
        assertEquals(Set.of("example.com", "other.example"), CertificateNames.of(certificate));
        assertFalse(CertificateNames.match(certificate, "name.example"));
    }

    @Test
    void shouldTakeNoUriOfAUserNorOfAnotherScheme() throws Exception {
        final X509Certificate certificate =
                certificate("CN=x", "san=uri:sip:bob@example.com,uri:sips:example.com,uri:https://example.com");
        assertEquals(Set.of(), CertificateNames.of(certificate));
    }

    @Test
    void shouldLookAtTheCommonNameOnlyWithoutAlternatives() throws Exception {
        assertEquals(Set.of("sip.example.com"), CertificateNames.of(certificate("CN=sip.example.com, O=x", null)));
        assertEquals(Set.of(), CertificateNames.of(certificate("CN=sip.example.com", "san=ip:192.0.2.1")));
        assertEquals(Set.of(), CertificateNames.of(certificate("CN=Some Company", null)));
    }

    private X509Certificate certificate(final String subject, final String extension)
            throws IOException, InterruptedException, GeneralSecurityException {
        final Path file = folder.resolve("made" + made++ + ".p12");
        final List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(), "-genkeypair", "-keyalg", "EC",
                "-alias", "a", "-dname", subject, "-keystore", file.toString(), "-storepass", "secret", "-storetype",
                "PKCS12"));
        if (extension != null) {
            command.addAll(List.of("-ext", extension));
        }
        final Process keytool = new ProcessBuilder(command).redirectErrorStream(true).start();
        final String said = new String(keytool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, keytool.waitFor(), said);
        final KeyStore store = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(file)) {
            store.load(in, "secret".toCharArray());
        }
        return (X509Certificate) store.getCertificate("a");
    }
}
