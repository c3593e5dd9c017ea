package org.tandemsip.engine.registrar;

import java.nio.charset.StandardCharsets;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.tandemsip.codec.SipUri;
import org.tandemsip.codec.Slice;

/**
 * Whether two SIP URIs are the same (RFC 3261 section 19.1.4): user and password to the byte, all else without case,
 * escapes undone, parameters in any order. Shard thread only.
 */
final class UriEquality {
    /** Parameters that must be in both or in none. */
    private static final byte[][] TELLING =
            {ascii("user"), ascii("ttl"), ascii("method"), ascii("maddr"), ascii("transport")};

    private final UnsafeBuffer keptBytes = new UnsafeBuffer(0, 0);
    private final SipUri kept = new SipUri();

    /** Whether {@code contact} is the same as {@code uri}, which lies in {@code bytes}. */
    boolean areEqual(final byte[] contact, final DirectBuffer bytes, final SipUri uri) {
        keptBytes.wrap(contact);
        if (sameBytes(contact, bytes, uri.start(), uri.end())) {
            return true;
        }
        return kept.wrap(keptBytes, 0, contact.length) && kept.scheme() == uri.scheme()
                && kept.port() == uri.port() && same(keptBytes, kept.host(), bytes, uri.host(), true)
                && same(keptBytes, userInfo(kept), bytes, userInfo(uri), false)
                && covers(keptBytes, kept, bytes, uri) && covers(bytes, uri, keptBytes, kept)
                && same(keptBytes, kept.headers(), bytes, uri.headers(), true);
    }

    private static boolean sameBytes(final byte[] contact, final DirectBuffer bytes, final int start, final int end) {
        if (contact.length != end - start) {
            return false;
        }
        for (int i = 0; i < contact.length; i++) {
            if (contact[i] != bytes.getByte(start + i)) {
                return false;
            }
        }
        return true;
    }

    /** User and password. */
    private static long userInfo(final SipUri uri) {
        return Slice.exists(uri.user()) ? Slice.between(Slice.offset(uri.user()), Slice.offset(uri.host()) - 1)
                : Slice.NONE;
    }

    /** Whether each parameter of {@code one} is as in {@code other}, or not in there and not telling. */
    private static boolean covers(final DirectBuffer bytes, final SipUri one, final DirectBuffer otherBytes,
            final SipUri other) {
        final long parameters = one.parameters();
        int p = Slice.offset(parameters);
        while (p < Slice.end(parameters)) {
            final int end = parameterEnd(bytes, p + 1, Slice.end(parameters));
            final long name = Slice.between(p + 1, nameEnd(bytes, p + 1, end));
            final long found = find(otherBytes, other.parameters(), bytes, name);
            if (Slice.exists(found) ? !same(bytes, value(name, end), otherBytes, found, true)
                    : isTelling(bytes, name)) {
                return false;
            }
            p = end;
        }
        return true;
    }

    /** Value of a parameter of that name, empty when it has none; {@link Slice#NONE} when it is not there. */
    private static long find(final DirectBuffer bytes, final long parameters, final DirectBuffer nameBytes,
            final long wanted) {
        int p = Slice.offset(parameters);
        while (p < Slice.end(parameters)) {
            final int end = parameterEnd(bytes, p + 1, Slice.end(parameters));
            final long name = Slice.between(p + 1, nameEnd(bytes, p + 1, end));
            if (same(bytes, name, nameBytes, wanted, true)) {
                return value(name, end);
            }
            p = end;
        }
        return Slice.NONE;
    }

    private static long value(final long name, final int end) {
        return Slice.end(name) == end ? Slice.of(end, 0) : Slice.between(Slice.end(name) + 1, end);
    }

    private static int parameterEnd(final DirectBuffer bytes, final int from, final int limit) {
        int p = from;
        while (p < limit && bytes.getByte(p) != ';') {
            p++;
        }
        return p;
    }

    private static int nameEnd(final DirectBuffer bytes, final int from, final int limit) {
        int p = from;
        while (p < limit && bytes.getByte(p) != '=') {
            p++;
        }
        return p;
    }

    private static boolean isTelling(final DirectBuffer bytes, final long name) {
        for (final byte[] telling : TELLING) {
            if (Slice.length(name) == telling.length && startsWith(bytes, name, telling)) {
                return true;
            }
        }
        return false;
    }

    private static boolean startsWith(final DirectBuffer bytes, final long name, final byte[] lowerCase) {
        for (int i = 0; i < lowerCase.length; i++) {
            if (lower(bytes.getByte(Slice.offset(name) + i)) != lowerCase[i]) {
                return false;
            }
        }
        return true;
    }

    private static boolean same(final DirectBuffer a, final long sliceA, final DirectBuffer b, final long sliceB,
            final boolean anyCase) {
        if (!Slice.exists(sliceA) || !Slice.exists(sliceB)) {
            return sliceA == sliceB;
        }
        int p = Slice.offset(sliceA);
        int q = Slice.offset(sliceB);
        final int endA = Slice.end(sliceA);
        final int endB = Slice.end(sliceB);
        while (p < endA && q < endB) {
            final int one = unescaped(a, p, endA);
            final int other = unescaped(b, q, endB);
            if (anyCase ? lower(one) != lower(other) : one != other) {
                return false;
            }
            p += escaped(a, p, endA) ? 3 : 1;
            q += escaped(b, q, endB) ? 3 : 1;
        }
        return p == endA && q == endB;
    }

    /** Whether an escape stands at {@code p}. */
    static boolean escaped(final DirectBuffer bytes, final int p, final int end) {
        return bytes.getByte(p) == '%' && p + 2 < end && Character.digit(bytes.getByte(p + 1), 16) >= 0
                && Character.digit(bytes.getByte(p + 2), 16) >= 0;
    }

    /** The character that stands at {@code p}, an escape undone. */
    static int unescaped(final DirectBuffer bytes, final int p, final int end) {
        return escaped(bytes, p, end)
                ? Character.digit(bytes.getByte(p + 1), 16) << 4 | Character.digit(bytes.getByte(p + 2), 16)
                : bytes.getByte(p) & 0xFF;
    }

    private static int lower(final int value) {
        return value >= 'A' && value <= 'Z' ? value | 0x20 : value;
    }

    private static byte[] ascii(final String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
