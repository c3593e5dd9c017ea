package org.tandemsip.codec;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/** Texts to off-heap bytes and back, and messages to try things on. */
final class Wire {
    /** A well-formed INVITE as a PBX sends it, without body. */
    static final String INVITE = crlf("""
            INVITE sip:bob@biloxi.example.com SIP/2.0
            Via: SIP/2.0/UDP pc33.atlanta.example.com:5066;branch=z9hG4bK776asdhds;rport
            Max-Forwards: 70
            To: Bob <sip:bob@biloxi.example.com>
            From: "Alice" <sip:alice@atlanta.example.com>;tag=1928301774
            Call-ID: a84b4c76e66710@pc33.atlanta.example.com
            CSeq: 314159 INVITE
            Contact: <sip:alice@pc33.atlanta.example.com>
            Content-Length: 0

            """);

    private Wire() {}

    /** {@code text} with every line end made CRLF. */
    static String crlf(final String text) {
        return text.replace("\r\n", "\n").replace("\n", "\r\n");
    }

    /** The characters as bytes, each below 256, in memory of exactly that size outside the heap. */
    static UnsafeBuffer bytes(final String text) {
        return bytes(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    static UnsafeBuffer bytes(final byte[] content) {
        final ByteBuffer memory = ByteBuffer.allocateDirect(content.length);
        memory.put(content).flip();
        return new UnsafeBuffer(memory);
    }

    static String text(final DirectBuffer bytes, final int start, final int length) {
        final byte[] copy = new byte[length];
        bytes.getBytes(start, copy);
        return new String(copy, StandardCharsets.ISO_8859_1);
    }

    /** The bytes of a slice, {@code null} for {@link Slice#NONE}. */
    static String text(final DirectBuffer bytes, final long slice) {
        return slice == Slice.NONE ? null : text(bytes, Slice.offset(slice), Slice.length(slice));
    }

    static SipMessage message(final String text) {
        final UnsafeBuffer bytes = bytes(text);
        return new SipMessage(Limits.DEFAULTS.headerRows()).wrap(bytes, 0, bytes.capacity());
    }

    /** Parses {@code text} as a datagram. */
    static ParseError parse(final String text) {
        return new SipParser(Limits.DEFAULTS).parse(message(text), false);
    }

    /** Parses {@code text}, which must be well-formed. */
    static SipMessage parsed(final String text) {
        final SipMessage message = message(text);
        final SipParser parser = new SipParser(Limits.DEFAULTS);
        final ParseError error = parser.parse(message, false);
        if (error != ParseError.NONE) {
            throw new AssertionError(error + " at " + parser.errorOffset() + " in:\n" + text);
        }
        return message;
    }
}
