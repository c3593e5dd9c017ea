package org.tandemsip.engine.routing;

import java.security.GeneralSecurityException;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.spec.SecretKeySpec;

/**
 * AES-SIV (RFC 5297) with 128-bit keys: encrypts and authenticates, and the same text under the same key gives the same
 * bytes, so that a retransmission looks as the message did. Nobody who is without the key learns more than whether two
 * texts are the same, and whatever was changed is noticed.
 *
 * <pre>
 *   associated data --+
 *   plain text -------+--> S2V (CMAC) --> V (16 bytes) --+--> V | C
 *                     +--> CTR, starting at V -----------+
 * </pre>
 *
 * Allocates nothing. Not thread-safe.
 */
final class AesSiv {
    /** Bytes that a cipher text is longer than its plain text. */
    static final int TAG_LENGTH = 16;
    /** Bytes of a key. */
    static final int KEY_LENGTH = 32;

    private static final int BLOCK = 16;
    private static final byte[] ZERO = new byte[BLOCK];
    private static final byte REDUCTION = (byte) 0x87;

    private final Cipher mac;
    private final Cipher counter;
    private final byte[] subkey1 = new byte[BLOCK];
    private final byte[] subkey2 = new byte[BLOCK];
    private final byte[] chain = new byte[BLOCK];
    private final byte[] sum = new byte[BLOCK];
    private final byte[] padded = new byte[BLOCK];
    private final byte[] count = new byte[BLOCK];
    private final byte[] stream = new byte[BLOCK];

    /** @param key {@link #KEY_LENGTH} bytes */
    AesSiv(final byte[] key) {
        try {
            mac = cipher(key, 0);
            counter = cipher(key, BLOCK);
            mac.update(ZERO, 0, BLOCK, subkey1, 0);
            doubled(subkey1);
            System.arraycopy(subkey1, 0, subkey2, 0, BLOCK);
            doubled(subkey2);
        } catch (final GeneralSecurityException e) {
            throw new IllegalStateException("every Java platform has AES", e);
        }
    }

    private static Cipher cipher(final byte[] key, final int offset) throws GeneralSecurityException {
        // One block at a time: SIV is built from the block cipher itself.
        final Cipher cipher = Cipher.getInstance("AES/ECB/NoPadding");
        cipher.init(Cipher.ENCRYPT_MODE, new SecretKeySpec(key, offset, BLOCK, "AES"));
        return cipher;
    }

    /**
     * Encrypts {@code text[TAG_LENGTH, TAG_LENGTH + length)} where it stands, and puts the tag in front of it.
     *
     * @param with associated data, {@code withLength} bytes of it
     */
    void seal(final byte[] with, final int withLength, final byte[] text, final int length) {
        s2v(with, withLength, text, length);
        System.arraycopy(sum, 0, text, 0, TAG_LENGTH);
        crypt(text, length);
    }

    /**
     * Decrypts what {@link #seal} has made, where it stands.
     *
     * @param length of the plain text
     * @return whether it is what was sealed; if not, the text means nothing
     */
    boolean open(final byte[] with, final int withLength, final byte[] text, final int length) {
        crypt(text, length);
        s2v(with, withLength, text, length);
        int differences = 0;
        for (int i = 0; i < TAG_LENGTH; i++) {
            differences |= sum[i] ^ text[i];
        }
        return differences == 0;
    }

    /** CTR mode, from the tag on with two bits of it cleared (section 2.5). */
    private void crypt(final byte[] text, final int length) {
        System.arraycopy(text, 0, count, 0, BLOCK);
        count[8] &= 0x7F;
        count[12] &= 0x7F;
        for (int at = 0; at < length; at += BLOCK) {
            block(counter, count, stream);
            for (int i = 0; i < BLOCK && at + i < length; i++) {
                text[TAG_LENGTH + at + i] ^= stream[i];
            }
            for (int i = BLOCK - 1; i >= 0 && ++count[i] == 0; i--) {
                // Carried on into the next higher byte.
            }
        }
    }

    /** Section 2.4, with one string of associated data; the result is in {@link #sum}. */
    private void s2v(final byte[] with, final int withLength, final byte[] text, final int length) {
        cmac(ZERO, 0, BLOCK, null);
        System.arraycopy(chain, 0, sum, 0, BLOCK);
        doubled(sum);
        cmac(with, 0, withLength, null);
        xor(sum, chain);
        if (length >= BLOCK) {
            cmac(text, TAG_LENGTH, length, sum);
        } else {
            doubled(sum);
            Arrays.fill(padded, (byte) 0);
            System.arraycopy(text, TAG_LENGTH, padded, 0, length);
            padded[length] = (byte) 0x80;
            xor(padded, sum);
            cmac(padded, 0, BLOCK, null);
        }
        System.arraycopy(chain, 0, sum, 0, BLOCK);
    }

    /**
     * CMAC (RFC 4493) into {@link #chain}.
     *
     * @param atEnd what the last 16 bytes are to be combined with first, or {@code null}
     */
    private void cmac(final byte[] bytes, final int offset, final int length, final byte[] atEnd) {
        Arrays.fill(chain, (byte) 0);
        final int blocks = Math.max(1, (length + BLOCK - 1) / BLOCK);
        for (int b = 0; b < blocks; b++) {
            final boolean last = b == blocks - 1;
            final int size = Math.min(BLOCK, length - b * BLOCK);
            for (int i = 0; i < size; i++) {
                final int at = b * BLOCK + i;
                byte value = bytes[offset + at];
                if (atEnd != null && at >= length - BLOCK) {
                    value ^= atEnd[at - (length - BLOCK)];
                }
                chain[i] ^= value;
            }
            if (last && size == BLOCK) {
                xor(chain, subkey1);
            } else if (last) {
                chain[size] ^= (byte) 0x80;
                xor(chain, subkey2);
            }
            block(mac, chain, stream);
            System.arraycopy(stream, 0, chain, 0, BLOCK);
        }
    }

    private static void block(final Cipher cipher, final byte[] in, final byte[] out) {
        try {
            cipher.update(in, 0, BLOCK, out, 0);
        } catch (final GeneralSecurityException e) {
            throw new IllegalStateException("a whole block always fits", e);
        }
    }

    /** Multiplies by x in GF(2^128) (RFC 5297 section 2.3). */
    private static void doubled(final byte[] value) {
        final boolean carry = value[0] < 0;
        for (int i = 0; i < BLOCK - 1; i++) {
            value[i] = (byte) (value[i] << 1 | value[i + 1] >>> 7 & 1);
        }
        value[BLOCK - 1] = (byte) (value[BLOCK - 1] << 1);
        if (carry) {
            value[BLOCK - 1] ^= REDUCTION;
        }
    }

    private static void xor(final byte[] into, final byte[] other) {
        for (int i = 0; i < BLOCK; i++) {
            into[i] ^= other[i];
        }
    }
}
