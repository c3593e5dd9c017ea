package org.tandemsip.b2bua;

import java.nio.charset.StandardCharsets;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.tandemsip.codec.AsciiWriter;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.SipParser;
import org.tandemsip.codec.SipUri;
import org.tandemsip.engine.transaction.MessageMemory;

/** A copy of bytes that a {@link Leg} needs again, or none. Part of it; shard thread only. */
final class KeptBytes {
    private final MessageMemory memory;
    private int handle = MessageMemory.NONE;
    private int length;

    KeptBytes(final MessageMemory memory) {
        this.memory = memory;
    }

    /** Keeps a copy. */
    void keep(final DirectBuffer bytes, final int offset, final int size) {
        forget();
        if (size > 0) {
            handle = memory.copy(bytes, offset, size);
            length = handle == MessageMemory.NONE ? 0 : size;
        }
    }

    /** Keeps a copy of what another one has; {@code false} when there is no room. */
    boolean keep(final KeptBytes other) {
        if (other.length == 0) {
            forget();
            return true;
        }
        keep(memory.buffer(other.handle), memory.offset(other.handle), other.length);
        return length > 0;
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

    /** Whether it is the same as other bytes. */
    boolean is(final DirectBuffer bytes, final int offset, final int size) {
        if (size != length) {
            return false;
        }
        for (int i = 0; i < size; i++) {
            if (memory.buffer(handle).getByte(memory.offset(handle) + i) != bytes.getByte(offset + i)) {
                return false;
            }
        }
        return true;
    }

    /** For people and for what is done seldom: one character per byte. */
    String text() {
        final byte[] bytes = new byte[length];
        if (length > 0) {
            memory.buffer(handle).getBytes(memory.offset(handle), bytes);
        }
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    /** Reads them as the message that they were. */
    SipMessage read(final SipParser parser, final SipMessage into) {
        into.wrap(memory.buffer(handle), memory.offset(handle), length);
        parser.parse(into, false);
        return into;
    }

    /** Wraps {@code into} over them; {@code false} when they are no URI, or none are kept. */
    boolean wrap(final SipUri into) {
        return length > 0 && into.wrap(memory.buffer(handle), memory.offset(handle), memory.offset(handle) + length);
    }

    /** Where they stand, if any are kept. */
    DirectBuffer buffer() {
        return memory.buffer(handle);
    }

    int offset() {
        return memory.offset(handle);
    }

    /** Copies it to {@code index}; returns the index behind it. */
    int copyTo(final MutableDirectBuffer out, final int index) {
        if (length > 0) {
            out.putBytes(index, memory.buffer(handle), memory.offset(handle), length);
        }
        return index + length;
    }

    void put(final AsciiWriter out) {
        if (length > 0) {
            out.put(memory.buffer(handle), memory.offset(handle), length);
        }
    }
}
