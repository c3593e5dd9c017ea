package org.tandemsip.perf.jmh;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * INVITEs of a PBX towards a carrier, about 700 bytes with their offer, each with names, numbers and tokens of its own
 * so that no branch predictor learns one message by heart. Off-heap, as they would lie in a ring slot.
 */
final class SampleMessages {
    /** How many there are; a power of two. */
    static final int COUNT = 64;

    private static final String SDP = """
            v=0
            o=pbx 2890844526 2890844526 IN IP4 198.51.100.21
            s=-
            c=IN IP4 198.51.100.21
            t=0 0
            m=audio 49172 RTP/AVP 8 101
            a=rtpmap:101 telephone-event/8000
            """.replace("\n", "\r\n");

    private SampleMessages() {}

    /** The messages, all of them well-formed. */
    static UnsafeBuffer[] invites() {
        final UnsafeBuffer[] messages = new UnsafeBuffer[COUNT];
        for (int i = 0; i < COUNT; i++) {
            final byte[] bytes = invite(i).getBytes(StandardCharsets.US_ASCII);
            final ByteBuffer memory = ByteBuffer.allocateDirect(bytes.length);
            memory.put(bytes).flip();
            messages[i] = new UnsafeBuffer(memory);
        }
        return messages;
    }

    private static String invite(final int i) {
        final String token = Long.toHexString(0x9E3779B97F4A7C15L * (i + 1));
        return """
                INVITE sip:+4930123%04d@carrier.example.com:5060 SIP/2.0
                Via: SIP/2.0/UDP 198.51.100.%d:5060;branch=z9hG4bK%s;rport
                Max-Forwards: 70
                From: "Extension %d" <sip:+4989456%d@pbx.example.com>;tag=%s
                To: <sip:+4930123%04d@carrier.example.com>
                Call-ID: %s@198.51.100.%d
                CSeq: %d INVITE
                Contact: <sip:+4989456%d@198.51.100.%d:5060>
                Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE
                Supported: timer, 100rel
                Content-Type: application/sdp
                Content-Length: %d

                """.formatted(i, i, token, i, i, token.substring(4), i, token, i, i + 1, i, i, SDP.length())
                .replace("\n", "\r\n") + SDP;
    }
}
