package org.tandemsip.codec;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Whatever comes off the wire, the codec leaves the heap alone: not one byte over thousands of messages. */
@Timeout(60)
class AllocationTest {
    private static final int WARM_UP = 2_000;
    private static final int MESSAGES = 20_000;
    private static final int ROUNDS = 5;
    private static final byte[] VIA = "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] EXPIRES = "expires".getBytes(StandardCharsets.US_ASCII);

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private final UnsafeBuffer out = new UnsafeBuffer(ByteBuffer.allocateDirect(8_192));
    private final SipMessage message = new SipMessage(Limits.DEFAULTS.headerRows());
    private final SipMessage copy = new SipMessage(Limits.DEFAULTS.headerRows());
    private final SipParser parser = new SipParser(Limits.DEFAULTS);
    private final StreamFramer framer = new StreamFramer(Limits.DEFAULTS);
    private final Edits edits = new Edits(8, 512);
    private final ResponseWriter answers = new ResponseWriter();
    private final ValueCursor cursor = new ValueCursor();
    private final NameAddr nameAddr = new NameAddr();
    private final SipUri uri = new SipUri();
    private final IpAddress address = new IpAddress();
    private final KeyedHash hash = new KeyedHash(1, 2);
    private long sink;

    @Test
    void shouldAllocateNothingWhenMessagesAreParsedForwardedAnsweredOrRefused() {
        // given
        final String route = "Route: <sip:[2001:db8::1]:5061;transport=tcp;lr>, \"x\" <sip:b;lr>\r\nContact: ";
        final String response = Wire.INVITE.replaceFirst("^[^\r]*", "SIP/2.0 200 OK");
        final UnsafeBuffer[] datagrams = {Wire.bytes(Wire.INVITE.replace("Contact: ", route)),
            Wire.bytes(Wire.INVITE.replace("70", "-1")), Wire.bytes(Wire.INVITE.replace("\r\n", "\n")),
            Wire.bytes("\r\n" + Wire.INVITE.replace(": ", " :\r\n ")), Wire.bytes("GET / HTTP/1.1\r\n\r\n"),
            Wire.bytes("\r\n\r\n" + Wire.INVITE), Wire.bytes(response), Wire.bytes(response.replace(" 200 ", " 2x0 "))};
        for (int i = 0; i < WARM_UP; i++) {
            handle(datagrams[i % datagrams.length]);
        }

        // when
        // The JVM itself may allocate now and then on this thread while it compiles; what the codec does, it does every round.
        long allocated = Long.MAX_VALUE;
        for (int round = 0; round < ROUNDS && allocated > 0; round++) {
            final long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < MESSAGES; i++) {
                handle(datagrams[i % datagrams.length]);
            }
            allocated = Math.min(allocated, threads.getCurrentThreadAllocatedBytes() - before);
        }

        // then
        assertEquals(0, allocated, "bytes of heap over " + MESSAGES + " messages, " + sink);
    }

    private void handle(final UnsafeBuffer bytes) {
        final ParseError error = parser.parse(message.wrap(bytes, 0, bytes.capacity()), false);
        sink += hash.begin().addSlice(message.bytes(), message.callId()).addLowerCase(bytes, 0, 9).end();
        sink += framer.poll(bytes, 0, bytes.capacity()).ordinal() + framer.consumed();
        if (error == ParseError.NONE) {
            forward();
        }
        if (message.isRequest() && (error == ParseError.NONE || error.answer() != null)) {
            answers.begin(message, error == ParseError.NONE ? Status.TRYING_100 : error.answer(), 5, null, out, 0);
            sink += answers.finish();
        }
    }

    private void forward() {
        edits.reset();
        edits.begin(message.rowStart(message.firstRow(HeaderName.VIA)), 0).put(VIA).putHex(sink, 16).crlf();
        edits.end();
        final long rport = message.topVia().rportParameter();
        edits.begin(Slice.offset(rport), Slice.length(rport)).putAddress(1, 2, true).putDecimal(5060);
        edits.end();
        cursor.reset(message, HeaderName.ROUTE);
        while (cursor.next()) {
            if (nameAddr.wrap(message.bytes(), cursor.start(), cursor.end())) {
                sink += nameAddr.parameter(EXPIRES) + nameAddr.tag();
                final long target = nameAddr.uri();
                uri.wrap(message.bytes(), Slice.offset(target), Slice.end(target));
                address.parse(message.bytes(), Slice.offset(uri.host()), Slice.end(uri.host()));
                sink += uri.port() + uri.parameter(EXPIRES) + address.low();
                cursor.delete(edits);
            }
        }
        sink += edits.resultLength(message);
        final int length = edits.apply(message, out, 0);
        sink += copy.copyIndexFrom(message, message.bytes(), 0).cseqNumber() + length;
    }
}
