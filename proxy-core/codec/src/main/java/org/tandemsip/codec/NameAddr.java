package org.tandemsip.codec;

import org.agrona.DirectBuffer;

/**
 * Flyweight over one name-addr or addr-spec value with header parameters: From, To, Contact, Route, Record-Route (RFC
 * 3261 section 20.10).
 */
public final class NameAddr {
    /**
     * Parses the value in {@code [start, end)}, without its comma.
     *
     * @return whether it is well-formed; when not, nothing else may be asked
     */
    public boolean wrap(final DirectBuffer bytes, final int start, final int end) {
        throw new UnsupportedOperationException();
    }

    /** Bytes of the display name as written, quotes included; {@link Slice#NONE} when there is none. */
    public long displayName() {
        throw new UnsupportedOperationException();
    }

    /** Bytes of the URI, without angle brackets. */
    public long uri() {
        throw new UnsupportedOperationException();
    }

    /** Whether the URI stands in angle brackets. */
    public boolean bracketed() {
        throw new UnsupportedOperationException();
    }

    /** Bytes of the tag, or {@link Slice#NONE}. */
    public long tag() {
        throw new UnsupportedOperationException();
    }

    /**
     * Bytes of the value of the header parameter {@code name} (compared without case), empty when it has none; or
     * {@link Slice#NONE}.
     */
    public long parameter(final byte[] name) {
        throw new UnsupportedOperationException();
    }
}
