package org.tandemsip.codec;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

class HexTest {
    private final UnsafeBuffer buffer = new UnsafeBuffer(new byte[16]);

    @Test
    void shouldReadWhatWasWritten() {
        final SplittableRandom random = new SplittableRandom(1);
        for (int i = 0; i < 100_000; i++) {
            final long number = random.nextLong() >>> 32 + random.nextInt(32);
            new AsciiWriter().wrap(buffer, 3).putHex(number, 8);

            assertEquals(number, Hex.parse8(buffer, 3), Long.toHexString(number));
        }
    }

    @Test
    void shouldReadNothingElse() {
        for (int at = 0; at < 8; at++) {
            for (int character = 0; character < 256; character++) {
                final byte[] text = "89abcdef".getBytes(StandardCharsets.US_ASCII);
                text[at] = (byte) character;
                buffer.putBytes(0, text);
                final boolean digit = character >= '0' && character <= '9' || character >= 'a' && character <= 'f';

                assertEquals(digit ? Long.parseLong(new String(text, StandardCharsets.US_ASCII), 16) : Hex.NONE,
                        Hex.parse8(buffer, 0), "character " + character + " at " + at);
            }
        }
    }
}
