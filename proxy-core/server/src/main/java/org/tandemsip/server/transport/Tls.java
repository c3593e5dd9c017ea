package org.tandemsip.server.transport;

import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelHandler;
import io.netty.handler.ssl.SniHandler;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import io.netty.util.Mapping;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import org.tandemsip.codec.IpAddress;
import org.tandemsip.server.tls.CertificateNames;
import org.tandemsip.server.tls.TlsSettings;

/**
 * What all loops share about TLS: certificates and trust in force, who is meant by the number in a
 * {@link org.tandemsip.engine.handler.Destination#identity}, and how many handshakes are under way. Any thread.
 *
 * <p>A connection out is used for one identity only, and only once the certificate at its other end has shown that name
 * (RFC 5922 section 7.3). One that came in is used for answers, and for requests of its peer. New requests to that peer
 * are sent over it only where the peer asks for that by {@code alias} and has shown, by its certificate, that it is
 * whom they are meant for (RFC 5923): a port that somebody connects from says nothing.
 */
public final class Tls implements AutoCloseable {
    /** More bytes of a ClientHello than any real one has. */
    private static final int MAX_HELLO = 16_384;
    /** Names that messages lead to; over it they are not sent to by TLS. */
    private static final int MAX_IDENTITIES = 1 << 16;
    /** A kind of failure is reported so often. */
    private static final long REPORT_NS = TimeUnit.SECONDS.toNanos(5);

    static {
        // Whoever renegotiates makes us sign again and again. BoringSSL does not know how to.
        if (System.getProperty("jdk.tls.rejectClientInitiatedRenegotiation") == null) {
            System.setProperty("jdk.tls.rejectClientInitiatedRenegotiation", "true");
        }
    }

    /** Who is meant. @param trunk empty: none @param host name to be shown; {@code null}: any of the trunk's */
    private record Identity(String trunk, String host) {}

    /** Somebody who connected, and was known by a certificate. */
    record Client(String trunk, X509Certificate certificate) {}

    private final TlsReports reports;
    private final Limits limits;
    private final SslProvider provider;
    private final Map<Identity, Integer> numbers = new ConcurrentHashMap<>();
    private final AtomicInteger handshakes = new AtomicInteger();
    private final AtomicLongArray reportedNs = new AtomicLongArray(TlsFailure.values().length);
    private final AtomicLongArray suppressed = new AtomicLongArray(TlsFailure.values().length);
    private final AtomicLong threads = new AtomicLong();
    /** Judges certificates, and signs where the JDK does: none of a loop's business. Ends with its last work. */
    private final ExecutorService workers = Executors.newFixedThreadPool(2, task -> {
        final Thread thread = new Thread(task, "tandem-tls-" + threads.getAndIncrement());
        thread.setDaemon(true);
        return thread;
    });
    private volatile Identity[] identities = {null};
    private volatile TlsContexts contexts;

    /** Bounds of handshakes. @param handshakes most of them at a time @param handshakeMs longest that one may take */
    public record Limits(int handshakes, int handshakeMs) {
        /** Defaults. */
        public static final Limits DEFAULTS = new Limits(500, 5_000);
    }

    /**
     * Takes the settings to begin with.
     *
     * @throws SSLException the library does not take a certificate or key
     */
    public Tls(final TlsSettings settings, final Limits limits, final TlsReports reports) throws SSLException {
        this(settings, limits, reports, TlsContexts.BEST);
    }

    Tls(final TlsSettings settings, final Limits limits, final TlsReports reports, final SslProvider provider)
            throws SSLException {
        this.limits = limits;
        this.reports = reports;
        this.provider = provider;
        contexts = new TlsContexts(settings, provider);
    }

    /** Who does the work, for people. */
    public String provider() {
        return provider == SslProvider.JDK ? "JDK" : "BoringSSL";
    }

    /**
     * Puts other certificates and trust into force, for handshakes to come.
     *
     * @throws SSLException the library does not take one; nothing has changed
     */
    public void configure(final TlsSettings settings) throws SSLException {
        contexts = new TlsContexts(settings, provider);
    }

    /**
     * The number of {@code host} as a peer of {@code trunk}; the same for the same, for the life of this object.
     *
     * @param trunk empty for a host that belongs to none
     * @param host  a name, or an address, which stands for whatever names the trunk has
     * @return 0 when there is no room for more
     */
    public int identity(final String trunk, final String host) {
        final boolean named = host != null && !new IpAddress().parse(host);
        final Identity identity = new Identity(trunk, named ? host : null);
        final Integer known = numbers.get(identity);
        return known != null ? known : add(identity);
    }

    private synchronized int add(final Identity identity) {
        final int number = identities.length;
        if (number >= MAX_IDENTITIES) {
            return 0;
        }
        final Integer known = numbers.get(identity);
        if (known != null) {
            return known;
        }
        final Identity[] more = Arrays.copyOf(identities, number + 1);
        more[number] = identity;
        identities = more;
        numbers.put(identity, number);
        return number;
    }

