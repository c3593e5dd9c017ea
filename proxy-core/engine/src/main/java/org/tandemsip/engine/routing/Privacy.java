package org.tandemsip.engine.routing;

import java.nio.charset.StandardCharsets;
import org.agrona.DirectBuffer;
import org.tandemsip.codec.HeaderName;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Slice;

/**
 * What a Privacy header field asks for (RFC 3323 section 4.2, RFC 3325 section 9.3, RFC 7044 section 10.1), as bits.
 * Allocates nothing.
 */
public final class Privacy {
    /** The asserted identity is to be kept. */
    public static final int ID = 1;
    /** So is whatever tells who the user is: {@code user} and {@code header}. */
    public static final int USER = 2;
    /** So is the history of the call. */
    public static final int HISTORY = 4;
    /** Number of combinations of the bits above, which is what a proxy can do something about. */
    static final int COMBINATIONS = 8;
    /** Something is asked for that a proxy cannot do, or cannot do in full. */
    public static final int BEYOND_PROXY = 8;
    /** Rather fail than go on without. */
    public static final int CRITICAL = 16;
    /** Nothing is to be done. */
    private static final int NONE = 32;

    private static final byte[] ID_TOKEN = ascii("id");
    private static final byte[] USER_TOKEN = ascii("user");
    private static final byte[] HEADER_TOKEN = ascii("header");
    private static final byte[] HISTORY_TOKEN = ascii("history");
    private static final byte[] CRITICAL_TOKEN = ascii("critical");
    private static final byte[] NONE_TOKEN = ascii("none");

    private Privacy() {}

    /** What {@code message} asks for; 0 when that is nothing. */
    public static int of(final SipMessage message) {
        int asked = 0;
        for (int row = message.firstRow(HeaderName.PRIVACY); row != SipMessage.NO_ROW; row = message.nextRow(row)) {
            final long value = message.rowValue(row);
            asked |= read(message.bytes(), Slice.offset(value), Slice.end(value));
        }
        return (asked & NONE) != 0 ? 0 : asked;
    }

    /** Whether it must fail rather than go to somebody who is not trusted: RFC 3323 section 5 wants a 500. */
    public static boolean mustFail(final int asked) {
        return (asked & CRITICAL) != 0 && (asked & BEYOND_PROXY) != 0;
    }

    private static int read(final DirectBuffer bytes, final int start, final int end) {
        int asked = 0;
        int token = start;
        while (token < end) {
            int stop = token;
            while (stop < end && !separates(bytes.getByte(stop))) {
                stop++;
            }
            if (stop > token) {
                asked |= bits(bytes, token, stop);
            }
            token = stop + 1;
        }
        return asked;
    }

    private static boolean separates(final byte b) {
        return b == ';' || b == ',' || b <= ' ' && b >= 0;
    }

    private static int bits(final DirectBuffer bytes, final int start, final int end) {
        if (is(bytes, start, end, ID_TOKEN)) {
            return ID;
        }
        if (is(bytes, start, end, USER_TOKEN) || is(bytes, start, end, HEADER_TOKEN)) {
            return USER | ID | HISTORY | BEYOND_PROXY;
        }
        if (is(bytes, start, end, HISTORY_TOKEN)) {
            return HISTORY;
        }
        if (is(bytes, start, end, CRITICAL_TOKEN)) {
            return CRITICAL;
        }
        return is(bytes, start, end, NONE_TOKEN) ? NONE : BEYOND_PROXY;
    }

    private static boolean is(final DirectBuffer bytes, final int start, final int end, final byte[] token) {
        if (end - start != token.length) {
            return false;
        }
        for (int i = 0; i < token.length; i++) {
            if ((bytes.getByte(start + i) | 0x20) != token[i]) {
                return false;
            }
        }
        return true;
    }

    private static byte[] ascii(final String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
