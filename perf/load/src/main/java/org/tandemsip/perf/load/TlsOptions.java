package org.tandemsip.perf.load;

import java.io.IOException;
import java.nio.file.Path;
import javax.net.ssl.SSLException;
import org.tandemsip.codec.IpAddress;
import org.tandemsip.server.tls.Credentials;
import org.tandemsip.server.tls.TlsFileException;
import org.tandemsip.server.tls.TrustAnchors;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Certificates on the command line. */
final class TlsOptions {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Option(names = "--tls-ca", paramLabel = "FILE",
            description = "Authorities that are believed about the target, PEM; default: those of the machine. Its"
                    + " certificate must be for the host of --target, unless that is an address.")
    private Path ca;

    @Option(names = "--tls-insecure", description = "Believe any certificate.")
    private boolean insecure;

    @Option(names = "--tls-cert", paramLabel = "FILE",
            description = "Certificate of the answerer, PEM, which the caller shows, too, where it is asked for one;"
                    + " default: one made for this run, which nobody vouches for. The proxy must believe it (as a"
                    + " trunk with tls: {verify: none} does).")
    private Path certificate;

    @Option(names = "--tls-key", paramLabel = "FILE", description = "Its private key, PEM.")
    private Path key;

    private TlsEnds ends;

    /** What the options say, read once; {@code target} is HOST:PORT. An error of the user's is told as such. */
    TlsEnds ends(final String target) {
        if (ends == null) {
            ends = read(target);
        }
        return ends;
    }

    /** Refuses these options where there is no TLS. */
    void refuseAny() {
        if (ca != null || insecure || certificate != null || key != null) {
            throw new ParameterException(spec.commandLine(), "--tls-... options are for --transport tls");
        }
    }

    private TlsEnds read(final String target) {
        if ((certificate == null) != (key == null)) {
            throw new ParameterException(spec.commandLine(), "--tls-cert and --tls-key belong together");
        }
        if (insecure && ca != null) {
            throw new ParameterException(spec.commandLine(), "--tls-insecure believes anybody, --tls-ca does not");
        }
        final String host = target.substring(0, target.lastIndexOf(':'));
        final boolean named = !new IpAddress().parse(host);
        try {
            return new TlsEnds(own(), insecure ? null : trusted(), named && !insecure ? host : null);
        } catch (final SSLException e) {
            throw new ParameterException(spec.commandLine(), "--tls-cert: " + e.getMessage(), e);
        } catch (final IOException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage() + "; give one by --tls-cert", e);
        }
    }

    private TrustAnchors trusted() {
        if (ca == null) {
            return TrustAnchors.system();
        }
        try {
            return TrustAnchors.of(ca);
        } catch (final TlsFileException e) {
            throw new ParameterException(spec.commandLine(), "--tls-ca: file '" + ca + "' " + e.getMessage(), e);
        }
    }

    private Credentials own() throws IOException {
        if (certificate == null) {
            return OwnCertificate.make();
        }
        Path file = certificate;
        try {
            final var chain = Credentials.chain(certificate);
            file = key;
            return Credentials.of(certificate, chain, key);
        } catch (final TlsFileException e) {
            throw new ParameterException(spec.commandLine(), "file '" + file + "' " + e.getMessage(), e);
        }
    }
}
