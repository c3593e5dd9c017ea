package org.tandemsip.testkit.sim;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.tandemsip.engine.handler.Destination;
import org.tandemsip.engine.handler.Egress;

/**
 * The way out of a simulated shard. Stricter than the real one: claimed memory is exactly as long as asked for, and is
 * overwritten as soon as it was sent, so that whoever writes too much or too late is caught.
 */
final class SimEgress implements Egress {
    /** Takes what a flush hands over. */
    interface Wire {
        /** Puts one message on the network. */
        void transmit(byte[] message, Destination destination, long correlation);
    }

    private record Outgoing(byte[] message, Destination destination, long correlation) {}

    private static final byte POISON = (byte) 0xDD;

    private final Wire wire;
    private final byte[] memory = new byte[65_536];
    private final UnsafeBuffer claimed = new UnsafeBuffer(memory, 0, 0);
    private final List<Outgoing> queue = new ArrayList<>();
    private boolean open;

    SimEgress(final Wire wire) {
        this.wire = wire;
    }

    @Override
    public MutableDirectBuffer claim(final int length) {
        if (length < 0 || length > 65_535) {
            throw new IllegalStateException("claim of " + length + " bytes");
        }
        claimed.wrap(memory, 0, length);
        open = true;
        return claimed;
    }

    @Override
    public void send(final int length, final Destination destination, final long correlation) {
        if (!open || length <= 0 || length > claimed.capacity()) {
            throw new IllegalStateException(
                    "send of " + length + " bytes, claimed " + claimed.capacity() + ", " + open);
        }
        open = false;
        queue.add(new Outgoing(Arrays.copyOf(memory, length), new Destination().set(destination), correlation));
        Arrays.fill(memory, 0, length, POISON);
    }

    @Override
    public int flush() {
        final List<Outgoing> sending = new ArrayList<>(queue);
        queue.clear();
        for (final Outgoing outgoing : sending) {
            wire.transmit(outgoing.message, outgoing.destination, outgoing.correlation);
        }
        return sending.size();
    }

    /** Messages sent and not flushed. */
    int unflushed() {
        return queue.size();
    }
}
