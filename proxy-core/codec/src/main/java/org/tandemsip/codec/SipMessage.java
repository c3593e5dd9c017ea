package org.tandemsip.codec;

import org.agrona.DirectBuffer;

/**
 * One SIP message: its bytes as they came, and an index over them that {@link SipParser} fills in one pass.
 *
 * <p>A flyweight: made once, wrapped over message after message. Offsets count from the first byte of the start line.
 * Values are bytes until somebody asks: {@link Via}, {@link NameAddr}, {@link SipUri} and {@link ValueCursor} read them
 * on demand. Not thread-safe; whoever owns the bytes owns the message.
 */
public final class SipMessage {
    /** Row number that means "no such row". */
    public static final int NO_ROW = -1;
    /** Number that means "not given" for {@link #maxForwards()} and {@link #contentLength()}. */
    public static final int NOT_GIVEN = -1;

    /** Makes an empty message with room for {@code maxHeaderRows} rows. */
    public SipMessage(final int maxHeaderRows) {
        throw new UnsupportedOperationException();
    }

    /** Points this message at bytes; nothing may be asked of it until {@link SipParser#parse} has run over it. */
    public SipMessage wrap(final DirectBuffer buffer, final int offset, final int length) {
        throw new UnsupportedOperationException();
    }

    /** Takes over the index of {@code other}, whose bytes have been copied to {@code buffer} at {@code offset}. */
    public SipMessage copyIndexFrom(final SipMessage other, final DirectBuffer buffer, final int offset) {
        throw new UnsupportedOperationException();
    }

    /** The bytes; index 0 is the first byte of the start line. */
    public DirectBuffer bytes() {
        throw new UnsupportedOperationException();
    }

    /** Size of the whole message in bytes, start line to last byte of the body. */
    public int length() {
        throw new UnsupportedOperationException();
    }

    /** Whether the start line is a Request-Line. */
    public boolean isRequest() {
        throw new UnsupportedOperationException();
    }

    /** Method of a request; for a response the method of its CSeq. */
    public Method method() {
        throw new UnsupportedOperationException();
    }

    /** Bytes of the method token, in the Request-Line or, for a response, in the CSeq. */
    public long methodToken() {
        throw new UnsupportedOperationException();
    }

    /** Bytes of the Request-URI; {@link Slice#NONE} for a response. */
    public long requestUri() {
        throw new UnsupportedOperationException();
    }

    /** Status code of a response, 100 to 699; 0 for a request. */
    public int statusCode() {
        throw new UnsupportedOperationException();
    }

    /** Bytes of the start line without its CRLF. */
    public long startLine() {
        throw new UnsupportedOperationException();
    }

    /** Number of header rows. */
    public int rows() {
        throw new UnsupportedOperationException();
    }

    /** Name of a row, {@link HeaderName#OTHER} when not known. */
    public HeaderName rowName(final int row) {
        throw new UnsupportedOperationException();
    }

    /** Offset of the first byte of a row, which is the first byte of its name. */
    public int rowStart(final int row) {
        throw new UnsupportedOperationException();
    }

    /** Offset one past the row's CRLF, folds included; equals the start of what follows. */
    public int rowEnd(final int row) {
        throw new UnsupportedOperationException();
    }

    /** Bytes of the name as written, without white space or colon. */
    public long rowNameToken(final int row) {
        throw new UnsupportedOperationException();
    }

    /** Bytes of the value, folds inside it included, white space around it not. */
    public long rowValue(final int row) {
        throw new UnsupportedOperationException();
    }

    /** First row of that name, or {@link #NO_ROW}. Not for {@link HeaderName#OTHER}. */
    public int firstRow(final HeaderName name) {
        throw new UnsupportedOperationException();
    }

    /** Next row of the same name as {@code row}, or {@link #NO_ROW}. */
    public int nextRow(final int row) {
        throw new UnsupportedOperationException();
    }

    /** Value of the first row of that name, or {@link Slice#NONE}. */
    public long value(final HeaderName name) {
        throw new UnsupportedOperationException();
    }

    /** Offset of the empty line that ends the header block; new rows at the end are inserted here. */
    public int headersEnd() {
        throw new UnsupportedOperationException();
    }

    /** Offset of the body's first byte. */
    public int bodyOffset() {
        throw new UnsupportedOperationException();
    }

    /** Size of the body in bytes: Content-Length, or over UDP without one the rest of the datagram. */
    public int bodyLength() {
        throw new UnsupportedOperationException();
    }

    /** Value of Content-Length, or {@link #NOT_GIVEN}. */
    public int contentLength() {
        throw new UnsupportedOperationException();
    }

    /** Bytes of the Call-ID. */
    public long callId() {
        throw new UnsupportedOperationException();
    }

    /** CSeq number, 0 to 2^32-1 (RFC 3261 section 8.1.1.5 asks for less than 2^31). */
    public long cseqNumber() {
        throw new UnsupportedOperationException();
    }

    /** Value of Max-Forwards, 0 to 255, or {@link #NOT_GIVEN}. */
    public int maxForwards() {
        throw new UnsupportedOperationException();
    }

    /** Bytes of the From tag, or {@link Slice#NONE}. */
    public long fromTag() {
        throw new UnsupportedOperationException();
    }

    /** Bytes of the To tag, or {@link Slice#NONE}: its presence marks an in-dialog request. */
    public long toTag() {
        throw new UnsupportedOperationException();
    }

    /** Number of Via values over all rows. */
    public int viaValues() {
        throw new UnsupportedOperationException();
    }

    /** The topmost Via value, already parsed; valid until the next {@link #wrap}. */
    public Via topVia() {
        throw new UnsupportedOperationException();
    }
}
