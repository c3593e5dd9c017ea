package org.tandemsip.server.interop;

import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.Base64;
import javax.crypto.Cipher;
import javax.crypto.Mac;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/** SRTP with AES_CM_128_HMAC_SHA1_80 (RFC 3711, RFC 4568), as far as the first 65,536 packets of a stream need it. */
final class Srtp {
    private static final int HEADER = 12;
    private static final int TAG = 10;

    private final byte[] key;
    private final byte[] salt;
    private final byte[] authentication;

    /** @param inline key and salt, in base64, as {@code a=crypto} has them behind {@code inline:} */
    Srtp(final String inline) throws GeneralSecurityException {
        final byte[] master = Base64.getDecoder().decode(inline);
        final byte[] masterKey = Arrays.copyOf(master, 16);
        final byte[] masterSalt = Arrays.copyOfRange(master, 16, 30);
        key = derive(masterKey, masterSalt, 0, 16);
        authentication = derive(masterKey, masterSalt, 1, 20);
        salt = derive(masterKey, masterSalt, 2, 14);
    }

    /** Section 4.3.1, key derivation rate 0. */
    private static byte[] derive(final byte[] key, final byte[] salt, final int label, final int length)
            throws GeneralSecurityException {
        final byte[] iv = Arrays.copyOf(salt, 16);
        iv[7] ^= (byte) label;
        return counterMode(key, iv, new byte[length]);
    }

    private static byte[] counterMode(final byte[] key, final byte[] iv, final byte[] text)
            throws GeneralSecurityException {
        final Cipher cipher = Cipher.getInstance("AES/CTR/NoPadding");
        cipher.init(Cipher.ENCRYPT_MODE, new SecretKeySpec(key, "AES"), new IvParameterSpec(iv));
        return cipher.doFinal(text);
    }

    /** What is sent of an RTP packet. */
    byte[] protect(final byte[] rtp) throws GeneralSecurityException {
        final byte[] packet = Arrays.copyOf(rtp, rtp.length + TAG);
        crypt(packet, rtp.length);
        System.arraycopy(tag(packet, rtp.length), 0, packet, rtp.length, TAG);
        return packet;
    }

    /** The RTP packet in what has arrived; {@code null} when it is not authentic. */
    byte[] open(final byte[] packet) throws GeneralSecurityException {
        final int length = packet.length - TAG;
        if (length < HEADER || !Arrays.equals(tag(packet, length), Arrays.copyOfRange(packet, length, packet.length))) {
            return null;
        }
        crypt(packet, length);
        return Arrays.copyOf(packet, length);
    }

    private void crypt(final byte[] packet, final int length) throws GeneralSecurityException {
        final ByteBuffer iv = ByteBuffer.wrap(Arrays.copyOf(salt, 16));
        iv.putInt(4, iv.getInt(4) ^ ByteBuffer.wrap(packet).getInt(8));
        iv.putShort(12, (short) (iv.getShort(12) ^ ByteBuffer.wrap(packet).getShort(2)));
        final byte[] payload = counterMode(key, iv.array(), Arrays.copyOfRange(packet, HEADER, length));
        System.arraycopy(payload, 0, packet, HEADER, payload.length);
    }

    private byte[] tag(final byte[] packet, final int length) throws GeneralSecurityException {
        final Mac mac = Mac.getInstance("HmacSHA1");
        mac.init(new SecretKeySpec(authentication, "HmacSHA1"));
        mac.update(packet, 0, length);
        return Arrays.copyOf(mac.doFinal(new byte[4]), TAG);
    }
}
