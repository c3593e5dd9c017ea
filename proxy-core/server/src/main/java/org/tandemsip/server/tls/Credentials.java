package org.tandemsip.server.tls;

import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Optional;

/**
 * A certificate of ours with its key.
 *
 * @param file  file of the certificate, for people
 * @param chain the certificate, then those that vouch for it
 * @param key   its private key
 */
public record Credentials(Path file, List<X509Certificate> chain, PrivateKey key) {
    /** How long before its end a certificate is worth a warning: what ACME clients leave when all is well is longer. */
    private static final long SOON_SECONDS = 21L * 24 * 3_600;
    private static final DateTimeFormatter DATE =
            DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm 'UTC'").withZone(ZoneOffset.UTC);

    /** Reads the certificate and what follows it in its file. */
    public static List<X509Certificate> chain(final Path certificateFile) throws TlsFileException {
        return PemFile.certificates(certificateFile);
    }

    /**
     * Reads the key of a certificate and tries it.
     *
     * @throws TlsFileException about the file of the key
     */
    public static Credentials of(final Path certificateFile, final List<X509Certificate> chain, final Path keyFile)
            throws TlsFileException {
        final String algorithm = chain.getFirst().getPublicKey().getAlgorithm();
        final PrivateKey key = PemFile.privateKey(keyFile, algorithm);
        try {
            if (!fits(key, chain.getFirst(), algorithm)) {
                throw new TlsFileException("holds a key that does not fit the certificate");
            }
        } catch (final GeneralSecurityException e) {
            throw new TlsFileException("holds a key that does not fit the certificate: " + e.getMessage());
        }
        return new Credentials(certificateFile, chain, key);
    }

    private static boolean fits(final PrivateKey key, final X509Certificate certificate, final String algorithm)
            throws GeneralSecurityException {
        final byte[] text = "does the key fit".getBytes(java.nio.charset.StandardCharsets.US_ASCII);
        final Signature signature = Signature.getInstance(switch (algorithm) {
            case "RSA" -> "SHA256withRSA";
            case "EC" -> "SHA256withECDSA";
            default -> algorithm;
        });
        signature.initSign(key);
        signature.update(text);
        final byte[] signed = signature.sign();
        signature.initVerify(certificate.getPublicKey());
        signature.update(text);
        return signature.verify(signed);
    }

    /** The certificate itself. */
    public X509Certificate certificate() {
        return chain.getFirst();
    }

    /** What is wrong with the times of the certificate or is about to be, for people. */
    public Optional<String> warning(final Instant now) {
        final Instant from = certificate().getNotBefore().toInstant();
        final Instant to = certificate().getNotAfter().toInstant();
        if (now.isAfter(to)) {
            return Optional.of("certificate '" + file + "' expired on " + DATE.format(to) + "; peers refuse it");
        }
        if (now.isBefore(from)) {
            return Optional.of("certificate '" + file + "' is not valid before " + DATE.format(from));
        }
        final long seconds = to.getEpochSecond() - now.getEpochSecond();
        return seconds > SOON_SECONDS ? Optional.empty()
                : Optional.of("certificate '" + file + "' expires in " + days(seconds) + ", on " + DATE.format(to));
    }

    private static String days(final long seconds) {
        final long days = seconds / 86_400;
        return days == 0 ? "less than a day" : days == 1 ? "1 day" : days + " days";
    }

    /** Without the key. */
    @Override
    public String toString() {
        return "Credentials[" + file + "]";
    }
}
