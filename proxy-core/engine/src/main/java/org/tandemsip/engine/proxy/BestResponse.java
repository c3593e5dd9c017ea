package org.tandemsip.engine.proxy;

import java.nio.ByteBuffer;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.tandemsip.codec.HeaderName;
import org.tandemsip.codec.SipMessage;

/**
 * The best final response of a response context so far (RFC 3261 section 16.7 steps 4, 6 and 7), kept while other
 * branches are pending: its topmost Via is gone already and the challenges of other responses are in place, so that it
 * can be sent as it stands. Pooled by {@link StatefulProxy}; shard thread only.
 */
final class BestResponse {
    /** First size of the memory, enough for most responses; grows by powers of two up to a whole message. */
    private static final int FIRST_BYTES = 2_048;

    /** Next free one of the pool. */
    BestResponse next;

    private final UnsafeBuffer bytes = new UnsafeBuffer(ByteBuffer.allocateDirect(FIRST_BYTES));
    private int statusCode;
    private int length;
    private int headersEnd;

    /** Copies the response, without its topmost Via, over what was kept before. */
    void keep(final SipMessage response, final ResponseForwarder responses) {
        length = 0;
        reserve(responses.maxLength(response));
        length = responses.write(response, bytes);
        statusCode = response.statusCode();
        headersEnd = response.headersEnd() - (response.length() - length);
    }

    /** Whether a response with {@code other} as status code is to be preferred to this one. */
    boolean worseThan(final int other, final boolean cancelled) {
        return rank(other, cancelled) < rank(statusCode, cancelled);
    }

    /**
     * Adds the challenges of another response when both are 401 or 407 (section 16.7 step 7): its WWW-Authenticate and
     * Proxy-Authenticate rows as they came. Leaves out what would make the message larger than {@code maxBytes}.
     */
    void merge(final SipMessage response, final int maxBytes) {
        if (challenges(statusCode) && challenges(response.statusCode())) {
            mergeRows(response, HeaderName.WWW_AUTHENTICATE, maxBytes);
            mergeRows(response, HeaderName.PROXY_AUTHENTICATE, maxBytes);
        }
    }

    /** Status code of the kept response. */
    int statusCode() {
        return statusCode;
    }

    /** The message, from index 0. */
    DirectBuffer bytes() {
        return bytes;
    }

    /** Size of the message in bytes. */
    int length() {
        return length;
    }

    /**
     * Order of preference, lowest first: 6xx, then by class; within 4xx those that tell how to send the request again
     * (section 16.7 step 6), and in each class last what says least.
     *
     * @param cancelled whether the caller has sent a CANCEL: then 487 is what it waits for
     */
    private static int rank(final int statusCode, final boolean cancelled) {
        if (statusCode >= 600) {
            return 0;
        }
        final int preference = switch (statusCode) {
            case 401, 407 -> 1;
            case 415, 420, 484 -> 2;
            case 487 -> cancelled ? 0 : 4;
            case 408, 503 -> 4;
            default -> 3;
        };
        return statusCode / 100 * 10 + preference;
    }

    private static boolean challenges(final int statusCode) {
        return statusCode == 401 || statusCode == 407;
    }

    private void mergeRows(final SipMessage response, final HeaderName name, final int maxBytes) {
        for (int row = response.firstRow(name); row != SipMessage.NO_ROW; row = response.nextRow(row)) {
            final int start = response.rowStart(row);
            final int rowBytes = response.rowEnd(row) - start;
            if (length + rowBytes <= maxBytes) {
                reserve(length + rowBytes);
                bytes.putBytes(headersEnd + rowBytes, bytes, headersEnd, length - headersEnd);
                bytes.putBytes(headersEnd, response.bytes(), start, rowBytes);
                headersEnd += rowBytes;
                length += rowBytes;
            }
        }
    }

    /** Makes room and keeps what is there. Allocates only until this object has met its largest response. */
    private void reserve(final int capacity) {
        if (capacity > bytes.capacity()) {
            final UnsafeBuffer larger =
                    new UnsafeBuffer(ByteBuffer.allocateDirect(Integer.highestOneBit(capacity) << 1));
            larger.putBytes(0, bytes, 0, length);
            bytes.wrap(larger);
        }
    }
}
