package org.tandemsip.perf.load;

import java.io.IOException;
import java.io.UncheckedIOException;
import org.tandemsip.codec.Transport;
import org.tandemsip.server.tls.Credentials;

/** A certificate for all tests: to make one takes a second. */
final class TestCertificates {
    private static final class Lazy {
        private static final Credentials OWN = make();

        private static Credentials make() {
            try {
                return OwnCertificate.make();
            } catch (final IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private TestCertificates() {}

    static Credentials own() {
        return Lazy.OWN;
    }

    /** Both ends of TLS that believe anybody; {@code null} for other transports. */
    static TlsEnds ends(final Transport transport) {
        try {
            return transport == Transport.TLS ? new TlsEnds(own(), null, null) : null;
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
