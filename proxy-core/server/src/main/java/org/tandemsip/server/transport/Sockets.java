package org.tandemsip.server.transport;

import io.netty.channel.ChannelOption;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.ServerSocketChannel;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.channel.unix.UnixChannelOption;
import java.io.IOException;
import java.net.InetSocketAddress;
import org.tandemsip.linux.UdpSocket;

/** Which kind of sockets this machine gives us: Linux epoll, or the JDK's where that is missing. */
enum Sockets {
    /** Batched datagrams, several sockets on one port. */
    EPOLL {
        @Override
        IoHandlerFactory ioHandlers() {
            // Not the factory itself: it says that loops may be suspended, and then Netty reads the clock three times
            // more per cycle to know how busy each is.
            return EpollIoHandler.newFactory()::newHandler;
        }

        @Override
        int bindDatagrams(final Loop loop, final int listenPoint, final InetSocketAddress address, final boolean shared)
                throws IOException {
            final LinuxDatagrams datagrams = new LinuxDatagrams(loop, listenPoint,
                    address.getAddress(), shared);
            loop.outbound().port(listenPoint, datagrams, address.getAddress());
            return datagrams.bind(address.getAddress(), address.getPort());
        }

        @Override
        void tune(final SocketChannel stream) {
            stream.config().setOption(EpollChannelOption.TCP_USER_TIMEOUT, UNACKNOWLEDGED_MS);
            stream.config().setOption(EpollChannelOption.TCP_KEEPIDLE, KEEPALIVE_S);
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
        int bindDatagrams(final Loop loop, final int listenPoint, final InetSocketAddress address, final boolean shared)
                throws IOException {
            final NettyDatagrams datagrams = new NettyDatagrams(loop, listenPoint,
                    address.getAddress());
            loop.outbound().port(listenPoint, datagrams, address.getAddress());
            return datagrams.bind(address);
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
    /** Silence after which TCP itself asks the other side, which keeps a NAT on the way open: many forget in 5 min. */
    private static final int KEEPALIVE_S = 60;

    /** The best that this machine has; {@code -Dtandem.sockets=nio} asks for the plain ones. */
    static Sockets best() {
        return "nio".equals(System.getProperty("tandem.sockets")) || !Epoll.isAvailable() || !UdpSocket.isAvailable()
                ? NIO
                : EPOLL;
    }

    abstract IoHandlerFactory ioHandlers();

    /**
     * Makes and binds the UDP socket of a loop, which does not read yet.
     *
     * @param shared whether the sockets of other loops listen on the same address
     * @return the port, a free one when that of {@code address} is 0
     * @throws IOException the address cannot be bound; the message says why
     */
    abstract int bindDatagrams(Loop loop, int listenPoint, InetSocketAddress address, boolean shared)
            throws IOException;

    /** Sets on a stream connection what only this kind of socket has. */
    abstract void tune(SocketChannel stream);

    abstract Class<? extends ServerSocketChannel> listener();

    abstract Class<? extends SocketChannel> connector();
}
