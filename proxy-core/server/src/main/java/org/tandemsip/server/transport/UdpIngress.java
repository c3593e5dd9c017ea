package org.tandemsip.server.transport;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.DatagramPacket;
import java.net.InetSocketAddress;
import org.agrona.concurrent.UnsafeBuffer;
import org.tandemsip.codec.ParseError;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.handler.Source;
import org.tandemsip.engine.metrics.Counter;

/**
 * Reads one UDP socket: each datagram is parsed where it lies and copied once, into the ring slot of its shard. Loop
 * thread only.
 */
final class UdpIngress extends ChannelInboundHandlerAdapter {
    /** No SIP message is as short as this; what is, keeps a NAT binding open (CRLF, a NUL byte, {@code jaK}). */
    private static final int SHORTEST_MESSAGE = 16;

    private final Loop loop;
    private final UnsafeBuffer datagram = new UnsafeBuffer(0, 0);
    private final Source source = new Source();
    private long burstNs;

    UdpIngress(final Loop loop, final int listenPoint) {
        this.loop = loop;
        source.transport = Transport.UDP;
        source.listenPoint = listenPoint;
    }

    @Override
    public void channelRead(final ChannelHandlerContext context, final Object received) {
        final DatagramPacket packet = (DatagramPacket) received;
        try {
            onDatagram(packet.content(), packet.sender());
        } finally {
            packet.release();
        }
    }

    @Override
    public void channelReadComplete(final ChannelHandlerContext context) {
        burstNs = 0;
    }

    @Override
    public void channelInactive(final ChannelHandlerContext context) {
        if (context.channel().config().getRecvByteBufAllocator() instanceof DatagramSlab slab) {
            slab.close();
        }
    }

    @Override
    public void exceptionCaught(final ChannelHandlerContext context, final Throwable cause) {
        // A datagram could not be sent (or the kernel reports an earlier one); UDP promises nothing, timers see to it.
        loop.counters().increment(Counter.UNSENT_UDP);
    }

    private void onDatagram(final ByteBuf content, final InetSocketAddress sender) {
        final int length = content.readableBytes();
        if (length < SHORTEST_MESSAGE) {
            loop.counters().increment(Counter.KEEPALIVES_UDP);
            return;
        }
        if (burstNs == 0) {
            burstNs = System.nanoTime();
        }
        source.addressHigh = Addresses.high(sender.getAddress());
        source.addressLow = Addresses.low(sender.getAddress());
        source.port = sender.getPort();
        source.receivedNs = burstNs;
        datagram.wrap(content.memoryAddress() + content.readerIndex(), length);

        final SipMessage message = loop.message().wrap(datagram, 0, length);
        final ParseError error = loop.parser().parse(message, false);
        loop.countReceived(length);
        if (error != ParseError.NONE) {
            loop.refusals().refuse(message, error, loop.parser().errorOffset(), source, datagram, 0, length);
        } else if (!loop.offer(message, source)) {
            loop.refusals().overload(message, source);
        }
    }
}
