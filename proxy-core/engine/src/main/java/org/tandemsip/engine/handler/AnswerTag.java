package org.tandemsip.engine.handler;

import org.agrona.DirectBuffer;
import org.tandemsip.codec.KeyedHash;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Slice;

/**
 * To tag of an answer that is given without state (RFC 3261 section 8.2.7), by a shard or by an I/O loop: a MAC over
 * what an ACK has in common with its INVITE. A retransmission gets the same, before and after a restart, and the ACK
 * for such an answer is known by its tag alone. One instance per thread.
 */
public final class AnswerTag {
    private static final int DIGITS = 16;
    private static final long LABEL = 0x746f_7461_67L;

    private final KeyedHash hash;

    /** Uses the token key of {@code keys}. */
    public AnswerTag(final ShardContext.Keys keys) {
        hash = new KeyedHash(keys.token0(), keys.token1());
    }

    /** Tag for answers to {@code request}, never 0; of a malformed one what is missing counts as empty. */
    public long of(final SipMessage request) {
        final DirectBuffer bytes = request.bytes();
        final long tag = hash.begin().add(LABEL).add(request.cseqNumber()).addSlice(bytes, request.callId())
                .addSlice(bytes, request.fromTag()).addSlice(bytes, request.topVia().branch()).end();
        return tag == 0 ? 1 : tag;
    }

    /** Whether {@code ack} is for an answer that was given such a tag. */
    public boolean isOf(final SipMessage ack) {
        final long slice = ack.toTag();
        if (!Slice.exists(slice) || Slice.length(slice) != DIGITS) {
            return false;
        }
        final DirectBuffer bytes = ack.bytes();
        long value = 0;
        for (int i = Slice.offset(slice); i < Slice.end(slice); i++) {
            final int digit = Character.digit(bytes.getByte(i), 16);
            if (digit < 0) {
                return false;
            }
            value = value << 4 | digit;
        }
        return value == of(ack);
    }
}
