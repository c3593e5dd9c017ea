package org.tandemsip.engine.client;

import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.tandemsip.codec.AsciiWriter;
import org.tandemsip.codec.KeyedHash;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Slice;
import org.tandemsip.engine.handler.Egress;
import org.tandemsip.engine.handler.ListenPoint;
import org.tandemsip.engine.handler.ShardCommand;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.engine.metrics.Counters;
import org.tandemsip.engine.routing.Branches;
import org.tandemsip.engine.routing.ListenPoints;

/**
 * Keeps the way to phones behind a NAT open: an OPTIONS to where each has registered from. It is the phone's answer
 * that does it, whatever it says, since a NAT need not count what comes from outside (RFC 4787 REQ-6). Sent once and
 * without a transaction: nothing is kept of it, the answer is known by the keyed branch. Control rate; shard thread
 * only.
 */
final class PhonePings {
    private static final long CALL_LABEL = 0x7070_6361_6c6cL;
    private static final long KEY_LABEL = 0x7070_6b65_79L;
    private static final int ROOM = 1_024;

    private final Egress egress;
    private final Counters counters;
    private final ListenPoints listenPoints;
    private final Branches branches;
    private final KeyedHash hash;
    private final int shard;
    private final UnsafeBuffer callId = new UnsafeBuffer(new byte[16]);
    private final AsciiWriter writer = new AsciiWriter();
    private long sequence;

    /** Makes those of one shard. */
    PhonePings(final ShardContext context, final Branches branches, final ListenPoints listenPoints) {
        this.branches = branches;
        this.listenPoints = listenPoints;
        egress = context.egress();
        counters = context.counters();
        shard = context.shard();
        hash = new KeyedHash(context.keys().token0(), context.keys().token1());
    }

    /** Asks one phone. */
    void send(final ShardCommand.PhonePing ping, final long nowNs) {
        final ListenPoint from = listenPoints.get(ping.to().listenPoint);
        writer.wrap(callId, 0).putHex(hash.begin().add(CALL_LABEL).add(nowNs).add(++sequence << 8 | shard).end(), 16);
        final long key = key(callId, 0);
        final MutableDirectBuffer out = egress.claim(ROOM + 2 * ping.uri().length + 2 * from.sentBy().length);
        writer.wrap(out, 0).put(Ways.ascii("OPTIONS ")).put(ping.uri()).put(Ways.ascii(" SIP/2.0\r\nVia: SIP/2.0/"))
                .put(from.transport().token()).put(' ').put(from.sentBy()).put(Ways.ascii(";rport;branch="));
        branches.write(writer, Branches.PING, key, 0);
        writer.put(Ways.ascii("\r\nMax-Forwards: 70\r\nFrom: <sip:ping@")).put(from.sentBy())
                .put(Ways.ascii(">;tag=")).putHex(key, 16).put(Ways.ascii("\r\nTo: <")).put(ping.uri())
                .put(Ways.ascii(">\r\nCall-ID: ")).put(callId, 0, callId.capacity())
                .put(Ways.ascii("\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"));
        egress.send(writer.position(), ping.to(), 0);
        counters.increment(Counter.PINGS_SENT);
    }

    /** Whether a response with a branch that {@link Branches} has read is one to what was sent here. */
    boolean isAnswer(final SipMessage response) {
        final long id = response.callId();
        if (branches.mode() != Branches.PING || Slice.length(id) != callId.capacity()
                || key(response.bytes(), Slice.offset(id)) != branches.key()) {
            return false;
        }
        counters.increment(Counter.PINGS_ANSWERED);
        return true;
    }

    private long key(final DirectBuffer bytes, final int offset) {
        return hash.begin().add(KEY_LABEL).add(bytes, offset, callId.capacity()).end();
    }
}
