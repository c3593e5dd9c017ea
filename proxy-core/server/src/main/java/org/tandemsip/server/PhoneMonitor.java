package org.tandemsip.server;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.handler.Destination;
import org.tandemsip.engine.handler.ShardCommand;
import org.tandemsip.engine.registrar.Binding;
import org.tandemsip.engine.registrar.Bindings;
import org.tandemsip.engine.registrar.Flow;
import org.tandemsip.engine.routing.ListenPoints;
import org.tandemsip.engine.routing.Registry;
import org.tandemsip.server.transport.Network;

/**
 * Has phones behind a NAT pinged in time: goes through the table of users once per period, a few users per turn, so
 * that the pings are spread evenly and there are never more than {@link #MOST_USERS} users' at once. Called on the
 * thread of {@link PeerMonitor}.
 *
 * <p>Whom: who has registered over UDP from an address that its Contact does not name, and has no flow of its own to
 * look after (RFC 5626 section 4.4). Streams are kept open by TCP itself.
 */
final class PhoneMonitor {
    /** Users looked at per turn: with turns of 100 ms enough for 300,000 in 30 s; more wait longer. */
    private static final int MOST_USERS = 1_000;

    private final Network network;
    private final ListenPoints listenPoints;
    private Iterator<Bindings> round = Collections.emptyIterator();
    private long turnedNs;
    private double due;
    private int shard;

    PhoneMonitor(final Network network, final long nowNs) {
        this.network = network;
        listenPoints = new ListenPoints(network.listenPoints());
        turnedNs = nowNs;
    }

    /** Does what is due. @param nowMs time of day, in milliseconds since 1970 */
    void turn(final Registry registry, final long nowNs, final long nowMs) {
        final long elapsedNs = nowNs - turnedNs;
        turnedNs = nowNs;
        if (registry == null || registry.rules().pingNs() == 0 || registry.table().users() == 0) {
            return;
        }
        due = Math.min(MOST_USERS, due + (double) elapsedNs * registry.table().users() / registry.rules().pingNs());
        final List<ShardCommand.PhonePing> pings = new ArrayList<>();
        for (; due >= 1; due--) {
            if (!round.hasNext()) {
                round = registry.table().iterator();
            }
            if (round.hasNext()) {
                add(round.next(), nowMs, pings);
            }
        }
        if (!pings.isEmpty()) {
            shard = (shard + 1) % network.shards();
            network.command(shard, new ShardCommand.PingPhones(pings));
        }
    }

    private void add(final Bindings bindings, final long nowMs, final List<ShardCommand.PhonePing> pings) {
        for (int i = 0; i < bindings.size(); i++) {
            final Binding binding = bindings.get(i);
            final Flow flow = binding.flow();
            if (flow != null && flow.pinned() && flow.transport() == Transport.UDP && binding.regId() == 0
                    && binding.isLive(nowMs)) {
                final Destination to = new Destination();
                to.addressHigh = flow.addressHigh();
                to.addressLow = flow.addressLow();
                to.port = flow.port();
                to.listenPoint = listenPoints.of(flow.local(), listenPoints.select(Transport.UDP, flow.addressHigh(),
                        flow.addressLow(), ListenPoints.NONE));
                if (to.listenPoint != ListenPoints.NONE) {
                    pings.add(new ShardCommand.PhonePing(to, binding.contact()));
                }
            }
        }
    }
}
