package org.tandemsip.server.transport;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.socket.DatagramPacket;
import io.netty.channel.socket.SocketProtocolFamily;
import io.netty.channel.socket.nio.NioDatagramChannel;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.tandemsip.engine.handler.Destination;
import org.tandemsip.engine.metrics.Counter;

/** A UDP socket of the JDK: one system call and a few objects per datagram, on any system. */
final class NettyDatagrams extends ChannelInboundHandlerAdapter implements DatagramPort {
    private static final int DATAGRAM_BYTES = 65_536;
    /** Bytes of datagrams that may wait for a congested socket. */
    private static final WriteBufferWaterMark QUEUE = new WriteBufferWaterMark(1 << 19, 1 << 20);

    private final Loop loop;
    private final UdpIngress ingress;
    private final Addresses addresses = new Addresses();
    private final NioDatagramChannel channel;

    NettyDatagrams(final Loop loop, final int listenPoint, final InetAddress address) {
        this.loop = loop;
        ingress = UdpIngress.ofPassing(loop, listenPoint);
        channel = new NioDatagramChannel(
                address instanceof Inet4Address ? SocketProtocolFamily.INET : SocketProtocolFamily.INET6);
        channel.config().setAutoRead(false).setRecvByteBufAllocator(new FixedRecvByteBufAllocator(DATAGRAM_BYTES));
        channel.config().setOption(ChannelOption.WRITE_BUFFER_WATER_MARK, QUEUE);
        channel.config().setReceiveBufferSize(loop.config().socketBuffer());
        channel.config().setSendBufferSize(loop.config().socketBuffer());
        channel.pipeline().addLast(this);
    }

    /** Binds; returns the port. Any thread but the loop's own. */
    int bind(final InetSocketAddress address) throws IOException {
        for (final var step : new io.netty.channel.ChannelFuture[] {loop.eventLoop().register(channel),
            channel.bind(address)}) {
            if (!step.awaitUninterruptibly().isSuccess()) {
                throw new IOException(step.cause().getMessage(), step.cause());
            }
        }
        return channel.localAddress().getPort();
    }

    @Override
    public void channelRead(final ChannelHandlerContext context, final Object received) {
        final DatagramPacket packet = (DatagramPacket) received;
        try {
            final ByteBuf content = packet.content();
            final InetAddress from = packet.sender().getAddress();
            ingress.onDatagram(0, content.memoryAddress() + content.readerIndex(), content.readableBytes(),
                    Addresses.high(from), Addresses.low(from), packet.sender().getPort(), System.nanoTime());
        } finally {
            packet.release();
        }
    }

    @Override
    public void exceptionCaught(final ChannelHandlerContext context, final Throwable cause) {
        // A datagram could not be sent; UDP promises nothing, timers see to it.
        loop.counters().increment(Counter.UNSENT_UDP);
    }

    @Override
    public void send(final long address, final int length, final Destination destination, final Origin origin) {
        if (!channel.isWritable()) {
            loop.outbound().failed(origin, Counter.UNSENT_QUEUE_FULL);
            return;
        }
        loop.outbound().sent(length, origin);
        channel.write(new DatagramPacket(loop.outbound().copy(address, length),
                addresses.of(destination.addressHigh, destination.addressLow, destination.port)),
                channel.voidPromise());
    }

    @Override
    public void flush() {
        channel.flush();
    }

    @Override
    public void startReading() {
        channel.config().setAutoRead(true);
    }

    @Override
    public void stopReading() {
        channel.config().setAutoRead(false);
    }

    @Override
    public void close() {
        channel.close();
    }
}
