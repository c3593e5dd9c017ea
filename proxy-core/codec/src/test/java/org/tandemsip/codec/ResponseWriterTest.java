package org.tandemsip.codec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class ResponseWriterTest {
    private final UnsafeBuffer out = new UnsafeBuffer(ByteBuffer.allocateDirect(8_192));
    private final ResponseWriter writer = new ResponseWriter();

    @Test
    void shouldCopyWhatARequestDemandsWhenAnswering() {
        // given
        final SipMessage request = Wire.parsed(Wire.INVITE);
        final long rport = request.topVia().rportParameter();
        final Edits edits = new Edits(4, 256);
        edits.begin(Slice.offset(rport), Slice.length(rport)).put("rport=5".getBytes(StandardCharsets.US_ASCII));
        edits.end();

        // when
        writer.begin(request, Status.BAD_EXTENSION_420, 0xABCL, edits, out, 7)
                .put("Unsupported: x\r\n".getBytes(StandardCharsets.US_ASCII));
        final int length = writer.finish();

        // then
        assertEquals(Wire.crlf("""
                SIP/2.0 420 Bad Extension
                Via: SIP/2.0/UDP pc33.atlanta.example.com:5066;branch=z9hG4bK776asdhds;rport=5
                From: "Alice" <sip:alice@atlanta.example.com>;tag=1928301774
                To: Bob <sip:bob@biloxi.example.com>;tag=0000000000000abc
                Call-ID: a84b4c76e66710@pc33.atlanta.example.com
                CSeq: 314159 INVITE
                Unsupported: x
                Content-Length: 0

                """), Wire.text(out, 7, length));
    }

    @Test
    void shouldSayWhatIsWrongWhenRequestIsRefusedAsMalformed() {
        // given
        final SipMessage request = Wire.message(Wire.INVITE.replace("CSeq: 314159", "CSeq: x"));
        final ParseError error = new SipParser(Limits.DEFAULTS).parse(request, false);

        // when
        writer.begin(request, error.statusLine(), 1, null, out, 0);

        // then: RFC 3261 section 21.4.1
        assertEquals("SIP/2.0 400 Bad CSeq", Wire.text(out, 0, writer.finish()).lines().findFirst().orElseThrow());
    }

    @Test
    void shouldHaveAStatusLineOfTheAnswersCodeForEveryError() {
        for (final ParseError error : ParseError.values()) {
            if (error.answer() == null) {
                assertNull(error.statusLine());
            } else {
                final String line = new String(error.statusLine(), StandardCharsets.US_ASCII);
                assertTrue(line.matches("SIP/2\\.0 " + error.answer().code() + " [^\r\n]+\r\n"), line);
                assertNotEquals("SIP/2.0 400 Bad Request\r\n", line);
            }
        }
    }

    @Test
    void shouldInsertBehindTheTopmostViaWhenItEndsItsRow() {
        // given
        final SipMessage request = Wire.parsed(Wire.INVITE);
        final Edits edits = new Edits(4, 256);
        edits.begin(request.topVia().end(), 0).put(";received=192.0.2.1".getBytes(StandardCharsets.US_ASCII));
        edits.end();

        // when
        writer.begin(request, Status.OK_200, 1, edits, out, 0);
        final SipMessage response = Wire.parsed(Wire.text(out, 0, writer.finish()));

        // then
        assertEquals("192.0.2.1", Wire.text(response.bytes(), response.topVia().received()));
        assertEquals(request.viaValues(), response.viaValues());
    }

    @Test
    void shouldCopyTimestampAndLeaveToAloneWhenTrying() {
        // given
        final SipMessage request = Wire.parsed(Wire.INVITE.replace("Contact", "Timestamp: 54\r\nContact"));

        // when
        writer.begin(request, Status.TRYING_100, 0, null, out, 0);
        final SipMessage response = Wire.parsed(Wire.text(out, 0, writer.finish()));

        // then
        assertEquals(100, response.statusCode());
        assertEquals("54", Wire.text(response.bytes(), response.value(HeaderName.TIMESTAMP)));
        assertEquals(Slice.NONE, response.toTag());
        assertEquals(Wire.text(request.bytes(), request.value(HeaderName.TO)),
                Wire.text(response.bytes(), response.value(HeaderName.TO)));
    }

    @Test
    void shouldReturnZeroWhenAnswerDoesNotFit() {
        writer.begin(Wire.parsed(Wire.INVITE), Status.OK_200, 1, null, out, out.capacity() - 100);
        assertEquals(0, writer.finish());
    }

    @Test
    void shouldNotRepeatLoneLineEndsWhenRequestHasThem() {
        // given
        final SipMessage request = Wire.message(Wire.INVITE.replace("Bob <", "Bob\rX-Evil: 1 <"));
        assertEquals(ParseError.BAD_LINE_END, new SipParser(Limits.DEFAULTS).parse(request, false));

        // when
        writer.begin(request, Status.BAD_REQUEST_400, 1, null, out, 0);
        final String answer = Wire.text(out, 0, writer.finish());

        // then
        assertEquals(-1, answer.replace("\r\n", "").indexOf('\r'));
    }
}
