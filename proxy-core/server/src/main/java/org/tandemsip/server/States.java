package org.tandemsip.server;

import java.io.IOException;
import java.security.SecureRandom;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.auth.Credentials;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.registrar.LocationTable;
import org.tandemsip.engine.routing.Devices;
import org.tandemsip.engine.routing.Gb28181;
import org.tandemsip.engine.routing.PeerState;
import org.tandemsip.engine.routing.Registration;
import org.tandemsip.engine.routing.TrunkState;
import org.tandemsip.engine.routing.WallClock;
import org.tandemsip.server.config.Config;

/**
 * What trunks carry and which of their peers can be used, by their names and addresses, so that a reload or a new
 * answer of the DNS changes neither. Control path only; any thread.
 */
final class States implements AutoCloseable {
    /** Most peers remembered: an address that comes back after so many others begins anew. */
    private static final int MOST_PEERS = 65_536;

    /** Most registrations remembered, those of earlier configurations included. */
    private static final int MOST_REGISTRATIONS = 4_096;

    private record PeerKey(String trunk, Transport transport, long addressHigh, long addressLow, int port) {}

    private final TrunkState total = new TrunkState();
    private final WallClock clock = new WallClock();
    private final Map<String, TrunkState> trunks = new ConcurrentHashMap<>();
    private final Map<String, Gb28181> devices = new ConcurrentHashMap<>();
    private final Map<PeerKey, PeerState> peers = new ConcurrentHashMap<>();
    private final Map<Registration.Settings, Registration> registrations = new ConcurrentHashMap<>();
    private final Map<String, Credentials> credentials = new ConcurrentHashMap<>();

    private final LocationTable users;
    private final RegisteredUsers kept;

    States(final ShardContext.Keys keys) {
        users = new LocationTable(keys, 0);
        kept = new RegisteredUsers(users);
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

    /** Has what users register kept in the state folder, once a route of {@code config} needs it. */
    void keepUsers(final Config config) throws StartException {
        try {
            kept.open(config);
        } catch (final IOException e) {
            throw new StartException(StartException.Reason.NOT_PERMITTED, "state-dir: " + e.getMessage(), e);
        }
    }

    /** Ends the keeping. */
    @Override
    public void close() {
        kept.close();
    }

    TrunkState total() {
        return total;
    }

    TrunkState trunk(final String name) {
        return trunks.computeIfAbsent(name, _ -> new TrunkState());
    }

    /** The registration that was made for these settings, unless it is being taken back; else a new one. */
    Registration registration(final Registration.Settings settings, final Supplier<Registration> made) {
        if (registrations.size() >= MOST_REGISTRATIONS) {
            registrations.clear();
        }
        return registrations.compute(settings,
                (_, before) -> before == null || before.isLeaving() ? made.get() : before);
    }

    /** What {@code made} is, but with the realm that it was first shown for if it was there before. */
    Credentials credentials(final String trunk, final Credentials made) {
        return credentials.compute(trunk, (_, before) -> made.isLike(before) ? before : made);
    }

    /** What is known of the devices of a trunk. @param many whether any are expected there */
    Gb28181 gb28181(final String name, final boolean many) {
        return devices.computeIfAbsent(many ? name : name + " (few)", _ -> new Gb28181(
                new Devices(new SecureRandom().nextLong(), many ? Devices.SLOTS : Devices.FEW_SLOTS)));
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
