package org.tandemsip.server;

import java.util.List;
import org.tandemsip.engine.handler.Destination;
import org.tandemsip.engine.handler.Emergencies;
import org.tandemsip.engine.handler.Source;
import org.tandemsip.engine.routing.Cidr;
import org.tandemsip.engine.routing.RoutingPolicy;
import org.tandemsip.engine.routing.Trunk;
import org.tandemsip.server.transport.SourceFilter;

/** What I/O loops have to know of a routing policy, which they may not see themselves. Immutable. */
final class PolicyFilter implements SourceFilter {
    private final RoutingPolicy policy;
    private final List<Cidr> balancers;
    private final boolean limitsSources;
    private final boolean miscounts;

    /** @param balancers who is believed what they say of where a connection comes from */
    PolicyFilter(final RoutingPolicy policy, final List<Cidr> balancers) {
        this.policy = policy;
        this.balancers = balancers;
        miscounts = policy.trunks().stream().anyMatch(trunk -> trunk.profile().gb28181() != null);
        limitsSources = policy.trunks().stream().anyMatch(trunk -> trunk.trust().sourceRate() > 0);
    }

    @Override
    public int trunkOf(final Source source) {
        final Trunk trunk = policy.trunkOf(source);
        return trunk == null ? UNKNOWN : trunk.index();
    }

    @Override
    public void received(final Source source, final int statusCode, final int loop) {
        final Trunk trunk = policy.trunkOf(source);
        if (trunk != null) {
            trunk.state().responses(loop).count(true, statusCode);
        }
    }

    @Override
    public void sent(final Destination destination, final int statusCode, final int loop) {
        final Trunk trunk = policy.trunkOf(destination);
        if (trunk != null) {
            trunk.state().responses(loop).count(false, statusCode);
        }
    }

    @Override
    public String nameOf(final Source source) {
        final Trunk trunk = policy.trunkOf(source);
        return trunk == null ? null : trunk.name();
    }

    @Override
    public boolean balancer(final Source source) {
        return Cidr.anyContains(balancers, source.addressHigh, source.addressLow);
    }

    @Override
    public Emergencies emergencies() {
        return policy.emergencies();
    }

    @Override
    public boolean limitsSources() {
        return limitsSources;
    }

    @Override
    public boolean miscounts() {
        return miscounts;
    }

    @Override
    public boolean miscounts(final Source source) {
        final Trunk trunk = policy.trunkOf(source);
        return trunk != null && trunk.profile().gb28181() != null;
    }

    /** Peers are never limited: they are who the operator has named, not who happens to come. */
    @Override
    public int sourceRate(final Source source) {
        final Trunk trunk = policy.trunkOf(source);
        return trunk == null || trunk.trust().sourceRate() == 0
                || trunk.hasPeer(source.addressHigh, source.addressLow) ? 0 : trunk.trust().sourceRate();
    }
}
