package org.tandemsip.codec;

import org.agrona.DirectBuffer;

/**
 * Flyweight over one Via value (RFC 3261 section 20.42, RFC 3581). All offsets are in the buffer it was wrapped over.
 *
 * <pre>
 *   SIP/2.0/UDP 192.0.2.2:5060;rport=5061;branch=z9hG4bK776asdhds;received=192.0.2.7
 *   |       |   |          |   |                 |                |                 |
 *   start   |   host       |   rportParameter    branch           receivedParameter end
 *           transport      port
 * </pre>
 */
public final class Via {
    /** Port or parameter value that is not given. */
    public static final int NOT_GIVEN = -1;

    private static final long SIP_2_0 = Scan.word("SIP/2.0/");
    private static final long COOKIE = Scan.lowerWord("z9hG4bK");
    private static final int COOKIE_LENGTH = 7;
    private static final long BRANCH = Scan.lowerWord("branch");
    private static final long RPORT = Scan.lowerWord("rport");
    private static final long RECEIVED = Scan.lowerWord("received");
    private static final long MADDR = Scan.lowerWord("maddr");
    private static final long ALIAS = Scan.lowerWord("alias");
    private static final int MAX_PORT = 65_535;

    private final Params params = new Params();
    private final IpAddress address = new IpAddress();
    private DirectBuffer bytes;
    private int start;
    private int end;
    private int failedAt;
    private Transport transport;
    private long host;
    private int port;
    private long branch;
    private long received;
    private long receivedParameter;
    private long rportParameter;
    private int rport;
    private long maddr;
    private boolean alias;
    private boolean others;
    private int paramsStart;

    /**
     * Parses the value in {@code [start, end)}, without its comma.
     *
     * @return whether it is well-formed; when not, nothing else may be asked
     */
    public boolean wrap(final DirectBuffer buffer, final int valueStart, final int valueEnd) {
        final int stop = read(buffer, valueStart, valueEnd);
        failedAt = stop < 0 ? failedAt : stop;
        return stop == valueEnd;
    }

    /**
     * Parses a value from {@code valueStart} on, as far as the next comma.
     *
     * @return offset of that comma, or {@code limit}; -1 when the value is malformed, {@link #failedAt()} says where.
     *         What was read until then stays: {@link #host()} tells whether sent-by is known
     */
    int read(final DirectBuffer buffer, final int valueStart, final int limit) {
        clear(buffer, valueStart, limit);
        int p = sentProtocol(valueStart, limit);
        if (p < 0) {
            return -1;
        }
        final int space = p;
        p = Scan.skipLws(buffer, p, limit);
        p = p == space ? fail(p) : sentBy(p, limit);
        paramsStart = p < 0 ? limit : p;
        while (p >= 0) {
            end = p;
            p = Scan.skipLws(buffer, p, limit);
            if (p == limit) {
                return limit;
            }
            final byte value = buffer.getByte(p);
            if (value == ',') {
                return p;
            }
            p = value == ';' ? parameter(p, limit) : fail(p);
        }
        return -1;
    }

    /** Offset of the value's first byte. */
    public int start() {
        return start;
    }

    /** Offset one past the value's last byte. */
    public int end() {
        return end;
    }

    /** Where the last malformed value went wrong. */
    int failedAt() {
        return failedAt;
    }

    /** Transport of sent-protocol. */
    public Transport transport() {
        return transport;
    }

    /** Bytes of the sent-by host; an IPv6 reference with its brackets. */
    public long host() {
        return host;
    }

    /** Port of sent-by, 1 to 65535, or {@link #NOT_GIVEN}. */
    public int port() {
        return port;
    }

    /** Bytes of the branch, or {@link Slice#NONE}. */
    public long branch() {
        return branch;
    }

    /**
     * Whether the branch starts with the magic cookie {@code z9hG4bK} in any case (RFC 3261 section 8.1.1.7) and
     * something follows it: a bare cookie identifies no transaction and falls back to RFC 2543 matching (RFC 4475
     * section 3.2.1).
     */
    public boolean hasMagicCookie() {
        return branch != Slice.NONE && Slice.length(branch) > COOKIE_LENGTH
                && Scan.lowerWord(bytes, Slice.offset(branch), COOKIE_LENGTH) == COOKIE;
    }

    /** Bytes of the {@code received} value, or {@link Slice#NONE}. */
    public long received() {
        return received;
    }

    /** Whether an {@code rport} parameter is there, with or without a value (RFC 3581). */
    public boolean hasRport() {
        return rportParameter != Slice.NONE;
    }

    /** Value of {@code rport}, or {@link #NOT_GIVEN}. */
    public int rport() {
        return rport;
    }

    /** Bytes of the whole {@code rport} parameter, name and value, without its semicolon; or {@link Slice#NONE}. */
    public long rportParameter() {
        return rportParameter;
    }

    /** Bytes of the whole {@code received} parameter, name and value, without its semicolon; or {@link Slice#NONE}. */
    public long receivedParameter() {
        return receivedParameter;
    }

    /** Bytes of the {@code maddr} value, or {@link Slice#NONE}. */
    public long maddr() {
        return maddr;
    }

