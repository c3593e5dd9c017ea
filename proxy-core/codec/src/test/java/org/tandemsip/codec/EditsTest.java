package org.tandemsip.codec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class EditsTest {
    private final UnsafeBuffer out = new UnsafeBuffer(ByteBuffer.allocateDirect(8_192));
    private final Edits edits = new Edits(8, 1_024);

    private String apply(final SipMessage message) {
        final int expected = edits.resultLength(message);
        final int length = edits.apply(message, out, 100);
        assertEquals(expected, length);
        return Wire.text(out, 100, length);
    }

    @Test
    void shouldCopyUnchangedWhenThereAreNoEdits() {
        assertEquals(Wire.INVITE, apply(Wire.parsed(Wire.INVITE)));
    }

    @Test
    void shouldReplaceInsertAndDeleteWhenChangesComeInAnyOrder() {
        // given
        final SipMessage message = Wire.parsed(Wire.INVITE);
        final long maxForwards = message.value(HeaderName.MAX_FORWARDS);

        // when
        edits.delete(message.rowStart(6), message.rowEnd(6) - message.rowStart(6));
        edits.begin(Slice.offset(maxForwards), Slice.length(maxForwards)).putDecimal(69);
        edits.end();
        edits.begin(message.rowStart(0), 0).put("Via: one".getBytes(StandardCharsets.US_ASCII)).crlf();
        edits.end();
        edits.begin(message.rowStart(0), 0).put("Via: two".getBytes(StandardCharsets.US_ASCII)).crlf();
        edits.end();

        // then
        assertEquals(Wire.INVITE.replace("Contact: <sip:alice@pc33.atlanta.example.com>\r\n", "")
                .replace("Max-Forwards: 70", "Max-Forwards: 69")
                .replace("Via: SIP", "Via: one\r\nVia: two\r\nVia: SIP"), apply(message));
        assertFalse(edits.overflown());
    }

    @Test
    void shouldLeaveOutTextInsideWhatIsDropped() {
        // given
        final SipMessage message = Wire.parsed(Wire.INVITE);
        final long maxForwards = message.value(HeaderName.MAX_FORWARDS);
        final int row = message.firstRow(HeaderName.MAX_FORWARDS);

        // when: the row goes, its value changes, and text stands at both ends of it
        edits.begin(Slice.offset(maxForwards), Slice.length(maxForwards)).putDecimal(69);
        edits.end();
        edits.begin(message.rowEnd(row), 0).put("B: 2".getBytes(StandardCharsets.US_ASCII)).crlf();
        edits.end();
        edits.delete(message.rowStart(row), message.rowEnd(row) - message.rowStart(row));
        edits.begin(message.rowStart(row), 0).put("A: 1".getBytes(StandardCharsets.US_ASCII)).crlf();
        edits.end();

        // then
        assertEquals(Wire.INVITE.replace("Max-Forwards: 70\r\n", "A: 1\r\nB: 2\r\n"), apply(message));
    }

    @Test
    void shouldSayOverflownWhenTextOrEditsDoNotFit() {
        edits.begin(0, 0).put(new byte[1_025]);
        assertTrue(edits.end().overflown());
        edits.reset();
        for (int i = 0; i < 9; i++) {
            assertFalse(edits.overflown());
            edits.begin(i, 0).put('x');
            edits.end();
        }
        assertTrue(edits.overflown());
    }

    @Test
    void shouldDeleteRowOrValueWhenCursorDeletes() {
        final String rows = "Route: <sip:a;lr>, \"b,\" <sip:b;lr>\r\n , <sip:c;lr>\r\nX: y\r\nRoute: <sip:d;lr>\r\n";
        assertEquals("Route: \"b,\" <sip:b;lr>\r\n , <sip:c;lr>\r\nX: y\r\nRoute: <sip:d;lr>\r\n", without(rows, 0));
        assertEquals("Route: <sip:c;lr>\r\nX: y\r\nRoute: <sip:d;lr>\r\n", without(rows, 0, 1));
        assertEquals("X: y\r\nRoute: <sip:d;lr>\r\n", without(rows, 0, 1, 2));
        assertEquals("X: y\r\n", without(rows, 0, 1, 2, 3));
        assertEquals("Route: <sip:a;lr>\r\n , <sip:c;lr>\r\nX: y\r\nRoute: <sip:d;lr>\r\n", without(rows, 1));
        assertEquals("Route: <sip:a;lr>, \"b,\" <sip:b;lr>\r\nX: y\r\nRoute: <sip:d;lr>\r\n", without(rows, 2));
        assertEquals("Route: <sip:a;lr>, \"b,\" <sip:b;lr>\r\n , <sip:c;lr>\r\nX: y\r\n", without(rows, 3));
        assertEquals("Route: <sip:a;lr>\r\nX: y\r\nRoute: <sip:d;lr>\r\n", without(rows, 1, 2));
    }

    private String without(final String rows, final int... indexes) {
        final String head = Wire.INVITE.substring(0, Wire.INVITE.indexOf("Max-Forwards"));
        final String tail = Wire.INVITE.substring(Wire.INVITE.indexOf("Max-Forwards"));
        final SipMessage message = Wire.parsed(head + rows + tail);
        edits.reset();
        final ValueCursor cursor = new ValueCursor().reset(message, HeaderName.ROUTE);
        int next = 0;
        for (int i = 0; cursor.next(); i++) {
            if (next < indexes.length && indexes[next] == i) {
                cursor.delete(edits);
                next++;
            }
        }
        final String result = apply(message);
        assertTrue(result.startsWith(head) && result.endsWith(tail), result);
        return result.substring(head.length(), result.length() - tail.length());
    }
}
