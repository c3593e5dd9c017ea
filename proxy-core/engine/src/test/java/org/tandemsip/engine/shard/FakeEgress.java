package org.tandemsip.engine.shard;

import org.agrona.MutableDirectBuffer;
import org.tandemsip.engine.handler.Destination;
import org.tandemsip.engine.handler.Egress;

/** Counts flushes; nobody sends here. */
final class FakeEgress implements Egress {
    int flushes;
    boolean broken;

    @Override
    public MutableDirectBuffer claim(final int length) {
        throw new AssertionError("nobody sends here");
    }

    @Override
    public void send(final int length, final Destination destination, final long correlation) {
        throw new AssertionError("nobody sends here");
    }

    @Override
    public int flush() {
        flushes++;
        if (broken) {
            throw new IllegalStateException("broken egress");
        }
        return 0;
    }
}
