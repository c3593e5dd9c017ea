package org.tandemsip.engine.proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.tandemsip.codec.Limits;
import org.tandemsip.codec.ParseError;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.SipParser;
import org.tandemsip.engine.routing.ListenPoints;
import org.tandemsip.engine.transaction.MessageMemory;
import org.tandemsip.engine.transaction.Transactions;

/** Choice of the best response (RFC 3261 section 16.7 step 6) and its memory. */
@Timeout(10)
class BestResponseTest {
    private static final int MOST_BYTES = 65_535;

    private final ProxyHarness harness = ProxyHarness.single();
    private final MessageMemory memory = new Transactions(harness.context(harness.egress, harness.timers)).memory();
    private final ResponseForwarder responses = new ResponseForwarder(harness.context(harness.egress, harness.timers),
            new TopologyHider(harness.context(harness.egress, harness.timers),
                    new ListenPoints(ProxyHarness.LISTEN_POINTS)));
    private final BestResponse best = new BestResponse();

    @Test
    void shouldOrderResponsesByPreference() {
        assertOrder(false, 603, 302, 401, 420, 404, 487, 502, 503);
        assertOrder(true, 600, 300, 487, 407, 484, 486, 408, 500, 503);
    }

    @Test
    void shouldKeepFirstOfEqualResponses() {
        best.keep(response(486, ""), responses, memory);
        assertFalse(best.worseThan(404, false));
        assertFalse(best.worseThan(486, false));
    }

    @Test
    void shouldGrowWithChallengesAndGiveMemoryBack() {
        // given
        best.keep(response(401, "WWW-Authenticate: Digest realm=\"0\"\r\n"), responses, memory);
        final int length = best.length();
        final String row = "Proxy-Authenticate: Digest realm=\"" + "x".repeat(900) + "\"\r\n";

        // when
        best.merge(response(407, row + row), MOST_BYTES, memory);
        best.merge(response(401, row), MOST_BYTES, memory);

        // then
        assertEquals(length + 3 * row.length(), best.length());
        final String text = best.bytes().getStringWithoutLengthAscii(0, best.length());
        assertTrue(text.endsWith(row + "\r\nbody"), text);
        assertEquals(List.of("SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bK2"), SipText.headers(text, "Via"));
        best.release(memory);
        assertEquals(0, memory.bytesInUse());
    }

    @Test
    void shouldLeaveChallengesOutThatMakeMessageTooLarge() {
        // given
        best.keep(response(401, "WWW-Authenticate: Digest realm=\"0\"\r\n"), responses, memory);
        final int length = best.length();

        // when
        best.merge(response(401, "WWW-Authenticate: Digest realm=\"1\"\r\n"), length + 10, memory);

        // then
        assertEquals(length, best.length());
    }

    @Test
    void shouldKeepWhatItHasWhenMemoryIsFull() {
        // given
        best.keep(response(404, ""), responses, memory);
        while (memory.allocate(65_536) != MessageMemory.NONE) {
            // until nothing is left
        }
        final String large = "X-Large: " + "x".repeat(4_000) + "\r\n";

        // when
        final boolean kept = best.keep(response(302, large), responses, memory);

        // then
        assertFalse(kept);
        assertEquals(404, best.statusCode());
    }

    private void assertOrder(final boolean cancelled, final int... codes) {
        for (int i = 1; i < codes.length; i++) {
            best.keep(response(codes[i], ""), responses, memory);
            assertTrue(best.worseThan(codes[i - 1], cancelled), codes[i - 1] + " before " + codes[i]);
            best.keep(response(codes[i - 1], ""), responses, memory);
            assertFalse(best.worseThan(codes[i], cancelled), codes[i - 1] + " before " + codes[i]);
        }
    }

    private static SipMessage response(final int status, final String rows) {
        final byte[] bytes = ("SIP/2.0 " + status + " Reason\r\nVia: SIP/2.0/UDP 10.9.9.9:5060;branch=z9hG4bK1\r\n"
                + "Via: SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bK2\r\nFrom: <sip:a@x>;tag=1\r\nTo: <sip:b@x>;tag=2\r\n"
                + "Call-ID: c\r\nCSeq: 1 INVITE\r\n" + rows + "Content-Length: 4\r\n\r\nbody")
                .getBytes(StandardCharsets.US_ASCII);
        final SipMessage message = new SipMessage(Limits.DEFAULTS.headerRows());
        assertEquals(ParseError.NONE, new SipParser(Limits.DEFAULTS).parse(
                message.wrap(new UnsafeBuffer(bytes), 0, bytes.length), false));
        return message;
    }
}
