package org.tandemsip.server.transport;

import org.agrona.concurrent.UnsafeBuffer;
import org.tandemsip.codec.Method;
import org.tandemsip.codec.ParseError;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.handler.Source;
import org.tandemsip.engine.metrics.Counter;

/**
 * Takes in what one UDP socket reads: each datagram is parsed where it lies. Loop thread only.
 *
 * <p>One that stays there ({@code slots} of them at a time, from {@link Loop#settle} to the next) is lent to the shard
 * that runs on this loop; all others are copied once, into the ring slot of their shard.
 */
final class UdpIngress {
    /** No SIP message is as short as this; what is, keeps a NAT binding open (CRLF, a NUL byte, {@code jaK}). */
    private static final int SHORTEST_MESSAGE = 16;

    private final Loop loop;
    private final StunAnswers stun;
    private final boolean staying;
    private final Datagram[] datagrams;

    private UdpIngress(final Loop loop, final int listenPoint, final int slots, final boolean staying) {
        this.loop = loop;
        stun = new StunAnswers(loop);
        this.staying = staying;
        datagrams = new Datagram[slots];
        for (int i = 0; i < slots; i++) {
            datagrams[i] = new Datagram(loop.config().limits().headerRows(), listenPoint);
        }
    }

    /** For a socket whose {@code slots} datagrams stay where they are until it has called {@link Loop#settle}. */
    static UdpIngress ofStaying(final Loop loop, final int listenPoint, final int slots) {
        return new UdpIngress(loop, listenPoint, slots, true);
    }

    /** For a socket whose datagrams are gone when {@link #onDatagram} returns, all in slot 0. */
    static UdpIngress ofPassing(final Loop loop, final int listenPoint) {
        return new UdpIngress(loop, listenPoint, 1, false);
    }

    /** Takes in {@code length} bytes at memory {@code address}, the datagram of a slot, and where they came from. */
    void onDatagram(final int slot, final long address, final int length, final long sourceHigh, final long sourceLow,
            final int sourcePort, final long receivedNs) {
        if (length < SHORTEST_MESSAGE) {
            loop.counters().increment(Counter.KEEPALIVES_UDP);
            return;
        }
        final Datagram datagram = datagrams[slot];
        final Source source = datagram.source;
        source.addressHigh = sourceHigh;
        source.addressLow = sourceLow;
        source.port = sourcePort;
        source.receivedNs = receivedNs;
        datagram.bytes.wrap(address, length);
        if (StunAnswers.isStun(datagram.bytes)) {
            stun.onDatagram(datagram.bytes, source);
            return;
        }
        loop.countReceived(datagram.bytes, 0, length, Transport.UDP);
        try {
            parse(datagram.message.wrap(datagram.bytes, 0, length), datagram);
        } catch (final RuntimeException bug) {
            // What a message holds must never stop the loop.
            loop.counters().increment(Counter.FAULTS);
            loop.counters().increment(Counter.DROPPED_FAULT);
        }
    }

    private void parse(final SipMessage message, final Datagram datagram) {
        final Source source = datagram.source;
        if (loop.dropsAtFirstLook(datagram.bytes, datagram.bytes.capacity(), source)) {
            return;
        }
        ParseError error = loop.parser().parse(message, false);
        if (loop.filter().miscounts() && message.method() == Method.MESSAGE && message.isRequest()
                && message.contentLength() != SipMessage.NOT_GIVEN && loop.filter().miscounts(source)) {
            error = loop.parser().takeRest(message, error);
        }
        if (error != ParseError.NONE) {
            loop.refusals().refuse(message, error, loop.parser().errorOffset(), source, datagram.bytes, 0,
                    datagram.bytes.capacity());
        } else if (loop.admits(message, source) && !loop.offer(message, source, staying)) {
            loop.refusals().noRoom(message, source);
        }
    }

    /** What belongs to one place that datagrams are read into. */
    private static final class Datagram {
        final UnsafeBuffer bytes = new UnsafeBuffer(0, 0);
        final SipMessage message;
        final Source source = new Source();

        Datagram(final int maxHeaderRows, final int listenPoint) {
            message = new SipMessage(maxHeaderRows);
            source.transport = Transport.UDP;
            source.listenPoint = listenPoint;
        }
    }
}
