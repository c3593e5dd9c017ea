package org.tandemsip.server.transport;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.codec.http.websocketx.WebSocketServerProtocolHandler;
import java.io.IOException;
import java.util.ArrayDeque;
import javax.net.ssl.SSLException;
import org.tandemsip.codec.Transport;
import org.tandemsip.codec.Via;
import org.tandemsip.engine.handler.Source;
import org.tandemsip.engine.metrics.Counter;

/**
 * One stream connection: takes what comes to its {@link Intake}, writes what goes, keeps its deadlines. Loop thread
 * only.
 *
 * <pre>
 *                 connected, TLS done      broken framing, answered
 *   CONNECTING ---------------> OPEN ---------------------------------> DRAINING
 *        |                        |                                        | peer closes, or 1 s
 *        | refused, timed out,    | peer closes, a deadline, a bound       v
 *        | not who it should be   |                                      CLOSED
 *        +------------------------+---------------------------------------^
 * </pre>
 * DRAINING forgets what still comes, but lets out what the messages before are answered with; and closing at once, with
 * bytes unread, would reset the connection and could destroy the answers on their way.
 */
final class Connection extends ChannelInboundHandlerAdapter {
    private enum State {
        CONNECTING, OPEN, DRAINING, CLOSED
    }

    /** Time for the last answers to get out and be read. */
    private static final long DRAINING_NS = 1_000_000_000L;
    /** A peer that has not read for 64*T1 will not answer in time either. */
    private static final long UNREAD_NS = 32_000_000_000L;
    /** Netty reads a stream so many times before it turns to the next; after fewer it is empty. */
    private static final int FULL_READS = 16;
    private static final ByteBuf PONG = Unpooled.unreleasableBuffer(
            Unpooled.directBuffer(2).writeByte('\r').writeByte('\n').asReadOnly());

    private record Waiting(ByteBuf bytes, int shard, long correlation) {}

    private final Loop loop;
    private final Connections connections;
    private final long id;
    private final boolean accepted;
    private final Source source = new Source();
    private final RemoteKey remoteKey = new RemoteKey();
    private final RemoteKey addressKey = new RemoteKey();
    private final Intake intake;
    private final NetworkConfig.Streams limits;

    private State state;
    private Channel channel;
    /** Set until TLS has shown who is there; {@code null} without TLS. */
    private Handshake handshake;
    /** Who has connected, known by a certificate; {@code null} for anybody else. */
    private volatile Tls.Client client;
    /** An identity that {@link #client} is known to be; of any thread. */
    private volatile int meant;
    /** Port that the peer wants requests for over this connection, 0 for none. */
    private int aliasPort;
    private int reads;
    private boolean dirty;
    private boolean countedByAddress;
    private ArrayDeque<Waiting> waiting;
    private int waitingBytes;
    private long lastReadNs;
    private long drainingSinceNs;
    private long unwritableSinceNs;

    Connection(final Loop loop, final Connections connections, final long id, final int listenPoint,
            final boolean accepted) {
        this.accepted = accepted;
        this.loop = loop;
        this.connections = connections;
        this.id = id;
        this.intake = new Intake(loop, this, source);
        this.limits = loop.config().streams();
        this.state = State.CONNECTING;
        this.lastReadNs = System.nanoTime();
        source.transport = loop.config().listen().get(listenPoint).transport();
        source.listenPoint = listenPoint;
        source.connection = id;
    }

    /** Names the other side, and who it must be for messages to be sent there by this connection. */
    void remote(final long addressHigh, final long addressLow, final int port, final int identity) {
        source.addressHigh = addressHigh;
        source.addressLow = addressLow;
        source.port = port;
        remoteKey.set(addressHigh, addressLow, port, RemoteKey.kind(source.transport, identity));
        addressKey.set(addressHigh, addressLow, 0, 0);
    }

    /** Has been accepted on {@code from}; opens when that tells that it is active. */
    void accepted(final Channel from) {
        channel = from;
    }

    /** Opens only once {@code with} has come to a good end. */
    void awaits(final Handshake with) {
        handshake = with;
    }

    long id() {
        return id;
    }

    int loop() {
        return loop.index();
    }

    /** Whether the registry counts it among those its address has opened. */
    boolean countedByAddress() {
        return countedByAddress;
    }

    void countedByAddress(final boolean counted) {
        countedByAddress = counted;
    }

    /** Who is on the other side. */
    Source source() {
        return source;
    }

    boolean known() {
        return loop.filter().known(source);
    }

    boolean isOpen() {
        return state == State.OPEN;
    }

    long lastReadNs() {
        return lastReadNs;
    }

    RemoteKey remoteKey() {
        return remoteKey;
    }

    RemoteKey addressKey() {
        return addressKey;
    }

    // --- What comes ---

