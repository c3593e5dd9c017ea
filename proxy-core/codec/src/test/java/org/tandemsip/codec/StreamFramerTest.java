package org.tandemsip.codec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.tandemsip.codec.StreamFramer.Result;

@Timeout(30)
class StreamFramerTest {
    private final StreamFramer framer = new StreamFramer(Limits.DEFAULTS);

    @Test
    void shouldCutMessagesAndPingsWhenTheyComeInOnePiece() {
        // given
        final UnsafeBuffer bytes = Wire.bytes("\r\n\r\n" + Wire.INVITE + Wire.INVITE + "\r\n");

        // when, then
        assertEquals(Result.PING, framer.poll(bytes, 0, bytes.capacity()));
        int at = framer.consumed();
        assertEquals(4, at);
        for (int i = 0; i < 2; i++) {
            assertEquals(Result.MESSAGE, framer.poll(bytes, at, bytes.capacity() - at));
            assertEquals(at, framer.messageOffset());
            assertEquals(Wire.INVITE.length(), framer.messageLength());
            at += framer.consumed();
        }
        assertEquals(Result.NEED_MORE, framer.poll(bytes, at, bytes.capacity() - at));
        assertEquals(2, framer.consumed());
        assertFalse(framer.midMessage());
    }

    @Test
    void shouldBreakWhenContentLengthIsMissing() {
        // given
        final UnsafeBuffer bytes = Wire.bytes(Wire.INVITE.replace("Content-Length: 0\r\n", ""));

        // when
        final Result result = framer.poll(bytes, 0, bytes.capacity());

        // then
        assertEquals(Result.BROKEN, result);
        assertEquals(ParseError.MISSING_HEADER, framer.error());
        assertEquals(bytes.capacity(), framer.messageLength());
    }

    @Test
    void shouldBreakAtOnceWhenOtherProtocolSpeaks() {
        for (final String foreign : new String[] {"\u0016\u0003\u0001", "GET / HTTP/1.1\r\n", "\0\0\0", "{\"a\":1}",
            "\r\r", "hello\r\n"}) {
            // given
            final StreamFramer fresh = new StreamFramer(Limits.DEFAULTS);
            final UnsafeBuffer bytes = Wire.bytes(foreign);

            // when, then
            assertEquals(Result.BROKEN, fresh.poll(bytes, 0, bytes.capacity()), foreign);
            assertEquals(ParseError.NOT_SIP, fresh.error(), foreign);
            assertEquals(0, fresh.messageLength());
        }
    }

    @Test
    void shouldBeMidMessageWhenItsBodyIsNotThere() {
        // given
        final UnsafeBuffer bytes = Wire.bytes(Wire.INVITE.replace("Content-Length: 0", "l: 3") + "ab");

        // when, then
        assertEquals(Result.NEED_MORE, framer.poll(bytes, 0, bytes.capacity()));
        assertEquals(0, framer.consumed());
        assertTrue(framer.midMessage());
    }
}
