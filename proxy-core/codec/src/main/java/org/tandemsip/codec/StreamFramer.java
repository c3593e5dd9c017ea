package org.tandemsip.codec;

import org.agrona.DirectBuffer;

/**
 * Finds where messages begin and end in a byte stream (RFC 3261 section 18.3, RFC 5626 section 3.5.1). Sans-I/O, one
 * per connection, keeps a position so that no byte is scanned twice, and never scans to find a new start after an
 * error.
 */
public final class StreamFramer {
    /** What {@link #poll} found. */
    public enum Result {
        /** Not yet a whole message: feed more bytes behind those already there. */
        NEED_MORE,
        /** A message of {@link #messageLength()} bytes stands at {@link #messageOffset()}. */
        MESSAGE,
        /** A double CRLF (RFC 5626 keep-alive ping) was consumed: answer a single CRLF. */
        PING,
        /**
         * The stream cannot be framed any further: answer {@link #error()} to the message whose header block stands at
         * {@link #messageOffset()} when it can be answered, then close.
         */
        BROKEN
    }

    /** Makes a framer that holds messages to {@code limits}. */
    public StreamFramer(final Limits limits) {
        throw new UnsupportedOperationException();
    }

    /**
     * Looks for the next message in {@code buffer[offset, offset + length)}, the bytes not yet consumed.
     *
     * <p>After {@code MESSAGE}, {@code PING} or {@code NEED_MORE} the caller drops {@link #consumed()} bytes from the
     * front before the next call, which then starts at the first byte not consumed.
     */
    public Result poll(final DirectBuffer buffer, final int offset, final int length) {
        throw new UnsupportedOperationException();
    }

    /** Offset of the message found, in the buffer passed to {@link #poll}. */
    public int messageOffset() {
        throw new UnsupportedOperationException();
    }

    /** Size of the message found; after {@code BROKEN} of the header block that can be parsed to answer it, or 0. */
    public int messageLength() {
        throw new UnsupportedOperationException();
    }

    /** Bytes from the front that are done with, the message itself included. */
    public int consumed() {
        throw new UnsupportedOperationException();
    }

    /** Why the stream is broken, after {@code BROKEN}. */
    public ParseError error() {
        throw new UnsupportedOperationException();
    }

    /** Whether a message has begun but not ended: the slow-message deadline runs. */
    public boolean midMessage() {
        throw new UnsupportedOperationException();
    }
}
