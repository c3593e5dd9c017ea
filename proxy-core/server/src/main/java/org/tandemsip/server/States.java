package org.tandemsip.server;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.registrar.LocationTable;
import org.tandemsip.engine.routing.PeerState;
import org.tandemsip.engine.routing.TrunkState;
import org.tandemsip.engine.routing.WallClock;

/**
 * What trunks carry and which of their peers can be used, by their names and addresses, so that a reload or a new
 * answer of the DNS changes neither. Control path only; any thread.
 */
final class States {
    /** Most peers remembered: an address that comes back after so many others begins anew. */
    private static final int MOST_PEERS = 65_536;

    private record PeerKey(String trunk, Transport transport, long addressHigh, long addressLow, int port) {}

    private final TrunkState total = new TrunkState();
    private final WallClock clock = new WallClock();
    private final Map<String, TrunkState> trunks = new ConcurrentHashMap<>();
    private final Map<PeerKey, PeerState> peers = new ConcurrentHashMap<>();

    private final LocationTable users;

    States(final ShardContext.Keys keys) {
        users = new LocationTable(keys, 0);
        clock.set(System.currentTimeMillis(), System.nanoTime());
    }

    /** Time of day, to be set again now and then. */
    WallClock clock() {
        return clock;
    }

    /** Where users have registered. */
    LocationTable users() {
        return users;
    }

    TrunkState total() {
        return total;
    }

    TrunkState trunk(final String name) {
        return trunks.computeIfAbsent(name, _ -> new TrunkState());
    }

    PeerState peer(final String trunk, final Transport transport, final long addressHigh, final long addressLow,
            final int port) {
        if (peers.size() >= MOST_PEERS) {
            peers.clear();
        }
        return peers.computeIfAbsent(new PeerKey(trunk, transport, addressHigh, addressLow, port),
                _ -> new PeerState());
    }
}
