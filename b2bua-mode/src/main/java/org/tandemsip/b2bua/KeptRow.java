package org.tandemsip.b2bua;

import org.agrona.DirectBuffer;
import org.tandemsip.codec.AsciiWriter;
import org.tandemsip.engine.transaction.MessageMemory;

/**
 * The row by which an INVITE has answered a challenge: its ACK repeats it (RFC 3261 section 22.1). Part of a
 * {@link Leg}; shard thread only.
 */
final class KeptRow {
    private final MessageMemory memory;
    private int handle = MessageMemory.NONE;
    private int length;

    KeptRow(final MessageMemory memory) {
        this.memory = memory;
    }

    /** Keeps a copy. */
    void keep(final DirectBuffer bytes, final int offset, final int rowLength) {
        forget();
        if (rowLength > 0) {
            handle = memory.copy(bytes, offset, rowLength);
            length = handle == MessageMemory.NONE ? 0 : rowLength;
        }
    }

    void forget() {
        memory.free(handle);
        handle = MessageMemory.NONE;
        length = 0;
    }

    /** Bytes of it, 0 for none. */
    int length() {
        return length;
    }

    void put(final AsciiWriter out) {
        if (length > 0) {
            out.put(memory.buffer(handle), memory.offset(handle), length);
        }
    }
}
