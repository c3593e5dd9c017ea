package org.tandemsip.server.transport;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.ssl.SslHandler;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.agrona.collections.Long2ObjectHashMap;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.handler.Destination;
import org.tandemsip.engine.handler.Source;
import org.tandemsip.engine.metrics.Counter;

/** The stream connections of one loop: accepts, opens, finds, and sweeps those that took too long. Loop thread only. */
final class Connections {
    /** An id is a number that grows, times this, plus the loop: so every id says where its connection lives. */
    private static final int LOOP_BITS = 6;
    /** Connections are looked at this often, or four times in the time that a message may take. */
    private static final long SWEEP_MS = 500;

    private final Loop loop;
    private final Sockets sockets;
    private final NetworkConfig config;
    private final ConnectionRegistry registry;
    private final Tls tls;
    private final InetAddress[] localAddresses;
    private final Long2ObjectHashMap<Connection> byId = new Long2ObjectHashMap<>();
    private final ArrayList<Connection> dirty = new ArrayList<>();
    private final ArrayList<Connection> sweeping = new ArrayList<>();
    private final Addresses addresses = new Addresses();
    private final RemoteKey aliasKey = new RemoteKey();
    private final Source scratch = new Source();
    private final Runnable sweepTask = this::sweep;
    private boolean sweepScheduled;
    /** Begins anywhere, so that what a message of the process before says of a connection means none of this one. */
    private long lastNumber = ThreadLocalRandom.current().nextInt(1, 1 << 24);

    Connections(final Loop loop, final Sockets sockets, final NetworkConfig config,
            final ConnectionRegistry registry) {
        this.loop = loop;
        this.sockets = sockets;
        this.config = config;
        this.registry = registry;
        this.tls = registry.tls();
        this.localAddresses = config.listen().stream().map(NetworkConfig.Listen::address).toArray(InetAddress[]::new);
    }

    /** The loop that the connection {@code id} lives on. */
    static int loopOf(final long id) {
        return (int) id & (1 << LOOP_BITS) - 1;
    }