    /** Whether an {@code alias} parameter is there: requests to the sent-by may take the same connection (RFC 5923). */
    public boolean hasAlias() {
        return alias;
    }

    /**
     * Bytes of the value of the parameter {@code name} (compared without case), empty when it has none; or
     * {@link Slice#NONE}. For names without an accessor of their own: most values have none such, and then nothing is
     * searched.
     */
    public long parameter(final byte[] name) {
        return others ? params.find(bytes, paramsStart, end, name) : Slice.NONE;
    }

    /** Takes over what {@code other} read, whose bytes now stand in {@code buffer} at the same offsets. */
    void copyFrom(final Via other, final DirectBuffer buffer) {
        bytes = buffer;
        start = other.start;
        end = other.end;
        failedAt = other.failedAt;
        transport = other.transport;
        host = other.host;
        port = other.port;
        branch = other.branch;
        received = other.received;
        receivedParameter = other.receivedParameter;
        rportParameter = other.rportParameter;
        rport = other.rport;
        maddr = other.maddr;
        alias = other.alias;
        others = other.others;
        paramsStart = other.paramsStart;
    }

    void clear(final DirectBuffer buffer, final int valueStart, final int valueEnd) {
        bytes = buffer;
        start = valueStart;
        end = valueEnd;
        failedAt = valueStart;
        transport = Transport.OTHER;
        host = Slice.NONE;
        port = NOT_GIVEN;
        branch = Slice.NONE;
        received = Slice.NONE;
        receivedParameter = Slice.NONE;
        rportParameter = Slice.NONE;
        rport = NOT_GIVEN;
        maddr = Slice.NONE;
        alias = false;
        others = false;
        paramsStart = valueEnd;
    }

    /** protocol-name SLASH protocol-version SLASH transport; white space may stand around each slash. */
    private int sentProtocol(final int from, final int limit) {
        int p = from;
        if (from + 8 <= limit && Scan.word(bytes, from, 8) == SIP_2_0) {
            p += 8;
        } else {
            p = slash(token(p, limit), limit);
            p = slash(token(p, limit), limit);
        }
        if (p >= 0) {
            p = Scan.skipLws(bytes, p, limit);
        }
        final int tokenStart = p;
        p = token(p, limit);
        if (p >= 0) {
            transport = Transport.of(bytes, tokenStart, p);
        }
        return p;
    }

    private int token(final int from, final int limit) {
        if (from < 0) {
            return from;
        }
        final int p = Scan.token(bytes, from, limit);
        return p == from ? fail(p) : p;
    }

    private int slash(final int from, final int limit) {
        if (from < 0) {
            return from;
        }
        final int p = Scan.skipLws(bytes, from, limit);
        return p < limit && bytes.getByte(p) == '/' ? Scan.skipLws(bytes, p + 1, limit) : fail(p);
    }

    /** host [ COLON port ]. */
    private int sentBy(final int from, final int limit) {
        int p = from;
        if (p < limit && bytes.getByte(p) == '[') {
            while (p < limit && bytes.getByte(p) != ']') {
                p++;
            }
            if (p == limit || !address.parse(bytes, from, ++p)) {
                return fail(from);
            }
        } else {
            p = Scan.host(bytes, p, limit);
            if (p == from) {
                return fail(p);
            }
        }
        host = Slice.between(from, p);
        final int colon = Scan.skipLws(bytes, p, limit);
        if (colon == limit || bytes.getByte(colon) != ':') {
            return p;
        }
        final int digits = Scan.skipLws(bytes, colon + 1, limit);
        p = Scan.digits(bytes, digits, limit);
        port = (int) Scan.number(bytes, digits, p, MAX_PORT);
        return port > 0 ? p : fail(digits);
    }

    private int parameter(final int semicolon, final int limit) {
        final int p = params.read(bytes, semicolon, limit);
        if (p < 0) {
            return fail(semicolon);
        }
        final int length = params.nameLength();
        if (length < 5 || length > 8) {
            others = true;
            return p;
        }
        final long name = Scan.lowerWord(bytes, params.nameStart, length);
        if (name == BRANCH && length == 6) {
            if (branch != Slice.NONE || !params.hasValue()) {
                return fail(semicolon);
            }
            branch = params.value();
        } else if (name == RPORT && length == 5) {
            if (rportParameter != Slice.NONE) {
                return fail(semicolon);
            }
            rportParameter = Slice.between(params.nameStart, p);
            if (params.hasValue()) {
                rport = (int) Scan.number(bytes, params.valueStart, params.valueEnd, MAX_PORT);
                return rport > 0 ? p : fail(params.valueStart);
            }
        } else if (name == RECEIVED && length == 8) {
            if (received != Slice.NONE || !params.hasValue()) {
                return fail(semicolon);
            }
            received = params.value();
            receivedParameter = Slice.between(params.nameStart, p);
        } else if (name == MADDR && length == 5) {
            if (maddr != Slice.NONE || !params.hasValue()) {
                return fail(semicolon);
            }
            maddr = params.value();
        } else if (name == ALIAS && length == 5) {
            alias = true;
        } else {
            others = true;
        }
        return p;
    }

    private int fail(final int at) {
        failedAt = at;
        return -1;
    }
}
