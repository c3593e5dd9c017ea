package org.tandemsip.server.transport;

import io.netty.buffer.ByteBuf;
import io.netty.channel.IoEvent;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoEvent;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.unix.FileDescriptor;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import org.tandemsip.engine.handler.Destination;
import org.tandemsip.engine.handler.OwnerHash;
import org.tandemsip.engine.handler.ShardCommand;
import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.linux.CallIdSteering;
import org.tandemsip.linux.SocketErrors;
import org.tandemsip.linux.UdpSocket;

/**
 * A UDP socket on the epoll loop, read by {@code recvmmsg} and written by {@code sendmmsg} without an object per
 * datagram. Netty's own datagram channel makes about six (200 bytes, measured) and asks the kernel twice for every
 * lone datagram.
 */
final class LinuxDatagrams implements DatagramPort, EpollIoHandle {
    /** Datagrams per system call. */
    private static final int BATCH = 32;
    /** Calls that read per readiness event, and per wait: bounds how long one socket keeps the loop. */
    private static final int READS = 2;
    /** How often a flush goes on after reports that have nothing to do with what it sends. */
    private static final int RETRIES = 16;
    /** Reports of ICMP taken per look, each of which costs a system call. */
    private static final int REPORTS = 32;
    /** Datagrams that may wait for the end of the turn, or for a congested socket. */
    private static final int QUEUE = 256;

    private final Loop loop;
    private final UdpIngress ingress;
    private final UdpSocket socket;
    private final SocketErrors errors = new SocketErrors();
    private final FileDescriptor descriptor;
    private final long[] addresses = new long[QUEUE];
    private final int[] lengths = new int[QUEUE];
    /** Copies of those that the kernel did not take at the flush; {@code null} for all others. */
    private final ByteBuf[] kept = new ByteBuf[QUEUE];
    private final int[] shards = new int[QUEUE];
    private final long[] correlations = new long[QUEUE];
    private volatile IoRegistration registration;
    private int first;
    private int end;
    private boolean blocked;
    private boolean stamping;
    private boolean closed;

    LinuxDatagrams(final Loop loop, final int listenPoint, final InetAddress address, final boolean shared)
            throws IOException {
        this.loop = loop;
        ingress = UdpIngress.ofStaying(loop, listenPoint, BATCH);
        socket = new UdpSocket(address instanceof Inet6Address, BATCH, QUEUE);
        descriptor = new FileDescriptor(socket.fd());
        boolean ready = false;
        try {
            socket.bufferBytes(loop.config().socketBuffer());
            socket.keepErrors();
            if (shared) {
                socket.shareAddress();
            }
            ready = true;
        } finally {
            if (!ready) {
                socket.close();
            }
        }
    }

    /**
     * Binds; returns the port. When the sockets of all loops have been bound to it, in the order of their loops, what
     * comes goes to the loop whose shard it is for. A kernel that does not do that chooses by the addresses.
     */
    int bind(final InetAddress address, final int port) throws IOException {
        final int bound = socket.bind(Addresses.high(address), Addresses.low(address), port);
        final int loops = loop.config().loops();
        if (loops > 1 && loop.index() == loops - 1) {
            final OwnerHash hash = loop.config().keys().ownerHash();
            CallIdSteering.attach(socket.fd(), loops, hash.seed(), hash.multiplier());
        }
        return bound;
    }

    @Override
    public FileDescriptor fd() {
        return descriptor;
    }

    @Override
    public void startReading() {
        registration = loop.eventLoop().register(this).syncUninterruptibly().getNow();
        registration.submit(EpollIoOps.EPOLLIN);
    }

    @Override
    public void stopReading() {
        if (registration != null) {
            registration.cancel();
        }
    }

    @Override
    public void handle(final IoRegistration ready, final IoEvent event) {
        if (closed) {
            return;
        }
        final EpollIoOps ops = ((EpollIoEvent) event).ops();
        if (ops.contains(EpollIoOps.EPOLLERR)) {
            takeErrors();
        }
        if (ops.contains(EpollIoOps.EPOLLOUT)) {
            blocked = false;
            ready.submit(EpollIoOps.EPOLLIN);
            flush();
        }
        if (ops.contains(EpollIoOps.EPOLLIN)) {
            read(false);
            for (int waits = 0; waits < SoleSocket.WAITS && loop.endCycleAndWait() && !blocked && !closed; waits++) {
                read(true);
            }
        }
    }

