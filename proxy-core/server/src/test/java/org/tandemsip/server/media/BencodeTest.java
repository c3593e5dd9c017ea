package org.tandemsip.server.media;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
class BencodeTest {
    private static final byte[][] KEYS = {ascii("result"), ascii("sdp")};
    private final byte[][] values = new byte[2][];

    @Test
    void shouldReadTheStringsAskedForAndPassOverTheRest() {
        // given: what rtpengine says of a call that it has deleted, in short
        final String text = "d7:createdi17e4:tagsd1:ad6:result3:bad6:mediasld4:porti-1eeeee6:result2:ok3:sdp3:v=0e";

        // then
        assertTrue(read(text));
        assertArrayEquals(ascii("ok"), values[0]);
        assertArrayEquals(ascii("v=0"), values[1]);
    }

    @Test
    void shouldNotTakeWhatIsNoStringForOne() {
        assertTrue(read("d6:resulti1e3:sdpl1:aee"));
        assertNull(values[0]);
        assertNull(values[1]);
    }

    @Test
    void shouldRefuseWhatIsNoDictionary() {
        for (final String text : List.of("", "e", "i1e", "2:ok", "le", "d", "d6:result", "d6:resulte", "d6:result2:ok",
                "d6:result3:oke", "di1e2:oke", "dd1:a1:bee", "d6:result2:okee", "d6:result2:oke ", "d6:result-1:oke",
                "d6:resultie", "d6:resulti-e", "d1:ai1", "d6:result99999999:oke", "d6:result999999:oke",
                "d1:a2147483648:e",
                "d6result2:oke", "d:2:oke", "d1:ale")) {
            assertFalse(read(text), text);
        }
    }

    @Test
    void shouldEndWhenThingsStandTooDeepInOneAnother() {
        assertFalse(read("d1:a" + "l".repeat(50_000)));
        assertFalse(read("d1:a" + "l".repeat(30) + "e".repeat(30) + "e"));
        assertTrue(read("d1:a" + "l".repeat(20) + "e".repeat(20) + "e"));
    }

    @Test
    void shouldNeitherFailNorHangWhateverComes() {
        final long seed = System.nanoTime();
        final SplittableRandom random = new SplittableRandom(seed);
        final String good = "d4:tagsd1:al2:xyi-12eee6:result2:ok3:sdp5:v=0\r\ne";
        for (int i = 0; i < 200_000; i++) {
            final byte[] bytes = ascii(good);
            for (int change = random.nextInt(1, 4); change > 0; change--) {
                bytes[random.nextInt(bytes.length)] = (byte) "dlie:0123456789-x".charAt(random.nextInt(17));
            }
            try {
                Bencode.read(bytes, 0, random.nextInt(bytes.length + 1), KEYS, values);
            } catch (final RuntimeException e) {
                throw new AssertionError("seed " + seed + ": " + new String(bytes, StandardCharsets.US_ASCII), e);
            }
        }
    }

    @Test
    void shouldWriteWhatItReads() {
        // given
        final ByteBuffer out = ByteBuffer.allocate(200);

        // when
        out.put((byte) 'd');
        Bencode.put(out, "result");
        Bencode.put(out, "Grüße");
        Bencode.put(out, "list");
        Bencode.put(out, List.of("a", "bc"));
        Bencode.put(out, "number");
        Bencode.put(out, -7);
        out.put((byte) 'e');

        // then
        final String text = new String(out.array(), 0, out.position(), StandardCharsets.UTF_8);
        assertEquals("d6:result7:Grüße4:listl1:a2:bce6:numberi-7ee", text);
        assertTrue(Bencode.read(out.array(), 0, out.position(), KEYS, values));
        assertEquals("Grüße", new String(values[0], StandardCharsets.UTF_8));
    }

    private boolean read(final String text) {
        return Bencode.read(ascii(text), 0, text.length(), KEYS, values);
    }

    private static byte[] ascii(final String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
