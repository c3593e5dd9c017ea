package org.tandemsip.server.tls;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads PEM files (RFC 7468) as OpenSSL, ACME clients and carriers write them. */
final class PemFile {
    private static final int MAX_BYTES = 4 << 20;
    private static final Pattern BLOCK = Pattern.compile(
            "-----BEGIN ([A-Z0-9 ]+)-----\\s([A-Za-z0-9+/=\\s]*)-----END \\1-----");
    /** AlgorithmIdentifier of rsaEncryption (RFC 8017 appendix A.1). */
    private static final byte[] RSA = {0x30, 0x0d, 0x06, 0x09, 0x2a, (byte) 0x86, 0x48, (byte) 0x86, (byte) 0xf7, 0x0d,
        0x01, 0x01, 0x01, 0x05, 0x00};
    /** Object identifier of id-ecPublicKey (RFC 5480 section 2.1.1). */
    private static final byte[] EC = {0x06, 0x07, 0x2a, (byte) 0x86, 0x48, (byte) 0xce, 0x3d, 0x02, 0x01};
    private static final byte[] VERSION_0 = {0x02, 0x01, 0x00};
    private static final int SEQUENCE = 0x30;
    private static final int OCTET_STRING = 0x04;
    /** Where SEC 1 keeps the curve: {@code [0] EXPLICIT}. */
    private static final int PARAMETERS = 0xa0;

    private PemFile() {}

    /** All certificates of a file, in its order; at least one. */
    static List<X509Certificate> certificates(final Path file) throws TlsFileException {
        final Matcher blocks = BLOCK.matcher(text(file));
        final List<X509Certificate> certificates = new ArrayList<>();
        try {
            final CertificateFactory factory = CertificateFactory.getInstance("X.509");
            while (blocks.find()) {
                if (blocks.group(1).endsWith("CERTIFICATE")) {
                    certificates.add((X509Certificate) factory
                            .generateCertificate(new ByteArrayInputStream(decode(blocks.group(2)))));
                }
            }
        } catch (final CertificateException | IllegalArgumentException e) {
            throw new TlsFileException("holds a broken certificate, number " + (certificates.size() + 1));
        }
        if (certificates.isEmpty()) {
            throw new TlsFileException("holds no certificate in PEM form");
        }
        return List.copyOf(certificates);
    }

    /** The private key of a file: PKCS #8, or what OpenSSL wrote before (PKCS #1, SEC 1). @param algorithm RSA, EC */
    static PrivateKey privateKey(final Path file, final String algorithm) throws TlsFileException {
        final Matcher blocks = BLOCK.matcher(text(file));
        while (blocks.find()) {
            final String kind = blocks.group(1);
            if (!kind.endsWith("PRIVATE KEY")) {
                continue;
            }
            if (kind.startsWith("ENCRYPTED")) {
                throw new TlsFileException("holds a key under a pass phrase; write it without one, readable by the"
                        + " server alone");
            }
            try {
                final byte[] der = decode(blocks.group(2));
                final byte[] pkcs8 = switch (kind) {
                    case "RSA PRIVATE KEY" -> pkcs8(RSA, der);
                    case "EC PRIVATE KEY" -> pkcs8(node(SEQUENCE, join(EC, curve(der))), der);
                    default -> der;
                };
                return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
            } catch (final InvalidKeySpecException e) {
                throw new TlsFileException("holds a key that does not fit the certificate, which has one of kind "
                        + algorithm);
            } catch (final GeneralSecurityException | IllegalArgumentException | IndexOutOfBoundsException e) {
                throw new TlsFileException("holds a broken key");
            }
        }
        throw new TlsFileException("holds no private key in PEM form");
    }

    private static String text(final Path file) throws TlsFileException {
        try {
            if (Files.size(file) > MAX_BYTES) {
                throw new IOException("larger than 4 MiB");
            }
            return Files.readString(file, StandardCharsets.ISO_8859_1);
        } catch (final IOException e) {
            throw new TlsFileException("cannot be read: " + switch (e) {
                case NoSuchFileException _ -> "no such file";
                case AccessDeniedException _ -> "permission denied";
                default -> e.getMessage();
            });
        }
    }

    private static byte[] decode(final String base64) {
        return Base64.getMimeDecoder().decode(base64);
    }

    private static byte[] pkcs8(final byte[] algorithm, final byte[] key) {
        return node(SEQUENCE, join(join(VERSION_0, algorithm), node(OCTET_STRING, key)));
    }

    /** The object identifier inside {@code [0]} of an ECPrivateKey: SEQUENCE, version 1, OCTET STRING, [0]. */
    private static byte[] curve(final byte[] der) {
        int at = 0;
        at += headLength(der, at);
        at += 3;
        at += headLength(der, at) + length(der, at);
        if ((der[at] & 0xff) != PARAMETERS) {
            throw new IllegalArgumentException("names no curve");
        }
        final int start = at + headLength(der, at);
        return java.util.Arrays.copyOfRange(der, start, start + length(der, at));
    }

    private static int headLength(final byte[] der, final int at) {
        return der[at + 1] >= 0 ? 2 : 2 + (der[at + 1] & 0x7f);
    }

    private static int length(final byte[] der, final int at) {
        if (der[at + 1] >= 0) {
            return der[at + 1];
        }
        int length = 0;
        for (int i = 0; i < (der[at + 1] & 0x7f); i++) {
            length = length << 8 | der[at + 2 + i] & 0xff;
        }
        return length;
    }

    private static byte[] node(final int tag, final byte[] content) {
        final ByteArrayOutputStream out = new ByteArrayOutputStream(content.length + 4);
        out.write(tag);
        if (content.length < 0x80) {
            out.write(content.length);
        } else {
            out.write(0x82);
            out.write(content.length >> 8);
            out.write(content.length);
        }
        out.writeBytes(content);
        return out.toByteArray();
    }

    private static byte[] join(final byte[] first, final byte[] second) {
        final byte[] all = java.util.Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, all, first.length, second.length);
        return all;
    }
}
