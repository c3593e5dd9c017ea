package org.tandemsip.engine.auth;

import java.nio.charset.StandardCharsets;
import java.util.Locale;

/** Hash functions of Digest authentication (RFC 8760 section 2.1), the session variants and SHA-512-256 left out. */
public enum DigestAlgorithm {
    /** The better one first. */
    SHA_256("SHA-256", 32), MD5("MD5", 16);

    private final String token;
    private final byte[] bytes;
    private final byte[] lowerCase;
    private final int digits;

    DigestAlgorithm(final String token, final int hashBytes) {
        this.token = token;
        this.lowerCase = token.toLowerCase(Locale.ROOT).getBytes(StandardCharsets.US_ASCII);
        this.bytes = token.getBytes(StandardCharsets.US_ASCII);
        this.digits = 2 * hashBytes;
    }

    /** As written in a challenge, and as the JDK calls it. */
    public String token() {
        return token;
    }

    /** Hexadecimal digits of a hash. */
    public int digits() {
        return digits;
    }

    byte[] bytes() {
        return bytes;
    }

    byte[] lowerCase() {
        return lowerCase;
    }
}
