package org.tandemsip.server.transport;

import org.agrona.MutableDirectBuffer;
import org.tandemsip.engine.handler.Destination;
import org.tandemsip.engine.handler.Egress;
import org.tandemsip.engine.metrics.StageTimers;

/** Way out of a shard that runs on a loop: straight to the loop's own sockets. Loop thread only. */
final class LoopEgress implements Egress {
    private final int shard;
    private final Outbound outbound;
    private final StageTimers stages;
    private final Destination copy = new Destination();
    private final Origin origin = new Origin();

    LoopEgress(final int shard, final Outbound outbound, final StageTimers stages) {
        this.shard = shard;
        this.outbound = outbound;
        this.stages = stages;
    }

    @Override
    public MutableDirectBuffer claim(final int length) {
        return outbound.claim(length);
    }

    @Override
    public void send(final int length, final Destination destination, final long correlation) {
        outbound.send(length, copy.set(destination),
                origin.set(shard, correlation, stages.receivedNs(), Origin.NOT_TIMED));
    }

    @Override
    public void sentBy(final long nowNs) {
        outbound.sentBy(nowNs);
    }

    @Override
    public int flush() {
        return outbound.flush();
    }
}
