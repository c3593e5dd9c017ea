package org.tandemsip.codec.sdp;

import java.nio.charset.StandardCharsets;
import org.agrona.DirectBuffer;
import org.tandemsip.codec.HeaderName;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Slice;

/**
 * Finds the session description in the body of a message: the body itself, or one part of several (RFC 5621), as SIP-I
 * and SIPREC send them. Parts inside of parts are not looked into. Not thread-safe.
 */
public final class SdpBody {
    /** What there is. */
    public enum Kind {
        /** No description. */
        NONE,
        /** One, at {@link #offset()}. */
        FOUND,
        /** Something that may hold one and cannot be read. */
        UNREADABLE
    }

    private static final int MOST_PARTS = 16;
    private static final int LONGEST_BOUNDARY = 70;
    private static final byte[] SDP = ascii("application/sdp");
    /** Candidates of ICE alone (RFC 8840), for an INFO: addresses, which nobody but the two sides can make sense of. */
    private static final byte[] FRAGMENT = ascii("application/trickle-ice-sdpfrag");
    private static final byte[] MULTIPART = ascii("multipart/");
    private static final byte[] BOUNDARY = ascii("boundary=");
    private static final byte[] CONTENT_TYPE = ascii("content-type:");
    private static final byte[] COMPACT_TYPE = ascii("c:");

    private int offset;
    private int length;
    private DirectBuffer bytes;
    private int end;
    private int boundaryStart;
    private int boundaryEnd;
    private boolean only;

    /** Looks into a message. */
    public Kind find(final SipMessage message) {
        only = true;
        if (message.bodyLength() == 0) {
            return Kind.NONE;
        }
        bytes = message.bytes();
        offset = message.bodyOffset();
        length = message.bodyLength();
        end = offset + length;
        final long type = message.value(HeaderName.CONTENT_TYPE);
        if (!Slice.exists(type)) {
            return Kind.UNREADABLE;
        }
        if (beginsWith(Slice.offset(type), Slice.end(type), SDP)) {
            return Kind.FOUND;
        }
        if (beginsWith(Slice.offset(type), Slice.end(type), FRAGMENT)) {
            return Kind.UNREADABLE;
        }
        if (!beginsWith(Slice.offset(type), Slice.end(type), MULTIPART)) {
            return Kind.NONE;
        }
        return readBoundary(Slice.offset(type), Slice.end(type)) ? findPart(offset) : Kind.UNREADABLE;
    }

    /** Where the description begins in the message. */
    public int offset() {
        return offset;
    }

    /** Bytes of the description. */
    public int length() {
        return length;
    }

    /** Whether the parts behind the description can be read, and hold no other. */
    public boolean isOnly() {
        return only;
    }

    private boolean readBoundary(final int from, final int to) {
        for (int at = from; at + BOUNDARY.length < to; at++) {
            if (!beginsWith(at, to, BOUNDARY)) {
                continue;
            }
            boundaryStart = at + BOUNDARY.length;
            final boolean quoted = bytes.getByte(boundaryStart) == '"';
            boundaryStart += quoted ? 1 : 0;
            boundaryEnd = boundaryStart;
            while (boundaryEnd < to && bytes.getByte(boundaryEnd) != (quoted ? '"' : ';')
                    && (quoted || bytes.getByte(boundaryEnd) > ' ')) {
                boundaryEnd++;
            }
            return boundaryEnd > boundaryStart && boundaryEnd - boundaryStart <= LONGEST_BOUNDARY;
        }
        return false;
    }

    /** Goes from part to part: each lies between one delimiter and the next. */
    private Kind findPart(final int from) {
        boolean found = false;
        boolean unreadable = false;
        int delimiter = nextDelimiter(from);
        for (int part = 0; part < MOST_PARTS && delimiter >= 0; part++) {
            final int start = lineEnd(delimiter);
            final int next = nextDelimiter(start);
            if (next < 0) {
                // A part without an end is one for who does not mind.
                unreadable |= !isLast(delimiter);
                delimiter = next;
                break;
            }
            int at = start;
            boolean sdp = false;
            while (at < next && bytes.getByte(at) != '\r' && bytes.getByte(at) != '\n') {
                final int lineEnd = lineEnd(at);
                final int name = beginsWith(at, lineEnd, CONTENT_TYPE) ? CONTENT_TYPE.length
                        : beginsWith(at, lineEnd, COMPACT_TYPE) ? COMPACT_TYPE.length : 0;
                if (name > 0) {
                    int value = at + name;
                    while (value < lineEnd && bytes.getByte(value) == ' ') {
                        value++;
                    }
                    sdp = beginsWith(value, lineEnd, SDP);
                    unreadable |= beginsWith(value, lineEnd, MULTIPART) || beginsWith(value, lineEnd, FRAGMENT);
                }
                at = lineEnd;
            }
            if (sdp && found) {
                unreadable = true;
            } else if (sdp) {
                offset = Math.min(next, lineEnd(at));
                // The line end before a delimiter belongs to the delimiter (RFC 2046 section 5.1.1), but many count on
                // it for the last line.
                length = next - offset;
                found = true;
            }
            delimiter = next;
        }
        only = !unreadable && delimiter < 0;
        return found ? Kind.FOUND : only ? Kind.NONE : Kind.UNREADABLE;
    }

    /** Whether a delimiter is the one behind the last part. */
    private boolean isLast(final int delimiter) {
        final int at = delimiter + 2 + boundaryEnd - boundaryStart;
        return at + 2 <= end && bytes.getByte(at) == '-' && bytes.getByte(at + 1) == '-';
    }

    /** Where the next line begins that is {@code --boundary}; -1 when there is none. */
    private int nextDelimiter(final int from) {
        int line = from;
        final int boundaryLength = boundaryEnd - boundaryStart;
        while (line + 2 + boundaryLength <= end) {
            if (bytes.getByte(line) == '-' && bytes.getByte(line + 1) == '-' && isBoundary(line + 2)) {
                return line;
            }
            line = lineEnd(line);
        }
        return -1;
    }

    private boolean isBoundary(final int at) {
        for (int i = boundaryStart; i < boundaryEnd; i++) {
            if (bytes.getByte(at + i - boundaryStart) != bytes.getByte(i)) {
                return false;
            }
        }
        return true;
    }

    /** Behind the line that {@code from} is in. */
    private int lineEnd(final int from) {
        int at = from;
        while (at < end && bytes.getByte(at) != '\n') {
            at++;
        }
        return Math.min(end, at + 1);
    }

    private boolean beginsWith(final int at, final int to, final byte[] lowerCase) {
        if (to - at < lowerCase.length) {
            return false;
        }
        for (int i = 0; i < lowerCase.length; i++) {
            final int c = bytes.getByte(at + i);
            if ((c >= 'A' && c <= 'Z' ? c + 32 : c) != lowerCase[i]) {
                return false;
            }
        }
        return true;
    }

    private static byte[] ascii(final String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
