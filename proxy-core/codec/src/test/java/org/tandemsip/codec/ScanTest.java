package org.tandemsip.codec;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Random;
import java.util.function.IntPredicate;
import org.agrona.DirectBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Holds the searches by words to what the same search byte by byte finds. */
@Timeout(60)
class ScanTest {
    private static final String SOME = "\t\r\n !\"#%'*+,-./09:;<=>?@AZ[\\]_`az{|}~\u007f\u0080\u00ff";

    /** A search under test. */
    private interface Search {
        int from(DirectBuffer bytes, int from, int limit);
    }

    @Test
    void shouldEndAtTheFirstByteOfAnotherClassWhereverItStands() {
        agree("host", Scan::host, c -> isAlphanumeric(c) || among("-._", c));
        agree("token", Scan::token, c -> isAlphanumeric(c) || among("-.!%*_+`'~", c));
        agree("digits", Scan::digits, c -> c >= '0' && c <= '9');
        agree("visible", Scan::visible, ScanTest::isVisible);
        agree("value", Scan::value, c -> isVisible(c) && !among("<>\";,", c));
        agree("uri", Scan::uri, c -> isVisible(c) && !among("<>\"", c));
        agree("parameter", (bytes, from, limit) -> Scan.uri(bytes, from, limit, Scan.SEMICOLONS, Scan.QUESTION_MARKS),
                c -> isVisible(c) && !among("<>\";?", c));
        agree("user", (bytes, from, limit) -> Scan.uri(bytes, from, limit, Scan.COLONS, Scan.AT_SIGNS),
                c -> isVisible(c) && !among("<>\":@", c));
    }

    @Test
    void shouldReadANumberWhateverItsLength() {
        final Random random = new Random(3);
        for (int i = 0; i < 20_000; i++) {
            final long number = random.nextLong() >>> 1 >>> random.nextInt(60);
            final String text = (random.nextBoolean() ? "00" : "") + number;
            final DirectBuffer bytes = Wire.bytes("x" + text + (random.nextBoolean() ? "" : ";;;;;;;;"));
            final long max = random.nextBoolean() ? 0xFFFF_FFFFL : 65_535;
            assertEquals(number > max ? -1 : number, Scan.number(bytes, 1, 1 + text.length(), max), text);
            final int bad = random.nextInt(text.length());
            final char c = SOME.charAt(random.nextInt(SOME.length()));
            if (c < '0' || c > '9') {
                final DirectBuffer broken = Wire.bytes(text.substring(0, bad) + c + text.substring(bad + 1));
                assertEquals(-1, Scan.number(broken, 0, text.length(), Long.MAX_VALUE), text + " with " + (int) c);
            }
        }
        assertEquals(-1, Scan.number(Wire.bytes("1"), 1, 1, 9));
    }

    private static void agree(final String name, final Search search, final IntPredicate inClass) {
        // Every byte at every place of a word, in buffers that end right behind the limit or some bytes later.
        for (int size = 1; size <= 19; size++) {
            for (int at = 0; at < size; at++) {
                for (int c = 0; c < 256; c++) {
                    final byte[] content = "0".repeat(size).getBytes(java.nio.charset.StandardCharsets.US_ASCII);
                    content[at] = (byte) c;
                    check(name, search, inClass, content, 0, size);
                }
            }
        }
        final Random random = new Random(name.hashCode());
        for (int i = 0; i < 50_000; i++) {
            final byte[] content = new byte[1 + random.nextInt(30)];
            for (int p = 0; p < content.length; p++) {
                content[p] = (byte) (random.nextInt(3) > 0 ? '1' : SOME.charAt(random.nextInt(SOME.length())));
            }
            final int limit = random.nextInt(content.length + 1);
            check(name, search, inClass, content, random.nextInt(limit + 1), limit);
        }
    }

    private static void check(final String name, final Search search, final IntPredicate inClass, final byte[] content,
            final int from, final int limit) {
        int expected = from;
        while (expected < limit && inClass.test(content[expected] & 0xFF)) {
            expected++;
        }
        final DirectBuffer bytes = Wire.bytes(content);
        assertEquals(expected, search.from(bytes, from, limit),
                () -> name + " from " + from + " to " + limit + " of " + Wire.text(bytes, 0, content.length));
    }

    private static boolean isAlphanumeric(final int c) {
        return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z';
    }

    private static boolean isVisible(final int c) {
        return c > ' ' && c != 0x7F;
    }

    private static boolean among(final String characters, final int c) {
        return characters.indexOf(c) >= 0;
    }
}
