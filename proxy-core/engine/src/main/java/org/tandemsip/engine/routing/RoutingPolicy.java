package org.tandemsip.engine.routing;

import java.util.List;
import org.tandemsip.engine.handler.Policy;
import org.tandemsip.engine.handler.Source;
import org.tandemsip.engine.timer.Timing;

/**
 * Who may send, where requests go, and how they are treated: an immutable snapshot of the configuration, the same
 * object in all shards.
 */
public final class RoutingPolicy implements Policy {
    /**
     * @param mode        mode of routes that name none
     * @param trunks      all trunks, in the order of the configuration
     * @param routes      routes in the order of the configuration; the first match wins
     * @param timing      timer values
     * @param maxForwards Max-Forwards put into requests that carry none (RFC 3261 section 16.6 step 3); 70
     * @param recordRoute whether dialog-forming requests get a Record-Route
     */
    public RoutingPolicy(final Mode mode, final List<Trunk> trunks, final List<Route> routes, final Timing timing,
            final int maxForwards, final boolean recordRoute) {
        throw new UnsupportedOperationException();
    }

    /** Mode of routes that name none. */
    public Mode mode() {
        throw new UnsupportedOperationException();
    }

    /** All trunks. */
    public List<Trunk> trunks() {
        throw new UnsupportedOperationException();
    }

    /** All routes. */
    public List<Route> routes() {
        throw new UnsupportedOperationException();
    }

    /** Timer values. */
    public Timing timing() {
        throw new UnsupportedOperationException();
    }

    /** Max-Forwards put into requests that carry none. */
    public int maxForwards() {
        throw new UnsupportedOperationException();
    }

    /** Whether dialog-forming requests get a Record-Route. */
    public boolean recordRoute() {
        throw new UnsupportedOperationException();
    }

    /** This policy with another global mode. */
    public RoutingPolicy withMode(final Mode newMode) {
        throw new UnsupportedOperationException();
    }

    /**
     * The trunk that a source belongs to: the one that names its exact address and port as a peer, else the one whose
     * peer addresses or {@code allow} ranges hold it (longest prefix first); {@code null} when unknown. Allocates
     * nothing.
     */
    public Trunk trunkOf(final Source source) {
        throw new UnsupportedOperationException();
    }
}
