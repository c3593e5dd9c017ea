package org.tandemsip.server.transport;

import io.netty.channel.ChannelPipeline;
import io.netty.handler.ssl.SniCompletionEvent;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import java.security.cert.X509Certificate;
import org.tandemsip.codec.IpAddress;
import org.tandemsip.engine.handler.Source;
import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.engine.metrics.Counters;

/**
 * The TLS handshake of one connection, from its room among those under way to who is at the other end, and why not.
 * Loop thread only.
 */
final class Handshake {
    /** What an event means for it. */
    enum Result {
        GOES_ON, GOOD, FAILED
    }

    private final Tls tls;
    private final Counters counters;
    private final Source remote;
    private final boolean incoming;
    /** Who a server must be. */
    private final int identity;
    /** Trunk that a client belongs to, {@code null} for none. */
    private final String trunk;
    private boolean over;
    /** What a client has shown that had to show one, else {@code null}. */
    private X509Certificate shown;

    private Handshake(final Tls tls, final Counters counters, final Source remote, final boolean incoming,
            final int identity, final String trunk) {
        this.tls = tls;
        this.counters = counters;
        this.remote = remote;
        this.incoming = incoming;
        this.identity = identity;
        this.trunk = trunk;
    }

    /** With somebody who connected; {@link Tls#enter} has made room for it. */
    static Handshake withClient(final Tls tls, final Counters counters, final Source remote, final String trunk) {
        return new Handshake(tls, counters, remote, true, 0, trunk);
    }

    /** With whom we connect to; {@link Tls#enter} has made room for it. */
    static Handshake withServer(final Tls tls, final Counters counters, final Source remote, final int identity) {
        return new Handshake(tls, counters, remote, false, identity, null);
    }

    /** Takes an event of the pipeline. */
    Result on(final Object event, final ChannelPipeline pipeline) {
        if (event instanceof final SniCompletionEvent hello && !hello.isSuccess()) {
            failed(hello.cause());
            return Result.FAILED;
        }
        if (!(event instanceof final SslHandshakeCompletionEvent completion)) {
            return Result.GOES_ON;
        }
        if (!completion.isSuccess()) {
            failed(completion.cause());
            return Result.FAILED;
        }
        final var session = pipeline.get(SslHandler.class).engine().getSession();
        if (incoming ? !tls.isClient(trunk, session) : !tls.isServer(identity, session)) {
            fail(TlsFailure.NAME, "the certificate is for another name than " + tls.expected(identity, trunk));
            return Result.FAILED;
        }
        shown = incoming && tls.certifies(trunk) ? Tls.certificate(session) : null;
        counters.increment(Counter.TLS_GOOD);
        end();
        return Result.GOOD;
    }

    /** Whom the other side has been shown to be, where it connected and had to show that; else {@code null}. */
    Tls.Client client() {
        return shown == null ? null : new Tls.Client(trunk, shown);
    }

    /** It ended with an exception. */
    void failed(final Throwable cause) {
        fail(TlsFailure.of(cause), TlsFailure.reason(cause));
    }

    /** The other side has gone. */
    void lost() {
        fail(TlsFailure.CLOSED, "the connection was closed");
    }

    private void fail(final TlsFailure failure, final String reason) {
        if (!over) {
            counters.increment(failure.counter());
            tls.failed(address(remote), incoming, failure, reason);
            end();
        }
    }

    /** Gives its room back. */
    void end() {
        if (!over) {
            over = true;
            tls.leave();
        }
    }

    static String address(final Source remote) {
        final String host = IpAddress.toString(remote.addressHigh, remote.addressLow);
        return (host.indexOf(':') < 0 ? host : '[' + host + ']') + ':' + remote.port;
    }
}