    /** Binds a listener that does not accept yet; the future says whether that went well. */
    ChannelFuture listen(final int listenPoint, final InetSocketAddress address, final boolean shared) {
        final ServerBootstrap bootstrap = new ServerBootstrap().group(loop.eventLoop(), loop.eventLoop())
                .channel(sockets.listener()).option(ChannelOption.SO_REUSEADDR, true)
                .option(ChannelOption.SO_BACKLOG, 1_024).option(ChannelOption.AUTO_READ, false)
                .handler(new AcceptWatch())
                .childHandler(new ChannelInitializer<SocketChannel>() {
                    @Override
                    protected void initChannel(final SocketChannel channel) {
                        accept(channel, listenPoint);
                    }
                }).childOption(ChannelOption.TCP_NODELAY, true).childOption(ChannelOption.SO_KEEPALIVE, true)
                .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, waterMark());
        if (shared) {
            bootstrap.option(Sockets.SO_REUSEPORT, true);
        }
        return bootstrap.bind(address);
    }

    /**
     * Opens a connection for {@code destination}; it may be sent to at once, what is sent waits.
     *
     * @return the connection, or {@code null} when there can be none
     */
    Connection open(final Destination destination) {
        if (destination.port < 1 || destination.port > 65_535 || destination.listenPoint < 0
                || destination.listenPoint >= localAddresses.length || loop.closing()) {
            return null;
        }
        if (!registry.enter()) {
            loop.counters().increment(Counter.CONNECTIONS_REFUSED);
            return null;
        }
        final Connection connection = new Connection(loop, this, nextId(), destination.listenPoint, false);
        connection.remote(destination.addressHigh, destination.addressLow, destination.port, destination.identity);
        final SslHandler security = destination.transport == Transport.TLS ? secure(connection, destination) : null;
        if (security == null && destination.transport != Transport.TCP) {
            registry.leave();
            return null;
        }
        register(connection);
        registry.put(connection.remoteKey(), connection);
        final InetAddress local = localAddresses[destination.listenPoint];
        final Bootstrap bootstrap = new Bootstrap().group(loop.eventLoop()).channel(sockets.connector())
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, config.streams().connectMs())
                .option(ChannelOption.TCP_NODELAY, true).option(ChannelOption.SO_KEEPALIVE, true)
                .option(ChannelOption.WRITE_BUFFER_WATER_MARK, waterMark())
                .handler(new ChannelInitializer<SocketChannel>() {
                    @Override
                    protected void initChannel(final SocketChannel channel) {
                        sockets.tune(channel);
                        if (security != null) {
                            channel.pipeline().addLast(security);
                        }
                        channel.pipeline().addLast(connection);
                    }
                });
        if (!local.isAnyLocalAddress()) {
            bootstrap.localAddress(local, 0);
        }
        final ChannelFuture attempt = bootstrap.connect(
                addresses.of(destination.addressHigh, destination.addressLow, destination.port));
        attempt.addListener(done -> {
            if (!done.isSuccess()) {
                connection.connectFailed();
            }
        });
        return connection;
    }

    /** Begins the TLS side of a connection; {@code null} when nobody is known to be there, or too many are begun. */
    private SslHandler secure(final Connection connection, final Destination destination) {
        final SslHandler handler = tls.client(loop.allocator(), destination.identity, destination.port);
        if (handler == null) {
            loop.counters().increment(Counter.TLS_NAME);
            tls.failed(Handshake.address(connection.source()), false, TlsFailure.NAME,
                    "nothing says which name the certificate there must be for");
            return null;
        }
        if (!tls.enter(true)) {
            loop.counters().increment(Counter.TLS_TOO_MANY);
            return null;
        }
        connection.awaits(Handshake.withServer(tls, loop.counters(), connection.source(), destination.identity));
        return handler;
    }

    /** Says who must be at a destination that names nobody: the trunk that the address belongs to. */
    void identify(final Destination destination) {
        if (destination.transport != Transport.TLS || destination.identity != 0) {
            return;
        }
        scratch.transport = destination.transport;
        scratch.addressHigh = destination.addressHigh;
        scratch.addressLow = destination.addressLow;
        scratch.port = destination.port;
        final String trunk = loop.filter().nameOf(scratch);
        destination.identity = trunk == null ? 0 : tls.identity(trunk, null);
    }

    /** Makes a connection whose peer has shown who it is the one for requests to {@code port} there (RFC 5923). */
    void alias(final Connection connection, final int port) {
        final Source peer = connection.source();
        registry.alias(aliasKey.set(peer.addressHigh, peer.addressLow, port, RemoteKey.ALIAS),
                connection);
    }

    /** Forgets what {@link #alias} has made. */
    void unalias(final Connection connection, final int port) {
        final Source peer = connection.source();
        registry.remove(aliasKey.set(peer.addressHigh, peer.addressLow, port, RemoteKey.ALIAS),
                connection);
    }

    /** The connection that came in from {@code destination} and may be used for requests there; or {@code null}. */
    Connection aliasOf(final Destination destination) {
        final Connection connection = registry.find(aliasKey.set(destination.addressHigh, destination.addressLow,
                destination.port, RemoteKey.ALIAS));
        return connection != null && connection.isMeant(tls, destination.identity) ? connection : null;
    }

    /** Tells about a TLS connection that broke after its handshake. */
    void tlsBroken(final Source remote, final boolean incoming, final Throwable cause) {
        final TlsFailure failure = TlsFailure.of(cause);
        loop.counters().increment(failure.counter());
        tls.failed(Handshake.address(remote), incoming, failure, TlsFailure.reason(cause));
    }

    /** The open connection {@code id}, or {@code null}. */
    Connection find(final long id) {
        return byId.get(id);
    }

    /** Flushes {@code connection} at the end of the turn. */
    void flushLater(final Connection connection) {
        dirty.add(connection);
    }

    /** Hands what was sent in this turn to the kernel. */
    void flush() {
        for (int i = 0; i < dirty.size(); i++) {
            dirty.get(i).flush();
        }
        dirty.clear();
    }

    /** While there are connections: without one, the loop waits for nothing but messages, which spares it a timer. */
    private void sweepLater() {
        if (!sweepScheduled && !byId.isEmpty()) {
            sweepScheduled = true;
            loop.eventLoop().schedule(sweepTask, Math.clamp(config.streams().messageMs() / 4, 10, SWEEP_MS),
                    TimeUnit.MILLISECONDS);
        }
    }

    /** Closes what has been silent, slow or unread for too long. */
    private void sweep() {
        final long nowNs = System.nanoTime();
        sweepScheduled = false;
        sweeping.addAll(byId.values());
        for (final Connection connection : sweeping) {
            connection.checkDeadlines(nowNs);
        }
        sweeping.clear();
        sweepLater();
    }

    /** Closes all connections. */
    void closeAll() {
        for (final Connection connection : List.copyOf(byId.values())) {
            connection.close(Counter.CLOSED_SHUTDOWN);
        }
    }

    /** Forgets a connection that has been closed. */
    void closed(final Connection connection) {
        byId.remove(connection.id());
        registry.remove(connection.remoteKey(), connection);
        registry.leave();
        if (connection.countedByAddress()) {
            registry.leaveAddress(connection.addressKey());
        }
    }

    private void accept(final SocketChannel channel, final int listenPoint) {
        final InetSocketAddress peer = channel.remoteAddress();
        if (peer == null || loop.closing() || !registry.enter()) {
            refuse(channel);
            return;
        }
        final Connection connection = new Connection(loop, this, nextId(), listenPoint, true);
        connection.remote(Addresses.high(peer.getAddress()), Addresses.low(peer.getAddress()), peer.getPort(), 0);
        connection.accepted(channel);
        register(connection);
        sockets.tune(channel);
        if (loop.filter().balancer(connection.source())) {
            ProxyDoor.add(channel, this, connection);
        } else {
            admit(channel, connection);
        }
    }

    /** Takes somebody in whose address is certain, or closes the connection. */
    void admit(final SocketChannel channel, final Connection connection) {
        final boolean known = connection.known();
        if (!known && registry.enterAddress(connection.addressKey())) {
            connection.countedByAddress(true);
        }
        final boolean secure = connection.source().transport.secure();
        if (!known && !connection.countedByAddress() || secure && !greet(channel, connection, known)) {
            refuse(channel);
            connection.close(null);
            return;
        }
        if (!secure && !connection.overWebSocket()) {
            // Over TLS, where somebody connects from proves nothing about who listens there (RFC 5923 section 9).
            registry.put(connection.remoteKey(), connection);
        }
        if (connection.overWebSocket()) {
            WebSocketDoor.add(channel.pipeline(), config.limits().messageBytes(), config.streams().messageMs(),
                    loop.counters());
        }
        channel.pipeline().addLast(connection);
        loop.counters().increment(Counter.CONNECTIONS_ACCEPTED);
    }

    /** Begins the TLS side of a connection that was accepted. */
    private boolean greet(final SocketChannel channel, final Connection connection, final boolean known) {
        if (!tls.enter(known)) {
            loop.counters().increment(Counter.TLS_TOO_MANY);
            return false;
        }
        final String trunk = loop.filter().nameOf(connection.source());
        final ChannelHandler handler = tls.server(loop.allocator(), trunk);
        if (handler == null) {
            tls.leave();
            return false;
        }
        connection.awaits(Handshake.withClient(tls, loop.counters(), connection.source(), trunk));
        channel.pipeline().addLast(handler);
        return true;
    }

    private void refuse(final SocketChannel channel) {
        loop.counters().increment(Counter.CONNECTIONS_REFUSED);
        channel.config().setSoLinger(0);
        channel.close();
    }

    private void register(final Connection connection) {
        byId.put(connection.id(), connection);
        sweepLater();
    }

    private long nextId() {
        return ++lastNumber << LOOP_BITS | loop.index();
    }

    private WriteBufferWaterMark waterMark() {
        final int high = config.streams().writeHighBytes();
        return new WriteBufferWaterMark(high / 2, high);
    }

    /** Counts the pauses that Netty makes when accepting fails, which it does when file descriptors run out. */
    private final class AcceptWatch extends ChannelInboundHandlerAdapter {
        @Override
        public void exceptionCaught(final ChannelHandlerContext context, final Throwable cause) {
            loop.counters().increment(Counter.ACCEPT_PAUSES);
            final Channel listener = context.channel();
            if (listener.config().isAutoRead()) {
                listener.config().setAutoRead(false);
                listener.eventLoop().schedule(() -> listener.config().setAutoRead(true), 1,
                        TimeUnit.SECONDS);
            }
        }
    }
}
