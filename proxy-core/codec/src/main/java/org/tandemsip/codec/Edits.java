package org.tandemsip.codec;

import org.agrona.MutableDirectBuffer;

/**
 * A list of changes to a received message (drop, replace, insert), kept sorted by offset and applied in one pass when
 * the outgoing message is written. The received bytes are never modified and everything between the changes is copied
 * as it came.
 *
 * <p>Inserted text is written into this object's own scratch memory. Several insertions at one offset come out in the
 * order they were made. Ranges must not overlap. Not thread-safe.
 */
public final class Edits {
    /** Makes room for {@code maxEdits} changes with {@code scratchBytes} of inserted text in all. */
    public Edits(final int maxEdits, final int scratchBytes) {
        throw new UnsupportedOperationException();
    }

    /** Forgets all changes. */
    public Edits reset() {
        throw new UnsupportedOperationException();
    }

    /** Drops {@code length} bytes from {@code offset}. */
    public Edits delete(final int offset, final int length) {
        throw new UnsupportedOperationException();
    }

    /**
     * Begins text that replaces {@code length} bytes from {@code offset} (0: inserts before it). Write it with the
     * returned writer, then call {@link #end()}.
     */
    public AsciiWriter begin(final int offset, final int length) {
        throw new UnsupportedOperationException();
    }

    /** Ends the text begun last. */
    public Edits end() {
        throw new UnsupportedOperationException();
    }

    /** Whether a change did not fit: the message cannot be written and must be refused (500). */
    public boolean overflown() {
        throw new UnsupportedOperationException();
    }

    /** Size in bytes that {@code message} will have with the changes applied. */
    public int resultLength(final SipMessage message) {
        throw new UnsupportedOperationException();
    }

    /**
     * Writes {@code message} with the changes applied.
     *
     * @return number of bytes written from {@code offset} on
     */
    public int apply(final SipMessage message, final MutableDirectBuffer out, final int offset) {
        throw new UnsupportedOperationException();
    }
}
