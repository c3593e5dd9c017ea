package org.tandemsip.server;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.function.ToIntFunction;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.handler.HostName;
import org.tandemsip.engine.handler.ListenPoint;
import org.tandemsip.engine.handler.NameService;
import org.tandemsip.engine.handler.ShardCommand;
import org.tandemsip.engine.routing.Cidr;
import org.tandemsip.engine.routing.RoutingPolicy;
import org.tandemsip.server.dns.Answer;
import org.tandemsip.server.dns.Domain;
import org.tandemsip.server.dns.Hop;
import org.tandemsip.server.dns.HostAddresses;
import org.tandemsip.server.dns.Located;
import org.tandemsip.server.dns.Names;
import org.tandemsip.server.dns.Reach;
import org.tandemsip.server.transport.Network;

/** Looks up the host names that messages lead to, for the shards that ask. */
final class WireNames implements NameService {
    private final Names names;
    private final Reach reach;
    private final Supplier<RoutingPolicy> policy;
    private final ToIntFunction<String> identities;
    private final ShardMail mail;
    private volatile Network network;

    /**
     * @param policy     what requests are routed by now: addresses that it names may be sent to whatever they are
     * @param identities gives the number of a name that a certificate has to show
     * @param mail       brings the answers
     */
    WireNames(final Names names, final Reach reach, final Supplier<RoutingPolicy> policy,
            final ToIntFunction<String> identities, final ShardMail mail) {
        this.identities = identities;
        this.names = names;
        this.reach = reach;
        this.policy = policy;
        this.mail = mail;
    }

    /** Names the network whose shards are answered. */
    void answer(final Network startedNetwork) {
        network = startedNetwork;
    }

    @Override
    public boolean lookUp(final int shard, final HostName name) {
        names.locateStranger(new Domain(name.host(), name.port(), name.transport(), false), reach,
                located -> mail.give(shard, new ShardCommand.Resolved(answer(name, located))));
        return true;
    }

    private HostName.Answer answer(final HostName name, final Located located) {
        final List<HostName.Hop> hops = new ArrayList<>();
        for (final Hop hop : located.hops()) {
            if (HostAddresses.mayBeTaken(hop.high(), hop.low(), named()) && !isOurs(hop)) {
                hops.add(new HostName.Hop(hop.transport(), hop.high(), hop.low(), hop.port(), hop.tier(),
                        hop.weight(), hop.transport() == Transport.TLS ? identities.applyAsInt(name.host()) : 0));
            } else {
                names.counters().forbidden();
            }
        }
        return new HostName.Answer(name, List.copyOf(hops), located.kind() == Answer.Kind.FAILED,
                Math.max(TimeUnit.SECONDS.toNanos(1), located.expiresNs() - names.nowNs()));
    }

    /** A name that leads to us would only bring the request back. */
    private boolean isOurs(final Hop hop) {
        for (final ListenPoint point : network == null ? List.<ListenPoint>of() : network.listenPoints()) {
            if (point.port() == hop.port() && point.addressHigh() == hop.high() && point.addressLow() == hop.low()) {
                return true;
            }
        }
        return false;
    }

    private List<Cidr> named() {
        final List<Cidr> ranges = new ArrayList<>();
        final RoutingPolicy now = policy.get();
        now.trunks().forEach(trunk -> {
            ranges.addAll(trunk.allow());
            trunk.peers().forEach(peer -> ranges.add(new Cidr(peer.addressHigh(), peer.addressLow(), 128)));
        });
        now.routes().forEach(route -> ranges.addAll(route.within()));
        return ranges;
    }
}
