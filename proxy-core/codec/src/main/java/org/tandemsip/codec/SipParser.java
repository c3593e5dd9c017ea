package org.tandemsip.codec;

/**
 * Reads a message once, front to back, and fills the index of a {@link SipMessage}. Never throws, never allocates.
 *
 * <p>Checks what RFC 3261 section 16.3 step 1 calls reasonable syntax: start line, line ends, header names, the header
 * fields a proxy must understand (Via, From, To, Call-ID, CSeq, Max-Forwards, Route, Record-Route, Content-Length) and
 * the {@link Limits}. All other values are passed through unread.
 */
public final class SipParser {
    /** Makes a parser that holds messages to {@code limits}. */
    public SipParser(final Limits limits) {
        throw new UnsupportedOperationException();
    }

    /**
     * Parses a datagram, or one message that {@link StreamFramer} has cut from a stream.
     *
     * @param message  wrapped over the bytes; its index is overwritten. Leading CRLFs of a datagram are skipped
     *                 (section 7.5); trailing bytes beyond Content-Length are ignored and no longer counted by
     *                 {@link SipMessage#length()} (section 18.3)
     * @param stream   whether the message came over a stream transport, where Content-Length is required
     * @return {@link ParseError#NONE}, or what is wrong; {@link #errorOffset()} then says where. After an error with an
     *         {@link ParseError#answer()} the rows up to the end of the header block are indexed, so that an answer can
     *         be built
     */
    public ParseError parse(final SipMessage message, final boolean stream) {
        throw new UnsupportedOperationException();
    }

    /** Offset of the byte that the last error speaks of, counted from the start of what was wrapped. */
    public int errorOffset() {
        throw new UnsupportedOperationException();
    }
}