    /** Makes room for a handshake; {@code false} when there are too many. Strangers get three quarters of the room. */
    boolean enter(final boolean known) {
        final int most = known ? limits.handshakes() : limits.handshakes() - limits.handshakes() / 4;
        if (handshakes.incrementAndGet() > most) {
            handshakes.decrementAndGet();
            return false;
        }
        return true;
    }

    /** Gives back the room taken by {@link #enter}. */
    void leave() {
        handshakes.decrementAndGet();
    }

    /** Handshakes under way. */
    int handshakes() {
        return handshakes.get();
    }

    /**
     * What greets somebody who connects.
     *
     * @param trunk trunk that the address belongs to; {@code null} for none
     * @return {@code null} when there is no certificate to show
     */
    ChannelHandler server(final ByteBufAllocator allocator, final String trunk) {
        final TlsContexts.Server server = contexts.server(trunk == null ? "" : trunk);
        if (server == null) {
            return null;
        }
        return server.byName().size() < 2 ? timed(server.usual().newHandler(allocator, workers))
                : new ByName(server::of);
    }

    /** What connects to {@code identity}; {@code null} when there is no such, or nobody is believed. */
    SslHandler client(final ByteBufAllocator allocator, final int identity, final int port) {
        final Identity meant = identities[identity];
        final SslContext context = meant == null ? null : contexts.client(meant.trunk());
        if (context == null) {
            return null;
        }
        return timed(meant.host() == null ? context.newHandler(allocator, workers)
                : context.newHandler(allocator, CertificateNames.canonical(meant.host()), port, workers));
    }

    private SslHandler timed(final SslHandler handler) {
        handler.setHandshakeTimeoutMillis(limits.handshakeMs());
        return handler;
    }

    /** Whether the certificate of a server is for {@code identity}. */
    boolean isServer(final int identity, final SSLSession session) {
        final Identity meant = identities[identity];
        final TlsSettings.OfTrunk of = contexts.settings().of(meant.trunk());
        if (!of.verified()) {
            return true;
        }
        return shows(certificate(session), names(meant));
    }

    /** The names one of which a certificate has to show. */
    private List<String> names(final Identity meant) {
        final TlsSettings.OfTrunk of = contexts.settings().of(meant.trunk());
        return !of.names().isEmpty() ? of.names() : meant.host() != null ? List.of(meant.host()) : of.hosts();
    }

    /** Whether somebody who connected may speak for {@code trunk}, {@code null} for none. */
    boolean isClient(final String trunk, final SSLSession session) {
        final TlsSettings.OfTrunk of = trunk == null ? TlsSettings.USUAL : contexts.settings().of(trunk);
        return !of.certified() || shows(certificate(session), of.names().isEmpty() ? of.hosts() : of.names());
    }

    /** Whether whoever connects from {@code trunk}, {@code null} for none, must show a certificate. */
    boolean certifies(final String trunk) {
        return trunk != null && contexts.settings().of(trunk).certified();
    }

    /** Whether {@code client} could have been connected to as {@code identity} (RFC 5923 section 8.2). */
    boolean isMeant(final int identity, final Client client) {
        final Identity meant = identities[identity];
        return meant != null && meant.trunk().equals(client.trunk()) && shows(client.certificate(), names(meant));
    }

    /** Whose certificate is expected, for people. */
    String expected(final int identity, final String trunk) {
        final Identity meant = identity == 0 ? new Identity(trunk, null) : identities[identity];
        return String.join(", ", names(meant));
    }

    private static boolean shows(final X509Certificate certificate, final List<String> names) {
        return certificate != null && names.stream().anyMatch(name -> CertificateNames.match(certificate, name));
    }

    /** The certificate of the other side; {@code null} when it has shown none. */
    static X509Certificate certificate(final SSLSession session) {
        try {
            final Certificate[] chain = session.getPeerCertificates();
            return chain.length > 0 && chain[0] instanceof final X509Certificate certificate ? certificate : null;
        } catch (final SSLPeerUnverifiedException e) {
            return null;
        }
    }

    /** Tells about a failure, unless one of its kind was told a moment ago. */
    void failed(final String remote, final boolean incoming, final TlsFailure failure, final String reason) {
        final int kind = failure.ordinal();
        final long nowNs = System.nanoTime();
        final long lastNs = reportedNs.get(kind);
        if (lastNs != 0 && nowNs - lastNs < REPORT_NS || !reportedNs.compareAndSet(kind, lastNs, nowNs | 1)) {
            suppressed.incrementAndGet(kind);
        } else {
            reports.failed(remote, incoming, failure, reason, suppressed.getAndSet(kind, 0));
        }
    }

    @Override
    public void close() {
        workers.shutdown();
    }

    /** Looks which host a client wants before it shows a certificate. */
    private final class ByName extends SniHandler {
        ByName(final Mapping<String, SslContext> contexts) {
            super(contexts, MAX_HELLO, limits.handshakeMs());
        }

        @Override
        protected SslHandler newSslHandler(final SslContext context, final ByteBufAllocator allocator) {
            return timed(context.newHandler(allocator, workers));
        }
    }
}
