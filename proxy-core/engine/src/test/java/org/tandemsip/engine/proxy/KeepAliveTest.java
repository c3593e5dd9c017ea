package org.tandemsip.engine.proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.tandemsip.engine.proxy.RegistrarHarness.EDGE;
import static org.tandemsip.engine.proxy.RegistrarHarness.PHONE;
import static org.tandemsip.engine.proxy.RegistrarHarness.TCP_PHONE;
import static org.tandemsip.engine.proxy.RegistrarHarness.register;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.tandemsip.engine.handler.Destination;
import org.tandemsip.engine.handler.Disposition;
import org.tandemsip.engine.handler.ShardCommand;
import org.tandemsip.engine.metrics.Counter;

/** What keeps the way to a phone open (RFC 5626 sections 4.4 and 5.4). */
@Timeout(10)
class KeepAliveTest {
    private static final String OUTBOUND = ";+sip.instance=\"<urn:uuid:1>\";reg-id=1";

    private static String timer(final Endpoint from, final Endpoint phone, final String... rows) {
        return RegistrarHarness.open().answer(from, register(phone, "alice", 1, rows)).header("Flow-Timer");
    }

    @Test
    void shouldSayHowOftenAFlowIsToBeKeptAlive() {
        final String supported = "Supported: outbound";
        assertEquals("29", timer(PHONE, PHONE, supported, "Contact: <sip:alice@192.0.2.1>" + OUTBOUND));
        assertEquals("120", timer(TCP_PHONE, TCP_PHONE, supported,
                "Contact: <sip:alice@192.0.2.4;transport=tcp>" + OUTBOUND));
        assertNull(timer(PHONE, PHONE, supported, "Contact: <sip:alice@192.0.2.1>"));
        // The flow is that of the proxy before us.
        assertNull(timer(EDGE, EDGE, supported, "Path: <sip:10.0.1.1;lr;ob>",
                "Contact: <sip:alice@192.0.2.1>" + OUTBOUND));
    }

    private static ShardCommand ping(final String uri) {
        final Destination to = new Destination();
        final var source = PHONE.source(0);
        to.addressHigh = source.addressHigh;
        to.addressLow = source.addressLow;
        to.port = 41_000;
        return new ShardCommand.PingPhones(
                List.of(new ShardCommand.PhonePing(to, uri.getBytes(StandardCharsets.US_ASCII))));
    }

    @Test
    void shouldAskAPhoneOnceAndKeepNothing() {
        // given
        final ProxyHarness proxy = RegistrarHarness.open().proxy;

        // when
        proxy.proxy.onCommand(ping("sip:alice@10.1.1.1:5062;ob"), proxy.nowNs);

        // then
        final SentMessage options = proxy.only("OPTIONS");
        assertEquals("192.0.2.1:41000", options.to());
        assertEquals("OPTIONS sip:alice@10.1.1.1:5062;ob SIP/2.0", options.startLine());
        assertEquals("<sip:alice@10.1.1.1:5062;ob>", options.header("To"));
        assertTrue(options.header("Via").startsWith("SIP/2.0/UDP 10.9.9.9:5060;rport;branch=z9hG4bKp"));
        assertEquals(0, proxy.proxy.live());
        proxy.assertQuiet();
        assertEquals(List.of(), proxy.sent());

        // and: whatever it answers has done its work
        assertEquals(Disposition.ABSORBED, proxy.answer(options, 405, "x"));
        assertEquals(1, proxy.counters.get(Counter.PINGS_SENT));
        assertEquals(1, proxy.counters.get(Counter.PINGS_ANSWERED));
        assertEquals(List.of(), proxy.sent());
    }

    @Test
    void shouldKnowAnAnswerThatNobodyAskedFor() {
        final ProxyHarness proxy = RegistrarHarness.open().proxy;
        proxy.proxy.onCommand(ping("sip:alice@10.1.1.1"), proxy.nowNs);
        final SentMessage first = proxy.only("OPTIONS");
        proxy.proxy.onCommand(ping("sip:alice@10.1.1.1"), proxy.nowNs);
        final SentMessage second = proxy.only("OPTIONS");
        assertNotEquals(first.header("Call-ID"), second.header("Call-ID"));

        final String forged = SipText.response(first, 200, "x").replace(first.header("Call-ID"),
                second.header("Call-ID"));

        assertEquals(Disposition.DROPPED_STRAY_RESPONSE, proxy.receive(PHONE, forged));
        assertEquals(0, proxy.counters.get(Counter.PINGS_ANSWERED));
    }
}
