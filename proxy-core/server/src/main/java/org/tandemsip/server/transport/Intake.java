package org.tandemsip.server.transport;

import io.netty.buffer.ByteBuf;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.UnsafeBuffer;
import org.tandemsip.codec.ParseError;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.StreamFramer;
import org.tandemsip.engine.handler.Source;
import org.tandemsip.engine.metrics.Counter;

/**
 * What has come over a connection and is not handed on yet: finds the messages in a stream, has each parsed, admitted
 * and given to its shard or answered. Nothing is dropped from a stream: while a shard has no room nothing more is
 * taken. Loop thread only.
 */
final class Intake {
    /** How soon a message is offered again to a shard that had no room. */
    private static final long RETRY_MS = 2;

    private final Loop loop;
    private final Connection connection;
    private final Source source;
    private final StreamFramer framer;
    private final UnsafeBuffer view = new UnsafeBuffer(0, 0);
    private ByteBuf unread;
    /** WebSocket messages behind the one that waits for room; what one read brings at most. */
    private final ArrayDeque<ByteBuf> waiting = new ArrayDeque<>(0);
    /**
     * Set while {@link #unread} is being read from: whoever closes the connection meanwhile leaves the memory alone.
     */
    private boolean framing;
    private boolean blocked;
    private boolean spokeSip;
    private long messageBeganNs;

    Intake(final Loop loop, final Connection connection, final Source source) {
        this.loop = loop;
        this.connection = connection;
        this.source = source;
        this.framer = new StreamFramer(loop.config().limits());
    }

    /** Whether it waits for room in a shard. */
    boolean blocked() {
        return blocked;
    }

    /** When the first byte of the message came that is not whole yet; 0 for none. */
    long messageBeganNs() {
        return messageBeganNs;
    }

    /** Takes {@code bytes}, which belong to it now, and hands on what is whole. */
    void read(final ByteBuf received) {
        // The JDK's TLS and WebSocket messages in pieces may come in memory of another kind.
        final ByteBuf bytes = received.hasMemoryAddress() ? received : copy(received);
        if (connection.overWebSocket()) {
            readMessage(bytes);
            return;
        }
        if (!spokeSip && !looksLikeSip(bytes)) {
            bytes.release();
            connection.close(Counter.CLOSED_NOT_SIP);
            return;
        }
        spokeSip = true;
        append(bytes);
        if (!blocked) {
            frame();
        }
    }

    private ByteBuf copy(final ByteBuf received) {
        try {
            return loop.allocator().directBuffer(received.readableBytes()).writeBytes(received);
        } finally {
            received.release();
        }
    }

    /** Takes one whole message (RFC 7118 section 5), or a keep-alive (RFC 5626 section 3.5.1). */
    private void readMessage(final ByteBuf bytes) {
        if (blocked) {
            waiting.add(bytes);
            return;
        }
        unread = bytes;
        framing = true;
        try {
            blocked = !takeMessage();
        } finally {
            framing = false;
            if (!blocked || !connection.isOpen()) {
                bytes.release();
                unread = null;
            }
        }
        if (blocked && connection.isOpen()) {
            loop.counters().increment(Counter.RING_FULL);
            connection.readOrNot();
            loop.eventLoop().schedule(this::retryMessages, RETRY_MS, TimeUnit.MILLISECONDS);
        }
    }

    private void retryMessages() {
        final ByteBuf first = unread;
        if (!connection.isOpen() || first == null) {
            return;
        }
        blocked = false;
        unread = null;
        readMessage(first);
        while (!blocked && connection.isOpen() && !waiting.isEmpty()) {
            readMessage(waiting.poll());
        }
        connection.readOrNot();
    }

