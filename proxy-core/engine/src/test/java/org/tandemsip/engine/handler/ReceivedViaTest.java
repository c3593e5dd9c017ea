package org.tandemsip.engine.handler;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tandemsip.codec.Edits;
import org.tandemsip.codec.IpAddress;
import org.tandemsip.codec.Limits;
import org.tandemsip.codec.ParseError;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.SipParser;
import org.tandemsip.codec.Transport;

/** RFC 3261 sections 18.2.1 and 18.2.2, RFC 3581 section 4. The source is 192.0.2.1:9988 unless said otherwise. */
@Timeout(30)
class ReceivedViaTest {
    private static final String BRANCH = ";branch=z9hG4bK1";

    private final ReceivedVia receivedVia = new ReceivedVia();

    @ParameterizedTest
    @CsvSource(textBlock = """
            SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1,      SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1
            SIP/2.0/UDP 192.0.2.1:5062;branch=z9hG4bK1, SIP/2.0/UDP 192.0.2.1:5062;branch=z9hG4bK1
            SIP/2.0/UDP 192.0.2.2;branch=z9hG4bK1, SIP/2.0/UDP 192.0.2.2;branch=z9hG4bK1;received=192.0.2.1
            SIP/2.0/UDP a.example;branch=z9hG4bK1, SIP/2.0/UDP a.example;branch=z9hG4bK1;received=192.0.2.1
            SIP/2.0/UDP 3402000000;branch=z9hG4bK1, SIP/2.0/UDP 3402000000;branch=z9hG4bK1;received=192.0.2.1
            SIP/2.0/UDP a.example, SIP/2.0/UDP a.example;received=192.0.2.1
            """)
    void shouldAddReceivedWhenSentByIsNotTheSource(final String via, final String expected) {
        assertEquals(expected, edited(via, source(Transport.UDP)));
    }

    @ParameterizedTest
    @CsvSource(textBlock = """
            SIP/2.0/UDP 192.0.2.1;rport;branch=z9hG4bK1, \
            SIP/2.0/UDP 192.0.2.1;rport=9988;branch=z9hG4bK1;received=192.0.2.1
            SIP/2.0/UDP a.example;branch=z9hG4bK1;rport, \
            SIP/2.0/UDP a.example;branch=z9hG4bK1;rport=9988;received=192.0.2.1
            SIP/2.0/TCP 192.0.2.1;rport;branch=z9hG4bK1, \
            SIP/2.0/TCP 192.0.2.1;rport=9988;branch=z9hG4bK1;received=192.0.2.1
            """)
    void shouldFillInRportAndAddReceivedWhenRportIsAsked(final String via, final String expected) {
        assertEquals(expected, edited(via, source(Transport.UDP)));
    }

    @ParameterizedTest
    @CsvSource(textBlock = """
            SIP/2.0/UDP 192.0.2.1;received=198.51.100.66;branch=z9hG4bK1, \
            SIP/2.0/UDP 192.0.2.1;received=192.0.2.1;branch=z9hG4bK1
            SIP/2.0/UDP a.example;rport=53;received=198.51.100.66;branch=z9hG4bK1, \
            SIP/2.0/UDP a.example;rport=9988;received=192.0.2.1;branch=z9hG4bK1
            SIP/2.0/UDP a.example;received=198.51.100.66;rport;branch=z9hG4bK1, \
            SIP/2.0/UDP a.example;received=192.0.2.1;rport=9988;branch=z9hG4bK1
            """)
    void shouldReplaceWhatTheSenderHasPutThere(final String via, final String expected) {
        assertEquals(expected, edited(via, source(Transport.UDP)));
    }

    @Test
    void shouldEditTheTopmostViaAloneWhenThereAreManyInOneRow() {
        final String below = "SIP/2.0/UDP b.example;rport;branch=z9hG4bK2";

        assertEquals("SIP/2.0/UDP a.example" + BRANCH + ";received=192.0.2.1, " + below,
                edited("SIP/2.0/UDP a.example" + BRANCH + ", " + below, source(Transport.UDP)));
    }

    @Test
    void shouldWriteIpv6WithoutBracketsAndCompareItByValue() {
        final Source source = source(Transport.UDP);
        address(source, "2001:db8::1");

        assertEquals("SIP/2.0/UDP [2001:0DB8:0:0::1]" + BRANCH,
                edited("SIP/2.0/UDP [2001:0DB8:0:0::1]" + BRANCH, source));
        assertEquals("SIP/2.0/UDP [2001:db8::2]" + BRANCH + ";received=2001:db8::1",
                edited("SIP/2.0/UDP [2001:db8::2]" + BRANCH, source));
    }

    @ParameterizedTest
    @CsvSource({"UDP, 192.0.2.7:5062, 5062", "UDP, 192.0.2.7, 5060", "UDP, 192.0.2.7:5062;rport, 9988",
        "UDP, 192.0.2.7;rport=53, 9988", "UDP, 192.0.2.7:5062;maddr=198.51.100.66, 5062",
        "UDP, 192.0.2.7:5062;received=198.51.100.66, 5062", "TCP, 192.0.2.7:5062, 5062", "TCP, 192.0.2.7, 5060",
        "TCP, 192.0.2.7:5062;rport, 5062", "TLS, 192.0.2.7, 5061"})
    void shouldSendResponsesToTheSourceAddressAndTheRightPort(final Transport transport, final String sentBy,
            final int expectedPort) {
        final Source source = source(transport);
        final Destination destination = new Destination();

        ReceivedVia.responseDestination(request("SIP/2.0/" + transport + ' ' + sentBy + BRANCH).topVia(), source,
                destination);

        assertEquals(expectedPort, destination.port);
        assertEquals(source.addressLow, destination.addressLow);
        assertEquals(source.addressHigh, destination.addressHigh);
        assertEquals(source.listenPoint, destination.listenPoint);
        assertEquals(source.connection, destination.connection);
        assertEquals(transport, destination.transport);
    }

    private String edited(final String via, final Source source) {
        final SipMessage request = request(via);
        final Edits edits = new Edits(4, 256);
        receivedVia.edit(edits, request, request.topVia(), source);
        final UnsafeBuffer out = new UnsafeBuffer(new byte[2_048]);
        final String text = out.getStringWithoutLengthUtf8(0, edits.apply(request, out, 0));
        return text.lines().filter(line -> line.startsWith("Via: ")).findFirst().orElseThrow().substring(5);
    }

    private static SipMessage request(final String via) {
        final byte[] bytes = ("OPTIONS sip:a@example.com SIP/2.0\r\nVia: " + via + "\r\nMax-Forwards: 70\r\n"
                + "From: <sip:a@example.com>;tag=1\r\nTo: <sip:b@example.com>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\n"
                + "Content-Length: 0\r\n\r\n").getBytes(StandardCharsets.US_ASCII);
        final SipMessage message = new SipMessage(64).wrap(new UnsafeBuffer(bytes), 0, bytes.length);
        assertEquals(ParseError.NONE, new SipParser(Limits.DEFAULTS).parse(message, false));
        return message;
    }

    private static Source source(final Transport transport) {
        final Source source = new Source();
        source.transport = transport;
        source.listenPoint = 2;
        source.port = 9_988;
        source.connection = transport.stream() ? 5 : 0;
        address(source, "192.0.2.1");
        return source;
    }

    private static void address(final Source source, final String text) {
        final IpAddress address = new IpAddress();
        assertTrue(address.parse(text));
        source.addressHigh = address.high();
        source.addressLow = address.low();
    }
}
