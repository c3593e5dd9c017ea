package org.tandemsip.codec;

import org.agrona.DirectBuffer;

/**
 * Flyweight over one URI (RFC 3261 section 19.1, RFC 3966): sip and sips are taken apart, tel gives its number, any
 * other scheme is opaque. Bytes are kept as written, escapes included.
 */
public final class SipUri {
    /** URI scheme. */
    public enum Scheme {
        SIP, SIPS, TEL,
        /** Any other scheme: only {@link #schemeToken()} can be asked. */
        OPAQUE
    }

    /** Port that is not given. */
    public static final int NOT_GIVEN = -1;

    /**
     * Parses the URI in {@code [start, end)}, without angle brackets.
     *
     * @return whether it is well-formed; when not, nothing else may be asked
     */
    public boolean wrap(final DirectBuffer bytes, final int start, final int end) {
        throw new UnsupportedOperationException();
    }

    /** Offset of the first byte of the scheme. */
    public int start() {
        throw new UnsupportedOperationException();
    }

    /** Offset one past the last byte. */
    public int end() {
        throw new UnsupportedOperationException();
    }

    /** Scheme of the URI. */
    public Scheme scheme() {
        throw new UnsupportedOperationException();
    }

    /** Bytes of the scheme, without its colon. */
    public long schemeToken() {
        throw new UnsupportedOperationException();
    }

    /** Bytes of the user part without password, or the number of a tel URI; {@link Slice#NONE} when there is none. */
    public long user() {
        throw new UnsupportedOperationException();
    }

    /** Bytes of the host, an IPv6 reference with its brackets; {@link Slice#NONE} for tel and opaque. */
    public long host() {
        throw new UnsupportedOperationException();
    }

    /** Port, 1 to 65535, or {@link #NOT_GIVEN}. */
    public int port() {
        throw new UnsupportedOperationException();
    }

    /** Transport named by the {@code transport} parameter, or {@code null} when there is none. */
    public Transport transport() {
        throw new UnsupportedOperationException();
    }

    /** Whether the {@code lr} parameter is there (RFC 3261 section 19.1.1). */
    public boolean hasLr() {
        throw new UnsupportedOperationException();
    }

    /** Bytes of the {@code maddr} value, or {@link Slice#NONE}. */
    public long maddr() {
        throw new UnsupportedOperationException();
    }

    /**
     * Bytes of the value of the URI parameter {@code name} (compared without case), empty when it has none; or
     * {@link Slice#NONE}.
     */
    public long parameter(final byte[] name) {
        throw new UnsupportedOperationException();
    }
}
