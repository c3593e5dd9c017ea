package org.tandemsip.codec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@link Via}, {@link NameAddr} and {@link SipUri}: what they take apart, and what they refuse. */
@Timeout(30)
class FlyweightTest {
    private UnsafeBuffer bytes;

    private Via via(final String text) {
        bytes = Wire.bytes(text);
        final Via via = new Via();
        assertTrue(via.wrap(bytes, 0, bytes.capacity()), text);
        assertEquals(text.length(), via.end());
        return via;
    }

    private NameAddr nameAddr(final String text) {
        bytes = Wire.bytes(text);
        final NameAddr nameAddr = new NameAddr();
        assertTrue(nameAddr.wrap(bytes, 0, bytes.capacity()), text);
        return nameAddr;
    }

    private SipUri uri(final String text) {
        bytes = Wire.bytes(text);
        final SipUri uri = new SipUri();
        assertTrue(uri.wrap(bytes, 0, bytes.capacity()), text);
        return uri;
    }

    private String text(final long slice) {
        return Wire.text(bytes, slice);
    }

    private static byte[] ascii(final String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    @Test
    void shouldTakeViaApartWhenItHasEverything() {
        final Via via = via("SIP/2.0/TLS [2001:db8::9:1]:6050;rport=5061;received=192.0.2.7;maddr=224.0.1.75;ttl=1"
                + ";branch=Z9hG4bKxy;x=\"a;b,c\";y");
        assertEquals(Transport.TLS, via.transport());
        assertEquals("[2001:db8::9:1]", text(via.host()));
        assertEquals(6050, via.port());
        assertEquals(5061, via.rport());
        assertEquals("rport=5061", text(via.rportParameter()));
        assertEquals("192.0.2.7", text(via.received()));
        assertEquals("received=192.0.2.7", text(via.receivedParameter()));
        assertEquals("224.0.1.75", text(via.maddr()));
        assertEquals("Z9hG4bKxy", text(via.branch()));
        assertTrue(via.hasMagicCookie());
        assertFalse(via.hasAlias());
        assertTrue(via("SIP/2.0/TLS h;Alias;branch=z9hG4bKx").hasAlias());
    }

    @Test
    void shouldTakeViaOfRfc2543WhenItHasNoParameters() {
        final Via via = via("SIP/2.0/UDP 3402000000");
        assertNull(text(via.branch()));
        assertFalse(via.hasMagicCookie());
        assertFalse(via.hasRport());
        assertEquals(Via.NOT_GIVEN, via.port());
        assertEquals(Via.NOT_GIVEN, via.rport());
        assertFalse(via("SIP/2.0/UDP h;branch=z9hG4bK").hasMagicCookie());
        assertEquals("received=2001:db8::1", text(via("SIP/2.0/UDP h;received=2001:db8::1").receivedParameter()));
        assertEquals("[::1]", text(via("SIP/2.0/UDP h;received=[::1];rport").received()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "SIP/2.0/UDP", "SIP/2.0/UDP ", "SIP/2.0/ h", "SIP/2.0/UDP h;", "SIP/2.0/UDP h;;x",
        "SIP/2.0/UDP h:0", "SIP/2.0/UDP h:", "SIP/2.0/UDP h:65536", "SIP/2.0/UDP h:5060x", "SIP/2.0/UDP h x",
        "SIP/2.0/UDP [::1", "SIP/2.0/UDP [::1;x=]", "SIP/2.0/UDP [::g]", "SIP/2.0/UDP h;branch",
        "SIP/2.0/UDP h;branch=",
        "SIP/2.0/UDP h;branch=a;branch=b", "SIP/2.0/UDP h;rport=0", "SIP/2.0/UDP h;rport;rport=1",
        "SIP/2.0/UDP h;received", "SIP/2.0/UDP h;received=a;received=b", "SIP/2.0/UDP h;x=\"a",
        "SIP/2.0/UDP h,SIP/2.0/UDP i", "SIP 2.0 UDP h", "SIP/2.0/UDP h;x=<", "SIP/2.0/UDP ::1", "SIP//UDP h"})
    void shouldRefuseViaWhenItIsMalformed(final String text) {
        assertFalse(new Via().wrap(Wire.bytes(text), 0, text.length()));
    }

    @Test
    void shouldTakeNameAddrApartWhenItHasEverything() {
        final NameAddr value = nameAddr("\"A, \\\"<B>\\\"\" <sip:a@b;lr?x=y> ; tag = 1x ;expires=30;+sip.ob;q=\"0\"");
        assertEquals("\"A, \\\"<B>\\\"\"", text(value.displayName()));
        assertEquals("sip:a@b;lr?x=y", text(value.uri()));
        assertTrue(value.bracketed());
        assertEquals("1x", text(value.tag()));
        assertEquals("30", text(value.parameter(ascii("EXPIRES"))));
        assertEquals("", text(value.parameter(ascii("+sip.ob"))));
        assertEquals("\"0\"", text(value.parameter(ascii("q"))));
        assertNull(text(value.parameter(ascii("x"))));
    }

    @Test
    void shouldTellHeaderFromUriParametersWhenThereAreNoBrackets() {
        final NameAddr value = nameAddr("sip:+13035551111@ift.client.example.net;user=phone;tag=7");
        assertEquals("sip:+13035551111@ift.client.example.net", text(value.uri()));
        assertFalse(value.bracketed());
        assertEquals("7", text(value.tag()));
        assertEquals("phone", text(value.parameter(ascii("user"))));
        assertNull(text(value.displayName()));
        assertEquals("A. Bell", text(nameAddr("A. Bell <sip:a@b>").displayName()));
        assertEquals("caller", text(nameAddr("caller<sip:a@b>").displayName()));
        assertEquals("isbn:2983792873", text(nameAddr("isbn:2983792873").uri()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "*", "None", "<>", "<sip:>", "< sip:a@b>", "<sip:a@b >", "<sip:a@b", "sip:a@b>",
        "\"a <sip:b>",
        "a, b <sip:c>", "sip:a@b?x=y", "sip:a@b,", "<sip:a@b>;", "<sip:a@b>;;tag=1", "<sip:a@b>;tag",
        "<sip:a@b>;tag=",
        "<sip:a@b> x", "alan@jasomi.com", "a b sip:c@d", "\"a\" sip:b@c",
        "<sip:a@b>;tag=<x>",
        "<sip:a\"@b>", "1:x"})
    void shouldRefuseNameAddrWhenItIsMalformed(final String text) {
        assertFalse(new NameAddr().wrap(Wire.bytes(text), 0, text.length()));
    }

    @Test
    void shouldKeepTheFirstTagWhenAnAgentAddedASecond() {
        assertEquals("1", text(nameAddr("<sip:a@b>;tag=1;tag=2").tag()));
    }

    @Test
    void shouldEndQuotedNameWhenItsLastByteIsABackslashOfAnotherAlphabet() {
        final String gbk = "\"\u00d6\u00d0\u0081\\\"";
        assertEquals(gbk, text(nameAddr(gbk + " <sip:a@b>").displayName()));
        assertEquals(gbk, text(nameAddr(gbk + " <sip:a@b>;x=\"y\"").displayName()));
        assertEquals("\"\u00e6\\\" x\"", text(nameAddr("\"\u00e6\\\" x\" <sip:a@b>").displayName()),
                "the RFC's reading first");
        final SipMessage message = Wire.parsed(Wire.INVITE.replace("Contact:",
                "Route: " + gbk + " <sip:a;lr>, \"b\" <sip:c;lr>\r\nContact:"));
        final ValueCursor cursor = new ValueCursor().reset(message, HeaderName.ROUTE);
        assertTrue(cursor.next());
        assertTrue(cursor.next());
        assertEquals("\"b\" <sip:c;lr>", Wire.text(message.bytes(), Slice.between(cursor.start(), cursor.end())));
        assertFalse(cursor.next());
    }

    @Test
    void shouldTakeUriApartWhenItHasEverything() {
        final SipUri uri = uri("sips:al%69ce;day=x:se:cret@[2001:db8::10]:5070;Transport=TCP;maddr=h;lr;ttl=1?s=p&q");
        assertEquals(SipUri.Scheme.SIPS, uri.scheme());
        assertEquals("sips", text(uri.schemeToken()));
        assertEquals("al%69ce;day=x", text(uri.user()));
        assertEquals("[2001:db8::10]", text(uri.host()));
        assertEquals(5070, uri.port());
        assertEquals(Transport.TCP, uri.transport());
        assertEquals("h", text(uri.maddr()));
        assertTrue(uri.hasLr());
        assertEquals("1", text(uri.parameter(ascii("TTL"))));
        assertEquals("", text(uri.parameter(ascii("lr"))));
        assertNull(text(uri.parameter(ascii("s"))));
        assertEquals("s=p&q", text(uri.headers()));
    }

    @Test
    void shouldTakeUriApartWhenItIsPlainOrOfAnotherScheme() {
        final SipUri plain = uri("SIP:3402000000");
        assertNull(text(plain.user()));
        assertEquals("3402000000", text(plain.host()));
        assertEquals(SipUri.NOT_GIVEN, plain.port());
        assertNull(plain.transport());
        assertFalse(plain.hasLr());
        assertNull(text(plain.headers()));
        assertEquals(Transport.OTHER, uri("sip:h;transport=x").transport());
        assertTrue(uri("sip:h;%6C%72;n%61me=v").hasLr());
        assertEquals("#31#123", text(uri("sip:#31#123@h").user()));
        final SipUri tel = uri("tel:+1-201-555-0123;phone-context=example.com");
        assertEquals(SipUri.Scheme.TEL, tel.scheme());
        assertEquals("+1-201-555-0123", text(tel.user()));
        assertEquals("example.com", text(tel.parameter(ascii("phone-context"))));
        assertNull(text(tel.host()));
        assertEquals(SipUri.Scheme.OPAQUE, uri("soap.beep://192.0.2.103:3002").scheme());
        assertEquals("soap.beep", text(uri("soap.beep://192.0.2.103:3002").schemeToken()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "sip", "sip:", ":a", "1a:b", "sip:@h", "sip:a@", "sip:a@b@c", "sip:a b@c", "sip:a@b c",
        "<sip:a>", "sip:h:", "sip:h:0", "sip:h:65536", "sip:h:5060a", "sip:2001:db8::10", "sip:[::1", "sip:[]",
        "sip:[::1]x",
        "sip:h;", "sip:h;;lr", "sip:h;=x", "sip:h;lr;lr", "sip:h;transport=udp;transport=tcp", "sip:h?",
        "sip:h/x", "tel:",
        "tel:a@b", "tel:1 2", "x:a b", "sip:h;x=<", "sip:\u007f@h", "sip:a\u0000@h", "sip:h_\"x"})
    void shouldRefuseUriWhenItIsMalformed(final String text) {
        assertFalse(new SipUri().wrap(Wire.bytes(text), 0, text.length()));
    }
}
