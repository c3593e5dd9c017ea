package org.tandemsip.perf.load;

import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLException;
import org.tandemsip.server.tls.Credentials;
import org.tandemsip.server.tls.PeerTrust;
import org.tandemsip.server.tls.TrustAnchors;

/** What caller and answerer show of themselves over TLS, and whom the caller believes. Immutable. */
public final class TlsEnds {
    private static final SslProvider PROVIDER = OpenSsl.isAvailable() ? SslProvider.OPENSSL : SslProvider.JDK;
    private static final String[] VERSIONS = {"TLSv1.3", "TLSv1.2"};

    private final Credentials own;
    private final String name;
    private final SslContext client;
    private final SslContext server;

    /**
     * Makes both sides ready.
     *
     * @param own     certificate of the answerer, which the caller shows, too, where it is asked for one
     * @param trusted whom the caller believes about the target; {@code null} for anybody
     * @param name    name that the target's certificate must be for (RFC 5922 section 7.2); {@code null} for any
     * @throws SSLException the library does not take the certificate
     */
    public TlsEnds(final Credentials own, final TrustAnchors trusted, final String name) throws SSLException {
        this.own = own;
        this.name = name;
        final X509Certificate[] chain = own.chain().toArray(X509Certificate[]::new);
        final SslContextBuilder believing = SslContextBuilder.forClient().sslProvider(PROVIDER).protocols(VERSIONS)
                .keyManager(own.key(), chain).endpointIdentificationAlgorithm(null);
        client = (trusted == null ? believing.trustManager(InsecureTrustManagerFactory.INSTANCE)
                : believing.trustManager(new PeerTrust(trusted))).build();
        server = SslContextBuilder.forServer(own.key(), chain).sslProvider(PROVIDER).protocols(VERSIONS).build();
    }

    /** The same where the caller speaks to the answerer itself. */
    TlsEnds alone() {
        try {
            return new TlsEnds(own, null, null);
        } catch (final SSLException e) {
            throw new IllegalStateException("what was good a moment ago", e);
        }
    }

    /** Begins TLS on a connection that was opened here. */
    TlsChannel client(final SocketChannel socket) throws IOException {
        return new TlsChannel(socket, name == null ? client.newEngine(ByteBufAllocator.DEFAULT)
                : client.newEngine(ByteBufAllocator.DEFAULT, name, 0), name);
    }

    /** Begins TLS on a connection that was accepted. */
    TlsChannel server(final SocketChannel socket) throws IOException {
        return new TlsChannel(socket, server.newEngine(ByteBufAllocator.DEFAULT), null);
    }
}
