package org.tandemsip.codec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class SipParserTest {
    @Test
    void shouldIndexEveryRowWhenRequestIsWellFormed() {
        // when
        final SipMessage message = Wire.parsed(Wire.INVITE);

        // then
        assertTrue(message.isRequest());
        assertEquals(Method.INVITE, message.method());
        assertEquals("INVITE", Wire.text(message.bytes(), message.methodToken()));
        assertEquals("sip:bob@biloxi.example.com", Wire.text(message.bytes(), message.requestUri()));
        assertEquals(8, message.rows());
        assertEquals(HeaderName.VIA, message.rowName(0));
        assertEquals("Max-Forwards", Wire.text(message.bytes(), message.rowNameToken(1)));
        assertEquals("70", Wire.text(message.bytes(), message.rowValue(1)));
        assertEquals(70, message.maxForwards());
        assertEquals(314159, message.cseqNumber());
        assertEquals("1928301774", Wire.text(message.bytes(), message.fromTag()));
        assertFalse(Slice.exists(message.toTag()));
        assertEquals("a84b4c76e66710@pc33.atlanta.example.com", Wire.text(message.bytes(), message.callId()));
        assertEquals(1, message.viaValues());
        assertEquals(Transport.UDP, message.topVia().transport());
        assertEquals("pc33.atlanta.example.com", Wire.text(message.bytes(), message.topVia().host()));
        assertEquals(5066, message.topVia().port());
        assertEquals("z9hG4bK776asdhds", Wire.text(message.bytes(), message.topVia().branch()));
        assertTrue(message.topVia().hasMagicCookie());
        assertTrue(message.topVia().hasRport());
        assertEquals(0, message.contentLength());
        assertEquals(Wire.INVITE.length() - 2, message.headersEnd());
        assertEquals(Wire.INVITE.length(), message.bodyOffset());
        assertEquals(0, message.bodyLength());
    }

    @Test
    void shouldReadStatusCodeWhenMessageIsResponse() {
        // when
        final SipMessage message = Wire.parsed(
                Wire.INVITE.replace("INVITE sip:bob@biloxi.example.com SIP/2.0", "SIP/2.0 180 Ringing = \u00d0")
                        .replace("Max-Forwards: 70\r\n", ""));

        // then
        assertFalse(message.isRequest());
        assertEquals(180, message.statusCode());
        assertEquals(Method.INVITE, message.method());
        assertEquals("INVITE", Wire.text(message.bytes(), message.methodToken()));
        assertFalse(Slice.exists(message.requestUri()));
    }

    @Test
    void shouldSkipLineEndsBeforeAndIgnoreBytesBehindWhenDatagram() {
        // when
        final SipMessage message = Wire.parsed("\r\n\r\n" + Wire.INVITE + "noise");

        // then
        assertEquals(Wire.INVITE.length(), message.length());
        assertEquals("INVITE", Wire.text(message.bytes(), 0, 6));
    }

    @Test
    void shouldKeepTheParsedRequestUriWhenIndexIsCopied() {
        // given
        final SipMessage message = Wire.parsed(Wire.INVITE.replace("example.com SIP", "example.com:5070;lr SIP"));
        final SipMessage copy = new SipMessage(Limits.DEFAULTS.headerRows());

        // when
        copy.copyIndexFrom(message, Wire.bytes("xyz" + Wire.text(message.bytes(), 0, message.length())), 3);
        message.wrap(Wire.bytes("BYE tel:1"), 0, 9);

        // then
        final SipUri uri = copy.parsedUri();
        assertEquals(SipUri.Scheme.SIP, uri.scheme());
        assertEquals("bob", Wire.text(copy.bytes(), uri.user()));
        assertEquals("biloxi.example.com", Wire.text(copy.bytes(), uri.host()));
        assertEquals(5070, uri.port());
        assertTrue(uri.hasLr());
        assertEquals(0, Slice.length(uri.parameter(new byte[] {'l', 'r'})));
        assertEquals(Slice.end(copy.requestUri()), uri.end());
    }
}
