package org.tandemsip.engine.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.tandemsip.codec.Method;
import org.tandemsip.codec.Transport;

/** What is counted per loop and per trunk. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class TrafficTest {
    private static int kindOf(final String text) {
        final byte[] bytes = ("xx" + text).getBytes(StandardCharsets.US_ASCII);
        return Traffic.kindOf(new UnsafeBuffer(bytes), 2, bytes.length - 2);
    }

    @Test
    void shouldTellMethodsByTheFirstBytes() {
        for (final Method method : Method.values()) {
            assertEquals(method.ordinal(), kindOf(method.name() + " sip:a@b.example SIP/2.0"), method.name());
            assertEquals(Method.EXTENSION.ordinal(), kindOf(method.name() + "X sip:a@b.example SIP/2.0"));
        }
        assertEquals(Traffic.RESPONSE, kindOf("SIP/2.0 200 OK"));
        assertEquals(Method.EXTENSION.ordinal(), kindOf("BYE"));
        assertEquals(Method.EXTENSION.ordinal(), kindOf("invite sip:a@b.example SIP/2.0"));
    }

    @Test
    void shouldPutEachDurationIntoOneBucket() {
        // given
        final Traffic traffic = new Traffic();

        // when
        traffic.forwarded(0, 10_000);
        traffic.forwarded(0, 10_001);
        traffic.forwarded(0, 5_000_000_000L);
        traffic.sent(Transport.WSS, Traffic.RESPONSE);

        // then
        assertEquals(1, traffic.forwardedCount(0, 0));
        assertEquals(1, traffic.forwardedCount(0, 1));
        assertEquals(1, traffic.forwardedCount(0, Traffic.BOUNDS.length));
        assertEquals(5_000_020_001L, traffic.forwardedNs(0));
        assertEquals(1, traffic.sentCount(Transport.WSS, Traffic.RESPONSE));
        assertEquals(0, traffic.receivedCount(Transport.WSS, Traffic.RESPONSE));
    }

    @Test
    void shouldCountResponsesByCodeAndByClass() {
        // given
        final ResponseCounts counts = new ResponseCounts();

        // when: one known code, one that nobody has registered, and what is no code
        counts.count(true, 486);
        counts.count(true, 499);
        counts.count(false, 200);
        counts.count(true, 700);
        counts.count(true, 0);

        // then
        assertEquals(1, counts.code(true, 486));
        assertEquals(2, counts.ofClass(true, 4));
        assertEquals(0, counts.ofClass(false, 4));
        assertEquals(1, counts.ofClass(false, 2));
    }

    @Test
    void shouldSayHowACallHasEnded() {
        assertEquals(CallCounts.Outcome.ANSWERED, CallCounts.Outcome.of(200, true));
        assertEquals(CallCounts.Outcome.BUSY, CallCounts.Outcome.of(486, false));
        assertEquals(CallCounts.Outcome.CANCELLED, CallCounts.Outcome.of(487, true));
        assertEquals(CallCounts.Outcome.CANCELLED, CallCounts.Outcome.of(480, true));
        assertEquals(CallCounts.Outcome.REJECTED, CallCounts.Outcome.of(480, false));
        assertEquals(CallCounts.Outcome.FAILED, CallCounts.Outcome.of(408, false));
        assertEquals(CallCounts.Outcome.FAILED, CallCounts.Outcome.of(503, false));
        assertEquals(CallCounts.Outcome.REJECTED, CallCounts.Outcome.of(603, true));
        assertNull(CallCounts.Outcome.of(407, false));
    }
}
