package org.tandemsip.codec;

/**
 * Walks the values of a header field over all its rows and commas (RFC 3261 section 7.3.1), commas inside quotes and
 * angle brackets not counted. Used for Via, Route, Record-Route, Proxy-Require and the like.
 */
public final class ValueCursor {
    /** Starts before the first value of {@code name}. */
    public ValueCursor reset(final SipMessage message, final HeaderName name) {
        throw new UnsupportedOperationException();
    }

    /** Moves to the next value; {@code false} when there is none. */
    public boolean next() {
        throw new UnsupportedOperationException();
    }

    /** Offset of the value's first byte, white space skipped. */
    public int start() {
        throw new UnsupportedOperationException();
    }

    /** Offset one past the value's last byte, white space not counted. */
    public int end() {
        throw new UnsupportedOperationException();
    }

    /** Row that the value stands in. */
    public int row() {
        throw new UnsupportedOperationException();
    }

    /** Whether it is the only value of its row, so that removing it removes the row. */
    public boolean aloneInRow() {
        throw new UnsupportedOperationException();
    }

    /** Adds to {@code edits} the deletion of this value: its row when alone, else the value with one comma. */
    public void delete(final Edits edits) {
        throw new UnsupportedOperationException();
    }
}
