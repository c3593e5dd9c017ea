package org.tandemsip.engine.routing;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.tandemsip.codec.AsciiWriter;
import org.tandemsip.engine.handler.ShardContext;

/**
 * Pieces of a message in a form that says nothing to whoever carries them and comes back unchanged or not at all:
 * AES-SIV under a key made from the token key, in the letters of base64url (RFC 4648 section 5), which may stand in any
 * parameter of a URI or Via. The same piece gives the same token, before and after a restart and on another node with
 * the same token key. Shard thread only.
 */
public final class TopologyTokens {
    /** What a token stands for: one made for one purpose is worth nothing for another. */
    public enum Kind {
        /** Via rows below ours. */
        VIA('v'),
        /** Record-Route values below our first. */
        ROUTE('r'),
        /** URI of a Contact. */
        CONTACT('c'),
        /** Users of From and To. */
        NAMES('n');

        private final char letter;

        Kind(final char letter) {
            this.letter = letter;
        }

        /** First character of its tokens. */
        public char letter() {
            return letter;
        }
    }

    /** Most bytes of a piece. */
    public static final int MAX_PLAIN = 8_192;

    private static final byte[] DIGITS =
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] VALUES = values();

    private final AesSiv siv;
    private final byte[] text = new byte[AesSiv.TAG_LENGTH + MAX_PLAIN];
    private final byte[] with = new byte[1 + 256];

    /** Uses the token key of {@code keys}. */
    public TopologyTokens(final ShardContext.Keys keys) {
        siv = new AesSiv(key(keys));
    }

    private static byte[] key(final ShardContext.Keys keys) {
        try {
            final byte[] secret = new byte[16];
            for (int i = 0; i < 8; i++) {
                secret[i] = (byte) (keys.token0() >>> 8 * i);
                secret[8 + i] = (byte) (keys.token1() >>> 8 * i);
            }
            final Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(secret, "HmacSHA256"));
            return mac.doFinal("tandem topology tokens".getBytes(StandardCharsets.US_ASCII));
        } catch (final GeneralSecurityException e) {
            throw new IllegalStateException("every Java platform has HmacSHA256", e);
        }
    }

    private static byte[] values() {
        final byte[] values = new byte[128];
        java.util.Arrays.fill(values, (byte) -1);
        for (int i = 0; i < DIGITS.length; i++) {
            values[DIGITS[i]] = (byte) i;
        }
        return values;
    }

    /** Characters of the token for {@code length} bytes. */
    public static int length(final int length) {
        return 1 + ((AesSiv.TAG_LENGTH + length) * 8 + 5) / 6;
    }

    /**
     * Writes the token of a piece.
     *
     * @param callId what it is bound to, {@code bytes[callIdOffset, callIdOffset + callIdLength)}; 0 bytes for nothing
     * @return whether it was short enough
     */
    public boolean write(final AsciiWriter out, final Kind kind, final DirectBuffer bytes, final int offset,
            final int length, final int callIdOffset, final int callIdLength) {
        if (length > MAX_PLAIN) {
            return false;
        }
        bytes.getBytes(offset, text, AesSiv.TAG_LENGTH, length);
        siv.seal(with, bind(kind, bytes, callIdOffset, callIdLength), text, length);
        out.put(kind.letter);
        final int end = AesSiv.TAG_LENGTH + length;
        int buffer = 0;
        int bits = 0;
        for (int i = 0; i < end; i++) {
            buffer = buffer << 8 | text[i] & 0xFF;
            bits += 8;
            while (bits >= 6) {
                bits -= 6;
                out.put((char) DIGITS[buffer >>> bits & 0x3F]);
            }
            buffer &= (1 << bits) - 1;
        }
        if (bits > 0) {
            out.put((char) DIGITS[buffer << 6 - bits & 0x3F]);
        }
        return true;
    }

    /**
     * Reads a token.
     *
     * @param into takes the piece from index 0
     * @return its length in bytes; -1 when this is no token of ours, of that kind and bound to that
     */
    public int read(final Kind kind, final DirectBuffer bytes, final int start, final int end, final int callIdOffset,
            final int callIdLength, final MutableDirectBuffer into) {
        final int digits = end - start - 1;
        final int length = (int) (digits * 6L / 8) - AesSiv.TAG_LENGTH;
        if (length < 0 || length > MAX_PLAIN || length(length) != end - start || bytes.getByte(start) != kind.letter) {
            return -1;
        }
        int buffer = 0;
        int bits = 0;
        int at = 0;
        for (int i = start + 1; i < end; i++) {
            final byte digit = bytes.getByte(i);
            final int value = digit < 0 ? -1 : VALUES[digit];
            if (value < 0) {
                return -1;
            }
            buffer = buffer << 6 | value;
            bits += 6;
            if (bits >= 8) {
                bits -= 8;
                text[at++] = (byte) (buffer >>> bits);
                buffer &= (1 << bits) - 1;
            }
        }
        // One way only to write it: what is left of the last character has to be nothing.
        if (buffer != 0 || !siv.open(with, bind(kind, bytes, callIdOffset, callIdLength), text, length)) {
            return -1;
        }
        into.putBytes(0, text, AesSiv.TAG_LENGTH, length);
        return length;
    }

    /** A Call-ID is no longer than its limit allows; of one that is, as much as there is room for. */
    private int bind(final Kind kind, final DirectBuffer bytes, final int callIdOffset, final int callIdLength) {
        final int length = Math.min(callIdLength, with.length - 1);
        with[0] = (byte) kind.letter;
        bytes.getBytes(callIdOffset, with, 1, length);
        return 1 + length;
    }
}
