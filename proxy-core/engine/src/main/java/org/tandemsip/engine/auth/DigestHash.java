package org.tandemsip.engine.auth;

import java.security.DigestException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import org.agrona.DirectBuffer;
import org.tandemsip.codec.Slice;

/**
 * Computes the hashes of Digest authentication: fields joined by colons, the result in lower-case hexadecimal digits
 * (RFC 7616 section 3.4). Used again and again without allocation by one thread.
 */
public final class DigestHash {
    private static final byte[] DIGITS = "0123456789abcdef".getBytes(java.nio.charset.StandardCharsets.US_ASCII);
    private static final int CHUNK = 256;

    private final MessageDigest digest;
    private final byte[] chunk = new byte[CHUNK];
    private final byte[] hash;

    /** Makes one for {@code algorithm}, which every Java platform has. */
    public DigestHash(final DigestAlgorithm algorithm) {
        try {
            digest = MessageDigest.getInstance(algorithm.token());
        } catch (final NoSuchAlgorithmException e) {
            throw new IllegalStateException("this Java has no " + algorithm.token(), e);
        }
        hash = new byte[algorithm.digits() / 2];
    }

    /** Starts anew. */
    public DigestHash begin() {
        digest.reset();
        return this;
    }

    /** Adds bytes. */
    public DigestHash add(final byte[] bytes) {
        digest.update(bytes);
        return this;
    }

    /** Adds the first {@code length} bytes. */
    public DigestHash add(final byte[] bytes, final int length) {
        digest.update(bytes, 0, length);
        return this;
    }

    /** Adds the bytes of a slice. */
    public DigestHash add(final DirectBuffer bytes, final long slice) {
        final int end = Slice.end(slice);
        for (int from = Slice.offset(slice); from < end; from += CHUNK) {
            final int length = Math.min(CHUNK, end - from);
            bytes.getBytes(from, chunk, 0, length);
            digest.update(chunk, 0, length);
        }
        return this;
    }

    /** Adds the colon between two fields. */
    public DigestHash colon() {
        digest.update((byte) ':');
        return this;
    }

    /** Ends; writes the digits of the hash to {@code digits}, which has room for them. */
    public void end(final byte[] digits) {
        try {
            digest.digest(hash, 0, hash.length);
        } catch (final DigestException e) {
            throw new IllegalStateException("a hash has another size than its algorithm says", e);
        }
        for (int i = 0; i < hash.length; i++) {
            digits[2 * i] = DIGITS[hash[i] >> 4 & 15];
            digits[2 * i + 1] = DIGITS[hash[i] & 15];
        }
    }
}
