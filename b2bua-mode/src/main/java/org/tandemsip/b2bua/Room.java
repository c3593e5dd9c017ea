package org.tandemsip.b2bua;

import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.engine.metrics.Counters;
import org.tandemsip.engine.routing.Peer;
import org.tandemsip.engine.routing.PeerState;
import org.tandemsip.engine.routing.Target;
import org.tandemsip.engine.routing.Trunk;
import org.tandemsip.engine.routing.TrunkState;

/** The room that a call takes in the trunks whose calls are counted. Part of a {@link Call}; shard thread only. */
final class Room {
    private final Counters counters;
    private TrunkState in;
    private TrunkState out;
    private PeerState peer;

    Room(final Counters counters) {
        this.counters = counters;
    }

    /** Takes room in the trunk that a call comes from; {@code false} when there is none. @param must despite limits */
    boolean take(final Trunk from, final boolean must) {
        if (from.countsCalls()) {
            if (!from.state().tryCall(must ? 0 : from.maxCalls())) {
                counters.increment(Counter.LIMITED_CALLS);
                return false;
            }
            in = from.state();
        }
        return true;
    }

    /** Takes room in the trunk that a call goes to. */
    boolean take(final Target target, final boolean must) {
        final Trunk trunk = target.trunk;
        if (trunk == null || !trunk.countsCalls()) {
            return true;
        }
        if (!trunk.state().tryCall(must ? 0 : trunk.maxCalls())) {
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
    void resume(final Trunk from, final Trunk to, final Peer called) {
        if (from.countsCalls()) {
            in = from.state();
            in.tryCall(0);
        }
        if (to != null && to.countsCalls()) {
            out = to.state();
            out.tryCall(0);
            if (called != null) {
                peer = called.state();
                peer.callBegins();
            }
        }
    }

    /** Gives back what was taken where a call goes to. */
    void giveBackTarget() {
        if (out != null) {
            out.endCall();
            out = null;
        }
        if (peer != null) {
            peer.callEnds();
            peer = null;
        }
    }

    /** Gives back everything. */
    void giveBack() {
        giveBackTarget();
        if (in != null) {
            in.endCall();
            in = null;
        }
    }
}
