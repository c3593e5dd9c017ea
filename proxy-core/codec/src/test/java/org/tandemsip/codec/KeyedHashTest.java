package org.tandemsip.codec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.nio.ByteOrder;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(30)
class KeyedHashTest {
    private static final long KEY_0 = 0x0706050403020100L;
    private static final long KEY_1 = 0x0F0E0D0C0B0A0908L;

    private final KeyedHash hash = new KeyedHash(KEY_0, KEY_1);

    /**
     * SipHash-1-3 of the bytes 0, 1, 2, ... under the key 0 to 15, as its authors' reference implementation gives it.
     */
    @ParameterizedTest
    @CsvSource({"0, abac0158050fc4dc", "8, 369095118d299a8e", "16, cc4fdd1a7d908b66", "24, f464aeb267349c8c",
        "56, b4bcc0db243c6d75", "64, f17997ec4b4a6065"})
    void shouldAgreeWithTheReferenceWhenWordsAreAdded(final int length, final String expected) {
        final byte[] input = new byte[64];
        for (int i = 0; i < input.length; i++) {
            input[i] = (byte) i;
        }
        final UnsafeBuffer bytes = Wire.bytes(input);
        hash.begin();
        for (int p = 0; p < length; p += 8) {
            hash.add(bytes.getLong(p, ByteOrder.LITTLE_ENDIAN));
        }
        assertEquals(Long.parseUnsignedLong(expected, 16), hash.end());
    }

    @Test
    void shouldHashARangeAsItsLengthAndItsWordsWhereverItStands() {
        final UnsafeBuffer bytes = Wire.bytes("xabcdefghijk");
        final long expected = hash.begin().add(11).add(0x6867666564636261L).add(0x6B6A69L).end();
        assertEquals(expected, hash.begin().add(bytes, 1, 11).end());
        assertEquals(expected, hash.begin().add(Wire.bytes("abcdefghijk........."), 0, 11).end());
        assertEquals(expected, hash.begin().addSlice(bytes, Slice.of(1, 11)).end());
    }

    @Test
    void shouldTellNeighboursApart() {
        final UnsafeBuffer bytes = Wire.bytes("aab\0");
        assertNotEquals(hash.begin().add(bytes, 0, 1).add(bytes, 1, 2).end(),
                hash.begin().add(bytes, 0, 2).add(bytes, 2, 1).end());
        assertNotEquals(hash.begin().add(bytes, 2, 1).end(), hash.begin().add(bytes, 2, 2).end());
        assertNotEquals(hash.begin().addSlice(bytes, Slice.NONE).end(), hash.begin().add(bytes, 0, 0).end());
        assertNotEquals(hash.begin().add(1).end(), new KeyedHash(KEY_0, KEY_1 + 1).add(1).end());
    }

    @Test
    void shouldFoldLettersAndNothingElseWhenLowerCaseIsAsked() {
        for (int c = 0; c < 256; c++) {
            final String lower = String.valueOf((char) Scan.lower(c));
            final String text = "Host" + (char) c + ".EXAMPLE";
            assertEquals(hash.begin().add(Wire.bytes("host" + lower + ".example"), 0, 13).end(),
                    hash.begin().addLowerCase(Wire.bytes(text), 0, 13).end(), "character " + c);
        }
    }
}
