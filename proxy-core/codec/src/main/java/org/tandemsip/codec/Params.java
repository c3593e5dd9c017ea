package org.tandemsip.codec;

import org.agrona.DirectBuffer;

/**
 * Reads one header parameter after another (RFC 3261 section 25.1: {@code *( SEMI generic-param )}).
 *
 * <pre>
 *   ;  branch  =  z9hG4bK776asdhds ; rport
 *      |     |    |               |
 *      |     |    |               +- valueEnd, also what read() returns
 *      |     |    +- valueStart (NONE where there is no '=')
 *      |     +- nameEnd
 *      +- nameStart
 * </pre>
 */
final class Params {
    static final int NONE = -1;

    int nameStart;
    int nameEnd;
    int valueStart;
    int valueEnd;

    /**
     * Reads the parameter behind the semicolon at {@code semicolon}.
     *
     * @return offset one past the parameter, or -1 when it is malformed
     */
    int read(final DirectBuffer bytes, final int semicolon, final int limit) {
        nameStart = Scan.skipLws(bytes, semicolon + 1, limit);
        nameEnd = Scan.token(bytes, nameStart, limit);
        valueStart = NONE;
        valueEnd = nameEnd;
        if (nameEnd == nameStart) {
            return -1;
        }
        int p = Scan.skipLws(bytes, nameEnd, limit);
        if (p == limit || bytes.getByte(p) != '=') {
            return nameEnd;
        }
        p = Scan.skipLws(bytes, p + 1, limit);
        valueStart = p;
        if (p < limit && bytes.getByte(p) == '"') {
            valueEnd = Scan.quotedEnd(bytes, p, limit);
            return valueEnd;
        }
        valueEnd = Scan.value(bytes, p, limit);
        return valueEnd == p ? -1 : valueEnd;
    }

    int nameLength() {
        return nameEnd - nameStart;
    }

    boolean hasValue() {
        return valueStart != NONE;
    }

    /** The value, {@link Slice#NONE} where there is no '='. */
    long value() {
        return valueStart == NONE ? Slice.NONE : Slice.between(valueStart, valueEnd);
    }

    /**
     * Finds {@code name} among the parameters from {@code from} on, all well-formed: its value, empty when it has none.
     */
    long find(final DirectBuffer bytes, final int from, final int limit, final byte[] name) {
        int p = Scan.skipLws(bytes, from, limit);
        while (p < limit && bytes.getByte(p) == ';') {
            p = read(bytes, p, limit);
            if (p < 0) {
                return Slice.NONE;
            }
            if (Scan.equalsIgnoreCase(bytes, nameStart, nameEnd, name)) {
                return hasValue() ? value() : Slice.of(nameEnd, 0);
            }
            p = Scan.skipLws(bytes, p, limit);
        }
        return Slice.NONE;
    }
}
