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
    /** Something is asked for that only who ends the dialog can do: another From ({@code user}). */
    private static final int OTHER_DIALOG = 8;
    /** Rather fail than go on without. */
    private static final int CRITICAL = 16;
    /** Nothing is to be done. */
    private static final int NONE = 32;
    /** Via, Contact and Record-Route of whoever sends it are to be kept ({@code header}). */
    private static final int HEADER = 64;
    /** Who calls is to be kept ({@code user}, {@code id}). */
    private static final int CALLER = 128;
    /** Something is asked for that nobody here can do. */
    private static final int BEYOND = 256;

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

    /**
     * Whether it must fail rather than go to somebody who is not trusted: RFC 3323 section 5 wants a 500.
     *
     * @param twoDialogs whether the far side gets a dialog of its own
     * @param hides      whether Via, Contact and Record-Route can be hidden
     */
    public static boolean mustFail(final int asked, final boolean twoDialogs, final boolean hides) {
        final int cannot = BEYOND | (twoDialogs ? 0 : OTHER_DIALOG) | (twoDialogs || hides ? 0 : HEADER);
        return (asked & CRITICAL) != 0 && (asked & cannot) != 0;
    }

    /** Whether Via, Contact and Record-Route of whoever has sent it are to be kept (RFC 3323 section 5.1). */
    public static boolean hidesHeaders(final SipMessage message) {
        return (of(message) & HEADER) != 0;
    }

    /** Whether who calls is to be kept, in From too where that can be done (RFC 3323 section 5.3). */
    public static boolean hidesCaller(final SipMessage message) {
        return (of(message) & CALLER) != 0;
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
            return ID | CALLER;
        }
        if (is(bytes, start, end, USER_TOKEN)) {
            return USER | ID | HISTORY | CALLER | OTHER_DIALOG;
        }
        if (is(bytes, start, end, HEADER_TOKEN)) {
            return USER | ID | HISTORY | HEADER;
        }
        if (is(bytes, start, end, HISTORY_TOKEN)) {
            return HISTORY;
        }
        if (is(bytes, start, end, CRITICAL_TOKEN)) {
            return CRITICAL;
        }
        return is(bytes, start, end, NONE_TOKEN) ? NONE : BEYOND;
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