    @Override
    public void letThrough(final InviteShares shares) {
        if (!closed) {
            shares.writeTo(socket.newInvites());
            // Where the kernel takes no such filter, what it would have dropped is dropped here.
            socket.newInvites().attach();
        }
    }

    private void read(final boolean waiting) {
        loop.reads(this, waiting);
        int count = BATCH;
        for (int reads = 0; reads < READS && count == BATCH; reads++) {
            // The datagrams of the last call lie where this one will put new ones.
            loop.settle();
            count = waiting && reads == 0 ? socket.await() : socket.receive();
            if (waiting && reads == 0 && count == 0) {
                loop.silent();
            }
            final long receivedNs = count > 0 ? System.nanoTime() : 0;
            if (stamping && count > 0 && reads == 0) {
                loop.overload().waited(socket.waitedNs(0));
            }
            for (int i = 0; i < count; i++) {
                ingress.onDatagram(i, socket.datagram(i), socket.length(i), socket.sourceHigh(i),
                        socket.sourceLow(i), socket.sourcePort(i), receivedNs);
            }
        }
        if (count == BATCH) {
            loop.overload().unread(loop.memory().look(socket.fd())
                    ? (double) loop.memory().taken() / loop.memory().buffer()
                    : 0);
        }
        if (stamping != loop.overload().looking()) {
            stamping = !stamping;
            socket.stamp(stamping);
        }
    }

    @Override
    public void send(final long address, final int length, final Destination destination, final Origin origin) {
        if (end == QUEUE) {
            flush();
        }
        if (end == QUEUE || closed) {
            loop.outbound().failed(origin, Counter.UNSENT_QUEUE_FULL);
            return;
        }
        loop.outbound().sent(length, origin);
        socket.prepare(end, address, length, destination.addressHigh, destination.addressLow, destination.port);
        addresses[end] = address;
        lengths[end] = length;
        shards[end] = origin.shard;
        correlations[end] = origin.correlation;
        end++;
        if (blocked) {
            keep(end - 1);
        }
    }

    @Override
    public void flush() {
        int retries = 0;
        while (first < end && !blocked && !closed) {
            final int result = socket.send(first, end - first);
            if (result > 0) {
                for (int i = 0; i < result; i++) {
                    release();
                }
            } else if (result == UdpSocket.WOULD_BLOCK) {
                waitForRoom();
            } else if (retries < RETRIES && takeErrors()) {
                retries++;
            } else {
                // Unreachable, not permitted, too large: the fault of this one datagram alone.
                loop.outbound().failed(shards[first], correlations[first], Counter.UNSENT_UDP);
                release();
            }
        }
        if (first == end) {
            first = 0;
            end = 0;
        }
    }

    /**
     * Passes on what ICMP has reported; {@code false} when there was nothing. A report that nobody has taken fails a
     * datagram that has nothing to do with it: that one may be tried again.
     */
    private boolean takeErrors() {
        int taken = 0;
        while (taken < REPORTS && errors.next(socket.fd())) {
            taken++;
            if (errors.unreachable()) {
                loop.outbound().unreachable(new ShardCommand.Unreachable(errors.quoted(), errors.addressHigh(),
                        errors.addressLow(), errors.port()));
            }
        }
        return taken > 0;
    }

    /** The rest stays queued until epoll says that there is room. */
    private void waitForRoom() {
        if (registration != null && registration.isValid()) {
            blocked = true;
            for (int slot = first; slot < end; slot++) {
                keep(slot);
            }
            registration.submit(EpollIoOps.EPOLLIN.with(EpollIoOps.EPOLLOUT));
        } else {
            while (first < end) {
                loop.outbound().failed(shards[first], correlations[first], Counter.UNSENT_QUEUE_FULL);
                release();
            }
        }
    }

    private void keep(final int slot) {
        if (kept[slot] == null) {
            kept[slot] = loop.outbound().copy(addresses[slot], lengths[slot]);
            socket.moved(slot, kept[slot].memoryAddress());
        }
    }

    private void release() {
        if (kept[first] != null) {
            kept[first].release();
            kept[first] = null;
        }
        first++;
    }

    @Override
    public void close() {
        if (!closed) {
            loop.settle();
            blocked = false;
            flush();
            stopReading();
            closed = true;
            while (first < end) {
                release();
            }
            socket.close();
        }
    }
}
