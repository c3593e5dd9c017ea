package org.tandemsip.server.transport;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelOption;
import io.netty.channel.WriteBufferWaterMark;
import java.io.IOException;
import java.net.BindException;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.handler.ListenPoint;

/** The sockets of all listen points: one per loop and listen point, bound to the same address. */
final class Bindings {
    /** Bytes of datagrams that may wait for a congested socket. */
    private static final WriteBufferWaterMark DATAGRAM_QUEUE = new WriteBufferWaterMark(1 << 19, 1 << 20);
    private static final long BIND_SECONDS = 10;

    private final NetworkConfig config;
    private final Sockets sockets;
    private final List<Loop> loops;
    private final List<Channel> channels = new ArrayList<>();
    private final List<ListenPoint> listenPoints = new ArrayList<>();

    Bindings(final NetworkConfig config, final Sockets sockets, final List<Loop> loops) {
        this.config = config;
        this.sockets = sockets;
        this.loops = loops;
    }

    /** Binds everything; nothing is read yet. */
    void bind() throws BindException {
        for (int index = 0; index < config.listen().size(); index++) {
            final NetworkConfig.Listen listen = config.listen().get(index);
            if (loops.size() > 1 && listen.port() != 0) {
                refuseToShare(listen);
            }
            int port = listen.port();
            for (final Loop loop : loops) {
                final InetSocketAddress address = new InetSocketAddress(listen.address(), port);
                final Channel channel = listen.transport() == Transport.UDP ? bindDatagram(loop, index, listen, address)
                        : await(loop.connections().listen(index, address, loops.size() > 1), listen);
                channels.add(channel);
                port = ((InetSocketAddress) channel.localAddress()).getPort();
            }
            listenPoints.add(listenPoint(index, listen, port));
        }
    }

    List<ListenPoint> listenPoints() {
        return listenPoints;
    }

    /** Begins to read and to accept. */
    void read() {
        channels.forEach(channel -> channel.config().setAutoRead(true));
    }

    /** Stops reading and accepting. */
    void stopReading() {
        channels.forEach(channel -> channel.config().setAutoRead(false));
    }

    void close() {
        channels.forEach(channel -> channel.close().awaitUninterruptibly(BIND_SECONDS, TimeUnit.SECONDS));
    }

    private Channel bindDatagram(final Loop loop, final int index, final NetworkConfig.Listen listen,
            final InetSocketAddress address) throws BindException {
        final Channel channel = sockets.datagram(listen.address());
        channel.config().setAutoRead(false);
        channel.config().setAllocator(loop.allocator());
        channel.config().setOption(ChannelOption.SO_RCVBUF, config.socketBuffer());
        channel.config().setOption(ChannelOption.SO_SNDBUF, config.socketBuffer());
        channel.config().setOption(ChannelOption.WRITE_BUFFER_WATER_MARK, DATAGRAM_QUEUE);
        if (loops.size() > 1) {
            channel.config().setOption(Sockets.SO_REUSEPORT, true);
        }
        channel.pipeline().addLast(new UdpIngress(loop, index));
        loop.outbound().datagramChannel(index, channel, listen.address());
        try {
            await(loop.eventLoop().register(channel), listen);
            await(channel.bind(address), listen);
        } catch (final BindException unbound) {
            channel.close();
            throw unbound;
        }
        return channel;
    }

    /**
     * Several sockets of one process share an address by SO_REUSEPORT, and so could those of a second Tandem, which
     * would silently take half of the traffic. A socket that does not share tells whether somebody is there.
     */
    private static void refuseToShare(final NetworkConfig.Listen listen) throws BindException {
        final InetSocketAddress address = new InetSocketAddress(listen.address(), listen.port());
        try {
            if (listen.transport() == Transport.UDP) {
                try (DatagramSocket probe = new DatagramSocket(null)) {
                    probe.bind(address);
                }
            } else {
                try (ServerSocket probe = new ServerSocket()) {
                    probe.setReuseAddress(true);
                    probe.bind(address);
                }
            }
        } catch (final IOException taken) {
            throw unbound(listen, taken);
        }
    }

    private static Channel await(final ChannelFuture future, final NetworkConfig.Listen listen) throws BindException {
        if (!future.awaitUninterruptibly(BIND_SECONDS, TimeUnit.SECONDS)) {
            throw unbound(listen, new IOException("no answer within " + BIND_SECONDS + " s"));
        }
        if (!future.isSuccess()) {
            throw unbound(listen, future.cause());
        }
        return future.channel();
    }

    private static BindException unbound(final NetworkConfig.Listen listen, final Throwable cause) {
        final String message = String.valueOf(cause.getMessage());
        // Netty writes "bind(..) failed with error(-98): Address already in use", the JDK adds "(Bind failed)".
        final String reason = message.substring(message.lastIndexOf("): ") + 1).replaceFirst("^: ", "");
        final String host = hostOf(listen);
        final BindException exception = new BindException("cannot bind "
                + listen.transport().name().toLowerCase(Locale.ROOT) + "://" + host + ':' + listen.port() + ": "
                + reason);
        exception.initCause(cause);
        return exception;
    }

    private static ListenPoint listenPoint(final int index, final NetworkConfig.Listen listen, final int port) {
        final String advertised = listen.advertised() == null ? hostOf(listen) : listen.advertised();
        // A colon behind the bracket of an IPv6 reference, or the only one of a name or IPv4 address, begins a port.
        final boolean hasPort = advertised.lastIndexOf(':') > advertised.lastIndexOf(']');
        final String sentBy = hasPort ? advertised : advertised + ':' + port;
        return new ListenPoint(index, listen.transport(), Addresses.high(listen.address()),
                Addresses.low(listen.address()), port, sentBy.getBytes(StandardCharsets.US_ASCII));
    }

    private static String hostOf(final NetworkConfig.Listen listen) {
        final String text = org.tandemsip.codec.IpAddress.toString(Addresses.high(listen.address()),
                Addresses.low(listen.address()));
        return text.indexOf(':') >= 0 ? '[' + text + ']' : text;
    }
}