    @Override
    public void channelActive(final ChannelHandlerContext context) {
        if (state != State.CONNECTING) {
            context.close();
            return;
        }
        channel = context.channel();
        if (handshake == null && !overWebSocket()) {
            open(context);
        }
    }

    /** Whether there is an HTTP request before the first message. */
    boolean overWebSocket() {
        return source.transport == Transport.WS || source.transport == Transport.WSS;
    }

    private void open(final ChannelHandlerContext context) {
        state = State.OPEN;
        lastReadNs = System.nanoTime();
        if (!accepted) {
            loop.counters().increment(Counter.CONNECTIONS_OPENED);
        }
        if (waiting != null) {
            for (Waiting message = waiting.poll(); message != null && state == State.OPEN; message = waiting.poll()) {
                loop.outbound().countSent(message.bytes(), source.transport);
                write(message.bytes(), message.shard(), message.correlation());
            }
            context.flush();
        }
    }

    @Override
    public void userEventTriggered(final ChannelHandlerContext context, final Object event) {
        if (state != State.CONNECTING) {
            return;
        }
        if (handshake == null) {
            if (event instanceof WebSocketServerProtocolHandler.HandshakeComplete) {
                open(context);
            }
            return;
        }
        switch (handshake.on(event, context.pipeline())) {
            case GOOD -> {
                client = handshake.client();
                handshake = null;
                if (!overWebSocket()) {
                    open(context);
                }
            }
            case FAILED -> failHandshake();
            case GOES_ON -> {
            }
        }
    }

    private void failHandshake() {
        if (accepted) {
            loop.counters().increment(Counter.CLOSED_TLS);
        } else {
            loop.counters().increment(Counter.CONNECTS_FAILED);
        }
        end(Counter.UNSENT_CONNECT);
    }

    @Override
    public void channelRead(final ChannelHandlerContext context, final Object received) {
        final ByteBuf bytes = (ByteBuf) received;
        lastReadNs = System.nanoTime();
        if (state == State.OPEN) {
            reads++;
            intake.read(bytes);
        } else {
            bytes.release();
        }
    }

    @Override
    public void channelReadComplete(final ChannelHandlerContext context) {
        if (reads >= FULL_READS && loop.memory() != null && channel instanceof EpollSocketChannel socket
                && loop.memory().look(socket.fd().intValue())) {
            loop.overload().unreadStream(loop.memory().taken());
        }
        reads = 0;
    }

    @Override
    public void channelWritabilityChanged(final ChannelHandlerContext context) {
        unwritableSinceNs = context.channel().isWritable() ? 0 : System.nanoTime();
        readOrNot();
    }

    @Override
    public void channelInactive(final ChannelHandlerContext context) {
        if (handshake != null && state == State.CONNECTING) {
            handshake.lost();
            failHandshake();
        } else {
            close(Counter.CLOSED_BY_PEER);
        }
    }

    @Override
    public void exceptionCaught(final ChannelHandlerContext context, final Throwable cause) {
        final Throwable root = cause instanceof DecoderException && cause.getCause() != null ? cause.getCause() : cause;
        if (handshake != null && state == State.CONNECTING) {
            handshake.failed(root);
            failHandshake();
            return;
        }
        if (state == State.CLOSED) {
            return;
        }
        if (root instanceof SSLException) {
            // Somebody who does not believe our certificate may say so only after we believed theirs.
            connections.tlsBroken(source, accepted, root);
        } else if (overWebSocket() && cause instanceof DecoderException) {
            close(Counter.CLOSED_BROKEN_FRAMING);
            return;
        } else if (!(root instanceof IOException)) {
            loop.counters().increment(Counter.FAULTS);
        }
        close(Counter.CLOSED_BY_PEER);
    }

    /** Takes note that the peer wants requests over this connection as well (RFC 5923 section 8.2). */
    void noteAlias(final Via topVia) {
        if (client != null && aliasPort == 0 && topVia.hasAlias() && topVia.transport() == Transport.TLS) {
            aliasPort = topVia.port() == Via.NOT_GIVEN ? Transport.TLS.defaultPort() : topVia.port();
            connections.alias(this, aliasPort);
        }
    }

    /** Whether requests for {@code identity} may go over it, though it came in. Any thread. */
    boolean isMeant(final Tls tls, final int identity) {
        if (identity == 0 || identity != meant && !tls.isMeant(identity, client)) {
            return false;
        }
        meant = identity;
        return true;
    }

    /** Forgets what comes from now on, and closes soon. */
    void drain() {
        loop.counters().increment(Counter.CLOSED_BROKEN_FRAMING);
        state = State.DRAINING;
        drainingSinceNs = lastReadNs;
        channel.config().setAutoRead(true);
    }

    /** Answers a keep-alive (RFC 5626 section 3.5.1). */
    void pong() {
        write(PONG.duplicate(), Origin.NO_SHARD, 0);
    }

    // --- What goes ---

