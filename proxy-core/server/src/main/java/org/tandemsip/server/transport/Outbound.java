package org.tandemsip.server.transport;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.tandemsip.codec.IpAddress;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.handler.Destination;
import org.tandemsip.engine.handler.ShardCommand;
import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.engine.metrics.Counters;
import org.tandemsip.engine.metrics.Stage;
import org.tandemsip.engine.metrics.StageTimers;
import org.tandemsip.engine.metrics.Traffic;

/**
 * All that a loop sends: picks the socket or connection, hands over the bytes, and flushes once per turn, so that
 * datagrams leave in one {@code sendmmsg}. Loop thread only.
 */
final class Outbound implements OutboundQueue.Consumer {
    /** Almost every message fits; a larger one gets memory of its own. */
    private static final int SLOT_BYTES = 4_096;
    /** Messages written between two flushes; more flush by themselves. 1 MiB, of which a quiet loop touches little. */
    private static final int SLOTS = 256;
    /** Messages whose stage times are kept until the flush; more than fit in a turn are sent but not timed. */
    private static final int TIMED = 512;

    /** Where the status code stands in a response: behind {@code SIP/2.0} and a space (RFC 3261 section 7.2). */
    private static final int STATUS_CODE = 8;

    private final int loop;
    private final ByteBufAllocator allocator;
    private final Counters counters;
    private final StageTimers stages;
    private final Traffic traffic;
    private final Supplier<SourceFilter> filters;
    private final Peers peers;
    private final Connections connections;
    private final DatagramPort[] ports;
    private final boolean[] takesIpv4;
    private final boolean[] takesIpv6;
    private final UnsafeBuffer claimedView = new UnsafeBuffer(0, 0);
    private final UnsafeBuffer copyFrom = new UnsafeBuffer(0, 0);
    private final UnsafeBuffer copyTo = new UnsafeBuffer(0, 0);
    private final RemoteKey remote = new RemoteKey();
    private final long[] receivedNs = new long[TIMED];
    private final long[] sentNs = new long[TIMED];
    private final byte[] kinds = new byte[TIMED];
    /** Where messages are written. The kernel reads them there at the flush; then it is used from the start again. */
    private final ByteBuf slab;
    private final List<ByteBuf> largeSent = new ArrayList<>();
    private int slotsTaken;
    private ByteBuf large;
    private boolean claimedLarge;
    private int timed;
    /** How many of those have their {@link #sentNs}. */
    private int stamped;
    private int unflushed;
    private long dirtyPorts;
    private long dirtyLoops;

    Outbound(final int loop, final int listenPoints, final ByteBufAllocator allocator, final Counters counters,
            final StageTimers stages, final Traffic traffic, final Supplier<SourceFilter> filters, final Peers peers,
            final Connections connections) {
        this.loop = loop;
        this.allocator = allocator;
        this.counters = counters;
        this.stages = stages;
        this.traffic = traffic;
        this.filters = filters;
        this.peers = peers;
        this.connections = connections;
        this.ports = new DatagramPort[listenPoints];
        this.takesIpv4 = new boolean[listenPoints];
        this.takesIpv6 = new boolean[listenPoints];
        this.slab = allocator.directBuffer(SLOTS * SLOT_BYTES);
    }

    /** Names the socket of a UDP listen point at {@code address}, before the loop sends anything. */
    void port(final int listenPoint, final DatagramPort port, final InetAddress address) {
        ports[listenPoint] = port;
        takesIpv4[listenPoint] = address instanceof Inet4Address || address.isAnyLocalAddress();
        takesIpv6[listenPoint] = address instanceof Inet6Address;
    }

    /**
     * Memory for one message of at most {@code length} bytes; valid until the next call of this or of a {@code send}.
     */
    MutableDirectBuffer claim(final int length) {
        claimedLarge = length > SLOT_BYTES;
        if (claimedLarge) {
            if (large != null && large.capacity() < length) {
                large.release();
                large = null;
            }
            large = large == null ? allocator.directBuffer(length) : large;
            claimedView.wrap(large.memoryAddress(), large.capacity());
        } else {
            if (slotsTaken == SLOTS) {
                flushPorts();
            }
            claimedView.wrap(slab.memoryAddress() + (long) slotsTaken * SLOT_BYTES, SLOT_BYTES);
        }
        return claimedView;
    }

