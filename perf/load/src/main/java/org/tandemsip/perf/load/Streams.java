package org.tandemsip.perf.load;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;
import org.tandemsip.codec.Limits;
import org.tandemsip.codec.ParseError;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.SipParser;
import org.tandemsip.codec.StreamFramer;

/**
 * TCP or TLS connections of one side, those it opened and those it accepted. They are few, so each is simply read in
 * turn. A connection that ends is not opened again: whatever needs it fails, and that is what shall be seen.
 */
final class Streams extends Wire {
    private static final int MAX_CONNECTIONS = 256;
    private static final int BUFFER_BYTES = 1 << 20;

    /** One connection with what has arrived and what could not be written yet. */
    private static final class Connection {
        private final ByteChannel channel;
        private final ByteBuffer in = ByteBuffer.allocateDirect(BUFFER_BYTES);
        private final ByteBuffer out = ByteBuffer.allocateDirect(BUFFER_BYTES);
        private final UnsafeBuffer inView = new UnsafeBuffer(in);
        private final StreamFramer framer = new StreamFramer(Limits.DEFAULTS);
        private int start;
        private int end;
        private boolean open = true;
        private IOException failure;

        Connection(final ByteChannel channel) {
            this.channel = channel;
        }

        private void broken(final IOException cause) {
            open = false;
            failure = cause;
        }

        /** Whether messages can be sent. */
        boolean ready() {
            return !(channel instanceof final TlsChannel tls) || tls.established();
        }

        /** Reads behind what is there; false when nothing came. */
        boolean read() {
            if (start > 0) {
                in.limit(end).position(start);
                in.compact();
                end -= start;
                start = 0;
            }
            in.limit(in.capacity()).position(end);
            try {
                final int length = channel.read(in);
                open &= length >= 0;
                end += Math.max(0, length);
                return length > 0;
            } catch (final IOException e) {
                broken(e);
                return false;
            }
        }

        /** Writes what is left over from before, and {@code more} behind it; false when there is no room for it. */
        boolean write(final ByteBuffer more) {
            try {
                if (out.position() > 0) {
                    out.flip();
                    channel.write(out);
                    out.compact();
                }
                if (out.position() == 0) {
                    channel.write(more);
                }
            } catch (final IOException e) {
                broken(e);
                return false;
            }
            if (more.remaining() > out.remaining()) {
                return false;
            }
            out.put(more);
            return true;
        }
    }

    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private final ServerSocketChannel listener;
    private final int wanted;
    private final TlsEnds tls;
    private final List<Connection> connections = new ArrayList<>();
    private final ByteBuffer out = outgoing().byteBuffer();
    private final SipParser parser = new SipParser(Limits.DEFAULTS);
    private final SipMessage message = new SipMessage(Limits.DEFAULTS.headerRows());
    private int current;
    private int dialled;

    /**
     * Listens.
     *
     * @param wanted connections to open by {@link #connect}
     * @param tls    certificates, or {@code null} for TCP
     */
    Streams(final InetSocketAddress local, final int wanted, final TlsEnds tls) throws IOException {
        this.wanted = wanted;
        this.tls = tls;
        listener = ServerSocketChannel.open();
        listener.bind(local);
        listener.configureBlocking(false);
    }

    @Override
    InetSocketAddress localAddress() throws IOException {
        return (InetSocketAddress) listener.getLocalAddress();
    }

    @Override
    void connect(final InetSocketAddress remote) throws IOException {
        try {
            for (int i = 0; i < wanted; i++) {
                final SocketChannel channel = opened(remote);
                connections.add(new Connection(tls == null ? channel : tls.client(channel)));
                dialled++;
            }
        } catch (final IOException e) {
            throw refused("cannot connect to " + LoadRun.hostPort(remote), e);
        }
    }

    private SocketChannel opened(final InetSocketAddress remote) throws IOException {
        final SocketChannel channel = SocketChannel.open();
        try {
            channel.bind(new InetSocketAddress(localAddress().getAddress(), 0)).connect(remote);
            return prepared(channel);
        } catch (final IOException e) {
            channel.close();
            throw e;
        }
    }

    private static SocketChannel prepared(final SocketChannel channel) throws IOException {
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        channel.configureBlocking(false);
        return channel;
    }

    private static ConnectException refused(final String what, final IOException cause) {
        final ConnectException refused = new ConnectException(what + ": " + cause.getMessage());
        refused.initCause(cause);
        return refused;
    }

    @Override
    boolean ready() throws ConnectException {
        for (int i = 0; i < dialled; i++) {
            final Connection connection = connections.get(i);
            if (connection.failure != null) {
                throw refused("no TLS with the target", connection.failure);
            }
            if (!connection.ready()) {
                return false;
            }
        }
        return true;
    }

    @Override
    String trouble() {
        for (final Connection connection : connections) {
            if (connection.failure != null) {
                return connection.failure.getMessage();
            }
        }
        return null;
    }

    @Override
    void expect(final InetSocketAddress remote) {
        // The listener takes whoever comes: it listens on loopback or where the user said.
    }

    @Override
    SipMessage receive() throws IOException {
        for (int turns = 0; turns < connections.size(); turns++) {
            final Connection connection = connections.get(current);
            final SipMessage next = connection.open ? next(connection) : null;
            if (next != null) {
                return next;
            }
            current = current + 1 == connections.size() ? 0 : current + 1;
        }
        accept();
        return null;
    }

    private SipMessage next(final Connection connection) {
        while (true) {
            final StreamFramer.Result result =
                    connection.framer.poll(connection.inView, connection.start, connection.end - connection.start);
            final int at = connection.framer.messageOffset();
            connection.start += connection.framer.consumed();
            switch (result) {
                case MESSAGE -> {
                    message.wrap(connection.inView, at, connection.framer.messageLength());
                    if (parser.parse(message, true) == ParseError.NONE) {
                        countReceived();
                        return message;
                    }
                    countMalformed();
                }
                case NEED_MORE -> {
                    if (!connection.read()) {
                        connection.write(NOTHING.clear());
                        return null;
                    }
                }
                case PING -> {
                    // A keep-alive needs no answer here: the connections do not live long enough.
                }
                case BROKEN -> {
                    countMalformed();
                    connection.open = false;
                    return null;
                }
            }
        }
    }

    private void accept() throws IOException {
        final SocketChannel channel = connections.size() < MAX_CONNECTIONS ? listener.accept() : null;
        if (channel != null) {
            prepared(channel);
            connections.add(new Connection(tls == null ? channel : tls.server(channel)));
        }
    }

    @Override
    int peer() {
        return current;
    }

    @Override
    void send(final int length, final int peer) {
        if (connections.isEmpty()) {
            countUnreachable();
            return;
        }
        final Connection connection = connections.get(dialled > 0 ? Integer.remainderUnsigned(peer, dialled) : peer);
        out.limit(length).position(0);
        if (!connection.open) {
            countUnreachable();
        } else if (!connection.write(out)) {
            countCongested();
            // A message cut off in the middle would spoil all that follow.
            connection.open = false;
        }
    }

    @Override
    public void close() throws IOException {
        for (final Connection connection : connections) {
            connection.channel.close();
        }
        listener.close();
    }
}
