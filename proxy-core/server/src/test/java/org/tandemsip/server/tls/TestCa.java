package org.tandemsip.server.tls;

import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedKeyManager;

/** An authority of a test's own, and what it issues. */
public final class TestCa {
    private final X509Bundle authority;

    /** Begins with a new key. */
    public TestCa(final String name) throws Exception {
        authority = new CertificateBuilder().ecp256().subject("CN=" + name).setIsCertificateAuthority(true)
                .notBefore(Instant.now().minus(Duration.ofDays(400)))
                .notAfter(Instant.now().plus(Duration.ofDays(4_000)))
                .buildSelfSigned();
    }

    /** Those who believe it. */
    public TrustAnchors anchors() {
        return new TrustAnchors("test", Set.of(authority.getCertificate()));
    }

    /** Its own certificate. */
    public String pem() {
        return authority.getCertificatePEM();
    }

    /** A certificate with DNS names, good for ten years. */
    public X509Bundle issue(final String... names) throws Exception {
        return issue(builder -> {
            for (final String name : names) {
                builder.addSanDnsName(name);
            }
            return builder;
        });
    }

    /** A certificate that ended yesterday. */
    public X509Bundle issueExpired(final String name) throws Exception {
        return issue(builder -> builder.addSanDnsName(name).notBefore(Instant.now().minus(Duration.ofDays(300)))
                .notAfter(Instant.now().minus(Duration.ofDays(1))));
    }

    /** A certificate as {@code shape} wants it. */
    public X509Bundle issue(final UnaryOperator<CertificateBuilder> shape) throws Exception {
        return shape.apply(new CertificateBuilder().ecp256().subject("CN=Test")
                .notBefore(Instant.now().minus(Duration.ofDays(1)))
                .notAfter(Instant.now().plus(Duration.ofDays(3_650))))
                .buildIssuedBy(authority);
    }

    /** As ours. */
    public static Credentials credentials(final X509Bundle bundle) {
        return new Credentials(Path.of("test.pem"), List.of(bundle.getCertificate()), bundle.getKeyPair().getPrivate());
    }

    /** Writes {@code name.pem} and {@code name.key}. */
    public static void write(final Path folder, final String name, final X509Bundle bundle) throws IOException {
        Files.writeString(folder.resolve(name + ".pem"), bundle.getCertificatePathPEM());
        Files.writeString(folder.resolve(name + ".key"), bundle.getPrivateKeyPEM());
    }

    /** The JDK's TLS of somebody who believes this authority. @param own what it shows; {@code null} for nothing */
    public SSLContext context(final X509Bundle own) throws Exception {
        final SSLContext context = SSLContext.getInstance("TLS");
        context.init(own == null ? new KeyManager[0] : new KeyManager[] {new Always(own)},
                new TrustManager[] {authority.toTrustManager()}, null);
        return context;
    }

    /** Shows its certificate whoever the other side believes. */
    private static final class Always extends X509ExtendedKeyManager {
        private final X509Bundle own;

        Always(final X509Bundle own) {
            this.own = own;
        }

        @Override
        public String[] getClientAliases(final String keyType, final Principal[] issuers) {
            return new String[] {"own"};
        }

        @Override
        public String chooseClientAlias(final String[] keyType, final Principal[] issuers, final Socket socket) {
            return "own";
        }

        @Override
        public String chooseEngineClientAlias(final String[] keyType, final Principal[] issuers,
                final SSLEngine engine) {
            return "own";
        }

        @Override
        public String[] getServerAliases(final String keyType, final Principal[] issuers) {
            return new String[] {"own"};
        }

        @Override
        public String chooseServerAlias(final String keyType, final Principal[] issuers, final Socket socket) {
            return keyType.equals(own.getKeyPair().getPublic().getAlgorithm()) ? "own" : null;
        }

        @Override
        public String chooseEngineServerAlias(final String keyType, final Principal[] issuers,
                final SSLEngine engine) {
            return keyType.equals(own.getKeyPair().getPublic().getAlgorithm()) ? "own" : null;
        }

        @Override
        public X509Certificate[] getCertificateChain(final String alias) {
            return own.getCertificatePath();
        }

        @Override
        public PrivateKey getPrivateKey(final String alias) {
            return own.getKeyPair().getPrivate();
        }
    }
}
