package org.tandemsip.b2bua;

import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.engine.metrics.Counters;
import org.tandemsip.engine.routing.Peer;
import org.tandemsip.engine.routing.PeerState;
import org.tandemsip.engine.routing.Target;
import org.tandemsip.engine.routing.Total;
import org.tandemsip.engine.routing.Trunk;
import org.tandemsip.engine.routing.TrunkState;

/**
 * The room that a call takes in its trunks, and in what all of them carry together. Part of a {@link Call}; shard
 * thread only.
 */
final class Room {
    private final Counters counters;
    private TrunkState in;
    private TrunkState total;
    private TrunkState out;
    private PeerState peer;
    private int dialogs;

    Room(final Counters counters) {
        this.counters = counters;
    }

    /** Takes room in the trunk that a call comes from; {@code false} when there is none. @param must despite limits */
    boolean take(final Trunk from, final Total all, final boolean must) {
        if (!from.state().tryCall(must ? 0 : from.maxCalls(), true)) {
            counters.increment(Counter.LIMITED_CALLS);
            return false;
        }
        in = from.state();
        if (!all.tryCall(must)) {
            in.endCall(true);
            in = null;
            counters.increment(Counter.LIMITED_CALLS);
            return false;
        }
        total = all.state();
        return true;
    }

    /** Takes room in the trunk that a call goes to. */
    boolean take(final Target target, final boolean must) {
        final Trunk trunk = target.trunk;
        if (trunk == null) {
            return true;
        }
        if (!trunk.state().tryCall(must ? 0 : trunk.maxCalls(), false)) {
            counters.increment(Counter.LIMITED_CALLS);
            return false;
        }
        out = trunk.state();
        if (target.peer != null) {
            peer = target.peer.state();
            peer.callBegins();
        }
        return true;
    }

    /** Takes the room of a call of an earlier process, whatever the limits are now. @param peer may be null */
    void resume(final Trunk from, final Total all, final Trunk to, final Peer called) {
        begin();
        in = from.state();
        in.tryCall(0, true);
        total = all.state();
        all.tryCall(true);
        if (to != null) {
            out = to.state();
            out.tryCall(0, false);
            if (called != null) {
                peer = called.state();
                peer.callBegins();
            }
        }
    }

    /** Gives back what was taken where a call goes to. */
    void giveBackTarget() {
        if (out != null) {
            out.endCall(false);
            out = null;
        }
        if (peer != null) {
            peer.callEnds();
            peer = null;
        }
    }

    /** The call is answered: it has two dialogs. */
    void begin() {
        dialogs = 2;
        counters.add(Counter.DIALOGS, dialogs);
    }

    /** Gives back everything. */
    void giveBack() {
        giveBackTarget();
        counters.add(Counter.DIALOGS, -dialogs);
        dialogs = 0;
        if (in != null) {
            in.endCall(true);
            in = null;
        }
        if (total != null) {
            total.endCall(true);
            total = null;
        }
    }
}
