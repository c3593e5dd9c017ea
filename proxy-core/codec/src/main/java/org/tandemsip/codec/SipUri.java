package org.tandemsip.codec;

import org.agrona.DirectBuffer;

/**
 * Flyweight over one URI (RFC 3261 section 19.1, RFC 3966): sip and sips are taken apart, tel gives its number, any
 * other scheme is opaque. Bytes are kept as written, escapes included.
 *
 * <pre>
 *   sips:alice;day=tuesday:secret@[2001:db8::10]:5070;transport=tcp;lr?subject=project
 *   |    |                 |      |              |    |                |              |
 *   start|                 |      host           port parameters       headers        end
 *        user              password
 * </pre>
 *
 * <p>The user part takes any visible byte: {@code #}, which RFC 3261 wants escaped, is dialled every day.
 */
public final class SipUri {
    /** URI scheme. */
    public enum Scheme {
        SIP, SIPS, TEL,
        /** Any other scheme: only {@link #schemeToken()} can be asked. */
        OPAQUE
    }

    /** Port that is not given. */
    public static final int NOT_GIVEN = -1;

    private static final int MAX_PORT = 65_535;
    private static final long SIP = Scan.lowerWord("sip");
    private static final long SIPS = Scan.lowerWord("sips");
    private static final long TEL = Scan.lowerWord("tel");
    private static final byte[] LR = {'l', 'r'};
    private static final byte[] TRANSPORT = "transport".getBytes(java.nio.charset.StandardCharsets.US_ASCII);
    private static final byte[] MADDR = "maddr".getBytes(java.nio.charset.StandardCharsets.US_ASCII);

    private final IpAddress address = new IpAddress();
    private DirectBuffer bytes;
    private int start;
    private int end;
    private int failedAt;
    private Scheme scheme;
    private int schemeEnd;
    private long user;
    private long host;
    private int port;
    private int paramsStart;
    private int paramsEnd;
    private Transport transport;
    private boolean lr;
    private long maddr;

    /**
     * Parses the URI in {@code [start, end)}, without angle brackets.
     *
     * @return whether it is well-formed; when not, nothing else may be asked
     */
    public boolean wrap(final DirectBuffer buffer, final int uriStart, final int uriEnd) {
        bytes = buffer;
        start = uriStart;
        end = uriEnd;
        failedAt = uriStart;
        user = Slice.NONE;
        host = Slice.NONE;
        port = NOT_GIVEN;
        paramsStart = uriEnd;
        paramsEnd = uriEnd;
        transport = null;
        lr = false;
        maddr = Slice.NONE;
        if (Scan.isSip(buffer, uriStart, uriEnd)) {
            schemeEnd = uriStart + 3;
            scheme = Scheme.SIP;
            return authority(uriStart + 4);
        }
        schemeEnd = Scan.skip(buffer, uriStart, uriEnd, Scan.SCHEME);
        if (schemeEnd == uriStart || schemeEnd + 1 >= uriEnd || buffer.getByte(schemeEnd) != ':'
                || Scan.lower(buffer.getByte(uriStart)) < 'a') {
            return fail(schemeEnd);
        }
        scheme = schemeOf(Scan.lowerWord(buffer, uriStart, schemeEnd - uriStart), schemeEnd - uriStart);
        return switch (scheme) {
            case SIP, SIPS -> authority(schemeEnd + 1);
            case TEL -> telephone(schemeEnd + 1);
            case OPAQUE -> visible(schemeEnd + 1);
        };
    }

    /** Offset of the first byte of the scheme. */
    public int start() {
        return start;
    }

    /** Offset one past the last byte. */
    public int end() {
        return end;
    }

    /** Where the last malformed URI went wrong. */
    int failedAt() {
        return failedAt;
    }

    /** Scheme of the URI. */
    public Scheme scheme() {
        return scheme;
    }

    /** Bytes of the scheme, without its colon. */
    public long schemeToken() {
        return Slice.between(start, schemeEnd);
    }

    /** Bytes of the user part without password, or the number of a tel URI; {@link Slice#NONE} when there is none. */
    public long user() {
        return user;
    }

    /** Bytes of the host, an IPv6 reference with its brackets; {@link Slice#NONE} for tel and opaque. */
    public long host() {
        return host;
    }

    /** Port, 1 to 65535, or {@link #NOT_GIVEN}. */
    public int port() {
        return port;
    }

    /** Transport named by the {@code transport} parameter, or {@code null} when there is none. */
    public Transport transport() {
        return transport;
    }

    /** Whether the {@code lr} parameter is there (RFC 3261 section 19.1.1). */
    public boolean hasLr() {
        return lr;
    }

    /** Bytes of the {@code maddr} value, or {@link Slice#NONE}. */
    public long maddr() {
        return maddr;
    }

    /** Bytes of the parameters, each with the semicolon before it; empty when there are none. */
    public long parameters() {
        return Slice.between(paramsStart, paramsEnd);
    }

    /**
     * Bytes of the headers component without its question mark, or {@link Slice#NONE}; not allowed in a Request-URI.
     */
    public long headers() {
        return paramsEnd == end ? Slice.NONE : Slice.between(paramsEnd + 1, end);
    }

    /**
     * Bytes of the value of the URI parameter {@code name} (compared without case), empty when it has none; or {@link
     * Slice#NONE}.
     */
    public long parameter(final byte[] name) {
        int p = paramsStart;
        while (p < paramsEnd) {
            final int next = parameterEnd(p + 1);
            final int nameEnd = nameEnd(p + 1, next);
            if (named(p + 1, nameEnd, name)) {
                return nameEnd == next ? Slice.of(next, 0) : Slice.between(nameEnd + 1, next);
            }
            p = next;
        }
        return Slice.NONE;
    }

