package org.tandemsip.server;

import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.tandemsip.engine.handler.ShardCommand;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.routing.Peer;
import org.tandemsip.engine.routing.PeerState;
import org.tandemsip.engine.routing.ProbeTimes;
import org.tandemsip.engine.routing.RoutingPolicy;
import org.tandemsip.engine.routing.Trunk;
import org.tandemsip.engine.routing.WallClock;
import org.tandemsip.engine.shard.Shards;
import org.tandemsip.server.transport.Network;

/**
 * Has peers probed when it is time, and logs when one goes down or comes up; has {@link RegistrationMonitor} see after
 * registrations, and {@link PhoneMonitor} after phones. A thread of its own; the probes themselves are sent by the
 * shard that owns their Call-ID.
 */
final class PeerMonitor implements AutoCloseable {
    private static final long TURN_NS = TimeUnit.MILLISECONDS.toNanos(100);
    /** How long to wait for registrations to be taken back: a carrier that is there answers within that. */
    private static final long LEAVE_NS = TimeUnit.SECONDS.toNanos(1);
    private static final long LOOK_NS = TimeUnit.MILLISECONDS.toNanos(5);

    /** What is known of one peer. */
    private static final class Watched {
        private final ProbeTimes times;
        private PeerState.State last = PeerState.State.UP;
        /** A bit for each way that was down. */
        private long down;

        Watched(final ProbeTimes times) {
            this.times = times;
        }
    }

    private final Supplier<RoutingPolicy> policy;
    private final Network network;
    /** Time of day, which somebody may put right while the server runs. */
    private final WallClock clock;
    private final ShardContext.Keys keys;
    private final SecureRandom random = new SecureRandom();
    private final Map<PeerState, Watched> watched = new IdentityHashMap<>();
    private final Thread thread = new Thread(this::run, "peers");
    private final RegistrationMonitor registrations;
    private final PhoneMonitor phones;
    private volatile boolean stopped;

    PeerMonitor(final Supplier<RoutingPolicy> policy, final Network network, final ShardContext.Keys keys,
            final WallClock clock) {
        this.policy = policy;
        this.clock = clock;
        this.network = network;
        this.keys = keys;
        registrations = new RegistrationMonitor(network, keys);
        phones = new PhoneMonitor(network, System.nanoTime());
        thread.setDaemon(true);
        thread.start();
    }

    private void run() {
        while (!stopped) {
            clock.set(System.currentTimeMillis(), System.nanoTime());
            for (final Trunk trunk : policy.get().trunks()) {
                for (int i = 0; i < trunk.peers().size(); i++) {
                    look(trunk, i);
                }
            }
            registrations.turn(policy.get(), System.nanoTime());
            phones.turn(policy.get().registry(), System.nanoTime(), System.currentTimeMillis());
            LockSupport.parkNanos(TURN_NS);
        }
    }

    /** Takes all registrations back: no new calls are to come. */
    void leave() {
        registrations.leave();
        LockSupport.unpark(thread);
    }

    private void look(final Trunk trunk, final int place) {
        final Peer peer = trunk.peers().get(place);
        if (!trunk.ping().on()) {
            // A request sent under the configuration before may still report a failure, so this is not done only once.
            peer.state().on(PeerState.Order.UNPROBED);
        }
        final PeerState.State state = peer.state().state();
        final long nowNs = System.nanoTime();
        // Not all at once after a start.
        final Watched known = watched.computeIfAbsent(peer.state(), _ -> new Watched(
                new ProbeTimes(nowNs - random.nextLong(Math.max(1, trunk.ping().everyNs())))));
        if (state != known.last) {
            EventLog.warn("peer", "trunk", trunk.name(), "peer", peer.name(), "from", known.last, "to", state);
            known.last = state;
        }
        final long down = peer.state().down();
        if ((down & ~known.down) != 0) {
            network.command(new ShardCommand.PeerDown());
        }
        known.down = down;
        final long ways = known.times.due(trunk.ping(), peer.state(), nowNs);
        if (ways != 0) {
            probe(trunk, place, ways);
        }
    }

    /**
     * Gives an order to peers, or has them probed.
     *
     * @param peerName name or address and port of a peer, or {@code null} for all of the trunk
     * @param order    {@code null}: send a probe, and register again what is registered with the trunk
     * @return whether there is such a trunk and peer
     */
    boolean order(final String trunkName, final String peerName, final PeerState.Order order) {
        boolean found = false;
        for (final Trunk trunk : policy.get().trunks()) {
            for (int i = 0; i < trunk.peers().size(); i++) {
                final Peer peer = trunk.peers().get(i);
                if (!trunk.name().equals(trunkName) || peerName != null && !peerName.equals(peer.name())
                        && !peerName.equals(peer.hostPort())) {
                    continue;
                }
                found = true;
                if (order == null) {
                    renew(trunk);
                    probe(trunk, i, ProbeTimes.ALL);
                } else {
                    peer.state().on(order);
                }
            }
        }
        return found;
    }

    private static void renew(final Trunk trunk) {
        if (trunk.account().registration() != null) {
            trunk.account().registration().askNow(System.nanoTime());
        }
    }

    /**
     * Asks a peer now, whatever the configuration says; returns whether a shard took the order.
     *
     * @param among a bit for each listen point that is of interest
     */
    private boolean probe(final Trunk trunk, final int place, final long among) {
        final byte[] bytes = new byte[12];
        random.nextBytes(bytes);
        final byte[] callId = HexFormat.of().formatHex(bytes).getBytes(StandardCharsets.US_ASCII);
        return network.command(Shards.ownerOf(callId, keys, network.shards()),
                new ShardCommand.Probe(trunk.name(), place, callId, among));
    }

    /** Ends, once what was registered is taken back, or soon. */
    @Override
    public void close() {
        leave();
        final long deadlineNs = System.nanoTime() + LEAVE_NS;
        while (!registrations.hasLeft() && deadlineNs - System.nanoTime() > 0) {
            LockSupport.unpark(thread);
            LockSupport.parkNanos(LOOK_NS);
        }
        stopped = true;
        LockSupport.unpark(thread);
    }
}
