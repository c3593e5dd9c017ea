package org.tandemsip.b2bua;

import org.agrona.DirectBuffer;
import org.tandemsip.codec.AsciiWriter;
import org.tandemsip.codec.NameAddr;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Slice;
import org.tandemsip.engine.transaction.MessageMemory;

/**
 * What a {@link Dialog} has to write into requests, and is known by (RFC 3261 section 12): text in one block of memory,
 * ready to be copied.
 *
 * <pre>
 *   | Call-ID | own name, with tag | other name, with tag | remote target | Route rows | Request-URI of the call |
 * </pre>
 *
 * Shard thread only.
 */
abstract class DialogText {
    int text = MessageMemory.NONE;
    int callIdLength;
    int localLength;
    int remoteLength;
    int targetLength;
    int routesLength;
    int requestUriLength;
    int remoteTagOffset;
    int remoteTagLength;

    private final B2bua owner;

    DialogText(final B2bua owner) {
        this.owner = owner;
    }

    DirectBuffer buffer() {
        return owner.memory.buffer(text);
    }

    final int offset() {
        return owner.memory.offset(text);
    }

    int targetOffset() {
        return offset() + callIdLength + localLength + remoteLength;
    }

    int targetLength() {
        return targetLength;
    }

    int routesOffset() {
        return targetOffset() + targetLength;
    }

    int routesLength() {
        return routesLength;
    }

    /** Bytes of all text. */
    int textLength() {
        return callIdLength + localLength + remoteLength + targetLength + routesLength;
    }

    void putTarget(final AsciiWriter out) {
        out.put(buffer(), targetOffset(), targetLength);
    }

    void putRoutes(final AsciiWriter out) {
        out.put(buffer(), routesOffset(), routesLength);
    }

    void putCallId(final AsciiWriter out) {
        out.put(buffer(), offset(), callIdLength);
    }

    void putLocal(final AsciiWriter out) {
        out.put(buffer(), offset() + callIdLength, localLength);
    }

    void putRemote(final AsciiWriter out) {
        out.put(buffer(), offset() + callIdLength + localLength, remoteLength);
    }

    /** Whether we have called the other side: what it began with is kept of a side that has called us. */
    boolean wasCalled() {
        return requestUriLength == 0;
    }

    /** Whether there is any text. */
    boolean hasText() {
        return text != MessageMemory.NONE;
    }

    /** The Call-ID, as slice of {@link #buffer()}. */
    long callIdSlice() {
        return Slice.of(offset(), callIdLength);
    }

    /** Our own name with the tag, likewise. */
    long localSlice() {
        return Slice.of(offset() + callIdLength, localLength);
    }

    /** The other side's name, likewise. */
    long remoteSlice() {
        return Slice.of(offset() + callIdLength + localLength, remoteLength);
    }

    /** Request-URI that the call began with, of the leg that it began on; likewise. */
    long requestUriSlice() {
        return Slice.of(routesOffset() + routesLength, requestUriLength);
    }

    /** A slice of {@link #buffer()}, for people. */
    String text(final long slice) {
        return hasText() ? buffer().getStringWithoutLengthUtf8(Slice.offset(slice), Slice.length(slice)) : null;
    }

    /** Most bytes by which a request here can answer a challenge that was taken. */
    int answerLength() {
        return owner.extra.auth == null ? 0 : owner.extra.auth.maxLength(targetLength);
    }

    // What comes in.

    /**
     * Whether a request is in this dialog: its To tag is ours already.
     *
     * @param mayBegin whether a dialog may begin with it (RFC 6665 section 4.4.1): else there is none before the other
     *                 side has given its tag (RFC 3261 section 12.2.2)
     */
    boolean includes(final SipMessage request, final boolean mayBegin) {
        return text != MessageMemory.NONE && equals(request.bytes(), request.callId(), offset(), callIdLength)
                && (mayBegin && remoteTagLength == 0 || isRemoteTag(request.bytes(), request.fromTag()));
    }

    /** Whether it is the dialog with this Call-ID and tag of the other side. */
    boolean is(final DirectBuffer bytes, final long callId, final long tag) {
        return hasText() && equals(bytes, callId, offset(), callIdLength) && isRemoteTag(bytes, tag);
    }

    /** Whether a tag is that of the other side. */
    boolean isRemoteTag(final DirectBuffer bytes, final long tag) {
        return equals(bytes, tag, offset() + callIdLength + localLength + remoteTagOffset, remoteTagLength);
    }

    /** Tag of the other side, as slice of {@link #buffer()}. */
    long remoteTag() {
        return remoteTagLength == 0 ? Slice.NONE
                : Slice.of(offset() + callIdLength + localLength + remoteTagOffset, remoteTagLength);
    }

    /** Whether the other side has given a tag. */
    boolean hasRemoteTag() {
        return remoteTagLength > 0;
    }

    final boolean equals(final DirectBuffer bytes, final long slice, final int at, final int length) {
        if (!Slice.exists(slice) || Slice.length(slice) != length) {
            return length == 0 && !Slice.exists(slice);
        }
        final DirectBuffer own = buffer();
        for (int i = 0; i < length; i++) {
            if (bytes.getByte(Slice.offset(slice) + i) != own.getByte(at + i)) {
                return false;
            }
        }
        return true;
    }

    /** Reads the URI of the first Route, or the target when there is none, as slice of {@link #buffer()}. */
    long nextHop(final NameAddr nameAddr) {
        if (routesLength > Routes.ROUTE.length) {
            final int start = routesOffset() + Routes.ROUTE.length;
            int end = start;
            while (buffer().getByte(end) != '\r') {
                end++;
            }
            if (nameAddr.wrap(buffer(), start, end)) {
                return nameAddr.uri();
            }
        }
        return Slice.of(targetOffset(), targetLength);
    }

    /** Whether it is one of sips URIs. */
    boolean secure() {
        return targetLength > 5 && (buffer().getByte(targetOffset() + 3) | 0x20) == 's'
                && buffer().getByte(targetOffset() + 4) == ':';
    }
}
