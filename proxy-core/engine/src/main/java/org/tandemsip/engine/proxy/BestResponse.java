package org.tandemsip.engine.proxy;

import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.tandemsip.codec.HeaderName;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.engine.transaction.MessageMemory;
import org.tandemsip.engine.transaction.ResponseRank;

/**
 * The best final response of a response context so far (RFC 3261 section 16.7 steps 4, 6 and 7), kept while other
 * branches are pending: its topmost Via is gone already and the challenges of other responses are in place, so that it
 * can be sent as it stands. Pooled by {@link StatefulProxy}; shard thread only.
 */
final class BestResponse {
    /** Next free one of the pool. */
    BestResponse next;

    private final UnsafeBuffer bytes = new UnsafeBuffer(0, 0);
    private int handle = MessageMemory.NONE;
    private int statusCode;
    private int length;
    private int headersEnd;

    /**
     * Copies the response, without its topmost Via, over what was kept before.
     *
     * @return {@code false} when there is no room: what was kept before stays
     */
    boolean keep(final SipMessage response, final ResponseForwarder responses, final MessageMemory memory) {
        final int room = memory.allocate(responses.maxLength(response));
        if (room == MessageMemory.NONE) {
            return false;
        }
        memory.free(handle);
        wrap(room, responses.maxLength(response), memory);
        length = responses.write(response, bytes);
        statusCode = response.statusCode();
        headersEnd = response.headersEnd() - (response.length() - length);
        return true;
    }

    /** Gives the memory back. */
    void release(final MessageMemory memory) {
        memory.free(handle);
        handle = MessageMemory.NONE;
    }

    /** Whether a response with {@code other} as status code is to be preferred to this one. */
    boolean worseThan(final int other, final boolean cancelled) {
        return ResponseRank.of(other, cancelled) < ResponseRank.of(statusCode, cancelled);
    }

    /**
     * Adds the challenges of another response when both are 401 or 407 (section 16.7 step 7): its WWW-Authenticate and
     * Proxy-Authenticate rows as they came. Adds none when the message would be larger than {@code maxBytes}, or than
     * what there is room for.
     */
    void merge(final SipMessage response, final int maxBytes, final MessageMemory memory) {
        if (!challenges(statusCode) || !challenges(response.statusCode())) {
            return;
        }
        final int newLength = length + rowBytes(response, HeaderName.WWW_AUTHENTICATE)
                + rowBytes(response, HeaderName.PROXY_AUTHENTICATE);
        if (newLength > maxBytes || newLength > bytes.capacity() && !grow(newLength, memory)) {
            return;
        }
        mergeRows(response, HeaderName.WWW_AUTHENTICATE);
        mergeRows(response, HeaderName.PROXY_AUTHENTICATE);
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

    private static boolean challenges(final int statusCode) {
        return statusCode == 401 || statusCode == 407;
    }

    private static int rowBytes(final SipMessage response, final HeaderName name) {
        int sum = 0;
        for (int row = response.firstRow(name); row != SipMessage.NO_ROW; row = response.nextRow(row)) {
            sum += response.rowEnd(row) - response.rowStart(row);
        }
        return sum;
    }

    private void mergeRows(final SipMessage response, final HeaderName name) {
        for (int row = response.firstRow(name); row != SipMessage.NO_ROW; row = response.nextRow(row)) {
            final int start = response.rowStart(row);
            final int rowBytes = response.rowEnd(row) - start;
            bytes.putBytes(headersEnd + rowBytes, bytes, headersEnd, length - headersEnd);
            bytes.putBytes(headersEnd, response.bytes(), start, rowBytes);
            headersEnd += rowBytes;
            length += rowBytes;
        }
    }

    private boolean grow(final int capacity, final MessageMemory memory) {
        final int room = memory.allocate(capacity);
        if (room == MessageMemory.NONE) {
            return false;
        }
        memory.buffer(room).putBytes(memory.offset(room), bytes, 0, length);
        memory.free(handle);
        wrap(room, capacity, memory);
        return true;
    }

    private void wrap(final int room, final int capacity, final MessageMemory memory) {
        handle = room;
        bytes.wrap(memory.buffer(room), memory.offset(room), capacity);
    }
}
