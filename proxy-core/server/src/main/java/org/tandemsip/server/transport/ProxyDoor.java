package org.tandemsip.server.transport;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.codec.haproxy.HAProxyCommand;
import io.netty.handler.codec.haproxy.HAProxyMessage;
import io.netty.handler.codec.haproxy.HAProxyMessageDecoder;
import io.netty.handler.codec.haproxy.HAProxyProxiedProtocol;
import org.tandemsip.codec.IpAddress;
import org.tandemsip.engine.metrics.Counter;

/**
 * Where the connections of load balancers come in: waits for the header of the PROXY protocol, version 1 or 2, and
 * takes in the client that it names in the place of the balancer. Whatever comes for the balancer itself, such as its
 * health checks (LOCAL, UNKNOWN), counts as its own. A connection without a header is closed: the protocol forbids
 * guessing. Loop thread only.
 *
 * @see <a href="https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt">The PROXY protocol</a>
 */
final class ProxyDoor extends SimpleChannelInboundHandler<HAProxyMessage> {
    /** Bytes that may follow the addresses, which nobody here reads. */
    private static final int MAX_EXTENSIONS = 2_048;

    private final Connections connections;
    private final Connection connection;

    private ProxyDoor(final Connections connections, final Connection connection) {
        this.connections = connections;
        this.connection = connection;
    }

    /** Puts the door in front of {@code connection}, which is closed when it stays open for too long. */
    static void add(final SocketChannel channel, final Connections connections, final Connection connection) {
        // The decoder goes when it has read the header, and hands on what stands behind it.
        channel.pipeline().addLast(new HAProxyMessageDecoder(MAX_EXTENSIONS, true),
                new ProxyDoor(connections, connection));
    }

    @Override
    public void channelActive(final ChannelHandlerContext context) {
        // The connection is told once it is known whose it is.
    }

    @Override
    protected void channelRead0(final ChannelHandlerContext context, final HAProxyMessage header) {
        final boolean named = header.command() == HAProxyCommand.PROXY
                && (header.proxiedProtocol() == HAProxyProxiedProtocol.TCP4
                        || header.proxiedProtocol() == HAProxyProxiedProtocol.TCP6);
        final IpAddress client = new IpAddress();
        if (named && client.parse(header.sourceAddress())) {
            connection.remote(client.high(), client.low(), header.sourcePort(), 0);
        }
        connections.admit((SocketChannel) context.channel(), connection);
        context.fireChannelActive();
        context.pipeline().remove(this);
    }

    @Override
    public void channelInactive(final ChannelHandlerContext context) {
        connection.close(Counter.CLOSED_BY_PEER);
    }

    @Override
    public void exceptionCaught(final ChannelHandlerContext context, final Throwable cause) {
        connection.close(cause instanceof DecoderException ? Counter.CLOSED_PROXY_HEADER : Counter.CLOSED_BY_PEER);
    }
}
