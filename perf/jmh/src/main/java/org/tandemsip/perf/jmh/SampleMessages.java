package org.tandemsip.perf.jmh;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.agrona.concurrent.UnsafeBuffer;
import org.tandemsip.codec.Limits;
import org.tandemsip.codec.ParseError;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.SipParser;

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
            """;
    private static final int SDP_BYTES = SDP.replace("\n", "\r\n").length();

    private SampleMessages() {}

    /** The messages, all of them well-formed. */
    static UnsafeBuffer[] invites() {
        final UnsafeBuffer[] messages = new UnsafeBuffer[COUNT];
        for (int i = 0; i < COUNT; i++) {
            messages[i] = offHeap(invite(i));
        }
        return messages;
    }

    /** The text, lines ended by LF, as it would lie in a ring slot. */
    static UnsafeBuffer offHeap(final String text) {
        final byte[] bytes = text.replace("\n", "\r\n").getBytes(StandardCharsets.US_ASCII);
        final ByteBuffer memory = ByteBuffer.allocateDirect(bytes.length);
        memory.put(bytes).flip();
        return new UnsafeBuffer(memory);
    }

    /** The message in all of it. */
    static SipMessage parse(final UnsafeBuffer bytes) {
        return parse(bytes, bytes.capacity());
    }

    /** The message in the first {@code length} bytes. @throws IllegalStateException when there is none */
    static SipMessage parse(final UnsafeBuffer bytes, final int length) {
        final SipMessage message = new SipMessage(Limits.DEFAULTS.headerRows()).wrap(bytes, 0, length);
        if (new SipParser(Limits.DEFAULTS).parse(message, false) != ParseError.NONE) {
            throw new IllegalStateException("the sample is not well-formed");
        }
        return message;
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

                """.formatted(i, i, token, i, i, token.substring(4), i, token, i, i + 1, i, i, SDP_BYTES) + SDP;
    }
}
