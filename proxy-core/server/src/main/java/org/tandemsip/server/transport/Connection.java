package org.tandemsip.server.transport;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.epoll.EpollSocketChannel;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.UnsafeBuffer;
import org.tandemsip.codec.ParseError;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.StreamFramer;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.handler.Source;
import org.tandemsip.engine.metrics.Counter;

/**
 * One stream connection: frames and parses what comes, writes what goes, keeps its deadlines. Loop thread only.
 *
 * <pre>
 *                 connected                broken framing, answered
 *   CONNECTING ---------------> OPEN ---------------------------------> DRAINING
 *        |                        |                                        | peer closes, or 1 s
 *        | refused, timed out     | peer closes, a deadline, a bound       v
 *        +------------------------+-------------------------------------> CLOSED
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
    /** How soon a message is offered again to a shard that had no room. */
    private static final long RETRY_MS = 2;
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
    private final StreamFramer framer;
    private final NetworkConfig.Streams limits;
    private final UnsafeBuffer view = new UnsafeBuffer(0, 0);

    private State state;
    private Channel channel;
    private ByteBuf unread;
    /**
     * Set while {@link #unread} is being read from: whoever closes the connection meanwhile leaves the memory alone.
     */
    private boolean framing;
    private boolean blocked;
    private int reads;
    private boolean dirty;
    private boolean countedByAddress;
    private boolean spokeSip;
    private ArrayDeque<Waiting> waiting;
    private int waitingBytes;
    private long lastReadNs;
    private long messageBeganNs;
    private long drainingSinceNs;
    private long unwritableSinceNs;

    Connection(final Loop loop, final Connections connections, final long id, final int listenPoint,
            final boolean accepted) {
        this.accepted = accepted;
        this.loop = loop;
        this.connections = connections;
        this.id = id;
        this.framer = new StreamFramer(loop.config().limits());
        this.limits = loop.config().streams();
        this.state = State.CONNECTING;
        this.lastReadNs = System.nanoTime();
        source.transport = Transport.TCP;
        source.listenPoint = listenPoint;
        source.connection = id;
    }

    void remote(final long addressHigh, final long addressLow, final int port) {
        source.addressHigh = addressHigh;
        source.addressLow = addressLow;
        source.port = port;
        remoteKey.set(addressHigh, addressLow, port);
        addressKey.set(addressHigh, addressLow, 0);
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

    boolean known() {
        return loop.filter().known(source);
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
        state = State.OPEN;
        lastReadNs = System.nanoTime();
        if (!accepted) {
            loop.counters().increment(Counter.CONNECTIONS_OPENED);
        }
        if (waiting != null) {
            for (Waiting message = waiting.poll(); message != null && state == State.OPEN; message = waiting.poll()) {
                loop.outbound().countSent(message.bytes().readableBytes());
                write(message.bytes(), message.shard(), message.correlation());
            }
            context.flush();
        }
    }

    @Override
    public void channelRead(final ChannelHandlerContext context, final Object received) {
        final ByteBuf bytes = (ByteBuf) received;
        lastReadNs = System.nanoTime();
        if (state != State.OPEN) {
            bytes.release();
            return;
        }
        if (!spokeSip && !looksLikeSip(bytes)) {
            bytes.release();
            close(Counter.CLOSED_NOT_SIP);
            return;
        }
        spokeSip = true;
        append(bytes);
        reads++;
        if (!blocked) {
            frame();
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
        close(Counter.CLOSED_BY_PEER);
    }

    @Override
    public void exceptionCaught(final ChannelHandlerContext context, final Throwable cause) {
        if (!(cause instanceof IOException)) {
            loop.counters().increment(Counter.FAULTS);
        }
        close(Counter.CLOSED_BY_PEER);
    }

    /**
     * The first byte of a stream is that of a method, of {@code SIP/2.0}, or of a CRLF; TLS, for one, begins otherwise.
     */
    private static boolean looksLikeSip(final ByteBuf bytes) {
        final byte first = bytes.getByte(bytes.readerIndex());
        return first >= '0' && first <= '9' || first >= 'A' && first <= 'Z' || first >= 'a' && first <= 'z'
                || first == '\r' || first == '\n' || "-.!%*_+`'~".indexOf(first) >= 0;
    }

    private void append(final ByteBuf bytes) {
        if (unread == null) {
            unread = bytes;
            return;
        }
        unread.discardReadBytes().writeBytes(bytes);
        bytes.release();
    }

    /** Hands on all whole messages that have come, keeps the rest in memory of its own size. */
    private void frame() {
        framing = true;
        try {
            takeMessages();
        } finally {
            framing = false;
            keepRest();
        }
    }

    private void takeMessages() {
        while (state == State.OPEN && !blocked && unread.isReadable()) {
            view.wrap(unread.memoryAddress() + unread.readerIndex(), unread.readableBytes());
            final StreamFramer.Result result = framer.poll(view, 0, unread.readableBytes());
            if (result == StreamFramer.Result.BROKEN) {
                onBroken();
                break;
            }
            if (result == StreamFramer.Result.MESSAGE) {
                messageBeganNs = 0;
                if (!onMessage()) {
                    block();
                    break;
                }
            } else if (result == StreamFramer.Result.PING) {
                loop.counters().increment(Counter.KEEPALIVES_STREAM);
                write(PONG.duplicate(), Origin.NO_SHARD, 0);
            }
            if (state != State.OPEN) {
                break;
            }
            unread.skipBytes(framer.consumed());
            if (result == StreamFramer.Result.NEED_MORE) {
                break;
            }
        }
    }

    private void keepRest() {
        if (unread == null) {
            return;
        }
        if (state != State.OPEN || !unread.isReadable()) {
            unread.release();
            unread = null;
        } else if (unread.capacity() - unread.readableBytes() > unread.readableBytes() + 512) {
            final ByteBuf rest = loop.allocator().directBuffer(Math.max(512, unread.readableBytes()));
            rest.writeBytes(unread);
            unread.release();
            unread = rest;
        }
        if (state == State.OPEN && !blocked && framer.midMessage()) {
            messageBeganNs = messageBeganNs == 0 ? lastReadNs : messageBeganNs;
        } else {
            messageBeganNs = 0;
        }
    }

    /**
     * Takes in the message that the framer has found; {@code false} when its shard has no room: it must be offered
     * again.
     */
    private boolean onMessage() {
        final int offset = framer.messageOffset();
        final int length = framer.messageLength();
        final SipMessage message = loop.message().wrap(view, offset, length);
        final ParseError error = loop.parser().parse(message, true);
        source.receivedNs = lastReadNs;
        if (error == ParseError.NONE && loop.overRate(source)) {
            loop.refusals().limited(message, source);
            loop.countReceived(length);
        } else if (error == ParseError.NONE) {
            if (loop.admits(message, source) && !loop.offer(message, source, false)) {
                return false;
            }
            loop.countReceived(length);
        } else {
            loop.countReceived(length);
            loop.refusals().refuse(message, error, loop.parser().errorOffset(), source, view, offset, length);
        }
        return true;
    }

    /** Nothing is dropped from a stream: reading stops until the shard has room. */
    private void block() {
        blocked = true;
        loop.counters().increment(Counter.RING_FULL);
        readOrNot();
        loop.eventLoop().schedule(this::unblock, RETRY_MS, TimeUnit.MILLISECONDS);
    }

    private void unblock() {
        if (state != State.OPEN || unread == null) {
            return;
        }
        view.wrap(unread.memoryAddress() + unread.readerIndex(), unread.readableBytes());
        framing = true;
        try {
            blocked = !onMessage();
        } finally {
            framing = false;
        }
        if (state != State.OPEN) {
            keepRest();
        } else if (blocked) {
            loop.eventLoop().schedule(this::unblock, RETRY_MS, TimeUnit.MILLISECONDS);
        } else {
            unread.skipBytes(framer.consumed());
            frame();
            readOrNot();
        }
    }

    private void onBroken() {
        final int offset = framer.messageOffset();
        final int length = framer.messageLength();
        final int shown = length > 0 ? length : unread.readableBytes() - offset;
        loop.countReceived(shown);
        source.receivedNs = lastReadNs;
        boolean answered = false;
        final SipMessage message = loop.message().wrap(view, offset, length);
        // Read on behalf of the answer alone: what is wrong has been found by the framer.
        final ParseError error = length > 0 ? loop.parser().parse(message, true) : ParseError.NOT_SIP;
        if (error == ParseError.NOT_SIP || error == ParseError.INCOMPLETE) {
            loop.refusals().refuse(message, error, 0, source, view, offset, shown);
        } else {
            final int errorOffset = error == framer.error() ? loop.parser().errorOffset() : 0;
            answered = loop.refusals().refuse(message, framer.error(), errorOffset, source, view, offset, shown);
        }
        if (!answered || state != State.OPEN) {
            close(error == ParseError.NOT_SIP ? Counter.CLOSED_NOT_SIP : Counter.CLOSED_BROKEN_FRAMING);
            return;
        }
        loop.counters().increment(Counter.CLOSED_BROKEN_FRAMING);
        state = State.DRAINING;
        drainingSinceNs = lastReadNs;
        channel.config().setAutoRead(true);
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
    private void readOrNot() {
        if (state == State.OPEN) {
            channel.config().setAutoRead(!blocked && channel.isWritable());
        }
    }

    // --- Its end ---

    /** Closes what is overdue. */
    void checkDeadlines(final long nowNs) {
        if (state == State.DRAINING && nowNs - drainingSinceNs > DRAINING_NS) {
            close(null);
        } else if (state == State.OPEN) {
            if (messageBeganNs != 0 && nowNs - messageBeganNs > limits.messageMs() * 1_000_000L) {
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
            close(reason);
        }
    }

    private void end(final Counter fateOfWaiting) {
        state = State.CLOSED;
        connections.closed(this);
        if (waiting != null) {
            for (Waiting message = waiting.poll(); message != null; message = waiting.poll()) {
                message.bytes().release();
                loop.outbound().failed(message.shard(), message.correlation(), fateOfWaiting);
            }
            waiting = null;
        }
        if (unread != null && !framing) {
            unread.release();
            unread = null;
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
