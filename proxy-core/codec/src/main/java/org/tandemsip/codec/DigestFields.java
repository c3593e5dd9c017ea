package org.tandemsip.codec;

import org.agrona.DirectBuffer;

/**
 * Flyweight over one Digest challenge or answer: the value of a WWW-Authenticate, Proxy-Authenticate, Authorization or
 * Proxy-Authorization row (RFC 7616 section 3, RFC 8760 section 2.7). Such a row holds one value; its commas separate
 * fields, not values (RFC 3261 section 7.3.1).
 *
 * <pre>
 *   Digest username="bob", realm="biloxi.com", nonce="dcd98b...", uri="sip:bob@biloxi.com", qop=auth, nc=00000001, ...
 *          |        |
 *          name     +-- without its quotes, escapes left as they are: that is what both sides hash
 * </pre>
 */
public final class DigestFields {
    /** The fields that are looked at. */
    public enum Field {
        USERNAME, REALM, NONCE, URI, RESPONSE, ALGORITHM, CNONCE, OPAQUE, QOP, NC, STALE;

        private static final Field[] ALL = values();

        private final byte[] lowerCase = name().toLowerCase(java.util.Locale.ROOT)
                .getBytes(java.nio.charset.StandardCharsets.US_ASCII);
    }

    private static final byte[] SCHEME = {'d', 'i', 'g', 'e', 's', 't'};

    private final Params params = new Params();
    private final long[] values = new long[Field.ALL.length];
    private DirectBuffer bytes;

    /**
     * Parses the value in {@code [start, end)}.
     *
     * @return whether it is well-formed, of the scheme Digest, and names no field twice; when not, nothing else may be
     *         asked
     */
    public boolean wrap(final DirectBuffer buffer, final int start, final int end) {
        bytes = buffer;
        java.util.Arrays.fill(values, Slice.NONE);
        final int schemeEnd = Scan.token(buffer, start, end);
        if (!Scan.equalsIgnoreCase(buffer, start, schemeEnd, SCHEME)) {
            return false;
        }
        int p = Scan.skipLws(buffer, schemeEnd, end);
        if (p == schemeEnd) {
            return false;
        }
        while (true) {
            // Params reads what follows a separator, whatever that is.
            p = params.read(buffer, p - 1, end);
            if (p < 0 || !params.hasValue() || !keep()) {
                return false;
            }
            p = Scan.skipLws(buffer, p, end);
            if (p == end) {
                return true;
            }
            if (buffer.getByte(p) != ',') {
                return false;
            }
            p++;
        }
    }

    /** Keeps the field read last; {@code false} when it was there before. */
    private boolean keep() {
        for (int i = 0; i < values.length; i++) {
            if (Scan.equalsIgnoreCase(bytes, params.nameStart, params.nameEnd, Field.ALL[i].lowerCase)) {
                if (Slice.exists(values[i])) {
                    return false;
                }
                final boolean quoted = bytes.getByte(params.valueStart) == '"';
                values[i] = quoted ? Slice.between(params.valueStart + 1, params.valueEnd - 1)
                        : Slice.between(params.valueStart, params.valueEnd);
            }
        }
        return true;
    }

    /** Bytes of a field, without quotes; {@link Slice#NONE} when it is not there. */
    public long get(final Field field) {
        return values[field.ordinal()];
    }

    /** Whether a field is there and is {@code text}, compared without case. */
    public boolean is(final Field field, final byte[] lowerCase) {
        final long value = values[field.ordinal()];
        return Slice.exists(value) && Scan.equalsIgnoreCase(bytes, Slice.offset(value), Slice.end(value), lowerCase);
    }

    /** Whether a field is there and is a list with {@code token} in it (RFC 7616 section 3.3, qop), without case. */
    public boolean lists(final Field field, final byte[] lowerCase) {
        final long value = values[field.ordinal()];
        int p = Slice.exists(value) ? Slice.offset(value) : 0;
        final int end = Slice.exists(value) ? Slice.end(value) : 0;
        while (p < end) {
            p = Scan.skipLws(bytes, p, end);
            final int tokenEnd = Scan.token(bytes, p, end);
            if (Scan.equalsIgnoreCase(bytes, p, tokenEnd, lowerCase)) {
                return true;
            }
            // Past the comma; what is no token at all is stepped over.
            p = Math.max(p, tokenEnd) + 1;
        }
        return false;
    }

    /** Whether a field is there and is {@code text}, byte for byte. */
    public boolean isExactly(final Field field, final byte[] text) {
        final long value = values[field.ordinal()];
        if (!Slice.exists(value) || Slice.length(value) != text.length) {
            return false;
        }
        for (int i = 0; i < text.length; i++) {
            if (bytes.getByte(Slice.offset(value) + i) != text[i]) {
                return false;
            }
        }
        return true;
    }

    /** The buffer that the slices lie in. */
    public DirectBuffer bytes() {
        return bytes;
    }
}
