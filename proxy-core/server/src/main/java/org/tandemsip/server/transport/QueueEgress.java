package org.tandemsip.server.transport;

import java.nio.ByteBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.handler.Destination;
import org.tandemsip.engine.handler.Egress;
import org.tandemsip.engine.handler.ShardCommand;
import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.engine.metrics.Counters;
import org.tandemsip.engine.metrics.StageTimers;

/**
 * Way out of a shard that has a thread of its own: through the queue of the loop that owns the socket, with one wake-up
 * per loop and turn. Shard thread only.
 */
final class QueueEgress implements Egress {
    private final int shard;
    private final Peers peers;
    private final Counters counters;
    private final StageTimers stages;
    private final Destination copy = new Destination();
    private final Origin origin = new Origin();
    private final RemoteKey remote = new RemoteKey();
    private UnsafeBuffer scratch = new UnsafeBuffer(ByteBuffer.allocateDirect(8_192));
    private int queued;
    private long dirtyLoops;

    QueueEgress(final int shard, final Peers peers, final Counters counters, final StageTimers stages) {
        this.shard = shard;
        this.peers = peers;
        this.counters = counters;
        this.stages = stages;
    }

    @Override
    public MutableDirectBuffer claim(final int length) {
        if (scratch.capacity() < length) {
            scratch = new UnsafeBuffer(ByteBuffer.allocateDirect(Math.max(length, 65_536)));
        }
        return scratch;
    }

    @Override
    public void send(final int length, final Destination destination, final long correlation) {
        copy.set(destination);
        origin.set(shard, correlation, stages.receivedNs(), System.nanoTime());
        final int loop = loopFor(copy);
        if (peers.loop(loop).queue().offer(scratch, 0, length, copy, origin)) {
            dirtyLoops |= 1L << loop;
            queued++;
            return;
        }
        counters.increment(Counter.UNSENT_QUEUE_FULL);
        if (correlation != 0 && !peers.shard(shard).shard().command(new ShardCommand.SendFailed(correlation, true))) {
            counters.increment(Counter.COMMANDS_REFUSED);
        }
    }

    @Override
    public int flush() {
        final int flushed = queued;
        queued = 0;
        for (long dirty = dirtyLoops; dirty != 0; dirty &= dirty - 1) {
            peers.loop(Long.numberOfTrailingZeros(dirty)).wake();
        }
        dirtyLoops = 0;
        return flushed;
    }

    /** The loop that has the connection, or will; for UDP always the same one, so that datagrams keep their order. */
    private int loopFor(final Destination destination) {
        if (destination.transport == Transport.UDP) {
            return shard % peers.loops();
        }
        if (destination.connection != 0 && Connections.loopOf(destination.connection) < peers.loops()) {
            return Connections.loopOf(destination.connection);
        }
        remote.set(destination.addressHigh, destination.addressLow, destination.port,
                RemoteKey.kind(destination.transport, destination.identity));
        final Connection connection = peers.registry().find(remote);
        return connection != null ? connection.loop() : Math.floorMod(remote.hashCode(), peers.loops());
    }
}
