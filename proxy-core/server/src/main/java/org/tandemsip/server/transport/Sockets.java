package org.tandemsip.server.transport;

import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.ServerSocketChannel;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.SocketProtocolFamily;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.channel.unix.UnixChannelOption;
import java.net.Inet4Address;
import java.net.InetAddress;

/** Which kind of sockets this machine gives us: Linux epoll, or the JDK's where that is missing. */
enum Sockets {
    /** Batched datagrams, several sockets on one port. */
    EPOLL {
        @Override
        IoHandlerFactory ioHandlers() {
            return EpollIoHandler.newFactory();
        }

        @Override
        Channel datagram(final InetAddress address) {
            final EpollDatagramChannel channel = new EpollDatagramChannel(family(address));
            channel.config().setOption(EpollChannelOption.MAX_DATAGRAM_PAYLOAD_SIZE, DatagramSlab.DATAGRAM_BYTES);
            channel.config().setRecvByteBufAllocator(new DatagramSlab());
            return channel;
        }

        @Override
        void tune(final SocketChannel stream) {
            stream.config().setOption(EpollChannelOption.TCP_USER_TIMEOUT, UNACKNOWLEDGED_MS);
        }

        @Override
        Class<? extends ServerSocketChannel> listener() {
            return EpollServerSocketChannel.class;
        }

        @Override
        Class<? extends SocketChannel> connector() {
            return EpollSocketChannel.class;
        }
    },
    /** One loop and one datagram per read: for machines that only develop. */
    NIO {
        @Override
        IoHandlerFactory ioHandlers() {
            return NioIoHandler.newFactory();
        }

        @Override
        Channel datagram(final InetAddress address) {
            final NioDatagramChannel channel = new NioDatagramChannel(family(address));
            channel.config().setRecvByteBufAllocator(
                    new FixedRecvByteBufAllocator(DatagramSlab.DATAGRAM_BYTES));
            return channel;
        }

        @Override
        void tune(final SocketChannel stream) {
            // The JDK has no such knobs.
        }

        @Override
        Class<? extends ServerSocketChannel> listener() {
            return NioServerSocketChannel.class;
        }

        @Override
        Class<? extends SocketChannel> connector() {
            return NioSocketChannel.class;
        }
    };

    /** Lets several sockets listen on one address; the kernel spreads what arrives over them. */
    static final ChannelOption<Boolean> SO_REUSEPORT = UnixChannelOption.SO_REUSEPORT;

    /** A peer that has not acknowledged our bytes for 64*T1 is gone, whatever its connection says. */
    private static final int UNACKNOWLEDGED_MS = 32_000;

    /** The best that this machine has; {@code -Dtandem.sockets=nio} asks for the plain ones. */
    static Sockets best() {
        return "nio".equals(System.getProperty("tandem.sockets")) || !Epoll.isAvailable() ? NIO : EPOLL;
    }

    abstract IoHandlerFactory ioHandlers();

    abstract Channel datagram(InetAddress address);

    /** Sets on a stream connection what only this kind of socket has. */
    abstract void tune(SocketChannel stream);

    abstract Class<? extends ServerSocketChannel> listener();

    abstract Class<? extends SocketChannel> connector();

    private static SocketProtocolFamily family(final InetAddress address) {
        return address instanceof Inet4Address ? SocketProtocolFamily.INET : SocketProtocolFamily.INET6;
    }
}
