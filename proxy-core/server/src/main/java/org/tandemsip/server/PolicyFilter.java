package org.tandemsip.server;

import org.tandemsip.engine.handler.Emergencies;
import org.tandemsip.engine.handler.Source;
import org.tandemsip.engine.routing.RoutingPolicy;
import org.tandemsip.engine.routing.Trunk;
import org.tandemsip.server.transport.SourceFilter;

/** What I/O loops have to know of a routing policy, which they may not see themselves. Immutable. */
record PolicyFilter(RoutingPolicy policy) implements SourceFilter {
    @Override
    public int trunkOf(final Source source) {
        final Trunk trunk = policy.trunkOf(source);
        return trunk == null ? UNKNOWN : trunk.index();
    }

    @Override
    public Emergencies emergencies() {
        return policy.emergencies();
    }
}
