package org.tandemsip.b2bua;

import org.tandemsip.engine.timer.TimerNode;

/** Something that a call has asked outside of its shard; is the timer of its patience. Pooled; shard thread only. */
final class Question extends TimerNode {
    /** Number of this use, by which the reply names it: {@link org.tandemsip.engine.handler.Places}. */
    long ticket;
    /** Who waits; {@code null} while nobody does. */
    Asker asker;
    /** Next free one of the pool. */
    Question nextFree;

    private final Questions owner;

    Question(final Questions owner) {
        this.owner = owner;
    }

    @Override
    protected void expired(final long nowNs) {
        owner.onNoReply(this, nowNs);
    }
}
