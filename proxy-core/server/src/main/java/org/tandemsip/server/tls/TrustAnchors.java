package org.tandemsip.server.tls;

import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

/**
 * Authorities that are believed.
 *
 * @param source       where they come from, for people
 * @param certificates their certificates
 */
public record TrustAnchors(String source, Set<X509Certificate> certificates) {
    /** Where Debian, Red Hat and SUSE keep the authorities of the machine. */
    private static final List<Path> SYSTEM = List.of(Path.of("/etc/ssl/certs/ca-certificates.crt"),
            Path.of("/etc/pki/tls/certs/ca-bundle.crt"), Path.of("/etc/ssl/ca-bundle.pem"));

    /** The authorities in a PEM file. */
    public static TrustAnchors of(final Path file) throws TlsFileException {
        return new TrustAnchors(file.toString(), new LinkedHashSet<>(PemFile.certificates(file)));
    }

    /** Those of the machine; the JDK's own where it has none. */
    public static TrustAnchors system() {
        for (final Path file : SYSTEM) {
            if (Files.isReadable(file)) {
                try {
                    return of(file);
                } catch (final TlsFileException e) {
                    // The next one may be better.
                }
            }
        }
        return ofJdk();
    }

    private static TrustAnchors ofJdk() {
        final Set<X509Certificate> certificates = new LinkedHashSet<>();
        try {
            final TrustManagerFactory factory =
                    TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            factory.init((KeyStore) null);
            for (final TrustManager manager : factory.getTrustManagers()) {
                if (manager instanceof final X509TrustManager x509) {
                    certificates.addAll(List.of(x509.getAcceptedIssuers()));
                }
            }
        } catch (final GeneralSecurityException e) {
            throw new IllegalStateException("the JDK has no trust store", e);
        }
        return new TrustAnchors("JDK", certificates);
    }

    Set<TrustAnchor> anchors() {
        final Set<TrustAnchor> anchors = new LinkedHashSet<>();
        certificates.forEach(certificate -> anchors.add(new TrustAnchor(certificate, null)));
        return anchors;
    }

    @Override
    public String toString() {
        return source + " (" + certificates.size() + ")";
    }
}
