package org.tandemsip.engine.client;

import org.tandemsip.codec.SipMessage;
import org.tandemsip.engine.handler.ShardCommand;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.routing.Branches;
import org.tandemsip.engine.routing.ListenPoints;
import org.tandemsip.engine.routing.Registration;
import org.tandemsip.engine.routing.RoutingPolicy;
import org.tandemsip.engine.routing.Trunk;
import org.tandemsip.engine.transaction.Transactions;

/** All requests of our own that a shard sends: probes of peers, registrations with trunks, pings of phones. */
public final class OwnRequests {
    private final Probes probes;
    private final TrunkRegistrations registrations;
    private final PhonePings pings;

    /** Makes those of one shard. */
    public OwnRequests(final ShardContext context, final Transactions transactions, final Branches branches,
            final ListenPoints listenPoints) {
        probes = new Probes(context, transactions, branches, listenPoints);
        registrations = new TrunkRegistrations(context, transactions, branches, listenPoints);
        pings = new PhonePings(context, branches, listenPoints);
    }

    /** Probes a peer of {@code policy}, if there is such a one. */
    public void probe(final ShardCommand.Probe order, final RoutingPolicy policy, final long nowNs) {
        for (final Trunk trunk : policy.trunks()) {
            if (trunk.name().equals(order.trunk()) && order.peer() < trunk.peers().size()) {
                probes.send(trunk, trunk.peers().get(order.peer()), order.callId(), order.among(), nowNs);
            }
        }
    }

    /** Registers an address with a trunk, or has it forgotten. */
    public void register(final ShardCommand.Register order, final long nowNs) {
        registrations.send((Registration) order.what(), order.remove(), nowNs);
    }

    /** Asks phones for a sign of life. */
    public void ping(final ShardCommand.PingPhones order, final long nowNs) {
        for (final ShardCommand.PhonePing ping : order.pings()) {
            pings.send(ping, nowNs);
        }
    }

    /** Whether a response with a branch of ours that was just read is one to a ping of a phone: nobody waits for it. */
    public boolean isPong(final SipMessage response) {
        return pings.isAnswer(response);
    }
}
