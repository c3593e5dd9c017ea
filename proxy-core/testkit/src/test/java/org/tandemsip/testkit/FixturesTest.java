package org.tandemsip.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.tandemsip.testkit.wire.WireFormatException;
import org.tandemsip.testkit.wire.WireMessage;

@Timeout(value = 30, unit = TimeUnit.SECONDS)
class FixturesTest {
    private static byte[] invite() {
        return Messages.fill(Messages.INVITE, "uri", "sip:bob@carrier.example", "via", "10.0.0.1:5060", "branch",
                "z9hG4bK1", "callId", "c1", "fromTag", "f1", "cseq", "7");
    }

    @Test
    void shouldSatisfyAStrictReaderWhenFilled() {
        final WireMessage message = WireMessage.parse(invite());

        assertEquals("INVITE", message.method());
        assertEquals(7, message.cseq());
        assertEquals("z9hG4bK1", message.topVia().branch());
    }

    @Test
    void shouldRefuseToLeaveAPlaceholderOpen() {
        assertThrows(IllegalArgumentException.class, () -> Messages.fill(Messages.REQUEST, "method", "BYE"));
    }

    @Test
    void shouldRefuseWhatAStrictReaderWouldNotAccept() {
        final String good = new String(invite(), java.nio.charset.StandardCharsets.ISO_8859_1);
        for (final String bad : new String[] {good.replace("Content-Length: 150", "Content-Length: 151"),
            good.replace("7 INVITE", "7 ACK"), good.replace("Call-ID: c1\r\n", ""),
            good.replace("Call-ID: c1\r\n", "Call-ID: c1\r\ni: c2\r\n"), good.replace("\r\nFrom", "\nFrom")}) {
            assertThrows(WireFormatException.class,
                    () -> WireMessage.parse(bad.getBytes(java.nio.charset.StandardCharsets.ISO_8859_1)), bad);
        }
    }

    @Test
    void shouldMeasureNothingWhenNothingIsAllocatedAndSomethingWhenItIs() {
        final long[] sum = {0};
        final Object[] kept = {null};

        assertEquals(0, AllocationMeter.bytes(10_000, () -> sum[0]++));
        assertTrue(AllocationMeter.bytes(10_000, () -> kept[0] = new byte[64]) >= 10_000 * 64);
    }

    @Test
    void shouldFindTheRootAndAFreePort() {
        assertTrue(Files.exists(Corpora.root().resolve("pom.xml")));
        assertTrue(FreePorts.udpAndTcp("127.0.0.1") > 1_023);
    }

    @Test
    void shouldRunForwardOnlyWhenTheClockIsFake() {
        final FakeClock clock = new FakeClock(-5);

        assertEquals(2_999_995, clock.advanceMs(3).nowNs());
        assertThrows(IllegalArgumentException.class, () -> clock.set(0));
    }
}
