package org.tandemsip.codec;

import org.agrona.DirectBuffer;

/**
 * Transports of a Via header field (RFC 3261 section 20.42, RFC 7118 section 5) and of a {@code transport} URI
 * parameter.
 */
public enum Transport {
    UDP(5060, false, false), TCP(5060, true, false), TLS(5061, true, true), WS(80, true, false), WSS(443, true, true),
    SCTP(5060, true, false),
    /** A transport token that this list does not name. */
    OTHER(5060, true, false);

    private final int defaultPort;
    private final boolean stream;
    private final boolean secure;
    private static final Transport[] KNOWN = {UDP, TCP, TLS, WS, WSS, SCTP};

    private final long word = Scan.lowerWord(name());
    private final byte[] token = name().getBytes(java.nio.charset.StandardCharsets.US_ASCII);

    Transport(final int defaultPort, final boolean stream, final boolean secure) {
        this.defaultPort = defaultPort;
        this.stream = stream;
        this.secure = secure;
    }

    /** Port that a sent-by or URI without one means (RFC 3261 section 18.2.2, RFC 7118 section 7). */
    public int defaultPort() {
        return defaultPort;
    }

    /** Whether the transport is reliable and connection-oriented, so that no retransmission timers run. */
    public boolean stream() {
        return stream;
    }

    /** Whether the transport encrypts. */
    public boolean secure() {
        return secure;
    }

    /** The token as written in a Via, upper case; not to be modified. */
    public byte[] token() {
        return token;
    }

    /**
     * The transport whose token stands in {@code [start, end)}, in any case; {@link #OTHER} when it is none of these.
     */
    public static Transport of(final DirectBuffer bytes, final int start, final int end) {
        final int length = end - start;
        if (length < 2 || length > 4) {
            return OTHER;
        }
        final long word = Scan.lowerWord(bytes, start, length);
        for (final Transport transport : KNOWN) {
            if (transport.word == word) {
                return transport;
            }
        }
        return OTHER;
    }
}
