package org.tandemsip.testkit;

import java.nio.charset.StandardCharsets;

/**
 * Ready-made messages with placeholders. A placeholder is a name in braces, {@code {branch}}, and is filled by
 * {@link #fill}; line ends are CRLF.
 */
public final class Messages {
    /** An INVITE of about 700 bytes with an SDP offer: {@code uri via branch callId fromTag cseq}. */
    public static final String INVITE = wire("""
            INVITE {uri} SIP/2.0
            Via: SIP/2.0/UDP {via};branch={branch};rport
            Max-Forwards: 70
            From: "Alice" <sip:alice@pbx.example>;tag={fromTag}
            To: <{uri}>
            Call-ID: {callId}
            CSeq: {cseq} INVITE
            Contact: <sip:alice@{via}>
            Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, UPDATE, PRACK
            Supported: timer, 100rel
            User-Agent: Testkit
            Content-Type: application/sdp
            Content-Length: 150

            v=0
            o=alice 2890844526 2890844526 IN IP4 192.0.2.1
            s=-
            c=IN IP4 192.0.2.1
            t=0 0
            m=audio 49172 RTP/AVP 0 8 101
            a=rtpmap:0 PCMU/8000
            a=sendrecv
            """);

    /** A request without a body: {@code method uri via branch callId fromTag to cseq}. */
    public static final String REQUEST = wire("""
            {method} {uri} SIP/2.0
            Via: SIP/2.0/UDP {via};branch={branch};rport
            Max-Forwards: 70
            From: "Alice" <sip:alice@pbx.example>;tag={fromTag}
            To: {to}
            Call-ID: {callId}
            CSeq: {cseq} {method}
            Content-Length: 0

            """);

    /** A response without a body: {@code status reason via branch callId fromTag to cseq method}. */
    public static final String RESPONSE = wire("""
            SIP/2.0 {status} {reason}
            Via: SIP/2.0/UDP {via};branch={branch}
            From: "Alice" <sip:alice@pbx.example>;tag={fromTag}
            To: {to}
            Call-ID: {callId}
            CSeq: {cseq} {method}
            Content-Length: 0

            """);

    private Messages() {}

    /** Fills placeholders: name, value, name, value. Throws when one is left open. */
    public static byte[] fill(final String template, final String... namesAndValues) {
        String text = template;
        for (int i = 0; i < namesAndValues.length; i += 2) {
            text = text.replace('{' + namesAndValues[i] + '}', namesAndValues[i + 1]);
        }
        final int open = text.indexOf('{');
        if (open >= 0) {
            throw new IllegalArgumentException("not filled: " + text.substring(open, text.indexOf('}', open) + 1));
        }
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    /** Text of a text block with CRLF line ends. */
    public static String wire(final String textBlock) {
        return textBlock.replace("\n", "\r\n");
    }
}
