package org.tandemsip.engine.proxy;

import org.tandemsip.engine.routing.PeerState;
import org.tandemsip.engine.routing.TrunkState;
import org.tandemsip.engine.timer.TimerNode;

/**
 * A call that counts against the limits of its trunks, from its INVITE to the answer to its BYE. Is its own timer,
 * which looks from time to time whether the end of the call has been missed. Pooled by {@link Calls}; shard
 * thread only.
 */
final class Call extends TimerNode {
    /**
     * One branch of the call, and what it holds: room in the trunk that it went to, where that counts its calls. With
     * no limit there it is known all the same, for the trunk that the call came from.
     */
    static final class Leg {
        /** Most dialogs that one branch can have made by being forked further on; more are not told apart. */
        private static final int MOST_DIALOGS = 4;

        /** Trunk that it takes room in, or {@code null}. */
        TrunkState trunk;
        PeerState peer;
        Leg next;
        private final long[] dialogs = new long[MOST_DIALOGS];
        private int size;

        Leg set(final TrunkState ofTrunk, final PeerState ofPeer) {
            trunk = ofTrunk;
            peer = ofPeer;
            next = null;
            size = 0;
            return this;
        }

        boolean established() {
            return size > 0;
        }

        boolean has(final long dialog) {
            return indexOf(dialog) >= 0;
        }

        /** Takes a dialog in; returns whether it was not there. */
        boolean add(final long dialog) {
            if (size == MOST_DIALOGS || indexOf(dialog) >= 0) {
                return false;
            }
            dialogs[size++] = dialog;
            return true;
        }

        int dialogs() {
            return size;
        }

        /** Takes a dialog out; returns whether it was there. */
        boolean remove(final long dialog) {
            final int at = indexOf(dialog);
            if (at >= 0) {
                dialogs[at] = dialogs[--size];
            }
            return at >= 0;
        }

        private int indexOf(final long dialog) {
            for (int i = 0; i < size; i++) {
                if (dialogs[i] == dialog) {
                    return i;
                }
            }
            return -1;
        }
    }

    /** Call-ID and the caller's tag. */
    long key;
    /** Slot of this object and number of its use; see {@code Places}. */
    long place;
    /** Trunk that the call came from, where that counts its calls; else {@code null}. */
    TrunkState from;
    /** What all trunks carry together, where that is limited; else {@code null}. */
    TrunkState total;
    /** Its branches. */
    Leg legs;
    /** Number of them. */
    int size;
    /** INVITEs of this call without a final response; more than one where somebody has forked before us. */
    int settingUp;
    /** When it counts as over though no end was seen. */
    long untilNs;
    /** Next free one of the pool. */
    Call nextFree;

    private final Calls calls;

    Call(final Calls calls) {
        this.calls = calls;
    }

    @Override
    protected void expired(final long nowNs) {
        calls.onTick(this, nowNs);
    }
}