    /** Sends {@code length} bytes of the claimed memory. */
    void send(final int length, final Destination destination, final Origin origin) {
        origin.kind = Traffic.kindOf(claimedView, 0, length);
        origin.transport = destination.transport;
        if (destination.transport == Transport.UDP) {
            sendDatagram(length, destination, origin);
        } else if (destination.transport.ordinal() <= Transport.WSS.ordinal()) {
            sendStream(length, destination, origin);
        } else {
            failed(origin, Counter.UNSENT_UNREACHABLE);
        }
    }

    /** Sends a copy of {@code bytes[offset, offset + length)}. */
    @Override
    public void send(final DirectBuffer bytes, final int offset, final int length, final Destination destination,
            final Origin origin) {
        claim(length).putBytes(0, bytes, offset, length);
        send(length, destination, origin);
    }

    /**
     * Hands all that was sent to the kernel, wakes the loops that got something from this one; returns the number of
     * messages.
     */
    int flush() {
        final int flushed = unflushed;
        unflushed = 0;
        if (flushed > 0) {
            counters.increment(Counter.SENT_TURNS);
        }
        flushPorts();
        connections.flush();
        if (timed > 0) {
            recordStages();
        }
        for (long dirty = dirtyLoops; dirty != 0; dirty &= dirty - 1) {
            peers.loop(Long.numberOfTrailingZeros(dirty)).wake();
        }
        dirtyLoops = 0;
        return flushed;
    }

    private void flushPorts() {
        for (long dirty = dirtyPorts; dirty != 0; dirty &= dirty - 1) {
            ports[Long.numberOfTrailingZeros(dirty)].flush();
        }
        dirtyPorts = 0;
        slotsTaken = 0;
        if (!largeSent.isEmpty()) {
            largeSent.forEach(ByteBuf::release);
            largeSent.clear();
        }
    }

    /** Counts a message that was not sent, and tells its sender. */
    void failed(final Origin origin, final Counter reason) {
        failed(origin.shard, origin.correlation, reason);
    }

    /** Counts a message that was not sent, and tells its sender when it wants to know. */
    void failed(final int shard, final long correlation, final Counter reason) {
        counters.increment(reason);
        if (correlation != 0 && shard != Origin.NO_SHARD) {
            final ShardThread owner = peers.shard(shard);
            if (owner.shard().command(new ShardCommand.SendFailed(correlation, reason == Counter.UNSENT_QUEUE_FULL))) {
                owner.wake();
            } else {
                counters.increment(Counter.COMMANDS_REFUSED);
            }
        }
    }

    /** Tells all shards of a datagram that did not get there: which one sent it is for them to find out. */
    void unreachable(final ShardCommand.Unreachable report) {
        counters.increment(Counter.UDP_UNREACHABLE);
        for (int i = 0; i < peers.shards(); i++) {
            final ShardThread owner = peers.shard(i);
            if (owner.shard().command(report)) {
                owner.wake();
            } else {
                counters.increment(Counter.COMMANDS_REFUSED);
            }
        }
    }

    /** Begins to read datagrams. */
    void startReading() {
        for (final DatagramPort port : ports) {
            if (port != null) {
                port.startReading();
            }
        }
    }

    /** Has the kernel let through so many of the new INVITEs. */
    void letThrough(final InviteShares shares) {
        for (final DatagramPort port : ports) {
            if (port != null) {
                port.letThrough(shares);
            }
        }
    }

    /** Stops reading datagrams. */
    void stopReading() {
        for (final DatagramPort port : ports) {
            if (port != null) {
                port.stopReading();
            }
        }
    }

    /** Closes the datagram sockets, and gives back memory that was claimed and never sent. */
    void close() {
        for (final DatagramPort port : ports) {
            if (port != null) {
                port.close();
            }
        }
        flushPorts();
        slab.release();
        if (large != null) {
            large.release();
            large = null;
        }
    }

    /** Counts a message handed to a connection of this loop that has just opened. */
    void countSent(final ByteBuf message, final Transport transport) {
        copyFrom.wrap(message.memoryAddress() + message.readerIndex(), message.readableBytes());
        countSent(message.readableBytes(), transport, Traffic.kindOf(copyFrom, 0, message.readableBytes()));
    }

    private void countSent(final int length, final Transport transport, final int kind) {
        traffic.sent(transport, kind);
        counters.increment(Counter.SENT);
        counters.add(Counter.BYTES_SENT, length);
        unflushed++;
    }

