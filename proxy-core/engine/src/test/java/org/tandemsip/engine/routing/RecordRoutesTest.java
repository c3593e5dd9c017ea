package org.tandemsip.engine.routing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.tandemsip.codec.AsciiWriter;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.SipUri;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.handler.ListenPoint;
import org.tandemsip.engine.handler.Places;
import org.tandemsip.engine.handler.ShardContext;

class RecordRoutesTest {
    private static final ListenPoint[] POINTS = {Messages.listenPoint(0, Transport.UDP, "203.0.113.10:5060"),
        Messages.listenPoint(1, Transport.TCP, "203.0.113.10:5060"),
        Messages.listenPoint(2, Transport.UDP, "[2001:db8::10]:5080")};
    private final ListenPoints listenPoints = new ListenPoints(java.util.List.of(POINTS));
    private final RecordRoutes recordRoutes = new RecordRoutes(Messages.context(POINTS));

    @Test
    void shouldBeKnownInItsDialogWhenEitherSideSendsItAfterRestart() {
        for (int point = 0; point < POINTS.length; point++) {
            final String uri = write(recordRoutes, "c1", "caller", point);

            final RecordRoutes restarted = new RecordRoutes(Messages.context(POINTS));
            assertTrue(verifies(restarted, uri, "c1", "caller", "callee"));
            assertTrue(verifies(restarted, uri, "c1", "callee", "caller"));
        }
    }

    @Test
    void shouldWriteTransportWhenItIsNotUdp() {
        assertTrue(write(recordRoutes, "c1", "t", 0).matches("sip:203.0.113.10:5060;lr;tk=[0-9a-f]{16}"));
        assertTrue(write(recordRoutes, "c1", "t", 1).matches("sip:203.0.113.10:5060;transport=tcp;lr;tk=[0-9a-f]{16}"));
        assertTrue(write(recordRoutes, "c1", "t", 2).matches("sip:\\[2001:db8::10]:5080;lr;tk=[0-9a-f]{16}"));
    }

    @Test
    void shouldNotBeKnownWhenBorrowedForAnotherDialogOrListenPoint() {
        final String uri = write(recordRoutes, "c1", "caller", 0);

        assertFalse(verifies(recordRoutes, uri, "c2", "caller", "callee"));
        assertFalse(verifies(recordRoutes, uri, "c1", "x", "y"));
        assertFalse(verifies(recordRoutes, uri.replace(";lr", ";transport=tcp;lr"), "c1", "caller", "callee"));
        final RecordRoutes stranger = new RecordRoutes(Messages.context(java.util.List.of(POINTS),
                new Messages.Silence(), null, new ShardContext.Keys(9, 9, 9, 9)));
        assertFalse(verifies(stranger, uri, "c1", "caller", "callee"));
    }

    @Test
    void shouldNameThePlaceOfACallThatCounts() {
        final long call = 0x0100_002a_89ab_cdefL;
        final String uri = write(recordRoutes, "c1", "caller", 0, call);

        assertTrue(uri.matches("sip:203.0.113.10:5060;lr;tk=[0-9a-f]{16}0100002a89abcdef"), uri);
        assertTrue(verifies(recordRoutes, uri, "c1", "callee", "caller"));
        assertEquals(call, recordRoutes.readPlace());
        assertFalse(verifies(recordRoutes, uri.replace("89abcdef", "89abcdee"), "c1", "callee", "caller"));
        assertFalse(verifies(recordRoutes, uri.substring(0, uri.length() - 16), "c1", "callee", "caller"));
        final UnsafeBuffer value = new UnsafeBuffer(('<' + uri + '>').getBytes(StandardCharsets.US_ASCII));
        assertEquals(0, recordRoutes.read(value, 0, value.capacity()));
        assertTrue(recordRoutes.readVerifies(request(uri, "c1", "callee", "caller"), 0));
        assertEquals(call, recordRoutes.readPlace());
        assertTrue(verifies(recordRoutes, write(recordRoutes, "c1", "caller", 0), "c1", "callee", "caller"));
        assertEquals(Places.NONE, recordRoutes.readPlace());
    }

