package org.tandemsip.engine.transaction;

import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.engine.handler.Destination;
import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.engine.timer.TimerLanes.Lane;
import org.tandemsip.engine.timer.TimerNode;

/**
 * What all four machines have in common: a key in a table, two timers, and at most two kept messages. One object
 * serves one transaction after another; {@link Transactions} owns it. Shard thread only.
 *
 * <p>The first timer retransmits (A, E, G). The second ends a state (B, D, F, H, I, J, K, L, M): they never run at
 * the same time, so one node serves them all.
 */
abstract sealed class Transaction permits ClientTransaction, ServerTransaction {
    final Transactions owner;
    final Destination destination = new Destination();
    TransactionUser user;
    TransactionLanes lanes;
    /** Key in the table: keyed, so its bits are spread evenly and nobody can choose them. */
    long key;
    /** Next object of the pool while this one lies in it. */
    Transaction nextFree;

    private final TimerNode retransmitTimer = new TimerNode() {
        @Override
        protected void expired(final long nowNs) {
            onRetransmitTimer(nowNs);
        }
    };
    private final TimerNode stateTimer = new TimerNode() {
        @Override
        protected void expired(final long nowNs) {
            onStateTimer(nowNs);
        }
    };
    private int request = MessageMemory.NONE;
    private int requestLength;
    private int last = MessageMemory.NONE;
    private int lastLength;
    private int retransmissions;

    Transaction(final Transactions owner) {
        this.owner = owner;
    }

    /** Timer A, E or G ran out. */
    abstract void onRetransmitTimer(long nowNs);

    /** The timer that ends the state ran out. */
    abstract void onStateTimer(long nowNs);

    /** Whether no retransmission timers run (RFC 3261 section 17: reliable transports). */
    final boolean stream() {
        return destination.transport.stream();
    }

    final void armRetransmit(final Lane lane, final long nowNs) {
        owner.timers.arm(retransmitTimer, lane, nowNs);
    }

    final void armState(final Lane lane, final long nowNs) {
        owner.timers.arm(stateTimer, lane, nowNs);
    }

    final void cancelRetransmit() {
        owner.timers.cancel(retransmitTimer);
    }

    final void cancelTimers() {
        owner.timers.cancel(retransmitTimer);
        owner.timers.cancel(stateTimer);
    }

    /** Counts a retransmission by timer; returns how many there have been. */
    final int countRetransmission() {
        user.onRetransmission();
        return ++retransmissions;
    }

    /** Keeps a copy of the request; {@code false} when there is no room. */
    final boolean keepRequest(final DirectBuffer bytes, final int length) {
        releaseRequest();
        request = owner.memory.copy(bytes, 0, length);
        requestLength = length;
        return request != MessageMemory.NONE;
    }

    /**
     * Keeps a copy of the message sent last, instead of the one before; without room there is just nothing to repeat.
     */
    final void keepLast(final DirectBuffer bytes, final int length) {
        releaseLast();
        last = owner.memory.copy(bytes, 0, length);
        lastLength = length;
    }

    /** The Reason rows kept with {@link #keepLast} until a CANCEL may be sent. */
    final CancelReason readLast(final CancelReason into) {
        return last == MessageMemory.NONE ? CancelReason.NONE
                : into.set(owner.memory.buffer(last), owner.memory.offset(last), lastLength);
    }

    /** Whether the request is kept. */
    public final boolean hasRequest() {
        return request != MessageMemory.NONE;
    }

    /** Wraps and indexes {@code into} over the kept request. */
    final void readRequest(final SipMessage into) {
        owner.parse(into, owner.memory.buffer(request), owner.memory.offset(request), requestLength);
    }

    /** Points {@code into} at the kept request with the index of {@code original}, of which it is the copy. */
    final void copyIndex(final SipMessage original, final SipMessage into) {
        into.copyIndexFrom(original, owner.memory.buffer(request), owner.memory.offset(request));
    }

    final void sendRequestAgain(final long correlation) {
        sendAgain(request, requestLength, correlation);
    }

    final void sendLastAgain(final long correlation) {
        sendAgain(last, lastLength, correlation);
    }

    final void releaseRequest() {
        if (request != MessageMemory.NONE) {
            owner.forget(this);
            owner.memory.free(request);
            request = MessageMemory.NONE;
        }
    }

    final void releaseLast() {
        owner.memory.free(last);
        last = MessageMemory.NONE;
    }

    /** Stops the timers and gives back all memory: the object is ready for its next transaction. */
    void reset() {
        cancelTimers();
        releaseRequest();
        releaseLast();
        retransmissions = 0;
        user = null;
        if (lanes != null) {
            lanes.release();
            lanes = null;
        }
    }

    private void sendAgain(final int handle, final int length, final long correlation) {
        if (handle == MessageMemory.NONE) {
            return;
        }
        final MutableDirectBuffer out = owner.egress.claim(length);
        out.putBytes(0, owner.memory.buffer(handle), owner.memory.offset(handle), length);
        owner.counters.increment(Counter.RETRANSMISSIONS_SENT);
        owner.egress.send(length, destination, correlation);
    }
}
