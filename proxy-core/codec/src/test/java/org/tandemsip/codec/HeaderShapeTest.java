package org.tandemsip.codec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** One message in many shapes is still that message; what only looks like a shape is refused. */
@Timeout(30)
class HeaderShapeTest {
    @ParameterizedTest
    @EnumSource(HeaderName.class)
    void shouldKnowEveryNameInAnyCaseAndCompactWhenIndexed(final HeaderName name) {
        if (name == HeaderName.OTHER) {
            return;
        }
        assertEquals(name, nameOf(name.canonical()));
        assertEquals(name, nameOf(name.canonical().toLowerCase(Locale.ROOT)));
        assertEquals(name, nameOf(name.canonical().toUpperCase(Locale.ROOT)));
        assertEquals(HeaderName.OTHER, nameOf(name.canonical() + "s"));
        assertEquals(HeaderName.OTHER, nameOf("X" + name.canonical()));
        for (int i = 0; i < name.canonical().length(); i++) {
            final char changed = name.canonical().charAt(i) == '!' ? '~' : '!';
            assertEquals(HeaderName.OTHER,
                    nameOf(name.canonical().substring(0, i) + changed + name.canonical().substring(i + 1)));
        }
        if (name.compact() != '\0') {
            assertEquals(name, nameOf(String.valueOf(name.compact())));
            assertEquals(name, nameOf(String.valueOf(name.compact()).toUpperCase(Locale.ROOT)));
        }
    }

    private static HeaderName nameOf(final String name) {
        final SipMessage message = Wire.message("OPTIONS sip:h SIP/2.0\r\nSubject: first\r\n" + name + ": 1\r\n\r\n");
        new SipParser(Limits.DEFAULTS).parse(message, false);
        assertEquals(name, Wire.text(message.bytes(), message.rowNameToken(1)));
        return message.rowName(1);
    }

    @Test
    void shouldRefuseAnythingButBlanksBeforeTheColon() {
        for (int c = 0; c < 256; c++) {
            final String text = Wire.INVITE.replace("Contact:", "Contact" + (char) c + ":");
            final boolean blank = c == ' ' || c == '\t';
            final boolean token = c > ' ' && c < 0x7F && Scan.is((byte) c, Scan.TOKEN);
            final ParseError expected = blank || token || c == ':' ? ParseError.NONE
                    : c == '\r' || c == '\n' ? Wire.parse(text) : ParseError.BAD_HEADER_NAME;
            assertEquals(expected, Wire.parse(text), "0x" + Integer.toHexString(c));
            if (c == '\r' || c == '\n') {
                assertFalse(Wire.parse(text) == ParseError.NONE);
            }
        }
    }

    @Test
    void shouldReadTheSameWhenShapeChanges() {
        final SipMessage plain = Wire.parsed(Wire.INVITE);
        for (final String shape : new String[] {Wire.INVITE.replace(": ", ":"), Wire.INVITE.replace(": ", " \t: \t "),
            Wire.INVITE.replace(": ", ":\r\n  "),
            Wire.INVITE.replace("\r\n", " \t\r\n").replace("2.0 \t\r", "2.0\r").replace("\r\n \t\r\n", "\r\n\r\n"),
            Wire.INVITE.replace("Via", "v").replace("From", "f").replace("To:", "t:").replace("Call-ID", "i")
                    .replace("Content-Length", "l").replace("Contact", "m"),
            Wire.INVITE.replace("314159 INVITE", "000314159\r\n\tINVITE").replace(": 70", ":0070"),
            Wire.INVITE.replace("SIP/2.0/UDP ", "SIP \r\n / 2.0 / udp \t").replace(":5066;", " : 5066 ; ")
                    .replace("branch=", "BRANCH = \r\n ")}) {
            final SipMessage message = Wire.parsed(shape);
            assertEquals(plain.cseqNumber(), message.cseqNumber());
            assertEquals(plain.maxForwards(), message.maxForwards());
            assertEquals(Wire.text(plain.bytes(), plain.callId()), Wire.text(message.bytes(), message.callId()));
            assertEquals(Wire.text(plain.bytes(), plain.fromTag()), Wire.text(message.bytes(), message.fromTag()));
            assertEquals(Wire.text(plain.bytes(), plain.topVia().branch()),
                    Wire.text(message.bytes(), message.topVia().branch()));
            assertEquals(plain.topVia().port(), message.topVia().port());
            assertEquals(plain.topVia().transport(), message.topVia().transport());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"From: <sip:a@b>;tag=2", "f: <sip:a@b>;tag=1928301774", "To: <sip:c>", "t: <sip:c>",
        "Call-ID: other", "i: x", "CSeq: 314159 INVITE", "Max-Forwards: 70", "Content-Length: 0", "l: 0",
        "CONTENT-LENGTH : 0"})
    void shouldAnswer400WhenSingleHeaderComesTwice(final String row) {
        assertEquals(ParseError.DUPLICATE_HEADER, Wire.parse(Wire.INVITE.replace("Content-Length: 0",
                "Content-Length: 0\r\n" + row)));
    }

