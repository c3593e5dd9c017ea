package org.tandemsip.server.transport;

import io.netty.handler.ssl.NotSslRecordException;
import io.netty.handler.ssl.SslHandshakeTimeoutException;
import java.nio.channels.ClosedChannelException;
import java.util.Locale;
import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.server.tls.PeerTrust;

/** Why a TLS connection did not come about. */
public enum TlsFailure {
    /** A certificate of the peer is out of date, or not valid yet. */
    EXPIRED(Counter.TLS_EXPIRED),
    /** No authority that we believe vouches for it. */
    UNTRUSTED(Counter.TLS_UNTRUSTED),
    /** It is for somebody else. */
    NAME(Counter.TLS_NAME),
    /** The peer should have shown one and did not. */
    NO_CERTIFICATE(Counter.TLS_NO_CERTIFICATE),
    /** The peer sent an alert: it does not like our certificate, or has no version or cipher in common. */
    REFUSED(Counter.TLS_REFUSED),
    /** What the peer sent is not TLS as we speak it. */
    PROTOCOL(Counter.TLS_PROTOCOL),
    /** What the peer sent is not TLS at all. */
    NOT_TLS(Counter.TLS_NOT_TLS),
    /** It took too long. */
    TIMEOUT(Counter.TLS_TIMEOUT),
    /** The peer went away. */
    CLOSED(Counter.TLS_CLOSED);

    private final Counter counter;

    TlsFailure(final Counter counter) {
        this.counter = counter;
    }

    /** What counts it. */
    Counter counter() {
        return counter;
    }

    /** What {@code failure} of a handshake comes down to. */
    static TlsFailure of(final Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof final PeerTrust.Distrust distrust) {
                return switch (distrust.reason()) {
                    case EXPIRED, NOT_YET_VALID -> EXPIRED;
                    case UNTRUSTED, WRONG_USAGE -> UNTRUSTED;
                };
            }
            if (cause instanceof NotSslRecordException) {
                return NOT_TLS;
            }
            if (cause instanceof SslHandshakeTimeoutException) {
                return TIMEOUT;
            }
            if (cause instanceof ClosedChannelException) {
                return CLOSED;
            }
        }
        return ofText(String.valueOf(failure.getMessage()).toLowerCase(Locale.ROOT));
    }

    /** BoringSSL and the JDK tell by their words alone. */
    private static TlsFailure ofText(final String text) {
        if (text.contains("did_not_return_a_certificate") || text.contains("empty client certificate chain")
                || text.contains("certificate_required")) {
            return NO_CERTIFICATE;
        }
        if (text.contains("connection closed") || text.contains("closed engine") || text.contains("connection reset")) {
            return CLOSED;
        }
        if (text.contains("http_request") || text.contains("not an ssl/tls record")) {
            return NOT_TLS;
        }
        return text.contains("alert") ? REFUSED : PROTOCOL;
    }

    /** The words that say most about {@code failure}. */
    static String reason(final Throwable failure) {
        String reason = String.valueOf(failure.getMessage());
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof PeerTrust.Distrust) {
                return cause.getMessage();
            }
            reason = cause.getMessage() == null ? reason : cause.getMessage();
        }
        return reason;
    }
}