    /** Sends {@code bytes}, or keeps them until the connection is open; they belong to the connection now. */
    void send(final ByteBuf bytes, final Origin origin) {
        final int length = bytes.readableBytes();
        if (state == State.CONNECTING) {
            if (waitingBytes + length > limits.connectQueueBytes()) {
                bytes.release();
                loop.outbound().failed(origin, Counter.UNSENT_QUEUE_FULL);
                return;
            }
            waiting = waiting == null ? new ArrayDeque<>() : waiting;
            waiting.add(new Waiting(bytes, origin.shard, origin.correlation));
            waitingBytes += length;
        } else if (state == State.OPEN || state == State.DRAINING) {
            loop.outbound().sent(length, origin);
            write(bytes, origin.shard, origin.correlation);
        } else {
            bytes.release();
            loop.outbound().failed(origin, Counter.UNSENT_CONNECTION_LOST);
        }
    }

    /** Hands what was written to the kernel. */
    void flush() {
        dirty = false;
        channel.flush();
    }

    private void write(final ByteBuf bytes, final int shard, final long correlation) {
        if (correlation == 0) {
            channel.write(bytes, channel.voidPromise());
        } else {
            channel.write(bytes).addListener(written -> {
                if (!written.isSuccess()) {
                    loop.outbound().failed(shard, correlation, Counter.UNSENT_CONNECTION_LOST);
                }
            });
        }
        if (!dirty) {
            dirty = true;
            connections.flushLater(this);
        }
        final ChannelOutboundBuffer queue = channel.unsafe().outboundBuffer();
        if (queue != null && queue.totalPendingWriteBytes() > limits.writeHardBytes()) {
            channel.flush();
            if (queue.totalPendingWriteBytes() > limits.writeHardBytes()) {
                reset(Counter.CLOSED_SLOW_READER);
            }
        }
    }

    /** Reads only while messages find room, in their shard and on their way back. */
    void readOrNot() {
        if (state == State.OPEN) {
            channel.config().setAutoRead(!intake.blocked() && channel.isWritable());
        }
    }

    // --- Its end ---

    /** Closes what is overdue. */
    void checkDeadlines(final long nowNs) {
        if (state == State.DRAINING && nowNs - drainingSinceNs > DRAINING_NS) {
            close(null);
        } else if (state == State.CONNECTING && (overWebSocket() || accepted && handshake == null)
                && nowNs - lastReadNs > (limits.connectMs() + limits.messageMs()) * 1_000_000L) {
            close(Counter.CLOSED_SLOW_MESSAGE);
        } else if (state == State.OPEN) {
            if (intake.messageBeganNs() != 0 && nowNs - intake.messageBeganNs() > limits.messageMs() * 1_000_000L) {
                close(Counter.CLOSED_SLOW_MESSAGE);
            } else if (unwritableSinceNs != 0 && nowNs - unwritableSinceNs > UNREAD_NS) {
                reset(Counter.CLOSED_SLOW_READER);
            } else if (isIdle(nowNs - lastReadNs)) {
                close(Counter.CLOSED_IDLE);
            }
        }
    }

    /** The attempt to connect has failed. */
    void connectFailed() {
        if (state == State.CONNECTING) {
            loop.counters().increment(Counter.CONNECTS_FAILED);
            end(Counter.UNSENT_CONNECT);
        }
    }

    /** Closes the connection and fails what it had not sent. Does nothing when it is closed. */
    void close(final Counter reason) {
        if (state == State.CLOSED) {
            return;
        }
        if (reason != null && state != State.DRAINING) {
            loop.counters().increment(reason);
        }
        end(Counter.UNSENT_CONNECTION_LOST);
    }

    /** Closes without waiting for what the kernel still holds. */
    private void reset(final Counter reason) {
        if (state != State.CLOSED) {
            channel.config().setOption(ChannelOption.SO_LINGER, 0);
            final Channel closing = channel;
            close(reason);
            // Past TLS, which would first wait to say good-bye to somebody who does not read.
            closing.unsafe().close(closing.unsafe().voidPromise());
        }
    }

    private void end(final Counter fateOfWaiting) {
        state = State.CLOSED;
        if (aliasPort != 0) {
            connections.unalias(this, aliasPort);
        }
        connections.closed(this);
        if (waiting != null) {
            for (Waiting message = waiting.poll(); message != null; message = waiting.poll()) {
                message.bytes().release();
                loop.outbound().failed(message.shard(), message.correlation(), fateOfWaiting);
            }
            waiting = null;
        }
        intake.close();
        if (handshake != null) {
            handshake.end();
        }
        if (channel != null) {
            channel.close();
        }
    }

    private boolean isIdle(final long silentNs) {
        return silentNs > limits.idleUnknownMs() * 1_000_000L
                && (silentNs > limits.idleKnownMs() * 1_000_000L || !known());
    }
}
