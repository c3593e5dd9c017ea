package org.tandemsip.codec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.Random;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(30)
class IpAddressTest {
    private final IpAddress address = new IpAddress();

    @ParameterizedTest
    @CsvSource({"192.0.2.1, 192.0.2.1", "0.0.0.0, 0.0.0.0", "255.255.255.255, 255.255.255.255", "::, ::", "::1, ::1",
        "[::1], ::1", "2001:DB8::10, 2001:db8::10", "2001:db8:0:0:1:0:0:1, 2001:db8::1:0:0:1",
        "2001:0:0:1:0:0:0:1, 2001:0:0:1::1", "1:2:3:4:5:6:7:8, 1:2:3:4:5:6:7:8", "1:0:3:4:5:6:7:8, 1:0:3:4:5:6:7:8",
        "1::, 1::", "::8, ::8", "[::ffff:192.0.2.10], 192.0.2.10", "64:ff9b::192.0.2.33, 64:ff9b::c000:221",
        "2001:db8::192.0.2.1, 2001:db8::c000:201", "2001:db8:::192.0.2.1, 2001:db8::c000:201",
        "1:2:3:4:5:6:1.2.3.4, 1:2:3:4:5:6:102:304", "0:0:3:4:5:6:0:0, ::3:4:5:6:0:0",
        "1:2:3:4:5:6:7::, 1:2:3:4:5:6:7:0"})
    void shouldReadAndWriteCanonicallyWhenTextIsAnAddress(final String text, final String canonical) {
        assertTrue(address.parse(text), text);
        assertEquals(canonical, IpAddress.toString(address.high(), address.low()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "3402000000", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.04", "1..2.3",
        "1.2.3.4 ",
        ".1.2.3.4", "1.2.3.4.", "1.2.3.-4", "a.b.c.d", ":", ":::", "1:2", "1:2:3:4:5:6:7:8:9", "1::2::3", ":1",
        "1:",
        "12345::", "g::", "[::1", "::1]", "[]", "[1.2.3.4]x", "fe80::1%eth0", "1:2:3:4:5:6:7:1.2.3.4",
        "2001:db8:::1",
        "1:2:3:4:5:6:7:8::", "0x7f.1", "127.1", "2130706433", "[[::1]]", "::1.2.3", "1.2.3.4::"})
    void shouldRefuseWhenTextIsNoAddress(final String text) {
        address.set(1, 2);
        assertFalse(address.parse(text), text);
        assertEquals(1, address.high());
        assertEquals(2, address.low());
    }

    @RepeatedTest(20)
    void shouldComeBackTheSameWhenWrittenAndReadAgain() throws UnknownHostException {
        // given: random groups, many of them zero
        final long seed = new Random().nextLong();
        final Random random = new Random(seed);
        final UnsafeBuffer out = new UnsafeBuffer(ByteBuffer.allocateDirect(64));
        for (int i = 0; i < 500; i++) {
            long high = 0;
            long low = 0;
            for (int group = 0; group < 4; group++) {
                high = high << 16 | (random.nextInt(3) == 0 ? 0 : random.nextInt(0x10000) >>> random.nextInt(16));
                low = low << 16 | (random.nextInt(3) > 0 ? 0 : random.nextInt(0x10000) >>> random.nextInt(16));
            }

            // when
            final String text = IpAddress.toString(high, low);

            // then: our own reading and the JDK's agree
            assertTrue(address.parse(text), text + " of seed " + seed);
            assertEquals(high, address.high(), text);
            assertEquals(low, address.low(), text);
            final byte[] jdk = InetAddress.ofLiteral(text).getAddress();
            if (jdk.length == 16) {
                assertEquals(high, ByteBuffer.wrap(jdk).getLong(0), text);
                assertEquals(low, ByteBuffer.wrap(jdk).getLong(8), text);
            }
            final int end = new AsciiWriter().wrap(out, 0).putAddress(high, low, true).position();
            assertTrue(address.parse(out, 0, end));
            assertEquals(low, address.low());
        }
    }
}
