package org.tandemsip.codec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class FirstLookTest {
    private static final long SEED = 20_261_122L;

    private final FirstLook look = new FirstLook();

    private boolean sure(final String text) {
        final UnsafeBuffer bytes = Wire.bytes(text);
        return look.beginsSomething(bytes, bytes.capacity());
    }

    @Test
    void shouldFindWhatTheParserFindsWhenARequestBeginsSomething() {
        // when
        final boolean sure = sure(Wire.INVITE);

        // then
        assertTrue(sure);
        assertEquals("a84b4c76e66710@pc33.atlanta.example.com", Wire.text(Wire.bytes(Wire.INVITE), look.callId()));
        assertEquals(314159, look.cseqNumber());
        assertEquals("INVITE ".length(), look.requestUri());
    }

    @ParameterizedTest
    @CsvSource({"'To: Bob', 't: Bob'", "'To: Bob', 'TO:Bob'", "'Call-ID:', 'i:'", "INVITE, REGISTER"})
    void shouldBeSureWhenNamesAreWrittenOtherwise(final String from, final String to) {
        assertTrue(sure(Wire.INVITE.replace(from, to)));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"example.com>_From|example.com>;tag=1_From",
        "example.com>_From|example.com> ; TAG=1_From", "example.com>_From|example.com>_ ;tag=1_From",
        "To: Bob|To : Bob",
        "INVITE sip|ACK sip", "INVITE sip|CANCEL sip", "Call-ID|X-Call-ID", "CSeq: 314159|CSeq: x",
        "CSeq: 314159|CSeq: 31415926535", "Max-Forwards: 70|To: <sip:a@b>"})
    void shouldLeaveItToTheParserWhenItIsNotSure(final String from, final String to) {
        // given
        final String changed = Wire.INVITE.replace(from.replace("_", "\r\n"), to.replace("_", "\r\n"));
        assertNotEquals(Wire.INVITE, changed);

        // then
        assertFalse(sure(changed));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "SIP/2.0 200 OK\r\n\r\n", "\r\n\r\n\r\n\r\n\r\n", "INVITE sip:a@b SIP/2.0",
        "INVITE sip:a@b SIP/2.0\r\n\r\n"})
    void shouldNotBeSureWhenItIsNoWholeRequest(final String text) {
        assertFalse(sure(text));
    }

    @Test
    void shouldNeverContradictTheParserWhenBytesAreChanged() {
        // given
        final SplittableRandom random = new SplittableRandom(SEED);
        final SipParser parser = new SipParser(Limits.DEFAULTS);
        final SipMessage message = new SipMessage(Limits.DEFAULTS.headerRows());
        int agreed = 0;
        for (int i = 0; i < 50_000; i++) {
            final StringBuilder text = new StringBuilder(Wire.INVITE);
            for (int changes = random.nextInt(4); changes > 0; changes--) {
                text.setCharAt(random.nextInt(text.length()), ":;tag=T \r\nio,<>\"C".charAt(random.nextInt(16)));
            }
            text.setLength(random.nextInt(4) > 0 ? text.length() : random.nextInt(text.length()));
            final UnsafeBuffer bytes = Wire.bytes(text.toString());

            // when
            final boolean sure = look.beginsSomething(bytes, bytes.capacity());

            // then
            if (sure && parser.parse(message.wrap(bytes, 0, bytes.capacity()), false) == ParseError.NONE) {
                assertFalse(Slice.exists(message.toTag()), text::toString);
                assertTrue(message.method() != Method.ACK && message.method() != Method.CANCEL, text::toString);
                assertEquals(message.cseqNumber(), look.cseqNumber(), text::toString);
                assertEquals(Wire.text(bytes, message.callId()), Wire.text(bytes, look.callId()), text::toString);
                agreed++;
            }
        }
        assertTrue(agreed > 1_000);
    }
}
