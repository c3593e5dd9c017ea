package org.tandemsip.codec;

import java.nio.ByteBuffer;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * A list of changes to a received message (drop, replace, insert), kept sorted by offset and applied in one pass when
 * the outgoing message is written. The received bytes are never modified and everything between the changes is copied
 * as it came.
 *
 * <pre>
 *   received   Via: a | Max-Forwards: 70 | Route: &lt;us&gt; | To: b | body
 *              |                      ||   |-- delete --|
 *              +- insert "Via: us"    ++- replace by "69"
 * </pre>
 *
 * <p>Inserted text is written into this object's own scratch memory. Several insertions at one offset come out in the
 * order they were made. Ranges may lie inside one another (the outer one wins, and the text of the inner is left out)
 * but must not cross. Not thread-safe.
 */
public final class Edits {
    private final int[] offset;
    private final int[] length;
    private final int[] textStart;
    private final int[] textEnd;
    private final UnsafeBuffer scratch;
    private final AsciiWriter writer = new AsciiWriter();
    private int size;
    private int scratchUsed;
    private int open;
    private boolean overflown;

    /** Makes room for {@code maxEdits} changes with {@code scratchBytes} of inserted text in all. */
    public Edits(final int maxEdits, final int scratchBytes) {
        offset = new int[maxEdits];
        length = new int[maxEdits];
        textStart = new int[maxEdits];
        textEnd = new int[maxEdits];
        scratch = new UnsafeBuffer(ByteBuffer.allocateDirect(scratchBytes));
    }

    /** Forgets all changes. */
    public Edits reset() {
        size = 0;
        scratchUsed = 0;
        open = 0;
        overflown = false;
        return this;
    }

    /** Drops {@code deleteLength} bytes from {@code from}. */
    public Edits delete(final int from, final int deleteLength) {
        add(from, deleteLength);
        return this;
    }

    /**
     * Begins text that replaces {@code replaceLength} bytes from {@code from} (0: inserts before it). Write it with
     * the returned writer, then call {@link #end()}.
     */
    public AsciiWriter begin(final int from, final int replaceLength) {
        open = add(from, replaceLength);
        return writer.wrap(scratch, scratchUsed, scratch.capacity());
    }

    /** Ends the text begun last. */
    public Edits end() {
        overflown |= writer.overflown();
        scratchUsed = writer.position();
        if (open >= 0) {
            textEnd[open] = scratchUsed;
        }
        return this;
    }

    /** Whether a change did not fit: then the message must not be written. */
    public boolean overflown() {
        return overflown;
    }

    /** Size in bytes that {@code message} will have with the changes applied. */
    public int resultLength(final SipMessage message) {
        int position = 0;
        int total = 0;
        int outer = 0;
        for (int i = 0; i < size; i++) {
            if (offset[i] < position && offset[i] > outer) {
                continue;
            }
            if (offset[i] > position) {
                total += offset[i] - position;
                position = offset[i];
            }
            total += textEnd[i] - textStart[i];
            if (offset[i] + length[i] > position) {
                position = offset[i] + length[i];
                outer = offset[i];
            }
        }
        return total + Math.max(0, message.length() - position);
    }

    /**
     * Writes {@code message} with the changes applied. There must be room for {@link #resultLength} bytes.
     *
     * @return number of bytes written from {@code at} on
     * @throws IllegalStateException when there is not: a mistake of the caller, caught before it overwrites anything
     */
    public int apply(final SipMessage message, final MutableDirectBuffer out, final int at) {
        if (resultLength(message) > out.capacity() - at) {
            throw new IllegalStateException("no room for the edited message");
        }
        return apply(message.bytes(), 0, message.length(), Integer.MAX_VALUE, out, at);
    }

    /**
     * Writes {@code [from, to)} of a message with the changes that begin in that range or, as an insertion behind a
     * value does, at its end; returns the bytes written.
     */
    int apply(final DirectBuffer bytes, final int from, final int to, final MutableDirectBuffer out, final int at) {
        return apply(bytes, from, to, to + 1, out, at);
    }

    /** Bytes of text inserted by all changes together. */
    int textBytes() {
        return scratchUsed;
    }

    private int apply(final DirectBuffer bytes, final int from, final int to, final int lastEdit,
            final MutableDirectBuffer out, final int at) {
        int position = from;
        int written = at;
        int outer = from;
        for (int i = 0; i < size; i++) {
            final int start = offset[i];
            if (start < from || start >= lastEdit || start < position && start > outer) {
                continue;
            }
            if (start > position) {
                out.putBytes(written, bytes, position, start - position);
                written += start - position;
                position = start;
            }
            final int textLength = textEnd[i] - textStart[i];
            if (textLength > 0) {
                out.putBytes(written, scratch, textStart[i], textLength);
                written += textLength;
            }
            if (start + length[i] > position) {
                position = start + length[i];
                outer = start;
            }
        }
        if (position < to) {
            out.putBytes(written, bytes, position, to - position);
            written += to - position;
        }
        return written - at;
    }

    /**
     * Inserts a change behind all that begin at the same or a lower offset; few and mostly in order, so from the end.
     */
    private int add(final int from, final int changeLength) {
        if (size == offset.length) {
            overflown = true;
            return -1;
        }
        int at = size++;
        while (at > 0 && offset[at - 1] > from) {
            offset[at] = offset[at - 1];
            length[at] = length[at - 1];
            textStart[at] = textStart[at - 1];
            textEnd[at] = textEnd[at - 1];
            at--;
        }
        offset[at] = from;
        length[at] = changeLength;
        textStart[at] = scratchUsed;
        textEnd[at] = scratchUsed;
        return at;
    }
}
