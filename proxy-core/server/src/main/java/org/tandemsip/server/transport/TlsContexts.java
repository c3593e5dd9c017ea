package org.tandemsip.server.transport;

import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.security.cert.X509Certificate;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import javax.net.ssl.SSLException;
import org.tandemsip.server.tls.CertificateNames;
import org.tandemsip.server.tls.Credentials;
import org.tandemsip.server.tls.PeerTrust;
import org.tandemsip.server.tls.TlsSettings;

/**
 * One state of {@link TlsSettings} made ready for handshakes: a context per trunk that wants something of its own, and
 * per certificate. A reload makes another one; connections keep what they began with. Immutable.
 */
final class TlsContexts {
    /** Older versions are broken (RFC 8996). */
    private static final String[] VERSIONS = {"TLSv1.3", "TLSv1.2"};

    /** BoringSSL, whose objects are collected as others are; where it does not load the JDK does the work. */
    static final SslProvider BEST = OpenSsl.isAvailable() ? SslProvider.OPENSSL : SslProvider.JDK;

    /** What we show to those who connect: by the name they ask for, or the first. */
    record Server(SslContext usual, Map<String, SslContext> byName) {
        SslContext of(final String name) {
            final SslContext named = name == null ? null : byName.get(name);
            return named == null ? usual : named;
        }
    }

    private final TlsSettings settings;
    private final SslProvider provider;
    private final Map<String, Server> servers = new HashMap<>();
    private final Map<String, SslContext> clients = new HashMap<>();

    TlsContexts(final TlsSettings settings, final SslProvider provider) throws SSLException {
        this.settings = settings;
        this.provider = provider;
        add("", TlsSettings.USUAL);
        for (final Map.Entry<String, TlsSettings.OfTrunk> trunk : settings.trunks().entrySet()) {
            final TlsSettings.OfTrunk of = trunk.getValue();
            if (of.credentials().isPresent() || of.trust().isPresent() || of.certified() || !of.verified()) {
                add(trunk.getKey(), of);
            }
        }
    }

    TlsSettings settings() {
        return settings;
    }

    /** What somebody of {@code trunk} who connects is shown; {@code null} when there is no certificate. */
    Server server(final String trunk) {
        final Server own = servers.get(trunk);
        return own == null ? servers.get("") : own;
    }

    /** What connects to {@code trunk}; {@code null} when nobody would be believed. */
    SslContext client(final String trunk) {
        final SslContext own = clients.get(trunk);
        return own == null ? clients.get("") : own;
    }

    private void add(final String trunk, final TlsSettings.OfTrunk of) throws SSLException {
        final List<Credentials> certificates =
                Stream.concat(of.credentials().stream(), settings.certificates().stream()).toList();
        final PeerTrust trust = Optional.ofNullable(of.trust().orElse(settings.trust())).map(PeerTrust::new)
                .orElse(null);
        final Map<String, SslContext> byName = new LinkedHashMap<>();
        SslContext first = null;
        for (final Credentials credentials : certificates) {
            final SslContext context = server(credentials, of, trust);
            first = first == null ? context : first;
            for (final String name : CertificateNames.of(credentials.certificate())) {
                byName.putIfAbsent(name, context);
            }
        }
        if (first != null) {
            servers.put(trunk, new Server(first, byName));
        }
        if (trust != null || !of.verified()) {
            clients.put(trunk, client(certificates, of, trust));
        }
    }

    private SslContext server(final Credentials credentials, final TlsSettings.OfTrunk of,
            final PeerTrust trust) throws SSLException {
        final SslContextBuilder builder = SslContextBuilder.forServer(credentials.key(), chain(credentials))
                .sslProvider(provider).protocols(VERSIONS);
        if (of.certified()) {
            builder.clientAuth(ClientAuth.REQUIRE).trustManager(trust);
        }
        return builder.build();
    }

    private SslContext client(final List<Credentials> certificates, final TlsSettings.OfTrunk of,
            final PeerTrust trust) throws SSLException {
        // Names are compared by Tls: what the libraries know is the rule of HTTPS, which takes wildcards.
        final SslContextBuilder builder = SslContextBuilder.forClient().sslProvider(provider).protocols(VERSIONS)
                .endpointIdentificationAlgorithm(null);
        if (of.verified()) {
            builder.trustManager(trust);
        } else {
            builder.trustManager(InsecureTrustManagerFactory.INSTANCE);
        }
        if (!certificates.isEmpty()) {
            builder.keyManager(certificates.getFirst().key(), chain(certificates.getFirst()));
        }
        return builder.build();
    }

    private static X509Certificate[] chain(final Credentials credentials) {
        return credentials.chain().toArray(X509Certificate[]::new);
    }
}