    /** Takes over what {@code other} read, whose bytes now stand in {@code buffer} at the same offsets. */
    void copyFrom(final SipUri other, final DirectBuffer buffer) {
        bytes = buffer;
        start = other.start;
        end = other.end;
        failedAt = other.failedAt;
        scheme = other.scheme;
        schemeEnd = other.schemeEnd;
        user = other.user;
        host = other.host;
        port = other.port;
        paramsStart = other.paramsStart;
        paramsEnd = other.paramsEnd;
        transport = other.transport;
        lr = other.lr;
        maddr = other.maddr;
    }

    private static Scheme schemeOf(final long word, final int length) {
        if (length == 3) {
            return word == SIP ? Scheme.SIP : word == TEL ? Scheme.TEL : Scheme.OPAQUE;
        }
        return length == 4 && word == SIPS ? Scheme.SIPS : Scheme.OPAQUE;
    }

    /** [ userinfo ] hostport uri-parameters [ headers ]. A semicolon or slash before the '@' belongs to the user. */
    private boolean authority(final int from) {
        final int userEnd = Scan.uri(bytes, from, end, Scan.COLONS, Scan.AT_SIGNS);
        final int at = userEnd < end && bytes.getByte(userEnd) == ':' ? notAt(userEnd) : userEnd;
        if (at == end) {
            return hostport(from);
        }
        final int bad = bytes.getByte(at) == '@' ? notAt(at + 1) : at;
        if (bad < end || userEnd == from) {
            return fail(bad < end ? bad : from);
        }
        user = Slice.between(from, userEnd);
        return hostport(at + 1);
    }

    /** First offset from {@code from} on that holds an {@code @} or what no URI holds. */
    private int notAt(final int from) {
        return Scan.uri(bytes, from, end, Scan.AT_SIGNS, Scan.AT_SIGNS);
    }

    private boolean hostport(final int from) {
        int p = from;
        if (p < end && bytes.getByte(p) == '[') {
            while (p < end && bytes.getByte(p) != ']') {
                p++;
            }
            if (p == end || !address.parse(bytes, from, ++p)) {
                return fail(from);
            }
        } else {
            p = Scan.host(bytes, p, end);
            if (p == from) {
                return fail(p);
            }
        }
        host = Slice.between(from, p);
        if (p < end && bytes.getByte(p) == ':') {
            final int digits = p + 1;
            p = Scan.digits(bytes, digits, end);
            port = (int) Scan.number(bytes, digits, p, MAX_PORT);
            if (port <= 0) {
                return fail(digits);
            }
        }
        return parameters(p);
    }

    private boolean parameters(final int from) {
        paramsStart = from;
        int p = from;
        while (p < end && bytes.getByte(p) == ';') {
            final int next = parameterEnd(p + 1);
            final int nameEnd = nameEnd(p + 1, next);
            if (nameEnd == p + 1 || !keep(p + 1, nameEnd, next)) {
                return fail(p + 1);
            }
            p = next;
        }
        paramsEnd = p;
        return p == end || bytes.getByte(p) == '?' && p + 1 < end || fail(p);
    }

    /** Remembers a parameter that a proxy reads; {@code false} when it stands there twice (section 19.1.1). */
    private boolean keep(final int nameStart, final int nameEnd, final int next) {
        if (named(nameStart, nameEnd, LR)) {
            final boolean first = !lr;
            lr = true;
            return first;
        }
        if (named(nameStart, nameEnd, TRANSPORT) && nameEnd < next) {
            final boolean first = transport == null;
            transport = Transport.of(bytes, nameEnd + 1, next);
            return first;
        }
        if (named(nameStart, nameEnd, MADDR) && nameEnd + 1 < next) {
            final boolean first = maddr == Slice.NONE;
            maddr = Slice.between(nameEnd + 1, next);
            return first;
        }
        return true;
    }

    /** Compares a parameter name without case, {@code %6C%72} being the same as {@code lr} (section 19.1.4). */
    private boolean named(final int nameStart, final int nameEnd, final byte[] name) {
        if (nameEnd - nameStart < name.length) {
            return false;
        }
        int p = nameStart;
        for (final byte expected : name) {
            if (p == nameEnd) {
                return false;
            }
            int value = bytes.getByte(p);
            if (value == '%' && p + 2 < nameEnd && Scan.hexDigit(bytes.getByte(p + 1)) >= 0
                    && Scan.hexDigit(bytes.getByte(p + 2)) >= 0) {
                value = Scan.hexDigit(bytes.getByte(p + 1)) << 4 | Scan.hexDigit(bytes.getByte(p + 2));
                p += 2;
            }
            if (Scan.lower(value) != Scan.lower(expected)) {
                return false;
            }
            p++;
        }
        return p == nameEnd;
    }

    private int parameterEnd(final int from) {
        return Scan.uri(bytes, from, end, Scan.SEMICOLONS, Scan.QUESTION_MARKS);
    }

    private int nameEnd(final int from, final int next) {
        return Scan.skip(bytes, from, next, Scan.PARAMETER_NAME);
    }

    /** RFC 3966: digits, letters and visual separators up to the parameters. */
    private boolean telephone(final int from) {
        int p = from;
        while (p < end && bytes.getByte(p) != ';' && Scan.is(bytes.getByte(p), Scan.USER)) {
            p++;
        }
        if (p == from || p < end && bytes.getByte(p) != ';') {
            return fail(p);
        }
        user = Slice.between(from, p);
        return visible(p) && parameters(p);
    }

    private boolean visible(final int from) {
        final int p = Scan.uri(bytes, from, end);
        return p == end || fail(p);
    }

    private boolean fail(final int at) {
        failedAt = at;
        return false;
    }
}
