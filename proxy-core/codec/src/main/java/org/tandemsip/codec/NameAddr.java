package org.tandemsip.codec;

import org.agrona.DirectBuffer;

/**
 * Flyweight over one name-addr or addr-spec value with header parameters: From, To, Contact, Route, Record-Route (RFC
 * 3261 section 20.10). The URI is held to its outer shape only; {@link SipUri} takes it apart.
 *
 * <pre>
 *   "J. Rosenberg" &lt;sip:jdrosen@example.com;lr&gt; ; tag = 98asjd8
 *   |              ||                         |  |       |
 *   displayName    |uri                       |  |       tag
 *                  +------- bracketed --------+  parameters
 * </pre>
 *
 * <p>A display name without quotes may hold bytes from 0x80 on, as devices that write GBK or UTF-8 send them; the other
 * characters that RFC 3261 wants quoted are refused (RFC 4475 section 3.1.2.15). The lone {@code *} of a Contact is no
 * address.
 */
public final class NameAddr {
    private static final long TAG = Scan.lowerWord("tag");

    private final Params params = new Params();
    private DirectBuffer bytes;
    private int end;
    private int failedAt;
    private long displayName;
    private long uri;
    private boolean bracketed;
    private long tag;
    private int paramsStart;

    /**
     * Parses the value in {@code [start, end)}, without its comma.
     *
     * @return whether it is well-formed; when not, nothing else may be asked
     */
    public boolean wrap(final DirectBuffer buffer, final int start, final int valueEnd) {
        final int stop = read(buffer, start, valueEnd);
        failedAt = stop < 0 ? failedAt : stop;
        return stop == valueEnd;
    }

    /**
     * Parses a value from {@code start} on, as far as the next comma.
     *
     * @return offset of that comma, or {@code limit}; -1 when the value is malformed, {@link #failedAt()} says where
     */
    int read(final DirectBuffer buffer, final int start, final int limit) {
        bytes = buffer;
        failedAt = start;
        displayName = Slice.NONE;
        uri = Slice.NONE;
        bracketed = false;
        tag = Slice.NONE;
        paramsStart = limit;
        int p = address(start, limit);
        paramsStart = p;
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
            p = value == ';' ? headerParameter(p, limit) : fail(p);
        }
        return -1;
    }

    /** Where the last malformed value went wrong. */
    int failedAt() {
        return failedAt;
    }

    /** Offset one past the value's last byte. */
    public int end() {
        return end;
    }

    /** Bytes of the display name as written, quotes included; {@link Slice#NONE} when there is none. */
    public long displayName() {
        return displayName;
    }

    /** Bytes of the URI, without angle brackets. */
    public long uri() {
        return uri;
    }

    /** Whether the URI stands in angle brackets. */
    public boolean bracketed() {
        return bracketed;
    }

    /** Bytes of the tag, or {@link Slice#NONE}. */
    public long tag() {
        return tag;
    }

    /**
     * Bytes of the value of the header parameter {@code name} (compared without case), empty when it has none; or
     * {@link Slice#NONE}.
     */
    public long parameter(final byte[] name) {
        return params.find(bytes, paramsStart, end, name);
    }

    /** Display name and URI; returns the offset behind them, or -1. */
    private int address(final int start, final int limit) {
        int p = start;
        if (p < limit && bytes.getByte(p) == '"') {
            p = Scan.quotedEnd(bytes, p, limit);
            if (p < 0) {
                return fail(start);
            }
            displayName = Slice.between(start, p);
            p = Scan.skipLws(bytes, p, limit);
            return p < limit && bytes.getByte(p) == '<' ? inBrackets(p, limit) : fail(p);
        }
        if (p < limit && bytes.getByte(p) == '<') {
            return inBrackets(p, limit);
        }
        p = Scan.skip(bytes, p, limit, Scan.DISPLAY);
        if (p == limit) {
            return fail(start);
        }
        if (bytes.getByte(p) == '<') {
            final int nameEnd = Scan.trimEnd(bytes, start, p);
            displayName = nameEnd > start ? Slice.between(start, nameEnd) : Slice.NONE;
            return inBrackets(p, limit);
        }
        return bytes.getByte(p) == ':' ? addrSpec(start, limit) : fail(p);
    }

    private int inBrackets(final int open, final int limit) {
        final int close = Scan.uri(bytes, open + 1, limit);
        if (close == limit || bytes.getByte(close) != '>' || !hasScheme(open + 1, close)) {
            return fail(close);
        }
        bracketed = true;
        uri = Slice.between(open + 1, close);
        return close + 1;
    }

    /**
     * Without brackets a URI must not hold comma, question mark or semicolon (section 20.10); the caller sees to that.
     */
    private int addrSpec(final int start, final int limit) {
        final int stop = Scan.skip(bytes, start, limit, Scan.BARE_URI);
        if (!hasScheme(start, stop)) {
            return fail(start);
        }
        uri = Slice.between(start, stop);
        return stop;
    }

    private boolean hasScheme(final int start, final int stop) {
        if (Scan.isSip(bytes, start, stop)) {
            return true;
        }
        final int colon = Scan.skip(bytes, start, stop, Scan.SCHEME);
        return colon > start && colon + 1 < stop && bytes.getByte(colon) == ':'
                && Scan.lower(bytes.getByte(start)) >= 'a';
    }

    private int headerParameter(final int semicolon, final int limit) {
        final int p = params.read(bytes, semicolon, limit);
        if (p < 0) {
            return fail(semicolon);
        }
        if (params.nameLength() == 3 && Scan.lowerWord(bytes, params.nameStart, 3) == TAG) {
            if (!params.hasValue()) {
                return fail(semicolon);
            }
            // Section 7.3.1 forbids a second tag, yet agents in the field add one each time they answer a re-INVITE.
            // The first is the dialog's; to drop their answers would end calls that everybody else lets through.
            tag = tag == Slice.NONE ? params.value() : tag;
        }
        return p;
    }

    private int fail(final int at) {
        failedAt = at;
        return -1;
    }
}
