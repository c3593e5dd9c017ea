package org.tandemsip.server.transport;

import org.agrona.concurrent.UnsafeBuffer;
import org.tandemsip.codec.ParseError;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.handler.Source;
import org.tandemsip.engine.metrics.Counter;

/**
 * Takes in what one UDP socket reads: each datagram is parsed where it lies and copied once, into the ring slot of its
 * shard. Loop thread only.
 */
final class UdpIngress {
    /** No SIP message is as short as this; what is, keeps a NAT binding open (CRLF, a NUL byte, {@code jaK}). */
    private static final int SHORTEST_MESSAGE = 16;

    private final Loop loop;
    private final UnsafeBuffer datagram = new UnsafeBuffer(0, 0);
    private final Source source = new Source();

    UdpIngress(final Loop loop, final int listenPoint) {
        this.loop = loop;
        source.transport = Transport.UDP;
        source.listenPoint = listenPoint;
    }

    /** Takes in {@code length} bytes at memory {@code address}, valid until this returns, and where they came from. */
    void onDatagram(final long address, final int length, final long sourceHigh, final long sourceLow,
            final int sourcePort, final long receivedNs) {
        if (length < SHORTEST_MESSAGE) {
            loop.counters().increment(Counter.KEEPALIVES_UDP);
            return;
        }
        source.addressHigh = sourceHigh;
        source.addressLow = sourceLow;
        source.port = sourcePort;
        source.receivedNs = receivedNs;
        loop.countReceived(length);
        try {
            parse(address, length);
        } catch (final RuntimeException bug) {
            // What a message holds must never stop the loop.
            loop.counters().increment(Counter.FAULTS);
            loop.counters().increment(Counter.DROPPED_FAULT);
        }
    }

    private void parse(final long address, final int length) {
        datagram.wrap(address, length);
        final SipMessage message = loop.message().wrap(datagram, 0, length);
        final ParseError error = loop.parser().parse(message, false);
        if (error != ParseError.NONE) {
            loop.refusals().refuse(message, error, loop.parser().errorOffset(), source, datagram, 0, length);
        } else if (loop.admits(message, source) && !loop.offer(message, source)) {
            loop.refusals().noRoom(message, source);
        }
    }
}
