package org.tandemsip.server.media;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import org.agrona.collections.Long2ObjectHashMap;

/**
 * One rtpengine. Its socket is connected: the kernel keeps away what others send there, and ICMP tells at once when
 * nobody is there. Thread of {@link Rtpengine} only.
 */
final class RtpengineNode {
    private static final long DOWN_PING_NS = 1_000_000_000L;

    final int index;
    /** What calls know it by, in the next process too: made from its address, whatever place that has in a list. */
    final int id;
    final NodeStats stats;
    /** What is under way, by cookie. */
    final Long2ObjectHashMap<Exchange> exchanges = new Long2ObjectHashMap<>();

    private final DatagramChannel channel;
    private long pingAtNs;
    private boolean pinging;
    private boolean portClosed;

    RtpengineNode(final int index, final InetSocketAddress address, final Selector selector, final long nowNs)
            throws IOException {
        this.index = index;
        stats = new NodeStats(
                (address.getAddress().getAddress().length == 16 ? '[' + address.getAddress().getHostAddress() + ']'
                        : address.getAddress().getHostAddress()) + ':' + address.getPort());
        id = id(stats.address());
        channel = DatagramChannel.open();
        channel.configureBlocking(false);
        channel.connect(address);
        channel.register(selector, SelectionKey.OP_READ, this);
        pingAtNs = nowNs;
    }

    /** The id of the node at an address: 31 bits that it alone decides, which 64 nodes hardly share. */
    static int id(final String address) {
        return address.hashCode() & Integer.MAX_VALUE;
    }

    /** Sends a datagram; what gets lost is sent again later. */
    void send(final ByteBuffer datagram) {
        try {
            channel.write(datagram.duplicate());
        } catch (final PortUnreachableException e) {
            // Of the datagram before this one, which the kernel tells instead of sending.
            portClosed = true;
        } catch (final IOException e) {
            // No room in the socket buffer, no route.
        }
    }

    /** Receives a datagram; {@code false} when there is none. */
    boolean receive(final ByteBuffer into) {
        into.clear();
        try {
            final int length = channel.read(into);
            into.flip();
            return length > 0;
        } catch (final PortUnreachableException e) {
            portClosed = true;
            return false;
        } catch (final IOException e) {
            return false;
        }
    }

    /** Whether ICMP has said since the last time that nobody listens there. */
    boolean takePortClosed() {
        final boolean was = portClosed;
        portClosed = false;
        return was;
    }

    /** Whether it is time to ask whether it is there. */
    boolean wantsPing(final long nowNs) {
        return !pinging && pingAtNs - nowNs <= 0;
    }

    void pinging() {
        pinging = true;
    }

    /** A ping was answered, or was not. */
    void pinged(final long everyNs, final long nowNs) {
        pinging = false;
        pingAtNs = nowNs + (stats.up() ? everyNs : Math.min(everyNs, DOWN_PING_NS));
    }

    void close() throws IOException {
        channel.close();
    }
}
