package org.tandemsip.perf.jmh;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.agrona.concurrent.UnsafeBuffer;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Setup;
import org.tandemsip.codec.AsciiWriter;
import org.tandemsip.codec.Edits;
import org.tandemsip.codec.HeaderName;
import org.tandemsip.codec.IpAddress;
import org.tandemsip.codec.Limits;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.SipParser;
import org.tandemsip.codec.Slice;

/**
 * The codec's share of forwarding an INVITE (RFC 3261 section 16.6): parse, then write it out with a Via and a
 * Record-Route added, {@code received} and {@code rport} filled in and Max-Forwards one lower.
 *
 * <pre>
 *   64 INVITEs off-heap, round robin --> parse --> 4 edits --> one copy into the outgoing buffer
 * </pre>
 */
public class ForwardBenchmark extends PathBenchmark {
    private static final byte[] VIA = ascii("Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK");
    private static final byte[] RECORD_ROUTE = ascii("Record-Route: <sip:192.0.2.1:5060;lr;t=");
    private static final byte[] RPORT = ascii("rport=");
    private static final byte[] RECEIVED = ascii(";received=");
    private static final byte[] CLOSE = ascii(">\r\n");
    private static final long SOURCE = IpAddress.IPV4_PREFIX | 0xC6336415L;

    private final UnsafeBuffer[] messages = SampleMessages.invites();
    private final UnsafeBuffer out = new UnsafeBuffer(ByteBuffer.allocateDirect(4_096));
    private final SipMessage message = new SipMessage(Limits.DEFAULTS.headerRows());
    private final SipParser parser = new SipParser(Limits.DEFAULTS);
    private final Edits edits = new Edits(16, 2_048);
    private int next;

    /** Refuses to measure a forward whose result is not a message. */
    @Setup
    public void check() {
        for (int i = 0; i < SampleMessages.COUNT; i++) {
            final SipMessage result = SampleMessages.parse(out, forward());
            if (result.viaValues() != 2 || result.maxForwards() != 69
                    || result.firstRow(HeaderName.RECORD_ROUTE) < 0) {
                throw new IllegalStateException("the sample is not forwarded as it should");
            }
        }
    }

    /** Parse, edit, write. */
    @Benchmark
    public int forward() {
        final UnsafeBuffer bytes = messages[next++ & SampleMessages.COUNT - 1];
        parser.parse(message.wrap(bytes, 0, bytes.capacity()), false);
        edits.reset();
        final int top = message.rowStart(message.firstRow(HeaderName.VIA));
        edits.begin(top, 0).put(VIA).putHex(message.cseqNumber() * 0x9E3779B97F4A7C15L, 16).crlf();
        edits.end();
        edits.begin(top, 0).put(RECORD_ROUTE).putHex(message.cseqNumber(), 16).put(CLOSE);
        edits.end();
        final long rport = message.topVia().rportParameter();
        final AsciiWriter via = edits.begin(Slice.offset(rport), Slice.length(rport));
        via.put(RPORT).putDecimal(5060).put(RECEIVED).putAddress(0, SOURCE, false);
        edits.end();
        final long maxForwards = message.value(HeaderName.MAX_FORWARDS);
        edits.begin(Slice.offset(maxForwards), Slice.length(maxForwards)).putDecimal(message.maxForwards() - 1);
        edits.end();
        return edits.apply(message, out, 0);
    }

    private static byte[] ascii(final String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