    @Test
    void shouldLeaveOtherDuplicatesAloneWhenTheyAreForTheEndpoint() {
        Wire.parsed(Wire.INVITE.replace("Contact:",
                "Subject: a\r\ns: b\r\nExpires: 1\r\nExpires: 2\r\nContact: *\r\nm:"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"\r", "\n", "\r\r\n", "\n\r", "\r\n\r"})
    void shouldAnswer400WhenALineEndsOtherwiseThanInCrLf(final String lineEnd) {
        final String text = Wire.INVITE.replace("Max-Forwards: 70\r\n", "Max-Forwards: 70" + lineEnd);
        final ParseError error = Wire.parse(text);
        assertTrue(error == ParseError.BAD_LINE_END || lineEnd.startsWith("\r\n"), String.valueOf(error));
        assertFalse(error == ParseError.NONE);
    }

    @Test
    void shouldStillIndexWhatAnAnswerNeedsWhenLinesEndInLfOnly() {
        final SipMessage message = Wire.message(Wire.INVITE.replace("\r\n", "\n"));
        assertEquals(ParseError.BAD_LINE_END, new SipParser(Limits.DEFAULTS).parse(message, false));
        assertEquals(8, message.rows());
        assertEquals(314159, message.cseqNumber());
    }

    @Test
    void shouldKeepForeignBytesWhenTheyStandWhereTextMay() {
        final String gbk = "\"\u00d6\u00d0\u0081\\\" <sip:34020000001320000001@3402000000>;tag=1";
        final SipMessage message = Wire.parsed(Wire.INVITE
                .replace("\"Alice\" <sip:alice@atlanta.example.com>;tag=1928301774", gbk));
        assertEquals("1", Wire.text(message.bytes(), message.fromTag()));
        assertEquals(gbk, Wire.text(message.bytes(), message.value(HeaderName.FROM)));
        Wire.parsed(Wire.INVITE.replace("Bob <", "\u00d6\u00d0 <"));
        Wire.parsed(Wire.INVITE.replace("Contact:", "Subject: \u00ff\u0001\u0000\r\nContact:"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"Via", "From", "To", "Call-ID", "CSeq"})
    void shouldTellWhatIsMissing(final String name) {
        final SipMessage message = Wire.message(Wire.INVITE.replaceAll("(?m)^" + name + ": .*\r\n", ""));
        assertEquals(name.equals("Via") ? ParseError.INCOMPLETE : ParseError.MISSING_HEADER,
                new SipParser(Limits.DEFAULTS).parse(message, false));
        assertEquals(7, message.rows());
    }

    @Test
    void shouldAnswer400WhenDatagramIsCutInTheHeaders() {
        final int via = Wire.INVITE.indexOf("Max-Forwards");
        for (int cut = 1; cut < Wire.INVITE.length(); cut++) {
            final ParseError error = Wire.parse(Wire.INVITE.substring(0, cut));
            if (cut >= via) {
                assertEquals(Status.BAD_REQUEST_400, error.answer(), "cut at " + cut + ": " + error);
            } else {
                assertFalse(error == ParseError.NONE);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"GET / HTTP/1.1\r\nHost: a\r\nVia: 1.1 b\r\n\r\n", "DESCRIBE rtsp://a RTSP/1.0\r\n\r\n", "",
        "\r\n\r\n", "\0\0\0\0", "\u0016\u0003\u0001\u0002", "M-SEARCH * HTTP/1.1\r\n\r\n",
        " INVITE sip:a SIP/2.0\r\n", "<xml/>", "INVITE", "jaK"})
    void shouldCallItNotSipWhenItIsAnotherProtocol(final String text) {
        assertEquals(ParseError.NOT_SIP, Wire.parse(text));
    }
}