    /**
     * Says when what was sent since the last call was sent: the clock is read once per handled message, not per send.
     */
    void sentBy(final long nowNs) {
        while (stamped < timed) {
            if (sentNs[stamped] == Origin.NOT_TIMED) {
                sentNs[stamped] = nowNs;
            }
            stamped++;
        }
    }

    /** Counts and times a message handed to a socket of this loop. */
    void sent(final int length, final Origin origin) {
        countSent(length, origin.transport, origin.kind);
        if (timed < TIMED) {
            kinds[timed] = (byte) origin.kind;
            receivedNs[timed] = origin.receivedNs;
            sentNs[timed++] = origin.sentNs;
        }
    }

    private void sendDatagram(final int length, final Destination destination, final Origin origin) {
        final int listenPoint = destination.listenPoint;
        final DatagramPort port = listenPoint >= 0 && listenPoint < ports.length ? ports[listenPoint] : null;
        if (port == null || destination.port < 1 || destination.port > 65_535 || !takes(listenPoint, destination)) {
            failed(origin, Counter.UNSENT_UNREACHABLE);
            return;
        }
        dirtyPorts |= 1L << listenPoint;
        countResponse(length, destination, origin);
        port.send(claimedView.addressOffset(), length, destination, origin);
        if (claimedLarge) {
            largeSent.add(large);
            large = null;
        } else {
            slotsTaken++;
        }
    }

    private void countResponse(final int length, final Destination destination, final Origin origin) {
        if (origin.kind == Traffic.RESPONSE && length > STATUS_CODE + 2) {
            filters.get().sent(destination, (claimedView.getByte(STATUS_CODE) - '0') * 100
                    + (claimedView.getByte(STATUS_CODE + 1) - '0') * 10 + claimedView.getByte(STATUS_CODE + 2) - '0',
                    loop);
        }
    }

    private boolean takes(final int listenPoint, final Destination destination) {
        return IpAddress.isIpv4(destination.addressHigh, destination.addressLow) ? takesIpv4[listenPoint]
                : takesIpv6[listenPoint];
    }

    private void sendStream(final int length, final Destination destination, final Origin origin) {
        Connection connection = null;
        if (destination.connection != 0) {
            final int owner = Connections.loopOf(destination.connection);
            if (owner != loop) {
                crossOver(length, destination, origin, owner);
                return;
            }
            connection = connections.find(destination.connection);
        }
        if (connection == null) {
            connections.identify(destination);
            connection = peers.registry().find(remote.set(destination.addressHigh, destination.addressLow,
                    destination.port, RemoteKey.kind(destination.transport, destination.identity)));
            if (connection == null && destination.transport == Transport.TLS) {
                connection = connections.aliasOf(destination);
            }
            if (connection != null && connection.loop() != loop) {
                destination.connection = connection.id();
                crossOver(length, destination, origin, connection.loop());
                return;
            }
        }
        if (connection == null) {
            connection = connections.open(destination);
        }
        if (connection == null) {
            failed(origin, Counter.UNSENT_UNREACHABLE);
        } else {
            countResponse(length, destination, origin);
            connection.send(copy(claimedView.addressOffset(), length), origin);
        }
    }

    private void crossOver(final int length, final Destination destination, final Origin origin, final int owner) {
        if (origin.sentNs == Origin.NOT_TIMED) {
            origin.sentNs = System.nanoTime();
        }
        if (owner < peers.loops() && peers.loop(owner).queue().offer(claimedView, 0, length, destination, origin)) {
            dirtyLoops |= 1L << owner;
        } else {
            failed(origin, Counter.UNSENT_QUEUE_FULL);
        }
    }

    /** A copy that outlives the flush, of {@code length} bytes at memory {@code address}. */
    ByteBuf copy(final long address, final int length) {
        final ByteBuf bytes = allocator.directBuffer(length);
        copyFrom.wrap(address, length);
        copyTo.wrap(bytes.memoryAddress(), length);
        copyTo.putBytes(0, copyFrom, 0, length);
        return bytes.writerIndex(length);
    }

    private void recordStages() {
        final long nowNs = System.nanoTime();
        sentBy(nowNs);
        for (int i = 0; i < timed; i++) {
            stages.record(Stage.EGRESS, nowNs - sentNs[i]);
            if (receivedNs[i] != 0) {
                stages.record(Stage.TOTAL, nowNs - receivedNs[i]);
                traffic.forwarded(kinds[i], nowNs - receivedNs[i]);
            }
        }
        timed = 0;
        stamped = 0;
    }
}
