package org.tandemsip.codec;

import java.util.Arrays;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * One SIP message: its bytes as they came, and an index over them that {@link SipParser} fills in one pass.
 *
 * <pre>
 *   Subject  :   lunch\r\n  at noon \r\n
 *   |      |     |               |    |
 *   |      |     valueStart      |    start of the next row, or headersEnd
 *   |      nameEnd               valueEnd
 *   start
 * </pre>
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

    private static final HeaderName[] NAMES = HeaderName.values();
    private static final int OTHER = HeaderName.OTHER.ordinal();

    /** Ints per row in {@link #table}. */
    private static final int STRIDE = 4;
    private static final int NAME_END = 1;
    private static final int VALUE_START = 2;
    private static final int VALUE_END = 3;

    private final UnsafeBuffer bytes = new UnsafeBuffer(0, 0);
    private final int[] table;
    private final byte[] names;
    private final short[] next;
    private final short[] first = new short[NAMES.length];
    private final short[] last = new short[NAMES.length];
    private final SipUri parsedUri = new SipUri();
    private final Via topVia = new Via();
    private final Via nextVia = new Via();
    private int rows;

    // Filled by the parser, which lives in this package.
    int length;
    boolean request;
    Method method;
    int methodStart;
    int methodEnd;
    int uriStart;
    int uriEnd;
    int statusCode;
    int startLineEnd;
    int headersEnd;
    int bodyOffset;
    int contentLength;
    long callId;
    long cseqNumber;
    int maxForwards;
    long fromTag;
    long toTag;
    int viaValues;
    /** A line ended in a lone CR or LF: rows must not be copied out as they are. */
    boolean badLineEnds;

    /** Makes an empty message with room for {@code maxHeaderRows} rows. */
    public SipMessage(final int maxHeaderRows) {
        table = new int[maxHeaderRows * STRIDE];
        names = new byte[maxHeaderRows];
        next = new short[maxHeaderRows];
        clear();
    }

    /** Points this message at bytes; nothing may be asked of it until {@link SipParser#parse} has run over it. */
    public SipMessage wrap(final DirectBuffer buffer, final int offset, final int messageLength) {
        bytes.wrap(buffer, offset, messageLength);
        length = messageLength;
        return this;
    }

    /**
     * Takes over the index of {@code other}, whose bytes (from its {@link #bytes()}, {@link #length()} of them) have
     * been copied to {@code buffer} at {@code offset}. There must be room for as many rows; none can be added.
     */
    public SipMessage copyIndexFrom(final SipMessage other, final DirectBuffer buffer, final int offset) {
        bytes.wrap(buffer, offset, other.length);
        rows = other.rows;
        System.arraycopy(other.table, 0, table, 0, rows * STRIDE);
        System.arraycopy(other.names, 0, names, 0, rows);
        System.arraycopy(other.next, 0, next, 0, rows);
        System.arraycopy(other.first, 0, first, 0, first.length);
        length = other.length;
        request = other.request;
        method = other.method;
        methodStart = other.methodStart;
        methodEnd = other.methodEnd;
        uriStart = other.uriStart;
        uriEnd = other.uriEnd;
        statusCode = other.statusCode;
        startLineEnd = other.startLineEnd;
        headersEnd = other.headersEnd;
        bodyOffset = other.bodyOffset;
        contentLength = other.contentLength;
        callId = other.callId;
        cseqNumber = other.cseqNumber;
        maxForwards = other.maxForwards;
        fromTag = other.fromTag;
        toTag = other.toTag;
        viaValues = other.viaValues;
        badLineEnds = other.badLineEnds;
        if (request) {
            parsedUri.copyFrom(other.parsedUri, bytes);
        }
        topVia.copyFrom(other.topVia, bytes);
        if (viaValues > 1) {
            nextVia.copyFrom(other.nextVia, bytes);
        }
        return this;
    }

    /** The bytes; index 0 is the first byte of the start line. */
    public DirectBuffer bytes() {
        return bytes;
    }

    /** Size of the whole message in bytes, start line to last byte of the body. */
    public int length() {
        return length;
    }

    /** Whether the start line is a Request-Line. */
    public boolean isRequest() {
        return request;
    }

    /** Method of a request; for a response the method of its CSeq. */
    public Method method() {
        return method;
    }

    /** Bytes of the method token, in the Request-Line or, for a response, in the CSeq. */
    public long methodToken() {
        return Slice.between(methodStart, methodEnd);
    }

    /** Bytes of the Request-URI; {@link Slice#NONE} for a response. */
    public long requestUri() {
        return uriStart < 0 ? Slice.NONE : Slice.between(uriStart, uriEnd);
    }

    /**
     * The Request-URI, already parsed; only of a request in which {@link SipParser} found nothing wrong, and valid
     * until the next {@link #wrap}.
     */
    public SipUri parsedUri() {
        return parsedUri;
    }

    /** Status code of a response, 100 to 699; 0 for a request. */
    public int statusCode() {
        return statusCode;
    }

    /** Bytes of the start line without its CRLF. */
    public long startLine() {
        return Slice.between(0, startLineEnd);
    }

    /** Number of header rows. */
    public int rows() {
        return rows;
    }

    /** Name of a row, {@link HeaderName#OTHER} when not known. */
    public HeaderName rowName(final int row) {
        return NAMES[names[row]];
    }

    /** Offset of the first byte of a row, which is the first byte of its name. */
    public int rowStart(final int row) {
        return table[row * STRIDE];
    }

    /** Offset one past the row's CRLF, folds included; equals the start of what follows. */
    public int rowEnd(final int row) {
        return row + 1 == rows ? headersEnd : table[(row + 1) * STRIDE];
    }

    /** Bytes of the name as written, without white space or colon. */
    public long rowNameToken(final int row) {
        return Slice.between(table[row * STRIDE], table[row * STRIDE + NAME_END]);
    }

    /** Bytes of the value, folds inside it included, white space around it not. */
    public long rowValue(final int row) {
        return Slice.between(table[row * STRIDE + VALUE_START], table[row * STRIDE + VALUE_END]);
    }

    /** First row of that name, or {@link #NO_ROW}. Not for {@link HeaderName#OTHER}. */
    public int firstRow(final HeaderName name) {
        return first[name.ordinal()];
    }

    /** Next row of the same name as {@code row}, or {@link #NO_ROW}. Not for {@link HeaderName#OTHER}. */
    public int nextRow(final int row) {
        return next[row];
    }

    /** Value of the first row of that name, or {@link Slice#NONE}. */
    public long value(final HeaderName name) {
        final int row = first[name.ordinal()];
        return row == NO_ROW ? Slice.NONE : rowValue(row);
    }

    /** Offset of the empty line that ends the header block; new rows at the end are inserted here. */
    public int headersEnd() {
        return headersEnd;
    }

    /** Offset of the body's first byte. */
    public int bodyOffset() {
        return bodyOffset;
    }

    /** Size of the body in bytes: Content-Length, or over UDP without one the rest of the datagram. */
    public int bodyLength() {
        return length - bodyOffset;
    }

    /** Value of Content-Length, or {@link #NOT_GIVEN}. */
    public int contentLength() {
        return contentLength;
    }

    /** Bytes of the Call-ID. */
    public long callId() {
        return callId;
    }

    /** CSeq number, 0 to 2^32-1 (RFC 3261 section 8.1.1.5 asks for less than 2^31). */
    public long cseqNumber() {
        return cseqNumber;
    }

    /** Value of Max-Forwards, 0 to 255, or {@link #NOT_GIVEN}. */
    public int maxForwards() {
        return maxForwards;
    }

    /** Bytes of the From tag, or {@link Slice#NONE}. */
    public long fromTag() {
        return fromTag;
    }

    /** Bytes of the To tag, or {@link Slice#NONE}: its presence marks an in-dialog request. */
    public long toTag() {
        return toTag;
    }

    /** Number of Via values over all rows. */
    public int viaValues() {
        return viaValues;
    }

    /**
     * The topmost Via value, already parsed; valid until the next {@link #wrap}. After {@link ParseError#BAD_VIA} it
     * holds what could be read: {@link Via#host()} is {@link Slice#NONE} when not even sent-by was readable.
     */
    public Via topVia() {
        return topVia;
    }

    /**
     * The second Via value, already parsed: where a response goes once the topmost is taken off. Only when
     * {@link #viaValues()} is more than 1; valid until the next {@link #wrap}.
     */
    public Via nextVia() {
        return nextVia;
    }

    UnsafeBuffer buffer() {
        return bytes;
    }

    int maxRows() {
        return names.length;
    }

    /** Moves the first byte forward by {@code count}, past line ends that stand before the start line. */
    void skip(final int count) {
        bytes.wrap(bytes, count, length - count);
        length -= count;
    }

    /** Empties the index. */
    void clear() {
        rows = 0;
        Arrays.fill(first, (short) NO_ROW);
        request = false;
        method = Method.EXTENSION;
        methodStart = 0;
        methodEnd = 0;
        uriStart = -1;
        uriEnd = -1;
        statusCode = 0;
        startLineEnd = 0;
        headersEnd = 0;
        bodyOffset = length;
        contentLength = NOT_GIVEN;
        callId = Slice.NONE;
        cseqNumber = 0;
        maxForwards = NOT_GIVEN;
        fromTag = Slice.NONE;
        toTag = Slice.NONE;
        viaValues = 0;
        badLineEnds = false;
        topVia.clear(bytes, 0, 0);
    }

    /** Adds a row behind the others; there must be room. */
    void addRow(final int name, final int start, final int nameEnd, final int valueStart, final int valueEnd) {
        final int row = rows++;
        final int at = row * STRIDE;
        table[at] = start;
        table[at + NAME_END] = nameEnd;
        table[at + VALUE_START] = valueStart;
        table[at + VALUE_END] = valueEnd;
        names[row] = (byte) name;
        next[row] = NO_ROW;
        if (name == OTHER) {
            return;
        }
        if (first[name] == NO_ROW) {
            first[name] = (short) row;
        } else {
            next[last[name]] = (short) row;
        }
        last[name] = (short) row;
    }
}
