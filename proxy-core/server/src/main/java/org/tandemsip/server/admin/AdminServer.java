package org.tandemsip.server.admin;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.timeout.ReadTimeoutHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.tandemsip.codec.IpAddress;
import org.tandemsip.server.config.Config;

/**
 * The admin API over HTTP/1.1, on a unix socket and, where configured, on an address. It has one thread of its own and
 * plain NIO, so whatever happens here the I/O loops do not notice.
 */
public final class AdminServer implements AutoCloseable {
    /** Most connections at a time; more are closed at once. */
    private static final int MAX_CONNECTIONS = 64;
    /** Largest request body: a configuration to validate. */
    private static final int MAX_BODY_BYTES = 1 << 20;
    private static final int READ_TIMEOUT_SECONDS = 30;

    private final EventLoopGroup group = new MultiThreadIoEventLoopGroup(1,
            new DefaultThreadFactory("tandem-admin", true), NioIoHandler.newFactory());
    private final AtomicInteger connections = new AtomicInteger();
    private final List<Channel> channels = new ArrayList<>();
    private final Api api;
    private final Optional<String> token;
    private Optional<Path> socket = Optional.empty();
    private Optional<InetSocketAddress> address = Optional.empty();

    private AdminServer(final Control control, final Optional<String> token) {
        this.api = new Api(control);
        this.token = token;
    }

    /**
     * Starts serving.
     *
     * @param config what to listen on
     * @throws IOException an address or the socket cannot be had; the message says which and why, and nothing is left
     *                     open
     */
    public static AdminServer start(final Config.Admin config, final Control control) throws IOException {
        final AdminServer server = new AdminServer(control, config.token());
        try {
            if (!config.socket().equals(Optional.of(Config.Admin.NO_SOCKET))) {
                server.listenOnSocket(config.socket().isPresent()
                        ? config.socket().get()
                        : SocketPath.toListen(System::getenv));
            }
            if (config.listen().isPresent()) {
                server.listenOnAddress(config.listen().get());
            }
            return server;
        } catch (final IOException | RuntimeException e) {
            server.close();
            throw e;
        }
    }

    private void listenOnSocket(final Path path) throws IOException {
        SocketPath.removeStale(path);
        bind(NioServerDomainSocketChannel.class, UnixDomainSocketAddress.of(path), true, path.toString());
        socket = Optional.of(path);
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-------"));
    }

    private void listenOnAddress(final Config.HttpAddress where) throws IOException {
        final InetSocketAddress local = new InetSocketAddress(
                IpAddress.toString(where.addressHigh(), where.addressLow()), where.port());
        final Channel channel = bind(NioServerSocketChannel.class, local, false, where.toString());
        address = Optional.of((InetSocketAddress) channel.localAddress());
    }

    private Channel bind(final Class<? extends ServerChannel> type, final SocketAddress local, final boolean trusted,
            final String name) throws IOException {
        final ChannelFuture bound = new ServerBootstrap().group(group).channel(type)
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(final Channel channel) {
                        initialize(channel, trusted);
                    }
                }).bind(local).awaitUninterruptibly();
        if (!bound.isSuccess()) {
            throw new IOException("cannot listen on " + name + ": " + bound.cause().getMessage(), bound.cause());
        }
        channels.add(bound.channel());
        return bound.channel();
    }

    private void initialize(final Channel channel, final boolean trusted) {
        if (connections.incrementAndGet() > MAX_CONNECTIONS) {
            connections.decrementAndGet();
            channel.close();
            return;
        }
        channel.closeFuture().addListener(_ -> connections.decrementAndGet());
        channel.pipeline().addLast(new ReadTimeoutHandler(READ_TIMEOUT_SECONDS), new HttpServerCodec(),
                new HttpObjectAggregator(MAX_BODY_BYTES, true), new AdminHandler(api, trusted, token));
    }

    /** The unix socket, if there is one. */
    public Optional<Path> socket() {
        return socket;
    }

    /** The address served, with the port that was really bound. */
    public Optional<InetSocketAddress> address() {
        return address;
    }

    @Override
    public void close() {
        channels.forEach(channel -> channel.close().awaitUninterruptibly());
        try {
            if (socket.isPresent()) {
                Files.deleteIfExists(socket.get());
            }
        } catch (final IOException e) {
            // Left behind, it is found stale at the next start.
        }
        group.shutdownGracefully(0, 2, TimeUnit.SECONDS).awaitUninterruptibly(3, TimeUnit.SECONDS);
    }
}
