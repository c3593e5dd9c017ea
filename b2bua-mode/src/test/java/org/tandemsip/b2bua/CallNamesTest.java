package org.tandemsip.b2bua;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tandemsip.codec.AsciiWriter;
import org.tandemsip.codec.HeaderName;
import org.tandemsip.codec.Slice;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.handler.ListenPoint;
import org.tandemsip.engine.routing.ListenPoints;
import org.tandemsip.testkit.wire.SimAddress;

/** Where somebody is to send a request, our address in place of the other side's: by a transport that we listen on. */
class CallNamesTest {
    private static final String PLACE = "203.0.113.10:5060";

    private static String changed(final Transport transport, final HeaderName name, final String value) {
        final ListenPoint point = new ListenPoint(0, transport, 0, SimAddress.of("203.0.113.10").low(), 5060,
                PLACE.getBytes(StandardCharsets.US_ASCII));
        final CallNames names = new CallNames(new ListenPoints(List.of(point)));
        names.noRules();
        final byte[] row = ("X: " + value).getBytes(StandardCharsets.US_ASCII);
        final UnsafeBuffer into = new UnsafeBuffer(new byte[1_000]);
        final AsciiWriter out = new AsciiWriter().wrap(into, 0);
        names.putNamingRow(out, new UnsafeBuffer(row), 0, Slice.of(3, value.length()), name, 0);
        return into.getStringWithoutLengthAscii(3, out.position() - 5);
    }

    @ParameterizedTest
    @CsvSource({"UDP, sip, ''", "TCP, sip, ;transport=TCP", "TLS, sip, ;transport=TLS", "TLS, sips, ''",
        "WSS, sip, ;transport=WS"})
    void shouldSayByWhichTransportWeAreReached(final Transport transport, final String scheme, final String expected) {
        assertEquals("<" + scheme + ":carol@" + PLACE + expected + ">;q=0.5",
                changed(transport, HeaderName.CONTACT, "<" + scheme + ":carol@10.0.0.1:5070;transport=tcp>;q=0.5"));
    }

    @Test
    void shouldKeepTheMethodThatSomebodyIsReferredToUse() {
        assertEquals("<sip:carol@" + PLACE + ";method=SUBSCRIBE>",
                changed(Transport.UDP, HeaderName.REFER_TO, "<sip:carol@10.0.0.1;method=SUBSCRIBE;lr>"));
    }

    @Test
    void shouldNameOnlyTheHostWhereNobodyIsToBeAsked() {
        assertEquals("<sip:carol@" + PLACE + ">", changed(Transport.TCP, HeaderName.P_ASSERTED_IDENTITY,
                "<sip:carol@10.0.0.1;method=SUBSCRIBE>"));
    }
}
