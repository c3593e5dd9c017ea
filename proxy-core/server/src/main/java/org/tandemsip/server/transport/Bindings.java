package org.tandemsip.server.transport;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
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
    private static final long BIND_SECONDS = 10;

    private final NetworkConfig config;
    private final Sockets sockets;
    private final List<Loop> loops;
    private final List<Channel> listeners = new ArrayList<>();
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
                port = listen.transport() == Transport.UDP ? bindDatagrams(loop, index, listen, address)
                        : bindListener(loop, index, listen, address);
            }
            listenPoints.add(listenPoint(index, listen, port));
        }
    }

    List<ListenPoint> listenPoints() {
        return listenPoints;
    }

    /** Begins to read and to accept. */
    void read() {
        loops.forEach(loop -> loop.outbound().startReading());
        listeners.forEach(listener -> listener.config().setAutoRead(true));
    }

    /** Stops accepting, and reading datagrams. */
    void stopReading() {
        loops.forEach(loop -> loop.outbound().stopReading());
        listeners.forEach(listener -> listener.config().setAutoRead(false));
    }

    /** Closes the listeners; the loops close the rest. */
    void close() {
        listeners.forEach(listener -> listener.close().awaitUninterruptibly(BIND_SECONDS, TimeUnit.SECONDS));
    }

    private int bindDatagrams(final Loop loop, final int index, final NetworkConfig.Listen listen,
            final InetSocketAddress address) throws BindException {
        try {
            return sockets.bindDatagrams(loop, index, address, loops.size() > 1);
        } catch (final IOException refused) {
            throw unbound(listen, refused);
        }
    }

    private int bindListener(final Loop loop, final int index, final NetworkConfig.Listen listen,
            final InetSocketAddress address) throws BindException {
        final ChannelFuture future = loop.connections().listen(index, address, loops.size() > 1);
        if (!future.awaitUninterruptibly(BIND_SECONDS, TimeUnit.SECONDS) || !future.isSuccess()) {
            throw unbound(listen, future.cause() != null ? future.cause() : new IOException("no answer"));
        }
        listeners.add(future.channel());
        return ((InetSocketAddress) future.channel().localAddress()).getPort();
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
