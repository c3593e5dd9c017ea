package org.tandemsip.codec;

import org.agrona.DirectBuffer;

/**
 * Walks the values of a header field over all its rows and commas (RFC 3261 section 7.3.1), commas inside quotes and
 * angle brackets not counted. Used for Via, Route, Record-Route, Proxy-Require and the like; empty values are passed
 * over.
 *
 * <pre>
 *   Route: &lt;sip:a;lr&gt; , &lt;sip:b;lr&gt; , &lt;sip:c;lr&gt;
 *                    |   |         | |
 *           previousEnd  start   end comma
 * </pre>
 */
public final class ValueCursor {
    private SipMessage message;
    private DirectBuffer bytes;
    private int row;
    private int elementStart;
    private int valueEnd;
    private int start;
    private int end;
    private int comma;
    private int previousEnd;
    private boolean keptInRow;
    private boolean deleted;

    /** Starts before the first value of {@code name}. */
    public ValueCursor reset(final SipMessage source, final HeaderName name) {
        message = source;
        bytes = source.bytes();
        enter(source.firstRow(name));
        return this;
    }

    /** Moves to the next value; {@code false} when there is none. */
    public boolean next() {
        if (comma >= 0) {
            previousEnd = end;
            keptInRow |= !deleted;
        }
        deleted = false;
        while (row != SipMessage.NO_ROW) {
            while (elementStart <= valueEnd) {
                start = Scan.skipLws(bytes, elementStart, valueEnd);
                comma = findComma(bytes, start, valueEnd);
                end = Scan.trimEnd(bytes, start, comma);
                elementStart = comma + 1;
                if (end > start) {
                    return true;
                }
            }
            enter(message.nextRow(row));
        }
        return false;
    }

    /** Offset of the value's first byte, white space skipped. */
    public int start() {
        return start;
    }

    /** Offset one past the value's last byte, white space not counted. */
    public int end() {
        return end;
    }

    /** Row that the value stands in. */
    public int row() {
        return row;
    }

    /** Whether it is the only value of its row, so that removing it removes the row. */
    public boolean aloneInRow() {
        return previousEnd < 0 && comma == valueEnd;
    }

    /**
     * Adds to {@code edits} the deletion of this value: its row when alone, else the value with one comma. When all
     * values of a row have been deleted by this cursor, one after another, the row goes as well. At most once per
     * value.
     */
    public void delete(final Edits edits) {
        deleted = true;
        if (keptInRow) {
            edits.delete(previousEnd, end - previousEnd);
        } else if (comma == valueEnd) {
            edits.delete(message.rowStart(row), message.rowEnd(row) - message.rowStart(row));
        } else {
            edits.delete(start, Scan.skipLws(bytes, comma + 1, valueEnd) - start);
        }
    }

    /** Where the first of the values in {@code [start, end)} ends that are separated by commas. */
    public static int valueEnd(final DirectBuffer bytes, final int start, final int end) {
        return findComma(bytes, start, end);
    }

    private void enter(final int newRow) {
        row = newRow;
        comma = -1;
        previousEnd = -1;
        keptInRow = false;
        if (newRow != SipMessage.NO_ROW) {
            final long value = message.rowValue(newRow);
            elementStart = Slice.offset(value);
            valueEnd = Slice.end(value);
        }
    }

    /** Offset of the next comma that separates values, or the end of the row's value. */
    private static int findComma(final DirectBuffer bytes, final int from, final int valueEnd) {
        int p = from;
        while (p < valueEnd) {
            final byte value = bytes.getByte(p);
            if (value == ',') {
                return p;
            }
            if (value == '"') {
                final int closed = Scan.quotedEnd(bytes, p, valueEnd);
                p = closed < 0 ? valueEnd : closed;
            } else if (value == '<') {
                while (p < valueEnd && bytes.getByte(p) != '>') {
                    p++;
                }
            } else {
                p++;
            }
        }
        return valueEnd;
    }
}