    /** {@code false} when the shard has no room for the message. */
    private boolean takeMessage() {
        final int length = unread.readableBytes();
        view.wrap(unread.memoryAddress() + unread.readerIndex(), length);
        if (length == 0 || view.getByte(0) == '\r' || view.getByte(0) == '\n') {
            loop.counters().increment(Counter.KEEPALIVES_STREAM);
            if (length == 4) {
                connection.pong();
            }
            return true;
        }
        final SipMessage message = loop.message().wrap(view, 0, length);
        final ParseError error = loop.parser().parse(message, false);
        source.receivedNs = connection.lastReadNs();
        if (error == ParseError.NONE) {
            if (loop.admits(message, source) && !loop.offer(message, source, false)) {
                return false;
            }
            loop.countReceived(view, 0, length, source.transport);
            return true;
        }
        loop.countReceived(view, 0, length, source.transport);
        loop.refusals().refuse(message, error, loop.parser().errorOffset(), source, view, 0, length);
        if (error == ParseError.NOT_SIP) {
            connection.close(Counter.CLOSED_NOT_SIP);
        }
        return true;
    }

    /** Lets go of what is left. */
    void close() {
        for (ByteBuf message = waiting.poll(); message != null; message = waiting.poll()) {
            message.release();
        }
        if (unread != null && !framing) {
            unread.release();
            unread = null;
        }
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
        while (connection.isOpen() && !blocked && unread.isReadable()) {
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
                connection.pong();
            }
            if (!connection.isOpen()) {
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
        if (!connection.isOpen() || !unread.isReadable()) {
            unread.release();
            unread = null;
        } else if (unread.capacity() - unread.readableBytes() > unread.readableBytes() + 512) {
            final ByteBuf rest = loop.allocator().directBuffer(Math.max(512, unread.readableBytes()));
            rest.writeBytes(unread);
            unread.release();
            unread = rest;
        }
        if (connection.isOpen() && !blocked && framer.midMessage()) {
            messageBeganNs = messageBeganNs == 0 ? connection.lastReadNs() : messageBeganNs;
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
        source.receivedNs = connection.lastReadNs();
        if (error == ParseError.NONE && loop.overRate(source)) {
            loop.refusals().limited(message, source);
            loop.countReceived(view, offset, length, source.transport);
        } else if (error == ParseError.NONE) {
            if (message.isRequest()) {
                connection.noteAlias(message.topVia());
            }
            if (loop.admits(message, source) && !loop.offer(message, source, false)) {
                return false;
            }
            loop.countReceived(view, offset, length, source.transport);
        } else {
            loop.countReceived(view, offset, length, source.transport);
            loop.refusals().refuse(message, error, loop.parser().errorOffset(), source, view, offset, length);
        }
        return true;
    }

    private void block() {
        blocked = true;
        loop.counters().increment(Counter.RING_FULL);
        connection.readOrNot();
        loop.eventLoop().schedule(this::unblock, RETRY_MS, TimeUnit.MILLISECONDS);
    }

    private void unblock() {
        if (!connection.isOpen() || unread == null) {
            return;
        }
        view.wrap(unread.memoryAddress() + unread.readerIndex(), unread.readableBytes());
        framing = true;
        try {
            blocked = !onMessage();
        } finally {
            framing = false;
        }
        if (!connection.isOpen()) {
            keepRest();
        } else if (blocked) {
            loop.eventLoop().schedule(this::unblock, RETRY_MS, TimeUnit.MILLISECONDS);
        } else {
            unread.skipBytes(framer.consumed());
            frame();
            connection.readOrNot();
        }
    }

    private void onBroken() {
        final int offset = framer.messageOffset();
        final int length = framer.messageLength();
        final int shown = length > 0 ? length : unread.readableBytes() - offset;
        loop.countReceived(view, offset, shown, source.transport);
        source.receivedNs = connection.lastReadNs();
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
        if (!answered || !connection.isOpen()) {
            connection.close(error == ParseError.NOT_SIP ? Counter.CLOSED_NOT_SIP : Counter.CLOSED_BROKEN_FRAMING);
        } else {
            connection.drain();
        }
    }
}
