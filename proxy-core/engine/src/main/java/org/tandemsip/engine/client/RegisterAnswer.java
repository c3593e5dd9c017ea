package org.tandemsip.engine.client;

import org.agrona.DirectBuffer;
import org.tandemsip.codec.HeaderField;
import org.tandemsip.codec.HeaderName;
import org.tandemsip.codec.NameAddr;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.SipUri;
import org.tandemsip.codec.Slice;
import org.tandemsip.codec.ValueCursor;
import org.tandemsip.engine.routing.Registration;

/** Reads what the answer to a REGISTER says about time (RFC 3261 sections 10.2.4, 20.23 and 20.33). */
final class RegisterAnswer {
    private static final byte[] EXPIRES = Ways.ascii("expires");
    private static final byte[] PARAMETER = Ways.ascii(Registration.PARAMETER);
    private static final HeaderField MIN_EXPIRES = HeaderField.of("Min-Expires");
    private static final int MOST_SECONDS = 1_000_000_000;

    private final ValueCursor cursor = new ValueCursor();
    private final NameAddr contact = new NameAddr();
    private final SipUri uri = new SipUri();

    /**
     * Seconds that our Contact holds: as its own parameter says, else the Expires header field, else what was asked
     * for. Where our Contact is not found again since it was rewritten, a single one is taken for it.
     */
    int grantedSeconds(final SipMessage response, final long token, final int asked) {
        final DirectBuffer bytes = response.bytes();
        int contacts = 0;
        int ours = -1;
        int last = -1;
        cursor.reset(response, HeaderName.CONTACT);
        while (cursor.next()) {
            contacts++;
            if (contact.wrap(bytes, cursor.start(), cursor.end())) {
                last = number(bytes, contact.parameter(EXPIRES));
                if (isOurs(bytes, token)) {
                    ours = Math.max(ours, last < 0 ? general(response, asked) : last);
                }
            }
        }
        return ours >= 0 ? ours : contacts == 1 && last >= 0 ? last : general(response, asked);
    }

    private boolean isOurs(final DirectBuffer bytes, final long token) {
        final long value = contact.uri();
        if (!uri.wrap(bytes, Slice.offset(value), Slice.end(value))) {
            return false;
        }
        return uri.scheme() == SipUri.Scheme.SIP && Registration.isToken(bytes, uri.parameter(PARAMETER), token);
    }

    private static int general(final SipMessage response, final int asked) {
        final int seconds = number(response.bytes(), response.value(HeaderName.EXPIRES));
        return seconds < 0 ? asked : seconds;
    }

    /** Seconds after which to try again; 0 for nothing said. */
    static int retryAfterSeconds(final SipMessage response) {
        return Math.max(0, number(response.bytes(), response.value(HeaderName.RETRY_AFTER)));
    }

    /** Least time that is granted, in seconds; 0 for nothing said. */
    static int minExpiresSeconds(final SipMessage response) {
        for (int row = 0; row < response.rows(); row++) {
            if (MIN_EXPIRES.names(response, row)) {
                return Math.max(0, number(response.bytes(), response.rowValue(row)));
            }
        }
        return 0;
    }

    /** The number that a value begins with; -1 for none. */
    private static int number(final DirectBuffer bytes, final long slice) {
        if (!Slice.exists(slice)) {
            return -1;
        }
        long number = -1;
        for (int i = Slice.offset(slice); i < Slice.end(slice); i++) {
            final int digit = bytes.getByte(i) - '0';
            if (digit < 0 || digit > 9) {
                break;
            }
            number = Math.min(MOST_SECONDS, Math.max(0, number) * 10 + digit);
        }
        return (int) number;
    }
}
