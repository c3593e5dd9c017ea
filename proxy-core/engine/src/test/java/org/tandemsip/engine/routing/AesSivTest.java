package org.tandemsip.engine.routing;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
class AesSivTest {
    private static final HexFormat HEX = HexFormat.of();

    /** RFC 5297 appendix A.1. */
    @Test
    void shouldMakeOfTheExampleWhatTheRfcSays() {
        // given
        final AesSiv siv = new AesSiv(HEX.parseHex("fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"));
        final byte[] with = HEX.parseHex("101112131415161718191a1b1c1d1e1f2021222324252627");
        final byte[] plain = HEX.parseHex("112233445566778899aabbccddee");
        final byte[] text = new byte[AesSiv.TAG_LENGTH + plain.length];
        System.arraycopy(plain, 0, text, AesSiv.TAG_LENGTH, plain.length);

        // when
        siv.seal(with, with.length, text, plain.length);

        // then
        assertEquals("85632d07c6e8f37f950acd320a2ecc9340c02b9690c4dc04daef7f6afe5c", HEX.formatHex(text));
        assertTrue(siv.open(with, with.length, text, plain.length));
        assertArrayEquals(plain, Arrays.copyOfRange(text, AesSiv.TAG_LENGTH, text.length));
    }

    @Test
    void shouldOpenWhatItHasSealedAndNothingElse() {
        final long seed = 20261123;
        final Random random = new Random(seed);
        final byte[] key = new byte[AesSiv.KEY_LENGTH];
        random.nextBytes(key);
        final AesSiv siv = new AesSiv(key);
        for (int length = 0; length < 130; length++) {
            // given
            final byte[] with = new byte[random.nextInt(40)];
            random.nextBytes(with);
            final byte[] text = new byte[AesSiv.TAG_LENGTH + length];
            random.nextBytes(text);
            final byte[] plain = Arrays.copyOfRange(text, AesSiv.TAG_LENGTH, text.length);

            // when
            siv.seal(with, with.length, text, length);

            // then: any bit that is another is noticed
            final byte[] changed = text.clone();
            changed[random.nextInt(changed.length)] ^= (byte) (1 << random.nextInt(8));
            assertFalse(siv.open(with, with.length, changed, length), "length " + length + ", seed " + seed);
            final byte[] same = text.clone();
            assertTrue(siv.open(with, with.length, same, length), "length " + length + ", seed " + seed);
            assertArrayEquals(plain, Arrays.copyOfRange(same, AesSiv.TAG_LENGTH, same.length));
        }
    }
}
