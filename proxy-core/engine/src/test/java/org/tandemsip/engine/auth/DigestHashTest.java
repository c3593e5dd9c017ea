package org.tandemsip.engine.auth;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.tandemsip.codec.Slice;

/** The examples of RFC 7616 section 3.9.1. */
class DigestHashTest {
    @Test
    void shouldGiveTheResponsesOfRfc7616() {
        assertEquals("753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
                response(DigestAlgorithm.SHA_256));
        assertEquals("8ca523f5e9506fed4657c9700eebdbec", response(DigestAlgorithm.MD5));
    }

    @Test
    void shouldHashSlicesLongerThanItsBuffer() {
        final String text = "0123456789".repeat(100);
        final UnsafeBuffer buffer = new UnsafeBuffer(('x' + text).getBytes(StandardCharsets.US_ASCII));
        final byte[] digits = new byte[32];

        new DigestHash(DigestAlgorithm.MD5).begin().add(buffer, Slice.of(1, text.length())).end(digits);

        assertEquals(hash(DigestAlgorithm.MD5, text), new String(digits, StandardCharsets.US_ASCII));
    }

    private static String response(final DigestAlgorithm algorithm) {
        final String a1 = hash(algorithm, "Mufasa:http-auth@example.org:Circle of Life");
        final String a2 = hash(algorithm, "GET:/dir/index.html");
        return hash(algorithm, a1 + ":7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v:00000001:"
                + "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ:auth:" + a2);
    }

    static String hash(final DigestAlgorithm algorithm, final String text) {
        final byte[] digits = new byte[algorithm.digits()];
        new DigestHash(algorithm).begin().add(text.getBytes(StandardCharsets.UTF_8)).end(digits);
        return new String(digits, StandardCharsets.US_ASCII);
    }
}