    @Test
    void shouldNotBeKnownWhenForged() {
        final SplittableRandom random = new SplittableRandom(3);
        for (int i = 0; i < 10_000; i++) {
            final String tk = String.format("%016x", random.nextLong());
            assertFalse(verifies(recordRoutes, "sip:203.0.113.10:5060;lr;tk=" + tk, "c1", "caller", "callee"));
        }
        assertFalse(verifies(recordRoutes, "sip:203.0.113.10:5060;lr", "c1", "caller", "callee"));
        assertFalse(verifies(recordRoutes, "sip:203.0.113.10:5060;lr;tk", "c1", "caller", "callee"));
        assertFalse(verifies(recordRoutes, "sip:203.0.113.10:5060;lr;tk=zz", "c1", "caller", "callee"));
    }

    @Test
    void shouldFindListenPointByAddressNameAndTransport() {
        assertEquals(0, find("sip:203.0.113.10"));
        assertEquals(0, find("sip:x@203.0.113.10:5060;lr"));
        assertEquals(1, find("sip:203.0.113.10;transport=TCP"));
        assertEquals(2, find("sip:[2001:DB8:0::10]:5080"));
        assertEquals(ListenPoints.NONE, find("sip:203.0.113.10:5061"));
        assertEquals(ListenPoints.NONE, find("sip:203.0.113.11"));
        assertEquals(ListenPoints.NONE, find("sips:203.0.113.10"));
        assertEquals(ListenPoints.NONE, find("sip:203.0.113.10;transport=sctp"));
    }

    @Test
    void shouldSelectListenPointOfFamilyAndSubnet() {
        final ListenPoints points = new ListenPoints(java.util.List.of(
                Messages.listenPoint(0, Transport.UDP, "203.0.113.10:5060"),
                Messages.listenPoint(1, Transport.UDP, "10.0.0.1:5060"),
                Messages.listenPoint(2, Transport.UDP, "10.0.0.1:5080"),
                Messages.listenPoint(3, Transport.TCP, "203.0.113.10:5060"),
                Messages.listenPoint(4, Transport.UDP, "[2001:db8::10]:5060")));

        assertEquals(1, select(points, Transport.UDP, "10.0.0.11", 0));
        assertEquals(2, select(points, Transport.UDP, "10.0.0.11", 2));
        assertEquals(0, select(points, Transport.UDP, "203.0.113.99", 2));
        assertEquals(3, select(points, Transport.TCP, "10.0.0.11", 0));
        assertEquals(4, select(points, Transport.UDP, "2001:db8:1::1", 0));
        assertEquals(ListenPoints.NONE, select(points, Transport.TCP, "2001:db8:1::1", 0));
    }

    private static int select(final ListenPoints points, final Transport transport, final String host,
            final int preferred) {
        final var address = Messages.address(host);
        return points.select(transport, address.high(), address.low(), preferred);
    }

    private int find(final String text) {
        final UnsafeBuffer bytes = new UnsafeBuffer(text.getBytes(StandardCharsets.US_ASCII));
        final SipUri uri = new SipUri();
        assertTrue(uri.wrap(bytes, 0, bytes.capacity()));
        return listenPoints.find(bytes, uri);
    }

    private static String write(final RecordRoutes by, final String callId, final String fromTag, final int point) {
        return write(by, callId, fromTag, point, Places.NONE);
    }

    private static String write(final RecordRoutes by, final String callId, final String fromTag, final int point,
            final long call) {
        final UnsafeBuffer buffer = new UnsafeBuffer(new byte[256]);
        final AsciiWriter writer = new AsciiWriter().wrap(buffer, 0);
        by.write(writer, request("sip:b@b.example", callId, fromTag, null), point, call, false, null, false);
        final String value = buffer.getStringWithoutLengthAscii(0, writer.position());
        return value.substring(1, value.length() - 1);
    }

    private boolean verifies(final RecordRoutes by, final String text, final String callId, final String fromTag,
            final String toTag) {
        final SipMessage request = request(text, callId, fromTag, toTag);
        final SipUri uri = new SipUri();
        final long slice = request.requestUri();
        assertTrue(uri.wrap(request.bytes(), org.tandemsip.codec.Slice.offset(slice),
                org.tandemsip.codec.Slice.end(slice)));
        return by.verifies(request, uri, listenPoints.find(request.bytes(), uri));
    }

    private static SipMessage request(final String uri, final String callId, final String fromTag, final String toTag) {
        return Messages.parse("BYE " + uri
                + " SIP/2.0\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\nFrom: <sip:a@a.example>;tag="
                + fromTag + "\nTo: <sip:b@b.example>" + (toTag == null ? "" : ";tag=" + toTag) + "\nCall-ID: " + callId
                + "\nCSeq: 1 BYE\nContent-Length: 0\n\n");
    }
}
