package org.tandemsip.codec;

import org.agrona.DirectBuffer;

/**
 * Flyweight over one Via value (RFC 3261 section 20.42, RFC 3581). All offsets are in the buffer it was wrapped over.
 */
public final class Via {
    /** Port or parameter value that is not given. */
    public static final int NOT_GIVEN = -1;

    /**
     * Parses the value in {@code [start, end)}, without its comma.
     *
     * @return whether it is well-formed; when not, nothing else may be asked
     */
    public boolean wrap(final DirectBuffer bytes, final int start, final int end) {
        throw new UnsupportedOperationException();
    }

    /** Offset of the value's first byte. */
    public int start() {
        throw new UnsupportedOperationException();
    }

    /** Offset one past the value's last byte. */
    public int end() {
        throw new UnsupportedOperationException();
    }

    /** Transport of sent-protocol. */
    public Transport transport() {
        throw new UnsupportedOperationException();
    }

    /** Bytes of the sent-by host; an IPv6 reference with its brackets. */
    public long host() {
        throw new UnsupportedOperationException();
    }

    /** Port of sent-by, 1 to 65535, or {@link #NOT_GIVEN}. */
    public int port() {
        throw new UnsupportedOperationException();
    }

    /** Bytes of the branch, or {@link Slice#NONE}. */
    public long branch() {
        throw new UnsupportedOperationException();
    }

    /** Whether the branch starts with the magic cookie {@code z9hG4bK} in any case (RFC 3261 section 8.1.1.7). */
    public boolean hasMagicCookie() {
        throw new UnsupportedOperationException();
    }

    /** Bytes of the {@code received} value, or {@link Slice#NONE}. */
    public long received() {
        throw new UnsupportedOperationException();
    }

    /** Whether an {@code rport} parameter is there, with or without a value (RFC 3581). */
    public boolean hasRport() {
        throw new UnsupportedOperationException();
    }

    /** Value of {@code rport}, or {@link #NOT_GIVEN}. */
    public int rport() {
        throw new UnsupportedOperationException();
    }

    /** Bytes of the whole {@code rport} parameter, name and value, without its semicolon; or {@link Slice#NONE}. */
    public long rportParameter() {
        throw new UnsupportedOperationException();
    }

    /** Bytes of the whole {@code received} parameter, name and value, without its semicolon; or {@link Slice#NONE}. */
    public long receivedParameter() {
        throw new UnsupportedOperationException();
    }

    /** Bytes of the {@code maddr} value, or {@link Slice#NONE}. */
    public long maddr() {
        throw new UnsupportedOperationException();
    }
}
