package org.tandemsip.perf.load;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.tandemsip.server.tls.Credentials;

/** A certificate that nobody vouches for, for a generator that was given none: made anew, and kept nowhere. */
final class OwnCertificate {
    /** Name that it shows. */
    static final String NAME = "tandem-load";

    private static final String PASSWORD = "for-a-moment";
    private static final int DAYS = 30;
    private static final long TIMEOUT_S = 60;

    private OwnCertificate() {}

    /**
     * Makes one, by the JDK's {@code keytool}.
     *
     * @throws IOException it cannot be made here; says why
     */
    static Credentials make() throws IOException {
        final Path directory = Files.createTempDirectory("tandem-load");
        final Path store = directory.resolve("own.p12");
        try {
            keytool(store);
            return read(store);
        } catch (final GeneralSecurityException e) {
            throw new IOException("keytool's certificate cannot be read: " + e.getMessage(), e);
        } finally {
            Files.deleteIfExists(store);
            Files.delete(directory);
        }
    }

    private static void keytool(final Path store) throws IOException {
        final String program = Path.of(System.getProperty("java.home"), "bin", "keytool").toString();
        final Process process = new ProcessBuilder(program, "-genkeypair", "-alias", NAME, "-keyalg", "EC",
                "-groupname", "secp256r1", "-sigalg", "SHA256withECDSA", "-dname", "CN=" + NAME,
                "-ext", "san=dns:" + NAME, "-validity", Integer.toString(DAYS),
                "-storetype", "PKCS12", "-keystore", store.toString(), "-storepass", PASSWORD)
                .redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
        try {
            if (!process.waitFor(TIMEOUT_S, TimeUnit.SECONDS) || process.exitValue() != 0) {
                throw new IOException("keytool made no certificate");
            }
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while keytool made a certificate", e);
        } finally {
            process.destroyForcibly();
        }
    }

    private static Credentials read(final Path file) throws IOException, GeneralSecurityException {
        final KeyStore store = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(file)) {
            store.load(in, PASSWORD.toCharArray());
        }
        return new Credentials(Path.of(NAME), List.of((X509Certificate) store.getCertificate(NAME)),
                (PrivateKey) store.getKey(NAME, PASSWORD.toCharArray()));
    }
}
