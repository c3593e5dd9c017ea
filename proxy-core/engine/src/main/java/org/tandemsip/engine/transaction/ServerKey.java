package org.tandemsip.engine.transaction;

import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.tandemsip.codec.KeyedHash;
import org.tandemsip.codec.Method;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Slice;
import org.tandemsip.codec.Via;

/**
 * Bytes that say which server transaction a request belongs to (RFC 3261 section 17.2.3), in scratch memory.
 *
 * <pre>
 *   branch with magic cookie    method | branch | sent-by host, lower case | port
 *   without, as in RFC 2543     method | Request-URI | From tag | Call-ID | CSeq number | topmost Via | To tag
 * </pre>
 *
 * The method comes first so that what follows is the same for an INVITE and its CANCEL: the local tag is made of it.
 * Every range is preceded by its length, so that neighbours cannot run into each other. Shard thread only.
 */
final class ServerKey {
    private static final int RFC_2543 = 0x80;

    private final UnsafeBuffer bytes;
    private final KeyedHash tableHash;
    private int length;
    private long hash;

    /** Makes room for keys of requests with up to {@code headersBytes} of start line and header fields. */
    ServerKey(final int headersBytes, final KeyedHash tableHash) {
        // All parts come from the header block, each once but the method; lengths and numbers need less than 64 bytes.
        bytes = new UnsafeBuffer(new byte[headersBytes + 128]);
        this.tableHash = tableHash;
    }

    /** Whether a request has to be matched by the rules for RFC 2543. */
    static boolean isRfc2543(final SipMessage request) {
        return !request.topVia().hasMagicCookie();
    }

    /** Writes the key of the transaction that {@code request} belongs to; an ACK belongs to its INVITE. */
    ServerKey of(final SipMessage request) {
        return of(request, request.method() == Method.ACK ? Method.INVITE : request.method(), request.toTag());
    }

    /** Writes the key of the INVITE that {@code cancel} is for (section 9.2). */
    ServerKey ofInvite(final SipMessage cancel) {
        return of(cancel, Method.INVITE, cancel.toTag());
    }

    /** Writes the key of the INVITE without a To tag that an RFC 2543 {@code ack} may be for. */
    ServerKey ofInviteWithoutToTag(final SipMessage ack) {
        return of(ack, Method.INVITE, Slice.NONE);
    }

    private ServerKey of(final SipMessage request, final Method method, final long toTag) {
        final Via via = request.topVia();
        final DirectBuffer source = request.bytes();
        final boolean rfc2543 = isRfc2543(request);
        bytes.putByte(0, (byte) (method.ordinal() | (rfc2543 ? RFC_2543 : 0)));
        length = 1;
        if (rfc2543) {
            put(source, request.requestUri());
            put(source, request.fromTag());
            put(source, request.callId());
            putNumber((int) request.cseqNumber());
            put(source, Slice.between(via.start(), via.end()));
            put(source, toTag);
        } else {
            put(source, via.branch());
            put(source, via.host());
            lowerCase(length - Slice.length(via.host()), length);
            putNumber(via.port() == Via.NOT_GIVEN ? via.transport().defaultPort() : via.port());
        }
        if (method == Method.EXTENSION) {
            put(source, request.methodToken());
        }
        // A retransmission, an ACK and a CANCEL have the Call-ID and CSeq number of their request. Clients that choose
        // the same branch for another are kept apart by them, at no cost in memory: they are in the hash and not in
        // the key. So is the Request-URI, except for an INVITE, whose ACK comes from the field with other ones too.
        hash = tableHash.begin().add(bytes, 0, length).addSlice(source, request.callId()).add(request.cseqNumber())
                .addSlice(source, method == Method.INVITE ? Slice.NONE : request.requestUri()).end();
        return this;
    }

    /** Keyed hash of the key and of what else a retransmission has in common: place in the table. */
    long hash() {
        return hash;
    }

    /** The key's bytes, from index 0. */
    DirectBuffer bytes() {
        return bytes;
    }

    /** Size of the key in bytes. */
    int length() {
        return length;
    }

    /** Whether the key is the {@code otherLength} bytes at {@code otherOffset}. */
    boolean equals(final UnsafeBuffer other, final int otherOffset, final int otherLength) {
        if (otherLength != length) {
            return false;
        }
        int i = 0;
        for (; i <= length - Long.BYTES; i += Long.BYTES) {
            if (bytes.getLong(i) != other.getLong(otherOffset + i)) {
                return false;
            }
        }
        for (; i < length; i++) {
            if (bytes.getByte(i) != other.getByte(otherOffset + i)) {
                return false;
            }
        }
        return true;
    }

    private void put(final DirectBuffer source, final long slice) {
        if (!Slice.exists(slice)) {
            putNumber(-1);
            return;
        }
        putNumber(Slice.length(slice));
        bytes.putBytes(length, source, Slice.offset(slice), Slice.length(slice));
        length += Slice.length(slice);
    }

    private void putNumber(final int number) {
        bytes.putInt(length, number);
        length += Integer.BYTES;
    }

    private void lowerCase(final int from, final int to) {
        for (int i = from; i < to; i++) {
            final byte b = bytes.getByte(i);
            if (b >= 'A' && b <= 'Z') {
                bytes.putByte(i, (byte) (b + 'a' - 'A'));
            }
        }
    }
}
